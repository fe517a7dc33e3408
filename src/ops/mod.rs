//! How the program itself is: health, counters, the description of its API.

mod admin;
mod asides;
mod audit;
mod by_hand;
mod describe;
mod docs;
pub mod doctor;
mod health;
pub mod licences;
mod metrics;
mod outbox;
mod status;

use axum::routing::{get, post};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::platform::App;

pub use metrics::{describe, only as metrics_only};

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(health::liveness))
        .routes(routes!(health::readiness))
        .route("/health/live", get(health::liveness))
        .route("/health/ready", get(health::readiness))
        .routes(routes!(metrics::metrics))
        .routes(routes!(admin::status))
        .merge(asides::router())
        .merge(audit::router())
        .merge(by_hand::router())
        .merge(licences::router())
        .route("/outbox", get(outbox::list))
        .route("/outbox/{id}", get(outbox::show))
        .route("/outbox/{id}/letter.html", get(outbox::letter))
        .route("/outbox/{id}/retry", post(outbox::retry))
        .route("/outbox/{id}/lift", post(outbox::lift))
        .route("/status", get(status::page))
}

pub use audit::{about, details, in_words};
pub use by_hand::local_routes;
pub use docs::{described, document as openapi};
