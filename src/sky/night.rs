//! The events of one night: when the Sun sets and rises, how dark it gets, when the Moon is up.

use chrono::{DateTime, Utc};

use super::crossing::{self, Span};
use super::observer::{Crossing, Observer};
use super::site::Site;

/// Altitude of the Sun's middle when its upper limb stands on the horizon: 16′ of radius and 34′ of refraction, deg.
pub const SUNSET: f64 = -0.8333;
/// The same for the Moon, whose radius is 15.5′ in the mean, deg.
pub const MOONSET: f64 = -0.826;

/// How dark the sky has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Darkness {
    /// The Sun is below −6°: the brightest stars.
    Civil,
    /// The Sun is below −12°: what most instruments can work with.
    #[default]
    Nautical,
    /// The Sun is below −18°: as dark as it gets.
    Astronomical,
}

impl Darkness {
    /// All of them, the lightest first.
    pub const ALL: [Self; 3] = [Self::Civil, Self::Nautical, Self::Astronomical];

    /// The altitude below which the Sun has to be, deg.
    pub fn altitude(self) -> f64 {
        match self {
            Self::Civil => -6.0,
            Self::Nautical => -12.0,
            Self::Astronomical => -18.0,
        }
    }
}

/// What a body does at an altitude in the time looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// It is above for a part of the time.
    Crosses,
    /// It is above all the time.
    StaysAbove,
    /// It is below all the time.
    StaysBelow,
}

/// When the Sun goes below an altitude and comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Twilight {
    /// Going down; `None` also if it was below at noon already.
    pub dusk: Option<DateTime<Utc>>,
    /// Coming up; `None` also if it stays below until the next noon.
    pub dawn: Option<DateTime<Utc>>,
    /// Tells an endless day from an endless night.
    pub sun: Course,
}

/// One night, from noon to noon.
#[derive(Debug, Clone, PartialEq)]
pub struct Night {
    /// The noon with which it begins.
    pub noon: DateTime<Utc>,
    /// When the Sun is lowest.
    pub midnight: DateTime<Utc>,
    /// The noon with which it ends.
    pub next_noon: DateTime<Utc>,
    /// Altitude of the Sun at midnight, deg.
    pub lowest_sun: f64,
    /// Sunset ([`SUNSET`]).
    pub sunset: Option<DateTime<Utc>>,
    /// Sunrise.
    pub sunrise: Option<DateTime<Utc>>,
    /// Whether there is a sunset: above all the time is the midnight sun, below all the time the polar night.
    pub sun: Course,
    /// The Sun at −6°.
    pub civil: Twilight,
    /// The Sun at −12°.
    pub nautical: Twilight,
    /// The Sun at −18°.
    pub astronomical: Twilight,
    /// Risings and settings of the Moon ([`MOONSET`]), in order. Far north and south there may be two of a kind.
    pub moon_events: Vec<Crossing>,
    /// Whether the Moon comes and goes.
    pub moon: Course,
}

impl Twilight {
    /// True where it stays as dark through the noon with which the night ends.
    pub fn goes_on(&self) -> bool {
        self.dawn.is_none() && self.sun != Course::StaysAbove
    }
}

impl Night {
    /// The first moonrise.
    pub fn moonrise(&self) -> Option<DateTime<Utc>> {
        self.moon_events
            .iter()
            .find(|event| event.rising)
            .map(|event| event.at)
    }

    /// The first moonset.
    pub fn moonset(&self) -> Option<DateTime<Utc>> {
        self.moon_events
            .iter()
            .find(|event| !event.rising)
            .map(|event| event.at)
    }

    /// When it is as dark as that.
    pub fn dark(&self, darkness: Darkness) -> Twilight {
        match darkness {
            Darkness::Civil => self.civil,
            Darkness::Nautical => self.nautical,
            Darkness::Astronomical => self.astronomical,
        }
    }
}

impl Observer {
    /// The events of the night.
    pub fn night(&self) -> Night {
        let instant = |t| self.almanac().instant(t);
        let midnight = self.midnight();
        let [dark, darker, darkest] = Darkness::ALL.map(Darkness::altitude);
        let low = self.below_each([SUNSET, dark, darker, darkest]);
        let [day, civil, nautical, astronomical] = low.map(|span| self.twilight(span));
        let moon_events = self.moon_crossings(MOONSET);
        let moon_is_up = (self.moon_height())(midnight) > MOONSET.to_radians().sin();
        Night {
            noon: self.noon(),
            midnight: instant(midnight),
            next_noon: self.next_noon(),
            lowest_sun: (self.sun_height())(midnight).asin().to_degrees(),
            sunset: day.dusk,
            sunrise: day.dawn,
            sun: day.sun,
            civil,
            nautical,
            astronomical,
            moon: course(!moon_events.is_empty(), moon_is_up),
            moon_events,
        }
    }

    /// The night at hand over a site: the one that holds an instant, or the coming one where it will not be as dark as that
    /// any more in this one.
    pub fn tonight(site: &Site, now: DateTime<Utc>, darkness: Darkness) -> Self {
        let night = Self::at(site, now);
        if night.almanac().seconds(now) >= night.end(darkness) {
            night.next()
        } else {
            night
        }
    }

    /// When it was as dark as that for the last time, s of the almanac. The Sun's rise ends a night that never gets so dark;
    /// noon, one in which the Sun does not rise either.
    pub(super) fn end(&self, darkness: Darkness) -> f64 {
        let dark = self.below(darkness.altitude());
        let night = dark.or_else(|| self.below(SUNSET));
        night.map_or(self.night_span().1, |(_, end)| end)
    }

    /// The stretch around midnight in which the Sun is below an altitude (deg), s of the almanac.
    pub(super) fn below(&self, altitude: f64) -> Option<Span> {
        let [span] = self.below_each([altitude]);
        span
    }

    /// The same for several altitudes: the Sun's turns are the same for all.
    pub(super) fn below_each<const N: usize>(&self, altitudes: [f64; N]) -> [Option<Span>; N] {
        let (height, knots) = (self.sun_height(), self.sun_turns());
        let midnight = self.lowest(&knots);
        altitudes.map(|altitude| {
            let depth = |t| altitude.to_radians().sin() - height(t);
            crossing::positive(&depth, knots.iter().copied())
                .into_iter()
                .find(|(from, to)| (*from..=*to).contains(&midnight))
        })
    }

    /// How dark it gets, from the stretch in which the Sun is low enough.
    fn twilight(&self, low: Option<Span>) -> Twilight {
        let (noon, next_noon) = self.night_span();
        let Some((from, to)) = low else {
            return Twilight {
                dusk: None,
                dawn: None,
                sun: Course::StaysAbove,
            };
        };
        let dusk = (from > noon).then(|| self.almanac().instant(from));
        let dawn = (to < next_noon).then(|| self.almanac().instant(to));
        let sun = course(dusk.or(dawn).is_some(), false);
        Twilight { dusk, dawn, sun }
    }

    /// When the Sun is lowest, s of the almanac.
    fn midnight(&self) -> f64 {
        self.lowest(&self.sun_turns())
    }

    /// The times at which the Sun turns round, between the two noons.
    fn sun_turns(&self) -> Vec<f64> {
        let (noon, next_noon) = self.night_span();
        let turns = crossing::turns(&self.sun_height(), (noon, next_noon));
        std::iter::once(noon)
            .chain(turns)
            .chain([next_noon])
            .collect()
    }

    /// At which of some times the Sun is lowest.
    fn lowest(&self, times: &[f64]) -> f64 {
        let height = self.sun_height();
        let lowest = times
            .iter()
            .min_by(|a, b| height(**a).total_cmp(&height(**b)));
        *lowest.unwrap_or(&self.night_span().0)
    }
}

pub(super) fn course(crosses: bool, above: bool) -> Course {
    match (crosses, above) {
        (true, _) => Course::Crosses,
        (false, true) => Course::StaysAbove,
        (false, false) => Course::StaysBelow,
    }
}
