//! What is handed on: CSV, AAVSO, a circular's draft, VOTable, and all of it as one file.

use utoipa_axum::router::OpenApiRouter;

use crate::platform::App;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
