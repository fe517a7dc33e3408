//! Judges one place on the sky for thousands of sites: a night over a site in so few numbers that an answer takes microseconds.
//!
//! In one night a star goes round the pole in a circle, so the sine of its altitude is a sine curve, and its crossings have a
//! formula. What that leaves out (precession within the night, aberration by the turn of the Earth) is below 1″.

use chrono::{DateTime, Utc};

use super::almanac::{self, TURN, Vector, dot, plus, unit};
use super::coordinates::Equatorial;
use super::crossing::{self, Span};
use super::horizon::Horizon;
use super::night::{Darkness, SUNSET};
use super::observer::{Horizontal, Observer};
use super::visibility::{Limits, Share};

/// How often a star is held against a horizon that is not flat, s. The sky turns by 2° in this time; narrower trees may be missed.
const STEP: f64 = 480.0;

/// One night over one site, from noon to noon: some 300 bytes and a shared horizon.
#[derive(Debug, Clone)]
pub struct SiteNight {
    noon: DateTime<Utc>,
    /// From noon to noon, s.
    length: f64,
    /// Sine and cosine.
    latitude: (f64, f64),
    /// ICRS axes at noon: meridian in the equator, east, pole.
    axes: [Vector; 3],
    /// Velocity of the Earth as a part of light's.
    velocity: Vector,
    /// When it is dark, for each [`Darkness`], s from noon.
    dark: [Option<Span>; 3],
    /// When the night is over, for each, s from noon.
    ends: [f64; 3],
    horizon: Horizon,
}

/// A window as a [`SiteNight`] finds it: without airmass and Moon, times to a second over a flat horizon, angles (deg) to 0.01°.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoughWindow {
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it ends.
    pub to: DateTime<Utc>,
    /// When the target is highest in it.
    pub best: DateTime<Utc>,
    /// Altitude at the best time.
    pub altitude: f64,
    /// Azimuth at the best time, from north through east.
    pub azimuth: f64,
}

impl SiteNight {
    /// The observer's night.
    pub fn of(observer: &Observer) -> Self {
        let (noon, next_noon) = observer.night_span();
        let from_noon = |(from, to): Span| (from - noon, to - noon);
        let [civil, nautical, astronomical] = Darkness::ALL.map(Darkness::altitude);
        let [sunset, dark @ ..] = observer.below_each([SUNSET, civil, nautical, astronomical]);
        Self {
            noon: observer.noon(),
            length: next_noon - noon,
            latitude: observer.site().latitude.to_radians().sin_cos(),
            axes: observer.axes(noon),
            velocity: observer.almanac().velocity(),
            dark: dark.map(|span| span.map(from_noon)),
            ends: dark.map(|span| span.or(sunset).map_or(next_noon, |(_, end)| end) - noon),
            horizon: observer.site().horizon.clone(),
        }
    }

    /// True where it will not be as dark as that any more in this night: see [`Observer::tonight`].
    pub fn is_over(&self, now: DateTime<Utc>, darkness: Darkness) -> bool {
        self.seconds(now) >= of(self.ends, darkness)
    }

    /// The noon with which the night begins.
    pub fn noon(&self) -> DateTime<Utc> {
        self.noon
    }

    /// The noon with which the night ends, and from which another is needed.
    pub fn next_noon(&self) -> DateTime<Utc> {
        self.instant(self.length)
    }

    /// The longest window of a target from now to the end of the night, as [`visibility`](super::visibility()) finds it.
    pub fn window(
        &self,
        target: Equatorial,
        now: DateTime<Utc>,
        limits: &Limits,
    ) -> Option<RoughWindow> {
        let star = self.star(target);
        let (from, to) = crossing::longest(&self.windows(star, now, limits))?;
        let top = culmination(star);
        let tops = [top - DAY, top, top + DAY]
            .into_iter()
            .filter(|t| from < *t && *t < to);
        let best = tops
            .chain([from, to])
            .max_by(|a, b| self.height(star, *a).total_cmp(&self.height(star, *b)))?;
        let place = self.place(star, best);
        Some(RoughWindow {
            from: self.instant(from),
            to: self.instant(to),
            best: self.instant(best),
            altitude: place.altitude,
            azimuth: place.azimuth,
        })
    }

    /// When a target can be observed first, from now to the end of the night.
    pub fn opens(
        &self,
        target: Equatorial,
        now: DateTime<Utc>,
        limits: &Limits,
    ) -> Option<DateTime<Utc>> {
        let windows = self.windows(self.star(target), now, limits);
        windows.first().map(|(from, _)| self.instant(*from))
    }

    /// Which part of some places, taken as equal, can be observed now and from now to the end of the night.
    pub fn share(&self, places: &[Equatorial], now: DateTime<Utc>, limits: &Limits) -> Share {
        let dark = self.dark_from(now, limits);
        let t = self.seconds(now);
        let dark_now = dark.is_some_and(|(from, _)| from <= t);
        let stars = places.iter().map(|place| self.star(*place));
        let (mut observable, mut sooner_or_later, mut all) = (0.0, 0.0, 0.0);
        for star in stars {
            let seen = dark_now && self.clears(star, t, limits);
            let seen_tonight =
                seen || dark.is_some_and(|span| self.comes_clear(star, span, limits));
            observable += f64::from(u8::from(seen));
            sooner_or_later += f64::from(u8::from(seen_tonight));
            all += 1.0;
        }
        let of_all = |part: f64| if all > 0.0 { part / all } else { 0.0 };
        Share {
            now: of_all(observable),
            tonight: of_all(sooner_or_later),
        }
    }

    /// When a star can be observed, in order.
    fn windows(&self, star: Vector, now: DateTime<Utc>, limits: &Limits) -> Vec<Span> {
        let Some(dark) = self.dark_from(now, limits) else {
            return Vec::new();
        };
        let high = self.high(star, dark, limits);
        let clear =
            |span: &Span| crossing::positive_in_steps(&|t| self.clearance(star, t), *span, STEP);
        match self.horizon.level() {
            Some(_) => high,
            None => high.iter().flat_map(clear).collect(),
        }
    }

    /// The rest of the dark, s from noon.
    fn dark_from(&self, now: DateTime<Utc>, limits: &Limits) -> Option<Span> {
        let (from, to) = of(self.dark, limits.darkness)?;
        let from = from.max(self.seconds(now));
        (from < to).then_some((from, to))
    }

    /// When a star is above the least altitude, and above the horizon if that is flat.
    fn high(&self, star: Vector, span: Span, limits: &Limits) -> Vec<Span> {
        let [x, y, z] = star;
        let level = self.horizon.level().unwrap_or(0.0).max(limits.floor());
        let swing = self.latitude.1 * x.hypot(y);
        let middle = self.latitude.0 * z;
        let cosine = (level.to_radians().sin() - middle) / swing;
        if cosine >= 1.0 || cosine.is_nan() {
            return Vec::new();
        }
        if cosine <= -1.0 {
            return vec![span];
        }
        let (top, half) = (culmination(star), cosine.acos() / TURN);
        let days = [top - DAY, top, top + DAY].map(|top| (top - half, top + half));
        crossing::overlap(&days, &[span])
    }

    fn comes_clear(&self, star: Vector, span: Span, limits: &Limits) -> bool {
        let high = self.high(star, span, limits);
        let clear =
            |span: &Span| crossing::ticks(*span, STEP).any(|t| self.clearance(star, t) > 0.0);
        match self.horizon.level() {
            Some(_) => !high.is_empty(),
            None => high.iter().any(clear),
        }
    }

    fn clears(&self, star: Vector, t: f64, limits: &Limits) -> bool {
        let place = self.place(star, t);
        place.altitude > limits.floor().max(self.horizon.altitude(place.azimuth))
    }

    /// How far a star is above the horizon, deg.
    fn clearance(&self, star: Vector, t: f64) -> f64 {
        let place = self.place(star, t);
        place.altitude - self.horizon.altitude(place.azimuth)
    }

    /// The apparent direction of a star along the axes of noon.
    fn star(&self, target: Equatorial) -> Vector {
        let apparent = unit(plus(target.vector(), self.velocity));
        self.axes.map(|axis| dot(axis, apparent))
    }

    /// Sine of the altitude.
    fn height(&self, [x, y, z]: Vector, t: f64) -> f64 {
        let (sin, cos) = (TURN * t).sin_cos();
        self.latitude.0 * z + self.latitude.1 * (x * cos + y * sin)
    }

    fn place(&self, [x, y, z]: Vector, t: f64) -> Horizontal {
        let (sin, cos) = (TURN * t).sin_cos();
        let (meridian, east) = (x * cos + y * sin, y * cos - x * sin);
        let (sin, cos) = self.latitude;
        Horizontal::of([z * cos - meridian * sin, east, z * sin + meridian * cos])
    }

    fn seconds(&self, at: DateTime<Utc>) -> f64 {
        (at - self.noon).as_seconds_f64()
    }

    fn instant(&self, seconds: f64) -> DateTime<Utc> {
        almanac::later(self.noon, seconds)
    }
}

/// What there is for one of the kinds of darkness.
fn of<T>([civil, nautical, astronomical]: [T; 3], darkness: Darkness) -> T {
    match darkness {
        Darkness::Civil => civil,
        Darkness::Nautical => nautical,
        Darkness::Astronomical => astronomical,
    }
}

/// A turn of the stars, s.
const DAY: f64 = std::f64::consts::TAU / TURN;

/// A time at which a star is highest, s from noon.
fn culmination([x, y, _]: Vector) -> f64 {
    y.atan2(x) / TURN
}
