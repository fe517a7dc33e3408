//! What a letter needs from the database.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Material, sights};
use crate::accounts::{self, Member, Notify, Site};
use crate::alerts::Reason;
use crate::bursts::{self, Burst, Verdict};
use crate::platform::Result;
use crate::sky::Region;

/// Who reads it, and from where.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    pub(super) member: Member,
    pub(super) sites: Vec<Site>,
}

impl Reader {
    /// False for those who have ended such letters, or may not have any.
    pub(super) fn may_hear(&self) -> bool {
        self.member.notify != Notify::None && self.member.may_enter()
    }
}

/// What the member was told before.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Before {
    /// 90 %, deg.
    pub(super) radius: Option<f64>,
}

/// A burst and what belongs to it.
pub(super) struct Record {
    burst: Burst,
    linked: Vec<Burst>,
    region: Option<Region>,
}

/// The member with the sites.
pub(super) fn reader(conn: &Connection, id: i64) -> Result<Reader> {
    Ok(Reader {
        member: accounts::store::member(conn, id)?,
        sites: accounts::sites::store::of_member(conn, id)?,
    })
}

/// The burst that a letter is about. A withdrawal is that of the burst as which the member first heard of it, where the
/// other one still stands.
pub(super) fn record(conn: &Connection, burst: i64, thread: i64, reason: Reason) -> Result<Record> {
    let mut about = bursts::store::burst(conn, burst)?;
    let gone = |burst: &Burst| matches!(burst.verdict(), Verdict::Withdrawn(_));
    if reason == Reason::Withdrawn && !gone(&about) {
        about = bursts::store::burst(conn, thread)?;
    }
    Ok(Record {
        linked: bursts::store::linked(conn, about.id)?,
        region: bursts::store::region(conn, about.id)?,
        burst: about,
    })
}

impl Record {
    /// As the reader sees it at `at`.
    pub(super) fn seen_by(
        self,
        reader: &Reader,
        before: Option<Before>,
        at: DateTime<Utc>,
        reason: Reason,
        stop: Option<String>,
    ) -> Material {
        let burst = match reason {
            Reason::Withdrawn => self.burst,
            _ => as_of(self.burst, at),
        };
        Material {
            sights: sights(&burst, self.region.as_ref(), reader, at),
            burst,
            linked: self.linked,
            region: self.region,
            before,
            notify: reader.member.notify,
            at,
            stop,
        }
    }
}

/// The burst without what was said of its class, or against it, after `at`: a letter that is read again says what it said.
fn as_of(mut burst: Burst, at: DateTime<Utc>) -> Burst {
    burst.retracted.take_if(|withdrawal| withdrawal.at > at);
    burst.by_hand.take_if(|withdrawal| withdrawal.at > at);
    burst.doubt.take_if(|doubt| doubt.at > at);
    burst.class.take_if(|class| class.at > at);
    burst
}

/// What the member knew of a thread's burst before a revision; after a replay, by what the replay told.
pub(super) fn before(
    conn: &Connection,
    member: i64,
    thread: i64,
    (revision, kept): (i64, bool),
) -> Result<Option<Before>> {
    let sql = "select error_radius_90 from told where member_id = ?1 and thread_id = ?2 and revision < ?3 and kept = ?4 order by revision desc limit 1";
    let found =
        conn.prepare_cached(sql)?
            .query_row(params![member, thread, revision, kept], |row| {
                Ok(Before {
                    radius: row.get(0)?,
                })
            });
    Ok(found.optional()?)
}

/// The bursts of a member's morning letter that leaves at `due_at`, in the order in which they were told.
pub(super) fn of_morning(
    conn: &Connection,
    member: i64,
    due_at: DateTime<Utc>,
    kept: bool,
) -> Result<Vec<i64>> {
    let sql = "select burst_id from told where member_id = ?1 and due_at = ?2 and reason = 'digest' and kept = ?3
               group by burst_id order by min(revision)";
    let mut select = conn.prepare_cached(sql)?;
    let rows = select.query_map(params![member, due_at.timestamp_micros(), kept], |row| {
        row.get(0)
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
