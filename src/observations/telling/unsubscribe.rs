//! Ends a member's letters about observations, and no others, by a link that needs no sign-in (RFC 8058).

use askama::Template;
use axum::extract::State;
use axum::routing::get;
use rusqlite::Connection;
use utoipa_axum::router::OpenApiRouter;

use super::store::{self, Observer};
use crate::accounts;
use crate::alerts::unsubscribe::{reader, sealed, shortened};
use crate::platform::web::extract::Path;
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Result, Tx};

/// What the links end: it is in their seal.
const LETTERS: &str = "unsubscribe from observations";

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/observations/unsubscribe/{token}", get(ask).post(end))
}

#[derive(Template)]
#[template(path = "observations/telling/unsubscribe.html")]
struct Page {
    viewer: Viewer,
    token: String,
    address: String,
    ended: bool,
}

/// The address that ends these letters of a member.
pub(super) async fn address(app: &App, member: i64) -> Result<String> {
    let token = sealed(app, LETTERS, member).await?;
    Ok(format!(
        "{}/observations/unsubscribe/{token}",
        app.config.base_url()
    ))
}

/// GET /observations/unsubscribe/{token}: says what the button does. Mail programs follow links.
async fn ask(
    State(app): State<App>,
    viewer: Viewer,
    Path(token): Path<String>,
) -> Result<Html<Page>> {
    page(&app, viewer, token).await.map(Html)
}

/// POST /observations/unsubscribe/{token}: ends the letters at once, also those that wait.
async fn end(
    State(app): State<App>,
    viewer: Viewer,
    Path(token): Path<String>,
) -> Result<Html<Page>> {
    let member = reader(&app, LETTERS, &token).await?;
    let write = move |tx: &Tx| {
        let chosen = store::observer(tx, member)?;
        store::save(
            tx,
            member,
            &Observer {
                told: false,
                ..chosen
            },
        )
    };
    app.db.write(write).await?;
    page(&app, viewer, token).await.map(Html)
}

async fn page(app: &App, viewer: Viewer, token: String) -> Result<Page> {
    let member = reader(app, LETTERS, &token).await?;
    let read = move |conn: &Connection| {
        Ok((
            accounts::store::member(conn, member)?,
            store::observer(conn, member)?,
        ))
    };
    let (member, chosen) = app.db.read(read).await?;
    Ok(Page {
        viewer,
        token,
        address: shortened(&member.email),
        ended: !chosen.told,
    })
}
