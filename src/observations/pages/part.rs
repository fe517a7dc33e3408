//! What was seen of one burst, as a part of the burst's page and as a page.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};
use rusqlite::Connection;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;

use super::row::Row;
use crate::accounts::{MaybeSignedIn, Member};
use crate::bursts;
use crate::observations::model::Observation;
use crate::observations::{coverage, curve, store, telling};
use crate::platform::web::extract::{Path, Query};
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Result};

/// Rows in the burst's page, and in a page of their own; beyond that the search has them all.
const FEW: usize = 20;
const MANY: usize = 200;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/bursts/{id}/observations", get(part))
}

/// `/bursts/{id}/observations`
#[derive(Template)]
#[template(path = "observations/pages/part_page.html")]
struct PartPage {
    viewer: Viewer,
    name: String,
    part: Part,
}

#[derive(Template)]
#[template(path = "observations/pages/part.html")]
struct Part {
    id: i64,
    /// It and the same one as other missions saw it.
    bursts: Vec<i64>,
    /// The button by which whoever is signed in follows it.
    follow: Option<String>,
    /// All that fit on a page, not the newest few.
    all: bool,
    signed_in: bool,
    curve: Option<String>,
    coverage: Option<String>,
    rows: Vec<Row>,
    /// How many there are.
    count: usize,
    /// There is something that everybody may see, and take away.
    shown: bool,
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    all: Option<String>,
}

/// GET /bursts/{id}/observations
async fn part(
    State(app): State<App>,
    viewer: Viewer,
    MaybeSignedIn(member): MaybeSignedIn,
    headers: HeaderMap,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let now = app.clock.now();
    let is_part = headers.contains_key("hx-request");
    let all = asked.all.is_some() || !is_part;
    let (name, part) = app
        .db
        .read(move |conn| written(conn, id, member.as_ref(), all, now))
        .await?;
    let mut answer = match is_part {
        true => Html(part).into_response(),
        false => Html(PartPage { viewer, name, part }).into_response(),
    };
    // The same address gives a page or a part of one.
    let varies = HeaderValue::from_static("hx-request");
    answer.headers_mut().insert(header::VARY, varies);
    Ok(answer)
}

fn written(
    conn: &Connection,
    id: i64,
    member: Option<&Member>,
    all: bool,
    now: DateTime<Utc>,
) -> Result<(String, Part)> {
    let burst = bursts::store::burst(conn, id)?;
    let region = bursts::store::region(conn, id)?;
    let seen = store::seen_by(conn, id, member)?;
    let rows = seen.iter().take(if all { MANY } else { FEW });
    let rows = rows
        .map(|one| Row::of(one, burst.trigger_time, now))
        .collect();
    let count = seen.len();
    let mut shown: Vec<Observation> = seen;
    shown.retain(|observation| observation.hidden.is_none());
    shown.reverse();
    let follow = member.map(|member| telling::button(id, telling::follows(conn, member.id, id)?));
    let linked = bursts::store::linked(conn, id)?;
    let part = Part {
        id,
        bursts: std::iter::once(id)
            .chain(linked.iter().map(|other| other.id))
            .collect(),
        follow: follow.transpose()?,
        all,
        signed_in: member.is_some(),
        curve: curve::part(&burst, &shown),
        coverage: coverage::part(&burst, region.as_ref(), &shown),
        rows,
        count,
        shown: !shown.is_empty(),
    };
    Ok((burst.name(), part))
}
