//! The officer's page of notices that could not be read.

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use utoipa_axum::router::OpenApiRouter;

use crate::accounts::{Acting, Officer};
use crate::bursts::view::When;
use crate::intake::aside;
use crate::platform::web::extract::Path;
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Result};

/// More than this many are a matter for the terminal.
const SHOWN: u32 = 100;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/asides", get(page))
        .route("/asides/{id}/body", get(body))
        .route("/asides/{id}/again", post(again))
        .route("/asides/{id}/forget", post(forget))
}

#[derive(Template)]
#[template(path = "ops/asides.html")]
struct AsidesPage {
    viewer: Viewer,
    rows: Vec<Row>,
    all: i64,
}

struct Row {
    id: i64,
    topic: String,
    reason: String,
    size: String,
    times: i64,
    when: When,
}

async fn page(State(app): State<App>, _: Officer, viewer: Viewer) -> Result<Html<AsidesPage>> {
    let now = app.clock.now();
    let (asides, all) = app
        .db
        .read(|conn| Ok((aside::list(conn, SHOWN)?, aside::count(conn)?)))
        .await?;
    let rows = asides.into_iter().map(|one| Row {
        id: one.id,
        size: format!("{} bytes", one.bytes),
        times: one.times,
        when: When::new(one.received_at, now),
        topic: one.topic,
        reason: one.reason,
    });
    Ok(Html(AsidesPage {
        viewer,
        rows: rows.collect(),
        all,
    }))
}

/// The bytes as they came, to be kept as a file: a stranger made them.
async fn body(
    State(app): State<App>,
    _: Officer,
    Path(id): Path<i64>,
) -> Result<impl IntoResponse> {
    let body = app.db.read(move |conn| aside::body(conn, id)).await?;
    let name = format!("attachment; filename=\"aside-{id}\"");
    Ok((
        [
            (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
            (header::CONTENT_DISPOSITION, name),
        ],
        body,
    ))
}

async fn again(State(app): State<App>, acting: Acting, Path(id): Path<i64>) -> Result<Redirect> {
    aside::read_again(&app, acting.actor(), id).await?;
    Ok(Redirect::to("/asides"))
}

async fn forget(State(app): State<App>, acting: Acting, Path(id): Path<i64>) -> Result<Redirect> {
    let (now, actor) = (app.clock.now(), acting.actor());
    app.db
        .write(move |tx| aside::forget(tx, now, &actor, id))
        .await?;
    Ok(Redirect::to("/asides"))
}
