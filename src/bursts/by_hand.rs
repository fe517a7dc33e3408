//! What officers say of bursts beside the notices: that one is none, that two are one light in the sky; and that neither is so.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, params};

use super::model::{Burst, Withdrawal};
use super::rows::{self, SELECT};
use super::store::{self, Filed, MOST_LINKS, collect, file, link, linked_ids, save};
use crate::platform::{Error, Result, Tx};

/// No light was ever seen by two missions further apart; a number typed wrong usually is.
const APART: TimeDelta = TimeDelta::days(1);

/// Letters of a reason; it goes into mails.
const LONGEST: usize = 300;

/// As many are offered to be joined.
const OFFERED: usize = 20;

/// Withdraws a burst: no notice, earlier or later, makes it one again. [`Error::Invalid`] without a reason, for a self-test,
/// and where it is withdrawn already.
pub fn retract(tx: &Tx, now: DateTime<Utc>, id: i64, why: &str) -> Result<Filed> {
    let before = store::burst(tx, id)?;
    let why = reason(why)?;
    if before.test {
        return refused("it is a self-test, of which nobody is told");
    }
    if let Some(known) = before.withdrawn() {
        return refused(format!("it is withdrawn already: {}", known.why));
    }
    let why = format!("The club’s officers withdrew it: “{why}”.");
    spoken(tx, now, before, Some(Withdrawal { at: now, why }))
}

/// Takes that back: the burst is again what its notices say.
pub fn stand(tx: &Tx, now: DateTime<Utc>, id: i64) -> Result<Filed> {
    let before = store::burst(tx, id)?;
    match before.by_hand {
        Some(_) => spoken(tx, now, before, None),
        None => refused("no officer withdrew it; what its mission says stays"),
    }
}

fn spoken(tx: &Tx, now: DateTime<Utc>, before: Burst, word: Option<Withdrawal>) -> Result<Filed> {
    let mut after = before.clone();
    after.by_hand = word;
    after.updated_at = after.updated_at.max(now);
    let after = save(tx, after)?;
    file(tx, Some(before), after, Vec::new())
}

/// Says that two bursts are one light in the sky: from now on they share observations, names and each member's thread.
/// [`Error::Invalid`] where that cannot be.
pub fn merge(tx: &Tx, now: DateTime<Utc>, one: i64, other: i64) -> Result<Filed> {
    let (before, second) = (store::burst(tx, one)?, store::burst(tx, other)?);
    judge(tx, &before, &second)?;
    tx.execute(
        "insert into burst_links (burst_id, other_id, by_hand) values (?1, ?2, 1), (?2, ?1, 1)
         on conflict do update set by_hand = 1",
        [one, other],
    )?;
    joined(tx, now, before, &second)
}

/// Takes that back. Where time and place say by themselves that they are one, they stay linked.
pub fn part(tx: &Tx, now: DateTime<Utc>, one: i64, other: i64) -> Result<Filed> {
    let (before, second) = (store::burst(tx, one)?, store::burst(tx, other)?);
    let parted = tx.execute(
        "update burst_links set by_hand = 0 where by_hand and (burst_id, other_id) in (values (?1, ?2), (?2, ?1))",
        [one, other],
    )?;
    if parted == 0 {
        return refused("no officer joined the two; what time and place say stays");
    }
    link(tx, &before)?;
    joined(tx, now, before, &second)
}

fn joined(tx: &Tx, now: DateTime<Utc>, before: Burst, second: &Burst) -> Result<Filed> {
    let touch = |burst: &Burst| {
        let mut burst = burst.clone();
        burst.updated_at = burst.updated_at.max(now);
        save(tx, burst)
    };
    let (after, other) = (touch(&before)?, touch(second)?);
    file(tx, Some(before), after, vec![other.id])
}

fn judge(conn: &Connection, one: &Burst, other: &Burst) -> Result<()> {
    if one.id == other.id {
        return refused("it is the same burst");
    }
    if store::joined_by_hand(conn, one.id)?.contains(&other.id) {
        return refused("an officer has joined the two already");
    }
    if one.test || other.test {
        return refused("a self-test is no light in the sky");
    }
    if (one.sort_time() - other.sort_time()).abs() > APART {
        return refused("they are more than a day apart");
    }
    for burst in [one, other] {
        let known = linked_ids(conn, burst.id)?;
        let further =
            known.len() + usize::from(!known.contains(&other.id) && !known.contains(&one.id));
        if further > usize::from(MOST_LINKS) {
            return refused(format!(
                "{} is linked with {MOST_LINKS} already",
                burst.name()
            ));
        }
    }
    Ok(())
}

/// Those that could be joined to this one, the nearest in time first.
pub fn nearby(conn: &Connection, burst: &Burst) -> Result<Vec<Burst>> {
    let sql = format!(
        "select {SELECT} from bursts
         where sort_time between ?1 - ?2 and ?1 + ?2 and id <> ?3 and not test
           and id not in (select other_id from burst_links where burst_id = ?3)
         order by abs(sort_time - ?1), id limit {OFFERED}",
        SELECT = *SELECT
    );
    let values = params![
        burst.sort_time().timestamp_micros(),
        APART.num_microseconds(),
        burst.id
    ];
    collect(conn, &sql, values, rows::burst)
}

fn reason(why: &str) -> Result<String> {
    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
    let why = why.trim_end_matches('.');
    match why.chars().count() {
        0 => Err(Error::invalid(
            "why",
            "is needed: members read it in the letter",
        )),
        1..=LONGEST => Ok(why.to_owned()),
        _ => Err(Error::invalid(
            "why",
            format!("is longer than {LONGEST} letters"),
        )),
    }
}

fn refused<T>(why: impl Into<String>) -> Result<T> {
    Err(Error::invalid("burst", why))
}
