//! The same in few words, for a telephone's push and for a machine.

use serde_json::{Value, json};

use super::Material;
use super::words::Said;
use crate::alerts::Reason;
use crate::bursts::outlook::Verdict;
use crate::bursts::{BurstJson, Sight};
use crate::platform::Config;
use crate::platform::outbox::Composed;

/// For ntfy: the subject, the answer, where, when. Urgent where somebody could observe it this minute.
pub(super) fn push(config: &Config, letter: &Material, said: &Said, reason: Reason) -> Composed {
    let answer = said.answers.first().map(|answer| answer.words.clone());
    let answer = answer.or_else(|| said.news.first().cloned());
    let place = letter.burst.best.as_ref().map(|best| {
        let (ra, dec) = best
            .position
            .sexagesimal(best.error_radius_90.unwrap_or(0.0));
        format!("{ra}  {dec} (J2000)")
    });
    let lines: Vec<String> = [answer, place, said.kicker.last().cloned()]
        .into_iter()
        .flatten()
        .collect();
    let now = letter
        .sights
        .iter()
        .any(|sight| sight.outlook.verdict == Verdict::Now);
    Composed::Push {
        title: said.subject.clone(),
        text: lines.join("\n"),
        url: page(config, letter),
        urgent: now && reason != Reason::Withdrawn,
    }
}

/// For a webhook: `reason`, `revision`, `subject`, `at`, `url`, `burst` as the API shows it, and for each site its answer.
pub(super) fn json(
    config: &Config,
    letter: &Material,
    said: &Said,
    reason: Reason,
    revision: i64,
) -> Value {
    json!({
        "reason": reason,
        "revision": revision,
        "subject": said.subject,
        "at": letter.at,
        "url": page(config, letter),
        "burst": BurstJson::from(&letter.burst),
        "sites": letter.sights.iter().map(site).collect::<Vec<_>>(),
    })
}

/// `verdict` is now, tonight, next_night, never, wide, unknown or over; angles are deg, azimuth from north through east.
fn site(sight: &Sight) -> Value {
    let window = sight.window().map(|window| {
        json!({
            "from": window.from,
            "to": window.to,
            "best": window.best,
            "altitude": window.altitude,
            "azimuth": window.azimuth,
            "airmass": window.airmass,
        })
    });
    let seen = sight.seen.as_ref();
    json!({
        "id": sight.site.id,
        "name": sight.site.name,
        "verdict": sight.outlook.verdict,
        "answer": sight.outlook.answer,
        "altitude": seen.map(|seen| seen.altitude),
        "azimuth": seen.map(|seen| seen.azimuth),
        "sun_altitude": seen.map(|seen| seen.sun_altitude),
        "moon_separation": seen.map(|seen| seen.moon.separation),
        "window": window,
        "share_now": seen.and_then(|seen| seen.share).map(|share| share.now),
        "share_tonight": seen.and_then(|seen| seen.share).map(|share| share.tonight),
    })
}

fn page(config: &Config, letter: &Material) -> String {
    format!("{}/bursts/{}", config.base_url(), letter.burst.id)
}
