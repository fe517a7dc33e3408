//! Following a burst, and following it no longer.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::post;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store;
use crate::accounts::SignedIn;
use crate::bursts;
use crate::platform::web::extract::Path;
use crate::platform::web::problem::Problem;
use crate::platform::{App, Error, Result, Tx};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(follow, unfollow))
        .route("/bursts/{id}/follow", post(follow_page))
        .route("/bursts/{id}/unfollow", post(unfollow_page))
}

/// A form with one button.
#[derive(Template)]
#[template(path = "observations/telling/button.html")]
struct Button {
    burst: i64,
    follows: bool,
}

/// The button by which a member follows a burst, or does no longer: HTML, for whoever is signed in.
pub fn button(burst: i64, follows: bool) -> Result<String> {
    let button = Button { burst, follows };
    button
        .render()
        .map_err(|error| Error::Internal(error.into()))
}

/// Keeps that a member follows a burst, or does no longer. `NotFound` without the burst.
async fn keep(app: &App, member: i64, burst: i64, follows: bool) -> Result<()> {
    let now = app.clock.now();
    let write = move |tx: &Tx| {
        let burst = bursts::store::burst(tx, burst)?;
        store::follow(tx, now, member, burst.id, follows)
    };
    app.db.write(write).await
}

/// Hear of new observations of this burst by letter.
#[utoipa::path(put, path = "/api/bursts/{id}/follow", tag = "observations", params(("id" = i64, Path)), responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn follow(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
) -> Result<StatusCode> {
    keep(&app, member.id, id, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Hear of them no more; observing the burst again does not change that.
#[utoipa::path(delete, path = "/api/bursts/{id}/follow", tag = "observations", params(("id" = i64, Path)), responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn unfollow(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
) -> Result<StatusCode> {
    keep(&app, member.id, id, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// POST /bursts/{id}/follow
async fn follow_page(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
) -> Result<Redirect> {
    keep(&app, member.id, id, true).await?;
    Ok(Redirect::to(&format!("/bursts/{id}#observations")))
}

/// POST /bursts/{id}/unfollow
async fn unfollow_page(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
) -> Result<Redirect> {
    keep(&app, member.id, id, false).await?;
    Ok(Redirect::to(&format!("/bursts/{id}#observations")))
}
