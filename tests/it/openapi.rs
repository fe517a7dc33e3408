//! The description of the API holds what there is, and says of each what a stranger needs.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::common::TestApp;
use crate::routes;

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
            let error = status.as_str() >= "400" && !path.starts_with("/health");
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
            None => Some(format!("{name} is unknown")),
        })
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
    assert!(page.contains("-H &#39;Authorization: Bearer TOKEN&#39;"));
}
