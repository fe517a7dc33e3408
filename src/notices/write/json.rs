//! Writes notices in JSON: after gcn-schema, as gravitational-wave alerts, and circulars.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Number, Value, json};

use super::{is_gbm, linked, voevent};
use crate::notices::model::{Kind, Mission, Notice, Role};
use crate::notices::{classes, facts};

pub(super) fn notice(notice: &Notice) -> Value {
    if notice.mission == Mission::Lvk {
        return gravitational_wave(notice);
    }
    let mut json = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            json.insert(key.to_owned(), value);
        }
    };
    let schema = format!(
        "https://gcn.nasa.gov/schema/main/gcn/notices/{}.schema.json",
        schema(notice)
    );
    put("$schema", schema.into());
    // Einstein Probe sends neither its name nor what kind of alert it is.
    if notice.mission != Mission::EinsteinProbe {
        put("mission", notice.mission.as_str().into());
        put("alert_tense", tense(notice.role).into());
        put("alert_type", alert_type(notice.kind).into());
    } else if notice.role != Role::Observation {
        put("alert_tense", tense(notice.role).into());
    }
    put("instrument", notice.instrument.clone().into());
    put("alert_datetime", notice.notice_time.map(time).into());
    put("trigger_time", notice.trigger_time.map(time).into());
    put("id", ids(notice));
    if is_gbm(notice) {
        put("subtype", subtype(notice.kind).into());
    }
    localize(notice, &mut put);
    match &notice.classification {
        Some(grade) if notice.mission == Mission::IceCube => {
            put("notice_type", grade.most_likely.as_str().into());
        }
        _ => put("classification", classification(notice)),
    }
    for (label, shown) in &notice.details {
        if let Some((key, value)) = detail(label, shown) {
            put(key, value);
        }
    }
    for (key, address) in linked(
        notice,
        &[
            "light_curve_url",
            "location_map_url",
            "healpix_url",
            "data_archive_page",
            "event_url",
        ],
    ) {
        put(key, address.into());
    }
    Value::Object(json)
}

fn schema(notice: &Notice) -> String {
    let instrument = notice
        .instrument
        .as_deref()
        .unwrap_or_default()
        .to_lowercase();
    match notice.mission {
        Mission::Fermi => "fermi/gbm/trigger".to_owned(),
        Mission::Swift => "swift/bat/Guano".to_owned(),
        Mission::EinsteinProbe => "einstein_probe/wxt/alert".to_owned(),
        Mission::Svom => format!("svom/{instrument}/trigger"),
        Mission::Maxi if notice.kind == Kind::KnownSource => "maxi/gsc.known".to_owned(),
        Mission::Maxi => "maxi/gsc.unknown".to_owned(),
        Mission::IceCube => "icecube/gold_bronze_track_alerts".to_owned(),
        Mission::Km3net => "km3net/alert".to_owned(),
        Mission::Chime => "chime/frb".to_owned(),
        Mission::Dsa110 => "dsa110/frb".to_owned(),
        _ => "core/Alert".to_owned(),
    }
}

fn tense(role: Role) -> &'static str {
    match role {
        Role::Test => "test",
        Role::Prediction => "planned",
        Role::Observation | Role::Utility => "current",
    }
}

fn alert_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Retraction => "retraction",
        Kind::Update | Kind::Flight | Kind::Ground | Kind::Final => "update",
        _ => "initial",
    }
}

fn subtype(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Alert => Some("INITIAL_ALERT"),
        Kind::Flight => Some("FLIGHT_POSITION"),
        Kind::Ground => Some("GROUND_POSITION"),
        Kind::Final => Some("FINAL_POSITION"),
        _ => None,
    }
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn ids(notice: &Notice) -> Value {
    let ids = [&notice.trigger_id, &notice.name];
    let ids: Vec<&String> = ids.into_iter().flatten().collect();
    if ids.is_empty() {
        Value::Null
    } else {
        json!(ids)
    }
}

fn localize(notice: &Notice, put: &mut impl FnMut(&str, Value)) {
    let Some(place) = &notice.localization else {
        return;
    };
    put("ra", place.position.ra.into());
    put("dec", place.position.dec.into());
    if let Some(radius) = place.error_radius {
        put("ra_dec_error", radius.into());
        if is_gbm(notice) {
            put("containment_probability", 0.68.into());
            put("systematic_included", (notice.kind == Kind::Flight).into());
        }
    }
}

fn classification(notice: &Notice) -> Value {
    let Some(class) = &notice.classification else {
        return Value::Null;
    };
    let key = classes::json_key(&class.most_likely);
    json!({ key: class.probability.unwrap_or(1.0) })
}

fn detail(label: &str, shown: &str) -> Option<(&'static str, Value)> {
    if let ("Detectors", Some(flags)) = (label, facts::flags(shown)) {
        let status = flags.map(|on| if on { "triggered" } else { "on" });
        return Some(("detectors_status", json!(status)));
    }
    let fact = facts::of_label(facts::JSON, (label, shown), None)?;
    let (raw, partner) = fact.raw(shown)?;
    let value = match partner {
        Some(high) => json!([plain(&raw), plain(&high)]),
        None if matches!(fact.shape, facts::Shape::Text) => Value::String(raw),
        None => plain(&raw),
    };
    Some((fact.field, value))
}

/// A number or a flag as such, anything else as text.
fn plain(raw: &str) -> Value {
    match raw {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match raw.parse::<Number>() {
            Ok(number) => Value::Number(number),
            Err(_) => Value::String(raw.to_owned()),
        },
    }
}

fn gravitational_wave(notice: &Notice) -> Value {
    let told = |field: &str| {
        let found = notice.details.iter().find_map(|(label, shown)| {
            let fact = facts::of_label(facts::VOEVENT, (label, shown), Some(150))?;
            (fact.field == field).then(|| fact.raw(shown)).flatten()
        });
        found.map(|(raw, _)| raw)
    };
    let stage = told("AlertType").unwrap_or_else(|| match notice.kind {
        Kind::Retraction => "RETRACTION".to_owned(),
        _ => "PRELIMINARY".to_owned(),
    });
    let page = notice.links.get("event_page");
    let event = (notice.kind != Kind::Retraction).then(|| {
        let classes: Map<String, Value> = voevent::merger_classes(notice)
            .into_iter()
            .map(|(class, p)| (class, p.into()))
            .collect();
        let instruments = told("Instruments").unwrap_or_default();
        json!({
            "significant": told("Significant").map(|s| s == "1"),
            "time": notice.trigger_time.map(time),
            "far": told("FAR").map(|far| plain(&far)),
            "instruments": instruments.split(',').filter(|i| !i.is_empty()).collect::<Vec<_>>(),
            "group": told("Group"),
            "search": if notice.role == Role::Test { "MDC" } else { "AllSky" },
            "properties": {
                "HasNS": told("HasNS").map(|p| plain(&p)),
                "HasRemnant": told("HasRemnant").map(|p| plain(&p)),
            },
            "classification": classes,
        })
    });
    json!({
        "alert_type": stage.to_uppercase(),
        "time_created": notice.notice_time.map(time),
        "superevent_id": notice.trigger_id,
        "urls": { "gracedb": page },
        "event": event,
        "external_coinc": told("External_Observatory").map(|o| json!({ "observatory": o })),
    })
}

pub(super) fn circular(notice: &Notice) -> Value {
    let Some(circular) = &notice.circular else {
        return Value::Null;
    };
    let mut json = Map::new();
    let names = circular.burst_names();
    if let Some(name) = names.first() {
        json.insert("eventId".to_owned(), name.as_str().into());
    }
    if let Some(submitter) = &circular.submitter {
        json.insert("submitter".to_owned(), submitter.as_str().into());
    }
    json.insert("subject".to_owned(), circular.subject.as_str().into());
    if let Some(id) = circular.id {
        json.insert("circularId".to_owned(), id.into());
    }
    json.insert("body".to_owned(), circular.body.as_str().into());
    if let Some(created) = notice.notice_time {
        json.insert("createdOn".to_owned(), created.timestamp_millis().into());
    }
    Value::Object(json)
}
