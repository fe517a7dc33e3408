//! What could not be read: kept whole, with the reason, for the officer.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serialize;

use super::Recorded;
use crate::bursts::Arrival;
use crate::platform::{Error, Result, Tx};

/// An unreadable notice, without its bytes.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Aside {
    pub id: i64,
    pub topic: String,
    pub reason: String,
    pub bytes: i64,
    /// How often the same bytes came.
    pub times: i64,
    pub received_at: DateTime<Utc>,
}

/// Keeps bytes that could not be read.
pub(super) fn keep(tx: &Tx, arrival: &Arrival, reason: &str, body: &[u8]) -> Result<Recorded> {
    let Arrival {
        hash,
        topic,
        received_at,
        ..
    } = arrival;
    let known = tx
        .prepare_cached("update aside set times = times + 1 where hash = ?1")?
        .execute([hash])?;
    if known > 0 {
        return Ok(Recorded::Seen);
    }
    tx.prepare_cached(
        "insert into aside (hash, topic, reason, body, received_at) values (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        hash,
        topic,
        reason,
        body,
        received_at.timestamp_micros()
    ])?;
    tracing::warn!("A notice on {topic} could not be read and was set aside: {reason}");
    Ok(Recorded::Aside)
}

/// The newest `limit`, newest first.
pub fn list(conn: &Connection, limit: u32) -> Result<Vec<Aside>> {
    let mut select = conn.prepare_cached("select id, topic, reason, length(body), times, received_at from aside order by id desc limit ?1")?;
    let rows = select.query_map([limit], |row| {
        let received_at = DateTime::from_timestamp_micros(row.get(5)?).unwrap_or_default();
        Ok(Aside {
            id: row.get(0)?,
            topic: row.get(1)?,
            reason: row.get(2)?,
            bytes: row.get(3)?,
            times: row.get(4)?,
            received_at,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The bytes of one.
pub fn body(conn: &Connection, id: i64) -> Result<Vec<u8>> {
    let body = conn
        .prepare_cached("select body from aside where id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    body.ok_or(Error::NotFound("notice set aside"))
}

/// How many there are.
pub fn count(conn: &Connection) -> Result<i64> {
    Ok(conn
        .prepare_cached("select count(*) from aside")?
        .query_row([], |row| row.get(0))?)
}
