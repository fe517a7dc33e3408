//! Who is to be told and who has been, in the database.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

use super::decide::{Told, Watcher};
use super::reason::Reason;
use super::standing::Standing;
use super::tell::Letters;
use crate::accounts::{Notify, sites};
use crate::bursts::model::POINTABLE;
use crate::bursts::{self, Burst, Tier};
use crate::notices::{Kind, Suppressed};
use crate::platform::outbox::Channel;
use crate::platform::{Result, Tx};
use crate::sky::Equatorial;

/// How long what members were told is remembered; no withdrawal comes later.
const REMEMBERED: TimeDelta = TimeDelta::days(90);

/// A spot that fired within this time fires again.
const REPEATS: TimeDelta = TimeDelta::days(60);

/// A change whose judging fails so often is set aside.
const MOST_TRIES: i64 = 3;

/// What became of the parcels of a row of `told`: 3 one has left, 2 one has been begun and may have, 1 one waits, 0 all have
/// ended without leaving; null where they have been forgotten. Reads the outbox's table.
const FATE: &str =
    "(select max(case when state = 'sent' then 3 when state = 'waiting' and attempts > 0 then 2
                                     when state in ('waiting', 'kept') then 1 else 0 end)
                     from outbox where key >= letter || '-' and key < letter || '.')";

/// Most bursts of one group.
const MOST_LINKED: usize = 32;

/// A change that members are judged by.
#[derive(Debug, Clone)]
pub struct Tell {
    /// The burst's revision.
    pub id: i64,
    pub before: Option<Standing>,
    pub after: Standing,
    pub at: DateTime<Utc>,
    pub letters: Letters,
    /// The last member who has been judged.
    pub judged_to: i64,
}

/// Whether letters leave, or are read in the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaves {
    /// A letter has been read once it has left.
    Once,
    /// Letters stay and are read in the outbox, in a demonstration or after a replay: each counts from when it is due.
    Never,
}

/// Where a member is told.
#[derive(Debug, Clone)]
pub struct Address {
    /// The channel's; none for mail.
    pub id: Option<i64>,
    pub channel: Channel,
    pub address: String,
}

/// A place on the sky where something fired.
pub struct Spot {
    pub burst: i64,
    pub position: Equatorial,
    /// 90 %, deg.
    pub radius: f64,
}

/// One line of what members were told.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Said {
    pub member: String,
    pub burst: i64,
    pub name: String,
    pub reason: Reason,
}

/// All bursts that are linked with one, and with those again, without itself.
pub fn group(conn: &Connection, burst: i64) -> Result<Vec<Burst>> {
    let mut found: Vec<Burst> = Vec::new();
    let mut open = vec![burst];
    while let Some(id) = open.pop() {
        for other in bursts::store::linked(conn, id)? {
            let known = other.id == burst || found.iter().any(|one| one.id == other.id);
            if !known && found.len() < MOST_LINKED {
                open.push(other.id);
                found.push(other);
            }
        }
    }
    found.sort_by_key(|burst| burst.id);
    Ok(found)
}

/// Well-known places near a declination, deg, where a burst or a known source fired in the 60 days before; artefacts of a
/// lost star tracker and what was withdrawn are none. Reads the bursts' table.
pub fn fired_before(conn: &Connection, at: DateTime<Utc>, dec: f64) -> Result<Vec<Spot>> {
    let mut select = conn.prepare_cached(
        "select id, ra, dec, error_radius_90 from bursts
         where trigger_time >= :since and trigger_time < :at and not test
           and error_radius_90 <= :pointable and dec between :dec - 3 and :dec + 3
           and (burst_like or position_kind = :known) and coalesce(retracted_why, hand_why) is null
           and (confirmed or coalesce(doubt, '') <> :lost_lock)",
    )?;
    let rows = select.query_map(
        named_params! {
            ":since": (at - REPEATS).timestamp_micros(),
            ":at": at.timestamp_micros(),
            ":pointable": POINTABLE,
            ":dec": dec,
            ":known": Kind::KnownSource.as_str(),
            ":lost_lock": Suppressed::LostLock.as_str(),
        },
        |row| {
            let position = Equatorial {
                ra: row.get(1)?,
                dec: row.get(2)?,
            };
            Ok(Spot {
                burst: row.get(0)?,
                position,
                radius: row.get(3)?,
            })
        },
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// True where somebody has been told of the burst by such letters, or is about to be.
pub fn is_told(conn: &Connection, burst: i64, letters: Letters) -> Result<bool> {
    let sql = "select exists(select 1 from told where burst_id = ?1 and kept = ?2)
                   or exists(select 1 from tells where burst_id = ?1 and kept = ?2)";
    Ok(conn
        .prepare_cached(sql)?
        .query_row(params![burst, letters == Letters::Kept], |row| row.get(0))?)
}

/// Notes a change for the worker, and wakes it after the commit.
pub fn note(
    tx: &Tx,
    now: DateTime<Utc>,
    letters: Letters,
    before: Option<&Standing>,
    after: &Standing,
) -> Result<()> {
    let before = before.map(serde_json::to_string).transpose()?;
    tx.prepare_cached(
        "insert into tells (burst_id, before, after, at, kept) values (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        after.best,
        before,
        serde_json::to_string(after)?,
        now.timestamp_micros(),
        letters == Letters::Kept,
    ])?;
    tx.ring();
    Ok(())
}

/// The oldest change that not everybody has been judged by, those set aside apart.
pub fn oldest(conn: &Connection) -> Result<Option<i64>> {
    let sql = "select id from tells where tries < ?1 order by id limit 1";
    let mut select = conn.prepare_cached(sql)?;
    Ok(select
        .query_row([MOST_TRIES], |row| row.get(0))
        .optional()?)
}

/// A change that not everybody has been judged by; `None` where it has been ended meanwhile.
pub fn change(conn: &Connection, id: i64) -> Result<Option<Tell>> {
    let sql = "select before, after, at, kept, judged_to from tells where id = ?1";
    let row = conn.prepare_cached(sql)?.query_row([id], |row| {
        Ok((
            row.get::<_, Option<String>>("before")?,
            row.get::<_, String>("after")?,
            row.get("judged_to")?,
            time(row.get("at")?),
            row.get::<_, bool>("kept")?,
        ))
    });
    let Some((before, after, judged_to, at, kept)) = row.optional()? else {
        return Ok(None);
    };
    let letters = if kept { Letters::Kept } else { Letters::Sent };
    Ok(Some(Tell {
        id,
        before: before.as_deref().map(serde_json::from_str).transpose()?,
        after: serde_json::from_str(&after)?,
        at,
        letters,
        judged_to,
    }))
}

/// Notes that judging by a change has failed once more.
pub fn stumbled(tx: &Tx, id: i64) -> Result<()> {
    tx.execute("update tells set tries = tries + 1 where id = ?1", [id])?;
    Ok(())
}

/// How many changes were set aside because judging by them fails.
pub fn set_aside(conn: &Connection) -> Result<i64> {
    let sql = "select count(*) from tells where tries >= ?1";
    Ok(conn.query_row(sql, [MOST_TRIES], |row| row.get(0))?)
}

/// The next members to be judged, in the order of their ids, with what they know of the burst; `seen` is left to be
/// filled. Members who have not confirmed their address, are shut out or want nothing are passed over.
///
/// `leaves` says how one sees that a letter has been read. Reads the accounts' tables.
pub fn watchers(
    conn: &Connection,
    tell: &Tell,
    most: usize,
    leaves: Leaves,
) -> Result<Vec<(Watcher, String)>> {
    let mut select = conn.prepare_cached(
        "select id, email, notify, preferences from members
         where id > ?1 and notify <> 'none' and confirmed_at is not null and disabled_at is null
         order by id limit ?2",
    )?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = select.query_map(params![tell.judged_to, most], watcher)?;
    let mut watchers = rows.collect::<Result<Vec<_>, _>>()?;
    let (Some((first, _)), Some((last, _))) = (watchers.first(), watchers.last()) else {
        return Ok(watchers);
    };
    let ids = first.id..=last.id;
    let mut sites = sites::store::of_members(conn, ids.clone())?;
    let mut told = told(conn, tell, ids, leaves)?;
    for (watcher, _) in &mut watchers {
        watcher.sites = sites.remove(&watcher.id).unwrap_or_default();
        watcher.told = told.remove(&watcher.id);
        if watcher.preferences.daily_cap.is_some() {
            watcher.told_today = told_today(conn, watcher.id, tell)?;
        }
    }
    Ok(watchers)
}

fn watcher(row: &Row<'_>) -> rusqlite::Result<(Watcher, String)> {
    let notify: String = row.get("notify")?;
    let preferences: String = row.get("preferences")?;
    let watcher = Watcher {
        id: row.get("id")?,
        notify: Notify::parse(&notify).unwrap_or(Notify::None),
        preferences: serde_json::from_str(&preferences).unwrap_or_default(),
        sites: Vec::new(),
        told: None,
        told_today: 0,
        seen_before: BTreeSet::new(),
        seen: BTreeSet::new(),
    };
    Ok((watcher, row.get("email")?))
}

/// Where members are told besides by letter. Reads the accounts' table.
pub fn channels(
    conn: &Connection,
    members: RangeInclusive<i64>,
) -> Result<BTreeMap<i64, Vec<Address>>> {
    let mut select = conn.prepare_cached(
        "select id, member_id, kind, url from channels where member_id between ?1 and ?2 order by id",
    )?;
    let mut rows = select.query(params![members.start(), members.end()])?;
    let mut all: BTreeMap<i64, Vec<Address>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let kind: String = row.get("kind")?;
        let channel = match kind.as_str() {
            "ntfy" => Channel::Ntfy,
            _ => Channel::Webhook,
        };
        let id: i64 = row.get("id")?;
        all.entry(row.get("member_id")?).or_default().push(Address {
            id: Some(id),
            channel,
            address: row.get("url")?,
        });
    }
    Ok(all)
}

/// What members with ids in `members` know of the bursts of a change's group; what never reached them they do not know.
fn told(
    conn: &Connection,
    tell: &Tell,
    members: RangeInclusive<i64>,
    leaves: Leaves,
) -> Result<BTreeMap<i64, Told>> {
    let mut select = conn.prepare_cached(&format!(
        "select member_id, burst_id, reason, thread_id, tier, error_radius_90, due_at, {FATE} as fate from told
         where burst_id in (select value from json_each(?1)) and member_id between ?2 and ?3 and kept = ?4
         order by revision, reason = 'withdrawn'",
    ))?;
    let group = serde_json::to_string(&tell.after.group)?;
    let kept = tell.letters == Letters::Kept;
    let mut rows = select.query(params![group, members.start(), members.end(), kept])?;
    let mut all: BTreeMap<i64, Told> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (member, burst): (i64, i64) = (row.get("member_id")?, row.get("burst_id")?);
        let is_due = time(row.get("due_at")?) <= tell.at;
        let waits = match (row.get::<_, Option<i64>>("fate")?, leaves) {
            (Some(0), _) => continue,
            (Some(1 | 2), Leaves::Never) | (None, _) => !is_due,
            (fate, _) => fate == Some(1),
        };
        let reason = Reason::parse(&row.get::<_, String>("reason")?).unwrap_or(Reason::New);
        let tier = Tier::parse(&row.get::<_, String>("tier")?).unwrap_or(Tier::B);
        let thread: i64 = row.get("thread_id")?;
        let told = all
            .entry(member)
            .or_insert_with(|| Told::begin(thread, tier));
        told.hear(burst, reason, (tier, row.get("error_radius_90")?), waits);
    }
    Ok(all)
}

/// How sure it is that the letter that a withdrawal takes back has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    Yes,
    /// An attempt has been made, and nobody knows yet.
    Perhaps,
    No,
}

/// Whether a member has had a letter of a thread by a revision before this one.
pub fn heard(conn: &Connection, member: i64, thread: i64, revision: i64) -> Result<Heard> {
    let sql = format!(
        "select max(coalesce({FATE}, 3)) from told
         where member_id = ?1 and thread_id = ?2 and revision < ?3 and reason <> 'withdrawn' and not kept",
    );
    let fate: Option<i64> = conn
        .prepare_cached(&sql)?
        .query_row([member, thread, revision], |row| row.get(0))?;
    Ok(match fate {
        Some(3) => Heard::Yes,
        Some(2) => Heard::Perhaps,
        _ => Heard::No,
    })
}

/// Of how many bursts a member was told in the 24 h before a change.
fn told_today(conn: &Connection, member: i64, tell: &Tell) -> Result<u32> {
    let sql = "select count(distinct thread_id) from told
               where member_id = ?1 and at > ?2 and reason <> 'withdrawn' and kept = ?3";
    let since = (tell.at - TimeDelta::days(1)).timestamp_micros();
    let kept = tell.letters == Letters::Kept;
    Ok(conn
        .prepare_cached(sql)?
        .query_row(params![member, since, kept], |row| row.get(0))?)
}

/// Whether this is a member still. Reads the accounts' table.
pub fn is_there(conn: &Connection, member: i64) -> Result<bool> {
    let sql = "select exists(select 1 from members where id = ?1)";
    Ok(conn
        .prepare_cached(sql)?
        .query_row([member], |row| row.get(0))?)
}

/// Moves a change on to the next members, or ends it where there are no more; false where somebody else has.
pub fn move_on(tx: &Tx, tell: &Tell, judged_to: Option<i64>) -> Result<bool> {
    let moved = match judged_to {
        Some(member) => tx
            .prepare_cached("update tells set judged_to = ?3 where id = ?1 and judged_to = ?2")?
            .execute([tell.id, tell.judged_to, member])?,
        None => tx
            .prepare_cached("delete from tells where id = ?1 and judged_to = ?2")?
            .execute([tell.id, tell.judged_to])?,
    };
    Ok(moved == 1)
}

/// Remembers that a member is told of a burst, in a letter whose parcels' keys begin with `letter`.
pub fn remember(
    tx: &Tx,
    tell: &Tell,
    member: i64,
    (burst, thread): (i64, i64),
    reason: Reason,
    (letter, due_at): (&str, DateTime<Utc>),
) -> Result<()> {
    tx.prepare_cached(
        "insert into told (member_id, burst_id, reason, revision, thread_id, tier, error_radius_90, at, due_at, letter, kept)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) on conflict do nothing",
    )?
    .execute(params![
        member,
        burst,
        reason.as_str(),
        tell.id,
        thread,
        tell.after.tier.letter(),
        tell.after.error_radius_90,
        tell.at.timestamp_micros(),
        due_at.timestamp_micros(),
        letter,
        tell.letters == Letters::Kept,
    ])?;
    Ok(())
}

/// The newest revision.
pub fn latest(conn: &Connection) -> Result<i64> {
    let sql = "select coalesce(max(seq), 0) from sqlite_sequence where name = 'tells'";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// What a replay told members as of `at` by revisions after `revision`. Reads the accounts' and the bursts' tables.
pub fn said(conn: &Connection, revision: i64, at: DateTime<Utc>) -> Result<Vec<Said>> {
    let mut select = conn.prepare_cached(
        "select full_name, min(burst_id) as burst_id, reason from told join members on members.id = member_id
         where revision > ?1 and at = ?2 and kept group by revision, member_id order by revision, member_id",
    )?;
    let rows = select.query_map(params![revision, at.timestamp_micros()], |row| {
        let reason: String = row.get("reason")?;
        Ok(Said {
            member: row.get("full_name")?,
            burst: row.get("burst_id")?,
            name: String::new(),
            reason: Reason::parse(&reason).unwrap_or(Reason::New),
        })
    })?;
    let mut said = rows.collect::<Result<Vec<_>, _>>()?;
    for line in &mut said {
        line.name = bursts::store::burst(conn, line.burst)?.name();
    }
    Ok(said)
}

/// Forgets what nobody will ask for again, and changes that were set aside as long ago.
pub fn forget_old(tx: &Tx, now: DateTime<Utc>) -> Result<()> {
    let old = (now - REMEMBERED).timestamp_micros();
    tx.execute("delete from told where at < ?1", [old])?;
    let aside = "delete from tells where tries >= ?1 and at < ?2";
    tx.execute(aside, [MOST_TRIES, old])?;
    Ok(())
}

fn time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}
