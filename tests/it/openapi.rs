//! The description of the API holds what there is, and says of each what a stranger needs.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use grb_app::platform::config::Rates;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::TestApp;
use crate::observations::{officer, seen, with_burst};
use crate::people::{PASSWORD, knock};
use crate::push::Push;
use crate::routes;
use crate::sites::{Caller, named};

/// What the description covers.
const COVERED: [&str; 4] = ["/api/", "/hello/", "/health", "/metrics"];

fn operations(api: &Value) -> Vec<(String, String, &Value)> {
    let paths = api["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
    });
    all.collect()
}

/// The routes that the sources register are found by reading them; that these are served is asked of the program.
#[tokio::test]
async fn every_route_is_described_and_every_description_is_served() {
    let api = grb_app::serve::openapi();
    let described: BTreeSet<(String, String)> = operations(&api)
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    let covered = |path: &str| COVERED.iter().any(|start| path.starts_with(start));
    let registered = routes::all()
        .into_iter()
        .filter(|route| !route.local && covered(&route.path));
    let registered: BTreeSet<_> = registered.map(|route| (route.method, route.path)).collect();
    assert_eq!(described, registered);
    let desk = TestApp::serve().await;
    let braces = regex::Regex::new(r"\{[^}]+\}").unwrap();
    for (method, path) in &described {
        // A method that is not there shows as 405, an address that is not there as that of no page.
        let url = desk.url(&braces.replace_all(path, "1"));
        let answer = desk
            .client
            .request(reqwest::Method::OPTIONS, url)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 405, "{path}");
        let allowed = answer.headers()["allow"].to_str().unwrap();
        assert!(
            allowed.split(',').any(|one| one == method),
            "{method} {path}: {allowed}"
        );
    }
}

#[test]
fn everything_says_what_it_is() {
    let api = grb_app::serve::openapi();
    assert_eq!(api["openapi"], "3.1.0");
    assert!(
        api["info"]["license"]["identifier"].is_string() && api["info"].get("contact").is_none()
    );
    let tags: Vec<&str> = api["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    let unique: BTreeSet<&&str> = tags.iter().collect();
    assert_eq!(unique.len(), tags.len());
    let (mut ids, mut used, mut missing) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for (method, path, operation) in operations(&api) {
        let at = format!("{method} {path}");
        let says = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
            "{at}: its id is another's"
        );
        for tag in operation["tags"].as_array().unwrap() {
            assert!(tags.contains(&tag.as_str().unwrap()), "{at}: {tag}");
            used.insert(tag.as_str().unwrap());
        }
        if !says(&operation["summary"]) || !operation["security"].is_array() {
            missing.push(at.clone());
        }
        let parameters = operation.get("parameters");
        assert!(parameters.is_none_or(Value::is_array), "{at}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if !says(&parameter["description"]) || parameter.get("schema").is_none() {
                missing.push(format!("{at}: {}", parameter["name"]));
            }
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let stands = path.contains(&format!("{{{name}}}"));
            assert_eq!(parameter["in"] == "path", stands, "{at}: {name}");
        }
        for (status, answer) in operation["responses"].as_object().unwrap() {
            let answer = resolved(&api, answer);
            if !says(&answer["description"]) {
                missing.push(format!("{at}: {status}"));
            }
            // Long headers are refused before there is anything that could say why in JSON.
            let bare = status == "431";
            let error = status.as_str() >= "400" && !bare && !path.starts_with("/health");
            if error && answer["content"].get("application/problem+json").is_none() {
                missing.push(format!("{at}: {status} is no problem document"));
            }
        }
        for parameter in path.split('{').skip(1) {
            let name = parameter.split('}').next().unwrap();
            let known = operation["parameters"].as_array().into_iter().flatten();
            assert!(
                known
                    .clone()
                    .any(|one| one["name"] == name && one["in"] == "path"),
                "{at}: {name}"
            );
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert_eq!(used.len(), tags.len(), "a group without an address");
    for scheme in ["token", "session"] {
        assert!(api["components"]["securitySchemes"][scheme]["type"].is_string());
    }
    for reference in references(&api) {
        assert!(api.pointer(&reference[1..]).is_some(), "{reference}");
    }
}

fn resolved<'a>(api: &'a Value, value: &'a Value) -> &'a Value {
    let to = value["$ref"].as_str();
    to.map_or(value, |to| api.pointer(&to[1..]).unwrap())
}

fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match (name.as_str(), value) {
                ("$ref", Value::String(to)) => vec![to.clone()],
                _ => references(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// Why a value does not fit its schema: enough of JSON Schema for the examples, which are small.
fn unfit(api: &Value, schema: &Value, value: &Value) -> Option<String> {
    let schema = resolved(api, schema);
    for part in schema["allOf"].as_array().into_iter().flatten() {
        // What another part knows is no fault of this one.
        if let Some(why) = unfit(api, part, value).filter(|why| !why.contains("unknown")) {
            return Some(why);
        }
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = choices
            .iter()
            .filter(|one| unfit(api, one, value).is_none())
            .count();
        return (fits != 1).then(|| format!("{value} fits {fits} of the choices"));
    }
    if let Some(words) = schema["enum"]
        .as_array()
        .filter(|words| !words.contains(value))
    {
        return Some(format!("{value} is none of {words:?}"));
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        Value::Null => return None,
        one => vec![one.clone()],
    };
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        _ => value.is_object(),
    };
    if !types.iter().any(|kind| is(kind.as_str().unwrap())) {
        return Some(format!("{value} is no {types:?}"));
    }
    if let Some(items) = value.as_array() {
        let known = |at: usize| match schema["prefixItems"].get(at) {
            Some(one) => one,
            None => &schema["items"],
        };
        let mut unfit = (0..items.len()).filter_map(|at| unfit(api, known(at), &items[at]));
        return unfit.next();
    }
    let fields = value.as_object()?;
    for name in schema["required"].as_array().into_iter().flatten() {
        if !fields.contains_key(name.as_str().unwrap()) {
            return Some(format!("{name} is missing"));
        }
    }
    fields
        .iter()
        .find_map(|(name, value)| match schema["properties"].get(name) {
            Some(known) => unfit(api, known, value).map(|why| format!("{name}: {why}")),
            None if schema["additionalProperties"].is_object() => {
                unfit(api, &schema["additionalProperties"], value)
            }
            None => Some(format!("{name} is unknown")),
        })
}

/// The address with the examples of its parameters.
fn example(path: &str, operation: &Value) -> String {
    let (mut address, mut query) = (path.to_owned(), Vec::new());
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap();
        let Some(example) = parameter.get("example") else {
            continue;
        };
        let example = example.to_string().replace('"', "");
        match parameter["in"].as_str() {
            Some("path") => address = address.replace(&format!("{{{name}}}"), &example),
            _ => query.push(format!("{name}={example}")),
        }
    }
    assert!(!address.contains('{'), "{path}: a part has no example");
    format!("{address}?{}", query.join("&"))
}

/// Why an answer is not as its address says, for JSON and for errors down to the last field.
async fn surprise(api: &Value, operation: &Value, answer: reqwest::Response) -> Option<String> {
    let status = answer.status().as_u16().to_string();
    let Some(known) = operation["responses"].get(&status) else {
        return Some(format!("{status} is not described"));
    };
    let kind = answer.headers().get("content-type").cloned();
    let body = answer.bytes().await.unwrap();
    let Some(content) = resolved(api, known)["content"].as_object() else {
        return (!body.is_empty()).then(|| format!("{status} has a body"));
    };
    let kind = kind.map_or_else(String::new, |kind| kind.to_str().unwrap().to_owned());
    let media = kind.split(';').next().unwrap_or_default();
    match content.get(media) {
        None => Some(format!("{status} as {kind} is not described")),
        Some(shape) if media.ends_with("json") => {
            let body = serde_json::from_slice(&body).unwrap();
            unfit(api, &shape["schema"], &body).map(|why| format!("{status}: {why}"))
        }
        Some(_) => None,
    }
}

type Body = Option<(&'static str, String)>;

/// What is asked of an address: as it should be, and wrong in many ways.
fn attempts(path: &str, operation: &Value) -> Vec<(String, Body)> {
    let right = example(path, operation);
    let part = regex::Regex::new(r"\{[^}]+\}").unwrap();
    let addresses = [
        format!("{right}&limit=no&after=no&since=never&ra=north&site=here&lat=up"),
        part.replace_all(path, "9999").into_owned(),
        part.replace_all(path, "0x").into_owned(),
        format!("{right}&q={}", "x".repeat(9000)),
    ];
    if operation.get("requestBody").is_none() {
        let addresses = std::iter::once(right).chain(addresses);
        return addresses.map(|address| (address, None)).collect();
    }
    let json = "application/json";
    let bodies = [
        (
            json,
            operation["requestBody"]["content"][json]["example"].to_string(),
        ),
        (json, r#"{"password": "guessed"}"#.into()),
        (json, "{".into()),
        (json, "[null, null]".into()),
        (json, format!(r#"{{"notes": "{}"}}"#, "x".repeat(300_000))),
        (
            "application/x-www-form-urlencoded",
            "username=%ff&password=".into(),
        ),
        ("multipart/form-data; boundary=x", "--x\r\n".into()),
        ("text/plain", "x".into()),
    ];
    let wrong = bodies[1].clone();
    let addresses = addresses
        .into_iter()
        .map(|address| (address, Some(wrong.clone())));
    let bodies = bodies
        .iter()
        .map(|body| (right.clone(), Some(body.clone())));
    bodies.chain(addresses).collect()
}

/// Sends what is wrong in many ways, and what is right, to every address: as nobody, as a member, and as an officer.
#[tokio::test]
async fn nothing_is_answered_that_is_not_described() {
    let desk = TestApp::serve().await;
    let rates = &desk.app.config.rates;
    desk.app.limits.set(&Rates {
        writes: NonZeroU32::MAX,
        ..*rates
    });
    let burst = with_burst(&desk).await;
    let vera = officer(&desk, "vera@example.org").await;
    let ana = Caller::new(&desk, "ana@example.org").await;
    let posted = format!("/api/bursts/{burst}/observations");
    assert_eq!(vera.json(Method::POST, &posted, seen()).await.0, 201);
    let change = json!({ "magnitude": 17.5 });
    assert_eq!(
        vera.json(Method::PUT, "/api/observations/1", change)
            .await
            .0,
        200
    );
    let api = grb_app::serve::openapi();
    let (mut surprises, mut reached) = (Vec::new(), BTreeSet::new());
    let mut operations = operations(&api);
    // What removes comes last, and a stream does not end.
    operations.retain(|(_, path, _)| !path.ends_with("/stream"));
    operations.sort_by_key(|(method, ..)| {
        ["GET", "POST", "PUT"]
            .iter()
            .position(|m| m == method)
            .unwrap_or(3)
    });
    for (method, path, operation) in operations {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        for (address, body) in attempts(&path, operation) {
            for asked in [
                desk.client.request(method.clone(), desk.url(&address)),
                ana.ask(method.clone(), &address),
                vera.ask(method.clone(), &address),
            ] {
                let asked = match &body {
                    Some((media, body)) => asked.header("content-type", *media).body(body.clone()),
                    None => asked,
                };
                let answer = asked.send().await.unwrap();
                reached.insert(answer.status().as_u16());
                if let Some(why) = surprise(&api, operation, answer).await {
                    let address = &address[..address.len().min(80)];
                    surprises.push(format!("{method} {address} {body:.60?}: {why}"));
                }
            }
        }
    }
    assert!(surprises.is_empty(), "{surprises:#?}");
    for status in [200, 201, 204, 401, 403, 404, 413, 414, 415, 422] {
        assert!(reached.contains(&status), "{status} was never answered");
    }
    assert!(!reached.contains(&429), "what came after was not looked at");
}

/// The three addresses that succeed only for who knows a secret, which nobody who guesses reaches.
#[tokio::test]
async fn what_needs_a_secret_is_answered_as_described() {
    let desk = TestApp::serve().await;
    let ana = Caller::new(&desk, "ana@example.org").await;
    let api = grb_app::serve::openapi();
    let leaving = json!({ "password": PASSWORD });
    let leaving = ana.ask(Method::DELETE, "/api/users/me").json(&leaving);
    let answers = [
        (
            "post",
            "/api/notices",
            202,
            Push::honest().send(&desk).await,
        ),
        (
            "post",
            "/api/users/token",
            200,
            knock(&desk, "ana@example.org", PASSWORD).await,
        ),
        (
            "delete",
            "/api/users/me",
            204,
            leaving.send().await.unwrap(),
        ),
    ];
    for (method, path, status, answer) in answers {
        assert_eq!(answer.status(), status, "{path}");
        let operation = &api["paths"][path][method];
        assert_eq!(surprise(&api, operation, answer).await, None, "{path}");
    }
}

/// serde would read a list as an object's fields in their order; the API takes objects.
#[tokio::test]
async fn a_list_is_no_object() {
    let desk = TestApp::serve().await;
    let ana = Caller::new(&desk, "ana@example.org").await;
    let before = ana.get("/api/users/me").await;
    let list = json!(["Somebody Else", "none"]);
    let (status, problem) = ana.json(Method::PUT, "/api/users/me", list).await;
    assert_eq!((status.as_u16(), named(&problem)), (422, vec!["body"]));
    assert_eq!(ana.get("/api/users/me").await, before);
}

/// Headers too long are refused before anybody looks at the address; the description says that this answer is bare.
#[tokio::test]
async fn headers_too_long_get_the_bare_answer_that_is_described() {
    let desk = TestApp::serve().await;
    let asked = desk.client.get(desk.url("/api/bursts"));
    let answer = asked.header("x-long", "x".repeat(20_000)).send().await;
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 431);
    let api = grb_app::serve::openapi();
    let described = &api["paths"]["/api/bursts"]["get"];
    assert_eq!(surprise(&api, described, answer).await, None);
}

#[test]
fn examples_fit_their_schemas_and_every_json_body_has_one() {
    let api = grb_app::serve::openapi();
    let mut seen = 0;
    for (method, path, operation) in operations(&api) {
        let Some(json) = operation["requestBody"]["content"].get("application/json") else {
            continue;
        };
        let example = json
            .get("example")
            .unwrap_or_else(|| panic!("{method} {path} has no example"));
        let why = unfit(&api, &json["schema"], example).filter(|why| {
            !resolved(&api, &json["schema"])["allOf"].is_array() || !why.contains("unknown")
        });
        assert_eq!(why, None, "{method} {path}");
        seen += 1;
    }
    assert!(seen >= 10, "{seen}");
    let site = &api["paths"]["/api/sites"]["post"]["requestBody"]["content"]["application/json"];
    for (wrong, why) in [
        (r#"{"latitude": "north"}"#, "latitude"),
        (r#"{"lat": 1}"#, "unknown"),
    ] {
        let found = unfit(&api, &site["schema"], &serde_json::from_str(wrong).unwrap());
        assert!(found.is_some_and(|found| found.contains(why)), "{wrong}");
    }
}

#[tokio::test]
async fn the_page_shows_every_address_and_shape_without_a_script() {
    let desk = TestApp::serve().await;
    let (status, page) = desk.page("/api/docs").await;
    assert_eq!(status, 200);
    let api = desk.json("/api/openapi.json").await;
    assert_eq!(api, grb_app::serve::openapi());
    for (_, path, operation) in operations(&api) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
        assert!(page.contains(&path), "{path}");
    }
    for name in api["components"]["schemas"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("id=\"shape-{name}\"")), "{name}");
    }
    // Every link within the page leads somewhere, and nothing stands in it that the policy would refuse.
    let anchors = regex::Regex::new("href=\"#([^\"]+)\"").unwrap();
    for anchor in anchors.captures_iter(&page) {
        assert!(
            page.contains(&format!("id=\"{}\"", &anchor[1])),
            "{}",
            &anchor[1]
        );
    }
    assert!(!page.contains("style=") && !page.contains("<script>"));
    // A script's first steps stand on top, with what is put in for each part of an address.
    let first = page.find("/api/bursts?since=7d").unwrap();
    assert!(first < page.find("id=\"bursts\"").unwrap());
    assert!(page.contains("-H &#34;Authorization: Bearer $TOKEN&#34;"));
}
