//! Borders of areas on the sky, and how they are cut where the map of the whole sky ends.

use super::coordinates::{Equatorial, half_turned};
use super::projection::{Gnomonic, Mollweide, Plane};

/// An area on the sky: its closed borders, and one place of which it is known whether it lies inside.
///
/// Crossing any border changes inside to outside, so the borders may be in any order and direction.
#[derive(Debug, Clone)]
pub(super) struct Outline {
    pub(super) rings: Vec<Vec<Equatorial>>,
    pub(super) known: Equatorial,
    pub(super) known_inside: bool,
}

impl Outline {
    /// Everything within a radius (deg) of a place.
    pub(super) fn circle(center: Equatorial, radius: f64) -> Self {
        Self::ring(center, radius, 180)
    }

    /// The same with a border of so many points.
    pub(super) fn ring(center: Equatorial, radius: f64, steps: u8) -> Self {
        // A border exactly through a pole belongs to neither side of it.
        let through_pole = [90.0, -90.0]
            .iter()
            .any(|pole| ((center.dec - pole).abs() - radius).abs() < 1e-6);
        let radius = if through_pole { radius + 1e-4 } else { radius };
        let ring = (0..steps)
            .map(|i| center.offset(radius, f64::from(i) * 360.0 / f64::from(steps)))
            .collect();
        let behind = center.offset(180.0, 0.0);
        let (known, known_inside) = if radius < 90.0 {
            (center, true)
        } else {
            (behind, false)
        };
        Self {
            rings: vec![ring],
            known,
            known_inside,
        }
    }

    /// The area on a map of the whole sky: closed polygons, to be filled by the even-odd rule.
    pub(super) fn filled(&self, map: &Mollweide) -> Vec<Vec<Plane>> {
        let mut pieces: Vec<Flat> = self
            .rings
            .iter()
            .flat_map(|ring| pieces(&flat(map, ring)))
            .collect();
        let known = (map.angle_from_middle(self.known.ra), self.known.dec);
        if pieces
            .iter()
            .filter(|piece| surrounds(piece, known))
            .count()
            % 2
            == usize::from(!self.known_inside)
        {
            pieces.push(vec![
                (-180.0, -90.0),
                (180.0, -90.0),
                (180.0, 90.0),
                (-180.0, 90.0),
            ]);
        }
        pieces
            .iter()
            .map(|piece| {
                bent(piece)
                    .iter()
                    .map(|(x, dec)| map.place(*x, *dec))
                    .collect()
            })
            .collect()
    }

    /// Whether places lie inside: as often as one crosses the border between each and the known place.
    fn contain<const N: usize>(&self, places: [Equatorial; N]) -> [bool; N] {
        let map = Mollweide {
            middle: 180.0,
            at: (0.0, 0.0),
            radius: 1.0,
        };
        let pieces: Vec<Flat> = self
            .rings
            .iter()
            .flat_map(|ring| pieces(&flat(&map, ring)))
            .collect();
        let around = |p: Equatorial| {
            let flat = (map.angle_from_middle(p.ra), p.dec);
            pieces.iter().filter(|piece| surrounds(piece, flat)).count() % 2
        };
        let known = around(self.known);
        places.map(|place| (around(place) == known) == self.known_inside)
    }

    /// The area on a gnomonic plane, to be filled by the even-odd rule; right within the square of `side` units around `middle`.
    pub(super) fn filled_near(
        &self,
        plane: &Gnomonic,
        middle: Plane,
        side: f64,
    ) -> Vec<Vec<Plane>> {
        let mut areas: Vec<Vec<Plane>> = self
            .rings
            .iter()
            .map(|ring| ring.iter().map(|p| plane.project(*p)).collect())
            .collect();
        // Far parts are only roughly placed, so which side is inside is asked at five places in the square, and most of them win.
        let step = side / 4.0;
        let probes = [
            (0.0, 0.0),
            (step, step),
            (-step, step),
            (step, -step),
            (-step, -step),
        ]
        .map(|(x, y)| (middle.0 + x, middle.1 + y));
        let inside = self.contain(probes.map(|probe| plane.unproject(probe)));
        let wrong = |(probe, inside): &(Plane, bool)| {
            let drawn = areas.iter().filter(|area| surrounds(area, *probe)).count() % 2 == 1;
            drawn != *inside
        };
        if probes.into_iter().zip(inside).filter(wrong).count() > 2 {
            let (left, right, top, bottom) = (
                middle.0 - side,
                middle.0 + side,
                middle.1 - side,
                middle.1 + side,
            );
            areas.push(vec![
                (left, top),
                (right, top),
                (right, bottom),
                (left, bottom),
            ]);
        }
        areas
    }

    /// The border as lines on a map of the whole sky, none of which runs along its edge.
    pub(super) fn strokes(&self, map: &Mollweide) -> Vec<Vec<Plane>> {
        let closed = self
            .rings
            .iter()
            .map(|ring| ring.iter().chain(ring.first()).copied().collect::<Vec<_>>());
        closed.flat_map(|ring| strokes(map, &ring)).collect()
    }
}

/// Degrees from the middle of the map, any number of turns, and declination.
type Flat = Vec<(f64, f64)>;

/// A line of places on a map of the whole sky, cut where it leaves at one side and comes in at the other.
pub(super) fn strokes(map: &Mollweide, line: &[Equatorial]) -> Vec<Vec<Plane>> {
    let mut all: Vec<Vec<Plane>> = Vec::new();
    let mut last: Option<(f64, f64)> = None;
    for place in line {
        let here = (map.angle_from_middle(place.ra), place.dec);
        match (last, all.last_mut()) {
            (Some(before), Some(stroke)) if (here.0 - before.0).abs() > 180.0 => {
                let edge = 180_f64.copysign(before.0);
                let dec = at_edge(before, (here.0 + 2.0 * edge, here.1), edge);
                stroke.push(map.place(edge, dec));
                all.push(vec![map.place(-edge, dec), map.place(here.0, here.1)]);
            }
            (Some(_), Some(stroke)) => stroke.push(map.place(here.0, here.1)),
            _ => all.push(vec![map.place(here.0, here.1)]),
        }
        last = Some(here);
    }
    all
}

/// A ring as a line without jumps; one that goes round a pole is closed over the north pole, starting at the edge of the map.
fn flat(map: &Mollweide, ring: &[Equatorial]) -> Flat {
    let mut line: Flat = Vec::with_capacity(ring.len() + 4);
    for place in ring {
        let x = map.angle_from_middle(place.ra);
        line.push((
            line.last()
                .map_or(x, |(before, _)| before + half_turned(x - before)),
            place.dec,
        ));
    }
    let (Some(first), Some(last)) = (line.first().copied(), line.last().copied()) else {
        return line;
    };
    let end = last.0 + half_turned(first.0 - last.0);
    if (end - first.0).abs() < 180.0 {
        return line;
    }
    over_the_pole(line, (end - first.0).signum())
}

/// Turns a line that goes round a pole into a polygon from edge to edge with the north pole in it.
fn over_the_pole(mut line: Flat, way: f64) -> Flat {
    let length = line.len();
    let closed = |i: usize| {
        line.get(i)
            .copied()
            .or_else(|| line.first().map(|p| (p.0 + 360.0 * way, p.1)))
    };
    let is_edge = |a: f64, b: f64| ((a - 180.0) / 360.0).floor() != ((b - 180.0) / 360.0).floor();
    let crossing = (0..length).find_map(|i| {
        let (a, b) = (closed(i)?, closed(i + 1)?);
        let edge = 180.0 + 360.0 * ((a.0.max(b.0) - 180.0) / 360.0).floor();
        is_edge(a.0, b.0).then(|| (i + 1, (edge, at_edge(a, b, edge))))
    });
    let Some((split, edge)) = crossing else {
        return line;
    };
    let mut rest = line.split_off(split.min(length));
    let around = line.into_iter().map(|(x, dec)| (x + 360.0 * way, dec));
    let far = edge.0 + 360.0 * way;
    let mut polygon = vec![edge];
    polygon.append(&mut rest);
    polygon.extend(around);
    polygon.extend([(far, edge.1), (far, 90.0), (edge.0, 90.0)]);
    polygon
}

/// The parts of a polygon on the map, from −180 to 180, with the parts of it that lie whole turns away brought back.
fn pieces(polygon: &Flat) -> Vec<Flat> {
    let (low, high) = polygon
        .iter()
        .fold((f64::MAX, f64::MIN), |(low, high), (x, _)| {
            (low.min(*x), high.max(*x))
        });
    let turns = (-3..=3).map(|turn| f64::from(turn) * 360.0);
    let here = turns.filter(|turn| low + turn < 180.0 && high + turn > -180.0);
    let shifted = here.map(|turn| {
        polygon
            .iter()
            .map(|(x, dec)| (x + turn, *dec))
            .collect::<Flat>()
    });
    shifted
        .map(|piece| cut(&cut(&piece, 180.0, true), -180.0, false))
        .filter(|piece| piece.len() > 2)
        .collect()
}

/// Sutherland and Hodgman's cut of a polygon by one meridian.
fn cut(polygon: &Flat, edge: f64, keep_below: bool) -> Flat {
    let inside = |p: &(f64, f64)| if keep_below { p.0 <= edge } else { p.0 >= edge };
    let mut kept = Vec::with_capacity(polygon.len() + 4);
    for (a, b) in polygon.iter().zip(polygon.iter().cycle().skip(1)) {
        if inside(a) {
            kept.push(*a);
        }
        if inside(a) != inside(b) {
            kept.push((edge, at_edge(*a, *b, edge)));
        }
    }
    kept
}

/// Declination at which the line from a to b meets a meridian.
fn at_edge(a: (f64, f64), b: (f64, f64), edge: f64) -> f64 {
    let span = b.0 - a.0;
    if span.abs() < 1e-12 {
        a.1
    } else {
        a.1 + (b.1 - a.1) * ((edge - a.0) / span).clamp(0.0, 1.0)
    }
}

/// The polygon with its sides along the edge of the map divided, since the edge is a curve.
fn bent(polygon: &Flat) -> Flat {
    let mut bent = Vec::with_capacity(polygon.len());
    for (a, b) in polygon.iter().zip(polygon.iter().cycle().skip(1)) {
        bent.push(*a);
        let along = (a.0 - b.0).abs() < 1e-9 && (a.0.abs() - 180.0).abs() < 1e-9;
        let steps = if along {
            ((a.1 - b.1).abs() / 2.0).ceil()
        } else {
            0.0
        };
        let parts = (1..90).map(f64::from).take_while(|part| *part < steps);
        bent.extend(parts.map(|part| (a.0, a.1 + (b.1 - a.1) * part / steps)));
    }
    bent
}

/// Whether a point lies inside a polygon, by counting the sides north of it.
pub(super) fn surrounds(polygon: &[(f64, f64)], (x, dec): (f64, f64)) -> bool {
    let sides = polygon.iter().zip(polygon.iter().cycle().skip(1));
    let above = sides.filter(|(a, b)| {
        (a.0 > x) != (b.0 > x) && a.1 + (b.1 - a.1) * (x - a.0) / (b.0 - a.0) > dec
    });
    above.count() % 2 == 1
}
