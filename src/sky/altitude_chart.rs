//! Draws how high a target stands through one night at one site, as SVG that reads on a phone.
//!
//! Made by the rules of [`super::chart`], with these classes besides:
//!
//! | class | part |
//! |---|---|
//! | `.altitude` | the `<svg>`, beside `.sky-chart` |
//! | `.day` `.civil` `.nautical` `.astronomical` `.field` | grounds (fill): the Sun up, the twilights, the night |
//! | `.window` `.window-track` | bar at the top for a window (fill), the track inside it (stroke) |
//! | `.track` `.moon-track` | lines of target and Moon |
//! | `.skyline` | what the horizon hides (fill) and its edge (stroke) |
//! | `.limit` `.now` | dashed line of the least altitude, line of the time |
//! | `.tick` `.now-label` `.moon-label` | text, beside `.label` |

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

use super::coordinates::Equatorial;
use super::crossing::{self, Span};
use super::night::SUNSET;
use super::observer::{Horizontal, Observer};
use super::projection::Plane;
use super::svg::{self, number};
use super::visibility::{self, Limits};

/// What the chart of a night shows.
#[derive(Debug, Clone, Copy)]
pub struct AltitudeSpec<'a> {
    /// What is observed, such as `GRB 221009A`.
    pub title: &'a str,
    /// Where it is.
    pub target: Equatorial,
    /// Whose night it is.
    pub observer: &'a Observer,
    /// What counts as observable.
    pub limits: &'a Limits,
    /// The time, marked if it lies on the chart; windows count from it. `None` for the whole night.
    pub now: Option<DateTime<Utc>>,
    /// Whose clock the axis shows.
    pub zone: Tz,
}

/// Size of the drawing, and of the field in it.
const SIZE: (f64, f64) = (360.0, 236.0);
const CORNER: Plane = (30.0, 10.0);
const FIELD: (f64, f64) = (322.0, 190.0);
/// Between two points of a track, s.
const STEP: f64 = 300.0;

/// The altitude of a target over one night as SVG text of at most 30 kB: from an hour before sunset to an hour after sunrise,
/// or from noon to noon where the Sun does not set or rise.
pub fn altitude_chart(spec: &AltitudeSpec<'_>) -> String {
    let view = View::new(spec);
    let title = svg::escaped(spec.title);
    let description = svg::escaped(&view.description());
    let (width, height) = SIZE;
    let (x, y) = CORNER;
    let (w, h) = FIELD;
    let field = [
        view.grounds(),
        view.graticule(),
        view.windows(),
        view.moon(),
        view.skyline(),
        view.track(),
        view.now(),
    ];
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" class="sky-chart altitude" viewBox="0 0 {width} {height}" role="img" font-family="system-ui, sans-serif"><title>Altitude of {title} through the night</title><desc>{description}</desc><g transform="translate({x} {y})">{}</g><rect class="rim" x="{x}" y="{y}" width="{w}" height="{h}" fill="none" stroke="#46557a"/>{}</svg>"##,
        field.concat(),
        view.labels()
    )
}

/// What stands where on the chart of one night.
struct View<'a> {
    spec: &'a AltitudeSpec<'a>,
    /// From and to, s of the almanac.
    span: Span,
    windows: Vec<Span>,
}

impl<'a> View<'a> {
    fn new(spec: &'a AltitudeSpec<'a>) -> Self {
        let observer = spec.observer;
        let (noon, next_noon) = observer.night_span();
        let span = match observer.below(SUNSET) {
            Some((sunset, sunrise)) => (
                (sunset - 3600.0).max(noon),
                (sunrise + 3600.0).min(next_noon),
            ),
            None => (noon, next_noon),
        };
        let now = spec.now.map_or(noon, |now| observer.almanac().seconds(now));
        let rest = (now.max(noon), next_noon);
        let windows = visibility::observable(spec.target, observer, rest, spec.limits);
        Self {
            spec,
            span,
            windows,
        }
    }

    fn x(&self, t: f64) -> f64 {
        (t - self.span.0) / (self.span.1 - self.span.0) * FIELD.0
    }

    fn grounds(&self) -> String {
        let day = ground("day", 0.0, FIELD.0, "#3a5378");
        let darker = [
            (SUNSET, "civil", "#2a3f63"),
            (-6.0, "nautical", "#1d2d4b"),
            (-12.0, "astronomical", "#141f38"),
            (-18.0, "field", "#0c1322"),
        ];
        let drawn =
            darker.map(
                |(altitude, class, fill)| match self.spec.observer.below(altitude) {
                    Some((from, to)) => ground(class, self.x(from), self.x(to), fill),
                    None => String::new(),
                },
            );
        day + &drawn.concat()
    }

    /// Lines at 30° and 60°, and at the hours.
    fn graticule(&self) -> String {
        let level = |altitude| format!("M0 {}H{}", number(y(altitude)), FIELD.0);
        let hour = |t: f64| format!("M{} 0V{}", number(self.x(t)), FIELD.1);
        let lines: String = [30.0, 60.0]
            .into_iter()
            .map(level)
            .chain(self.hours().map(|(t, _)| hour(t)))
            .collect();
        let limit = self.spec.limits.floor();
        format!(
            r##"<path class="graticule" d="{lines}" fill="none" stroke="#46557a" stroke-width="0.6" stroke-opacity="0.7"/><path class="limit" d="{}" fill="none" stroke="#9aa7c7" stroke-width="0.8" stroke-dasharray="2 4"/>"##,
            level(limit)
        )
    }

    /// A bar at the top for each window; one of minutes is to be seen as well.
    fn windows(&self) -> String {
        let bar = |(from, to): &Span| {
            let (from, to) = (self.x(*from), self.x(*to));
            format!(
                r##"<rect class="window" x="{}" y="0" width="{}" height="4" fill="#ff8a5c"/>"##,
                number(from),
                number((to - from).max(1.5))
            )
        };
        self.windows.iter().map(bar).collect()
    }

    fn moon(&self) -> String {
        let observer = self.spec.observer;
        let line = self.line(self.span, |at| observer.moon(at).altitude);
        let top = line.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1));
        let label = top.filter(|(_, y)| *y < FIELD.1 - 14.0).map(|(x, y)| {
            let at = (x.clamp(20.0, FIELD.0 - 20.0), (y - 5.0).max(11.0));
            svg::text_on_field("label moon-label", at, "middle", 10.0, "#d5dbea", "Moon")
        });
        format!(
            r##"<path class="moon-track" d="{}" fill="none" stroke="#d5dbea" stroke-width="1" stroke-dasharray="4 3"/>{}"##,
            svg::lines(&risen(&line)),
            label.unwrap_or_default()
        )
    }

    /// The site's horizon in the direction in which the target stands at each time.
    fn skyline(&self) -> String {
        let horizon = &self.spec.observer.site().horizon;
        let mut area = self.line(self.span, |at| {
            horizon.altitude(self.place(at).azimuth).max(0.0)
        });
        if area.iter().all(|(_, height)| *height >= FIELD.1) {
            return String::new();
        }
        area.extend([(FIELD.0, FIELD.1), (0.0, FIELD.1)]);
        format!(
            r##"<path class="skyline" d="{}" fill="#05070d" fill-opacity="0.75" stroke="#5a6a92" stroke-width="0.8"/>"##,
            svg::areas(&[area])
        )
    }

    fn track(&self) -> String {
        let altitude = |at| self.place(at).altitude;
        let whole = svg::lines(&risen(&self.line(self.span, altitude)));
        let best: Vec<Vec<Plane>> = self
            .windows
            .iter()
            .map(|span| self.line(*span, altitude))
            .collect();
        format!(
            r##"<path class="track" d="{whole}" fill="none" stroke="#ffb454" stroke-width="1.4" stroke-opacity="0.8"/><path class="window-track" d="{}" fill="none" stroke="#ff8a5c" stroke-width="3" stroke-linecap="round"/>"##,
            svg::lines(&best)
        )
    }

    fn now(&self) -> String {
        let seconds = |now| self.spec.observer.almanac().seconds(now);
        let Some(t) = self
            .spec
            .now
            .map(seconds)
            .filter(|t| self.span.0 <= *t && *t <= self.span.1)
        else {
            return String::new();
        };
        let x = self.x(t);
        let (side, anchor) = if x > FIELD.0 - 30.0 {
            (-4.0, "end")
        } else {
            (4.0, "start")
        };
        let label = svg::text_on_field(
            "label now-label",
            (x + side, FIELD.1 - 5.0),
            anchor,
            10.0,
            "#e8ecf7",
            "now",
        );
        format!(
            r##"<path class="now" d="M{} 0V{}" fill="none" stroke="#e8ecf7" stroke-width="1.2"/>{label}"##,
            number(x),
            FIELD.1
        )
    }

    /// Altitudes at the left, hours below.
    fn labels(&self) -> String {
        let tick =
            |at, anchor, words: &str| svg::text("label tick", at, anchor, 11.0, "#9aa7c7", words);
        let level = |altitude: u8| {
            let at = (CORNER.0 - 5.0, CORNER.1 + y(f64::from(altitude)) + 4.0);
            tick(at, "end", &format!("{altitude}°"))
        };
        let below = CORNER.1 + FIELD.1 + 14.0;
        let hours = self.hours().map(|(t, hour)| {
            tick(
                (CORNER.0 + self.x(t), below),
                "middle",
                &format!("{hour:02}"),
            )
        });
        let middle = (CORNER.0 + FIELD.0 / 2.0, below + 17.0);
        let caption = tick(middle, "middle", &format!("hours, {}", self.zone()));
        [0, 30, 60, 90].map(level).concat() + &hours.collect::<String>() + &caption
    }

    /// Whole hours of the zone's clock that have a label, with their times.
    fn hours(&self) -> impl Iterator<Item = (f64, u32)> {
        let (from, to) = self.span;
        let every = match to - from {
            long if long > 16.0 * 3600.0 => 3,
            long if long > 9.0 * 3600.0 => 2,
            _ => 1,
        };
        let almanac = self.spec.observer.almanac();
        let start = almanac.instant(from);
        let since_hour = i64::from(start.minute() % 15) * 60 + i64::from(start.second());
        let first = start
            - TimeDelta::seconds(since_hour)
            - TimeDelta::nanoseconds(i64::from(start.nanosecond()));
        // Some clocks are a quarter of an hour beside the others.
        let quarters = (1..=97).map(move |n| first + TimeDelta::minutes(15 * n));
        let clock = quarters.map(|at| (almanac.seconds(at), at.with_timezone(&self.spec.zone)));
        let whole =
            clock.filter(move |(_, local)| local.minute() == 0 && local.hour() % every == 0);
        // A label at the very edge would be cut.
        whole
            .map(|(t, local)| (t, local.hour()))
            .filter(move |(t, _)| from + 900.0 < *t && *t < to - 900.0)
    }

    /// The name of the zone's time at midnight, such as `CET`.
    fn zone(&self) -> String {
        let middle = self
            .spec
            .observer
            .almanac()
            .instant(f64::midpoint(self.span.0, self.span.1));
        let name = middle
            .with_timezone(&self.spec.zone)
            .format("%Z")
            .to_string();
        // Zones without a name of their own are called by their offset.
        if name.starts_with(['+', '-']) {
            format!("UTC{name}")
        } else {
            name
        }
    }

    /// A curve over a span of time, in the field.
    fn line(&self, span: Span, altitude: impl Fn(DateTime<Utc>) -> f64) -> Vec<Plane> {
        let times = crossing::ticks(span, STEP).chain([span.1]);
        let point = |t: f64| {
            (
                self.x(t),
                y(altitude(self.spec.observer.almanac().instant(t))),
            )
        };
        times.map(point).collect()
    }

    fn place(&self, at: DateTime<Utc>) -> Horizontal {
        self.spec.observer.horizontal(self.spec.target, at)
    }

    /// What the drawing says, in words.
    fn description(&self) -> String {
        let instant = |t: f64| self.spec.observer.almanac().instant(t);
        let clock = |t: f64| {
            instant(t)
                .with_timezone(&self.spec.zone)
                .format("%H:%M")
                .to_string()
        };
        let (from, to) = self.span;
        let altitudes =
            crossing::ticks(self.span, STEP).map(|t| (t, self.place(instant(t)).altitude));
        let highest = altitudes.max_by(|a, b| a.1.total_cmp(&b.1));
        let highest = match highest {
            Some((t, altitude)) if altitude > 0.0 => {
                format!("It is highest at {}, {altitude:.0}° up.", clock(t))
            }
            _ => "It stays below the horizon.".to_owned(),
        };
        let windows: Vec<String> = self
            .windows
            .iter()
            .map(|(from, to)| format!("from {} to {}", clock(*from), clock(*to)))
            .collect();
        let windows = match windows.len() {
            0 => "It cannot be observed in this time.".to_owned(),
            _ => format!("It can be observed {}.", windows.join(" and ")),
        };
        format!(
            "From {} to {} {}. {highest} {windows}",
            clock(from),
            clock(to),
            self.zone()
        )
    }
}

/// The parts of a curve that are above the field's lower edge. Cut here, since whoever makes a picture of the drawing pays for
/// a clip with the whole picture once more.
fn risen(curve: &[Plane]) -> Vec<Vec<Plane>> {
    let up = |point: Plane| point.1 <= FIELD.1;
    let edge = |a: Plane, b: Plane| {
        let part = (FIELD.1 - a.1) / (b.1 - a.1);
        (a.0 + part * (b.0 - a.0), FIELD.1)
    };
    let (mut parts, mut part) = (Vec::new(), Vec::new());
    let mut last: Option<Plane> = None;
    for point in curve.iter().copied() {
        if let Some(last) = last.filter(|last| up(*last) != up(point)) {
            part.push(edge(last, point));
        }
        if up(point) {
            part.push(point);
        } else {
            parts.push(std::mem::take(&mut part));
        }
        last = Some(point);
    }
    parts.push(part);
    parts
}

/// Nothing where it would be too narrow to be seen: a renderer takes no rectangle without a width.
fn ground(class: &str, from: f64, to: f64, fill: &str) -> String {
    if to - from < 0.1 {
        return String::new();
    }
    format!(
        r#"<rect class="{class}" x="{}" y="0" width="{}" height="{}" fill="{fill}"/>"#,
        number(from),
        number(to - from),
        FIELD.1
    )
}

/// Height on the field of an altitude, deg.
fn y(altitude: f64) -> f64 {
    FIELD.1 * (1.0 - altitude / 90.0)
}
