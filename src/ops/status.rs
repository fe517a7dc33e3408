//! Is the desk awake? The whole chain in words, for members and officers.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use super::health;
use crate::bursts::store::{self, Holdings};
use crate::bursts::view::ago;
use crate::intake::{self, aside};
use crate::platform::health::{Condition, State as Mood};
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Result, outbox, words};

#[derive(Template)]
#[template(path = "ops/status.html")]
pub(super) struct StatusPage {
    viewer: Viewer,
    answer: String,
    checked: String,
    checks: Vec<Check>,
}

struct Check {
    label: &'static str,
    state: String,
    words: String,
    remedy: Option<String>,
}

/// GET /status
pub(super) async fn page(State(app): State<App>, viewer: Viewer) -> Result<Html<StatusPage>> {
    let now = app.clock.now();
    let writes = health::writes(&app).await;
    let kafka = intake::condition(&app);
    let (newest, holdings, asides) = app
        .db
        .read(|conn| {
            Ok((
                store::newest(conn)?,
                store::holdings(conn)?,
                aside::count(conn)?,
            ))
        })
        .await?;
    let answer = match (writes, kafka.state) {
        (false, _) => "No. It cannot write down what it hears.",
        (true, Mood::Ok) => "Yes. It hears, and it writes down what it hears.",
        (true, Mood::Off) => "Half. It can write, but it listens to nothing.",
        (true, Mood::Warn) => "Half. It can write, but something is wrong with what it hears.",
    };
    let mut checks = vec![
        check("Listening", kafka),
        check(
            "Last notice",
            moment(newest.notice, now, "None has come yet."),
        ),
        check(
            "Last self-test of a mission",
            moment(
                newest.test,
                now,
                "None has come yet; Fermi, Swift and MAXI send some every day.",
            ),
        ),
        check("Database", database(writes, holdings)),
        check("Letters", outbox::condition(&app).await),
        check("Set aside", asides_in_words(asides)),
    ];
    if !writes {
        checks.rotate_right(2);
    }
    Ok(Html(StatusPage {
        viewer,
        answer: answer.into(),
        checked: now.format("%H:%M:%S UTC").to_string(),
        checks,
    }))
}

fn check(label: &'static str, condition: Condition) -> Check {
    let state = match condition.state {
        Mood::Ok => "ok",
        Mood::Off if condition.remedy.is_none() => "quiet",
        Mood::Off => "off",
        Mood::Warn => "warn",
    };
    Check {
        label,
        state: state.into(),
        words: condition.words,
        remedy: condition.remedy,
    }
}

/// Silence is neither well nor wrong: nothing is lit.
fn moment(at: Option<DateTime<Utc>>, now: DateTime<Utc>, never: &str) -> Condition {
    let said = |at: DateTime<Utc>| {
        format!(
            "{}, {}.",
            at.format("%-d %b %Y, %H:%M:%S UTC"),
            ago(at, now)
        )
    };
    at.map_or_else(
        || Condition {
            state: Mood::Off,
            words: never.into(),
            remedy: None,
        },
        |at| Condition::ok(said(at)),
    )
}

fn database(writes: bool, holdings: Holdings) -> Condition {
    if !writes {
        return Condition::warn(
            "It cannot be written.",
            "An officer should look at the space on the disk and at the log.",
        );
    }
    let Holdings {
        notices,
        bursts,
        waiting,
        bytes,
    } = holdings;
    let mut said = format!(
        "It holds {} of {} in {}.",
        words::count(notices, "notice"),
        words::count(bursts, "burst"),
        words::size(bytes.unsigned_abs())
    );
    if waiting > 0 {
        said += &format!(" {waiting} of them are circulars about bursts not heard of here.");
    }
    Condition::ok(said)
}

fn asides_in_words(asides: i64) -> Condition {
    match asides {
        0 => Condition::ok("Every notice so far could be read."),
        1 => Condition::warn(
            "One notice could not be read. It is kept whole.",
            "An officer sees it with: sudo grb-app admin aside list",
        ),
        more => Condition::warn(
            format!("{more} notices could not be read. They are kept whole."),
            "An officer sees them with: sudo grb-app admin aside list",
        ),
    }
}
