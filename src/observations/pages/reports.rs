//! What members reported, for officers.

use askama::Template;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::{get, post};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;

use crate::accounts::{Acting, Officer};
use crate::bursts::view::When;
use crate::observations::moderation::{self, Report};
use crate::platform::web::extract::Path;
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Result, Tx, audit};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/observations/reports", get(page))
        .route("/observations/reports/{id}/settle", post(settle))
}

/// `/observations/reports`
#[derive(Template)]
#[template(path = "observations/pages/reports.html")]
struct ReportsPage {
    viewer: Viewer,
    reports: Vec<(Report, When)>,
}

/// GET /observations/reports
async fn page(State(app): State<App>, viewer: Viewer, _: Officer) -> Result<Html<ReportsPage>> {
    let now = app.clock.now();
    let open = app.db.read(moderation::open).await?;
    let dated = |report: Report| {
        let when = When::new(report.at, now);
        (report, when)
    };
    let reports = open.into_iter().map(dated).collect();
    Ok(Html(ReportsPage { viewer, reports }))
}

/// POST /observations/reports/{id}/settle
async fn settle(State(app): State<App>, acting: Acting, Path(id): Path<i64>) -> Result<Redirect> {
    let (now, actor) = (app.clock.now(), acting.actor());
    let settle = move |tx: &Tx| {
        moderation::settle(tx, now, id)?;
        let about = moderation::about(tx, id)?;
        audit::note(
            tx,
            now,
            &actor,
            "report.settle",
            &about,
            &json!({ "report": id }),
        )
    };
    app.db.write(settle).await?;
    Ok(Redirect::to("/observations/reports"))
}
