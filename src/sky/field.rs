//! What a telescope or a camera takes in at one pointing: a circle, or a picture's rectangle.

use super::coordinates::Equatorial;
use super::outline::Outline;
use super::projection::{Gnomonic, Plane};
use super::region::Region;

/// A part of the sky that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    center: Equatorial,
    shape: Shape,
}

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    /// Radius, deg.
    Circle(f64),
    /// Corners in their order, joined by great circles.
    Polygon(Vec<Equatorial>),
}

/// Corners further from the middle than this, deg, belong to no telescope's picture.
const WIDEST: f64 = 75.0;
/// Points along each side of a polygon.
const SIDE_STEPS: u8 = 12;
const CIRCLE_STEPS: u8 = 60;

impl Field {
    /// Everything within a radius, deg; `None` for a radius that is not above 0. None is larger than 180°.
    pub fn circle(center: Equatorial, radius: f64) -> Option<Self> {
        (radius > 0.0).then(|| Self {
            center,
            shape: Shape::Circle(radius.min(180.0)),
        })
    }

    /// Everything within the great circles that join three corners or more, in their order; `None` for what is no simple patch of
    /// at most 75° around its middle.
    pub fn polygon(center: Equatorial, corners: &[Equatorial]) -> Option<Self> {
        let near = corners
            .iter()
            .all(|corner| center.separation(*corner) < WIDEST);
        let field = Self {
            center,
            shape: Shape::Polygon(corners.to_vec()),
        };
        (corners.len() > 2 && near && field.contains(center)).then_some(field)
    }

    pub fn center(&self) -> Equatorial {
        self.center
    }

    /// Of a polygon; none of a circle.
    pub fn corners(&self) -> &[Equatorial] {
        match &self.shape {
            Shape::Circle(_) => &[],
            Shape::Polygon(corners) => corners,
        }
    }

    /// From the middle to the farthest point, deg.
    pub fn radius(&self) -> f64 {
        match &self.shape {
            Shape::Circle(radius) => *radius,
            Shape::Polygon(corners) => corners
                .iter()
                .map(|corner| self.center.separation(*corner))
                .fold(0.0, f64::max),
        }
    }

    /// Whether a place lies inside.
    pub fn contains(&self, place: Equatorial) -> bool {
        match &self.shape {
            Shape::Circle(radius) => self.center.separation(place) <= *radius,
            Shape::Polygon(corners) => {
                let plane = self.plane();
                let flat: Vec<Plane> = corners
                    .iter()
                    .map(|corner| plane.project(*corner))
                    .collect();
                let at = plane.visible(place);
                at.is_some_and(|at| super::outline::surrounds(&flat, at))
            }
        }
    }

    /// Drawn over almost the same place as the other, so that one outline serves both.
    pub fn resembles(&self, other: &Self) -> bool {
        let alike = match (&self.shape, &other.shape) {
            (Shape::Circle(a), Shape::Circle(b)) => (a - b).abs() < 0.03 * a,
            (Shape::Polygon(a), Shape::Polygon(b)) => {
                let slack = 0.03 * self.radius();
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.separation(*b) < slack)
            }
            _ => false,
        };
        alike && self.center.separation(other.center) < 0.05 * self.radius()
    }

    /// The gnomonic plane around the middle, on which great circles are straight.
    fn plane(&self) -> Gnomonic {
        Gnomonic::new(self.center, 90.0, (0.0, 0.0), 2.0)
    }

    pub(super) fn outline(&self) -> Outline {
        match &self.shape {
            Shape::Circle(radius) => Outline::ring(self.center, *radius, CIRCLE_STEPS),
            Shape::Polygon(corners) => Outline {
                rings: vec![self.border(corners)],
                known: self.center,
                known_inside: true,
            },
        }
    }

    /// The corners with points along the sides between them.
    fn border(&self, corners: &[Equatorial]) -> Vec<Equatorial> {
        let plane = self.plane();
        let flat: Vec<Plane> = corners
            .iter()
            .map(|corner| plane.project(*corner))
            .collect();
        let sides = flat.iter().zip(flat.iter().cycle().skip(1));
        let along = |(a, b): (&Plane, &Plane)| {
            let (a, b) = (*a, *b);
            (0..SIDE_STEPS).map(move |i| {
                let part = f64::from(i) / f64::from(SIDE_STEPS);
                plane.unproject((a.0 + (b.0 - a.0) * part, a.1 + (b.1 - a.1) * part))
            })
        };
        sides.flat_map(along).collect()
    }
}

/// Opacities of the areas and borders of so many fields: many on top of each other leave the stars to be seen.
pub(super) fn opacity(fields: usize) -> (f64, f64) {
    let fill = (2.5 / fields.max(1) as f64).clamp(0.004, 0.14);
    (fill, if fields > 30 { 0.35 } else { 1.0 })
}

/// What fields hold of a region.
#[derive(Debug, Clone, PartialEq)]
pub struct Covered {
    /// The probability inside at least one of the fields as part of that of the 90 % region, 0…1; see [`Region::probable`].
    pub share: f64,
    /// Of each field, whether it holds any of it.
    pub reached: Vec<bool>,
}

/// What the fields hold of a region.
pub fn covered(region: &Region, fields: &[Field]) -> Covered {
    // Most fields are told from a place by the angle between two directions alone.
    let caps: Vec<([f64; 3], f64)> = fields
        .iter()
        .map(|field| {
            (
                field.center.vector(),
                (field.radius() + 1e-9).to_radians().cos(),
            )
        })
        .collect();
    let mut reached = vec![false; fields.len()];
    let (mut seen, mut total) = (0.0, 0.0);
    for (place, weight) in region.probable() {
        total += weight;
        let [x, y, z] = place.vector();
        let mut held = false;
        for ((field, ([a, b, c], least)), reached) in fields.iter().zip(&caps).zip(&mut reached) {
            let near = a * x + b * y + c * z >= *least;
            if near && (matches!(field.shape, Shape::Circle(_)) || field.contains(place)) {
                held = true;
                *reached = true;
            }
        }
        if held {
            seen += weight;
        }
    }
    let share = if total > 0.0 {
        (seen / total).min(1.0)
    } else {
        0.0
    };
    Covered { share, reached }
}
