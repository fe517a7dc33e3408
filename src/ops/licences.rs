//! What others made that is in this program, and their terms: the text as it is packed, and pages that open fast on a phone.

use std::collections::HashMap;
use std::sync::LazyLock;

use askama::Template;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use include_flate::flate;
use utoipa_axum::router::OpenApiRouter;

use crate::platform::web::extract::Path;
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Error, Result};

flate!(
    /// The whole of it, as packaging/third_party.py wrote it.
    pub static TEXT: str from "THIRD-PARTY.md"
);

static READ: LazyLock<Licences> = LazyLock::new(|| Licences::read(&TEXT));

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/licences", get(list))
        .route("/licences/{number}", get(one))
        .route("/licences.txt", get(whole))
}

/// The text, taken apart.
struct Licences {
    works: Vec<Work>,
    terms: Vec<Terms>,
}

/// Something that others made.
#[derive(Clone)]
struct Work {
    name: &'static str,
    /// As its manifest says it.
    licence: &'static str,
    /// Numbers of its terms.
    terms: Vec<usize>,
}

/// A licence's text, and whose it is.
#[derive(Default, Clone)]
struct Terms {
    of: &'static str,
    text: String,
}

impl Licences {
    fn read(text: &'static str) -> Self {
        let terms = terms(text);
        let mut numbers: HashMap<&str, Vec<usize>> = HashMap::new();
        for (number, one) in terms.iter().enumerate() {
            for name in one.of.split(", ") {
                numbers.entry(name).or_default().push(number);
            }
        }
        let cells = |line: &'static str| {
            let (name, licence) = line
                .strip_prefix("| ")?
                .strip_suffix(" |")?
                .split_once(" | ")?;
            Some((name, licence)).filter(|(name, _)| *name != "what")
        };
        let works = text
            .lines()
            .map_while(|line| match line.starts_with("## ") {
                true => None,
                false => Some(cells(line)),
            });
        let works = works.flatten().map(|(name, licence)| {
            let own = name.split(" (within ").next().unwrap_or(name);
            let terms = numbers.get(own).cloned().unwrap_or_default();
            Work {
                name,
                licence,
                terms,
            }
        });
        Self {
            works: works.collect(),
            terms,
        }
    }
}

/// The fenced texts under their headings. What looks like a heading within a text is part of it.
fn terms(text: &'static str) -> Vec<Terms> {
    let mut all: Vec<Terms> = Vec::new();
    let mut fence = None;
    for line in text.lines() {
        match (fence, line.strip_prefix("## ")) {
            (Some(end), _) if line == end => fence = None,
            (Some(_), _) => {
                if let Some(last) = all.last_mut() {
                    last.text += line;
                    last.text.push('\n');
                }
            }
            (None, Some(of)) => all.push(Terms {
                of,
                text: String::new(),
            }),
            (None, None) => fence = line.strip_suffix("text").filter(|fence| is_fence(fence)),
        }
    }
    all
}

fn is_fence(text: &str) -> bool {
    matches!(text, "```" | "~~~~")
}

#[derive(Template)]
#[template(path = "ops/licences.html")]
struct ListPage {
    viewer: Viewer,
    works: &'static [Work],
}

#[derive(Template)]
#[template(path = "ops/licence.html")]
struct TermsPage {
    viewer: Viewer,
    terms: &'static Terms,
}

/// GET /licences
async fn list(viewer: Viewer) -> Html<ListPage> {
    let works = &READ.works;
    Html(ListPage { viewer, works })
}

/// GET /licences/{number}
async fn one(viewer: Viewer, Path(number): Path<usize>) -> Result<Html<TermsPage>> {
    let terms = READ.terms.get(number).ok_or(Error::NotFound("licence"))?;
    Ok(Html(TermsPage { viewer, terms }))
}

/// GET /licences.txt
async fn whole() -> impl IntoResponse {
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (plain, TEXT.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_packed_has_a_name_and_terms() {
        assert!(READ.works.len() > 100);
        for name in [
            "SQLite (within libsqlite3-sys",
            "librdkafka (within",
            "axum ",
        ] {
            let work = READ.works.iter().find(|work| work.name.starts_with(name));
            assert!(!work.unwrap().licence.is_empty(), "{name}");
        }
        let with_terms = READ.works.iter().filter(|work| !work.terms.is_empty());
        assert!(with_terms.count() * 10 > READ.works.len() * 8);
        // Nothing of the text is lost on the way: every heading outside of a text is a page.
        let longest = READ
            .terms
            .iter()
            .map(|terms| terms.text.len())
            .sum::<usize>();
        assert!(longest * 10 > TEXT.len() * 8);
        assert!(READ.terms.iter().all(|terms| !terms.text.trim().is_empty()));
    }

    #[test]
    fn a_heading_within_a_text_belongs_to_it() {
        let read = terms(
            "| a 1 | MIT |\n\n## a 1\n\n```text\n## not one\nwords\n```\n\n## b 2\n\n~~~~text\n```\nmore\n~~~~\n",
        );
        let said: Vec<_> = read.iter().map(|one| (one.of, one.text.as_str())).collect();
        assert_eq!(
            said,
            [("a 1", "## not one\nwords\n"), ("b 2", "```\nmore\n")]
        );
    }
}
