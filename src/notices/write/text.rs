//! Writes classic text notices.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike, Utc};

use super::{flagged, is_gbm, linked, tjd, yymmdd};
use crate::notices::model::{Class, Kind, Localization, Mission, Notice, Suppressed};
use crate::notices::{classes, facts, packets};

pub(super) fn write(notice: &Notice) -> String {
    let mut text = String::with_capacity(2000);
    let number = packets::number_for(notice);
    let title = number
        .and_then(packets::packet)
        .map_or("Unknown", |p| p.title);
    let house = match &notice.mission {
        Mission::IceCube | Mission::Amon | Mission::Hawc => "AMON".to_owned(),
        mission => mission.as_str().to_uppercase(),
    };
    field(&mut text, "TITLE", &format!("GCN/{house} NOTICE"));
    if let Some(time) = notice.notice_time {
        field(
            &mut text,
            "NOTICE_DATE",
            &time.format("%a %d %b %y %H:%M:%S UT").to_string(),
        );
    }
    field(&mut text, "NOTICE_TYPE", title);
    identify(&mut text, notice);
    let prefix = prefix(notice);
    if let Some(place) = &notice.localization {
        position(&mut text, notice, place, prefix);
    }
    if let Some(time) = notice.trigger_time {
        clock(&mut text, notice, time, prefix);
    }
    for (label, shown) in &notice.details {
        detail(&mut text, (label, shown), number);
    }
    classify(&mut text, notice);
    for (key, address) in linked(notice, &["LC_URL", "LOC_URL", "HEALPIX_URL"]) {
        field(&mut text, key, address);
    }
    comments(&mut text, notice);
    text
}

/// A circular as it is mailed.
pub(super) fn circular(notice: &Notice) -> String {
    let Some(circular) = &notice.circular else {
        return String::new();
    };
    let mut text = "TITLE:   GCN CIRCULAR\n".to_owned();
    let date = notice
        .notice_time
        .map(|t| t.format("%y/%m/%d %H:%M:%S GMT").to_string());
    let heads = [
        ("NUMBER:", circular.id.map(|id| id.to_string())),
        ("SUBJECT:", Some(circular.subject.clone())),
        ("DATE:", date),
        ("FROM:", circular.submitter.clone()),
    ];
    for (key, value) in heads {
        if let Some(value) = value {
            let _ = writeln!(text, "{key:<9}{value}");
        }
    }
    text + "\n" + &circular.body
}

fn field(text: &mut String, key: &str, value: &str) {
    let value = value.replace(['\r', '\n'], " ");
    let _ = writeln!(text, "{:<17}{value}", format!("{key}:"));
}

fn prefix(notice: &Notice) -> &'static str {
    match (&notice.mission, notice.kind) {
        (Mission::IceCube | Mission::Amon | Mission::Hawc, _)
        | (Mission::Maxi, Kind::KnownSource) => "SRC",
        (Mission::Maxi, _) => "EVENT",
        _ => "GRB",
    }
}

fn identify(text: &mut String, notice: &Notice) {
    let instrument = notice.instrument.as_deref().unwrap_or_default();
    if let (Mission::Gecam, Some(letter)) = (&notice.mission, instrument.strip_prefix("GECAM-")) {
        field(text, "MISSION", letter);
    }
    let Some(id) = notice.trigger_id.as_deref() else {
        return;
    };
    match (&notice.mission, id.split_once('_')) {
        (Mission::IceCube, Some((run, event))) => {
            field(text, "RUN_NUM", run);
            field(text, "EVENT_NUM", event);
        }
        (Mission::IceCube | Mission::Amon, None) => field(text, "EVENT_NUM", id),
        (Mission::Maxi, _) => field(text, &format!("{}_ID_NUM", prefix(notice)), id),
        (Mission::Swift, _) => field(text, "TRIGGER_NUM", &format!("{id},   Seg_Num: 0")),
        _ => field(text, "TRIGGER_NUM", id),
    }
}

fn position(text: &mut String, notice: &Notice, place: &Localization, prefix: &str) {
    let (ra, dec) = (place.position.ra, place.position.dec);
    let hours = sexagesimal(ra / 15.0, 'h', "m", "s");
    let degrees = sexagesimal(dec.abs(), 'd', "'", "\"");
    let sign = if dec < 0.0 { '-' } else { '+' };
    field(
        text,
        &format!("{prefix}_RA"),
        &format!("{ra:.4}d {{+{hours}}} (J2000)"),
    );
    field(
        text,
        &format!("{prefix}_DEC"),
        &format!("{dec:+.4}d {{{sign}{degrees}}} (J2000)"),
    );
    if let Some(radius) = place.error_radius {
        field(text, &format!("{prefix}_ERROR"), &error(notice, radius));
    }
}

fn sexagesimal(whole: f64, unit: char, minute: &str, second: &str) -> String {
    let first = whole.trunc();
    let minutes = (whole - first) * 60.0;
    let seconds = (minutes - minutes.trunc()) * 60.0;
    format!(
        "{first:02}{unit} {:02}{minute} {:02}{second}",
        minutes.trunc(),
        seconds.trunc()
    )
}

fn error(notice: &Notice, radius: f64) -> String {
    let both = "radius, statistical plus systematic";
    match (&notice.mission, notice.instrument.as_deref()) {
        (Mission::Fermi, Some("GBM")) if notice.kind == Kind::Flight => {
            format!("{radius:.4} [deg {both}]")
        }
        (Mission::Fermi, _) => format!("{radius:.4} [deg radius, statistical only]"),
        (Mission::Swift, Some("XRT" | "UVOT")) => format!("{:.2} [arcsec {both}]", radius * 3600.0),
        (Mission::Swift, _) => format!("{:.3} [arcmin radius, statistical only]", radius * 60.0),
        (Mission::Integral, _) => {
            format!("{:.3} [arcmin, radius, statistical only]", radius * 60.0)
        }
        (Mission::IceCube | Mission::Hawc, _) => {
            format!(
                "{:.3} [arcmin radius, stat-only, 90% containment]",
                radius * 60.0
            )
        }
        _ => format!("{radius:.4} [deg radius, statistical only]"),
    }
}

fn clock(text: &mut String, notice: &Notice, time: DateTime<Utc>, prefix: &str) {
    let (days, seconds) = tjd(time);
    let names = match (prefix, &notice.mission) {
        ("SRC", Mission::Maxi) | ("EVENT" | "GRB", _) => {
            (format!("{prefix}_DATE"), format!("{prefix}_TIME"))
        }
        _ => ("DISCOVERY_DATE".to_owned(), "DISCOVERY_TIME".to_owned()),
    };
    let date = format!("{days} TJD;   {} DOY;   {}", time.ordinal(), yymmdd(time));
    field(text, &names.0, &date);
    let hms = time.format("%H:%M:%S%.3f").to_string();
    let hms = &hms[..hms.len() - 1];
    field(text, &names.1, &format!("{seconds:.2} SOD {{{hms}}} UT"));
}

fn detail(text: &mut String, (label, shown): (&str, &str), packet: Option<u16>) {
    let fact = facts::of_label(facts::TEXT, (label, shown), packet);
    let Some((fact, (raw, _))) = fact.and_then(|fact| Some((fact, fact.raw(shown)?))) else {
        return;
    };
    let value = match fact.field {
        "DETECTORS" => {
            facts::flags(&raw).map(|flags| flags.map(|on| if on { "1," } else { "0," }).concat())
        }
        "2nd_MOST_LIKELY" => raw.rsplit_once(", ").map(|(class, percent)| {
            let class = Class::parse(class);
            format!(
                "{}%  {}",
                percent.trim_end_matches(" %"),
                classes::title(&class)
            )
        }),
        "E_RANGE" => {
            let band = raw.trim_end_matches(" keV").replace('–', "-");
            Some(format!("3-4 [chan]   {band} [keV]"))
        }
        _ => Some(with_unit(&raw, fact.unit)),
    };
    if let Some(value) = value {
        field(text, fact.field, &value);
    }
}

fn with_unit(raw: &str, unit: &str) -> String {
    let unit = match unit {
        "" => return raw.to_owned(),
        "σ" => "sigma",
        "s" => "sec",
        "counts" => "cnts",
        "counts/s" => "cnts/sec",
        "erg/cm²/s" => "erg/cm2/sec",
        "a year" => "yr^-1",
        "°" => "deg",
        unit => unit,
    };
    format!("{raw} [{unit}]")
}

fn classify(text: &mut String, notice: &Notice) {
    let Some(class) = &notice.classification else {
        return;
    };
    let title = classes::title(&class.most_likely);
    if is_gbm(notice) {
        let percent = class.probability.map(|p| format!("{:.0}", p * 100.0));
        field(
            text,
            "MOST_LIKELY",
            &format!("{:>3}%  {title}", percent.unwrap_or_default()),
        );
    } else if notice.mission == Mission::Gecam {
        field(text, "SRC_CLASS", title);
    }
}

fn comments(text: &mut String, notice: &Notice) {
    let comment = match flagged(notice) {
        Some(Suppressed::LostLock) => "The StarTracker had lost lock at the time of this trigger.",
        Some(Suppressed::NotAGrb) => "This is not a GRB.",
        Some(Suppressed::KnownSource) => "This matches a source in the ground catalog.",
        _ if notice.kind == Kind::Retraction => "This is a retraction of the earlier notice.",
        _ if notice.test => "This is a TEST notice.",
        _ => return,
    };
    field(text, "COMMENTS", comment);
}
