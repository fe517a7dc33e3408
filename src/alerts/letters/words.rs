//! What a letter about a burst says, before it is laid out: text and HTML are made of the same words.

use chrono::{DateTime, Utc};

use super::Material;
use super::plain::plain;
use super::site::zone_letters;
use crate::accounts::Notify;
use crate::alerts::Reason;
use crate::bursts::model::class_in_words;
use crate::bursts::story::{percent, seen_by, story};
use crate::bursts::view::ago;
use crate::bursts::{Best, Burst, Sight, Verdict};
use crate::platform::Config;
use crate::sky::{Observer, Site, angle_words as angle, constellation};

/// The words of one letter.
#[derive(Debug, Default, Clone)]
pub(super) struct Said {
    pub(super) subject: String,
    /// Yes or no, for each site a sentence.
    pub(super) answers: Vec<Sentence>,
    /// What is new since the last letter.
    pub(super) news: Vec<String>,
    /// What and when, in small print.
    pub(super) kicker: Vec<String>,
    pub(super) sections: Vec<Section>,
    pub(super) links: Vec<Link>,
    /// Why this person gets this letter.
    pub(super) why: String,
    /// Where the choice is made.
    pub(super) preferences: String,
    /// Where such letters are ended.
    pub(super) stop: Option<String>,
    pub(super) club: String,
}

#[derive(Debug, Clone)]
pub(super) struct Sentence {
    /// The site, and whose clock it goes by.
    pub(super) label: Option<String>,
    pub(super) words: String,
    /// `yes` or `no`.
    pub(super) tone: &'static str,
}

#[derive(Debug, Default, Clone)]
pub(super) struct Section {
    pub(super) heading: String,
    pub(super) url: Option<String>,
    pub(super) rows: Vec<Row>,
    /// The content id of the picture that belongs here.
    pub(super) picture: Option<&'static str>,
}

#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) label: String,
    pub(super) lines: Vec<String>,
    /// Numbers to be copied: kept in one piece.
    pub(super) copied: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) words: String,
    pub(super) url: String,
}

impl Row {
    pub(super) fn new(label: &str, line: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            lines: vec![line.into()],
            copied: false,
        }
    }
}

/// The picture of the night, and that of the sky.
pub(super) const NIGHT: &str = "night@grb-app";
pub(super) const SKY: &str = "sky@grb-app";

/// A letter about one burst.
pub(super) fn about(config: &Config, letter: &Material, reason: Reason) -> Said {
    let said = Said {
        subject: subject(letter, reason),
        kicker: kicker(letter),
        news: news(letter, reason),
        links: links(config, letter, reason),
        why: why(letter, reason),
        ..signed(config, letter.stop.clone())
    };
    if reason == Reason::Withdrawn {
        return said;
    }
    let mut sections: Vec<Section> = letter
        .sights
        .iter()
        .take(2)
        .filter_map(Sight::section)
        .collect();
    sections.extend(place(letter));
    sections.push(Section {
        heading: "What it is".into(),
        rows: nature(letter),
        ..Section::default()
    });
    Said {
        answers: answers(letter),
        sections,
        ..said
    }
}

/// What every letter ends with.
pub(super) fn signed(config: &Config, stop: Option<String>) -> Said {
    Said {
        preferences: format!("{}/preferences", config.base_url()),
        stop,
        club: plain(&config.club_name, 80),
        ..Said::default()
    }
}

/// `GRB 230506A — up now from Pic du Midi, 64°, error 3′`: the subject carries the answer.
pub(super) fn subject(letter: &Material, reason: Reason) -> String {
    let answer = in_short(letter);
    let was = letter.before.as_ref().and_then(|before| before.radius);
    let rest = match (reason, letter.radius(), was) {
        (Reason::Withdrawn, ..) if !letter.burst.burst_like => match letter.burst.retracted {
            Some(_) => "withdrawn by its mission".into(),
            None => "withdrawn: it was nothing".into(),
        },
        (Reason::Withdrawn, ..) => "withdrawn: it was not a burst".into(),
        (Reason::Better, Some(now), Some(was)) => format!(
            "much better position: {} (was {}); {answer}",
            angle(now),
            angle(was)
        ),
        (Reason::Better, Some(now), None) => {
            format!("much better position: {}; {answer}", angle(now))
        }
        (Reason::Classified, ..) => format!("a burst after all; {answer}{}", error(letter)),
        _ => format!("{answer}{}", error(letter)),
    };
    plain(
        &format!("{} — {rest}", plain(&letter.burst.name(), 60)),
        160,
    )
}

/// The answer of the best site.
fn in_short(letter: &Material) -> String {
    match (letter.sights.first(), letter.burst.best.as_ref()) {
        (Some(sight), _) => plain(&sight.in_short(), 120),
        (None, Some(best)) => format!("in {}", constellation(best.position).name),
        (None, None) => "where it is is not known yet".into(),
    }
}

/// `, error 3′`, where it matters.
fn error(letter: &Material) -> String {
    let matters = letter.sights.first().is_none_or(Sight::is_observable);
    let radius = letter.radius().filter(|_| matters);
    radius
        .map(|radius| format!(", error {}", angle(radius)))
        .unwrap_or_default()
}

fn answers(letter: &Material) -> Vec<Sentence> {
    if letter.sights.is_empty() {
        let words = "Whether it is up where you observe is not known here: you have not told us where that is. Add your site, and the next letter answers with yes or no.";
        return vec![Sentence {
            label: None,
            words: words.into(),
            tone: "no",
        }];
    }
    let sentence = |sight: &Sight| Sentence {
        label: Some(sight.label()),
        words: plain(&sight.sentence(), 400),
        tone: if sight.is_observable() { "yes" } else { "no" },
    };
    letter.sights.iter().take(5).map(sentence).collect()
}

/// What and by whom, then when.
fn kicker(letter: &Material) -> Vec<String> {
    let burst = &letter.burst;
    let what = plain(&format!("{} · {}", burst.name(), seen_by(burst)), 100);
    let when = burst.trigger_time.map(|at| {
        let local = letter.sights.first().map(|sight| {
            let zone = sight.site.time_zone;
            format!(
                " ({} {})",
                at.with_timezone(&zone).format("%H:%M"),
                zone_letters(at, zone)
            )
        });
        format!(
            "{}, at {}{}",
            ago(at, letter.at),
            at.format("%H:%M:%S UTC on %-d %B %Y"),
            local.unwrap_or_default()
        )
    });
    [Some(what), when].into_iter().flatten().collect()
}

fn news(letter: &Material, reason: Reason) -> Vec<String> {
    let burst = &letter.burst;
    let line = match reason {
        Reason::Withdrawn => {
            let why = match burst.verdict() {
                Verdict::Withdrawn(withdrawal) => plain(&withdrawal.why, 400),
                _ => String::new(),
            };
            let what = if burst.burst_like {
                "It was not a gamma-ray burst. There is nothing to look for."
            } else {
                "Its mission took it back. There is nothing to look for."
            };
            format!("{what} {why}")
        }
        Reason::Better => {
            let was = letter.before.as_ref().and_then(|before| before.radius);
            match (letter.radius(), was) {
                (Some(now), Some(was)) => format!(
                    "New since our last letter: its position is known within {}; it was {}.",
                    angle(now),
                    angle(was)
                ),
                (Some(now), None) => format!(
                    "New since our last letter: its position, within {}.",
                    angle(now)
                ),
                (None, _) => return Vec::new(),
            }
        }
        Reason::Classified => format!(
            "New since its first notice: {} takes it for a gamma-ray burst after all.",
            burst.mission
        ),
        Reason::Observable => {
            "New: it can be observed from one of your sites; until now it could not.".into()
        }
        Reason::New | Reason::Digest => return Vec::new(),
    };
    vec![line.trim_end().to_owned()]
}

/// Where it is, in three notations, and what that means.
fn place(letter: &Material) -> Option<Section> {
    let best = letter.burst.best.as_ref()?;
    let mut rows = vec![Row {
        label: "J2000".into(),
        lines: notations(best),
        copied: true,
    }];
    // The site's lines have it, with what it means for the telescopes there.
    if letter.sights.first().and_then(Sight::section).is_none() {
        rows.push(Row::new("Known", known(letter)));
    }
    rows.push(Row::new(
        "In",
        format!(
            "{}, Galactic latitude {}",
            constellation(best.position).name,
            signed_degrees(best.position.galactic().1)
        ),
    ));
    if letter.sights.is_empty() {
        rows.extend(anywhere(best, letter.at));
    }
    Some(Section {
        heading: if letter.radius().is_some_and(|radius| radius > 1.0) {
            "The middle of its place".into()
        } else {
            "Where to point".into()
        },
        rows,
        picture: Some(SKY),
        ..Section::default()
    })
}

/// Sexagesimal, decimal, and as most hand controllers and planetarium programs take it.
fn notations(best: &Best) -> Vec<String> {
    let (ra, dec) = best
        .position
        .sexagesimal(best.error_radius_90.unwrap_or(0.0));
    let keyed = |text: &str| {
        let parts: Vec<&str> = text
            .split(['h', 'm', 's', '°', '′', '″'])
            .filter(|part| !part.is_empty())
            .collect();
        parts.join(":").replace('−', "-")
    };
    // A degree's tenth is enough where nobody knows the degree.
    let digits = if best.error_radius_90.is_some_and(|radius| radius >= 0.5) {
        1
    } else {
        4
    };
    vec![
        format!("{ra}  {dec}"),
        format!(
            "{:.digits$}°  {:+.digits$}°",
            best.position.ra, best.position.dec
        )
        .replace('-', "−"),
        format!("{} {}", keyed(&ra), keyed(&dec)),
    ]
}

fn known(letter: &Material) -> String {
    let Some(radius) = letter.radius() else {
        return "how well was not said".into();
    };
    format!("within {} (90 %)", angle(radius))
}

/// What holds for every observer on Earth.
fn anywhere(best: &Best, at: DateTime<Utc>) -> Vec<Row> {
    let dec = best.position.dec;
    let (south, north) = ((dec - 70.0).max(-90.0), (dec + 70.0).min(90.0));
    let reach = match (south > -90.0, north < 90.0) {
        (true, true) => format!(
            "from {} to {}",
            signed_degrees(south),
            signed_degrees(north)
        ),
        (true, false) => format!("north of {}", signed_degrees(south)),
        (false, _) => format!("south of {}", signed_degrees(north)),
    };
    // Seen from anywhere, the Sun stands within 9″ of this, the Moon within 1°.
    let middle = Site {
        latitude: 0.0,
        longitude: 0.0,
        elevation: 0.0,
        horizon: crate::sky::Horizon::flat(0.0),
    };
    let observer = Observer::at(&middle, at);
    let apart = |place: crate::sky::Equatorial| angle(place.separation(best.position));
    let phase = observer.phase(at);
    vec![
        Row::new("Climbs", format!("above 20° at latitudes {reach}")),
        Row::new(
            "From Sun",
            format!(
                "{}; from the Moon, {:.0} % lit, {}",
                apart(observer.sun_place(at)),
                phase.illuminated * 100.0,
                apart(observer.moon_place(at))
            ),
        ),
    ]
}

fn nature(letter: &Material) -> Vec<Row> {
    let burst = &letter.burst;
    let mut rows = vec![Row::new("In short", plain(&story(burst), 400))];
    if let Some(class) = &burst.class {
        let words = class_in_words(&class.what.most_likely);
        rows.push(Row::new(
            "Taken for",
            plain(&format!("{words}{}", percent(class.what.probability)), 120),
        ));
    }
    rows.push(Row::new("Sure?", sure(burst)));
    let others: Vec<String> = letter
        .linked
        .iter()
        .filter(|other| other.mission != burst.mission)
        .map(seen_by)
        .collect();
    if !others.is_empty() {
        rows.push(Row::new(
            "Also seen",
            format!("by {}", plain(&others.join(", "), 120)),
        ));
    }
    rows
}

fn sure(burst: &Burst) -> &'static str {
    if burst.confirmed {
        "confirmed: a telescope saw it, or its mission has spoken its last word"
    } else {
        "not confirmed yet: should it turn out to be none, you will hear of it"
    }
}

fn links(config: &Config, letter: &Material, reason: Reason) -> Vec<Link> {
    let (base, burst) = (config.base_url(), &letter.burst);
    let id = burst.id;
    let page = ("Its page, as it stands now", format!("{base}/bursts/{id}"));
    if reason == Reason::Withdrawn {
        return vec![link(page)];
    }
    let ours = [
        letter
            .sights
            .is_empty()
            .then(|| ("Add your site", format!("{base}/sites/new"))),
        Some(page),
        burst
            .best
            .as_ref()
            .and_then(|best| best.error_radius_90)
            .filter(|radius| *radius <= 12.0)
            .map(|_| ("Finder chart", format!("{base}/api/bursts/{id}/finder.svg"))),
    ];
    let light_curve = burst
        .links
        .get("light_curve")
        .filter(|url| url.starts_with("https://") || url.starts_with("http://"))
        .filter(|url| !url.contains(|c: char| c.is_control() || c.is_whitespace()))
        .map(|url| ("Light curve, from its mission", url.clone()));
    let all = ours.into_iter().flatten().chain(light_curve);
    all.map(link).collect()
}

fn link((words, url): (&str, String)) -> Link {
    Link {
        words: words.into(),
        url,
    }
}

/// Why this person gets this letter, in one line.
fn why(letter: &Material, reason: Reason) -> String {
    match (reason, letter.notify) {
        (Reason::Withdrawn, _) => "You get this because we told you of this burst.",
        (Reason::Better, _) => {
            "You get this because we told you of this burst, and now it is known much better where it is."
        }
        (Reason::Observable, _) => {
            "You get this because it can be observed from your site now, and could not before."
        }
        (_, Notify::Observable) => {
            "You get this because you asked to hear of what you can observe."
        }
        (_, Notify::Digest) => "You get this because you asked for a letter in the morning.",
        _ => "You get this because you asked to hear of every burst.",
    }
    .into()
}

pub(super) fn signed_degrees(angle: f64) -> String {
    let rounded = angle.round();
    let sign = if rounded < 0.0 { '−' } else { '+' };
    format!("{sign}{:.0}°", rounded.abs())
}
