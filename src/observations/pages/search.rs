//! All observations, searched.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};
use rusqlite::Connection;
use utoipa_axum::router::OpenApiRouter;

use super::row::Row;
use crate::accounts::MaybeSignedIn;
use crate::bursts;
use crate::bursts::Burst;
use crate::observations::asked::Asked;
use crate::observations::filters::{FILTERS, Filter};
use crate::observations::list;
use crate::observations::model::Observation;
use crate::platform::error::FieldFault;
use crate::platform::web::extract::Query;
use crate::platform::web::form::sentence;
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Error, Result};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/observations", get(page))
}

/// `/observations`
#[derive(Template)]
#[template(path = "observations/pages/search.html")]
struct SearchPage {
    viewer: Viewer,
    heading: String,
    asked: Asked,
    faults: Vec<FieldFault>,
    rows: Vec<Row>,
    /// Something was asked for.
    narrowed: bool,
    older: Option<String>,
    newest: Option<String>,
}

impl SearchPage {
    fn fault(&self, field: &str) -> Option<String> {
        let fault = self.faults.iter().find(|fault| fault.field == field)?;
        Some(sentence(&fault.message))
    }

    /// What is wrong, under the names that the page's fields have.
    fn said(&self) -> Vec<String> {
        let words = |fault: &FieldFault| {
            let label = match fault.field.as_str() {
                "from" => "From",
                "to" => "To",
                "brightest" => "Magnitude from",
                "faintest" => "Magnitude to",
                "ra" => "RA",
                "dec" => "Dec",
                "radius" => "Within",
                other => other,
            };
            format!("{label}: {}.", fault.message)
        };
        self.faults.iter().map(words).collect()
    }

    fn filters(&self) -> &'static [Filter] {
        &FILTERS
    }

    fn more_open(&self) -> bool {
        let asked = &self.asked;
        let fields = [&asked.instrument, &asked.ra, &asked.dec, &asked.radius];
        fields.into_iter().any(|text| !text.is_empty()) || !self.faults.is_empty()
    }
}

/// GET /observations
async fn page(
    State(app): State<App>,
    viewer: Viewer,
    MaybeSignedIn(member): MaybeSignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let (wanted, limit) = match asked.understand(member.as_ref()) {
        Ok(understood) => understood,
        Err(Error::Invalid(faults)) => {
            let page = Html(blank(viewer, asked, faults));
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
        Err(other) => return Err(other),
    };
    let now = app.clock.now();
    let read = move |conn: &Connection| {
        let (found, next) = list::list(conn, &wanted, limit)?;
        Ok((rows(conn, &found, now)?, next))
    };
    let (rows, next) = app.db.read(read).await?;
    let page = blank(viewer, asked, Vec::new());
    let heading = match rows.first() {
        Some(first) if page.asked.observer != "me" && !page.asked.observer.is_empty() => {
            format!("Observations by {}", first.observer)
        }
        _ => page.heading,
    };
    Ok(Html(SearchPage {
        heading,
        rows,
        older: next.map(|key| page.asked.address(Some(key))),
        ..page
    })
    .into_response())
}

fn blank(viewer: Viewer, asked: Asked, faults: Vec<FieldFault>) -> SearchPage {
    let narrowed = Asked {
        after: String::new(),
        limit: String::new(),
        ..asked.clone()
    }
    .address(None)
        != "/observations";
    let mine = asked.observer == "me";
    SearchPage {
        viewer,
        heading: if mine {
            "My observations".into()
        } else {
            "Observations".into()
        },
        newest: (!asked.after.is_empty()).then(|| asked.address(None)),
        asked,
        faults,
        rows: Vec::new(),
        narrowed,
        older: None,
    }
}

/// What was found in words, each with its burst.
pub(super) fn rows(
    conn: &Connection,
    found: &[Observation],
    now: DateTime<Utc>,
) -> Result<Vec<Row>> {
    let bursts = of_all(conn, found)?;
    Ok(found.iter().map(|one| row(one, &bursts, now)).collect())
}

fn row(one: &Observation, bursts: &BTreeMap<i64, Burst>, now: DateTime<Utc>) -> Row {
    let burst = bursts.get(&one.burst_id);
    Row {
        burst: burst.map(|burst| (burst.id, burst.name())),
        ..Row::of(one, burst.and_then(|burst| burst.trigger_time), now)
    }
}

/// The bursts of these observations, by id.
fn of_all(conn: &Connection, found: &[Observation]) -> Result<BTreeMap<i64, Burst>> {
    let mut all = BTreeMap::new();
    for observation in found {
        if let std::collections::btree_map::Entry::Vacant(place) = all.entry(observation.burst_id) {
            place.insert(bursts::store::burst(conn, observation.burst_id)?);
        }
    }
    Ok(all)
}
