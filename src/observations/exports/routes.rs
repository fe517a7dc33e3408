//! Where the formats are fetched.

use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::circular::Draft;
use super::harvest::Harvest;
use super::{aavso, archive, csv, page, votable};
use crate::accounts::{MaybeSignedIn, Member};
use crate::platform::web::extract::{Path, Query};
use crate::platform::web::problem::Problem;
use crate::platform::{App, Error, Result};

pub(in crate::observations) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(as_csv))
        .routes(routes!(as_aavso))
        .routes(routes!(as_votable))
        .routes(routes!(as_circular))
        .routes(routes!(as_zip))
        .merge(page::router())
}

/// Whose observations.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// `me`, or the number of a member; everybody's unless given.
    #[param(value_type = String, required = false, pattern = "^(me|[0-9]{1,18})$")]
    observer: Option<String>,
}

impl Asked {
    /// The member whose observations are asked for.
    fn member(&self, caller: Option<&Member>) -> Result<Option<i64>> {
        match self.observer.as_deref().map(str::trim) {
            None | Some("") => Ok(None),
            Some("me") => {
                let caller = caller.ok_or(Error::Unauthorized("sign in, or send a token"))?;
                Ok(Some(caller.id))
            }
            Some(number) => {
                let number = number.parse();
                number.map(Some).map_err(|_| {
                    Error::invalid("observer", "must be `me` or the number of a member")
                })
            }
        }
    }
}

impl FromRequestParts<App> for Harvest {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Path(burst) = Path::<i64>::from_request_parts(parts, app).await?;
        let Query(asked) = Query::<Asked>::from_request_parts(parts, app).await?;
        let MaybeSignedIn(caller) = MaybeSignedIn::from_request_parts(parts, app).await?;
        Self::of(app, burst, asked.member(caller.as_ref())?).await
    }
}

/// Headers of a file to be saved as `grb-260825a-…`.
fn saved_as(harvest: &Harvest, end: &str, kind: &'static str) -> [(HeaderName, String); 3] {
    let name = format!("attachment; filename=\"{}-{end}\"", harvest.file_stem());
    [
        (header::CONTENT_TYPE, kind.into()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-cache".into()),
    ]
}

/// A burst's observations as CSV (RFC 4180).
#[utoipa::path(get, path = "/api/bursts/{id}/observations.csv", tag = "observations", params(("id" = i64, Path), Asked), responses((status = 200, content_type = "text/csv", body = String), (status = 401, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn as_csv(harvest: Harvest) -> impl IntoResponse {
    let kind = "text/csv; charset=utf-8; header=present";
    (
        saved_as(&harvest, "observations.csv", kind),
        csv::csv(&harvest),
    )
}

/// A burst's photometry in the AAVSO Extended File Format. Where an observer has entered no AAVSO code, XXX holds its place, and a comment says whose.
#[utoipa::path(get, path = "/api/bursts/{id}/observations.aavso.txt", tag = "observations", params(("id" = i64, Path), Asked), responses((status = 200, content_type = "text/plain", body = String), (status = 401, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn as_aavso(harvest: Harvest) -> impl IntoResponse {
    let kind = "text/plain; charset=us-ascii";
    (
        saved_as(&harvest, "observations.aavso.txt", kind),
        aavso::aavso(&harvest),
    )
}

/// A burst's observations as a VOTable (1.4).
#[utoipa::path(get, path = "/api/bursts/{id}/observations.vot", tag = "observations", params(("id" = i64, Path), Asked), responses((status = 200, content_type = "application/x-votable+xml", body = String), (status = 401, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn as_votable(harvest: Harvest) -> impl IntoResponse {
    let kind = "application/x-votable+xml";
    (
        saved_as(&harvest, "observations.vot", kind),
        votable::votable(&harvest),
    )
}

/// A draft of a GCN Circular: plain ASCII, under 60 lines. What a human must decide stands in [brackets].
#[utoipa::path(get, path = "/api/bursts/{id}/circular.txt", tag = "observations", params(("id" = i64, Path), Asked), responses((status = 200, content_type = "text/plain", body = String), (status = 401, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn as_circular(harvest: Harvest) -> impl IntoResponse {
    let kind = "text/plain; charset=us-ascii";
    (
        saved_as(&harvest, "circular.txt", kind),
        Draft::of(&harvest).whole(),
    )
}

/// Everything of a burst as one zip file, with the pictures.
#[utoipa::path(get, path = "/api/bursts/{id}/observations.zip", tag = "observations", params(("id" = i64, Path), Asked), responses((status = 200, content_type = "application/zip", body = Vec<u8>), (status = 401, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
async fn as_zip(State(app): State<App>, harvest: Harvest) -> Result<impl IntoResponse> {
    let headers = saved_as(&harvest, "observations.zip", "application/zip");
    let (length, pieces) = archive::archive(&app, harvest).await?;
    let length = [(header::CONTENT_LENGTH, length)];
    Ok((headers, length, Body::from_stream(pieces)))
}
