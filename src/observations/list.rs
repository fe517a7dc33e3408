//! Lists of observations, searched and paged by key.

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::model::Observation;
use super::store;
use crate::bursts::store::SAME;
use crate::platform::Result;
use crate::platform::web::listing::PageKey;
use crate::sky::Equatorial;

/// Words of a search that are looked for; more are left out.
const MOST_WORDS: usize = 6;

/// Which observations to list. Everything that everybody sees, unless a field says otherwise.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    /// Every word is somewhere in observer, site, instrument, filter, comparison stars, notes, or the burst's names.
    pub text: Option<String>,
    /// A burst, and the same one as other missions saw it.
    pub burst: Option<i64>,
    /// Id of the observer.
    pub observer: Option<i64>,
    /// Exposures that began at or after this.
    pub from: Option<DateTime<Utc>>,
    /// Exposures that began before this.
    pub to: Option<DateTime<Utc>>,
    /// Magnitude, or without one the limit, at least and at most.
    pub brightest: Option<f64>,
    pub faintest: Option<f64>,
    /// A part of the instrument's name.
    pub instrument: Option<String>,
    /// A code of [`super::filters`], or what a member wrote.
    pub filter: Option<String>,
    /// Centre and radius in deg.
    pub cone: Option<(Equatorial, f64)>,
    /// Hidden ones too: of this member, or with `officer` of everybody.
    pub member: Option<i64>,
    pub officer: bool,
    /// Only those before the one with this key.
    pub after: Option<PageKey>,
}

/// Where a page ends that this observation is the last of: at the start of its exposure.
fn key(observation: &Observation) -> PageKey {
    PageKey {
        time: observation.start.timestamp_micros(),
        id: observation.id,
    }
}

/// Up to `limit` observations, the latest exposure first, and the key of the next page where there is one.
pub(super) fn list(
    conn: &Connection,
    wanted: &Wanted,
    limit: usize,
) -> Result<(Vec<Observation>, Option<PageKey>)> {
    let (conditions, values) = conditions(wanted);
    let which = format!("where {conditions} order by o.observed_at desc, o.id desc");
    let inside = |observation: &Observation| {
        wanted
            .cone
            .is_none_or(|(centre, radius)| observation.position.separation(centre) <= radius)
    };
    let named: Vec<(&str, &dyn rusqlite::ToSql)> = values
        .iter()
        .map(|(name, value)| (name.as_str(), value as &dyn rusqlite::ToSql))
        .collect();
    let mut found = store::select_first(conn, &which, named.as_slice(), limit + 1, inside)?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(key);
    Ok((found, next))
}

/// What a word may be part of; the burst's names are read from `bursts`.
const WORDS: &str = "m.full_name || ' ' || o.instrument || ' ' || coalesce(o.site, '') || ' ' || coalesce(o.filter, '') || ' ' || coalesce(o.comparison_stars, '') || ' '
     || coalesce(o.notes, '') || ' ' || (select coalesce(b.official_name, '') || ' ' || coalesce(b.mission_name, '') || ' ' || coalesce(b.trigger_id, '') from bursts b where b.id = o.burst_id)";

/// Only what is asked for, so that SQLite finds the index that fits.
fn conditions(wanted: &Wanted) -> (String, Vec<(String, Value)>) {
    let time = |time: DateTime<Utc>| Value::from(time.timestamp_micros());
    let dec = |sign: f64| {
        wanted
            .cone
            .map(|(centre, radius)| (centre.dec + sign * radius).into())
    };
    let brightness = "coalesce(o.magnitude, o.limiting_magnitude)";
    let fixed: [(String, &str, Option<Value>); 12] = [
        (
            format!("o.burst_id in {SAME}"),
            ":burst",
            wanted.burst.map(Value::from),
        ),
        (
            "o.member_id = :observer".into(),
            ":observer",
            wanted.observer.map(Value::from),
        ),
        (
            "o.observed_at >= :from".into(),
            ":from",
            wanted.from.map(time),
        ),
        ("o.observed_at < :to".into(), ":to", wanted.to.map(time)),
        (
            format!("{brightness} >= :brightest"),
            ":brightest",
            wanted.brightest.map(Value::from),
        ),
        (
            format!("{brightness} <= :faintest"),
            ":faintest",
            wanted.faintest.map(Value::from),
        ),
        (
            r"o.instrument like :instrument escape '\'".into(),
            ":instrument",
            wanted.instrument.as_deref().map(part),
        ),
        (
            "o.filter = :filter".into(),
            ":filter",
            wanted.filter.clone().map(Value::from),
        ),
        ("o.dec >= :south".into(), ":south", dec(-1.0)),
        ("o.dec <= :north".into(), ":north", dec(1.0)),
        (
            "o.observed_at <= :time".into(),
            ":time",
            wanted.after.map(|key| key.time.into()),
        ),
        (
            "(o.observed_at, o.id) < (:time, :id)".into(),
            ":id",
            wanted.after.map(|key| key.id.into()),
        ),
    ];
    let mut conditions = vec!["true".to_owned()];
    let mut values = Vec::new();
    for (condition, name, value) in fixed {
        if let Some(value) = value {
            conditions.push(condition);
            values.push((name.to_owned(), value));
        }
    }
    let words = wanted.text.iter().flat_map(|text| text.split_whitespace());
    for (index, word) in words.take(MOST_WORDS).enumerate() {
        conditions.push(format!(r"({WORDS}) like :word{index} escape '\'"));
        values.push((format!(":word{index}"), part(word)));
    }
    match (wanted.officer, wanted.member) {
        (true, _) => {}
        (false, None) => conditions.push("o.hidden_at is null".into()),
        (false, Some(member)) => {
            conditions.push("(o.hidden_at is null or o.member_id = :member)".into());
            values.push((":member".into(), member.into()));
        }
    }
    (conditions.join(" and "), values)
}

/// A pattern for text that holds this part.
fn part(text: &str) -> Value {
    let plain = text
        .replace('\\', r"\\")
        .replace('%', r"\%")
        .replace('_', r"\_");
    format!("%{plain}%").into()
}
