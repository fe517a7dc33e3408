//! Lists of bursts, filtered and paged by key.

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::model::{Burst, Tier};
use super::rows::{self, SELECT};
use crate::platform::Result;
use crate::platform::web::form::Faults;
use crate::platform::web::listing::{PageKey, filled};
use crate::sky::Equatorial;

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

/// Where a page ends that this burst is the last of: at its sorting time.
fn key(burst: &Burst) -> PageKey {
    PageKey {
        time: burst.sort_time().timestamp_micros(),
        id: burst.id,
    }
}

/// A cone as an address gives it: centre and radius in deg, which go together.
pub fn cone(faults: &mut Faults, ra: &str, dec: &str, radius: &str) -> Option<(Equatorial, f64)> {
    let given = [ra, dec, radius].into_iter().filter_map(filled).count();
    let ra = faults.within("ra", ra, -360.0..=360.0, "degrees");
    let dec = faults.within("dec", dec, -90.0..=90.0, "degrees");
    let radius = faults.within("radius", radius, 0.0..=180.0, "degrees");
    if given == 1 || given == 2 {
        faults.add("radius", "ra, dec and radius go together");
    }
    Some((Equatorial::new(ra?, dec?)?, radius?))
}

/// Up to `limit` bursts, newest trigger first, and the key of the next page where there is one.
pub fn list(
    conn: &Connection,
    wanted: &Wanted,
    limit: usize,
) -> Result<(Vec<Burst>, Option<PageKey>)> {
    let (conditions, values) = conditions(wanted);
    let sql = format!(
        "select {SELECT} from bursts where {conditions} order by sort_time desc, id desc",
        SELECT = *SELECT
    );
    let named: Vec<(&str, &dyn rusqlite::ToSql)> = values
        .iter()
        .map(|(name, value)| (*name, value as &dyn rusqlite::ToSql))
        .collect();
    let mut select = conn.prepare_cached(&sql)?;
    let mut rows = select.query(named.as_slice())?;
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
    let next = bursts.last().filter(|_| more).map(key);
    Ok((bursts, next))
}

/// Only what is asked for, so that SQLite finds the index that fits.
fn conditions(wanted: &Wanted) -> (String, Vec<(&'static str, Value)>) {
    let letter = wanted
        .tier
        .map(|tier| Value::from(tier.letter().to_owned()));
    let all: [(&str, &str, Option<Value>); 8] = [
        (
            "mission = :mission collate nocase",
            ":mission",
            wanted.mission.clone().map(Value::from),
        ),
        ("tier = :tier", ":tier", letter),
        (
            "sort_time >= :since",
            ":since",
            wanted.since.map(|time| time.timestamp_micros().into()),
        ),
        (
            "(ra is not null) = :located",
            ":located",
            wanted.has_position.map(Value::from),
        ),
        (
            "dec >= :south",
            ":south",
            wanted
                .cone
                .map(|(centre, radius)| (centre.dec - radius).into()),
        ),
        (
            "dec <= :north",
            ":north",
            wanted
                .cone
                .map(|(centre, radius)| (centre.dec + radius).into()),
        ),
        (
            "sort_time <= :time",
            ":time",
            wanted.after.map(|key| key.time.into()),
        ),
        (
            "(sort_time, id) < (:time, :id)",
            ":id",
            wanted.after.map(|key| key.id.into()),
        ),
    ];
    let asked: Vec<_> = all
        .into_iter()
        .filter_map(|(condition, name, value)| Some((condition, (name, value?))))
        .collect();
    let conditions: Vec<&str> = std::iter::once("true")
        .chain(asked.iter().map(|(condition, _)| *condition))
        .collect();
    (
        conditions.join(" and "),
        asked.into_iter().map(|(_, value)| value).collect(),
    )
}
