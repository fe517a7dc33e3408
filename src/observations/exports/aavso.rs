//! Observations in the AAVSO Extended File Format, version 1.2 (aavso.org/aavso-extended-file-format).
//!
//! A parameter `#OBSCODE` may stand anywhere in the data and holds for what follows; so one file carries all observers.

use std::collections::BTreeMap;

use super::ascii::ascii;
use super::harvest::{Harvest, julian_date};
use crate::observations::words::decimal;
use crate::observations::{Observation, filters};

/// What separates fields, and so stands in none.
const DELIMITER: char = ',';

/// Longest star name, magnitude, error, airmass and notes. Notes may be thousands long; older readers stop at fewer.
const NAME: usize = 30;
const MAGNITUDE: usize = 8;
const ERROR: usize = 6;
const AIRMASS: usize = 7;
const NOTES: usize = 500;

/// Stands where an observer has entered no code: the upload refuses it until the own one is put in its place.
const NO_CODE: &str = "XXX";

/// The file: its parameters, then each observer's photometry under the observer's code, or under [`NO_CODE`], which a comment
/// says. Observations without photometry are left out.
pub(super) fn aavso(harvest: &Harvest) -> String {
    let mut observers: BTreeMap<(&str, i64), Vec<&Observation>> = BTreeMap::new();
    for one in &harvest.observations {
        let key = (one.observer.as_str(), one.member_id);
        observers.entry(key).or_default().push(one);
    }
    let code = |member: &i64| harvest.codes.get(member).map_or(NO_CODE, String::as_str);
    let first = observers.keys().next().map(|(_, member)| code(member));
    let mut lines = vec![
        "#TYPE=Extended".to_owned(),
        format!("#OBSCODE={}", first.unwrap_or(NO_CODE)),
        format!("#SOFTWARE=grb-app {}", env!("CARGO_PKG_VERSION")),
        format!("#DELIM={DELIMITER}"),
        "#DATE=JD".into(),
        "#OBSTYPE=CCD".into(),
        format!(
            "#{}",
            comment(&format!("{}: {}", harvest.burst.name(), harvest.page()))
        ),
    ];
    if harvest.official_name().is_none() {
        lines.push(
            "#The burst has no official name yet: the mission's name stands in its place.".into(),
        );
    }
    lines.push(
        "#NAME,DATE,MAG,MERR,FILT,TRANS,MTYPE,CNAME,CMAG,KNAME,KMAG,AIRMASS,GROUP,CHART,NOTES"
            .into(),
    );
    for ((observer, member), all) in observers {
        let measured = all.iter().filter_map(|one| row(harvest, one));
        let measured: Vec<String> = measured.collect();
        if measured.is_empty() {
            continue;
        }
        if !harvest.codes.contains_key(&member) {
            lines.push(format!(
                "#{}",
                comment(&format!(
                    "{NO_CODE} stands for the code of {observer}, who has entered none at this desk: put it in before you upload this."
                ))
            ));
        }
        lines.push(format!("#OBSCODE={}", code(&member)));
        lines.extend(measured);
    }
    lines.join("\n") + "\n"
}

/// A comment must not read as a parameter.
fn comment(text: &str) -> String {
    ascii(text, 250).replace('=', "-")
}

/// One observation; `None` without photometry.
fn row(harvest: &Harvest, one: &Observation) -> Option<String> {
    let seen = &one.photometry;
    let (magnitude, error) = match (seen.magnitude, seen.limit) {
        (Some(magnitude), _) => (decimal(magnitude), seen.error.map(decimal)),
        (None, Some(limit)) => (format!("<{}", decimal(limit)), None),
        (None, None) => return None,
    };
    if magnitude.len() > MAGNITUDE {
        return None;
    }
    let filter = one.filter.as_deref().and_then(filters::known);
    let compared = one.comparison_stars.as_ref().map(|_| "ENSEMBLE".to_owned());
    let airmass = one.airmass.map(|airmass| airmass.to_string());
    let fields = [
        Some(name(harvest)),
        Some(format!("{:.6}", julian_date(one.middle()))),
        Some(magnitude),
        error.filter(|error| error.len() <= ERROR),
        Some(filter.and_then(|filter| filter.aavso).unwrap_or("O").into()),
        Some("NO".into()),
        Some("STD".into()),
        compared,
        None,
        None,
        None,
        airmass.filter(|airmass| airmass.len() <= AIRMASS),
        None,
        None,
        Some(notes(one, filter)).filter(|notes| !notes.is_empty()),
    ];
    let fields = fields.map(|field| field.unwrap_or_else(|| "na".into()));
    Some(fields.join(&DELIMITER.to_string()))
}

/// The official name; without one the mission's.
fn name(harvest: &Harvest) -> String {
    let name = harvest
        .official_name()
        .map_or_else(|| harvest.burst.name(), str::to_owned);
    field(&name, NAME)
}

/// Text as it may stand in a field.
fn field(text: &str, most: usize) -> String {
    let plain = ascii(text, usize::MAX).replace(DELIMITER, ";");
    plain
        .chars()
        .take(most)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// What no field holds, as `|A=B` subfields: exposure, an unlisted filter, a system that is not the filter's own, the limit
/// beside a magnitude, comparison stars, and the observer's words.
fn notes(one: &Observation, filter: Option<&filters::Filter>) -> String {
    let seen = &one.photometry;
    let unlisted = match filter {
        Some(filter) => filter.aavso.is_none().then_some(filter.label),
        None => Some(one.filter.as_deref().unwrap_or("not given")),
    };
    let usual = filter.map(|filter| filter.system);
    let system = seen
        .system
        .as_deref()
        .filter(|system| Some(*system) != usual);
    let parts = [
        one.exposure.map(|exposure| format!("EXPTIME={exposure}s")),
        unlisted.map(|filter| format!("FILTER={filter}")),
        system.map(|system| format!("MAGSYS={system}")),
        seen.magnitude
            .and(seen.limit)
            .map(|limit| format!("LIMIT={}", decimal(limit))),
        one.comparison_stars
            .as_ref()
            .map(|stars| format!("COMP={stars}")),
        one.notes.clone(),
    ];
    let parts = parts.into_iter().flatten();
    let parts: Vec<String> = parts.map(|part| part.replace('|', "/")).collect();
    field(&parts.join("|"), NOTES)
}
