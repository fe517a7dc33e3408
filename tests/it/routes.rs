//! Every route of the program, as its sources register them: for tests that must not miss a new one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// A route that the program serves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Route {
    /// GET, POST …
    pub method: String,
    /// With its parameters in braces.
    pub path: String,
    /// Served on the socket for commands of this machine only.
    pub local: bool,
}

static METHOD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(get|post|put|delete|patch)\(").unwrap());
static DESCRIBED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"utoipa::path\(\s*(get|post|put|delete|patch),\s*path = "([^"]+)""#).unwrap()
});

/// All routes whose path stands in a source file as it is.
pub(crate) fn all() -> Vec<Route> {
    let mut found = Vec::new();
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        for part in functions(&text) {
            found.extend(registered(part));
        }
        let described = DESCRIBED.captures_iter(&text).map(|found| Route {
            method: found[1].to_uppercase(),
            path: found[2].to_owned(),
            local: false,
        });
        found.extend(described);
    }
    found.sort();
    found.dedup();
    found
}

/// The text cut at each function, so that what it registers is told from what the next one does.
fn functions(text: &str) -> impl Iterator<Item = &str> {
    let starts = Regex::new(r"(?m)^(pub(\([a-z]+\))? )?(async )?fn ").unwrap();
    let mut cuts: Vec<usize> = starts.find_iter(text).map(|start| start.start()).collect();
    cuts.insert(0, 0);
    cuts.push(text.len());
    (1..cuts.len()).map(move |n| &text[cuts[n - 1]..cuts[n]])
}

fn registered(function: &str) -> Vec<Route> {
    let signature = function.lines().next().unwrap_or_default();
    // The listener for metrics alone, and what tests set up.
    if signature.contains("fn only(") || function.contains("TcpListener::bind") {
        return Vec::new();
    }
    let local = signature.contains("fn local_routes");
    let mut found = Vec::new();
    for (at, _) in function.match_indices(".route(") {
        let inside = balanced(&function[at + ".route".len()..]);
        let Some(path) = inside
            .split('"')
            .nth(1)
            .filter(|_| !inside.contains("format!"))
        else {
            continue;
        };
        let handlers = inside.splitn(3, '"').nth(2).unwrap_or_default();
        for method in METHOD.captures_iter(&meant(function, handlers)) {
            found.push(Route {
                method: method[1].to_uppercase(),
                path: path.to_owned(),
                local,
            });
        }
    }
    found
}

/// What a name stands for that is given instead of handlers.
fn meant(function: &str, handlers: &str) -> String {
    let name = handlers.trim_matches([',', ')', ' ', '\n']);
    let said = format!("let {name} = ");
    match function.split_once(said.as_str()) {
        Some((_, value)) => value.split(';').next().unwrap_or_default().to_owned(),
        None => handlers.to_owned(),
    }
}

/// The text up to the parenthesis that closes its first one.
fn balanced(text: &str) -> &str {
    let mut depth = 0;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[..=at];
        }
    }
    text
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(sources(&path)),
            false if path.extension().is_some_and(|end| end == "rs") => files.push(path),
            false => {}
        }
    }
    files
}

#[test]
fn routes_of_every_form_are_found() {
    let found = all();
    let has = |method: &str, path: &str, local| {
        let (method, path) = (method.to_owned(), path.to_owned());
        found.contains(&Route {
            method,
            path,
            local,
        })
    };
    assert!(has("GET", "/bursts", false), "in a line of its own");
    assert!(has("POST", "/observations/{id}/delete", false), "chained");
    assert!(
        has("POST", "/observations/{id}/images/{image}/delete", false),
        "over several lines"
    );
    assert!(has("POST", "/first-officer/{token}", false), "by a name");
    assert!(has("PUT", "/api/users/{id}", false), "described");
    assert!(has("POST", "/people/{verb}", true), "on the socket");
    assert!(!has("POST", "/people/{verb}", false));
}
