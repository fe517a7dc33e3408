//! What commands on this machine ask of the outbox.

use axum::extract::State as Shared;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::store::{self, Entry, State, Wanted};
use crate::platform::audit::{self, About};
use crate::platform::web::extract;
use crate::platform::{Actor, App, Error, Result};

/// Routes for `grb-app admin mail queue` and `retry`, served on a socket that only the owner of the data folder reaches.
pub fn local_routes(app: App) -> Router {
    Router::new()
        .route("/outbox", get(queue))
        .route("/outbox/retry", post(retry))
        .with_state(app)
}

#[derive(Deserialize)]
struct Asked {
    state: Option<String>,
    limit: Option<u32>,
}

#[derive(Serialize)]
struct Queue {
    counts: std::collections::BTreeMap<State, i64>,
    items: Vec<Entry>,
}

async fn queue(
    Shared(app): Shared<App>,
    extract::Query(asked): extract::Query<Asked>,
) -> Result<Json<Queue>> {
    let state = match asked.state.as_deref() {
        None => None,
        Some(text) => Some(State::parse(text).ok_or_else(|| unknown_state(text))?),
    };
    let wanted = Wanted {
        state,
        ..Wanted::default()
    };
    let limit = asked.limit.unwrap_or(50).min(1000);
    let (counts, (items, _)) = app
        .db
        .read(move |conn| Ok((store::counts(conn)?, store::list(conn, &wanted, limit)?)))
        .await?;
    Ok(Json(Queue { counts, items }))
}

fn unknown_state(text: &str) -> Error {
    let known: Vec<&str> = State::ALL.into_iter().map(State::as_str).collect();
    Error::invalid(
        "state",
        format!("\"{text}\" is none of {}", known.join(", ")),
    )
}

/// Which parcels to try again; all where `ids` is null.
#[derive(Deserialize)]
struct Again {
    ids: Option<Vec<i64>>,
}

#[derive(Serialize)]
struct Retried {
    retried: usize,
}

async fn retry(
    Shared(app): Shared<App>,
    extract::Json(again): extract::Json<Again>,
) -> Result<Json<Retried>> {
    let now = app.clock.now();
    let retried = app
        .db
        .write(move |tx| {
            let retried = store::retry(tx, now, again.ids.as_deref())?;
            let about = About::named("outbox", "letters");
            let details = json!({ "ids": again.ids, "retried": retried });
            audit::note(tx, now, &Actor::Terminal, "letter.retry", &about, &details)?;
            Ok(retried)
        })
        .await?;
    Ok(Json(Retried { retried }))
}
