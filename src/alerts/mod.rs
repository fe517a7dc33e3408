//! Who is told of a burst, when, and in what words.

pub mod letters;
pub mod reason;
mod unsubscribe;

pub use reason::Reason;

use utoipa_axum::router::OpenApiRouter;

use crate::platform::App;

pub fn router() -> OpenApiRouter<App> {
    unsubscribe::router()
}
