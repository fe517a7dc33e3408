//! The power law F ∝ t^−α through the detections of one filter, where they allow one.

use super::points::{Curve, Point, Value};

/// A straight line in magnitude against the logarithm of time, by weighted least squares.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fit {
    /// Index of the filter.
    pub band: usize,
    /// F ∝ t^−α: positive where it fades.
    pub alpha: f64,
    /// One standard deviation, grown by √(χ²/ν) where the points scatter more than their errors say.
    pub error: f64,
    pub detections: usize,
    /// A point of the line: the weighted mean of the logarithms of time, as s, and the magnitude there.
    pub through: (f64, f64),
    /// First and last detection, s.
    pub span: (f64, f64),
    /// χ²/ν
    pub chi2: f64,
    /// The points do lie about a straight line, and its slope is known to better than 0.5.
    pub sound: bool,
}

/// Stands for an error that was not given, and is known to be good enough by nobody: mag.
const USUAL_ERROR: f64 = 0.1;
/// Photometry of different telescopes agrees no better than this, mag.
const LEAST_ERROR: f64 = 0.02;
/// Detections closer together than a factor two in time, log₁₀, say nothing of a slope.
const LEAST_SPAN: f64 = 0.3;
/// Points that scatter by more than three times their errors follow no power law.
const LARGEST_CHI2: f64 = 9.0;
const LARGEST_ERROR: f64 = 0.5;

/// A fit for each filter with three detections or more over 0.3 dex in time, all in one system of magnitudes.
pub(super) fn fits(curve: &Curve) -> Vec<Fit> {
    let bands = 0..curve.bands.len();
    let mut fits: Vec<Fit> = bands.filter_map(|band| fit(band, &curve.points)).collect();
    fits.sort_by_key(|fit| std::cmp::Reverse(fit.detections));
    fits
}

fn fit(band: usize, points: &[Point]) -> Option<Fit> {
    let of_band = points
        .iter()
        .filter(|point| point.band == band && point.seconds > 0.0);
    let seen: Vec<&Point> = of_band.filter(|point| point.value.is_seen()).collect();
    let (first, last) = (seen.first()?, seen.last()?);
    let alike = seen.iter().all(|point| point.system == first.system);
    let span = (first.seconds, last.seconds);
    if seen.len() < 3 || !alike || (span.1 / span.0).log10() < LEAST_SPAN {
        return None;
    }
    let rows: Vec<(f64, f64, f64)> = seen.iter().map(|point| row(point)).collect();
    let line = line(&rows)?;
    let error = line.error * line.chi2.max(1.0).sqrt() / 2.5;
    Some(Fit {
        band,
        alpha: line.slope / 2.5,
        error,
        detections: seen.len(),
        through: (10_f64.powf(line.mean.0), line.mean.1),
        span,
        chi2: line.chi2,
        sound: line.chi2 <= LARGEST_CHI2 && error <= LARGEST_ERROR,
    })
}

/// Logarithm of time, magnitude, weight.
fn row(point: &Point) -> (f64, f64, f64) {
    let error = match point.value {
        Value::Seen(_, error) => error.unwrap_or(USUAL_ERROR).max(LEAST_ERROR),
        Value::Limit(_) => USUAL_ERROR,
    };
    (
        point.seconds.log10(),
        point.value.magnitude(),
        error.powi(-2),
    )
}

struct Line {
    slope: f64,
    /// Of the slope, as the weights have it.
    error: f64,
    mean: (f64, f64),
    chi2: f64,
}

/// Weighted least squares (Bevington & Robinson 2003, §6.3), about the weighted means for the sake of the digits.
fn line(rows: &[(f64, f64, f64)]) -> Option<Line> {
    let sum = |of: &dyn Fn(&(f64, f64, f64)) -> f64| rows.iter().map(of).sum::<f64>();
    let weight = sum(&|r| r.2);
    let (x, y) = (sum(&|r| r.2 * r.0) / weight, sum(&|r| r.2 * r.1) / weight);
    let spread = sum(&|r| r.2 * (r.0 - x).powi(2));
    let slope = sum(&|r| r.2 * (r.0 - x) * (r.1 - y)) / spread;
    let chi2 = sum(&|r| r.2 * (r.1 - y - slope * (r.0 - x)).powi(2));
    let freedom = rows.len().checked_sub(2).filter(|n| *n > 0)?;
    let line = Line {
        slope,
        error: spread.sqrt().recip(),
        mean: (x, y),
        chi2: chi2 / freedom as f64,
    };
    (line.slope.is_finite() && line.error.is_finite()).then_some(line)
}
