//! Where on Earth somebody observes from.

use super::horizon::Horizon;

#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Geodetic latitude, deg, WGS84.
    pub latitude: f64,
    /// Longitude, deg, east positive.
    pub longitude: f64,
    /// Metres above the ellipsoid.
    pub elevation: f64,
    pub horizon: Horizon,
}
