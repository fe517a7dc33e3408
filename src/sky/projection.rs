//! Maps of the sky onto the plane: Mollweide for the whole of it, gnomonic for a part.

use std::f64::consts::PI;

use super::coordinates::{Equatorial, half_turned};

/// A point of a drawing: x to the right, y down.
pub(super) type Plane = (f64, f64);

/// Mollweide's equal-area ellipse, seen from inside: RA grows to the left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mollweide {
    /// Right ascension of the middle, deg.
    pub(super) middle: f64,
    /// Where the middle is drawn.
    pub(super) at: Plane,
    /// Half the height; the width is four times this.
    pub(super) radius: f64,
}

impl Mollweide {
    /// The place in the drawing of RA given as degrees from the middle, −180…180, and Dec, deg (Snyder, USGS PP 1395, p. 251).
    pub(super) fn place(&self, from_middle: f64, dec: f64) -> Plane {
        let theta = auxiliary(dec.to_radians());
        let x = from_middle / 90.0 * theta.cos();
        (
            self.at.0 - self.radius * x,
            self.at.1 - self.radius * theta.sin(),
        )
    }

    pub(super) fn project(&self, place: Equatorial) -> Plane {
        self.place(self.angle_from_middle(place.ra), place.dec)
    }

    /// Degrees of right ascension from the middle, −180…180.
    pub(super) fn angle_from_middle(&self, ra: f64) -> f64 {
        half_turned(ra - self.middle)
    }

    /// The direction that is drawn at a point; `None` outside the ellipse.
    #[cfg(test)]
    pub(super) fn unproject(&self, (x, y): Plane) -> Option<Equatorial> {
        let sin = (self.at.1 - y) / self.radius;
        let theta = sin.asin();
        let dec = ((2.0 * theta + (2.0 * theta).sin()) / PI)
            .asin()
            .to_degrees();
        let from_middle = (self.at.0 - x) / self.radius / theta.cos() * 90.0;
        if from_middle.abs() > 180.0 {
            None
        } else {
            Equatorial::new(self.middle + from_middle, dec)
        }
    }
}

/// Solves 2θ + sin 2θ = π sin φ by Newton's way, started where it converges at the poles too.
fn auxiliary(phi: f64) -> f64 {
    let target = PI * phi.sin();
    let near_pole = PI / 2.0 - phi.abs();
    // Near a pole θ is about 90° minus (3π/8)^⅓ · (90° − |φ|)^⅔.
    let cap = (3.0 * PI / 8.0 * near_pole * near_pole).cbrt();
    let mut theta = if near_pole < 0.5 {
        (PI / 2.0 - cap).copysign(phi)
    } else {
        phi * 0.85
    };
    for _ in 0..6 {
        let slope = 2.0 + 2.0 * (2.0 * theta).cos();
        if slope < 1e-9 {
            break;
        }
        theta -= (2.0 * theta + (2.0 * theta).sin() - target) / slope;
    }
    theta.clamp(-PI / 2.0, PI / 2.0)
}

/// The gnomonic plane around a direction: north up, east left, great circles straight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gnomonic {
    center: Equatorial,
    /// Where the centre is drawn.
    at: Plane,
    /// Drawing units for a tangent of one.
    scale: f64,
}

impl Gnomonic {
    /// The plane whose square of `side` drawing units around `at` spans `field` deg.
    pub(super) fn new(center: Equatorial, field: f64, at: Plane, side: f64) -> Self {
        Self {
            center,
            at,
            scale: side / 2.0 / (field / 2.0).to_radians().tan(),
        }
    }

    /// The place in the drawing; what lies more than 80° away is put far out in its direction.
    pub(super) fn project(&self, place: Equatorial) -> Plane {
        let (x, y, depth) = self.tangents(place);
        let least = 80_f64.to_radians().cos();
        if depth > least {
            return (
                self.at.0 - self.scale * x / depth,
                self.at.1 - self.scale * y / depth,
            );
        }
        let far = self.scale * 80_f64.to_radians().tan() / x.hypot(y).max(1e-9);
        (self.at.0 - far * x, self.at.1 - far * y)
    }

    /// The place in the drawing if it is less than 80° away.
    pub(super) fn visible(&self, place: Equatorial) -> Option<Plane> {
        let (_, _, depth) = self.tangents(place);
        (depth > 80_f64.to_radians().cos()).then(|| self.project(place))
    }

    /// The direction that is drawn at a point.
    pub(super) fn unproject(&self, (x, y): Plane) -> Equatorial {
        let (east, north) = ((self.at.0 - x) / self.scale, (self.at.1 - y) / self.scale);
        let distance = east.hypot(north).atan().to_degrees();
        self.center.offset(distance, east.atan2(north).to_degrees())
    }

    /// Components to the east, to the north and along the line of sight.
    fn tangents(&self, place: Equatorial) -> (f64, f64, f64) {
        let (d0, d) = (self.center.dec.to_radians(), place.dec.to_radians());
        let (sin, cos) = (place.ra - self.center.ra).to_radians().sin_cos();
        let east = d.cos() * sin;
        let north = d0.cos() * d.sin() - d0.sin() * d.cos() * cos;
        (east, north, d0.sin() * d.sin() + d0.cos() * d.cos() * cos)
    }
}
