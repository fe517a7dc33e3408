//! The net of right ascension and declination on a finding chart.

use super::coordinates::{Equatorial, turned};
use super::projection::{Gnomonic, Plane};
use super::svg;

/// The lines that cross a field, and what is written at its edge.
pub(super) struct Lattice {
    meridians: Vec<Line>,
    parallels: Vec<Line>,
    side: f64,
}

/// One line with its name.
struct Line {
    points: Vec<Plane>,
    name: String,
}

/// Steps of declination in arcmin, and of right ascension in seconds of time.
const ARCMINUTES: [f64; 10] = [
    10.0, 15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 900.0, 1200.0,
];
const SECONDS: [f64; 13] = [
    30.0, 60.0, 120.0, 240.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0, 10_800.0, 14_400.0,
    21_600.0,
];

impl Lattice {
    /// The net for a square field (deg) of `side` drawing units: four to six lines each way.
    pub(super) fn new(plane: &Gnomonic, center: Equatorial, field: f64, side: f64) -> Self {
        let step = ARCMINUTES
            .into_iter()
            .map(|m| m / 60.0)
            .find(|step| field / step <= 5.5)
            .unwrap_or(20.0);
        let reach = field * 0.8;
        let (south, north) = (
            (center.dec - reach).max(-90.0),
            (center.dec + reach).min(90.0),
        );
        let polar = north > 89.0 || south < -89.0;
        let narrowest = (center.dec.abs() + field * 0.25)
            .min(88.0)
            .to_radians()
            .cos();
        let wanted = step / narrowest.max(0.02) * 240.0;
        let hours = SECONDS
            .into_iter()
            .find(|s| *s >= wanted * 0.7)
            .unwrap_or(21_600.0);
        let hours = if polar {
            hours.clamp(3600.0, 7200.0)
        } else {
            hours
        } / 240.0;
        let width = if polar {
            180.0
        } else {
            (reach.to_radians().sin() / south.abs().max(north.abs()).to_radians().cos())
                .clamp(-1.0, 1.0)
                .asin()
                .to_degrees()
                .max(reach)
        };
        let meridians = steps(center.ra - width, center.ra + width, hours)
            .filter(|ra| !polar || *ra < center.ra - width + 359.9);
        // Meridians stop short of the pole, where they would run together.
        let (low, high) = (south.max(-90.0 + step), north.min(90.0 - step));
        let meridian = |ra: f64| Line {
            points: line(plane, |t| (ra, low + (high - low) * t)),
            name: clock(ra, hours),
        };
        let parallel = |dec: f64| Line {
            points: line(plane, |t| (center.ra + width * (2.0 * t - 1.0), dec)),
            name: degrees(dec, step),
        };
        Self {
            meridians: meridians.map(meridian).collect(),
            parallels: steps(south, north, step)
                .filter(|dec| dec.abs() < 90.0)
                .map(parallel)
                .collect(),
            side,
        }
    }

    /// The lines.
    pub(super) fn drawn(&self) -> String {
        let all = self
            .meridians
            .iter()
            .chain(&self.parallels)
            .map(|line| &line.points);
        format!(
            r##"<path class="graticule" d="{}" fill="none" stroke="#26334f" stroke-width="0.9"/>"##,
            svg::lines(all)
        )
    }

    /// Where the hours stand along the lower edge and the degrees along the left one, and what they say.
    pub(super) fn labels(&self) -> Vec<(Plane, &str)> {
        let (low, left) = (self.side - 9.0, 30.0);
        let inside = |along: &f64| (40.0..self.side - 20.0).contains(along);
        let hours = self.meridians.iter().filter_map(|l| {
            Some((
                (
                    crossing(&l.points, |p| p.1, |p| p.0, low).filter(inside)?,
                    low,
                ),
                l.name.as_str(),
            ))
        });
        let degrees = self.parallels.iter().filter_map(|l| {
            Some((
                (
                    left,
                    crossing(&l.points, |p| p.0, |p| p.1, left).filter(inside)?,
                ),
                l.name.as_str(),
            ))
        });
        let mut placed: Vec<(Plane, &str)> = Vec::new();
        for (at, name) in hours.chain(degrees) {
            if placed
                .iter()
                .all(|(other, _)| (other.0 - at.0).abs() > 56.0 || (other.1 - at.1).abs() > 18.0)
            {
                placed.push((at, name));
            }
        }
        placed
    }

    /// The labels as drawn.
    pub(super) fn labelled(&self) -> String {
        self.labels()
            .iter()
            .map(|(at, name)| {
                svg::text_on_field(
                    "label minor",
                    (at.0, at.1 + 4.0),
                    "middle",
                    12.0,
                    "#7f8fb5",
                    name,
                )
            })
            .collect()
    }
}

/// Multiples of a step from one value to another.
fn steps(from: f64, to: f64, step: f64) -> impl Iterator<Item = f64> {
    let first = (from / step).ceil();
    (0..200)
        .map(move |i| (first + f64::from(i)) * step)
        .take_while(move |value| *value <= to)
}

fn line(plane: &Gnomonic, at: impl Fn(f64) -> (f64, f64)) -> Vec<Plane> {
    let places = (0..=60).map(|i| at(f64::from(i) / 60.0));
    places
        .filter_map(|(ra, dec)| {
            plane.visible(Equatorial {
                ra: turned(ra),
                dec,
            })
        })
        .collect()
}

/// Where along the other axis a line first meets a value.
fn crossing(
    line: &[Plane],
    of: fn(&Plane) -> f64,
    along: fn(&Plane) -> f64,
    value: f64,
) -> Option<f64> {
    let side = line
        .windows(2)
        .find(|side| matches!(side, [a, b] if (of(a) < value) != (of(b) < value)))?;
    let [a, b] = side else { return None };
    Some(along(a) + (along(b) - along(a)) * (value - of(a)) / (of(b) - of(a)))
}

/// `19h12m`, with seconds where the lines are that close, without minutes where they are far.
fn clock(ra: f64, step: f64) -> String {
    let seconds = (turned(ra) * 240.0).round() % 86_400.0;
    let (h, m, s) = (
        (seconds / 3600.0).floor(),
        (seconds / 60.0).floor() % 60.0,
        seconds % 60.0,
    );
    match step * 240.0 {
        step if step < 60.0 => format!("{h}h{m:02}m{s:02}s"),
        step if step < 3600.0 => format!("{h}h{m:02}m"),
        _ => format!("{h}h"),
    }
}

fn degrees(dec: f64, step: f64) -> String {
    let minutes = (dec.abs() * 60.0).round();
    let sign = if dec < 0.0 && minutes > 0.0 {
        '−'
    } else {
        '+'
    };
    let (d, m) = ((minutes / 60.0).floor(), minutes % 60.0);
    if step < 1.0 {
        format!("{sign}{d}°{m:02}′")
    } else {
        format!("{sign}{d}°")
    }
}
