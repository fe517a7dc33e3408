//! `/hello/{username}`: a date of birth kept under a name, and how many days there are until the next birthday.

use utoipa_axum::router::OpenApiRouter;

use crate::platform::App;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
