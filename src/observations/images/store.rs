//! Pictures in the database, and how many there may be.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::Ready;
use crate::observations::model::{Image, Observation};
use crate::platform::{Error, Result, Tx};

/// Pictures of one observation.
pub const MOST_OF_ONE: i64 = 8;

const MEGABYTE: i64 = 1024 * 1024;

/// Keeps a picture with its observation; gives the one that is there where the file has come before.
///
/// [`Error::Invalid`] with field `image` where the observation has [`MOST_OF_ONE`], or its member has used up the room.
pub fn attach(
    tx: &Tx,
    now: DateTime<Utc>,
    observation: &Observation,
    ready: &Ready,
) -> Result<Image> {
    if let Some(there) = same(tx, observation.id, &ready.sha256)? {
        return one(observation, tx, there);
    }
    let bytes = i64::try_from(ready.thumb.len() + ready.full.len()).unwrap_or(i64::MAX);
    refuse_too_many(tx, observation)?;
    refuse_too_much(tx, observation, bytes, ready.quota_mb)?;
    let footprint = ready
        .footprint
        .as_ref()
        .map(serde_json::to_string)
        .transpose()?;
    tx.prepare_cached(
        "insert into observation_images (observation_id, member_id, sha256, kind, width, height, thumb_width, thumb_height, footprint, bytes, created_at, thumb, full)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        observation.id,
        observation.member_id,
        ready.sha256,
        ready.kind,
        ready.width,
        ready.height,
        ready.thumb_width,
        ready.thumb_height,
        footprint,
        bytes,
        now.timestamp_micros(),
        ready.thumb,
        ready.full,
    ])?;
    one(observation, tx, tx.last_insert_rowid())
}

/// Takes a picture away. Unknown ones, and those of another observation, are not found.
pub fn remove(tx: &Tx, observation: &Observation, image: i64) -> Result<()> {
    let removed = tx.execute(
        "delete from observation_images where id = ?1 and observation_id = ?2",
        [image, observation.id],
    )?;
    match removed {
        0 => Err(Error::NotFound("picture")),
        _ => Ok(()),
    }
}

/// The larger picture or the smaller, as WebP.
pub fn pixels(conn: &Connection, observation: i64, image: i64, size: Size) -> Result<Vec<u8>> {
    let column = match size {
        Size::Full => "full",
        Size::Thumb => "thumb",
    };
    let sql =
        format!("select {column} from observation_images where id = ?1 and observation_id = ?2");
    let found = conn
        .prepare_cached(&sql)?
        .query_row([image, observation], |row| row.get(0))
        .optional()?;
    found.ok_or(Error::NotFound("picture"))
}

/// Which of the two that are kept.
#[derive(Debug, Clone, Copy)]
pub enum Size {
    Full,
    Thumb,
}

fn same(conn: &Connection, observation: i64, sha256: &str) -> Result<Option<i64>> {
    let sql = "select id from observation_images where observation_id = ?1 and sha256 = ?2";
    Ok(conn
        .prepare_cached(sql)?
        .query_row(params![observation, sha256], |row| row.get(0))
        .optional()?)
}

fn one(observation: &Observation, conn: &Connection, image: i64) -> Result<Image> {
    let images = crate::observations::store::one(conn, observation.id)?.images;
    images
        .into_iter()
        .find(|there| there.id == image)
        .ok_or(Error::NotFound("picture"))
}

fn refuse_too_many(conn: &Connection, observation: &Observation) -> Result<()> {
    let sql = "select count(*) from observation_images where observation_id = ?1";
    let there: i64 = conn
        .prepare_cached(sql)?
        .query_row([observation.id], |row| row.get(0))?;
    if there < MOST_OF_ONE {
        return Ok(());
    }
    Err(Error::invalid(
        "image",
        format!(
            "this observation has {there} pictures, as many as it may have; take one away before you add another"
        ),
    ))
}

fn refuse_too_much(
    conn: &Connection,
    observation: &Observation,
    more: i64,
    quota_mb: u32,
) -> Result<()> {
    let sql = "select coalesce(sum(bytes), 0) from observation_images where member_id = ?1";
    let used: i64 = conn
        .prepare_cached(sql)?
        .query_row([observation.member_id], |row| row.get(0))?;
    if used.saturating_add(more) <= i64::from(quota_mb) * MEGABYTE {
        return Ok(());
    }
    let used = (used + MEGABYTE - 1) / MEGABYTE;
    Err(Error::invalid(
        "image",
        format!(
            "{used} of {quota_mb} MB for the pictures of {} are used, and this one does not fit; take away what is no longer needed, or ask an officer for more room",
            observation.observer
        ),
    ))
}
