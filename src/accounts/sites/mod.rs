//! Where members observe from, and with what.

mod form;
pub mod input;
pub mod model;
mod pages;
pub mod picture;
mod routes;
pub mod store;
pub mod times;
pub mod tonight;

pub use model::{Delivery, Site, Telescope};
pub use routes::{SiteJson, TelescopeJson};

use utoipa_axum::router::OpenApiRouter;

use crate::platform::App;

pub(super) fn router() -> OpenApiRouter<App> {
    routes::router().merge(pages::router())
}
