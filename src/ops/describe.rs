//! The description of the API, made whole: what every route shares is said once here, what is its own at its handler.

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

const ABOUT: &str = "What the desk’s pages show, and what members and officers do on them, as JSON.

Times are RFC 3339 in UTC, angles degrees in ICRS unless a field says otherwise. Lists are read page by page: `next` of one page is \
`after` of the following, and null at the end.

Every error is a problem document (RFC 9457) that says what happened and what to do; 422 names every faulty field at once. An id that \
does not exist is 404, and so is one of the wrong form; a method that an address does not know is 405.";

/// The groups in the order in which they are read.
const TAGS: [(&str, &str); 9] = [
    (
        "bursts",
        "Bursts, the notices they are known from, and what can be seen of them from where",
    ),
    (
        "observations",
        "What members saw: posting, pictures, light curves, exports",
    ),
    (
        "members",
        "Signing up, tokens, profiles, sites and channels",
    ),
    ("stream", "What happens, as it happens: server-sent events"),
    ("notices", "Notices pushed by another host"),
    (
        "hello",
        "A greeting by name, with the days until the next birthday",
    ),
    (
        "birthdays",
        "The star whose light left when somebody was born",
    ),
    (
        "admin",
        "For officers: how the desk is, and what officers did",
    ),
    (
        "health",
        "Whether the program is well, for machines that watch it; its description",
    ),
];

/// Bodies that can be sent as they are.
const EXAMPLES: [(&str, &str, &str); 11] = [
    (
        "post",
        "/api/users",
        r#"{"email": "ada@example.org", "full_name": "Ada Owl", "password": "seven quiet owls over the dome", "password_confirmation": "seven quiet owls over the dome", "notify": "observable"}"#,
    ),
    (
        "post",
        "/api/users/token",
        r#"{"username": "ada@example.org", "password": "seven quiet owls over the dome"}"#,
    ),
    (
        "put",
        "/api/users/me",
        r#"{"notify": "digest", "birthday": "1990-05-17"}"#,
    ),
    (
        "delete",
        "/api/users/me",
        r#"{"password": "seven quiet owls over the dome"}"#,
    ),
    ("put", "/api/users/{id}", r#"{"officer": true}"#),
    (
        "post",
        "/api/sites",
        r#"{"name": "Orion Hill", "latitude": 42.9365, "longitude": 0.1426, "elevation_m": 2877, "time_zone": "Europe/Paris", "min_altitude": 20}"#,
    ),
    (
        "put",
        "/api/sites/{id}",
        r#"{"name": "Orion Hill", "min_altitude": 15}"#,
    ),
    (
        "post",
        "/api/channels",
        r#"{"kind": "ntfy", "url": "https://ntfy.example.org/bursts"}"#,
    ),
    (
        "post",
        "/api/bursts/{id}/observations",
        r#"{"coordinates": "14 03 12.6 -12 15 00", "coordinate_system": "icrs_j2000", "instrument": "RC8", "observed_time": "2026-11-20T22:30:00Z", "exposure_s": 600, "filter": "R", "limiting_magnitude": 19.5}"#,
    ),
    (
        "put",
        "/api/observations/{id}",
        r#"{"magnitude": 17.2, "magnitude_error": 0.1}"#,
    ),
    (
        "put",
        "/hello/{username}",
        r#"{"dateOfBirth": "1990-05-17"}"#,
    ),
];

/// The same answers at other addresses.
const ALSO: [(&str, &str); 2] = [
    ("/health/live", "/health/liveness"),
    ("/health/ready", "/health/readiness"),
];

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The description of these routes with all that they share: who may, what may go wrong, what parameters mean.
pub(super) fn whole(api: OpenApi) -> Value {
    let mut api = serde_json::to_value(api).unwrap_or_default();
    api["info"] = json!({
        "title": "grb-app",
        "summary": "The night desk of an astronomy club",
        "description": ABOUT,
        "version": env!("CARGO_PKG_VERSION"),
        "license": { "name": "MIT or Apache-2.0", "identifier": env!("CARGO_PKG_LICENSE") },
    });
    api["servers"] = json!([{ "url": "/", "description": "This desk" }]);
    let tags = TAGS.map(|(name, about)| json!({ "name": name, "description": about }));
    api["tags"] = json!(tags);
    api["components"]["securitySchemes"] = schemes();
    api["components"]["responses"] = shared();
    name_items(&mut api);
    for (also, path) in ALSO {
        api["paths"][also] = api["paths"][path].clone();
    }
    let paths = api["paths"].as_object_mut();
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if METHODS.contains(&method.as_str()) {
                finish(method, path, operation);
            }
        }
    }
    api
}

/// A list's items are described by name, where they have one.
fn name_items(api: &mut Value) {
    let schemas = api["components"]["schemas"].as_object_mut();
    let Some(schemas) = schemas else { return };
    let names: Vec<String> = schemas.keys().cloned().collect();
    for (list, schema) in schemas {
        let item = list.strip_prefix("Listed_");
        if let Some(item) = item.filter(|item| names.iter().any(|name| name == item)) {
            let named = json!({ "$ref": format!("#/components/schemas/{item}") });
            schema["properties"]["items"]["items"] = named;
        }
    }
}

fn schemes() -> Value {
    json!({
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token from POST /api/users/token, or one that a member makes for scripts on the account page. The latter is a proof by itself: officers are not asked for their password again; the former lets them change something for half an hour.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "session",
            "description": "The cookie of a browser that has signed in; over https it is called __Host-session. What changes something must come from this desk's own pages, and an officer gives the password again after half an hour.",
        },
        "signature": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Signature",
            "description": "HMAC-SHA256, in hexadecimal, of `{timestamp}\\n{topic}\\n` and the body, with the secret that both hosts know (notice_secret)",
        },
        "metrics": {
            "type": "http",
            "scheme": "bearer",
            "description": "The setting metrics_token; without it the metrics are for this machine alone",
        },
    })
}

/// What may go wrong with many.
fn shared() -> Value {
    let problem = |words: &str| {
        json!({
            "description": words,
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        })
    };
    let later = |words: &str| {
        let mut answer = problem(words);
        answer["headers"] = json!({ "Retry-After": { "description": "Seconds to wait", "schema": { "type": "integer" } } });
        answer
    };
    json!({
        "Foreign": problem("The request bears a cookie and comes from another site's page"),
        "NotThere": problem("There is no such thing, or not for the one who asks"),
        "Silent": problem("The body began and did not go on"),
        "TooLarge": problem("The body is larger than this address takes"),
        "LongAddress": problem("The address is longer than 8 KiB"),
        "WrongType": problem("The content type is not one that this address takes"),
        "Elsewhere": problem("Asked for under a name that is not this desk’s"),
        "Faulty": problem("Something in what was sent cannot be; every faulty field is named"),
        "TooFast": later("Too many in a short time"),
        "LongHeaders": { "description": "The headers are longer than 16 KiB; this answer alone has no body" },
        "Busy": later("More work is waiting than can be done now, or the database cannot be written"),
    })
}

fn finish(method: &str, path: &str, operation: &mut Value) {
    operation["operationId"] = json!(operation_id(method, path));
    let parameters = operation.get_mut("parameters");
    let parameters = parameters.and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        explain(path, parameter);
        exemplify(parameter);
    }
    guard(method, path, operation);
    let known = operation["responses"].as_object_mut();
    for (status, answer) in known.into_iter().flatten() {
        word(status, answer);
    }
    for (status, name) in common(method, path, operation) {
        if operation["responses"].get(status).is_none() {
            operation["responses"][status] =
                json!({ "$ref": format!("#/components/responses/{name}") });
        }
    }
    let example = EXAMPLES
        .iter()
        .find(|(verb, at, _)| *verb == method && *at == path);
    if let Some(Ok(example)) = example.map(|(.., text)| serde_json::from_str::<Value>(text)) {
        operation["requestBody"]["content"]["application/json"]["example"] = example;
    }
}

/// `getBurstsByIdChartSvg`
fn operation_id(method: &str, path: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    let part = |part: &str| match part.strip_prefix('{') {
        Some(name) => format!("By{}", capital(name.trim_end_matches('}'))),
        None => part.split(['.', '-', '_']).map(capital).collect(),
    };
    let parts = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != "api");
    format!("{method}{}", parts.map(part).collect::<String>())
}

/// A parameter that says nothing of itself is explained by its place.
fn explain(path: &str, parameter: &mut Value) {
    if parameter["description"]
        .as_str()
        .is_some_and(|text| !text.is_empty())
    {
        return;
    }
    let name = parameter["name"].as_str().unwrap_or_default().to_owned();
    let before = path
        .split(&format!("/{{{name}}}"))
        .next()
        .unwrap_or_default();
    let thing = before.rsplit('/').next().unwrap_or_default();
    let thing = match thing {
        "users" => "member",
        "images" => "picture",
        other => other.trim_end_matches('s'),
    };
    let words = match name.as_str() {
        "ra" | "dec" => "Centre of a cone, deg, ICRS; ra, dec and radius go together".to_owned(),
        "radius" => "Of the cone, deg".to_owned(),
        "mission" => "Only bursts of this mission".to_owned(),
        "X-Signature" => "HMAC-SHA256 in hexadecimal digits".to_owned(),
        name if parameter["in"] == "path" => format!(
            "The {thing}’s {}",
            name.trim_start_matches("notice_")
                .trim_start_matches("image_")
        ),
        _ => return,
    };
    parameter["description"] = json!(words);
}

/// What stands for a part of the path in an example: everything begins with the first.
fn exemplify(parameter: &mut Value) {
    if parameter["in"] == "path" {
        parameter["example"] = match parameter["name"] == "username" {
            true => json!("pepe"),
            false => json!(1),
        };
    }
}

/// Who may, from what the handler says that it refuses.
fn guard(method: &str, path: &str, operation: &mut Value) {
    let refuses = |status: &str| operation["responses"].get(status).is_some();
    let member = json!([{ "token": [] }, { "session": [] }]);
    let anyone_or_member = json!([{}, { "token": [] }, { "session": [] }]);
    let open = method == "get" && path.starts_with("/api/bursts/");
    let (audience, security) = match (path, refuses("401"), refuses("403")) {
        ("/api/notices", ..) => ("Hosts that know the secret", json!([{ "signature": [] }])),
        ("/metrics", ..) => (
            "This machine, or whoever has the token",
            json!([{}, { "metrics": [] }]),
        ),
        ("/api/users/token", ..) | (_, false, false) => ("Anyone", json!([])),
        (_, true, _) if open => ("Anyone; what is their own: members", anyone_or_member),
        (path, _, true) if path.starts_with("/api/observations") => {
            ("Its observer, and officers", member)
        }
        (_, _, true) => ("Officers", member),
        (_, true, false) => ("Members", member),
    };
    operation["x-audience"] = json!(audience);
    operation["security"] = security;
}

/// Gives an answer words, and a problem its media type.
fn word(status: &str, answer: &mut Value) {
    let said = answer["description"]
        .as_str()
        .is_some_and(|text| !text.is_empty());
    if !said {
        answer["description"] = json!(match status {
            "200" => "Here it is",
            "201" => "It is made",
            "204" => "It is done",
            "401" => "Not signed in, or the token does not work",
            "403" => "Not for this member",
            "404" => "There is no such thing, or not for the one who asks",
            "413" => "The body is larger than this address takes",
            "415" => "The content type is not one that this address takes",
            "422" => "Something in what was sent cannot be; every faulty field is named",
            "429" => "Too many in a short time; Retry-After says how long to wait",
            "503" => "More work is waiting than can be done now; Retry-After says how long to wait",
            _ => "Refused; the detail says why",
        });
    }
    let content = answer.get_mut("content").and_then(Value::as_object_mut);
    let is_problem = |content: &Map<String, Value>| {
        content
            .get("application/json")
            .is_some_and(|media| media["schema"]["$ref"] == "#/components/schemas/Problem")
    };
    if let Some(content) = content.filter(|content| is_problem(content))
        && let Some(media) = content.remove("application/json")
    {
        content.insert("application/problem+json".into(), media);
    }
}

/// What may go wrong with every route of such a kind.
fn common(method: &str, path: &str, operation: &Value) -> Vec<(&'static str, &'static str)> {
    let has = |place: &str| {
        let parameters = operation["parameters"].as_array();
        parameters.is_some_and(|all| all.iter().any(|one| one["in"] == place))
    };
    let body = operation.get("requestBody").is_some();
    let changes = method != "get";
    let pushed = path == "/api/notices";
    // Neither is counted: who looks after the desk must reach it, and browsers come back to a stream by themselves.
    let watched = path.starts_with("/health") || path == "/metrics";
    let counted = !watched && !pushed && !path.ends_with("/stream");
    [
        (changes, "403", "Foreign"),
        (has("path"), "404", "NotThere"),
        (body, "408", "Silent"),
        (body, "413", "TooLarge"),
        (!watched, "414", "LongAddress"),
        (body && !pushed, "415", "WrongType"),
        (!watched, "421", "Elsewhere"),
        ((body && !pushed) || has("query"), "422", "Faulty"),
        (counted, "429", "TooFast"),
        (true, "431", "LongHeaders"),
        (true, "503", "Busy"),
    ]
    .into_iter()
    .filter_map(|(applies, status, name)| applies.then_some((status, name)))
    .collect()
}
