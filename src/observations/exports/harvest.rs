//! What there is to hand on of a burst: its observations that everybody sees, with all that the formats say of them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use crate::bursts::{self, Burst, model};
use crate::observations::{Observation, store, telling};
use crate::platform::{App, Result};

/// Julian date of 1970-01-01T00:00:00.
const JD_1970: f64 = 2_440_587.5;

const MICROS_PER_DAY: f64 = 86_400_000_000.0;

/// A burst and what was seen of it, the earliest first; never what is hidden.
#[derive(Debug, Clone)]
pub(super) struct Harvest {
    pub(super) burst: Burst,
    /// The one member whose observations these are; none: everybody's.
    pub(super) observer: Option<i64>,
    pub(super) observations: Vec<Observation>,
    /// The AAVSO's codes of those observers who have one, by member.
    pub(super) codes: BTreeMap<i64, String>,
    /// Numbers of the GCN Circulars about the burst that reached us, the earliest first.
    pub(super) circulars: Vec<u32>,
    pub(super) club: String,
    /// Where the desk is reached from outside.
    pub(super) base_url: String,
}

impl Harvest {
    /// Of one burst, by all members or by one of them.
    pub(super) async fn of(app: &App, burst: i64, observer: Option<i64>) -> Result<Self> {
        let (club, base_url) = (app.config.club_name.clone(), app.config.base_url());
        let read = move |conn: &Connection| {
            let burst = bursts::store::burst(conn, burst)?;
            let mut observations = store::shown(conn, burst.id)?;
            observations.retain(|one| observer.is_none_or(|member| one.member_id == member));
            let mut circulars: Vec<u32> = bursts::store::heard(conn, burst.id)?
                .iter()
                .filter_map(|heard| heard.circular_id)
                .collect();
            circulars.sort_unstable();
            circulars.dedup();
            let members = observations.iter().map(|one| one.member_id).collect();
            Ok(Self {
                codes: telling::aavso_codes(conn, &members)?,
                burst,
                observer,
                observations,
                circulars,
                club,
                base_url,
            })
        };
        app.db.read(read).await
    }

    /// The name that GCN gave the burst, its own or one lent by a link; not the mission's provisional one.
    pub(super) fn official_name(&self) -> Option<&str> {
        let names = [&self.burst.official_name, &self.burst.lent_name];
        let mut names = names.into_iter().filter_map(|name| name.as_deref());
        names.find(|name| model::is_official(name))
    }

    /// The burst's page.
    pub(super) fn page(&self) -> String {
        format!("{}/bursts/{}", self.base_url, self.burst.id)
    }

    /// How files about the burst begin: `grb-260825a`.
    pub(super) fn file_stem(&self) -> String {
        let name = self.burst.name().to_lowercase();
        let words = name.split(|c: char| !c.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        match words.is_empty() {
            true => format!("burst-{}", self.burst.id),
            false => words.join("-").chars().take(60).collect(),
        }
    }

    /// From the trigger to `at`, s; negative before it.
    pub(super) fn since_trigger(&self, at: DateTime<Utc>) -> Option<f64> {
        let trigger = self.burst.trigger_time?;
        Some((at - trigger).as_seconds_f64())
    }
}

/// Julian date (UTC) of an instant, to 40 µs, which is what a float holds.
#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds are exact up to the year 2255"
)]
pub(super) fn julian_date(at: DateTime<Utc>) -> f64 {
    at.timestamp_micros() as f64 / MICROS_PER_DAY + JD_1970
}
