//! Pictures: what comes in, how it is made safe and small, and how it goes out.

use axum::body::Bytes;
use chrono::{DateTime, Utc};
use utoipa_axum::router::OpenApiRouter;

use super::model::{Footprint, Image, Observation};
use crate::platform::{App, Error, Result, Tx};

/// A file may be this long.
pub const LARGEST_FILE: usize = 10 * 1024 * 1024;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}

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
}

/// Makes a file that somebody sent ready, on the few threads that do such work. [`Error::Invalid`] with field `image` and the reason.
pub async fn prepare(_app: &App, _file: Bytes) -> Result<Ready> {
    Err(Error::invalid("image", "pictures are not taken yet"))
}

/// Keeps a picture with its observation. Refused where the observation or its member has enough of them.
pub fn attach(
    _tx: &Tx,
    _now: DateTime<Utc>,
    _observation: &Observation,
    _ready: &Ready,
) -> Result<Image> {
    Err(Error::invalid("image", "pictures are not taken yet"))
}
