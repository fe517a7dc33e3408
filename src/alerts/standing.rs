//! What matters of a burst for the question who is told of it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::{sources, store};
use crate::bursts::model::POINTABLE;
use crate::bursts::{Burst, Tier, Verdict};
use crate::notices::{Class, Kind};
use crate::platform::Result;
use crate::sky::Equatorial;

/// The 90 % radius of a two-dimensional Gaussian, in its σ.
const SIGMAS_AT_90: f64 = 2.146;

/// How a burst stands. One seen by several missions is one: the group of all bursts that are linked to each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// The burst that changed.
    pub burst: i64,
    /// Of the group's bursts that stand, the one with the smallest error; the burst itself where none stands.
    pub best: i64,
    /// All of the group, this burst included.
    pub group: BTreeSet<i64>,
    /// Of these, the ones that were withdrawn.
    pub gone: BTreeSet<i64>,
    /// Of the bursts that stand.
    pub missions: BTreeSet<String>,
    pub state: State,
    /// Of `best`.
    pub tier: Tier,
    pub position: Option<Equatorial>,
    /// 90 %, systematics included, deg.
    pub error_radius_90: Option<f64>,
    /// Trigger time, else when it was first heard of; the earliest of the group.
    pub begun: DateTime<Utc>,
}

/// What it is to somebody who may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// A test, a gravitational wave, a neutrino, a known source, a spot that flares again.
    Never,
    /// A trigger of which nothing more is known yet.
    Waiting,
    /// The mission does not take it for a burst, or cannot tell.
    Doubtful,
    /// Recognised as a burst, with a position.
    Burst,
    Withdrawn,
}

impl Standing {
    /// How `burst`, which need not be the one in the database, stands beside those that it is linked to.
    pub fn of(conn: &Connection, burst: &Burst) -> Result<Self> {
        let others = store::group(conn, burst.id)?;
        let all = || others.iter().chain([burst]);
        let best = all().filter(|one| state(one) == State::Burst);
        let best = best.min_by(|a, b| radius(a).total_cmp(&radius(b)));
        let own = state(burst);
        let shown = best.filter(|_| own == State::Burst).unwrap_or(burst);
        let state = match own {
            State::Burst if repeats(conn, shown, all)? => State::Never,
            state => state,
        };
        let standing = all().filter(|one| self::state(one) == State::Burst);
        let withdrawn = all().filter(|one| self::state(one) == State::Withdrawn);
        Ok(Self {
            burst: burst.id,
            best: shown.id,
            group: all().map(|one| one.id).collect(),
            gone: withdrawn.map(|one| one.id).collect(),
            missions: standing.map(|one| one.mission.as_str().into()).collect(),
            state,
            tier: shown.tier(),
            position: shown.best.as_ref().map(|best| best.position),
            error_radius_90: shown.best.as_ref().and_then(|best| best.error_radius_90),
            begun: all()
                .map(Burst::sort_time)
                .min()
                .unwrap_or(burst.sort_time()),
        })
    }
}

/// What the desk knows of one burst by itself.
///
/// Fermi's class decides where there is one; a coded mask or a telescope needs none. A position made on board or by a
/// program without a class waits for one: only four of ten such triggers are bursts. Swift's quick look carries no flags
/// and waits for the position some seconds later, since three of ten have lost lock.
pub(super) fn state(burst: &Burst) -> State {
    match burst.verdict() {
        Verdict::Test | Verdict::Context => return State::Never,
        Verdict::Withdrawn(_) => return State::Withdrawn,
        Verdict::Unlikely(_) => return State::Doubtful,
        Verdict::Burst => {}
    }
    let Some(best) = burst
        .best
        .as_ref()
        .filter(|best| best.error_radius_90.is_some())
    else {
        return State::Waiting;
    };
    let class = burst.class.as_ref().map(|class| &class.what.most_likely);
    match (class, best.kind) {
        _ if burst.confirmed => State::Burst,
        (Some(Class::Grb), _) => State::Burst,
        (Some(_), _) => State::Doubtful,
        (None, Kind::Position | Kind::Update) => State::Burst,
        (None, _) => State::Waiting,
    }
}

fn radius(burst: &Burst) -> f64 {
    let best = burst.best.as_ref();
    best.and_then(|best| best.error_radius_90)
        .unwrap_or(f64::MAX)
}

/// True where it lies on a source that is known, or on a spot that fired within the last 60 days. Wide regions hold too
/// many of both to tell.
fn repeats<'a, I: Iterator<Item = &'a Burst>>(
    conn: &Connection,
    burst: &Burst,
    group: impl Fn() -> I,
) -> Result<bool> {
    let Some(best) = &burst.best else {
        return Ok(false);
    };
    let radius = radius(burst);
    if radius > POINTABLE {
        return Ok(false);
    }
    if sources::known(best.position, 3.0 * radius / SIGMAS_AT_90).is_some() {
        return Ok(true);
    }
    let earlier = store::fired_before(conn, burst.sort_time(), best.position.dec)?;
    Ok(earlier.iter().any(|spot| {
        let apart = spot.position.separation(best.position);
        let allowed = 3.0 * radius.hypot(spot.radius) / SIGMAS_AT_90;
        apart <= allowed && group().all(|one| one.id != spot.burst)
    }))
}
