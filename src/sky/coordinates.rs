//! Directions on the sky.

use serde::{Deserialize, Serialize};

/// A direction in ICRS, degrees. The J2000 positions of GCN notices are taken as ICRS; the difference is far below any error radius.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Equatorial {
    /// Right ascension, deg, 0 ≤ ra < 360.
    pub ra: f64,
    /// Declination, deg, −90 ≤ dec ≤ 90.
    pub dec: f64,
}

/// Rows are the Galactic x, y and z axes in ICRS: ESA SP-1200, The Hipparcos and Tycho Catalogues, vol. 1 (1997), eq. 1.5.11, which carries the IAU 1958 poles over.
const GALACTIC_AXES: [[f64; 3]; 3] = [
    [-0.054_875_560_4, -0.873_437_090_2, -0.483_835_015_5],
    [0.494_109_427_9, -0.444_829_630_0, 0.746_982_244_5],
    [-0.867_666_149_0, -0.198_076_373_4, 0.455_983_776_2],
];

/// Mean obliquity of the ecliptic at J2000.0, deg (IAU 2006: 84381.406″).
const OBLIQUITY: f64 = 84_381.406 / 3600.0;

impl Equatorial {
    /// The direction, with right ascension brought into 0…360; `None` where either angle is not finite or the declination is beyond a pole.
    pub fn new(ra: f64, dec: f64) -> Option<Self> {
        let whole = ra.is_finite() && dec.is_finite() && dec.abs() <= 90.0;
        whole.then(|| Self {
            ra: turned(ra),
            dec,
        })
    }

    /// Angle between two directions, deg. Vincenty's formula, exact at every distance.
    pub fn separation(self, other: Self) -> f64 {
        let (d1, d2) = (self.dec.to_radians(), other.dec.to_radians());
        let dra = (other.ra - self.ra).to_radians();
        let y = (d2.cos() * dra.sin()).hypot(d1.cos() * d2.sin() - d1.sin() * d2.cos() * dra.cos());
        let x = d1.sin() * d2.sin() + d1.cos() * d2.cos() * dra.cos();
        y.atan2(x).to_degrees()
    }

    /// Direction in which the other place lies: position angle from north through east, deg, 0 ≤ angle < 360.
    pub fn bearing(self, other: Self) -> f64 {
        let (d1, d2) = (self.dec.to_radians(), other.dec.to_radians());
        let dra = (other.ra - self.ra).to_radians();
        let y = dra.sin() * d2.cos();
        let x = d1.cos() * d2.sin() - d1.sin() * d2.cos() * dra.cos();
        turned(y.atan2(x).to_degrees())
    }

    /// The place reached by going `distance` deg along the great circle that leaves at position angle `bearing`, deg from north through east.
    pub fn offset(self, distance: f64, bearing: f64) -> Self {
        let (ra, dec) = (self.ra.to_radians(), self.dec.to_radians());
        let (c, b) = (distance.to_radians(), bearing.to_radians());
        let north = [-dec.sin() * ra.cos(), -dec.sin() * ra.sin(), dec.cos()];
        let east = [-ra.sin(), ra.cos(), 0.0];
        let here = self.vector();
        Self::from_vector(
            [0, 1, 2]
                .map(|i| c.cos() * here[i] + c.sin() * (b.cos() * north[i] + b.sin() * east[i])),
        )
    }

    /// Galactic longitude 0 ≤ l < 360 and latitude b, deg.
    pub fn galactic(self) -> (f64, f64) {
        let v = self.vector();
        let galactic =
            Self::from_vector(GALACTIC_AXES.map(|axis| (0..3).map(|i| axis[i] * v[i]).sum()));
        (galactic.ra, galactic.dec)
    }

    /// The direction at Galactic longitude and latitude, deg.
    pub fn from_galactic(l: f64, b: f64) -> Self {
        let g = Self { ra: l, dec: b }.vector();
        Self::from_vector(
            [0, 1, 2].map(|i| (0..3).map(|axis| GALACTIC_AXES[axis][i] * g[axis]).sum()),
        )
    }

    /// The direction at ecliptic longitude and latitude of J2000, deg. The ecliptic pole is good to 0.05″.
    pub fn from_ecliptic(longitude: f64, latitude: f64) -> Self {
        let [x, y, z] = Self {
            ra: longitude,
            dec: latitude,
        }
        .vector();
        let (sin, cos) = OBLIQUITY.to_radians().sin_cos();
        Self::from_vector([x, y * cos - z * sin, y * sin + z * cos])
    }

    /// Ecliptic longitude 0 ≤ longitude < 360 and latitude of J2000, deg, to 0.05″.
    pub fn ecliptic(self) -> (f64, f64) {
        let [x, y, z] = self.vector();
        let (sin, cos) = OBLIQUITY.to_radians().sin_cos();
        let ecliptic = Self::from_vector([x, y * cos + z * sin, z * cos - y * sin]);
        (ecliptic.ra, ecliptic.dec)
    }

    /// Unit vector towards RA 0 Dec 0, RA 90 Dec 0 and the pole.
    pub(super) fn vector(self) -> [f64; 3] {
        let (ra, dec) = (self.ra.to_radians(), self.dec.to_radians());
        [dec.cos() * ra.cos(), dec.cos() * ra.sin(), dec.sin()]
    }

    /// The direction of a vector of any length but zero; a zero vector gives RA 0 Dec 0.
    pub(super) fn from_vector([x, y, z]: [f64; 3]) -> Self {
        Self {
            ra: turned(y.atan2(x).to_degrees()),
            dec: z.atan2(x.hypot(y)).to_degrees(),
        }
    }

    /// Right ascension and declination as people write them, `("19h13m03.5s", "+19°46′24″")`, no finer than an error radius (deg) deserves.
    pub fn sexagesimal(self, error_radius: f64) -> (String, String) {
        match error_radius {
            e if e >= 0.5 => (hours(self.ra, 0, false), degrees(self.dec, 0, false)),
            e if e >= 0.1 => (hours(self.ra, 0, true), degrees(self.dec, 0, true)),
            e if e >= 0.0006 => (hours(self.ra, 1, true), degrees(self.dec, 0, true)),
            _ => (hours(self.ra, 2, true), degrees(self.dec, 1, true)),
        }
    }
}

/// An angle (deg) as people say it, to two figures: `23°`, `3.4°`, `3′`, `5″`.
pub fn angle_words(angle: f64) -> String {
    if !angle.is_finite() {
        return "—".to_owned();
    }
    match angle.abs() {
        a if a * 60.0 >= 59.5 => two_figures(angle, '°'),
        a if a * 3600.0 >= 59.5 => two_figures(angle * 60.0, '′'),
        _ => two_figures(angle * 3600.0, '″'),
    }
}

fn two_figures(value: f64, unit: char) -> String {
    if value.abs() >= 9.95 {
        return format!("{value:.0}{unit}");
    }
    let text = format!("{value:.1}");
    format!("{}{unit}", text.strip_suffix(".0").unwrap_or(&text))
}

/// An angle brought into 0 ≤ angle < 360, deg.
pub(super) fn turned(angle: f64) -> f64 {
    let turned = angle.rem_euclid(360.0);
    if turned < 360.0 { turned } else { 0.0 }
}

/// An angle brought into −180 ≤ angle < 180, deg.
pub(super) fn half_turned(angle: f64) -> f64 {
    turned(angle + 180.0) - 180.0
}

fn hours(ra: f64, decimals: usize, seconds: bool) -> String {
    let [h, m, s] = sixtieths(ra / 15.0, decimals, seconds);
    let h = h % 24.0;
    if seconds {
        format!("{h:02}h{m:02}m{}s", padded(s, decimals))
    } else {
        format!("{h:02}h{m:02}m")
    }
}

fn degrees(dec: f64, decimals: usize, seconds: bool) -> String {
    let [d, m, s] = sixtieths(dec.abs(), decimals, seconds);
    let sign = if dec < 0.0 && d + m + s > 0.0 {
        '−'
    } else {
        '+'
    };
    if seconds {
        format!("{sign}{d:02}°{m:02}′{}″", padded(s, decimals))
    } else {
        format!("{sign}{d:02}°{m:02}′")
    }
}

/// Whole units, minutes and seconds of a value, rounded at the last place shown so that no 60 appears.
fn sixtieths(value: f64, decimals: usize, seconds: bool) -> [f64; 3] {
    if !seconds {
        let minutes = (value * 60.0).round();
        return [(minutes / 60.0).floor(), minutes % 60.0, 0.0];
    }
    let scale = if decimals == 0 {
        1.0
    } else if decimals == 1 {
        10.0
    } else {
        100.0
    };
    let ticks = (value * 3600.0 * scale).round();
    let minutes = (ticks / (60.0 * scale)).floor();
    [
        (minutes / 60.0).floor(),
        minutes % 60.0,
        ticks % (60.0 * scale) / scale,
    ]
}

fn padded(seconds: f64, decimals: usize) -> String {
    let width = if decimals == 0 { 2 } else { decimals + 3 };
    format!("{seconds:0width$.decimals$}")
}
