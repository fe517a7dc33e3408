//! The outbox in the database: taking what is due, noting what became of it, looking through it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;

use super::retry::{Ladder, jittered};
use super::{Channel, Order, Parcel};
use crate::platform::{Error, Result, Tx};

/// How long a row is remembered after it has left or failed.
const KEPT: TimeDelta = TimeDelta::days(30);

/// The carrier ends what it has in hand; what lies for so long after its time is in nobody's.
const LEFT_LYING: TimeDelta = TimeDelta::hours(1);

/// What became of a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Waiting,
    Sent,
    Failed,
    Expired,
    Suppressed,
    /// A replay's, to be looked at and never sent.
    Kept,
}

impl State {
    pub const ALL: [Self; 6] = [
        Self::Waiting,
        Self::Sent,
        Self::Failed,
        Self::Expired,
        Self::Suppressed,
        Self::Kept,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Suppressed => "suppressed",
            Self::Kept => "kept",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A parcel that is to be sent now.
#[derive(Debug, Clone)]
pub(super) struct Due {
    pub order: Order,
    pub kind: String,
    /// This one included.
    pub attempts: u32,
    pub expires_at: Option<DateTime<Utc>>,
    /// Why nothing may be sent there.
    pub suppressed: Option<String>,
}

/// A parcel, for those who look.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Entry {
    pub id: i64,
    pub key: String,
    pub channel: String,
    pub address: String,
    pub kind: String,
    /// What it is made from holds a secret.
    pub secret: bool,
    pub state: State,
    pub attempts: u32,
    pub due_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_answer: Option<String>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    /// What the letter is made from. A secret may be in it: it is shown to nobody.
    #[serde(skip)]
    pub payload: serde_json::Value,
}

impl Entry {
    /// When it left, or will at the earliest.
    fn leaves(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        match (self.finished_at, self.state) {
            (Some(at), _) => at,
            (None, State::Kept) => self.due_at,
            (None, _) => self.due_at.max(now),
        }
    }

    /// True where it has been tried in vain and may be tried again.
    pub fn may_be_retried(&self) -> bool {
        match self.state {
            State::Waiting => self.attempts > 0 || self.last_answer.is_some(),
            State::Failed | State::Suppressed => !self.secret,
            State::Sent | State::Expired | State::Kept => false,
        }
    }
}

/// Adds a parcel; false where its key has been there before.
pub(super) fn add(tx: &Tx, now: DateTime<Utc>, parcel: &Parcel, state: State) -> Result<bool> {
    let added = tx
        .prepare_cached(
            "insert into outbox (key, channel, address, member_id, kind, payload, secret, state, due_at, expires_at, created_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) on conflict (key) do nothing",
        )?
        .execute(params![
            parcel.key,
            parcel.channel.as_str(),
            parcel.address,
            parcel.member,
            parcel.kind,
            parcel.payload.to_string(),
            parcel.secret,
            state.as_str(),
            parcel.due_at.timestamp_micros(),
            parcel.expires_at.map(|at| at.timestamp_micros()),
            now.timestamp_micros(),
        ])?;
    tx.ring();
    Ok(added == 1)
}

/// True where the parcel of this key is not there yet, or nobody has begun it: what it is composed from may still grow.
pub fn is_open(conn: &Connection, key: &str) -> Result<bool> {
    let begun = "select exists(select 1 from outbox where key = ?1 and state <> 'kept' and (state <> 'waiting' or attempts > 0))";
    let begun: bool = conn
        .prepare_cached(begun)?
        .query_row([key], |row| row.get(0))?;
    Ok(!begun)
}

/// When the next of `channels` is due, those `in_hand` apart.
pub(super) fn next_due(
    conn: &Connection,
    channels: &[Channel],
    in_hand: &[i64],
) -> Result<Option<DateTime<Utc>>> {
    let mut select = conn.prepare_cached(
        "select min(due_at) from outbox where state = 'waiting' and channel = ?1 and id not in (select value from json_each(?2))",
    )?;
    let in_hand = serde_json::to_string(in_hand)?;
    let mut next: Option<i64> = None;
    for channel in channels {
        let due: Option<i64> =
            select.query_row(params![channel.as_str(), in_hand], |row| row.get(0))?;
        next = next.into_iter().chain(due).min();
    }
    Ok(next.and_then(DateTime::from_timestamp_micros))
}

/// Takes up to `limit` parcels of `channels` that are due, the oldest first, those `in_hand` apart.
///
/// Each counts as tried from now on and is due again after its pause: whatever happens in between, it is neither lost nor
/// tried at once.
pub(super) fn take(
    tx: &Tx,
    now: DateTime<Utc>,
    channels: &[Channel],
    in_hand: &[i64],
    limit: u32,
    ladder: &Ladder,
) -> Result<Vec<Due>> {
    let in_hand = serde_json::to_string(in_hand)?;
    let mut due = Vec::new();
    for channel in channels {
        // The addresses of the suppressed are in the same file and the same area.
        let mut select = tx.prepare_cached(
            "select id, key, channel, address, member_id, payload, created_at, kind, attempts + 1, expires_at,
                    (select reason from suppressed where suppressed.address = lower(outbox.address))
             from outbox
             where state = 'waiting' and channel = ?1 and due_at <= ?2 and id not in (select value from json_each(?3))
             order by due_at, id limit ?4",
        )?;
        let rows = select.query_map(
            params![channel.as_str(), now.timestamp_micros(), in_hand, limit],
            |row| read_due(row, now),
        )?;
        due.extend(rows.collect::<Result<Vec<_>, _>>()?);
    }
    let mut mark =
        tx.prepare_cached("update outbox set attempts = attempts + 1, due_at = ?2 where id = ?1")?;
    for one in &due {
        let pause = ladder.pause(one.attempts).unwrap_or(TimeDelta::hours(1));
        let again = now + jittered(pause);
        mark.execute(params![one.order.id, again.timestamp_micros()])?;
    }
    Ok(due)
}

/// Puts parcels back as if they had not been taken, due at `due_at`, with what was said.
pub(super) fn give_back(
    tx: &Tx,
    ids: &[i64],
    due_at: DateTime<Utc>,
    answer: Option<&str>,
) -> Result<()> {
    let mut update = tx.prepare_cached(
        "update outbox set attempts = max(attempts - 1, 0), due_at = ?2, last_answer = coalesce(?3, last_answer)
         where id = ?1 and state = 'waiting'",
    )?;
    for id in ids {
        update.execute(params![id, due_at.timestamp_micros(), answer])?;
    }
    Ok(())
}

/// Notes that an attempt failed, to be made again at `due_at`.
pub(super) fn put_off(tx: &Tx, id: i64, due_at: DateTime<Utc>, answer: &str) -> Result<()> {
    tx.prepare_cached(
        "update outbox set due_at = ?2, last_answer = ?3 where id = ?1 and state = 'waiting'",
    )?
    .execute(params![id, due_at.timestamp_micros(), answer])?;
    Ok(())
}

/// Ends a parcel. What it was made from goes where that holds a secret.
pub(super) fn finish(
    tx: &Tx,
    now: DateTime<Utc>,
    id: i64,
    state: State,
    answer: &str,
) -> Result<()> {
    tx.prepare_cached(
        "update outbox set state = ?2, finished_at = ?3, last_answer = ?4,
                           payload = case when secret then '{}' else payload end
         where id = ?1 and state = 'waiting'",
    )?
    .execute(params![id, state.as_str(), now.timestamp_micros(), answer])?;
    Ok(())
}

/// Sends nothing more to `address`, for `reason`.
pub(super) fn suppress(tx: &Tx, now: DateTime<Utc>, address: &str, reason: &str) -> Result<()> {
    tx.prepare_cached(
        "insert into suppressed (address, reason, at) values (lower(?1), ?2, ?3) on conflict (address) do nothing",
    )?
    .execute(params![address, reason, now.timestamp_micros()])?;
    Ok(())
}

/// Sends to `address` again.
pub fn lift(tx: &Tx, address: &str) -> Result<()> {
    tx.execute(
        "delete from suppressed where address = lower(?1)",
        [address],
    )?;
    Ok(())
}

/// Why nothing is sent to `address`.
pub fn suppression(conn: &Connection, address: &str) -> Result<Option<String>> {
    let mut select =
        conn.prepare_cached("select reason from suppressed where address = lower(?1)")?;
    Ok(select.query_row([address], |row| row.get(0)).optional()?)
}

/// Tries again, at once, those of `ids` (or all) that have been tried in vain, and says how many. What has not been tried
/// waits for its time, such as the morning.
///
/// What has lost its words with its secret cannot be sent any more.
pub fn retry(tx: &Tx, now: DateTime<Utc>, ids: Option<&[i64]>) -> Result<usize> {
    let chosen = serde_json::to_string(&ids)?;
    let again = tx.execute(
        "update outbox set state = 'waiting', due_at = ?1, finished_at = null, attempts = 0
         where (state = 'waiting' and (attempts > 0 or last_answer is not null) or state in ('failed', 'suppressed') and not secret)
           and (?2 = 'null' or id in (select value from json_each(?2)))
           and (expires_at is null or expires_at > ?1)",
        params![now.timestamp_micros(), chosen],
    )?;
    tx.ring();
    Ok(again)
}

/// Ends what waits and has long been worthless, as where letters have no way to leave.
pub fn end_expired(tx: &Tx, now: DateTime<Utc>) -> Result<usize> {
    Ok(tx.execute(
        "update outbox set state = 'expired', finished_at = ?1, last_answer = coalesce(last_answer, 'it could not leave in time'),
                           payload = case when secret then '{}' else payload end
         where state = 'waiting' and expires_at <= ?2",
        [now.timestamp_micros(), (now - LEFT_LYING).timestamp_micros()],
    )?)
}

/// Forgets rows that ended more than 30 days ago, and a replay's that were kept as long.
pub fn forget_old(tx: &Tx, now: DateTime<Utc>) -> Result<usize> {
    let old = (now - KEPT).timestamp_micros();
    let ended = tx.execute("delete from outbox where finished_at < ?1", [old])?;
    let kept = "delete from outbox where state = 'kept' and created_at < ?1";
    Ok(ended + tx.execute(kept, [old])?)
}

/// Sends to a member's new address what waits for the old one. What holds a secret was meant for the old one's reader.
pub fn readdress(tx: &Tx, member: i64, old: &str, new: &str) -> Result<()> {
    tx.execute(
        "update outbox set address = ?3
         where member_id = ?1 and state = 'waiting' and channel = 'mail' and not secret and lower(address) = lower(?2)",
        params![member, old, new],
    )?;
    Ok(())
}

/// Takes a parcel back that still waits: it has become pointless.
pub fn take_back(tx: &Tx, key: &str) -> Result<()> {
    tx.prepare_cached("delete from outbox where key = ?1 and state = 'waiting'")?
        .execute([key])?;
    Ok(())
}

/// Takes back what waits for a member and forgets what has left, and what was said of the address: for somebody who has gone.
pub fn forget_member(tx: &Tx, member: i64, address: &str) -> Result<()> {
    tx.execute("delete from outbox where member_id = ?1", [member])?;
    lift(tx, address)
}

/// How many parcels there are in each state.
pub fn counts(conn: &Connection) -> Result<BTreeMap<State, i64>> {
    let mut select = conn.prepare_cached("select state, count(*) from outbox group by state")?;
    let rows = select.query_map([], |row| Ok((state(row, 0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many parcels wait.
pub fn waiting(conn: &Connection) -> Result<i64> {
    let sql = "select count(*) from outbox where state = 'waiting'";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// A parcel that waits though it could have left.
pub struct Oldest {
    pub since: DateTime<Utc>,
    pub attempts: i64,
    /// What the last attempt came to.
    pub answer: Option<String>,
}

/// The one of them that has waited longest.
pub fn oldest(conn: &Connection, now: DateTime<Utc>) -> Result<Option<Oldest>> {
    let sql = "select created_at, attempts, last_answer from outbox
               where state = 'waiting' and (due_at <= ?1 or attempts > 0) order by created_at limit 1";
    let mut select = conn.prepare_cached(sql)?;
    let found = select.query_row([now.timestamp_micros()], |row| {
        Ok(Oldest {
            since: DateTime::from_timestamp_micros(row.get(0)?).unwrap_or(now),
            attempts: row.get(1)?,
            answer: row.get(2)?,
        })
    });
    Ok(found.optional()?)
}

/// Which parcels to list; everything unless a field says otherwise.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub state: Option<State>,
    /// Part of the address.
    pub address: Option<String>,
    /// Only those posted before this one.
    pub after: Option<i64>,
}

/// Up to `limit` parcels, the newest first, and where the next page begins.
pub fn list(conn: &Connection, wanted: &Wanted, limit: u32) -> Result<(Vec<Entry>, Option<i64>)> {
    let mut select = conn.prepare_cached(
        "select id, key, channel, address, kind, state, attempts, due_at, expires_at, last_answer, created_at, finished_at, secret,
                payload
         from outbox
         where (?1 is null or state = ?1) and (?2 is null or instr(lower(address), lower(?2)) > 0) and (?3 is null or id < ?3)
         order by id desc limit ?4",
    )?;
    let rows = select.query_map(
        params![
            wanted.state.map(State::as_str),
            wanted.address,
            wanted.after,
            limit + 1
        ],
        entry,
    )?;
    let mut entries = rows.collect::<Result<Vec<_>, _>>()?;
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    let next = entries.last().filter(|_| more).map(|entry| entry.id);
    Ok((entries, next))
}

/// One parcel, and what composes it for reading: as of when it left, or will at the earliest.
pub fn find(conn: &Connection, id: i64, now: DateTime<Utc>) -> Result<(Entry, Order)> {
    let mut select = conn.prepare_cached(
        "select id, key, channel, address, kind, state, attempts, due_at, expires_at, last_answer, created_at, finished_at, secret,
                payload, member_id
         from outbox where id = ?1",
    )?;
    let found = select.query_row([id], |row| {
        let entry = entry(row)?;
        let order = Order {
            id: entry.id,
            key: entry.key.clone(),
            channel: channel(row, 2)?,
            address: entry.address.clone(),
            member: row.get(14)?,
            payload: entry.payload.clone(),
            created_at: entry.created_at,
            at: entry.leaves(now),
        };
        Ok((entry, order))
    });
    found.optional()?.ok_or(Error::NotFound("letter"))
}

fn entry(row: &Row) -> rusqlite::Result<Entry> {
    Ok(Entry {
        id: row.get(0)?,
        key: row.get(1)?,
        channel: row.get(2)?,
        address: row.get(3)?,
        kind: row.get(4)?,
        state: state(row, 5)?,
        attempts: row.get(6)?,
        due_at: moment(row, 7)?.unwrap_or_default(),
        expires_at: moment(row, 8)?,
        last_answer: row.get(9)?,
        created_at: moment(row, 10)?.unwrap_or_default(),
        finished_at: moment(row, 11)?,
        secret: row.get(12)?,
        payload: json(row, 13)?,
    })
}

fn read_due(row: &Row, now: DateTime<Utc>) -> rusqlite::Result<Due> {
    Ok(Due {
        order: Order {
            id: row.get(0)?,
            key: row.get(1)?,
            channel: channel(row, 2)?,
            address: row.get(3)?,
            member: row.get(4)?,
            payload: json(row, 5)?,
            created_at: moment(row, 6)?.unwrap_or_default(),
            at: now,
        },
        kind: row.get(7)?,
        attempts: row.get(8)?,
        expires_at: moment(row, 9)?,
        suppressed: row.get(10)?,
    })
}

fn moment(row: &Row, index: usize) -> rusqlite::Result<Option<DateTime<Utc>>> {
    let micros: Option<i64> = row.get(index)?;
    Ok(micros.and_then(DateTime::from_timestamp_micros))
}

fn json(row: &Row, index: usize) -> rusqlite::Result<serde_json::Value> {
    let text: String = row.get(index)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error))
    })
}

fn channel(row: &Row, index: usize) -> rusqlite::Result<Channel> {
    let text: String = row.get(index)?;
    let known = [Channel::Mail, Channel::Ntfy, Channel::Webhook];
    known
        .into_iter()
        .find(|channel| channel.as_str() == text)
        .ok_or_else(|| rusqlite::Error::InvalidColumnType(index, "channel".into(), Type::Text))
}

fn state(row: &Row, index: usize) -> rusqlite::Result<State> {
    let text: String = row.get(index)?;
    State::parse(&text)
        .ok_or_else(|| rusqlite::Error::InvalidColumnType(index, "state".into(), Type::Text))
}
