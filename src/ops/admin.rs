//! The desk's figures for officers, as JSON.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::Serialize;

use super::health;
use super::outbox::may_read;
use crate::bursts::store::{self, Holdings};
use crate::intake::aside;
use crate::platform::health::Condition;
use crate::platform::outbox::store as letters;
use crate::platform::web::Viewer;
use crate::platform::web::extract::Json;
use crate::platform::web::problem::Problem;
use crate::platform::{App, Result};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Status {
    version: &'static str,
    notices: i64,
    bursts: i64,
    set_aside: i64,
    circulars_waiting: i64,
    /// How many letters and pushes there are in each state.
    outbox: BTreeMap<letters::State, i64>,
    parts: BTreeMap<&'static str, Condition>,
    /// The database can be written.
    writes: bool,
}

/// What the database holds, what waits in the outbox, how each part is. For officers.
#[utoipa::path(get, path = "/api/admin/status", tag = "admin", responses((status = 200, body = Status), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(super) async fn status(State(app): State<App>, viewer: Viewer) -> Result<Json<Status>> {
    may_read(&viewer)?;
    let parts = health::parts(&app).await;
    let (holdings, set_aside, outbox) = app
        .db
        .read(|conn| {
            Ok((
                store::holdings(conn)?,
                aside::count(conn)?,
                letters::counts(conn)?,
            ))
        })
        .await?;
    let Holdings {
        notices,
        bursts,
        waiting,
        ..
    } = holdings;
    Ok(Json(Status {
        version: env!("CARGO_PKG_VERSION"),
        notices,
        bursts,
        set_aside,
        circulars_waiting: waiting,
        outbox,
        parts,
        writes: health::writes(&app).await,
    }))
}
