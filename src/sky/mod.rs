//! Pure astronomy: where things are on the sky, how far apart, and how to draw them.

mod contour;
mod graticule;
mod outline;
mod projection;
mod svg;
#[cfg(test)]
mod tests;

pub mod chart;
pub mod constellations;
pub mod coordinates;
pub mod finder;
pub mod horizon;
pub mod region;
pub mod site;
pub mod skymap;
pub mod stars;

pub use chart::{ChartSpec, Mark, Moon, chart};
pub use constellations::{Constellation, constellation};
pub use coordinates::{Equatorial, angle_words};
pub use finder::{FinderSpec, finder};
pub use horizon::Horizon;
pub use region::{CredibleMap, Region};
pub use site::Site;
pub use skymap::MapFault;

/// Area of the whole sky, deg².
const WHOLE_SKY: f64 =
    4.0 * std::f64::consts::PI * (180.0 / std::f64::consts::PI) * (180.0 / std::f64::consts::PI);
