//! Who is told of a burst, when, and in what words.

pub mod reason;

pub use reason::Reason;

use utoipa_axum::router::OpenApiRouter;

use crate::platform::App;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
