//! The files that browsers get: embedded, and served under an address that changes with their content.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::platform::Error;

#[derive(RustEmbed)]
#[folder = "assets/"]
#[exclude = "sky/*"]
#[exclude = "fonts/*.ttf"]
struct Assets;

/// One name for the whole set, since modules and style sheets name their neighbours.
static SET: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for path in Assets::iter() {
        hash.update(path.as_bytes());
        hash.update(
            Assets::get(&path)
                .map(|file| file.metadata.sha256_hash())
                .unwrap_or_default(),
        );
    }
    hex::encode(&hash.finalize()[..6])
});

/// The address of an asset.
pub fn url(path: &str) -> String {
    format!("/assets/{}/{path}", *SET)
}

/// Whether an address is that of a sheet, a script or a font.
pub(super) fn is_one(path: &str) -> bool {
    path.starts_with("/assets/")
}

/// GET /assets/{set}/{path}. An address of another set is answered too, but not kept: a page from before an update still works.
pub async fn serve(Path((set, path)): Path<(String, String)>) -> Response {
    let Some(file) = Assets::get(&path) else {
        return Error::NotFound("file").into_response();
    };
    let caching = if set == *SET {
        "public, max-age=31536000, immutable"
    } else {
        "no-store"
    };
    let kind = file.metadata.mimetype().to_owned();
    (
        [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, caching.to_owned()),
        ],
        file.data,
    )
        .into_response()
}

pub(super) async fn favicon() -> Response {
    (
        StatusCode::MOVED_PERMANENTLY,
        [(header::LOCATION, url("icons/favicon.svg"))],
    )
        .into_response()
}
