//! The birthday star: the star whose light left it when somebody was born.

mod for_letter;

pub use for_letter::{StarForLetter, for_letter};

use utoipa_axum::router::OpenApiRouter;

use crate::platform::App;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
