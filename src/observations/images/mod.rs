//! Pictures: what comes in, how it is made safe and small, and how it goes out.

mod decode;
mod fits;
mod kind;
mod picture;
mod receive;
mod routes;
mod store;
mod stretch;
#[cfg(test)]
mod tests;
mod wcs;
mod worker;

use axum::body::Bytes;
use sha2::{Digest as _, Sha256};

pub use receive::{BODY_LIMIT, TOO_MANY, file, text, turn};
pub(super) use routes::router;
pub use store::{MOST_OF_ONE, Size, attach, pixels, remove};

use super::model::Footprint;
use crate::platform::{App, Error, Result};
use kind::Why;

/// A file may be this long.
pub const LARGEST_FILE: usize = 10 * 1024 * 1024;

/// And so long may what is kept of it be: a pattern that packs well in a small file can be large as WebP.
const LARGEST_KEPT: usize = LARGEST_FILE;

/// The longest side of the smaller picture, px.
const THUMB: u32 = 480;

/// WebP's method for the larger picture and the smaller one: a photograph of 24 million pixels takes a second with 2, and 2.5 with 4.
const EFFORT: u8 = 2;
const THUMB_EFFORT: u8 = 4;

/// A picture that has been read, turned upright, stripped and made WebP; ready to be kept.
#[derive(Debug, Clone)]
pub struct Ready {
    pub kind: &'static str,
    pub sha256: String,
    pub width: u32,
    pub height: u32,
    pub thumb_width: u32,
    pub thumb_height: u32,
    pub footprint: Option<Footprint>,
    pub thumb: Vec<u8>,
    pub full: Vec<u8>,
    /// What the pictures of a member may take in all.
    quota_mb: u32,
}

/// Makes a file that somebody sent ready, on the thread that does such work. [`Error::Invalid`] with field `image` and the reason;
/// [`Error::Busy`] where too many wait.
pub async fn prepare(app: &App, file: Bytes) -> Result<Ready> {
    if file.len() > LARGEST_FILE {
        return Err(Error::TooLarge {
            limit: LARGEST_FILE,
        });
    }
    let quota_mb = app.config.image_quota_mb;
    let made = worker::run(move || ready(file, quota_mb)).await?;
    let made = made.unwrap_or_else(|| {
        tracing::error!("A picture brought its decoder down.");
        Err(kind::BROKEN.into())
    });
    made.map_err(|why| Error::invalid("image", format!("the file {why}")))
}

fn ready(file: Bytes, quota_mb: u32) -> Result<Ready, Why> {
    let kind = kind::kind(&file)?;
    let sha256 = hex::encode(Sha256::digest(&file));
    let (picture, footprint) = decode::decode(kind, file)?;
    let picture = picture.within_webp();
    let thumb = picture.shrunk(THUMB);
    let ((width, height), (thumb_width, thumb_height)) = (picture.size(), thumb.size());
    let full = picture.webp(EFFORT)?;
    if full.len() > LARGEST_KEPT {
        return Err(format!(
            "has {width} × {height} pixels that are nearly all noise and would take {} MB here; {} are allowed. Make it smaller, to half its width perhaps, and send that.",
            full.len().div_ceil(1024 * 1024),
            LARGEST_KEPT / 1024 / 1024
        ));
    }
    Ok(Ready {
        kind: kind.name(),
        sha256,
        width,
        height,
        thumb_width,
        thumb_height,
        footprint,
        thumb: thumb.webp(THUMB_EFFORT)?,
        full,
        quota_mb,
    })
}
