//! The house keeps its order: a module uses only those before it.

use std::fs;
use std::path::{Path, PathBuf};

/// The reading order of `lib.rs`; an arrow may only point to the left.
const ORDER: [&str; 15] = [
    "platform",
    "sky",
    "notices",
    "accounts",
    "bursts",
    "alerts",
    "intake",
    "observations",
    "hello",
    "keeping",
    "home",
    "ops",
    "demo",
    "serve",
    "cli",
];

/// No input, no output, no clock, no App in here.
const PURE: [&str; 2] = ["sky", "notices"];
const IMPURE: [&str; 7] = [
    "crate::platform",
    "std::fs",
    "std::net",
    "std::env",
    "tokio::",
    "async fn",
    "rusqlite",
];

#[test]
fn no_arrow_runs_back() {
    let mut wrong = Vec::new();
    for (rank, area) in ORDER.iter().enumerate() {
        for (file, text) in sources(area) {
            for used in used(&text) {
                let known = ORDER.iter().position(|name| *name == used);
                if known.is_none_or(|other| other > rank) {
                    wrong.push(format!("{} uses crate::{used}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_map_names_every_area_in_this_order() {
    let map = fs::read_to_string(src().join("lib.rs")).unwrap();
    let named: Vec<&str> = map
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    assert_eq!(named, ORDER);
}

#[test]
fn sky_and_notices_are_pure() {
    for area in PURE {
        for (file, text) in sources(area).into_iter().filter(|(file, _)| !is_test(file)) {
            let found: Vec<&str> = IMPURE
                .into_iter()
                .filter(|word| text.contains(word))
                .collect();
            assert!(found.is_empty(), "{} has {found:?}", file.display());
        }
    }
}

#[test]
fn every_folder_opens_with_a_sentence() {
    for area in ORDER {
        for (file, text) in sources(area)
            .into_iter()
            .filter(|(file, _)| file.ends_with("mod.rs"))
        {
            assert!(
                text.starts_with("//! "),
                "{} has no first sentence",
                file.display()
            );
        }
    }
}

/// The areas that `text` names, alone or in braces.
fn used(text: &str) -> Vec<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut names = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let inside = rest
            .strip_prefix('{')
            .map(|list| list.split('}').next().unwrap_or_default());
        let parts = inside.map_or_else(|| vec![rest], |list| list.split(',').collect());
        names.extend(parts.iter().map(|part| {
            part.trim()
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        }));
    }
    names.retain(|name: &String| !name.is_empty());
    names
}

fn is_test(file: &Path) -> bool {
    file.components()
        .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
}

fn sources(area: &str) -> Vec<(PathBuf, String)> {
    let single = src().join(format!("{area}.rs"));
    let mut found = Vec::new();
    if single.exists() {
        found.push(single);
    }
    collect(&src().join(area), &mut found);
    assert!(!found.is_empty(), "{area} is not there");
    found
        .into_iter()
        .map(|file| (file.clone(), fs::read_to_string(file).unwrap()))
        .collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}
