//! People: signing up and in, their sites and telescopes, and what they want to be told.

pub mod model;
pub mod preferences;
pub mod sites;

pub use model::Member;
pub use preferences::{Notify, Preferences};

use utoipa_axum::router::OpenApiRouter;

use crate::platform::App;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
