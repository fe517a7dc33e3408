//! Who follows which burst, and each observer's own choices, in the database.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, named_params, params};

use crate::bursts::store::SAME;
use crate::observations::{Observation, store};
use crate::platform::{Result, Tx};

/// Most followers of a burst who are told of an observation.
pub(super) const MOST: i64 = 1000;

/// A member as an observer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Observer {
    pub(super) aavso_code: Option<String>,
    /// Hears of observations of the bursts that are observed or followed.
    pub(super) told: bool,
}

/// Who hears of observations of burst `:burst`: followers of it or, unless they want to hear no more of this one, of the same
/// burst as another mission saw it; `which` of the followers `f`. Reads `members`, and the bursts' links.
fn hearers(which: &str) -> String {
    format!(
        "from members m left join observers o on o.member_id = m.id
         where m.id in (select f.member_id from follows f where f.follows = 1 and f.burst_id in {SAME} {which})
             and m.id not in (select member_id from follows where follows = 0 and burst_id = :burst)
             and m.confirmed_at is not null and m.disabled_at is null and coalesce(o.tell, 'followed') <> 'none'"
    )
}

/// The members who hear of an observation of a burst and have no letter ordered that gathers until then, but for who made it: at
/// most [`MOST`], who has been here longest first.
pub(super) fn without_letter(
    conn: &Connection,
    burst: i64,
    observer: i64,
    until: DateTime<Utc>,
) -> Result<Vec<i64>> {
    let sql = format!(
        "select m.id {} order by m.id limit :most",
        hearers(
            "and f.member_id <> :observer
             and not exists (select 1 from gathering g where g.member_id = f.member_id and g.burst_id = :burst and g.until = :until)"
        )
    );
    let mut select = conn.prepare_cached(&sql)?;
    let asked = named_params! { ":burst": burst, ":observer": observer, ":until": until.timestamp_micros(), ":most": MOST };
    let found = select.query_map(asked, |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// A letter to this member is ordered; what is posted of the burst until then goes into it.
pub(super) fn gather(tx: &Tx, member: i64, burst: i64, until: DateTime<Utc>) -> Result<()> {
    let sql = "insert into gathering (member_id, burst_id, until) values (?1, ?2, ?3)
               on conflict (member_id, burst_id) do update set until = excluded.until";
    tx.prepare_cached(sql)?
        .execute(params![member, burst, until.timestamp_micros()])?;
    Ok(())
}

/// Forgets which letters gathered.
pub(super) fn forget_gathered(tx: &Tx, now: DateTime<Utc>) -> Result<()> {
    tx.prepare_cached("delete from gathering where until < ?1")?
        .execute([now.timestamp_micros()])?;
    Ok(())
}

/// Whether this member still hears of observations of a burst.
pub(super) fn hears(conn: &Connection, member: i64, burst: i64) -> Result<bool> {
    let sql = format!(
        "select exists(select 1 {})",
        hearers("and f.member_id = :member")
    );
    let asked = named_params! { ":burst": burst, ":member": member };
    Ok(conn
        .prepare_cached(&sql)?
        .query_row(asked, |row| row.get(0))?)
}

/// The member follows a burst, unless there was a word on it before.
pub(super) fn begin(tx: &Tx, now: DateTime<Utc>, member: i64, burst: i64) -> Result<()> {
    let sql = "insert into follows (member_id, burst_id, follows, at) values (?1, ?2, 1, ?3) on conflict do nothing";
    tx.prepare_cached(sql)?
        .execute(params![member, burst, now.timestamp_micros()])?;
    Ok(())
}

/// The member follows a burst from now on, or does no longer.
pub(super) fn follow(
    tx: &Tx,
    now: DateTime<Utc>,
    member: i64,
    burst: i64,
    follows: bool,
) -> Result<()> {
    let sql = "insert into follows (member_id, burst_id, follows, at) values (?1, ?2, ?3, ?4)
               on conflict (member_id, burst_id) do update set follows = excluded.follows, at = excluded.at where follows <> excluded.follows";
    tx.prepare_cached(sql)?
        .execute(params![member, burst, follows, now.timestamp_micros()])?;
    Ok(())
}

/// Whether the member follows a burst, by choice or by having observed it.
pub fn follows(conn: &Connection, member: i64, burst: i64) -> Result<bool> {
    let sql = "select exists(select 1 from follows where member_id = ?1 and burst_id = ?2 and follows = 1)";
    Ok(conn
        .prepare_cached(sql)?
        .query_row([member, burst], |row| row.get(0))?)
}

/// What a letter is about: observations of others from number `from` on that were posted before `until` and that everybody sees,
/// the earliest first. By number, since of two that are posted at once the earlier made may be kept later.
pub(super) fn news(
    conn: &Connection,
    burst: i64,
    reader: i64,
    (from, until): (i64, DateTime<Utc>),
) -> Result<Vec<Observation>> {
    let new = "where o.burst_id = ?1 and o.member_id <> ?2 and o.id >= ?3 and o.created_at < ?4 and o.hidden_at is null
               order by o.observed_at, o.id";
    store::select(
        conn,
        new,
        params![burst, reader, from, until.timestamp_micros()],
    )
}

/// The burst as which the member first heard of this one by letter, else the burst itself. Reads the alerts' `told`.
pub(super) fn thread(conn: &Connection, member: i64, burst: i64) -> Result<i64> {
    let sql = "select thread_id from told where member_id = ?1 and burst_id = ?2 and not kept order by revision limit 1";
    let found = conn
        .prepare_cached(sql)?
        .query_row([member, burst], |row| row.get(0));
    Ok(found.optional()?.unwrap_or(burst))
}

/// The AAVSO's codes of those of these members who have entered one.
pub(in crate::observations) fn aavso_codes(
    conn: &Connection,
    members: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, String>> {
    let mut codes = BTreeMap::new();
    for member in members {
        if let Some(code) = observer(conn, *member)?.aavso_code {
            codes.insert(*member, code);
        }
    }
    Ok(codes)
}

/// The member's choices; as usual where none have been made.
pub(super) fn observer(conn: &Connection, member: i64) -> Result<Observer> {
    let sql = "select aavso_code, tell from observers where member_id = ?1";
    let found = conn.prepare_cached(sql)?.query_row([member], |row| {
        let tell: String = row.get(1)?;
        Ok(Observer {
            aavso_code: row.get(0)?,
            told: tell != "none",
        })
    });
    Ok(found.optional()?.unwrap_or(Observer {
        aavso_code: None,
        told: true,
    }))
}

/// Keeps the member's choices.
pub(super) fn save(tx: &Tx, member: i64, chosen: &Observer) -> Result<()> {
    let tell = if chosen.told { "followed" } else { "none" };
    tx.prepare_cached(
        "insert into observers (member_id, aavso_code, tell) values (?1, ?2, ?3)
         on conflict (member_id) do update set aavso_code = excluded.aavso_code, tell = excluded.tell",
    )?
    .execute(params![member, chosen.aavso_code, tell])?;
    Ok(())
}
