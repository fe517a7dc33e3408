//! A draft of a GCN Circular about a burst's observations, in the style of GCN's archive.
//!
//! What a human must decide stands in [brackets]. Sources: GCN's style guide (gcn.nasa.gov/docs/circulars/styleguide): plain
//! ASCII, one event, the event's name first in the subject, under 60 lines, no tabs.

use std::collections::{BTreeMap, BTreeSet};

use super::ascii::ascii;
use super::harvest::Harvest;
use crate::notices::Mission;
use crate::observations::words::decimal;
use crate::observations::{Observation, filters};

/// A circular has fewer lines than this.
const LINES: usize = 60;

/// And none longer than this.
const WIDTH: usize = 78;

/// Most rows of the table, where there is room.
const ROWS: usize = 30;

/// Most names, instruments or lists of stars that are written out.
const NAMED: usize = 12;

/// A circular to be.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) subject: String,
    /// Lines of plain ASCII, each ended by LF.
    pub(super) body: String,
}

impl Draft {
    pub(super) fn of(harvest: &Harvest) -> Self {
        let measured: Vec<&Observation> = harvest
            .observations
            .iter()
            .filter(|one| is_measured(one))
            .collect();
        let subject = subject(harvest, &measured);
        // The table gives way to the words.
        let fitting = (1..=ROWS).rev().map(|rows| body(harvest, &measured, rows));
        let mut fitting = fitting.filter(|body| body.len() + 2 < LINES);
        let lines = fitting.next();
        let lines = lines.unwrap_or_else(|| body(harvest, &measured, 1));
        Self {
            subject,
            body: lines.join("\n") + "\n",
        }
    }

    /// With its subject above, as the archive prints it.
    pub(super) fn whole(&self) -> String {
        format!("SUBJECT: {}\n\n{}", self.subject, self.body)
    }
}

fn is_measured(one: &Observation) -> bool {
    one.photometry.magnitude.is_some() || one.photometry.limit.is_some()
}

fn is_detected(one: &Observation) -> bool {
    one.photometry.magnitude.is_some()
}

fn subject(harvest: &Harvest, measured: &[&Observation]) -> String {
    let what = match measured.len() {
        0 => "optical observations",
        _ if measured.iter().any(|one| is_detected(one)) => "optical observations",
        1 => "optical upper limit",
        _ => "optical upper limits",
    };
    format!("{}: {} {what}", event(harvest), club(harvest, 40))
}

/// The burst's name, or where GCN's is to be put in.
fn event(harvest: &Harvest) -> String {
    let official = harvest.official_name().map(|name| ascii(name, 24));
    official.unwrap_or_else(|| match harvest.burst.trigger_time {
        Some(at) => format!("GRB {}[letter]", at.format("%y%m%d")),
        None => "GRB [name]".into(),
    })
}

fn club(harvest: &Harvest, most: usize) -> String {
    ascii(&harvest.club, most)
}

fn body(harvest: &Harvest, measured: &[&Observation], rows: usize) -> Vec<String> {
    let mut paragraphs = Vec::new();
    if let Some(withdrawal) = harvest.burst.withdrawn() {
        let why = ascii(&withdrawal.why, 160);
        paragraphs.push(wrapped(&format!(
            "[The burst was withdrawn: {why} Think twice before you send this.]"
        )));
    }
    if harvest.observations.is_empty() {
        paragraphs.push(wrapped(&format!(
            "[No observation of {} has been posted yet.]",
            event(harvest)
        )));
        return joined(&paragraphs);
    }
    paragraphs.push(wrapped(&format!(
        "{} ({}) report:",
        authors(harvest),
        club(harvest, 60)
    )));
    paragraphs.push(wrapped(&observed(harvest)));
    if measured.is_empty() {
        paragraphs.push(wrapped(
            "[No magnitude or limit has been posted. Say what the images show.]",
        ));
    } else {
        paragraphs.push(wrapped(finding(measured)));
        paragraphs.push(table(harvest, measured, rows));
        paragraphs.push(wrapped(&calibration(measured)));
    }
    paragraphs.push(wrapped(&format!(
        "The observers are members of {}, a club of amateur astronomers. All observations and images: {}",
        club(harvest, 60),
        harvest.page()
    )));
    joined(&paragraphs)
}

/// Paragraphs with a blank line between.
fn joined(paragraphs: &[Vec<String>]) -> Vec<String> {
    paragraphs.join(&String::new())
}

fn authors(harvest: &Harvest) -> String {
    let mut names: Vec<String> = Vec::new();
    for one in &harvest.observations {
        let name = ascii(&one.observer, 40);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    listed(&names, "observers")
}

/// `A, B and C`; of many the first, and how many more.
fn listed(names: &[String], what: &str) -> String {
    match names {
        [] => format!("[{what}]"),
        [one] => one.clone(),
        _ if names.len() > NAMED => {
            format!(
                "{} and {} more {what}",
                names[..NAMED].join(", "),
                names.len() - NAMED
            )
        }
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

fn observed(harvest: &Harvest) -> String {
    let first = &harvest.observations[0];
    let with: Vec<String> = unique(harvest, |one| {
        let site = one
            .site
            .as_ref()
            .map(|site| format!(" at {}", ascii(site, 40)));
        Some(ascii(&one.instrument, 50) + &site.unwrap_or_default())
    });
    let few = &with[..with.len().min(4)];
    let more = match with.len() - few.len() {
        0 => String::new(),
        1 => ", and one more telescope".into(),
        more => format!(", and {more} more telescopes"),
    };
    let begun = first.start.format("%Y-%m-%d %H:%M:%S");
    let after = match harvest.since_trigger(first.start) {
        Some(seconds) if seconds < 0.0 => format!("{} before the trigger", span(-seconds)),
        Some(seconds) => format!("{} after the trigger", span(seconds)),
        None => "[how long] after the trigger".into(),
    };
    format!(
        "We observed the field of {} ({}) with {}{more}. The observations began on {begun} UT, {after}.",
        event(harvest),
        origin(harvest),
        few.join("; "),
    )
}

/// Who found it, and the circulars about it: `Fermi GBM trigger 785074797; GCN Circ. 41000`.
fn origin(harvest: &Harvest) -> String {
    let burst = &harvest.burst;
    let found = match (&burst.mission, burst.instrument()) {
        (Mission::Other(_), _) => "[discovery]".into(),
        (mission, Some(instrument)) if instrument != mission.as_str() => {
            format!("{mission} {instrument}")
        }
        (mission, _) => mission.to_string(),
    };
    let trigger = burst.trigger_id.as_ref().map(|id| format!(" trigger {id}"));
    let circulars: Vec<String> = harvest
        .circulars
        .iter()
        .take(3)
        .map(ToString::to_string)
        .collect();
    let circulars = match circulars.is_empty() {
        true => "[GCN Circ. of the discovery]".into(),
        false => format!("GCN Circ. {}", circulars.join(", ")),
    };
    ascii(
        &format!("{found}{}; {circulars}", trigger.unwrap_or_default()),
        120,
    )
}

/// What was found, and no more than the numbers say.
fn finding(measured: &[&Observation]) -> &'static str {
    let seen = measured.iter().filter(|one| is_detected(one)).count();
    match seen {
        0 => {
            "We see no new source down to the limits below. [Say what the images were compared with, and how much of the error region they cover.]"
        }
        _ => {
            "We measured the following magnitudes and upper limits. [Give the position of the source. Say whether it is uncatalogued, lies within the error region, and fades: only then call it a candidate.]"
        }
    }
}

fn table(harvest: &Harvest, measured: &[&Observation], rows: usize) -> Vec<String> {
    let chosen = chosen(measured, rows);
    let mut lines = vec![
        format!(
            "{:>12} {:>9}  {:<10} {:>9} {:>7}  {}",
            "Tmid-T0", "Exposure", "Filter", "Magnitude", "Error", "Observer"
        ),
        "-".repeat(WIDTH - 4),
    ];
    lines.extend(chosen.iter().map(|one| row(harvest, one)));
    if chosen.len() < measured.len() {
        let words = format!(
            "These are {} of {} measurements: the first, the most precise and the deepest.",
            chosen.len(),
            measured.len()
        );
        lines.extend(wrapped(&words));
    }
    lines
}

/// At most `rows` of them in order of time: the first, then detections from the most precise, then limits from the deepest.
fn chosen<'a>(measured: &[&'a Observation], rows: usize) -> Vec<&'a Observation> {
    let (mut seen, mut limits): (Vec<&Observation>, Vec<&Observation>) =
        measured.iter().skip(1).partition(|one| is_detected(one));
    let error = |one: &Observation| one.photometry.error.unwrap_or(f64::MAX);
    let depth = |one: &Observation| one.photometry.limit.unwrap_or(f64::MIN);
    seen.sort_by(|a, b| error(a).total_cmp(&error(b)));
    limits.sort_by(|a, b| depth(b).total_cmp(&depth(a)));
    // Some room is left for limits: they bound what was seen.
    let room = rows.saturating_sub(1);
    let kept = room.saturating_sub(limits.len().min(room / 4));
    let mut chosen: Vec<&Observation> = measured.first().copied().into_iter().collect();
    chosen.extend(seen.into_iter().take(kept));
    chosen.extend(limits.into_iter().take(rows.saturating_sub(chosen.len())));
    chosen.sort_by_key(|one| (one.middle(), one.id));
    chosen
}

fn row(harvest: &Harvest, one: &Observation) -> String {
    let seen = &one.photometry;
    let error = seen.magnitude.and(seen.error).map(decimal);
    let magnitude = match (seen.magnitude, &error) {
        (Some(magnitude), Some(error)) => as_exact(magnitude, error),
        (Some(magnitude), None) => decimal(magnitude),
        (None, _) => format!("> {}", seen.limit.map(decimal).unwrap_or_default()),
    };
    let after = harvest.since_trigger(one.middle()).map(signed_span);
    let exposure = one.exposure.map(|exposure| format!("{exposure:.0} s"));
    let dash = || "-".to_owned();
    let line = format!(
        "{:>12} {:>9}  {:<10} {:>9} {:>7}  {}",
        after.unwrap_or_else(dash),
        exposure.unwrap_or_else(dash),
        ascii(one.filter.as_deref().unwrap_or("-"), 10),
        magnitude,
        error.unwrap_or_else(dash),
        ascii(&one.observer, 25),
    );
    line.chars()
        .take(WIDTH)
        .collect::<String>()
        .trim_end()
        .to_owned()
}

/// A magnitude with as many decimals as its error has.
fn as_exact(magnitude: f64, error: &str) -> String {
    let decimals = error
        .split_once('.')
        .map_or(1, |(_, decimals)| decimals.len());
    format!("{magnitude:.decimals$}")
}

fn calibration(measured: &[&Observation]) -> String {
    let stars: BTreeSet<String> = measured
        .iter()
        .filter_map(|one| Some(ascii(one.comparison_stars.as_deref()?, 60)))
        .collect();
    let stars: Vec<String> = stars.into_iter().collect();
    let compared = match stars.as_slice() {
        [] => "[Say which stars or catalogue the magnitudes were compared with.]".into(),
        some if some.len() > 3 => format!(
            "Magnitudes were compared with {} and others.",
            some[..3].join("; ")
        ),
        some => format!("Magnitudes were compared with {}.", some.join("; ")),
    };
    let mut filters: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for one in measured {
        let filter = ascii(one.filter.as_deref().unwrap_or("no filter"), 24);
        filters.entry(system(one)).or_default().insert(filter);
    }
    let systems: Vec<String> = match filters.len() {
        1 => filters
            .into_keys()
            .map(|system| format!("the {system} system"))
            .collect(),
        _ => filters.into_iter().take(3).map(by_filter).collect(),
    };
    format!(
        "{compared} They are in {} and not corrected for Galactic extinction.",
        listed(&systems, "systems")
    )
}

/// `the AB system (g', r')`
fn by_filter((system, filters): (String, BTreeSet<String>)) -> String {
    let filters: Vec<String> = filters.into_iter().take(NAMED).collect();
    format!("the {system} system ({})", filters.join(", "))
}

/// The system as given, else the one that goes with the filter.
fn system(one: &Observation) -> String {
    let given = one.photometry.system.as_deref();
    let usual = || Some(one.filter.as_deref().and_then(filters::known)?.system);
    ascii(given.or_else(usual).unwrap_or("[which]"), 24)
}

/// A length of time as people say it.
fn span(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.1} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.2} h", s / 3600.0),
        s => format!("{:.2} days", s / 86_400.0),
    }
}

fn signed_span(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "-" } else { "" };
    format!("{sign}{}", span(seconds.abs()))
}

/// What `part` gives of each observation, each once, in order.
fn unique(harvest: &Harvest, part: impl Fn(&Observation) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    for part in harvest.observations.iter().filter_map(part) {
        if !found.contains(&part) {
            found.push(part);
        }
    }
    found
}

/// A paragraph in lines of at most [`WIDTH`]; a longer word is broken.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in ascii(text, usize::MAX).split(' ') {
        let room = WIDTH.saturating_sub(line.len() + 1);
        if !line.is_empty() && word.len() > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
        while line.len() > WIDTH {
            let rest = line.split_off(WIDTH);
            lines.push(std::mem::replace(&mut line, rest));
        }
    }
    lines.push(line);
    lines
}
