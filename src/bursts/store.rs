//! Bursts and notices in the database.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

use super::model::{Burst, Tier, Withdrawal};
pub use super::rows::Heard;
use super::rows::{self, BURST, NOTICE};
use crate::notices::{self, Circular, Mission, Notice};
use crate::platform::{Result, Tx};
use crate::sky::{Equatorial, Region};

/// Clocks and triggers of two missions differ by less than this for one burst.
const SAME_TIME: TimeDelta = TimeDelta::seconds(60);

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

/// Records a notice under its burst. The same bytes a second time change nothing.
pub fn record(
    tx: &Tx,
    now: DateTime<Utc>,
    arrival: &Arrival,
    notice: &Notice,
    body: &[u8],
    region: Option<&Region>,
) -> Result<Recorded> {
    if is_known(tx, &arrival.hash)? {
        return Ok(Recorded::Seen);
    }
    let (before, burst) = match &notice.circular {
        Some(circular) => match named_by(tx, circular)? {
            Some(burst) => (
                Some(burst.clone()),
                burst.with_circular(circular, notice, arrival.received_at),
            ),
            None => {
                let id = insert_notice(tx, now, arrival, notice, None, body)?;
                await_name(tx, id, circular)?;
                return Ok(Recorded::Waiting);
            }
        },
        None => {
            let before = by_key(tx, &notice.mission, &notice.burst_key())?;
            let burst = before
                .clone()
                .unwrap_or_else(|| Burst::begin(notice, arrival.received_at));
            (before, burst.with(notice, arrival.received_at))
        }
    };
    let burst = save(tx, burst)?;
    let notice_id = insert_notice(tx, now, arrival, notice, Some(&burst), body)?;
    if let Some(region) = region {
        tx.prepare_cached("insert into notice_regions (notice_id, region) values (?1, ?2)")?
            .execute(params![notice_id, region.to_text()])?;
    }
    let burst = match &before {
        Some(before)
            if before.official_name == burst.official_name
                && before.mission_name == burst.mission_name =>
        {
            burst
        }
        _ => adopt_waiting(tx, burst)?,
    };
    if notice.locates_burst() {
        link(tx, &burst)?;
    }
    let burst = share_name(tx, burst)?;
    Ok(match before {
        Some(before) => Recorded::Updated {
            before: Box::new(before),
            after: Box::new(burst),
        },
        None => Recorded::New(Box::new(burst)),
    })
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
        .prepare_cached(&format!("select {BURST} from bursts where id = ?1"))?
        .query_row([id], rows::burst)
        .optional()?;
    found.ok_or(crate::platform::Error::NotFound("burst"))
}

/// The notices of a burst, in the order in which they were made.
pub fn heard(conn: &Connection, burst_id: i64) -> Result<Vec<Heard>> {
    let sql = format!(
        "select {NOTICE} from notices where burst_id = ?1 order by coalesce(notice_time, received_at), id"
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
        "select {BURST} from bursts where id in (select other_id from burst_links where burst_id = ?1) order by id"
    );
    collect(conn, &sql, params![burst_id], rows::burst)
}

/// Which bursts to list. Everything, unless a field says otherwise.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub mission: Option<String>,
    pub tier: Option<Tier>,
    pub since: Option<DateTime<Utc>>,
    pub has_position: Option<bool>,
    /// Centre and radius in deg: the best position lies within.
    pub cone: Option<(Equatorial, f64)>,
    /// Only those older than the burst with this key.
    pub after: Option<PageKey>,
}

/// Where a page of the list ends: sorting time and id of its last burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageKey {
    pub time: i64,
    pub id: i64,
}

impl PageKey {
    /// `TIME-ID`, as it stands in addresses.
    pub fn parse(text: &str) -> Option<Self> {
        let (time, id) = text.rsplit_once('-')?;
        Some(Self {
            time: time.parse().ok()?,
            id: id.parse().ok()?,
        })
    }

    pub fn of(burst: &Burst) -> Self {
        Self {
            time: burst.sort_time().timestamp_micros(),
            id: burst.id,
        }
    }
}

impl std::fmt::Display for PageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.time, self.id)
    }
}

/// Up to `limit` bursts, newest trigger first, and the key of the next page where there is one.
pub fn list(
    conn: &Connection,
    wanted: &Wanted,
    limit: usize,
) -> Result<(Vec<Burst>, Option<PageKey>)> {
    let sql = format!(
        "select {BURST} from bursts
         where (:mission is null or mission = :mission collate nocase)
           and (:tier is null or tier = :tier)
           and (:since is null or sort_time >= :since)
           and (:has_position is null or (ra is not null) = :has_position)
           and (:time is null or (sort_time, id) < (:time, :id))
         order by sort_time desc, id desc"
    );
    let mut select = conn.prepare_cached(&sql)?;
    let mut rows = select.query(named_params! {
        ":mission": wanted.mission,
        ":tier": wanted.tier.map(Tier::letter),
        ":since": wanted.since.map(|time| time.timestamp_micros()),
        ":has_position": wanted.has_position.or(wanted.cone.map(|_| true)),
        ":time": wanted.after.map(|key| key.time),
        ":id": wanted.after.map(|key| key.id),
    })?;
    let mut bursts = Vec::new();
    while let Some(row) = rows.next()? {
        let burst = rows::burst(row)?;
        let inside = wanted.cone.is_none_or(|(centre, radius)| {
            burst
                .best
                .as_ref()
                .is_some_and(|best| best.position.separation(centre) <= radius)
        });
        if inside {
            bursts.push(burst);
        }
        if bursts.len() > limit {
            break;
        }
    }
    let more = bursts.len() > limit;
    bursts.truncate(limit);
    let next = bursts.last().filter(|_| more).map(PageKey::of);
    Ok((bursts, next))
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
    let notice = at("select max(received_at) from notices")?;
    let test = at("select max(updated_at) from bursts where tier = 'D'")?;
    Ok(Newest {
        notice: notice.map(rows::time),
        test: test.map(rows::time),
    })
}

/// How many notices and bursts there are.
pub fn counts(conn: &Connection) -> Result<(i64, i64)> {
    let count = |sql: &str| {
        conn.prepare_cached(sql)?
            .query_row([], |row| row.get::<_, i64>(0))
    };
    Ok((
        count("select count(*) from notices")?,
        count("select count(*) from bursts")?,
    ))
}

fn by_key(conn: &Connection, mission: &Mission, key: &str) -> Result<Option<Burst>> {
    let mut select = conn.prepare_cached(&format!(
        "select {BURST} from bursts where mission = ?1 and key = ?2"
    ))?;
    Ok(select
        .query_row(params![mission.as_str(), key], rows::burst)
        .optional()?)
}

/// The burst a circular is about: by trigger number, by a name it has already, or by Fermi's fraction of the day.
fn named_by(conn: &Connection, circular: &Circular) -> Result<Option<Burst>> {
    for (mission, trigger) in circular.triggers() {
        if let Some(burst) = by_key(conn, &mission, &trigger)? {
            return Ok(Some(burst));
        }
    }
    for name in circular.burst_names() {
        let sql = format!(
            "select {BURST} from bursts where official_name = ?1 or mission_name = ?2 order by burst_like desc, id limit 1"
        );
        let found = conn
            .prepare_cached(&sql)?
            .query_row([&name, &mission_name(&name)], rows::burst)
            .optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn await_name(tx: &Tx, notice_id: i64, circular: &Circular) -> Result<()> {
    let mut insert = tx.prepare_cached(
        "insert into circular_names (name, notice_id) values (?1, ?2) on conflict do nothing",
    )?;
    let triggers = circular
        .triggers()
        .into_iter()
        .map(|(mission, trigger)| format!("{mission} {trigger}"));
    let names = circular.burst_names().into_iter().map(|name| {
        if is_official(&name) {
            name
        } else {
            mission_name(&name)
        }
    });
    for name in triggers.chain(names) {
        insert.execute(params![name, notice_id])?;
    }
    Ok(())
}

/// Circulars that named the burst before it was known join it now, and what they say is taken in; they may bring further names.
fn adopt_waiting(tx: &Tx, mut burst: Burst) -> Result<Burst> {
    loop {
        let waiting = waiting_for(tx, &burst)?;
        if waiting.is_empty() {
            return Ok(burst);
        }
        for (notice_id, body) in waiting {
            tx.prepare_cached("update notices set burst_id = ?1 where id = ?2")?
                .execute([burst.id, notice_id])?;
            tx.prepare_cached("delete from circular_names where notice_id = ?1")?
                .execute([notice_id])?;
            let Ok(notice) = notices::read(&body) else {
                continue;
            };
            if let Some(circular) = &notice.circular {
                burst = burst
                    .clone()
                    .with_circular(circular, &notice, burst.updated_at);
            }
        }
        burst = save(tx, burst)?;
    }
}

fn waiting_for(conn: &Connection, burst: &Burst) -> Result<Vec<(i64, Vec<u8>)>> {
    let by_trigger = format!("{} {}", burst.mission, burst.key);
    collect(
        conn,
        "select distinct circular_names.notice_id, body from circular_names
         join notice_bodies on notice_bodies.notice_id = circular_names.notice_id
         where name in (?1, ?2, ?3) order by 1",
        params![by_trigger, burst.official_name, burst.mission_name],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Links the burst to those of other missions at the same time and place, and to no others.
fn link(tx: &Tx, burst: &Burst) -> Result<()> {
    let same = match burst.trigger_time {
        Some(time) if burst.burst_like && !burst.test => same_event(tx, burst, time)?,
        _ => BTreeSet::new(),
    };
    let mut known = tx.prepare_cached("select other_id from burst_links where burst_id = ?1")?;
    let known: BTreeSet<i64> = known
        .query_map([burst.id], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for gone in known.difference(&same) {
        tx.execute(
            "delete from burst_links where (burst_id, other_id) in (values (?1, ?2), (?2, ?1))",
            [burst.id, *gone],
        )?;
    }
    for new in same.difference(&known) {
        tx.execute("insert into burst_links (burst_id, other_id) values (?1, ?2), (?2, ?1) on conflict do nothing", [burst.id, *new])?;
    }
    Ok(())
}

/// One event has one official name: a burst and those it is linked to lend it to each other.
fn share_name(tx: &Tx, mut burst: Burst) -> Result<Burst> {
    if burst.official_name.is_none() {
        let lent = "select min(official_name) from bursts where id in (select other_id from burst_links where burst_id = ?1)";
        burst.official_name = tx
            .prepare_cached(lent)?
            .query_row([burst.id], |row| row.get(0))?;
    }
    if let Some(name) = &burst.official_name {
        let lend = "update bursts set official_name = ?2
                    where official_name is null and (id = ?1 or id in (select other_id from burst_links where burst_id = ?1))";
        tx.prepare_cached(lend)?.execute(params![burst.id, name])?;
    }
    Ok(burst)
}

fn same_event(conn: &Connection, burst: &Burst, time: DateTime<Utc>) -> Result<BTreeSet<i64>> {
    let sql = format!(
        "select {BURST} from bursts
         where trigger_time between ?1 and ?2 and id <> ?3 and ra is not null and burst_like and not test"
    );
    let near = |offset: TimeDelta| (time + offset).timestamp_micros();
    let others: Vec<Burst> = collect(
        conn,
        &sql,
        params![near(-SAME_TIME), near(SAME_TIME), burst.id],
        rows::burst,
    )?;
    Ok(others
        .iter()
        .filter(|other| are_compatible(burst, other))
        .map(|other| other.id)
        .collect())
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

fn save(tx: &Tx, mut burst: Burst) -> Result<Burst> {
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

fn insert_notice(
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

fn collect<T>(
    conn: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut select = conn.prepare_cached(sql)?;
    let rows = select.query_map(params, read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Burst {
    /// Trigger time, else the arrival of the first notice.
    pub fn sort_time(&self) -> DateTime<Utc> {
        self.trigger_time.unwrap_or(self.created_at)
    }

    /// The burst with what a circular says of it: its name, or that it is none.
    #[must_use]
    fn with_circular(mut self, circular: &Circular, notice: &Notice, at: DateTime<Utc>) -> Self {
        self.notice_count += 1;
        self.updated_at = self.updated_at.max(at);
        if let Some(name) = circular
            .burst_names()
            .into_iter()
            .find(|name| is_official(name))
        {
            // Two circulars may disagree by a letter; the earlier letter is the burst that was found first.
            self.official_name = Some(
                self.official_name
                    .map_or(name.clone(), |known| known.min(name)),
            );
        }
        if circular.says_not_a_grb() {
            let by = circular.id.map_or_else(
                || "A GCN circular".into(),
                |id| format!("GCN Circular {id}"),
            );
            let withdrawal = Withdrawal {
                at: notice.notice_time.unwrap_or(at),
                why: format!("{by}: “{}”.", circular.subject),
            };
            self.retracted = Some(self.retracted.map_or(withdrawal.clone(), |known| {
                if known.at <= withdrawal.at {
                    known
                } else {
                    withdrawal
                }
            }));
        }
        self
    }
}

/// Fermi's name for a provisional one: `bn221009553` for `GRB 221009.553`.
fn mission_name(name: &str) -> String {
    name.replacen("GRB ", "bn", 1).replace('.', "")
}

/// True for `GRB 221009A`; false for the provisional `GRB 221009.553`.
fn is_official(name: &str) -> bool {
    name.ends_with(|last: char| last.is_ascii_alphabetic())
}
