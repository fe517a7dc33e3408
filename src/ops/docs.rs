//! The API, described for people by the same document that machines read.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::{Extension, Json, Router};
use serde_json::Value;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::describe;
use crate::platform::App;
use crate::platform::web::{Html, Viewer};

/// The description of every route, made when they are put together.
#[derive(Clone)]
struct Described(Arc<Value>);

fn own() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(machine))
        .routes(routes!(page))
}

/// The whole document: of these routes, and of those that tell of them.
pub fn document(api: OpenApi) -> Value {
    let mut api = api;
    api.merge(own().into_openapi());
    describe::whole(api)
}

/// The routes that tell what routes there are.
pub fn described(api: OpenApi) -> Router<App> {
    let api = Described(Arc::new(document(api)));
    let (routes, _) = own().split_for_parts();
    routes.layer(Extension(api))
}

/// This description, for machines (OpenAPI 3.1).
#[utoipa::path(get, path = "/api/openapi.json", tag = "health", responses((status = 200, description = "An OpenAPI document", content_type = "application/json", body = Value)))]
async fn machine(Extension(Described(api)): Extension<Described>) -> Json<Value> {
    Json((*api).clone())
}

/// This description, for people.
#[utoipa::path(get, path = "/api/docs", tag = "health", responses((status = 200, description = "A page", content_type = "text/html", body = String)))]
async fn page(
    State(app): State<App>,
    viewer: Viewer,
    Extension(Described(api)): Extension<Described>,
) -> Html<DocsPage> {
    let base = app.config.base_url();
    let groups = groups(&api, &base);
    Html(DocsPage {
        viewer,
        about: paragraphs(&api["info"]["description"]),
        version: text(&api["info"]["version"]).to_owned(),
        steps: steps(&groups),
        groups,
        common: common(&api),
        schemas: schemas(&api),
    })
}

/// How to begin: the operations by their ids, and what is to be said of each.
const STEPS: [(&str, &str); 3] = [
    (
        "getBursts",
        "Find a burst. What anyone may read needs no account.",
    ),
    (
        "postUsersToken",
        "Sign in. The `access_token` of the answer goes into `TOKEN`; it ends after a week without use, and after 30 days at the latest. One that stays is made on the account page, under Tokens for scripts.",
    ),
    (
        "postBurstsByIdObservations",
        "Post what you saw of the burst with the id 1, in the name of the one whose token it is.",
    ),
];

/// Text in pieces, each with whether it is code.
type Words = Vec<(bool, String)>;

#[derive(Template)]
#[template(path = "ops/docs.html")]
struct DocsPage {
    viewer: Viewer,
    version: String,
    about: Vec<Words>,
    /// What a script does first: words, and a line for a terminal.
    steps: Vec<(Words, String)>,
    groups: Vec<Group>,
    /// Said once, however many give them.
    common: Vec<Answer>,
    schemas: Vec<Schema>,
}

struct Group {
    name: String,
    about: String,
    operations: Vec<Operation>,
}

struct Operation {
    id: String,
    method: String,
    path: String,
    audience: String,
    summary: Words,
    description: Vec<Words>,
    parameters: Vec<Field>,
    bodies: Vec<Shape>,
    answers: Vec<Answer>,
    /// The statuses of those of its answers that many give.
    common: Vec<String>,
    curl: String,
}

/// A parameter, or a field of a body.
struct Field {
    name: String,
    /// path, query, header; empty in a body.
    place: String,
    required: bool,
    kind: Kind,
    meaning: Words,
}

/// What a value is, in words, with the name of its shape among them where it has one.
#[derive(Default)]
struct Kind {
    before: String,
    name: Option<String>,
    after: String,
}

struct Shape {
    media: String,
    kind: Kind,
}

struct Answer {
    status: String,
    words: Words,
    shapes: Vec<Shape>,
}

/// A shape that bodies have.
struct Schema {
    name: String,
    about: Vec<Words>,
    kind: Kind,
    fields: Vec<Field>,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn marked(text: &str) -> Words {
    let pieces = text.split('`').enumerate();
    let kept = pieces.filter(|(_, piece)| !piece.is_empty());
    kept.map(|(at, piece)| (at % 2 == 1, piece.to_owned()))
        .collect()
}

fn paragraphs(value: &Value) -> Vec<Words> {
    let all = text(value)
        .split("\n\n")
        .filter(|part| !part.trim().is_empty());
    all.map(marked).collect()
}

fn groups(api: &Value, base: &str) -> Vec<Group> {
    let tags = api["tags"].as_array().into_iter().flatten();
    tags.map(|tag| {
        let name = text(&tag["name"]).to_owned();
        Group {
            operations: operations(api, &name, base),
            about: text(&tag["description"]).to_owned(),
            name,
        }
    })
    .collect()
}

fn steps(groups: &[Group]) -> Vec<(Words, String)> {
    let all = || groups.iter().flat_map(|group| &group.operations);
    let line = |id| all().find(|one| one.id == id).map(|one| one.curl.clone());
    let steps = STEPS.iter();
    steps
        .filter_map(|(id, words)| Some((marked(words), line(*id)?)))
        .collect()
}

fn operations(api: &Value, tag: &str, base: &str) -> Vec<Operation> {
    let paths = api["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path, method, operation))
    });
    let mut found: Vec<Operation> = all
        .filter(|(.., operation)| operation["tags"][0] == tag)
        .map(|(path, method, operation)| read((method, path), operation, base))
        .collect();
    let rank = |method: &str| {
        ["GET", "POST", "PUT", "DELETE"]
            .iter()
            .position(|one| *one == method)
    };
    found.sort_by_key(|one| (one.path.clone(), rank(&one.method)));
    found
}

fn read((method, path): (&str, &str), operation: &Value, base: &str) -> Operation {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let answers = operation["responses"].as_object().into_iter().flatten();
    Operation {
        id: text(&operation["operationId"]).to_owned(),
        method: method.to_uppercase(),
        path: path.to_owned(),
        audience: text(&operation["x-audience"]).to_owned(),
        summary: marked(text(&operation["summary"])),
        description: paragraphs(&operation["description"]),
        parameters: parameters.map(parameter).collect(),
        bodies: shapes(&operation["requestBody"]["content"]),
        answers: answers
            .clone()
            .filter(|(_, one)| one.get("$ref").is_none())
            .map(|(status, one)| answer(status, one))
            .collect(),
        common: answers
            .filter(|(_, one)| one.get("$ref").is_some())
            .map(|(status, _)| status.clone())
            .collect(),
        curl: curl((method, path), operation, base),
    }
}

fn parameter(one: &Value) -> Field {
    Field {
        name: text(&one["name"]).to_owned(),
        place: text(&one["in"]).to_owned(),
        required: one["required"] == true,
        kind: kind(&one["schema"]),
        meaning: marked(text(&one["description"])),
    }
}

/// The answers that many give, by their statuses.
fn common(api: &Value) -> Vec<Answer> {
    let paths = api["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(_, item)| item.as_object().into_iter().flatten());
    let answers =
        operations.flat_map(|(_, one)| one["responses"].as_object().into_iter().flatten());
    let shared = answers.filter_map(|(status, one)| {
        let one = api.pointer(one["$ref"].as_str()?.get(1..)?)?;
        Some((status.as_str(), one))
    });
    let shared: BTreeMap<&str, &Value> = shared.collect();
    let shared = shared.into_iter();
    shared.map(|(status, one)| answer(status, one)).collect()
}

fn answer(status: &str, one: &Value) -> Answer {
    let content = &one["content"];
    // That every error is a problem is said once.
    let is_problem = content.get("application/problem+json").is_some();
    Answer {
        status: status.to_owned(),
        words: marked(text(&one["description"])),
        shapes: if is_problem {
            Vec::new()
        } else {
            shapes(content)
        },
    }
}

fn shapes(content: &Value) -> Vec<Shape> {
    let all = content.as_object().into_iter().flatten();
    all.map(|(media, one)| Shape {
        media: media.clone(),
        kind: kind(&one["schema"]),
    })
    .collect()
}

fn schemas(api: &Value) -> Vec<Schema> {
    let all = api["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten();
    all.map(|(name, schema)| Schema {
        name: name.clone(),
        about: paragraphs(&schema["description"]),
        kind: kind(schema),
        fields: fields(schema),
    })
    .collect()
}

fn fields(schema: &Value) -> Vec<Field> {
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .map(text)
        .collect();
    let own = schema["properties"].as_object().into_iter().flatten();
    let own = own.map(|(name, one)| Field {
        name: name.clone(),
        place: String::new(),
        required: required.contains(&name.as_str()),
        kind: kind(one),
        meaning: marked(text(&one["description"])),
    });
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let of_parts = parts.flat_map(|part| match part.get("$ref") {
        Some(_) => vec![Field {
            name: "…".into(),
            place: String::new(),
            required: true,
            kind: kind(part),
            meaning: marked("with all its fields"),
        }],
        None => fields(part),
    });
    of_parts.chain(own).collect()
}

/// What a schema asks for, in words.
fn kind(schema: &Value) -> Kind {
    if let Some(to) = schema["$ref"].as_str() {
        let name = to.rsplit('/').next().map(str::to_owned);
        return Kind {
            name,
            ..Kind::default()
        };
    }
    for (key, between) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " with ")] {
        if let Some(parts) = schema[key].as_array() {
            return one_of(parts, between);
        }
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<&str> = words.iter().map(text).collect();
        return plain(words.join(" | "));
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().map(text).collect(),
        one => vec![text(one)],
    };
    let orelse = if types.contains(&"null") {
        " or null"
    } else {
        ""
    };
    let main = types
        .iter()
        .find(|one| **one != "null")
        .copied()
        .unwrap_or_default();
    let mut found = match main {
        "array" if schema.get("prefixItems").is_some() => tuple(schema),
        "array" => within("list of ", kind(&schema["items"])),
        "object"
            if schema
                .get("additionalProperties")
                .is_some_and(Value::is_object) =>
        {
            within("by name: ", kind(&schema["additionalProperties"]))
        }
        "string" => plain(match text(&schema["format"]) {
            "date-time" => "time".into(),
            "" => "text".into(),
            format => format.to_owned(),
        }),
        "" => plain("anything".into()),
        other => plain(other.to_owned()),
    };
    found.after.push_str(orelse);
    found
}

fn plain(words: String) -> Kind {
    Kind {
        before: words,
        ..Kind::default()
    }
}

fn within(before: &str, inner: Kind) -> Kind {
    Kind {
        before: format!("{before}{}", inner.before),
        ..inner
    }
}

fn tuple(schema: &Value) -> Kind {
    let items = schema["prefixItems"].as_array().into_iter().flatten();
    let words: Vec<String> = items.map(|item| kind(item).before).collect();
    plain(format!("[{}]", words.join(", ")))
}

/// Of several, the first that has a name is the one that is linked.
fn one_of(parts: &[Value], between: &str) -> Kind {
    let mut whole = Kind::default();
    for (at, part) in parts.iter().enumerate() {
        let part = match part["type"] == "null" {
            true => plain("null".into()),
            false => kind(part),
        };
        let joint = if at == 0 { "" } else { between };
        match &mut whole.name {
            None => {
                whole.before = format!("{}{joint}{}", whole.before, part.before);
                (whole.name, whole.after) = (part.name, part.after);
            }
            Some(_) => {
                let name = part.name.unwrap_or_default();
                whole.after = format!("{}{joint}{}{name}{}", whole.after, part.before, part.after);
            }
        }
    }
    whole
}

/// A line for a terminal that asks this.
fn curl((method, path): (&str, &str), operation: &Value, base: &str) -> String {
    let content = &operation["requestBody"]["content"];
    let mut words = vec!["curl".to_owned()];
    if operation["responses"]["200"]["content"]
        .get("text/event-stream")
        .is_some()
    {
        words.push("-N".into());
    }
    let json = content["application/json"].get("example");
    let implied = method == "get" || (method == "post" && !content.is_null());
    if !implied {
        words.push(format!("-X {}", method.to_uppercase()));
    }
    let security = &operation["security"];
    if security[0].get("token").is_some() {
        words.push("-H \"Authorization: Bearer $TOKEN\"".into());
    }
    if security[0].get("signature").is_some() {
        words.push("-H 'X-Topic: TOPIC' -H 'X-Timestamp: SECONDS' -H 'X-Signature: HEX' --data-binary @notice.xml".into());
    }
    if content.get("multipart/form-data").is_some() {
        words.push("-F file=@picture.jpg".into());
    }
    if let Some(example) = json {
        let json = serde_json::to_string(example).unwrap_or_default();
        words.push(format!("--json '{json}'"));
    }
    words.push(example_address(path, operation, base));
    words.join(" ")
}

/// The address with the parameters that have an example, quoted where a shell would take it apart.
fn example_address(path: &str, operation: &Value, base: &str) -> String {
    let (mut address, mut query) = (format!("{base}{path}"), Vec::new());
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    for parameter in parameters.filter(|one| one.get("example").is_some()) {
        let (name, example) = (text(&parameter["name"]), &parameter["example"]);
        let example = example
            .as_str()
            .map_or_else(|| example.to_string(), str::to_owned);
        match text(&parameter["in"]) {
            "path" => address = address.replace(&format!("{{{name}}}"), &example),
            _ => query.push(format!("{name}={example}")),
        }
    }
    match query.is_empty() {
        true => address,
        false => format!("'{address}?{}'", query.join("&")),
    }
}
