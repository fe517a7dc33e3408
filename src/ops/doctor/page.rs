//! The officer's page of checks: the quick ones at once, the others by a button.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Redirect;

use super::{Checks, examine_all, examine_quickly, last_report};
use crate::accounts::extract::Officer;
use crate::bursts::view::ago;
use crate::platform::doctor::{Check, Item, Report, Verdict};
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Result};

/// The word for a check that is about something this desk has not.
const FOREIGN: &str = "does not apply";

#[derive(Template)]
#[template(path = "ops/doctor/page.html")]
pub(super) struct DoctorPage {
    viewer: Viewer,
    answer: String,
    /// When all of them were last done.
    looked: Option<String>,
    rows: Vec<Row>,
    /// Those that are about something this desk has not.
    foreign: Vec<Row>,
}

struct Row {
    title: &'static str,
    /// ok, warn, bad or quiet: the lamp.
    lamp: &'static str,
    word: &'static str,
    found: String,
    /// What to do; every second piece is something to type.
    remedy: Vec<String>,
}

/// GET /doctor
pub(super) async fn page(
    State(app): State<App>,
    _: Officer,
    viewer: Viewer,
    Extension(checks): Extension<Checks>,
) -> Result<Html<DoctorPage>> {
    let now = examine_quickly(&app, &checks).await;
    let before = last_report(&app.shelf);
    let mut rows: Vec<(Verdict, Row)> = checks
        .0
        .iter()
        .map(|check| row(check, &now, before.as_ref()))
        .collect();
    // What wants attention stands first; a stable sort keeps the rest in its order.
    rows.sort_by_key(|(verdict, _)| std::cmp::Reverse(*verdict));
    let count = |verdict| rows.iter().filter(|(found, _)| *found == verdict).count();
    let answer = answer(count(Verdict::Fault), count(Verdict::Warn));
    let rows = rows.into_iter().map(|(_, row)| row);
    let (foreign, rows) = rows.partition(|row| row.word == FOREIGN);
    Ok(Html(DoctorPage {
        viewer,
        answer,
        looked: before.map(|report| ago(report.at, app.clock.wall())),
        rows,
        foreign,
    }))
}

/// POST /doctor
pub(super) async fn look(
    State(app): State<App>,
    _: Officer,
    Extension(checks): Extension<Checks>,
) -> Redirect {
    examine_all(&app, &checks).await;
    Redirect::to("/doctor")
}

fn answer(faults: usize, warnings: usize) -> String {
    let things = |count: usize| match count {
        1 => "One thing".to_owned(),
        more => format!("{more} things"),
    };
    match (faults, warnings) {
        (0, 0) => "Nothing that was looked at is wrong.".into(),
        (0, warnings) => format!("{} should be looked at.", things(warnings)),
        (faults, 0) => format!("{} must be mended.", things(faults)),
        (faults, warnings) => format!("{} must be mended, {} looked at.", things(faults), warnings),
    }
}

/// What stands between backticks is every second.
fn pieces(text: &str) -> Vec<String> {
    text.split('`').map(str::to_owned).collect()
}

/// A check as it is now, or as it was when all of them were last done.
fn row(check: &Check, now: &Report, before: Option<&Arc<Report>>) -> (Verdict, Row) {
    let of = |report: &Report| -> Option<Item> {
        let found = report.checks.iter().find(|item| item.name == check.name);
        found.cloned()
    };
    let Some(Item { finding, .. }) = of(now).or_else(|| of(before?)) else {
        let row = Row {
            title: check.title,
            lamp: "quiet",
            word: "not looked at yet",
            found: String::new(),
            remedy: Vec::new(),
        };
        return (Verdict::Skipped, row);
    };
    let (lamp, word) = match finding.verdict {
        Verdict::Ok => ("ok", "fine"),
        Verdict::Skipped => ("quiet", FOREIGN),
        Verdict::Warn => ("warn", "look at this"),
        Verdict::Fault => ("bad", "must be mended"),
    };
    let row = Row {
        title: check.title,
        lamp,
        word,
        found: finding.found,
        remedy: pieces(finding.remedy.as_deref().unwrap_or_default()),
    };
    (finding.verdict, row)
}
