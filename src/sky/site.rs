//! A place on the Earth from which somebody looks at the sky.

use super::horizon::Horizon;

/// Where an observer stands, and what stands around.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Geodetic latitude on WGS84, deg, north positive.
    pub latitude: f64,
    /// Longitude on WGS84, deg, east positive.
    pub longitude: f64,
    /// Height above the ellipsoid, m. The sky does not notice the difference to height above sea level.
    pub elevation: f64,
    /// Houses, trees and mountains.
    pub horizon: Horizon,
}
