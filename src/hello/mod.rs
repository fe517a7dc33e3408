//! Birthdays: the hello API, greetings to members, the club's page of them, and the star whose light left when one was born.

pub mod greetings;
mod names;
pub mod party;
pub mod star;

use utoipa_axum::router::OpenApiRouter;

use crate::platform::App;

pub use names::{describe, local_routes};

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(names::router())
        .merge(party::router())
        .merge(star::router())
        .merge(greetings::router())
}
