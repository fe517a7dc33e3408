//! One picture alone, as large as the window lets it be.

use askama::Template;
use axum::extract::State;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;

use crate::accounts::MaybeSignedIn;
use crate::observations::json::ImageJson;
use crate::observations::posting;
use crate::platform::web::extract::Path;
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Error, Result};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/observations/{id}/images/{image}", get(page))
}

/// `/observations/{id}/images/{image}`: the file itself would be white in a red night.
#[derive(Template)]
#[template(path = "observations/pages/picture.html")]
struct PicturePage {
    viewer: Viewer,
    id: i64,
    observer: String,
    /// Its number among the observation's, from 1, and how many these are.
    number: usize,
    count: usize,
    picture: ImageJson,
}

/// GET /observations/{id}/images/{image}
async fn page(
    State(app): State<App>,
    viewer: Viewer,
    MaybeSignedIn(member): MaybeSignedIn,
    Path((id, image)): Path<(i64, i64)>,
) -> Result<Html<PicturePage>> {
    let read = move |conn: &rusqlite::Connection| posting::visible(conn, id, member.as_ref());
    let observation = app.db.read(read).await?;
    let mut pictures = observation.images.iter();
    let at = pictures.position(|picture| picture.id == image);
    let at = at.ok_or(Error::NotFound("picture"))?;
    Ok(Html(PicturePage {
        viewer,
        id,
        number: at + 1,
        count: observation.images.len(),
        picture: ImageJson::new(id, &observation.images[at]),
        observer: observation.observer,
    }))
}
