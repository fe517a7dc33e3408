//! What one observer can see of one place on the sky, now and in the nights at hand.

use chrono::{DateTime, Utc};

use super::almanac::TURN;
use super::constellations::{Constellation, constellation};
use super::coordinates::Equatorial;
use super::crossing::{self, Span};
use super::night::{Course, Darkness, Night, course};
use super::observer::{Horizontal, Observer};
use super::region::Region;
use super::site_night::SiteNight;

/// Altitude at which a star rises and sets: 34′ of refraction lift it onto the horizon, deg.
pub const STAR_HORIZON: f64 = -34.0 / 60.0;
/// A day of the stars, s.
const STARS_DAY: f64 = std::f64::consts::TAU / TURN;
/// A house or a tree narrower than the sky turns in this time may be missed, s.
const OBSTACLE: f64 = 20.0;

/// What an observer asks of the sky.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Least altitude, deg; below 0 counts as 0. The site's horizon counts besides.
    pub min_altitude: f64,
    /// How dark it has to be.
    pub darkness: Darkness,
}

impl Default for Limits {
    /// 20° up, in nautical darkness.
    fn default() -> Self {
        Self {
            min_altitude: 20.0,
            darkness: Darkness::default(),
        }
    }
}

impl Limits {
    /// The least altitude that counts, deg.
    pub(super) fn floor(&self) -> f64 {
        self.min_altitude.max(0.0)
    }
}

/// A stretch of time in which a target can be observed: high enough, clear of the horizon, in the dark.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it ends.
    pub to: DateTime<Utc>,
    /// When the target is highest in it.
    pub best: DateTime<Utc>,
    /// Altitude at the best time, deg.
    pub altitude: f64,
    /// Azimuth at the best time, deg from north through east.
    pub azimuth: f64,
    /// Airmass at the best time.
    pub airmass: f64,
    /// Distance of the Moon at the best time, deg.
    pub moon_separation: f64,
}

/// The Moon as it stands at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MoonView {
    /// Altitude, deg.
    pub altitude: f64,
    /// Lit part of the disc, 0…1.
    pub illuminated: f64,
    /// Name of the phase, such as `waning gibbous`.
    pub phase: &'static str,
    /// Distance from the target, deg, to 20″.
    pub separation: f64,
}

/// How much of a region an observer reaches, as a part of its area, 0…1, to about a hundredth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Now.
    pub now: f64,
    /// At one time or another from now to the end of the night.
    pub tonight: f64,
}

/// What one observer can see of one target. Angles in deg, without refraction.
#[derive(Debug, Clone, PartialEq)]
pub struct Visibility {
    /// Altitude now.
    pub altitude: f64,
    /// Azimuth now, from north through east.
    pub azimuth: f64,
    /// Airmass now, `None` below the horizon.
    pub airmass: Option<f64>,
    /// Whether it stands above the site's horizon and the least altitude now.
    pub above_horizon: bool,
    /// Whether it is dark enough now.
    pub dark: bool,
    /// Altitude of the Sun now.
    pub sun_altitude: f64,
    /// The Moon now.
    pub moon: MoonView,
    /// The next rising ([`STAR_HORIZON`]).
    pub rise: Option<DateTime<Utc>>,
    /// The next setting.
    pub set: Option<DateTime<Utc>>,
    /// Whether it rises and sets: above all the time is circumpolar, below all the time never rises.
    pub course: Course,
    /// When it is highest next.
    pub culmination: DateTime<Utc>,
    /// How high it is then.
    pub culmination_altitude: f64,
    /// The events of this night.
    pub night: Night,
    /// The longest window from now to the end of this night.
    pub window: Option<Window>,
    /// All windows from now to the end of this night, in order.
    pub windows: Vec<Window>,
    /// The longest window of the night after this one.
    pub next_window: Option<Window>,
    /// Galactic latitude of the target.
    pub galactic_latitude: f64,
    /// Where the target lies.
    pub constellation: &'static Constellation,
    /// How much of the region can be observed, if there is one.
    pub share: Option<Share>,
}

impl Visibility {
    /// Whether the target can be observed now.
    pub fn observable(&self) -> bool {
        self.above_horizon && self.dark
    }

    /// The window that is open now. Windows' times are rounded, so that it may seem to begin a moment later.
    pub fn at_hand(&self) -> Option<&Window> {
        self.windows.first().filter(|_| self.observable())
    }
}

/// What an observer can see of a target, or of the region around it, at a time in the observer's night and after it.
pub fn visibility(
    target: Equatorial,
    region: Option<&Region>,
    observer: &Observer,
    now: DateTime<Utc>,
    limits: &Limits,
) -> Visibility {
    let place = observer.horizontal(target, now);
    let sun_altitude = observer.sun(now).altitude;
    let day = Day::of(target, observer, now);
    let tomorrow = observer.next();
    let spans = rest_of_night(target, observer, now, limits);
    let next = observable(target, &tomorrow, tomorrow.night_span(), limits);
    let described = |observer: &Observer, span| window(target, observer, span);
    Visibility {
        altitude: place.altitude,
        azimuth: place.azimuth,
        airmass: airmass(place.altitude),
        above_horizon: clears(place, observer, limits),
        dark: sun_altitude < limits.darkness.altitude(),
        sun_altitude,
        moon: moon(target, observer, now),
        rise: day.rise,
        set: day.set,
        course: day.course,
        culmination: day.culmination,
        culmination_altitude: observer.horizontal(target, day.culmination).altitude,
        night: observer.night(),
        window: crossing::longest(&spans).map(|span| described(observer, span)),
        windows: spans
            .iter()
            .map(|span| described(observer, *span))
            .collect(),
        next_window: crossing::longest(&next).map(|span| described(&tomorrow, span)),
        galactic_latitude: target.galactic().1,
        constellation: constellation(target),
        share: region.map(|region| SiteNight::of(observer).share(&region.sample(), now, limits)),
    }
}

/// Airmass at an altitude (deg), `None` below the horizon: K. A. Pickering, The Southern Limits of the Ancient Star Catalog, DIO 12, 20 (2002).
///
/// The formula wants the altitude as refracted; without refraction it gives at most 1.5 % more from 10° up.
pub fn airmass(altitude: f64) -> Option<f64> {
    let lifted = altitude + 244.0 / (165.0 + 47.0 * altitude.powf(1.1));
    (altitude >= 0.0).then(|| 1.0 / lifted.to_radians().sin())
}

/// When a target can be observed within a span (s of the almanac): the windows, in order.
pub(super) fn observable(
    target: Equatorial,
    observer: &Observer,
    span: Span,
    limits: &Limits,
) -> Vec<Span> {
    let Some(dark) = observer.below(limits.darkness.altitude()) else {
        return Vec::new();
    };
    let height = observer.star_height(target);
    let horizon = &observer.site().horizon;
    let floor = horizon
        .level()
        .map_or(limits.floor(), |level| level.max(limits.floor()));
    let span = (span.0.max(dark.0), span.1.min(dark.1));
    if span.0 >= span.1 {
        return Vec::new();
    }
    let high = crossing::above(&height, floor.to_radians().sin(), span);
    if horizon.level().is_some() {
        return high;
    }
    let apparent = observer.almanac().apparent(target);
    let clearance = |t| {
        let place = Horizontal::of(observer.star(apparent, t));
        place.altitude - horizon.altitude(place.azimuth)
    };
    let clear = |span: &Span| crossing::positive_in_steps(&clearance, *span, OBSTACLE);
    high.iter().flat_map(clear).collect()
}

fn rest_of_night(
    target: Equatorial,
    observer: &Observer,
    now: DateTime<Utc>,
    limits: &Limits,
) -> Vec<Span> {
    let (noon, next_noon) = observer.night_span();
    let from = observer.almanac().seconds(now).max(noon);
    observable(target, observer, (from, next_noon), limits)
}

fn clears(place: Horizontal, observer: &Observer, limits: &Limits) -> bool {
    let horizon = observer.site().horizon.altitude(place.azimuth);
    place.altitude > horizon.max(limits.floor())
}

fn window(target: Equatorial, observer: &Observer, span: Span) -> Window {
    let height = observer.star_height(target);
    let turns = crossing::turns(&height, span);
    let best = turns.into_iter().chain([span.0, span.1]);
    let best = best
        .max_by(|a, b| height(*a).total_cmp(&height(*b)))
        .unwrap_or(span.0);
    let instant = |t| observer.almanac().instant(t);
    let place = observer.horizontal(target, instant(best));
    Window {
        from: instant(span.0),
        to: instant(span.1),
        best: instant(best),
        altitude: place.altitude,
        azimuth: place.azimuth,
        airmass: airmass(place.altitude.max(0.0)).unwrap_or(f64::INFINITY),
        moon_separation: observer.moon_place(instant(best)).separation(target),
    }
}

fn moon(target: Equatorial, observer: &Observer, now: DateTime<Utc>) -> MoonView {
    let phase = observer.phase(now);
    MoonView {
        altitude: observer.moon(now).altitude,
        illuminated: phase.illuminated,
        phase: phase.name,
        separation: observer.moon_place(now).separation(target),
    }
}

/// The coming day of a star.
struct Day {
    rise: Option<DateTime<Utc>>,
    set: Option<DateTime<Utc>>,
    course: Course,
    culmination: DateTime<Utc>,
}

impl Day {
    fn of(target: Equatorial, observer: &Observer, now: DateTime<Utc>) -> Self {
        let height = observer.star_height(target);
        let start = observer.almanac().seconds(now);
        let end = start + STARS_DAY;
        let up = crossing::above(&height, STAR_HORIZON.to_radians().sin(), (start, end));
        let instant = |t: f64| observer.almanac().instant(t);
        let rise = up.iter().map(|span| span.0).find(|t| *t > start);
        let set = up.iter().map(|span| span.1).find(|t| *t < end);
        let turns = crossing::turns(&height, (start, end));
        let top = turns
            .into_iter()
            .chain([start])
            .max_by(|a, b| height(*a).total_cmp(&height(*b)));
        Self {
            rise: rise.map(instant),
            set: set.map(instant),
            course: course(rise.or(set).is_some(), !up.is_empty()),
            culmination: instant(top.unwrap_or(start)),
        }
    }
}
