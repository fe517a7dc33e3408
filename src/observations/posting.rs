//! Observations posted, changed and taken away: who may, what is kept of it, and who hears of it.

use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;
use serde_json::json;

use super::input::{Around, Given};
use super::model::Observation;
use super::{history, input, news, store};
use crate::accounts::{Acting, Member, sites};
use crate::bursts;
use crate::platform::audit;
use crate::platform::{Actor, App, Error, Result, Tx};

/// The same from the same member within this time is one observation: a button pressed twice, a script that tries again, a form
/// sent again after a network that failed while its pictures were on their way.
const TWICE: TimeDelta = TimeDelta::hours(1);

/// An observation that this member, or a stranger, may see.
pub(super) fn visible(conn: &Connection, id: i64, member: Option<&Member>) -> Result<Observation> {
    let observation = store::one(conn, id)?;
    match observation.is_seen_by(member) {
        true => Ok(observation),
        false => Err(Error::NotFound("observation")),
    }
}

/// An observation that this member may change; one that they only see is refused.
pub(super) fn own(conn: &Connection, id: i64, member: &Member) -> Result<Observation> {
    let observation = visible(conn, id, Some(member))?;
    match observation.is_of(member) {
        true => Ok(observation),
        false => Err(Error::Forbidden(
            "this is somebody else’s observation; only they and the officers of the club may change it",
        )),
    }
}

/// What became of an observation that was posted.
pub(super) enum Added {
    New(Observation),
    /// The same member posted the very same a while ago.
    Already(Observation),
}

/// Keeps a new observation, unless the same is there already. The caller tells of it.
pub(super) fn add(tx: &Tx, now: DateTime<Utc>, new: &Observation) -> Result<Added> {
    if let Some(same) = store::same_since(tx, new, now - TWICE)? {
        return Ok(Added::Already(same));
    }
    let id = store::insert(tx, now, new)?;
    Ok(Added::New(store::one(tx, id)?))
}

/// `before` with what was given, checked.
pub(super) fn revised(
    conn: &Connection,
    now: DateTime<Utc>,
    given: &Given,
    before: &Observation,
) -> Result<Observation> {
    let burst = bursts::store::burst(conn, before.burst_id)?;
    let sites = sites::store::of_member(conn, before.member_id)?;
    let around = Around {
        burst: &burst,
        sites: &sites,
        now,
    };
    given.checked(before, &around).map_err(Error::Invalid)
}

/// Writes a change and keeps what was there before. What says the same as before changes nothing, and gives false. The caller tells of it.
/// [`Error::Invalid`] with field `revision` where `after` was made from an earlier revision than `before`.
pub(super) fn replace(
    tx: &Tx,
    now: DateTime<Utc>,
    (before, after): (&Observation, &Observation),
    by: &Member,
) -> Result<bool> {
    if before.says_the_same(after) {
        return Ok(false);
    }
    if before.revision != after.revision {
        return Err(Error::invalid(
            "revision",
            input::overtaken(before.revision),
        ));
    }
    history::keep(tx, now, before, by.id)?;
    overruled(tx, now, before, by, "observation.change")?;
    store::update(tx, now, after)?;
    Ok(true)
}

/// An observation as it is after a change, of which browsers hear where they may see it.
pub(super) fn changed(app: &App, tx: &Tx, now: DateTime<Utc>, id: i64) -> Result<Observation> {
    let changed = store::one(tx, id)?;
    news::changed(app, tx, now, &changed)?;
    Ok(changed)
}

/// Puts on record what an officer does to somebody else's observation.
pub(super) fn overruled(
    tx: &Tx,
    now: DateTime<Utc>,
    observation: &Observation,
    by: &Member,
    act: &'static str,
) -> Result<()> {
    match by.id == observation.member_id {
        true => Ok(()),
        false => audit::note(
            tx,
            now,
            &Actor::from(by),
            act,
            &observation.about(),
            &json!({ "burst": observation.burst_id }),
        ),
    }
}

/// An observation that is to be removed. What is somebody else's takes a proof that it is the officer who asks: a change can be
/// taken back from the history, a removal not.
pub(super) async fn to_remove(
    app: &App,
    id: i64,
    member: &Member,
    acting: Result<Acting, Response>,
) -> Result<Observation, Response> {
    let who = member.clone();
    let found = app.db.read(move |conn| own(conn, id, &who)).await;
    let found = found.map_err(IntoResponse::into_response)?;
    match found.member_id == member.id {
        true => Ok(found),
        false => acting.map(|_| found),
    }
}

/// Removes an observation for its owner or an officer, and tells of it, unless nobody saw it anyway.
pub(super) fn take_away(
    app: &App,
    tx: &Tx,
    now: DateTime<Utc>,
    gone: &Observation,
    by: &Member,
) -> Result<()> {
    overruled(tx, now, gone, by, "observation.delete")?;
    store::delete(tx, gone.id)?;
    match gone.hidden {
        Some(_) => Ok(()),
        None => news::gone(app, tx, now, gone),
    }
}
