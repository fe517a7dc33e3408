//! Events that browsers hear: kept in the database, told after the commit, replayed to whoever missed some.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, params};
use serde::Serialize;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use super::{Error, Result, Tx};

/// How many events a slow reader may be behind before it is cut off, to come back with its Last-Event-ID.
const BACKLOG: usize = 256;

/// How long events are kept for browsers that come back.
const KEPT: TimeDelta = TimeDelta::days(7);

/// Tells every connected browser of what was committed.
#[derive(Clone)]
pub struct Bus {
    sender: broadcast::Sender<Arc<Event>>,
    closing: CancellationToken,
}

#[derive(Debug, Clone)]
pub struct Event {
    pub id: i64,
    pub topic: String,
    pub name: String,
    /// `{"type": name, "data": …}`, ready to be sent.
    pub data: String,
}

/// What a browser reads.
#[derive(Serialize)]
struct Envelope<'a, T> {
    #[serde(rename = "type")]
    name: &'a str,
    data: &'a T,
}

/// Where a browser that comes back can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// Everything after this id is still there.
    After(i64),
    /// The asked id is no longer (or not yet) known; what is there now ends with this id.
    Reset(i64),
}

impl Bus {
    #[expect(clippy::new_without_default, reason = "a bus is made once, on purpose")]
    pub fn new() -> Self {
        Self {
            sender: broadcast::channel(BACKLOG).0,
            closing: CancellationToken::new(),
        }
    }

    /// Keeps an event with the transaction's other changes; browsers hear of it once these are committed.
    pub fn append(
        &self,
        tx: &Tx,
        now: DateTime<Utc>,
        topic: &str,
        name: &str,
        data: &impl Serialize,
    ) -> Result<()> {
        let data = serde_json::to_string(&Envelope { name, data })?;
        tx.prepare_cached("insert into events (topic, name, data, at) values (?1, ?2, ?3, ?4)")?
            .execute(params![topic, name, data, now.timestamp_micros()])?;
        let event = Event {
            id: tx.last_insert_rowid(),
            topic: topic.into(),
            name: name.into(),
            data,
        };
        let sender = self.sender.clone();
        // Nobody listening is no fault.
        tx.after_commit(move || drop(sender.send(Arc::new(event))));
        Ok(())
    }

    /// Every event told from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<Event>> {
        self.sender.subscribe()
    }

    /// Ends every stream; browsers come back on their own.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// Cancelled when streams should end.
    pub fn closing(&self) -> CancellationToken {
        self.closing.clone()
    }

    /// How many browsers and workers listen.
    pub fn listeners(&self) -> usize {
        self.sender.receiver_count()
    }
}

/// The id of the newest event there ever was, 0 where there was none.
pub fn newest(conn: &Connection) -> Result<i64> {
    // sqlite_sequence remembers the last id even after retention has emptied the table.
    let newest = conn.prepare_cached(
        "select coalesce(max(seq), 0) from sqlite_sequence where name = 'events'",
    )?;
    Ok({ newest }.query_row([], |row| row.get(0))?)
}

/// Whether a reader that has seen everything up to `since` can go on without a gap.
pub fn resume(conn: &Connection, since: i64) -> Result<Resume> {
    let newest = newest(conn)?;
    let oldest: Option<i64> = conn
        .prepare_cached("select min(id) from events")?
        .query_row([], |row| row.get(0))?;
    let gap = since > newest || since + 1 < oldest.unwrap_or(newest + 1);
    Ok(if since != 0 && gap {
        Resume::Reset(newest)
    } else {
        Resume::After(since)
    })
}

/// Up to `limit` events after `since`, oldest first.
pub fn after(conn: &Connection, since: i64, limit: u32) -> Result<Vec<Event>> {
    let mut select = conn.prepare_cached(
        "select id, topic, name, data from events where id > ?1 order by id limit ?2",
    )?;
    let events = select.query_map(params![since, limit], |row| {
        Ok(Event {
            id: row.get(0)?,
            topic: row.get(1)?,
            name: row.get(2)?,
            data: row.get(3)?,
        })
    })?;
    events.collect::<Result<_, _>>().map_err(Error::from)
}

/// Forgets events older than a week.
pub fn forget_old(tx: &Tx, now: DateTime<Utc>) -> Result<usize> {
    let old = (now - KEPT).timestamp_micros();
    // By id, not by time: a clock that was set back must not leave holes that nobody would notice.
    let forget = "delete from events where id <= (select max(id) from events where at < ?1)";
    Ok(tx.execute(forget, [old])?)
}
