//! Bursts and notices in the database.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

use super::circulars;
use super::model::Burst;
pub use super::rows::Heard;
use super::rows::{self, NOTICE, SELECT};
use crate::notices::{Mission, Notice};
use crate::platform::{Result, Tx};
use crate::sky::Region;

/// Clocks and triggers of two missions differ by less than this for one burst.
const SAME_TIME: TimeDelta = TimeDelta::seconds(60);

/// No burst was ever seen by more; a flood must not link everything to everything.
pub(super) const MOST_LINKS: u8 = 16;

/// The 90 % radius of a two-dimensional Gaussian, in its σ.
const SIGMAS_AT_90: f64 = 2.146;

/// How a notice came to us.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub hash: [u8; 32],
    pub topic: String,
    pub kafka_time: Option<DateTime<Utc>>,
    pub received_at: DateTime<Utc>,
    pub stale_after: TimeDelta,
}

/// What became of a notice.
#[derive(Debug, Clone, PartialEq)]
pub enum Recorded {
    New(Box<Burst>),
    Updated {
        before: Box<Burst>,
        after: Box<Burst>,
    },
    /// A circular that names no burst we know; it waits until one gets that name.
    Waiting,
    /// These bytes are here already, from wherever they came.
    Seen,
    /// It could not be read; it is kept whole, and the officer sees it.
    Aside,
}

impl Recorded {
    /// The word of the API, and of the counters.
    pub fn word(&self) -> &'static str {
        match self {
            Self::New(_) | Self::Waiting => "new",
            Self::Updated { .. } => "updated",
            Self::Seen => "seen",
            Self::Aside => "aside",
        }
    }
}

/// What became of a notice, and what other bursts it changed.
#[derive(Debug)]
pub struct Filed {
    pub recorded: Recorded,
    /// Bursts that were linked to this one, or are no longer, or were withdrawn by the same circular.
    pub touched: Vec<Burst>,
}

impl Filed {
    pub(super) fn alone(recorded: Recorded) -> Self {
        Self {
            recorded,
            touched: Vec::new(),
        }
    }
}

/// Records a notice under its burst. The same bytes a second time change nothing.
pub fn record(
    tx: &Tx,
    now: DateTime<Utc>,
    arrival: &Arrival,
    notice: &Notice,
    body: &[u8],
    region: Option<&Region>,
) -> Result<Filed> {
    if is_known(tx, &arrival.hash)? {
        return Ok(Filed::alone(Recorded::Seen));
    }
    if let Some(circular) = &notice.circular {
        return circulars::record(tx, now, arrival, notice, circular, body);
    }
    let before = by_key(tx, &notice.mission, &notice.burst_key())?;
    let burst = before
        .clone()
        .unwrap_or_else(|| Burst::begin(notice, arrival.received_at));
    let burst = save(tx, burst.with(notice, arrival.received_at))?;
    let notice_id = insert_notice(tx, now, arrival, notice, Some(&burst), body)?;
    if let Some(region) = region {
        tx.prepare_cached("insert into notice_regions (notice_id, region) values (?1, ?2)")?
            .execute(params![notice_id, region.to_text()])?;
    }
    let renamed = before
        .as_ref()
        .is_none_or(|before| before.mission_name != burst.mission_name);
    let burst = if renamed {
        circulars::adopt_waiting(tx, burst)?
    } else {
        burst
    };
    let moved = before
        .as_ref()
        .is_none_or(|before| place_and_time(before) != place_and_time(&burst));
    let touched = if moved { link(tx, &burst)? } else { Vec::new() };
    file(tx, before, burst, touched)
}

/// The outcome, with everything read again as it now stands, names lent by links included.
pub(super) fn file(
    conn: &Connection,
    before: Option<Burst>,
    after: Burst,
    touched: Vec<i64>,
) -> Result<Filed> {
    let after = Box::new(if touched.is_empty() {
        after
    } else {
        burst(conn, after.id)?
    });
    let touched = touched
        .into_iter()
        .map(|id| burst(conn, id))
        .collect::<Result<_>>()?;
    let recorded = match before {
        Some(before) => Recorded::Updated {
            before: Box::new(before),
            after,
        },
        None => Recorded::New(after),
    };
    Ok(Filed { recorded, touched })
}

/// What decides to which other bursts one is linked.
fn place_and_time(burst: &Burst) -> impl PartialEq + use<> {
    let place = burst
        .best
        .as_ref()
        .map(|best| (best.position.ra, best.position.dec, best.error_radius_90));
    (burst.trigger_time, place, burst.burst_like && !burst.test)
}

/// True where these bytes have been recorded.
pub fn is_known(conn: &Connection, hash: &[u8; 32]) -> Result<bool> {
    Ok(conn
        .prepare_cached("select 1 from notices where hash = ?1")?
        .exists([hash])?)
}

/// The burst with this id.
pub fn burst(conn: &Connection, id: i64) -> Result<Burst> {
    let found = conn
        .prepare_cached(&format!("select {} from bursts where id = ?1", *SELECT))?
        .query_row([id], rows::burst)
        .optional()?;
    found.ok_or(crate::platform::Error::NotFound("burst"))
}

/// The notices of a burst, in the order in which they were made: all of an honest burst, the first and the last of a flood.
pub fn heard(conn: &Connection, burst_id: i64) -> Result<Vec<Heard>> {
    let sql = format!(
        "select {NOTICE} from notices
         where id in (select id from notices where burst_id = ?1 order by id limit 50)
            or id in (select id from notices where burst_id = ?1 order by id desc limit 150)
         order by coalesce(notice_time, received_at), id"
    );
    collect(conn, &sql, params![burst_id], rows::heard)
}

/// Up to `limit` notices of a burst stored after the one with id `after`, and the id to go on from where there are more.
pub fn heard_after(
    conn: &Connection,
    burst_id: i64,
    after: i64,
    limit: usize,
) -> Result<(Vec<Heard>, Option<i64>)> {
    let sql = format!(
        "select {NOTICE} from notices where burst_id = ?1 and id > ?2 order by id limit ?3"
    );
    let mut heard = collect(
        conn,
        &sql,
        params![
            burst_id,
            after,
            i64::try_from(limit + 1).unwrap_or(i64::MAX)
        ],
        rows::heard,
    )?;
    let more = heard.len() > limit;
    heard.truncate(limit);
    let next = heard.last().filter(|_| more).map(|last| last.id);
    Ok((heard, next))
}

/// A notice's bytes, as they came.
pub fn body(conn: &Connection, burst_id: i64, notice_id: i64) -> Result<Vec<u8>> {
    let body = conn
        .prepare_cached(
            "select body from notice_bodies join notices on notices.id = notice_id
             where notice_id = ?1 and burst_id = ?2",
        )?
        .query_row([notice_id, burst_id], |row| row.get(0))
        .optional()?;
    body.ok_or(crate::platform::Error::NotFound("notice"))
}

/// The newest probability map that came with one of the burst's notices.
pub fn region(conn: &Connection, burst_id: i64) -> Result<Option<Region>> {
    let text: Option<String> = conn
        .prepare_cached(
            "select region from notice_regions join notices on notices.id = notice_id
             where burst_id = ?1 order by notice_time desc, notices.id desc limit 1",
        )?
        .query_row([burst_id], |row| row.get(0))
        .optional()?;
    Ok(text.and_then(|text| Region::from_text(&text).ok()))
}

/// The same burst as other missions saw it.
pub fn linked(conn: &Connection, burst_id: i64) -> Result<Vec<Burst>> {
    let sql = format!(
        "select {SELECT} from bursts where id in (select other_id from burst_links where burst_id = ?1) order by id",
        SELECT = *SELECT
    );
    collect(conn, &sql, params![burst_id], rows::burst)
}

/// The ids of burst `:burst` and of the same one as other missions saw it, for a query of another area.
pub const SAME: &str =
    "(select :burst union all select other_id from burst_links where burst_id = :burst)";

/// The newest burst that a mission has under this trigger.
pub fn by_trigger(conn: &Connection, trigger: &str) -> Result<Option<i64>> {
    let sql = "select id from bursts where trigger_id = ?1 order by id desc limit 1";
    let found = conn
        .prepare_cached(sql)?
        .query_row([trigger], |row| row.get(0));
    Ok(found.optional()?)
}

/// The missions that have bursts here, by name.
pub fn missions(conn: &Connection) -> Result<Vec<String>> {
    collect(
        conn,
        "select distinct mission from bursts order by mission",
        [],
        |row| row.get(0),
    )
}

/// When something last came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Newest {
    pub notice: Option<DateTime<Utc>>,
    /// A mission's self-test.
    pub test: Option<DateTime<Utc>>,
}

/// When the newest notice came in, and the newest self-test.
pub fn newest(conn: &Connection) -> Result<Newest> {
    let at = |sql: &str| {
        conn.prepare_cached(sql)?
            .query_row([], |row| row.get::<_, Option<i64>>(0))
    };
    let notice =
        at("select max(received_at) from notices where id > (select max(id) - 100 from notices)")?;
    let test = at("select max(updated_at) from bursts where tier = 'D'")?;
    Ok(Newest {
        notice: notice.map(rows::time),
        test: test.map(rows::time),
    })
}

/// What the database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holdings {
    pub notices: i64,
    pub bursts: i64,
    /// Circulars about bursts that were not heard of here.
    pub waiting: i64,
    pub bytes: i64,
}

/// How much there is.
pub fn holdings(conn: &Connection) -> Result<Holdings> {
    let count = |sql: &str| conn.prepare_cached(sql)?.query_row([], |row| row.get(0));
    Ok(Holdings {
        notices: count("select count(*) from notices")?,
        bursts: count("select count(*) from bursts")?,
        waiting: count("select count(*) from notices where burst_id is null")?,
        bytes: count("select page_count * page_size from pragma_page_count, pragma_page_size")?,
    })
}

pub(super) fn by_key(conn: &Connection, mission: &Mission, key: &str) -> Result<Option<Burst>> {
    let mut select = conn.prepare_cached(&format!(
        "select {SELECT} from bursts where mission = ?1 and key = ?2",
        SELECT = *SELECT
    ))?;
    Ok(select
        .query_row(params![mission.as_str(), key], rows::burst)
        .optional()?)
}

/// Links the burst to those of other missions at the same time and place, and to no others; which ones that changed.
/// What officers joined stays joined.
pub(super) fn link(tx: &Tx, burst: &Burst) -> Result<Vec<i64>> {
    let mut same = match burst.trigger_time {
        Some(time) if burst.burst_like && !burst.test => same_event(tx, burst, time)?,
        _ => BTreeSet::new(),
    };
    same.extend(joined_by_hand(tx, burst.id)?);
    let known = linked_ids(tx, burst.id)?;
    for gone in known.difference(&same) {
        tx.execute(
            "delete from burst_links where (burst_id, other_id) in (values (?1, ?2), (?2, ?1))",
            [burst.id, *gone],
        )?;
    }
    for new in same.difference(&known) {
        tx.execute("insert into burst_links (burst_id, other_id) values (?1, ?2), (?2, ?1) on conflict do nothing", [burst.id, *new])?;
    }
    Ok(known.symmetric_difference(&same).copied().collect())
}

pub(super) fn linked_ids(conn: &Connection, burst_id: i64) -> Result<BTreeSet<i64>> {
    let mut select = conn.prepare_cached("select other_id from burst_links where burst_id = ?1")?;
    Ok(select
        .query_map([burst_id], |row| row.get(0))?
        .collect::<Result<_, _>>()?)
}

/// Those that officers joined to this one.
pub fn joined_by_hand(conn: &Connection, burst_id: i64) -> Result<BTreeSet<i64>> {
    let sql = "select other_id from burst_links where burst_id = ?1 and by_hand";
    let mut select = conn.prepare_cached(sql)?;
    Ok(select
        .query_map([burst_id], |row| row.get(0))?
        .collect::<Result<_, _>>()?)
}

/// Bursts at the same time and place, the nearest in time. Two triggers of one instrument are two bursts.
fn same_event(conn: &Connection, burst: &Burst, time: DateTime<Utc>) -> Result<BTreeSet<i64>> {
    let sql = format!(
        "select {SELECT} from bursts
         where trigger_time between :time - :apart and :time + :apart
           and id <> :id and ra is not null and burst_like and not test
           and (mission <> :mission or coalesce(position_instrument, '') <> :instrument)
         order by abs(trigger_time - :time), id limit {MOST_LINKS}",
        SELECT = *SELECT
    );
    let named = named_params! {
        ":time": time.timestamp_micros(),
        ":apart": SAME_TIME.num_microseconds(),
        ":id": burst.id,
        ":mission": burst.mission.as_str(),
        ":instrument": burst.instrument().unwrap_or_default(),
    };
    let others: Vec<Burst> = collect(conn, &sql, named, rows::burst)?;
    let same = others.iter().filter(|other| are_compatible(burst, other));
    Ok(same.map(|other| other.id).collect())
}

/// True where two positions agree within 3 σ, both errors with their systematics taken together.
fn are_compatible(one: &Burst, other: &Burst) -> bool {
    let (Some(a), Some(b)) = (&one.best, &other.best) else {
        return false;
    };
    let (Some(ra), Some(rb)) = (a.error_radius_90, b.error_radius_90) else {
        return false;
    };
    a.position.separation(b.position) <= 3.0 * ra.hypot(rb) / SIGMAS_AT_90
}

pub(super) fn save(tx: &Tx, mut burst: Burst) -> Result<Burst> {
    let values = rows::values(&burst);
    let named: Vec<(&str, &dyn rusqlite::ToSql)> = values
        .iter()
        .map(|(name, value)| (*name, value as &dyn rusqlite::ToSql))
        .collect();
    if burst.id == 0 {
        tx.prepare_cached(&rows::INSERT_BURST)?
            .execute(named.as_slice())?;
        burst.id = tx.last_insert_rowid();
    } else {
        tx.prepare_cached(&rows::UPDATE_BURST)?
            .execute(named.as_slice())?;
    }
    Ok(burst)
}

pub(super) fn insert_notice(
    tx: &Tx,
    now: DateTime<Utc>,
    arrival: &Arrival,
    notice: &Notice,
    burst: Option<&Burst>,
    body: &[u8],
) -> Result<i64> {
    let begun = burst
        .and_then(|burst| burst.trigger_time)
        .or(notice.trigger_time)
        .or(notice.notice_time);
    let stale = begun.is_some_and(|begun| arrival.received_at - begun > arrival.stale_after);
    let values = rows::notice_values(notice, arrival, burst.map(|burst| burst.id), stale, now)?;
    let named: Vec<(&str, &dyn rusqlite::ToSql)> = values
        .iter()
        .map(|(name, value)| (*name, value as &dyn rusqlite::ToSql))
        .collect();
    tx.prepare_cached(&rows::INSERT_NOTICE)?
        .execute(named.as_slice())?;
    let id = tx.last_insert_rowid();
    tx.prepare_cached("insert into notice_bodies (notice_id, body) values (?1, ?2)")?
        .execute(params![id, body])?;
    Ok(id)
}

pub(super) fn collect<T>(
    conn: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut select = conn.prepare_cached(sql)?;
    let rows = select.query_map(params, read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
