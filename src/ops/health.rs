//! Is it alive, is it ready.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use crate::intake;
use crate::platform::health::{Condition, State as Mood};
use crate::platform::web::extract::Json;
use crate::platform::{App, outbox};

/// A writer that has not answered by then counts as stuck.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Readiness {
    /// ready or not ready
    status: &'static str,
    version: &'static str,
    parts: BTreeMap<&'static str, Condition>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Liveness {
    status: &'static str,
}

/// True where the writer commits in time.
pub(super) async fn writes(app: &App) -> bool {
    matches!(
        tokio::time::timeout(PATIENCE, app.db.probe()).await,
        Ok(Ok(()))
    )
}

/// How every part is that says so.
pub(super) async fn parts(app: &App) -> BTreeMap<&'static str, Condition> {
    let mut parts = app.health.all();
    parts.insert("kafka", intake::condition(app));
    parts.insert("mail", outbox::condition(app).await);
    parts
}

/// The same as readiness.
#[utoipa::path(get, path = "/health", tag = "health", responses((status = 200, body = Readiness), (status = 503, body = Readiness)))]
pub(super) async fn health(state: State<App>) -> (StatusCode, Json<Readiness>) {
    readiness(state).await
}

/// Answers as long as the process does.
#[utoipa::path(get, path = "/health/liveness", tag = "health", responses((status = 200, body = Liveness)))]
pub(super) async fn liveness() -> Json<Liveness> {
    Json(Liveness { status: "alive" })
}

/// Ready while the database can be written; faults of Kafka and mail are warnings.
#[utoipa::path(get, path = "/health/readiness", tag = "health", responses((status = 200, body = Readiness), (status = 503, body = Readiness)))]
pub(super) async fn readiness(State(app): State<App>) -> (StatusCode, Json<Readiness>) {
    let ready = writes(&app).await;
    let mut parts = parts(&app).await;
    let database = if ready {
        app.health
            .of("database")
            .filter(|known| known.state == Mood::Warn)
            .unwrap_or_else(|| Condition::ok("It can be written."))
    } else {
        Condition::warn(
            "It cannot be written.",
            "Look at the space on the disk and at the log.",
        )
    };
    parts.insert("database", database);
    let (code, status) = if ready {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready")
    };
    (
        code,
        Json(Readiness {
            status,
            version: env!("CARGO_PKG_VERSION"),
            parts,
        }),
    )
}
