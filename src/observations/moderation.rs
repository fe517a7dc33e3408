//! What is wrong or out of place: members report it, officers take it from sight.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::model::{Hidden, Observation};
use super::{news, store};
use crate::accounts::Member;
use crate::platform::audit::About;
use crate::platform::{App, Error, Result, Tx};

/// Reports on one page.
const MOST: i64 = 100;

/// That somebody finds an observation wrong.
#[derive(Debug, Clone)]
pub(super) struct Report {
    pub id: i64,
    pub observation: i64,
    pub observer: String,
    pub instrument: String,
    pub hidden: bool,
    /// Who reported it.
    pub by: String,
    pub why: String,
    pub at: DateTime<Utc>,
}

/// Keeps a report. Each member may report an observation once.
pub(super) fn report(
    tx: &Tx,
    now: DateTime<Utc>,
    observation: i64,
    member: &Member,
    why: &str,
) -> Result<()> {
    let kept = tx
        .prepare_cached("insert or ignore into observation_reports (observation_id, member_id, why, at) values (?1, ?2, ?3, ?4)")?
        .execute(params![observation, member.id, why, now.timestamp_micros()])?;
    match kept {
        0 => Err(Error::invalid(
            "why",
            "you have reported this one already; the officers have your words",
        )),
        _ => Ok(()),
    }
}

/// Whether a member has reported an observation.
pub(super) fn has_reported(conn: &Connection, observation: i64, member: i64) -> Result<bool> {
    let mut asked = conn.prepare_cached(
        "select 1 from observation_reports where observation_id = ?1 and member_id = ?2",
    )?;
    let found: Option<i64> = asked
        .query_row([observation, member], |row| row.get(0))
        .optional()?;
    Ok(found.is_some())
}

/// Reports that no officer has settled, the oldest first, up to a hundred. Names are read from `members`.
pub(super) fn open(conn: &Connection) -> Result<Vec<Report>> {
    let mut asked = conn.prepare_cached(
        "select r.id, r.observation_id, owner.full_name, o.instrument, o.hidden_at is not null, m.full_name, r.why, r.at
         from observation_reports r join observations o on o.id = r.observation_id
             join members owner on owner.id = o.member_id join members m on m.id = r.member_id
         where r.settled_at is null order by r.at, r.id limit ?1",
    )?;
    let rows = asked.query_map([MOST], |row| {
        Ok(Report {
            id: row.get(0)?,
            observation: row.get(1)?,

            observer: row.get(2)?,
            instrument: row.get(3)?,
            hidden: row.get(4)?,
            by: row.get(5)?,
            why: row.get(6)?,
            at: store::time(row.get(7)?),
        })
    })?;
    rows.collect::<Result<_, _>>().map_err(Error::from)
}

/// The observation that a report is about.
pub(super) fn about(conn: &Connection, report: i64) -> Result<About> {
    let sql = "select observation_id from observation_reports where id = ?1";
    let id = conn.query_row(sql, [report], |row| row.get(0))?;
    Ok(store::one(conn, id)?.about())
}

/// An officer has looked at it.
pub(super) fn settle(tx: &Tx, now: DateTime<Utc>, report: i64) -> Result<()> {
    let settled = tx
        .prepare_cached(
            "update observation_reports set settled_at = coalesce(settled_at, ?2) where id = ?1",
        )?
        .execute(params![report, now.timestamp_micros()])?;
    match settled {
        0 => Err(Error::NotFound("report")),
        _ => Ok(()),
    }
}

/// Takes an observation from sight, and says why; browsers hear that it is gone. One that is hidden gets the new reason.
pub(super) fn hide(
    app: &App,
    tx: &Tx,
    now: DateTime<Utc>,
    observation: &Observation,
    why: &str,
) -> Result<()> {
    let hidden = Hidden {
        at: now,
        why: why.to_owned(),
    };
    store::set_hidden(tx, observation.id, Some(&hidden))?;
    match observation.hidden {
        Some(_) => Ok(()),
        None => news::gone(app, tx, now, observation),
    }
}

/// Shows a hidden observation to everybody again; browsers hear of it.
pub(super) fn show(
    app: &App,
    tx: &Tx,
    now: DateTime<Utc>,
    observation: &Observation,
) -> Result<()> {
    if observation.hidden.is_none() {
        return Ok(());
    }
    store::set_hidden(tx, observation.id, None)?;
    news::changed(app, tx, now, &store::one(tx, observation.id)?)
}
