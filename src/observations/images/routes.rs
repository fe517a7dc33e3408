//! Pictures over HTTP: added, taken away, looked at.

use axum::extract::multipart::MultipartRejection;
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::{self, Size};
use super::{Ready, prepare, receive};
use crate::accounts::Member;
use crate::accounts::extract::{MaybeSignedIn, SignedIn};
use crate::observations::json::ImageJson;
use crate::observations::posting;
use crate::platform::web::extract::{Json, Path};
use crate::platform::web::problem::Problem;
use crate::platform::{App, Error, Result};

/// Nothing in a picture may do anything, should a browser ever take it for a page.
const POLICY: &str = "default-src 'none'";

/// What is kept under an address never changes; a picture that was changed is another one. In the browser only: what a proxy keeps
/// for everybody cannot be hidden any more.
const FOR_EVER: &str = "private, max-age=31536000, immutable";

pub(crate) fn router() -> OpenApiRouter<App> {
    let adding = OpenApiRouter::new()
        .routes(routes!(add))
        .layer(DefaultBodyLimit::max(receive::BODY_LIMIT));
    let pages = axum::Router::new()
        .route(
            "/observations/{id}/images/{image_id}/full.webp",
            axum::routing::get(full),
        )
        .route(
            "/observations/{id}/images/{image_id}/thumb.webp",
            axum::routing::get(thumb),
        );
    OpenApiRouter::from(pages)
        .merge(adding)
        .routes(routes!(remove))
}

/// Pictures as they were added.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Images)]
struct ImagesJson {
    images: Vec<ImageJson>,
}

/// A form with files, as browsers send it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what is read by hand")]
struct Files {
    /// JPEG, PNG, GIF (its first frame), WebP or FITS; up to 10 MB and 64 million pixels, 24 million of a progressive JPEG or of a WebP
    /// without loss, with transparency or moving. There may be several.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    file: String,
}

/// Adds pictures to one's observation. They are kept as WebP without any metadata; the same file twice is kept once.
#[utoipa::path(post, path = "/api/observations/{id}/images", tag = "observations", params(("id" = i64, Path)), request_body(content = Files, content_type = "multipart/form-data"),
    responses((status = 201, body = ImagesJson), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
async fn add(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<ImagesJson>)> {
    let form = form.map_err(|_| Error::Unsupported("multipart/form-data is"))?;
    let asker = member.clone();
    app.db
        .read(move |conn| posting::own(conn, id, &asker))
        .await?;
    let ready = receive_all(&app, &member, form).await?;
    let (desk, now) = (app.clone(), app.clock.now());
    let images = app.db.write(move |tx| {
        let observation = posting::own(tx, id, &member)?;
        let added: Result<Vec<ImageJson>> = ready
            .iter()
            .map(|ready| {
                Ok(ImageJson::new(
                    id,
                    &store::attach(tx, now, &observation, ready)?,
                ))
            })
            .collect();
        posting::overruled(tx, now, &observation, &member, "observation.picture")?;
        posting::changed(&desk, tx, now, id)?;
        added
    });
    let images = images.await?;
    Ok((StatusCode::CREATED, Json(ImagesJson { images })))
}

/// Takes a picture away.
#[utoipa::path(delete, path = "/api/observations/{id}/images/{image_id}", tag = "observations", params(("id" = i64, Path), ("image_id" = i64, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn remove(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path((id, image)): Path<(i64, i64)>,
) -> Result<StatusCode> {
    let (desk, now) = (app.clone(), app.clock.now());
    let removing = app.db.write(move |tx| {
        let observation = posting::own(tx, id, &member)?;
        store::remove(tx, &observation, image)?;
        posting::overruled(tx, now, &observation, &member, "observation.picture")?;
        posting::changed(&desk, tx, now, id)
    });
    removing.await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn full(app: State<App>, asker: MaybeSignedIn, path: Path<(i64, i64)>) -> Result<Response> {
    show(app, asker, path, Size::Full).await
}

async fn thumb(app: State<App>, asker: MaybeSignedIn, path: Path<(i64, i64)>) -> Result<Response> {
    show(app, asker, path, Size::Thumb).await
}

async fn show(
    State(app): State<App>,
    MaybeSignedIn(asker): MaybeSignedIn,
    Path((id, image)): Path<(i64, i64)>,
    size: Size,
) -> Result<Response> {
    let found = app.db.read(move |conn| {
        let observation = posting::visible(conn, id, asker.as_ref())?;
        let pixels = store::pixels(conn, id, image, size)?;
        Ok((observation.hidden.is_some(), pixels))
    });
    let (hidden, pixels) = found.await?;
    let keep = if hidden { "no-store" } else { FOR_EVER };
    let headers = [
        (header::CONTENT_TYPE, "image/webp"),
        (header::CACHE_CONTROL, keep),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    Ok((headers, pixels).into_response())
}

/// The files of a form, ready to be kept: one after the other, so that few bytes are held at once.
async fn receive_all(app: &App, member: &Member, mut form: Multipart) -> Result<Vec<Ready>> {
    let _turn = receive::turn(member.id).await?;
    let mut ready = Vec::new();
    while let Some(field) = receive::next(&mut form).await? {
        if !matches!(field.name(), Some("file" | "image")) {
            continue;
        }
        if i64::try_from(ready.len()).is_ok_and(|there| there >= store::MOST_OF_ONE) {
            return Err(Error::invalid("image", receive::TOO_MANY));
        }
        let file = receive::file(field).await?;
        app.limits.pictures.take(&member.id)?;
        ready.push(prepare(app, file).await?);
    }
    match ready.is_empty() {
        true => Err(Error::invalid(
            "image",
            "there is no picture in the form; its field is called file",
        )),
        false => Ok(ready),
    }
}
