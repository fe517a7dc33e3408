//! What `grb-app notice show --json` prints of a notice.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::model::Notice;

/// The notice in the form that scripts rely on: these keys in this order. Positions are ICRS, degrees, as the notice
/// gives them, be it of a burst or of where a telescope looks; times are UTC.
pub fn show(file: &str, notice: &Notice) -> Value {
    let place = notice.localization.as_ref();
    let class = notice.classification.as_ref();
    json!({
        "file": file,
        "format": notice.format,
        "mission": notice.mission,
        "instrument": notice.instrument,
        "kind": notice.kind,
        "packet_type": notice.packet_type,
        "trigger_id": notice.trigger_id,
        "role": notice.role,
        "trigger_time": notice.trigger_time.map(rfc3339),
        "notice_time": notice.notice_time.map(rfc3339),
        "ra": place.map(|p| p.position.ra),
        "dec": place.map(|p| p.position.dec),
        "error_radius_deg": place.and_then(|p| p.error_radius),
        "error_radius_90_deg": place.and_then(|p| p.error_radius_90),
        "classification": class.map(|c| json!({
            "most_likely": c.most_likely,
            "probability": c.probability,
        })),
        "retraction": notice.retraction,
        "test": notice.test,
        "suppressed": notice.suppressed,
        "links": notice.links,
        "name": notice.name,
    })
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
