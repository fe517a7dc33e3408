//! The club's birthdays of today and of this week, of members who show theirs, as a page and as a calendar feed.

mod days;
mod feed;
mod page;
mod store;

use axum::routing::{get, post};
use rusqlite::Connection;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::birthday::today;
use crate::platform::{App, Result};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/birthdays", get(page::show))
        .route("/birthdays/renew", post(page::renew))
        .route("/birthdays/{turn}/{token}/birthdays.ics", get(feed::read))
        .routes(routes!(page::list))
}

/// A sentence for the member `own`: whose birthday it is today or else this week; `None` where it is nobody's.
pub fn sentence(app: &App, conn: &Connection, own: i64) -> Result<Option<String>> {
    let coming = days::coming(store::shown(conn)?, today(app), app.config.leap_day);
    Ok(days::this_week(&coming, own))
}
