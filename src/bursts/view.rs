//! What the burst pages show: ready-made words, filled by the handlers, laid out by the templates beside this file.

use askama::Template;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::platform::web::Viewer;
pub use crate::sky::angle_words as angle;

/// `/`: what happened last?
#[derive(Template)]
#[template(path = "bursts/latest.html")]
pub struct LatestPage {
    pub viewer: Viewer,
    pub desk: Desk,
    /// The burst shown large. None: nothing heard yet.
    pub newest: Option<Headline>,
    /// Those before it, newest first, about twelve.
    pub earlier: Vec<BurstRow>,
    /// What members saw lately, HTML.
    pub seen: Option<String>,
    /// Whose birthday it is today or this week; for members only.
    pub birthdays: Option<String>,
}

/// `/bursts`: every burst, filtered, a page at a time.
#[derive(Template)]
#[template(path = "bursts/list.html")]
pub struct ListPage {
    pub viewer: Viewer,
    pub filters: Filters,
    pub rows: Vec<BurstRow>,
    /// Address of the next page, filters kept. None: this is the last.
    pub older: Option<String>,
    /// Address of the first page, filters kept. None: this is the first. The first page is live, the others stand still.
    pub newest: Option<String>,
}

/// `/bursts/{id}`: one burst, and every notice about it.
#[derive(Template)]
#[template(path = "bursts/burst.html")]
pub struct BurstPage {
    pub viewer: Viewer,
    pub id: i64,
    pub name: String,
    /// `Fermi's GBM caught a gamma-ray burst. It lies somewhere within 23° of …`: two sentences at most.
    pub story: String,
    /// Withdrawn, not a burst, a test: said before anything else.
    pub outcome: Option<Outcome>,
    pub trigger: Option<When>,
    /// `Fermi GBM`
    pub seen_by: String,
    pub trigger_id: Option<String>,
    pub tier: Tier,
    pub position: Option<Position>,
    pub class: Option<Class>,
    /// Duration, significance, hardness …, in the notices' order.
    pub facts: Vec<Fact>,
    /// The whole sky, as SVG.
    pub chart_svg: Option<String>,
    /// The field around the position, as SVG.
    pub finder_svg: Option<String>,
    /// From [`narrowing`].
    pub narrowing_svg: Option<String>,
    pub links: Vec<Link>,
    /// The same burst as other missions saw it.
    pub also_seen: Vec<BurstRow>,
    pub circulars: Vec<CircularRow>,
    pub names: Vec<Name>,
    /// Oldest first.
    pub timeline: Vec<NoticeRow>,
    /// Parts that other areas serve, put in by address: visibility, observations.
    /// Parts of the page from elsewhere: above the charts, and below them.
    pub answers: Vec<Fragment>,
    pub reports: Vec<Fragment>,
}

/// The line about the desk itself.
pub struct Desk {
    /// `ok`, `warn`, `off` or `bad`.
    pub state: String,
    /// `Listening to GCN; last heartbeat 2 s ago.`
    pub words: String,
    /// What to do about it, where something can be done.
    pub remedy: Option<String>,
}

/// The newest burst, large.
pub struct Headline {
    pub row: BurstRow,
    pub story: String,
    pub outcome: Option<Outcome>,
    /// As in [`Position::sexagesimal`].
    pub position: Option<String>,
    pub chart_svg: Option<String>,
}

/// One burst in a list.
pub struct BurstRow {
    pub id: i64,
    pub name: String,
    /// `Swift BAT and XRT`
    pub seen_by: String,
    /// `Gamma-ray burst, 87 %`
    pub what: String,
    pub tier: Tier,
    pub extent: Option<Extent>,
    /// Of the trigger; where that is unknown, of the first notice.
    pub when: When,
    /// `Withdrawn`, `Not a burst`, `Test`: takes the tier's place, and the row is dimmed. None: in force.
    pub struck: Option<String>,
    /// Grows with every notice. With the id it tells the browser which rows are news.
    pub notices: u32,
}

/// An instant in three wordings. The browser keeps `ago` ticking from `iso`.
#[derive(Clone)]
pub struct When {
    /// `2026-11-21T01:36:02Z`
    pub iso: String,
    /// `21 Nov 2026, 01:36:02 UTC`
    pub utc: String,
    /// `4 min ago`
    pub ago: String,
}

/// How much a notice is worth to a small telescope.
#[derive(Clone)]
pub struct Tier {
    /// `A` … `D`
    pub letter: String,
    /// `Pointable`
    pub word: String,
    /// A sentence for one who does not know the letters.
    pub meaning: String,
}

/// How wide the place is in which the burst lies with 90 % probability.
#[derive(Clone)]
pub struct Extent {
    /// `3′`
    pub words: String,
    /// What telescope that fits.
    pub fits: String,
    /// Radius of the drawn mark, 1.5 … 9.5: logarithmic, from arcseconds to tens of degrees.
    pub mark: String,
}

pub struct Position {
    /// `19h13m03.5s  +19°46′24″`; a line breaks at the two spaces only.
    pub sexagesimal: String,
    /// `288.2646  +19.7735`
    pub decimal: String,
    pub extent: Option<Extent>,
    /// `Swift XRT, 21 Nov 2026, 01:37:40 UTC`
    pub source: String,
    pub constellation: Option<String>,
    /// `52.96°, +4.32°`
    pub galactic: Option<String>,
}

/// Why a burst is none, or none any more.
pub struct Outcome {
    /// `withdrawn`, `unlikely` (particles, a flare, a lightning flash …) or `test`.
    pub kind: String,
    /// `Withdrawn: this was not a burst`
    pub heading: String,
    pub why: String,
    pub at: Option<When>,
}

pub struct Class {
    /// `Gamma-ray burst`
    pub words: String,
    /// `87 %`
    pub probability: Option<String>,
    /// How it changed, oldest first; one entry is no history and is not shown.
    pub history: Vec<ClassStep>,
}

pub struct ClassStep {
    /// `Unreliable location, 51 %`
    pub words: String,
    /// `+31 s`
    pub after: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    pub label: String,
    pub value: String,
}

pub struct Link {
    pub label: String,
    pub url: String,
}

pub struct CircularRow {
    pub number: Option<u32>,
    pub subject: String,
    pub submitter: String,
    pub when: When,
    pub url: String,
}

pub struct Name {
    pub name: String,
    /// `GCN Circular 32635`, `Fermi`
    pub by: String,
}

/// One notice in the life of a burst.
pub struct NoticeRow {
    pub id: i64,
    /// Time since the trigger, from [`after`]: `+31 s`. Empty without a trigger time.
    pub after: String,
    /// Who and what: `Fermi GBM flight position`.
    pub title: String,
    /// What it brought: `First position. Class: gamma-ray burst, 67 %.`
    pub brought: String,
    pub when: When,
    pub extent: Option<Extent>,
    /// The position in use comes from this notice.
    pub best: bool,
    pub withdraws: bool,
    pub latency: Option<Latency>,
    /// The notice's own text.
    pub raw_url: String,
}

/// Where the seconds between the burst and our database went; each as words, from [`span`].
pub struct Latency {
    /// Trigger to notice, at the mission. None: one of the two times is unknown.
    pub mission: Option<String>,
    /// Notice to here. None: replayed or pushed without a date.
    pub network: Option<String>,
    /// Received to stored.
    pub here: String,
}

/// The filter form of `/bursts`.
pub struct Filters {
    pub missions: Vec<Choice>,
    pub tiers: Vec<Choice>,
    pub since: Vec<Choice>,
    pub position: Vec<Choice>,
    /// `Swift, pointable, last 7 days`. None: nothing is filtered.
    pub said: Option<String>,
}

pub struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

/// A part of the page that lives at an address of its own.
pub struct Fragment {
    /// Letters and dashes; becomes the section's id.
    pub id: String,
    pub heading: String,
    pub url: String,
}

impl BurstRow {
    /// Changes whenever the row has something new to say.
    fn key(&self) -> String {
        format!("{}.{}", self.id, self.notices)
    }

    /// The last word about it: struck, or what it is worth to a telescope.
    fn worth(&self) -> &str {
        match (&self.struck, &self.extent) {
            (Some(struck), _) => struck,
            (None, None) if self.tier.points() => "Not yet",
            _ => &self.tier.word,
        }
    }
}

impl When {
    pub fn new(at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self {
            iso: at.to_rfc3339_opts(SecondsFormat::Millis, true),
            utc: at.format("%-d %b %Y, %H:%M:%S UTC").to_string(),
            ago: ago(at, now),
        }
    }
}

impl Tier {
    /// An unknown letter is context.
    pub fn of(letter: &str) -> Self {
        let (letter, word, meaning) = match letter {
            "A" => (
                "A",
                "Pointable",
                "Known well enough for a small telescope to point at.",
            ),
            "B" => (
                "B",
                "Wide",
                "Known to a few degrees or worse: too wide for a telescope, until a better position comes.",
            ),
            "D" => (
                "D",
                "Test",
                "A mission’s own test. Nothing happened in the sky; it proves that notices reach this desk.",
            ),
            _ => (
                "C",
                "Context",
                "Not a burst to point at, but it may belong to one: gravitational waves, neutrinos, late finds.",
            ),
        };
        Self {
            letter: letter.into(),
            word: word.into(),
            meaning: meaning.into(),
        }
    }

    /// A burst of this tier is something to point at, once it is known where.
    fn points(&self) -> bool {
        matches!(self.letter.as_str(), "A" | "B")
    }
}

impl Extent {
    /// From the 90 % radius in degrees.
    pub fn of(radius: f64) -> Self {
        let fits = match radius {
            r if r <= 10.0 / 60.0 => "fits the field of nearly any telescope",
            r if r <= 0.75 => "fits a short telescope with a wide camera",
            r if r <= 4.0 => "fits a camera lens, not a telescope",
            _ => "too wide to search with a telescope",
        };
        // 1″ draws as 1.5, 30° as 9.5.
        let decades = (radius * 3600.0).max(1.0).log10() / 108_000_f64.log10();
        Self {
            words: angle(radius),
            fits: fits.into(),
            mark: format!("{:.1}", (1.5 + 8.0 * decades).min(9.5)),
        }
    }
}

/// `just now`, `4 s ago`, `12 min ago`, `3 h 20 min ago`, `2 days ago`. `assets/js/clock.js` says the same words.
pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - at).num_seconds();
    match seconds {
        ..1 => "just now".into(),
        1..120 => format!("{seconds} s ago"),
        120..7_200 => format!("{} min ago", seconds / 60),
        7_200..86_400 => format!("{} h {:02} min ago", seconds / 3600, seconds / 60 % 60),
        86_400..172_800 => "yesterday".into(),
        172_800..63_072_000 => format!("{} days ago", seconds / 86_400),
        _ => format!("{} years ago", seconds / 31_557_600),
    }
}

/// Time since the trigger: `+31 s`, `+9 min 20 s`, `+8 h 04 min`, `+3 days`.
pub fn after(at: DateTime<Utc>, trigger: DateTime<Utc>) -> String {
    let sign = if at < trigger { '−' } else { '+' };
    format!("{sign}{}", apart(at, trigger))
}

/// `12 min 00 s after the trigger`, or before it.
pub fn from_trigger(at: DateTime<Utc>, trigger: DateTime<Utc>) -> String {
    let side = if at < trigger { "before" } else { "after" };
    format!("{} {side} the trigger", apart(at, trigger))
}

/// How long lies between two instants, whichever comes first: `26 s`, `9 min 20 s`, `8 h 04 min`, `5 days`.
pub fn apart(one: DateTime<Utc>, other: DateTime<Utc>) -> String {
    let seconds = (one - other).num_seconds().abs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3_600..172_800 => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A short stretch of time: `4 ms`, `0.8 s`, `26 s`, `9 min`, `8 h`.
pub fn span(time: TimeDelta) -> String {
    let ms = time.num_milliseconds();
    match ms {
        ..1 => "under 1 ms".into(),
        1..1_000 => format!("{ms} ms"),
        1_000..10_000 => format!("{}.{} s", ms / 1000, ms / 100 % 10),
        10_000..120_000 => format!("{} s", ms / 1000),
        120_000..7_200_000 => format!("{} min", ms / 60_000),
        _ => format!("{} h", ms / 3_600_000),
    }
}

/// A better position: seconds after the trigger, 90 % radius in degrees.
pub struct Better {
    pub seconds: f64,
    pub radius: f64,
}

/// Draws how the place of a burst narrowed, both axes logarithmic; the Moon is there for scale. None with fewer than two
/// positions: nothing narrowed. `steps` are the positions in use, oldest first; `until` is now, in seconds after the trigger.
pub fn narrowing(steps: &[Better], until: f64) -> Option<String> {
    const TIMES: [(f64, &str); 7] = [
        (1.0, "1 s"),
        (10.0, "10 s"),
        (60.0, "1 min"),
        (600.0, "10 min"),
        (3_600.0, "1 h"),
        (86_400.0, "1 day"),
        (2_592_000.0, "30 days"),
    ];
    const RADII: [(f64, &str); 4] = [
        (1.0 / 3_600.0, "1″"),
        (1.0 / 60.0, "1′"),
        (1.0, "1°"),
        (30.0, "30°"),
    ];
    const MOON: f64 = 0.26;

    let ([first, .., last], true) = (steps, until.is_finite()) else {
        return None;
    };
    let from = if first.seconds < 10.0 { 1.0_f64 } else { 10.0 };
    let to = until.max(last.seconds * 3.0).max(600.0);
    let smallest = steps
        .iter()
        .map(|s| s.radius)
        .fold(MOON / 3.0, f64::min)
        .max(0.5 / 3_600.0);
    let x = |seconds: f64| 34.0 + 316.0 * (seconds.clamp(from, to) / from).ln() / (to / from).ln();
    let y = |radius: f64| {
        14.0 + 136.0 * (60.0 / radius.clamp(smallest / 2.0, 60.0)).ln() / (120.0 / smallest).ln()
    };

    let mut svg =
        String::from(r#"<svg class="narrowing" viewBox="0 0 360 176" role="img" aria-label="#);
    svg += &format!(
        "\"The error radius over time: from {} to {}.\">",
        angle(first.radius),
        angle(last.radius)
    );
    for (radius, words) in RADII.iter().filter(|(r, _)| *r > smallest / 2.0) {
        let y = y(*radius);
        svg += &format!(
            r#"<path class="grid" d="M34 {y:.1}H350"/><text class="tick" x="28" y="{:.1}" text-anchor="end">{words}</text>"#,
            y + 4.0
        );
    }
    for (seconds, words) in TIMES.iter().filter(|(s, _)| (from..=to).contains(s)) {
        let x = x(*seconds);
        svg += &format!(
            r#"<path class="grid" d="M{x:.1} 150v5"/><text class="tick" x="{x:.1}" y="169" text-anchor="middle">{words}</text>"#
        );
    }
    let moon = y(MOON);
    svg += &format!(
        r#"<path class="moon" d="M34 {moon:.1}H350"/><text class="tick" x="350" y="{:.1}" text-anchor="end">the Moon</text>"#,
        moon - 4.0
    );
    let mut line = format!("M{:.1} {:.1}", x(first.seconds), y(first.radius));
    for step in &steps[1..] {
        line += &format!("H{:.1}V{:.1}", x(step.seconds), y(step.radius));
    }
    svg += &format!(r#"<path class="step" d="{line}H350"/>"#);
    let mut written = f64::MIN;
    for step in steps {
        let (x, y) = (x(step.seconds), y(step.radius));
        svg += &format!(r#"<circle class="dot" cx="{x:.1}" cy="{y:.1}" r="3"/>"#);
        // A value that would lie over the one before it is left to the timeline.
        if x < written + 30.0 {
            continue;
        }
        written = x;
        svg += &format!(
            r#"<text class="value" x="{:.1}" y="{:.1}">{}</text>"#,
            x + 5.0,
            y - 5.0,
            angle(step.radius)
        );
    }
    Some(svg + "</svg>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        let at = |s| DateTime::UNIX_EPOCH + TimeDelta::seconds(s);
        let said: Vec<_> = [0, 4, 119, 120, 7_199, 12_000, 86_400, 259_200]
            .map(|s| ago(at(0), at(s)))
            .into();
        assert_eq!(
            said,
            [
                "just now",
                "4 s ago",
                "119 s ago",
                "2 min ago",
                "119 min ago",
                "3 h 20 min ago",
                "yesterday",
                "3 days ago"
            ]
        );
        let said: Vec<_> = [-8, 31, 560, 29_059].map(|s| after(at(s), at(0))).into();
        assert_eq!(said, ["−8 s", "+31 s", "+9 min 20 s", "+8 h 04 min"]);
    }
}
