//! What the sky of one date has in common for every site: the Earth's attitude and motion, the Sun and the Moon.
//!
//! Precession, nutation and the motions of Earth and Moon come from `sofars`, a translation of SOFA's routines.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sofars::consts::{AULT, DAYSEC, DC};
use sofars::{eph, erst, pnp, ts};

use super::coordinates::Equatorial;

pub(super) type Vector = [f64; 3];

/// Reach of an almanac to either side of its epoch, s.
const REACH: f64 = 60.0 * 3600.0;
/// Enough for the Sun's and the Moon's way through that time to a hundredth of an arcsecond.
const SUN_TERMS: usize = 7;
const MOON_TERMS: usize = 14;
/// Turn of the Earth, rad per s of UT1: Capitaine, Guinot & McCarthy, A&A 355, 398 (2000).
pub(super) const TURN: f64 = std::f64::consts::TAU * 1.002_737_811_911_354_5 / DAYSEC;
/// 1950-01-01 and 2100-01-01, unix seconds. The theory of the Earth's motion ends not far beyond.
const YEARS: (i64, i64) = (-631_152_000, 4_102_444_800);

/// The directions of a few days. What is asked for times more than 60 hours from the epoch is answered for the nearest
/// that it knows.
///
/// Within 1″ up to half a day from the epoch and within 2″ two days from it, in 2025–2027. Before and after, the sky is turned
/// by 15″ for each second that UT1−UTC has moved on from the values known here; it never gets beyond 0.9 s. Polar motion (0.5″) is left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Almanac {
    epoch: DateTime<Utc>,
    /// Earth rotation angle at the epoch, rad.
    rotation: f64,
    /// ICRS to the celestial intermediate system (CIRS) of the epoch.
    axes: [Vector; 3],
    /// Velocity of the Earth in ICRS, as a part of light's.
    velocity: Vector,
    sun: Series<SUN_TERMS>,
    moon: Series<MOON_TERMS>,
}

impl Almanac {
    /// The almanac for 60 hours before and after an instant.
    pub fn around(epoch: DateTime<Utc>) -> Self {
        let known = epoch.timestamp().clamp(YEARS.0, YEARS.1);
        let epoch = DateTime::from_timestamp(known, 0).unwrap_or_default();
        let day = julian(epoch);
        let terrestrial = terrestrial(epoch);
        let axes = pnp::c2i06a(terrestrial.0, terrestrial.1);
        let at = |seconds: f64| (terrestrial.0, terrestrial.1 + seconds / DAYSEC);
        Self {
            epoch,
            rotation: erst::era00(day.0, day.1 + ut1(epoch) / DAYSEC),
            axes,
            velocity: earth(terrestrial).1,
            sun: Series::through(|seconds| rotated(&axes, apparent_sun(at(seconds)))),
            moon: Series::through(|seconds| rotated(&axes, apparent_moon(at(seconds)))),
        }
    }

    /// Seconds from the epoch to an instant.
    pub(super) fn seconds(&self, at: DateTime<Utc>) -> f64 {
        (at - self.epoch).as_seconds_f64()
    }

    /// The instant some seconds from the epoch, to a millisecond.
    pub(super) fn instant(&self, seconds: f64) -> DateTime<Utc> {
        later(self.epoch, seconds)
    }

    /// The axes of CIRS in ICRS.
    pub(super) fn axes(&self) -> [Vector; 3] {
        self.axes
    }

    /// Velocity of the Earth in ICRS, as a part of light's.
    pub(super) fn velocity(&self) -> Vector {
        self.velocity
    }

    /// Earth rotation angle, rad.
    pub(super) fn rotation(&self, seconds: f64) -> f64 {
        self.rotation + TURN * seconds
    }

    /// Where a star stands in CIRS, aberration included: a unit vector, good for the whole almanac.
    pub(super) fn apparent(&self, star: Equatorial) -> Vector {
        rotated(&self.axes, unit(plus(star.vector(), self.velocity)))
    }

    /// The ICRS direction whose apparent place is a CIRS vector of any length.
    pub(super) fn catalogued(&self, apparent: Vector) -> Equatorial {
        let [x, y, z] = self.axes;
        let turned =
            [0, 1, 2].map(|i| x[i] * apparent[0] + y[i] * apparent[1] + z[i] * apparent[2]);
        Equatorial::from_vector(plus(unit(turned), self.velocity.map(|v| -v)))
    }

    /// The Sun in CIRS from the middle of the Earth, aberration included, au.
    pub(super) fn sun(&self, seconds: f64) -> Vector {
        self.sun.at(seconds)
    }

    /// The Moon in CIRS from the middle of the Earth as its light arrives, au.
    pub(super) fn moon(&self, seconds: f64) -> Vector {
        self.moon.at(seconds)
    }
}

/// The instant some seconds after another (before it, if negative), to a millisecond; the same where that is no time.
pub(super) fn later(at: DateTime<Utc>, seconds: f64) -> DateTime<Utc> {
    let thousandths = (seconds.abs() * 1000.0).round() / 1000.0;
    let distance = Duration::try_from_secs_f64(thousandths)
        .ok()
        .and_then(|distance| TimeDelta::from_std(distance).ok())
        .unwrap_or_default();
    let there = if seconds < 0.0 {
        at.checked_sub_signed(distance)
    } else {
        at.checked_add_signed(distance)
    };
    there.unwrap_or(at)
}

/// UT1−UTC, s, by Julian year: IERS Bulletin A of 2026-11-02, the last year predicted.
const UT1: [(f64, f64); 12] = [
    (2025.00, 0.046),
    (2025.25, 0.037),
    (2025.50, 0.043),
    (2025.75, 0.093),
    (2026.00, 0.074),
    (2026.25, 0.051),
    (2026.50, 0.014),
    (2026.75, -0.023),
    (2027.00, -0.124),
    (2027.25, -0.207),
    (2027.50, -0.237),
    (2027.75, -0.198),
];

/// Until when the Earth's turning is known here, as a year: after that, positions drift by up to 15″ for each second of UT1−UTC.
pub fn known_until() -> f64 {
    UT1.last().map_or(0.0, |(year, _)| *year)
}

/// UT1−UTC, s, to about 0.02 s within the table; outside, its nearest end.
fn ut1(at: DateTime<Utc>) -> f64 {
    const J2000: f64 = 946_728_000.0;
    let seconds = (at - DateTime::UNIX_EPOCH).as_seconds_f64();
    let year = 2000.0 + (seconds - J2000) / (365.25 * DAYSEC);
    let next = UT1.partition_point(|(known, _)| *known <= year);
    match (UT1[..next].last(), UT1.get(next)) {
        (Some((y0, a)), Some((y1, b))) => a + (b - a) * (year - y0) / (y1 - y0),
        (Some((_, nearest)), None) | (None, Some((_, nearest))) => *nearest,
        (None, None) => 0.0,
    }
}

/// Julian date in two parts.
fn julian(at: DateTime<Utc>) -> (f64, f64) {
    let seconds = (at - DateTime::UNIX_EPOCH).as_seconds_f64();
    let days = (seconds / DAYSEC).floor();
    (2_440_587.5 + days, seconds / DAYSEC - days)
}

/// Julian date of terrestrial time in two parts.
pub(super) fn terrestrial(at: DateTime<Utc>) -> (f64, f64) {
    let day = julian(at);
    ts::utctai(day.0, day.1)
        .and_then(|(a, b)| ts::taitt(a, b))
        .unwrap_or(day)
}

/// The Sun as seen from the middle of the Earth (ICRS, au), and the Earth's velocity as a part of light's.
fn earth((day, part): (f64, f64)) -> (Vector, Vector) {
    let Some(([sun_to_earth, _], [_, velocity])) = eph::epv00(day, part) else {
        return ([1.0, 0.0, 0.0], [0.0; 3]);
    };
    (sun_to_earth.map(|x| -x), velocity.map(|x| x / DC))
}

fn apparent_sun(date: (f64, f64)) -> Vector {
    let (sun, velocity) = earth(date);
    let distance = length(sun);
    unit(plus(unit(sun), velocity)).map(|x| x * distance)
}

fn apparent_moon((day, part): (f64, f64)) -> Vector {
    let [place, motion] = eph::moon98(day, part);
    let light_days = length(place) * AULT / DAYSEC;
    plus(place, motion.map(|x| -x * light_days))
}

/// A curve in space over the reach of an almanac, as a sum of Chebyshev polynomials.
#[derive(Debug, Clone, PartialEq)]
struct Series<const TERMS: usize>([Vector; TERMS]);

impl<const TERMS: usize> Series<TERMS> {
    /// The series through a curve at the zeros of the first polynomial left out.
    fn through(curve: impl Fn(f64) -> Vector) -> Self {
        let angles: [f64; TERMS] =
            std::array::from_fn(|i| (count(i) + 0.5) * std::f64::consts::PI / count(TERMS));
        let points = angles.map(|angle| curve(REACH * angle.cos()));
        let term = |k: usize| {
            let weight = if k == 0 { 1.0 } else { 2.0 } / count(TERMS);
            let shares = points.iter().zip(angles);
            shares.fold([0.0; 3], |sum, (point, angle)| {
                let share = weight * (count(k) * angle).cos();
                plus(sum, point.map(|x| x * share))
            })
        };
        Self(std::array::from_fn(term))
    }

    /// Clenshaw's summation.
    fn at(&self, seconds: f64) -> Vector {
        let x = (seconds / REACH).clamp(-1.0, 1.0);
        let (mut b1, mut b2) = ([0.0; 3], [0.0; 3]);
        for term in self.0.iter().skip(1).rev() {
            (b1, b2) = ([0, 1, 2].map(|i| term[i] + 2.0 * x * b1[i] - b2[i]), b1);
        }
        [0, 1, 2].map(|i| self.0[0][i] + x * b1[i] - b2[i])
    }
}

fn count(n: usize) -> f64 {
    u32::try_from(n).map_or(0.0, f64::from)
}

pub(super) fn plus(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(super) fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(super) fn length(v: Vector) -> f64 {
    dot(v, v).sqrt()
}

pub(super) fn unit(v: Vector) -> Vector {
    let length = length(v);
    v.map(|x| x / length)
}

fn rotated(axes: &[Vector; 3], v: Vector) -> Vector {
    axes.map(|axis| dot(axis, v))
}
