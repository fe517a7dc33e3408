//! The visible horizon of a site: houses, trees and mountains as an altitude for each azimuth.

use std::sync::Arc;

/// Most points of a profile: three for each degree, with some to spare.
pub const MOST_POINTS: usize = 1000;
/// Two neighbours further apart than this (deg) leave a gap: nobody knows what stands between them.
pub const WIDEST_GAP: f64 = 90.0;

/// Altitude of the visible horizon by azimuth, deg from north through east; straight lines between its points, all the way round.
///
/// Copies share their points.
#[derive(Debug, Clone, PartialEq)]
pub struct Horizon(Arc<[(f64, f64)]>);

/// Why a horizon was not taken, in words for the person who measured it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum HorizonFault {
    /// Not a direction.
    #[error("the azimuth {0}° does not lie between 0 and 360")]
    Azimuth(f64),
    /// Nobody's horizon.
    #[error("the altitude {0}° does not lie between −10 and 90")]
    Altitude(f64),
    /// Something else than two numbers.
    #[error("“{0}” is not an azimuth and an altitude")]
    Unreadable(String),
    /// Two altitudes in one direction.
    #[error("the azimuth {0}° has two altitudes")]
    Twice(f64),
    /// More than [`WIDEST_GAP`] without a point.
    #[error(
        "nothing is known between the azimuths {0}° and {1}°; points must be at most 90° apart"
    )]
    Gap(f64, f64),
    /// No point at all.
    #[error("the horizon has no points")]
    Empty,
    /// More than [`MOST_POINTS`].
    #[error("the horizon has more than 1000 points")]
    TooMany,
    /// A fault in a line of a file, the first line being 1.
    #[error("line {0}: {1}")]
    Line(usize, Box<HorizonFault>),
}

impl Horizon {
    /// The same altitude (deg) all the way round. What is no number counts as 0; otherwise −10…90.
    pub fn flat(altitude: f64) -> Self {
        let altitude = if altitude.is_finite() {
            altitude.clamp(-10.0, 90.0)
        } else {
            0.0
        };
        Self(Arc::new([(0.0, altitude)]))
    }

    /// A profile through points of azimuth and altitude, deg, in any order. Azimuth 360 is 0, and may repeat it.
    ///
    /// Refuses what [`HorizonFault`] lists.
    pub fn profile(points: &[(f64, f64)]) -> Result<Self, HorizonFault> {
        if points.len() > MOST_POINTS {
            return Err(HorizonFault::TooMany);
        }
        for point in points {
            sound(*point)?;
        }
        let mut points: Vec<(f64, f64)> =
            points.iter().map(|(az, alt)| (az % 360.0, *alt)).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        points.dedup();
        let last = points.last().ok_or(HorizonFault::Empty)?.0;
        let before = std::iter::once(last - 360.0).chain(points.iter().map(|p| p.0));
        for (a, b) in before.zip(points.iter().map(|p| p.0)) {
            if a == b {
                return Err(HorizonFault::Twice(a));
            }
            if b - a > WIDEST_GAP {
                return Err(HorizonFault::Gap(a.rem_euclid(360.0), b));
            }
        }
        Ok(Self(points.into()))
    }

    /// Reads a horizon file of N.I.N.A. (`.hrz`): a line for each point, azimuth then altitude in deg, apart by blanks, tabs,
    /// commas or semicolons; decimal commas are understood. Empty lines and lines that begin with `#` are passed over.
    ///
    /// Refuses what [`HorizonFault`] lists, and says in which line where it can.
    pub fn from_hrz(text: &str) -> Result<Self, HorizonFault> {
        let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
        let told = lines
            .enumerate()
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let mut points = Vec::new();
        for (i, line) in told {
            if points.len() == MOST_POINTS {
                return Err(HorizonFault::TooMany);
            }
            let faulty = |fault| HorizonFault::Line(i + 1, Box::new(fault));
            let point = point(line).ok_or_else(|| faulty(unreadable(line)))?;
            sound(point).map_err(faulty)?;
            points.push(point);
        }
        Self::profile(&points)
    }

    /// Altitude of the horizon in a direction, deg; the azimuth in deg from north through east, of any turn.
    pub fn altitude(&self, azimuth: f64) -> f64 {
        let points = &*self.0;
        let azimuth = super::coordinates::turned(azimuth);
        let next = points.partition_point(|p| p.0 <= azimuth);
        let after = points
            .get(next)
            .copied()
            .or_else(|| points.first().map(|p| (p.0 + 360.0, p.1)));
        let before = match next {
            0 => points.last().map(|p| (p.0 - 360.0, p.1)),
            _ => points.get(next - 1).copied(),
        };
        let (Some(a), Some(b)) = (before, after) else {
            return 0.0;
        };
        a.1 + (b.1 - a.1) * (azimuth - a.0) / (b.0 - a.0)
    }

    /// The points of the profile in order of azimuth, deg; a single one if the horizon is flat.
    pub fn points(&self) -> &[(f64, f64)] {
        &self.0
    }

    /// The altitude that holds all the way round, deg, if one does.
    pub fn level(&self) -> Option<f64> {
        let first = self.0.first()?.1;
        self.0.iter().all(|p| p.1 == first).then_some(first)
    }
}

fn sound((azimuth, altitude): (f64, f64)) -> Result<(), HorizonFault> {
    if !(0.0..=360.0).contains(&azimuth) {
        return Err(HorizonFault::Azimuth(azimuth));
    }
    if !(-10.0..=90.0).contains(&altitude) {
        return Err(HorizonFault::Altitude(altitude));
    }
    Ok(())
}

fn unreadable(line: &str) -> HorizonFault {
    HorizonFault::Unreadable(line.chars().take(40).collect())
}

/// Azimuth and altitude of one line. A comma is a decimal comma where something else stands between the numbers.
fn point(line: &str) -> Option<(f64, f64)> {
    let number = |word: &str| {
        word.trim_end_matches(',')
            .replace(',', ".")
            .replace('−', "-")
            .parse()
            .ok()
    };
    let parted: Vec<&str> = line
        .split([' ', '\t', ';'])
        .filter(|word| !word.is_empty())
        .collect();
    match parted[..] {
        [azimuth, altitude] => Some((number(azimuth)?, number(altitude)?)),
        [one] => match one.split(',').collect::<Vec<_>>()[..] {
            [azimuth, altitude] => Some((number(azimuth)?, number(altitude)?)),
            [a, b, c, d] => Some((number(&format!("{a}.{b}"))?, number(&format!("{c}.{d}"))?)),
            _ => None,
        },
        _ => None,
    }
}
