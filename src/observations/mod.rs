//! What members saw of a burst: reports, photometry and pictures; the light curve; what is handed on.

mod asked;
pub mod coverage;
pub mod curve;
pub mod exports;
pub mod filters;
pub mod history;
pub mod images;
pub mod input;
pub mod json;
pub mod list;
pub mod model;
pub mod moderation;
pub mod news;
pub mod pages;
mod posting;
pub mod routes;
pub mod store;
pub mod telling;
mod words;

pub use json::ObservationJson;
pub use model::{Footprint, Image, Observation, System};

use utoipa_axum::router::OpenApiRouter;

use crate::platform::App;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(routes::router())
        .merge(pages::router())
        .merge(images::router())
        .merge(curve::router())
        .merge(coverage::router())
        .merge(exports::router())
        .merge(telling::router())
}
