//! A member's sites as JSON.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::input::Given;
use super::model::{Delivery, Site, Telescope};
use super::store;
use crate::accounts::extract::SignedIn;
use crate::platform::web::extract::{Json, Path, Query};
use crate::platform::web::form::Faults;
use crate::platform::web::listing::{Listed, Paged};
use crate::platform::web::problem::Problem;
use crate::platform::{App, Error, Result};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(change, remove))
}

/// A place that a member observes from.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Site)]
pub struct SiteJson {
    pub id: i64,
    pub name: String,
    /// Geodetic, WGS84, deg.
    pub latitude: f64,
    /// East positive, deg.
    pub longitude: f64,
    pub elevation_m: f64,
    /// `[[azimuth, altitude], …]`, deg; null where it is the same all round.
    pub horizon: Option<Vec<(f64, f64)>>,
    /// The altitude of the horizon, deg, where it is the same all round.
    pub min_altitude: Option<f64>,
    pub time_zone: String,
    pub delivery: Delivery,
    pub telescopes: Vec<TelescopeJson>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Telescope)]
pub struct TelescopeJson {
    pub name: String,
    /// Diameter of the field of view, deg, above 0 and up to 180.
    pub fov_deg: f64,
    pub limiting_magnitude: Option<f64>,
}

impl From<&Site> for SiteJson {
    fn from(site: &Site) -> Self {
        let min_altitude = site.min_altitude();
        Self {
            id: site.id,
            name: site.name.clone(),
            latitude: site.place.latitude,
            longitude: site.place.longitude,
            elevation_m: site.place.elevation,
            horizon: min_altitude
                .is_none()
                .then(|| site.place.horizon.points().to_vec()),
            min_altitude,
            time_zone: site.time_zone.name().into(),
            delivery: site.delivery,
            telescopes: site.telescopes.iter().map(TelescopeJson::from).collect(),
        }
    }
}

impl From<&Telescope> for TelescopeJson {
    fn from(telescope: &Telescope) -> Self {
        Self {
            name: telescope.name.clone(),
            fov_deg: telescope.fov_deg,
            limiting_magnitude: telescope.limiting_magnitude,
        }
    }
}

/// The caller's sites, the first made first.
#[utoipa::path(get, path = "/api/sites", tag = "members", params(Paged), responses((status = 200, body = Listed<SiteJson>), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn list(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Query(paged): Query<Paged>,
) -> Result<Json<Listed<SiteJson>>> {
    let mut faults = Faults::default();
    let limit = faults.limit(&paged.limit);
    let after = faults.after(&paged.after, |text| text.parse::<i64>().ok());
    faults.done()?;
    let mut sites = app
        .db
        .read(move |conn| store::of_member(conn, member.id))
        .await?;
    sites.retain(|site| site.id > after.unwrap_or(0));
    let more = sites.len() > limit;
    sites.truncate(limit);
    Ok(Json(Listed {
        next: sites
            .last()
            .filter(|_| more)
            .map(|site| site.id.to_string()),
        items: sites.iter().map(SiteJson::from).collect(),
    }))
}

/// A new site. Its name and its place are needed.
#[utoipa::path(post, path = "/api/sites", tag = "members", request_body = Given, responses((status = 201, body = SiteJson), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn create(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Json(given): Json<Given>,
) -> Result<(StatusCode, Json<SiteJson>)> {
    let unknown = Site::unknown(member.id, app.config.time_zone);
    let site = given.checked(unknown).map_err(Error::Invalid)?;
    let now = app.clock.now();
    let site = app
        .db
        .write(move |tx| {
            let id = store::insert(tx, now, &site)?;
            store::one(tx, member.id, id)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(SiteJson::from(&site))))
}

/// Changes what is given and leaves the rest. Another member's site is not found.
#[utoipa::path(put, path = "/api/sites/{id}", tag = "members", params(("id" = i64, Path)), request_body = Given, responses((status = 200, body = SiteJson), (status = 401, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
    Json(given): Json<Given>,
) -> Result<Json<SiteJson>> {
    let now = app.clock.now();
    let site = app
        .db
        .write(move |tx| {
            let before = store::one(tx, member.id, id)?;
            let site = given.checked(before).map_err(Error::Invalid)?;
            store::update(tx, now, &site)?;
            Ok(site)
        })
        .await?;
    Ok(Json(SiteJson::from(&site)))
}

/// Removes a site and its telescopes. Another member's site is not found.
#[utoipa::path(delete, path = "/api/sites/{id}", tag = "members", params(("id" = i64, Path)), responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn remove(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
) -> Result<StatusCode> {
    app.db
        .write(move |tx| store::delete(tx, member.id, id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
