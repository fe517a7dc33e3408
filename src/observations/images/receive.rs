//! How the bytes of a picture come in: few at a time, no more than allowed, and not for ever.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use axum::http::StatusCode;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::LARGEST_FILE;
use super::picture::room;
use crate::platform::{Error, Result};

/// A body with pictures, the form around them included, bytes.
pub const BODY_LIMIT: usize = LARGEST_FILE + 256 * 1024;

/// Said of more pictures in one sending than an observation may have.
pub const TOO_MANY: &str =
    "can come as 8 pictures at once at most, as many as one observation may have";

/// Who may send pictures at the same time.
static SENDERS: Semaphore = Semaphore::const_new(6);

/// How long one waits for a turn, and for the next bytes of a file.
const TURN: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(20);

/// A turn to send pictures; held until they are ready. [`Error::Busy`] where none comes free for a while.
pub async fn turn() -> Result<SemaphorePermit<'static>> {
    let turn = timeout(TURN, SENDERS.acquire()).await;
    turn.ok().and_then(Result::ok).ok_or(Error::Busy)
}

/// The next field of a form.
pub(super) async fn next(form: &mut Multipart) -> Result<Option<Field<'_>>> {
    let next = timeout(SILENCE, form.next_field()).await;
    next.map_err(|_| silent())?.map_err(refused)
}

/// The bytes of a field that is a file. Refused as [`Error::TooLarge`] beyond [`LARGEST_FILE`]; who falls silent is given up.
pub async fn file(field: Field<'_>) -> Result<Bytes> {
    bytes(field, room(LARGEST_FILE), LARGEST_FILE).await
}

/// The text of a field, up to so many bytes; more are refused as they come.
pub async fn text(field: Field<'_>, most: usize) -> Result<String> {
    let text = bytes(field, Vec::new(), most).await?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

async fn bytes(mut field: Field<'_>, mut kept: Vec<u8>, most: usize) -> Result<Bytes> {
    loop {
        let next = timeout(SILENCE, field.chunk()).await;
        let next = next.map_err(|_| silent())?;
        let Some(chunk) = next.map_err(refused)? else {
            return Ok(kept.into());
        };
        if kept.len() + chunk.len() > most {
            return Err(Error::TooLarge { limit: most });
        }
        kept.extend_from_slice(&chunk);
    }
}

fn silent() -> Error {
    Error::invalid(
        "image",
        "the file stopped coming; send it again where the network is better",
    )
}

/// What a multipart body did wrong.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(super) fn refused(error: MultipartError) -> Error {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge {
            limit: LARGEST_FILE,
        },
        _ => Error::invalid(
            "image",
            format!(
                "the form did not come whole ({}); send it again",
                error.body_text()
            ),
        ),
    }
}
