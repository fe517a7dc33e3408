//! Reads notices in JSON: those of gcn-schema, gravitational waves', and circulars.

mod lvk;

use serde_json::{Map, Value};

use super::containment::Stated;
use super::model::{Class, Classification, Format, Kind, Mission, Notice, Role};
use super::{NoticeError, circular, classes, facts, links, name, rules, times};

/// Reads an object, or an array of one.
pub(super) fn read(body: &[u8]) -> Result<Notice, NoticeError> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let json: Value =
        serde_json::from_slice(body).map_err(|why| NoticeError::Json(why.to_string()))?;
    let json = match &json {
        Value::Array(notices) => match notices.as_slice() {
            [] => return Err(NoticeError::Empty),
            [notice] => notice,
            several => return Err(NoticeError::Several(several.len())),
        },
        notice => notice,
    };
    if let Some(circular) = circular::of_json(json) {
        return Ok(circular);
    }
    let fields = json.as_object().ok_or(NoticeError::NotANotice)?;
    if fields.contains_key("superevent_id") {
        return Ok(lvk::notice(fields));
    }
    notice(fields).ok_or(NoticeError::NotANotice)
}

fn text<'a>(fields: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    fields.get(key)?.as_str()
}

fn notice(fields: &Map<String, Value>) -> Option<Notice> {
    let identified = ["trigger_time", "alert_datetime", "id", "event_name"];
    if !identified.into_iter().any(|key| fields.contains_key(key)) {
        return None;
    }
    let mission = mission(fields);
    let kind = kind(&mission, fields);
    let mut notice = Notice::new(Format::Json, mission, kind);
    notice.instrument = text(fields, "instrument").map(str::to_owned);
    notice.role = match text(fields, "alert_tense") {
        Some("test" | "injection" | "commanded") => Role::Test,
        Some("planned") => Role::Prediction,
        _ => Role::Observation,
    };
    notice.notice_time = text(fields, "alert_datetime").and_then(times::iso);
    notice.trigger_time = text(fields, "trigger_time").and_then(times::iso);
    identify(fields, &mut notice);
    place(fields, &mut notice);
    notice.classification = classification(fields, &notice);
    fill_in(fields, &mut notice);
    rules::settle(&mut notice, false);
    Some(notice)
}

/// The schema's path, as `gcn/notices/einstein_probe/wxt/alert.schema.json`.
fn schema(fields: &Map<String, Value>) -> &str {
    let address = text(fields, "$schema").unwrap_or_default();
    address.split("/notices/").nth(1).unwrap_or(address)
}

fn mission(fields: &Map<String, Value>) -> Mission {
    if let Some(name) = text(fields, "mission") {
        return match name {
            "EP" => Mission::EinsteinProbe,
            "Super-K" | "SK" => Mission::SuperK,
            _ => Mission::parse(name),
        };
    }
    let by_schema: [(&str, Mission); 13] = [
        ("einstein_probe/", Mission::EinsteinProbe),
        ("svom/", Mission::Svom),
        ("fermi/", Mission::Fermi),
        ("swift/", Mission::Swift),
        ("maxi/", Mission::Maxi),
        ("icecube/", Mission::IceCube),
        ("km3net/", Mission::Km3net),
        ("superk/", Mission::SuperK),
        ("chime/", Mission::Chime),
        ("dsa110/", Mission::Dsa110),
        ("boom/", Mission::Boom),
        ("burstcube/", Mission::Other("BurstCube".to_owned())),
        ("glowbug/", Mission::Other("Glowbug".to_owned())),
    ];
    let path = schema(fields);
    if let Some((_, mission)) = by_schema.into_iter().find(|row| path.starts_with(row.0)) {
        return mission;
    }
    match text(fields, "instrument") {
        Some("WXT") => Mission::EinsteinProbe,
        Some("GRM" | "ECLAIRs" | "MXT" | "VT") => Mission::Svom,
        Some("GBM" | "LAT") => Mission::Fermi,
        Some("BAT-GUANO" | "BAT") => Mission::Swift,
        _ => Mission::Other("unknown".to_owned()),
    }
}

fn kind(mission: &Mission, fields: &Map<String, Value>) -> Kind {
    if text(fields, "alert_type").is_some_and(|t| t.eq_ignore_ascii_case("retraction")) {
        return Kind::Retraction;
    }
    let placed = fields.contains_key("ra") && fields.contains_key("dec");
    let updated = text(fields, "alert_type") == Some("update");
    match mission {
        Mission::Fermi if schema(fields).contains("lat/flare") => Kind::KnownSource,
        Mission::Fermi => gbm_kind(fields, placed),
        Mission::Maxi
            if schema(fields).contains("known") && !schema(fields).contains("unknown") =>
        {
            Kind::KnownSource
        }
        Mission::IceCube | Mission::Km3net | Mission::Amon => Kind::Neutrino,
        Mission::SuperK | Mission::Snews => Kind::Supernova,
        Mission::Chime | Mission::Dsa110 => Kind::FastRadioBurst,
        Mission::Boom | Mission::Moa => Kind::Transient,
        Mission::Svom if placed && updated => Kind::Update,
        Mission::Swift | Mission::Svom | Mission::Maxi | Mission::EinsteinProbe if placed => {
            Kind::Position
        }
        Mission::Swift | Mission::Svom | Mission::Maxi | Mission::EinsteinProbe => Kind::Alert,
        _ => Kind::Other,
    }
}

fn gbm_kind(fields: &Map<String, Value>, placed: bool) -> Kind {
    match text(fields, "subtype") {
        Some("INITIAL_ALERT") => Kind::Alert,
        Some("FLIGHT_POSITION") => Kind::Flight,
        Some("GROUND_POSITION") => Kind::Ground,
        Some("FINAL_POSITION") => Kind::Final,
        _ if !placed => Kind::Alert,
        _ if fields.get("ground_generated_notice") == Some(&Value::Bool(true)) => Kind::Ground,
        _ => Kind::Flight,
    }
}

/// The trigger id, and GBM's name where it stands beside: `["745121685", "bn240812094"]`.
fn identify(fields: &Map<String, Value>, notice: &mut Notice) {
    let ids: Vec<String> = match fields.get("id") {
        Some(Value::Array(ids)) => ids.iter().filter_map(plain).collect(),
        Some(id) => plain(id).into_iter().collect(),
        None => Vec::new(),
    };
    for id in ids {
        match name::find(&id) {
            Some(name) if name == id => notice.name = Some(name),
            _ if notice.trigger_id.is_none() && !id.is_empty() => notice.trigger_id = Some(id),
            _ => {}
        }
    }
}

/// A single value as text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn place(fields: &Map<String, Value>, notice: &mut Notice) {
    let direction =
        |map: &Map<String, Value>| Some((map.get("ra")?.as_f64()?, map.get("dec")?.as_f64()?));
    let probable = || {
        fields
            .get("most_probable_direction")?
            .as_object()
            .and_then(direction)
    };
    let Some(position) = direction(fields).or_else(probable) else {
        return;
    };
    let radius = match fields.get("ra_dec_error") {
        // An ellipse or a box: the circle around it.
        Some(Value::Array(axes)) => {
            let axes = axes.iter().take(2).filter_map(Value::as_f64);
            axes.reduce(f64::max)
        }
        Some(radius) => radius.as_f64(),
        None => None,
    };
    let containment = fields
        .get("containment_probability")
        .and_then(Value::as_f64);
    let systematic = fields.get("systematic_included").and_then(Value::as_bool);
    let stated = (containment.is_some() || systematic.is_some()).then(|| Stated {
        containment: containment.unwrap_or(0.9),
        systematic,
    });
    notice.localization = rules::localization(notice, position, radius, stated);
}

fn classification(fields: &Map<String, Value>, notice: &Notice) -> Option<Classification> {
    if let Some(classes) = fields.get("classification").and_then(Value::as_object) {
        return classes::likeliest(&probabilities(classes));
    }
    if notice.mission != Mission::IceCube {
        return None;
    }
    let named = ["alert_class", "notice_type", "type"]
        .into_iter()
        .find_map(|key| text(fields, key))?;
    let grade = ["Gold", "Bronze", "Cascade"].into_iter().find(|grade| {
        named
            .to_ascii_lowercase()
            .contains(&grade.to_ascii_lowercase())
    })?;
    Some(Classification {
        most_likely: Class::Other(grade.to_owned()),
        probability: None,
    })
}

fn probabilities(classes: &Map<String, Value>) -> Vec<(String, f64)> {
    let known = classes
        .iter()
        .filter_map(|(class, p)| Some((class.clone(), p.as_f64()?)));
    known.collect()
}

fn fill_in(fields: &Map<String, Value>, notice: &mut Notice) {
    for (key, value) in fields {
        if let (Some(link), Some(address)) = (links::link_of(key), value.as_str()) {
            if notice.name.is_none() && notice.mission == Mission::Fermi {
                notice.name = name::find(address);
            }
            links::keep(&mut notice.links, link, address);
        } else if let Some(detail) = detail(key, value) {
            notice.details.push(detail);
        }
    }
    rules::derive_healpix(notice);
}

fn detail(key: &str, value: &Value) -> Option<(String, String)> {
    if key == "detectors_status" {
        let flags = value.as_array()?.iter().map(|status| status == "triggered");
        return Some(("Detectors".to_owned(), facts::flagged(flags)?));
    }
    let fact = facts::of_field(facts::JSON, key, None)?;
    let (raw, partner) = match value {
        Value::Array(range) => (plain(range.first()?)?, plain(range.get(1)?)),
        single => (plain(single)?, None),
    };
    Some((fact.label.to_owned(), fact.shown(&raw, partner.as_deref())?))
}
