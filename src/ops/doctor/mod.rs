//! What ails the desk: all checks, on a page for officers, as JSON, and for `grb-app doctor`.

mod door;
mod page;
mod program;

use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::State;
use axum::routing::get;
use axum::{Extension, Router};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::health;
use crate::accounts::extract::Officer;
use crate::platform::doctor::{Case, Check, Report, Run, Said, examine};
use crate::platform::web::extract::Json;
use crate::platform::web::problem::Problem;
use crate::platform::{App, Result, Shelf};

pub use program::UNIT;

/// Every check there is, handed in by whoever knows all areas.
#[derive(Clone)]
struct Checks(Arc<Vec<Check>>);

/// What the last examination came to, kept for as long as the desk runs.
#[derive(Default)]
struct Last {
    report: RwLock<Option<Arc<Report>>>,
    /// One examination at a time: it works the disk and calls on others.
    busy: tokio::sync::Mutex<()>,
}

/// What is looked at of the desk's own door, its unit and its tables.
pub fn checks() -> Vec<Check> {
    [door::CHECKS, program::CHECKS].concat()
}

/// The page, the JSON and the mirror for proxies.
pub fn routes(checks: Vec<Check>) -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(last, look))
        .route("/doctor", get(page::page).post(page::look))
        .layer(Extension(Checks(Arc::new(checks))))
        .routes(routes!(door::mirror))
}

/// Routes for `grb-app doctor` and `update`: what only the serving desk knows.
pub fn local_routes(app: App) -> Router {
    let tell = |State(app): State<App>| async move { Json(said(&app).await) };
    Router::new()
        .route("/doctor/said", get(tell))
        .route("/health/readiness", get(health::readiness))
        .with_state(app)
}

/// What the serving desk says of itself.
async fn said(app: &App) -> Said {
    let parts = health::parts(app).await.into_iter();
    let moments = app.health.moments().into_iter();
    Said {
        version: env!("CARGO_PKG_VERSION").into(),
        pid: std::process::id(),
        parts: parts.map(|(name, part)| (name.to_owned(), part)).collect(),
        moments: moments.map(|(name, at)| (name.to_owned(), at)).collect(),
    }
}

async fn case(app: &App) -> Case {
    Case {
        config: app.config.clone(),
        clock: app.clock.clone(),
        server: Some(Arc::new(said(app).await)),
    }
}

/// Does all checks and keeps what they came to.
async fn examine_all(app: &App, checks: &Checks) -> Arc<Report> {
    let last = app.shelf.of::<Last>();
    let _alone = last.busy.lock().await;
    let report = Arc::new(examine(&checks.0, &case(app).await).await);
    let mut kept = last.report.write().unwrap_or_else(PoisonError::into_inner);
    *kept = Some(report.clone());
    report
}

/// What was last found, where somebody has looked since the start.
fn last_report(shelf: &Shelf) -> Option<Arc<Report>> {
    let last = shelf.of::<Last>();
    let report = last.report.read().unwrap_or_else(PoisonError::into_inner);
    report.clone()
}

/// Those that take no time.
async fn examine_quickly(app: &App, checks: &Checks) -> Report {
    let quick = |check: &&Check| matches!(check.run, Run::Quick(_));
    let quick: Vec<Check> = checks.0.iter().filter(quick).copied().collect();
    examine(&quick, &case(app).await).await
}

/// The checks that only look at this machine, done now. For officers.
#[utoipa::path(get, path = "/api/admin/doctor", tag = "admin", responses((status = 200, body = Report), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn last(
    State(app): State<App>,
    _: Officer,
    Extension(checks): Extension<Checks>,
) -> Result<Json<Report>> {
    Ok(Json(examine_quickly(&app, &checks).await))
}

/// All checks, done now: also those that work the disk and ask others, which takes up to half a minute. For officers.
#[utoipa::path(post, path = "/api/admin/doctor", tag = "admin", responses((status = 200, body = Report), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn look(
    State(app): State<App>,
    _: Officer,
    Extension(checks): Extension<Checks>,
) -> Result<Json<Report>> {
    let report = examine_all(&app, &checks).await;
    Ok(Json(Report::clone(&report)))
}
