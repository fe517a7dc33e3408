//! The club's birthdays of today and of this week, of members who show theirs, as a page and as a calendar feed.

use utoipa_axum::router::OpenApiRouter;

use crate::platform::App;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
