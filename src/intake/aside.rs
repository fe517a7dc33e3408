//! What could not be read: kept whole, with the reason, for the officer.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serialize;
use serde_json::{Value, json};

use super::{RawNotice, Recorded};
use crate::bursts::Arrival;
use crate::notices;
use crate::platform::audit::{self, About};
use crate::platform::cron::Chore;
use crate::platform::{Actor, App, Error, Result, Tx};

/// A mission that changes its format sends some hundreds before anybody looks; more than this would fill a small disk.
const MOST: u32 = 2000;

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

/// Reads one again for an officer, with what this program knows now. Where that works it is recorded as of its arrival and is
/// aside no more.
pub async fn read_again(app: &App, actor: Actor, id: i64) -> Result<Recorded> {
    let raw = app.db.read(move |conn| raw(conn, id)).await?;
    let recorded = match notices::read(&raw.body) {
        Ok(_) => super::take(app, raw).await?,
        Err(_) => Recorded::Aside,
    };
    let (now, what) = (app.clock.now(), recorded.word());
    let settle = move |tx: &Tx| {
        on_record(
            tx,
            now,
            &actor,
            "aside.again",
            id,
            &json!({ "recorded": what }),
        )?;
        match what {
            "aside" => Ok(()),
            _ => remove(tx, id),
        }
    };
    app.db.write(settle).await?;
    Ok(recorded)
}

fn on_record(
    tx: &Tx,
    now: DateTime<Utc>,
    actor: &Actor,
    act: &'static str,
    id: i64,
    details: &Value,
) -> Result<()> {
    let sql = "select topic from aside where id = ?1";
    let topic = tx.query_row(sql, [id], |row| row.get::<_, String>(0));
    let topic = topic
        .optional()?
        .ok_or(Error::NotFound("notice set aside"))?;
    audit::note(
        tx,
        now,
        actor,
        act,
        &About::new("aside", id, topic),
        details,
    )
}

/// Forgets one for good, for an officer.
pub fn forget(tx: &Tx, now: DateTime<Utc>, actor: &Actor, id: i64) -> Result<()> {
    on_record(tx, now, actor, "aside.forget", id, &json!({}))?;
    remove(tx, id)
}

fn remove(tx: &Tx, id: i64) -> Result<()> {
    match tx.execute("delete from aside where id = ?1", [id])? {
        0 => Err(Error::NotFound("notice set aside")),
        _ => Ok(()),
    }
}

/// Forgets the oldest where there are more than [`MOST`].
pub fn chore() -> Chore {
    Chore {
        name: "forget old notices set aside",
        every: TimeDelta::days(1),
        run: |_, tx, _| forget_beyond(tx, MOST),
    }
}

/// By id, not by time: what a replay brings is dated years ago.
pub(super) fn forget_beyond(tx: &Tx, most: u32) -> Result<()> {
    let old =
        "delete from aside where id <= (select id from aside order by id desc limit 1 offset ?1)";
    tx.execute(old, [most])?;
    Ok(())
}

fn raw(conn: &Connection, id: i64) -> Result<RawNotice> {
    let found = conn
        .prepare_cached("select topic, body, received_at from aside where id = ?1")?
        .query_row([id], |row| {
            let mut raw = RawNotice::new(row.get::<_, String>(0)?, row.get(1)?);
            raw.as_of = DateTime::from_timestamp_micros(row.get(2)?);
            Ok(raw)
        })
        .optional()?;
    found.ok_or(Error::NotFound("notice set aside"))
}

/// How many there are.
pub fn count(conn: &Connection) -> Result<i64> {
    Ok(conn
        .prepare_cached("select count(*) from aside")?
        .query_row([], |row| row.get(0))?)
}
