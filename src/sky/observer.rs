//! The sky over one site in one night: where stars, Sun and Moon stand.

use std::f64::consts::TAU;
use std::sync::Arc;

use chrono::{DateTime, NaiveTime, Utc};
use sofars::consts::{CMPS, DAU, DAYSEC, WGS84};
use sofars::coords;

use super::almanac::{self, Almanac, TURN, Vector, dot, length, plus, unit};
use super::coordinates::{Equatorial, half_turned, turned};
use super::crossing::{self, Span};
use super::site::Site;

/// The constants of one site and one night. A night lasts from one passage of the Sun through the meridian to the next.
#[derive(Debug, Clone)]
pub struct Observer {
    site: Site,
    almanac: Arc<Almanac>,
    /// Sine and cosine of the latitude.
    latitude: (f64, f64),
    /// Longitude, rad.
    longitude: f64,
    /// Distance from the Earth's axis and from the plane of its equator, au.
    place: (f64, f64),
    /// Speed with which the Earth turns the site, as a part of light's.
    speed: f64,
    /// From noon to noon, s of the almanac.
    night: Span,
}

/// A direction as seen from a site, without refraction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Horizontal {
    /// Altitude above the mathematical horizon, deg.
    pub altitude: f64,
    /// Azimuth, deg from north through east, 0 ≤ azimuth < 360.
    pub azimuth: f64,
}

/// The phase of the Moon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Phase {
    /// Lit part of the disc, 0…1.
    pub illuminated: f64,
    /// Such as `waxing crescent`; `new Moon`, `first quarter`, `full Moon` and `last quarter` are said for half a day to either side.
    pub name: &'static str,
}

/// The passage of a body through an altitude.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crossing {
    /// When, to a millisecond.
    pub at: DateTime<Utc>,
    /// Upwards.
    pub rising: bool,
}

impl Observer {
    /// The night at a site that holds an instant, with an almanac of its own.
    pub fn at(site: &Site, night: DateTime<Utc>) -> Self {
        let clock = (night.time() - NaiveTime::MIN).as_seconds_f64();
        let since_noon = (clock + site.longitude * 240.0 - DAYSEC / 2.0).rem_euclid(DAYSEC);
        // An almanac is at its best near its epoch.
        let midnight = almanac::later(night, DAYSEC / 2.0 - since_noon);
        Self::with(&Arc::new(Almanac::around(midnight)), site, night)
    }

    /// The same with an almanac that serves many sites; its epoch should lie within a day of the instant.
    pub fn with(almanac: &Arc<Almanac>, site: &Site, night: DateTime<Utc>) -> Self {
        let (latitude, longitude) = (site.latitude.to_radians(), site.longitude.to_radians());
        let [x, y, z] =
            coords::gd2gc(WGS84, longitude, latitude, site.elevation).unwrap_or_default();
        let mut observer = Self {
            site: site.clone(),
            almanac: Arc::clone(almanac),
            latitude: latitude.sin_cos(),
            longitude,
            place: (x.hypot(y) / DAU, z / DAU),
            speed: x.hypot(y) * TURN / CMPS,
            night: (0.0, 0.0),
        };
        observer.night = observer.noons(almanac.seconds(night));
        observer
    }

    /// The night after this one, with the same almanac.
    pub fn next(&self) -> Self {
        let end = self.night.1;
        Self {
            night: (end, self.noon_near(end + DAYSEC)),
            ..self.clone()
        }
    }

    /// The site.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The noon with which the night begins: upper transit of the Sun.
    pub fn noon(&self) -> DateTime<Utc> {
        self.almanac.instant(self.night.0)
    }

    /// The noon with which the night ends.
    pub fn next_noon(&self) -> DateTime<Utc> {
        self.almanac.instant(self.night.1)
    }

    /// Where a star stands.
    pub fn horizontal(&self, target: Equatorial, at: DateTime<Utc>) -> Horizontal {
        let t = self.almanac.seconds(at);
        Horizontal::of(self.star(self.almanac.apparent(target), t))
    }

    /// Where the middle of the Sun stands.
    pub fn sun(&self, at: DateTime<Utc>) -> Horizontal {
        let t = self.almanac.seconds(at);
        Horizontal::of(self.body(self.almanac.sun(t), t))
    }

    /// Where the middle of the Moon stands, as seen from the site.
    pub fn moon(&self, at: DateTime<Utc>) -> Horizontal {
        let t = self.almanac.seconds(at);
        Horizontal::of(self.body(self.almanac.moon(t), t))
    }

    /// The ICRS place of the Sun, from the middle of the Earth.
    pub fn sun_place(&self, at: DateTime<Utc>) -> Equatorial {
        self.almanac
            .catalogued(self.almanac.sun(self.almanac.seconds(at)))
    }

    /// The ICRS place of the Moon among the stars, as seen from the site.
    pub fn moon_place(&self, at: DateTime<Utc>) -> Equatorial {
        self.almanac
            .catalogued(self.moon_from_here(self.almanac.seconds(at)))
    }

    /// The phase of the Moon as almanacs give it, from the middle of the Earth; its name by how far the Moon is ahead of
    /// the Sun in ecliptic longitude.
    pub fn phase(&self, at: DateTime<Utc>) -> Phase {
        let t = self.almanac.seconds(at);
        let (sun, moon) = (self.almanac.sun(t), self.almanac.moon(t));
        let to_sun = unit(plus(sun, moon.map(|x| -x)));
        let longitude = |v| self.almanac.catalogued(v).ecliptic().0;
        Phase {
            illuminated: f64::midpoint(1.0, -dot(to_sun, unit(moon))),
            name: phase_name(turned(longitude(moon) - longitude(sun))),
        }
    }

    /// When a star passes an altitude (deg) in this night, in order.
    pub fn crossings(&self, target: Equatorial, altitude: f64) -> Vec<Crossing> {
        self.passages(&self.star_height(target), altitude)
    }

    /// When the middle of the Sun passes an altitude (deg) in this night, in order.
    pub fn sun_crossings(&self, altitude: f64) -> Vec<Crossing> {
        self.passages(&self.sun_height(), altitude)
    }

    /// When the middle of the Moon passes an altitude (deg) in this night, in order.
    pub fn moon_crossings(&self, altitude: f64) -> Vec<Crossing> {
        self.passages(&self.moon_height(), altitude)
    }

    fn passages(&self, height: &impl Fn(f64) -> f64, altitude: f64) -> Vec<Crossing> {
        let above = crossing::above(height, altitude.to_radians().sin(), self.night);
        let passage = |seconds, rising| Crossing {
            at: self.almanac.instant(seconds),
            rising,
        };
        let both = above.iter().flat_map(|(from, to)| {
            let rise = (*from > self.night.0).then(|| passage(*from, true));
            let set = (*to < self.night.1).then(|| passage(*to, false));
            [rise, set]
        });
        both.flatten().collect()
    }

    pub(super) fn almanac(&self) -> &Almanac {
        &self.almanac
    }

    /// From noon to noon, s of the almanac.
    pub(super) fn night_span(&self) -> Span {
        self.night
    }

    /// Sine of a star's altitude at a time.
    pub(super) fn star_height(&self, target: Equatorial) -> impl Fn(f64) -> f64 {
        let apparent = self.almanac.apparent(target);
        move |t| up(self.star(apparent, t))
    }

    /// Sine of the Sun's altitude at a time.
    pub(super) fn sun_height(&self) -> impl Fn(f64) -> f64 {
        |t| up(self.body(self.almanac.sun(t), t))
    }

    /// Sine of the Moon's altitude at a time.
    pub(super) fn moon_height(&self) -> impl Fn(f64) -> f64 {
        |t| up(self.body(self.almanac.moon(t), t))
    }

    /// North, east and up of a star's apparent direction.
    pub(super) fn star(&self, apparent: Vector, t: f64) -> Vector {
        self.local(self.in_meridian(apparent, t))
    }

    /// North, east and up of a body whose place is known from the middle of the Earth, au.
    fn body(&self, place: Vector, t: f64) -> Vector {
        let [x, y, z] = self.in_meridian(place, t);
        self.local(unit([x - self.place.0, y, z - self.place.1]))
    }

    /// The Moon in CIRS from the site, au.
    fn moon_from_here(&self, t: f64) -> Vector {
        let [x, y, z] = self.almanac.moon(t);
        let (sin, cos) = (self.almanac.rotation(t) + self.longitude).sin_cos();
        let (axis, north) = self.place;
        [x - axis * cos, y - axis * sin, z - north]
    }

    /// The axes that turn with the Earth, in ICRS: towards the meridian in the equator, east, and the pole.
    pub(super) fn axes(&self, t: f64) -> [Vector; 3] {
        let [x, y, z] = self.almanac.axes();
        let (sin, cos) = (self.almanac.rotation(t) + self.longitude).sin_cos();
        let sum = |a: f64, b: f64| [0, 1, 2].map(|i| a * x[i] + b * y[i]);
        [sum(cos, sin), sum(-sin, cos), z]
    }

    /// A CIRS vector in those axes.
    fn in_meridian(&self, [x, y, z]: Vector, t: f64) -> Vector {
        let (sin, cos) = (self.almanac.rotation(t) + self.longitude).sin_cos();
        [x * cos + y * sin, y * cos - x * sin, z]
    }

    /// A unit vector in the axes of the Earth as north, east and up, with the aberration by the turn of the Earth.
    fn local(&self, [x, y, z]: Vector) -> Vector {
        let (sin, cos) = self.latitude;
        [z * cos - x * sin, y + self.speed, x * cos + z * sin]
    }

    /// The noons before and after a time.
    fn noons(&self, t: f64) -> Span {
        let near = self.noon_near(t);
        let first = if near > t {
            self.noon_near(near - DAYSEC)
        } else {
            near
        };
        (first, self.noon_near(first + DAYSEC))
    }

    /// The transit of the Sun nearest to a time.
    fn noon_near(&self, t: f64) -> f64 {
        (0..4).fold(t, |t, _| {
            let [x, y, _] = self.in_meridian(self.almanac.sun(t), t);
            t + y.atan2(x) / TAU * DAYSEC
        })
    }
}

impl Horizontal {
    /// The direction of north, east and up.
    pub(super) fn of([north, east, up]: Vector) -> Self {
        Self {
            altitude: up.atan2(north.hypot(east)).to_degrees(),
            azimuth: turned(east.atan2(north).to_degrees()),
        }
    }
}

/// Sine of the altitude of a direction that is a unit vector but for the small aberration.
fn up(direction: Vector) -> f64 {
    direction[2] / length(direction)
}

/// Phase by how far (deg, 0…360) the Moon is ahead of the Sun.
fn phase_name(ahead: f64) -> &'static str {
    /// The Moon gains 12.2° a day.
    const HALF_A_DAY: f64 = 6.1;
    let quarters = [
        (0.0, "new Moon"),
        (90.0, "first quarter"),
        (180.0, "full Moon"),
        (270.0, "last quarter"),
    ];
    let near = quarters
        .iter()
        .find(|(exact, _)| half_turned(ahead - exact).abs() <= HALF_A_DAY);
    match near {
        Some((_, name)) => name,
        None if ahead < 90.0 => "waxing crescent",
        None if ahead < 180.0 => "waxing gibbous",
        None if ahead < 270.0 => "waning gibbous",
        None => "waning crescent",
    }
}
