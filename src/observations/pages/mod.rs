//! The pages of observations: a burst's part, the form, one observation, the search, the officers' list of reports.

mod form;
mod latest;
mod observe;
mod one;
mod part;
mod picture;
mod reports;
mod row;
mod search;

pub use latest::latest;

use utoipa_axum::router::OpenApiRouter;

use crate::platform::App;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(part::router())
        .merge(picture::router())
        .merge(observe::router())
        .merge(one::router())
        .merge(search::router())
        .merge(reports::router())
}
