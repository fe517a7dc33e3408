//! The visible horizon of a site.

#[derive(Debug, Clone, PartialEq)]
pub struct Horizon(Vec<(f64, f64)>);

impl Horizon {
    /// The same altitude, deg, all round.
    pub fn flat(altitude: f64) -> Self {
        Self(vec![(0.0, altitude)])
    }

    /// Azimuth and altitude of its points, deg.
    pub fn points(&self) -> &[(f64, f64)] {
        &self.0
    }
}
