//! Reads the gravitational-wave alerts of `igwn.gwalert`.

use serde_json::{Map, Value};

use super::{plain, probabilities, text};
use crate::notices::model::{Format, Kind, Mission, Notice, Role};
use crate::notices::{classes, facts, links, rules, skymap, times};

/// The packet type whose parameters mean the same as the fields here.
const LIKE_PACKET: Option<u16> = Some(150);

/// An alert of any stage; a retraction has no event.
pub(super) fn notice(fields: &Map<String, Value>) -> Notice {
    let stage = text(fields, "alert_type").unwrap_or_default();
    let retracted = stage.eq_ignore_ascii_case("retraction");
    let kind = if retracted {
        Kind::Retraction
    } else {
        Kind::GravitationalWave
    };
    let mut notice = Notice::new(Format::Json, Mission::Lvk, kind);
    notice.trigger_id = text(fields, "superevent_id").map(str::to_owned);
    notice.notice_time = text(fields, "time_created").and_then(times::iso);
    let urls = fields.get("urls").and_then(Value::as_object);
    for (key, address) in urls.into_iter().flatten() {
        if let (Some(link), Some(address)) = (links::link_of(key), address.as_str()) {
            links::keep(&mut notice.links, link, address);
        }
    }
    tell(&mut notice, "AlertType", &titled(stage));
    let mock = match fields.get("event").and_then(Value::as_object) {
        Some(event) => observed(event, &mut notice),
        None => false,
    };
    if let Some(coincident) = fields.get("external_coinc").and_then(Value::as_object) {
        tell(
            &mut notice,
            "External_Observatory",
            text(coincident, "observatory").unwrap_or_default(),
        );
    }
    if mock {
        notice.role = Role::Test;
    }
    rules::settle(&mut notice, mock);
    notice
}

/// Fills in what the event says; true where it belongs to a mock data challenge.
fn observed(event: &Map<String, Value>, notice: &mut Notice) -> bool {
    notice.trigger_time = text(event, "time").and_then(times::iso);
    let significant = match event.get("significant") {
        Some(Value::Bool(true)) => "1",
        Some(Value::Bool(false)) => "0",
        _ => "",
    };
    tell(notice, "Significant", significant);
    let instruments = event.get("instruments").and_then(Value::as_array);
    let instruments: Vec<String> = instruments
        .into_iter()
        .flatten()
        .filter_map(plain)
        .collect();
    tell(notice, "Instruments", &instruments.join(","));
    tell(
        notice,
        "FAR",
        &event.get("far").and_then(plain).unwrap_or_default(),
    );
    tell(notice, "Group", text(event, "group").unwrap_or_default());
    let properties = event.get("properties").and_then(Value::as_object);
    for key in ["HasNS", "HasRemnant"] {
        let probability = properties.and_then(|p| p.get(key)).and_then(plain);
        tell(notice, key, &probability.unwrap_or_default());
    }
    let map = event.get("skymap").and_then(Value::as_str);
    if let Some((distance, error)) = map.and_then(skymap::distance) {
        let shown = format!("{distance:.0} ± {error:.0} Mpc");
        notice.details.push(("Distance".to_owned(), shown));
    }
    let found = event.get("classification").and_then(Value::as_object);
    let found = found.map(probabilities).unwrap_or_default();
    notice.classification = classes::likeliest(&found);
    if let Some(shown) = classes::shown(&found) {
        notice.details.push(("Classes".to_owned(), shown));
    }
    text(event, "search") == Some("MDC")
}

fn tell(notice: &mut Notice, field: &str, raw: &str) {
    let fact = facts::of_field(facts::VOEVENT, field, LIKE_PACKET);
    if let Some((fact, shown)) = fact.and_then(|fact| Some((fact, fact.shown(raw, None)?))) {
        notice.details.push((fact.label.to_owned(), shown));
    }
}

/// `PRELIMINARY` as `Preliminary`.
fn titled(stage: &str) -> String {
    let mut letters = stage.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    let rest = letters.map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(rest).collect()
}
