//! Notices to measure with: real ones where they lie beside the repository, made into many; else written ones.

use std::path::Path;
use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use grb_app::notices::{
    Class, Classification, Format, Kind, Localization, Mission, Notice, Role, read, write,
};
use grb_app::platform::Clock;
use grb_app::sky::Equatorial;
use regex::{Captures, Regex};

static START: LazyLock<DateTime<Utc>> = LazyLock::new(|| "2026-11-20T22:00:00Z".parse().unwrap());
static DAY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b((?:19|20)\d\d-\d\d-\d\d)T").unwrap());
static JULIAN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(_TJD"[^>]*?value=")(\d+)""#).unwrap());

/// GBM's position made on board, as it comes.
pub(crate) fn gbm_flight(trigger: u32, minutes: i64) -> Notice {
    let mut notice = Notice::new(Format::Voevent, Mission::Fermi, Kind::Flight);
    notice.instrument = Some("GBM".into());
    notice.packet_type = Some(111);
    notice.role = Role::Observation;
    notice.trigger_id = Some(trigger.to_string());
    notice.trigger_time = Some(*START + TimeDelta::minutes(minutes));
    notice.notice_time = Some(*START + TimeDelta::minutes(minutes) + TimeDelta::seconds(27));
    notice.ivorn = Some(format!(
        "ivo://nasa.gsfc.gcn/Fermi#GBM_Flt_Pos_{trigger}_{minutes}"
    ));
    let (ra, dec) = (f64::from(trigger % 360), f64::from(trigger % 170) - 85.0);
    notice.localization = Some(Localization {
        position: Equatorial::new(ra, dec).unwrap(),
        error_radius: Some(7.4),
        error_radius_90: None,
    });
    notice.classification = Some(Classification {
        most_likely: Class::Grb,
        probability: Some(0.87),
    });
    let details = [("Significance", "7.1 σ"), ("Timescale", "0.128 s")];
    notice.details = details
        .map(|(label, value)| (label.into(), value.into()))
        .into();
    notice.links.insert("light_curve".into(), format!("http://heasarc.gsfc.nasa.gov/FTP/fermi/data/gbm/triggers/bn{trigger}/quicklook/glg_lc_medres34_bn{trigger}.gif"));
    notice
}

/// The same of a burst of a moment ago: nobody can point at so wide a place, and everybody is told of it.
pub(crate) fn wide_now(trigger: u32) -> Notice {
    let now = Clock::system().now();
    gbm_flight(trigger, (now - *START).num_minutes() - 1)
}

/// A burst of a moment ago as Swift's BAT places it: half of the Earth can point at it in this night or the next.
pub(crate) fn small_now(trigger: u32) -> Notice {
    let like = wide_now(trigger);
    let mut notice = Notice::new(Format::Voevent, Mission::Swift, Kind::Position);
    notice.instrument = Some("BAT".into());
    notice.packet_type = Some(61);
    notice.role = Role::Observation;
    notice.ivorn = Some(format!("ivo://nasa.gsfc.gcn/SWIFT#BAT_GRB_Pos_{trigger}"));
    notice.trigger_time = like.trigger_time;
    notice.notice_time = like.notice_time;
    notice.trigger_id = like.trigger_id;
    notice.localization = like.localization.map(|place| Localization {
        error_radius: Some(0.05),
        ..place
    });
    notice
}

/// The real VOEvents beside the repository that can be read.
pub(crate) fn real() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/notices/voevent");
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .filter(|body| read(body).is_ok())
        .collect()
}

/// `count` notices, all different, about many bursts: real ones varied in trigger, name and day, or written ones.
pub(crate) fn many(count: usize) -> Vec<Vec<u8>> {
    let real: Vec<(String, Notice)> = real()
        .into_iter()
        .filter_map(|body| Some((String::from_utf8(body.clone()).ok()?, read(&body).ok()?)))
        .collect();
    if real.is_empty() {
        let count = u32::try_from(count).unwrap();
        return (0..count)
            .map(|n| {
                write(
                    &gbm_flight(700_000_000 + n / 4, i64::from(n / 4 * 30 + n % 4)),
                    Format::Voevent,
                )
            })
            .collect();
    }
    (0..count)
        .map(|n| varied(&real[n % real.len()], n / real.len()).into_bytes())
        .collect()
}

/// The notice as if it had happened `round` days later to another burst.
fn varied((body, notice): &(String, Notice), round: usize) -> String {
    let mut body = body.clone();
    if let Some(id) = notice.trigger_id.as_ref().filter(|id| id.len() > 3) {
        body = body.replace(id.as_str(), &format!("{id}{round:03}"));
    }
    if let Some(ivorn) = &notice.ivorn {
        body = body.replace(&format!("\"{ivorn}\""), &format!("\"{ivorn}.{round}\""));
    }
    let later = TimeDelta::days(round as i64);
    let body = DAY.replace_all(&body, |found: &Captures<'_>| {
        match found[1].parse::<chrono::NaiveDate>() {
            Ok(day) => format!("{}T", day + later),
            Err(_) => found[0].to_owned(),
        }
    });
    let julian = |found: &Captures<'_>| {
        format!(
            "{}{}\"",
            &found[1],
            found[2].parse::<usize>().unwrap() + round
        )
    };
    format!("{}<!-- {round} -->", JULIAN.replace_all(&body, julian))
}
