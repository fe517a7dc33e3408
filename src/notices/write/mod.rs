//! Writes notices as GCN and the missions would send them: for the demo night, for drills, and to test the readers.

mod json;
mod text;
mod voevent;

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};

use super::links;
use super::model::{Format, Kind, Mission, Notice, Suppressed};

/// The notice as bytes of this format. Reading them gives the notice again, as far as the format carries it: texts
/// have no ivorn, JSON no packet type; angles are written to 1e-4 deg and times to 0.01 s.
pub fn write(notice: &Notice, format: Format) -> Vec<u8> {
    let text = match format {
        Format::Text if notice.circular.is_some() => text::circular(notice),
        Format::Json if notice.circular.is_some() => json::circular(notice).to_string(),
        Format::Voevent => voevent::write(notice),
        Format::Text => text::write(notice),
        Format::Json => json::notice(notice).to_string(),
        Format::Circular => json::circular(notice).to_string(),
    };
    text.into_bytes()
}

fn is_gbm(notice: &Notice) -> bool {
    notice.mission == Mission::Fermi && notice.instrument.as_deref() == Some("GBM")
}

/// Why the flags of the notice have to say that it is no news; what its class or kind says already needs no flag.
fn flagged(notice: &Notice) -> Option<Suppressed> {
    let told = match notice.suppressed? {
        Suppressed::LostLock | Suppressed::NotAGrb => false,
        Suppressed::KnownSource => {
            notice.kind == Kind::KnownSource || (is_gbm(notice) && notice.classification.is_some())
        }
        Suppressed::Particles | Suppressed::SolarFlare | Suppressed::TerrestrialFlash => true,
    };
    notice.suppressed.filter(|_| !told)
}

/// The links to write, in the fields that a format knows. The HEALPix address that follows from GBM's map is not.
fn linked<'a>(notice: &'a Notice, known: &[&str]) -> Vec<(&'static str, &'a str)> {
    let map = notice.links.get("map").filter(|_| is_gbm(notice));
    let derived = map.and_then(|map| links::gbm_healpix(map));
    let told = |link: &str, address: &str| link == "healpix" && derived.as_deref() == Some(address);
    let written = notice
        .links
        .iter()
        .filter(|(link, address)| !told(link, address));
    written
        .filter_map(|(link, address)| Some((links::field_of(link, known)?, address.as_str())))
        .collect()
}

/// Truncated Julian day and second of the day.
fn tjd(time: DateTime<Utc>) -> (i64, f64) {
    let zero = NaiveDate::from_ymd_opt(1968, 5, 24);
    let days = zero.map_or(0, |zero| {
        time.date_naive().signed_duration_since(zero).num_days()
    });
    let seconds = f64::from(time.num_seconds_from_midnight());
    (days, seconds + f64::from(time.nanosecond()) / 1e9)
}

/// `25/11/17`.
fn yymmdd(time: DateTime<Utc>) -> String {
    format!(
        "{:02}/{:02}/{:02}",
        time.year().rem_euclid(100),
        time.month(),
        time.day()
    )
}
