//! How the bytes of a picture come in: few at a time, no more than allowed, and not for ever.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
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

/// How many of these one member may be: whose network has died shuts nobody else out.
const OF_ONE: usize = 4;

/// Members who send, or wait for it.
static OWN: Mutex<BTreeMap<i64, Arc<Semaphore>>> = Mutex::new(BTreeMap::new());

/// How long one waits for a turn, and for the next bytes of a file.
const TURN: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(20);

/// A member's turn to send pictures; held until they are ready.
#[derive(Debug)]
pub struct Turn {
    _own: OwnedSemaphorePermit,
    _all: SemaphorePermit<'static>,
}

/// A turn for this member. [`Error::Busy`] where none comes free for a while.
pub async fn turn(member: i64) -> Result<Turn> {
    let turn = async {
        Ok::<_, tokio::sync::AcquireError>(Turn {
            _own: own(member).acquire_owned().await?,
            _all: SENDERS.acquire().await?,
        })
    };
    let turn = timeout(TURN, turn).await;
    turn.ok().and_then(Result::ok).ok_or(Error::Busy)
}

fn own(member: i64) -> Arc<Semaphore> {
    let mut all = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    // Who holds a turn, or waits for one, holds this too.
    all.retain(|_, own| Arc::strong_count(own) > 1);
    let own = all.entry(member);
    own.or_insert_with(|| Arc::new(Semaphore::new(OF_ONE)))
        .clone()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_member_does_not_take_every_turn() {
        let mut held = Vec::new();
        for _ in 0..OF_ONE {
            held.push(turn(1).await.unwrap());
        }
        let soon = Duration::from_millis(50);
        assert!(timeout(soon, turn(1)).await.is_err());
        let other = timeout(soon, turn(2)).await.unwrap().unwrap();
        held.pop();
        assert!(timeout(soon, turn(1)).await.unwrap().is_ok());
        drop((held, other));
        own(3);
        assert_eq!(OWN.lock().unwrap().len(), 1);
    }
}
