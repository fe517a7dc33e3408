//! The covered part of a region as JSON and as a drawing.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Coverage, Look};
use crate::bursts;
use crate::observations::store;
use crate::platform::web::extract::{Json, Path};
use crate::platform::web::problem::Problem;
use crate::platform::{App, Error, Result};
use crate::sky::Equatorial;

pub(in crate::observations) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(coverage))
        .routes(routes!(drawing))
}

/// What the club has covered of a burst's region.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Coverage)]
struct CoverageJson {
    burst_id: i64,
    /// The probability inside the fields as part of that of the 90 % region, 0…1: of a Gaussian for a circle; for a map half of
    /// it lies evenly in the 50 % region, 40 % evenly in the rest of the 90 % region. Null where no region is known.
    share: Option<f64>,
    /// The same in a sentence.
    words: Option<String>,
    fields: Vec<FieldJson>,
}

/// A part of the sky that was looked at. Angles are degrees, ICRS.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Field)]
struct FieldJson {
    observation_id: i64,
    observer: String,
    observed_time: DateTime<Utc>,
    ra: f64,
    dec: f64,
    /// From the middle to the farthest point.
    radius: f64,
    /// Of a picture; empty for a circle.
    corners: Vec<Corner>,
    /// Read from the picture, rather than given by the member.
    measured: bool,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Corner {
    ra: f64,
    dec: f64,
}

impl FieldJson {
    fn new(look: &Look) -> Self {
        let Equatorial { ra, dec } = look.field.center();
        Self {
            observation_id: look.observation,
            observer: look.observer.clone(),
            observed_time: look.start,
            ra,
            dec,
            radius: look.field.radius(),
            corners: look
                .field
                .corners()
                .iter()
                .map(|at| Corner {
                    ra: at.ra,
                    dec: at.dec,
                })
                .collect(),
            measured: look.measured,
        }
    }
}

/// What the club's fields hold of a burst's region.
#[utoipa::path(get, path = "/api/bursts/{id}/coverage", tag = "observations", params(("id" = i64, Path)), responses((status = 200, body = CoverageJson), (status = 404, body = Problem)))]
async fn coverage(State(app): State<App>, Path(id): Path<i64>) -> Result<impl IntoResponse> {
    let coverage = read(&app, id).await?;
    let json = CoverageJson {
        burst_id: id,
        share: coverage
            .as_ref()
            .filter(|coverage| !coverage.is_point())
            .map(|coverage| coverage.covered.share),
        words: coverage.as_ref().map(Coverage::words),
        fields: coverage
            .iter()
            .flat_map(|coverage| &coverage.looks)
            .map(FieldJson::new)
            .collect(),
    };
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(json)))
}

/// The club's fields and the region on the sky, SVG.
#[utoipa::path(get, path = "/api/bursts/{id}/coverage.svg", tag = "observations", params(("id" = i64, Path)), responses((status = 200, content_type = "image/svg+xml", body = String), (status = 404, body = Problem)))]
async fn drawing(State(app): State<App>, Path(id): Path<i64>) -> Result<impl IntoResponse> {
    let coverage = read(&app, id)
        .await?
        .ok_or(Error::NotFound("field of an observation of this burst"))?;
    Ok((
        [
            (header::CONTENT_TYPE, "image/svg+xml"),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        coverage.drawn(),
    ))
}

async fn read(app: &App, id: i64) -> Result<Option<Coverage>> {
    app.db
        .read(move |conn| {
            let burst = bursts::store::burst(conn, id)?;
            let region = bursts::store::region(conn, id)?;
            let observations = store::shown(conn, id)?;
            Ok(Coverage::of(&burst, region.as_ref(), &observations))
        })
        .await
}
