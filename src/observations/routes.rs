//! Observations as JSON.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rusqlite::Connection;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::asked::Asked;
use super::history::{self, Change};
use super::input::{Around, Given};
use super::json::ObservationJson;
use super::list;
use super::model::Observation;
use super::news;
use super::posting::{self, Added, own, visible};
use crate::accounts::sites;
use crate::accounts::{Acting, MaybeSignedIn, SignedIn};
use crate::bursts;
use crate::platform::web::extract::{Json, Path, Query};
use crate::platform::web::listing::{Listed, PageKey, Paged};
use crate::platform::web::problem::Problem;
use crate::platform::{App, Error, Result, Tx};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(of_burst, post))
        .routes(routes!(search))
        .routes(routes!(one, change, remove))
        .routes(routes!(changes))
}

/// A burst's observations, the latest exposure first.
#[utoipa::path(get, path = "/api/bursts/{id}/observations", tag = "observations", params(("id" = i64, Path), Paged), responses((status = 200, body = Listed<ObservationJson>), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn of_burst(
    State(app): State<App>,
    MaybeSignedIn(member): MaybeSignedIn,
    Path(id): Path<i64>,
    Query(paged): Query<Paged>,
) -> Result<Json<Listed<ObservationJson>>> {
    let asked = Asked {
        burst: id.to_string(),
        limit: paged.limit,
        after: paged.after,
        ..Asked::default()
    };
    let (wanted, limit) = asked.understand(member.as_ref())?;
    let found = move |conn: &Connection| {
        bursts::store::burst(conn, id)?;
        list::list(conn, &wanted, limit)
    };
    app.db.read(found).await.map(listed)
}

fn listed((found, next): (Vec<Observation>, Option<PageKey>)) -> Json<Listed<ObservationJson>> {
    Json(Listed {
        items: found.iter().map(ObservationJson::from).collect(),
        next: next.map(|key| key.to_string()),
    })
}

/// Observations of all bursts, the latest exposure first.
#[utoipa::path(get, path = "/api/observations", tag = "observations", params(Asked), responses((status = 200, body = Listed<ObservationJson>), (status = 422, body = Problem)))]
async fn search(
    State(app): State<App>,
    MaybeSignedIn(member): MaybeSignedIn,
    Query(asked): Query<Asked>,
) -> Result<Json<Listed<ObservationJson>>> {
    let (wanted, limit) = asked.understand(member.as_ref())?;
    let found = move |conn: &Connection| list::list(conn, &wanted, limit);
    app.db.read(found).await.map(listed)
}

/// A new observation of a burst. The very same from the same member within an hour is the one that is there already, and answered with 200.
#[utoipa::path(post, path = "/api/bursts/{id}/observations", tag = "observations", params(("id" = i64, Path)), request_body = Given, responses((status = 201, body = ObservationJson), (status = 200, body = ObservationJson), (status = 401, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn post(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
    Json(given): Json<Given>,
) -> Result<Response> {
    let now = app.clock.now();
    let checked = move |conn: &Connection| {
        let burst = bursts::store::burst(conn, id)?;
        let sites = sites::store::of_member(conn, member.id)?;
        let around = Around {
            burst: &burst,
            sites: &sites,
            now,
        };
        given
            .checked(&Observation::blank(id, member.id), &around)
            .map_err(Error::Invalid)
    };
    let new = app.db.read(checked).await?;
    let write = {
        let app = app.clone();
        move |tx: &Tx| match posting::add(tx, now, &new)? {
            Added::New(observation) => {
                news::posted(&app, tx, now, &observation)?;
                Ok((StatusCode::CREATED, observation))
            }
            Added::Already(observation) => Ok((StatusCode::OK, observation)),
        }
    };
    let (status, observation) = app.db.write(write).await?;
    let location = format!("/api/observations/{}", observation.id);
    let json = Json(ObservationJson::from(&observation));
    Ok((status, [(header::LOCATION, location)], json).into_response())
}

/// One observation.
#[utoipa::path(get, path = "/api/observations/{id}", tag = "observations", params(("id" = i64, Path)), responses((status = 200, body = ObservationJson), (status = 404, body = Problem)))]
async fn one(
    State(app): State<App>,
    MaybeSignedIn(member): MaybeSignedIn,
    Path(id): Path<i64>,
) -> Result<Json<ObservationJson>> {
    let found = app
        .db
        .read(move |conn| visible(conn, id, member.as_ref()))
        .await?;
    Ok(Json(ObservationJson::from(&found)))
}

/// Changes what is given and leaves the rest; null empties a field. For its owner and for officers.
#[utoipa::path(put, path = "/api/observations/{id}", tag = "observations", params(("id" = i64, Path)), request_body = Given, responses((status = 200, body = ObservationJson), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
    Json(given): Json<Given>,
) -> Result<Json<ObservationJson>> {
    let now = app.clock.now();
    let write = {
        let app = app.clone();
        move |tx: &Tx| {
            let before = own(tx, id, &member)?;
            let after = posting::revised(tx, now, &given, &before)?;
            match posting::replace(tx, now, (&before, &after), &member)? {
                true => posting::changed(&app, tx, now, id),
                false => Ok(before),
            }
        }
    };
    let written = app.db.write(write).await?;
    Ok(Json(ObservationJson::from(&written)))
}

/// Removes an observation with its pictures and its history. For its owner and for officers.
#[utoipa::path(delete, path = "/api/observations/{id}", tag = "observations", params(("id" = i64, Path)), responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn remove(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    acting: Result<Acting, Response>,
    Path(id): Path<i64>,
) -> Result<StatusCode, Response> {
    posting::to_remove(&app, id, &member, acting).await?;
    let now = app.clock.now();
    let write = {
        let app = app.clone();
        move |tx: &Tx| {
            let gone = own(tx, id, &member)?;
            posting::take_away(&app, tx, now, &gone, &member)
        }
    };
    let removed = app.db.write(write).await;
    removed.map_err(IntoResponse::into_response)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ObservationHistory)]
struct Changes {
    items: Vec<Change>,
    /// Always null: an observation is changed a few times.
    next: Option<String>,
}

/// What an observation said before each change, the latest change first. For its owner and for officers.
#[utoipa::path(get, path = "/api/observations/{id}/history", tag = "observations", params(("id" = i64, Path)), responses((status = 200, body = Changes), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn changes(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
) -> Result<Json<Changes>> {
    let found = move |conn: &Connection| {
        own(conn, id, &member)?;
        history::of(conn, id)
    };
    let items = app.db.read(found).await?;
    Ok(Json(Changes { items, next: None }))
}
