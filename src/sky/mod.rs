//! Pure astronomy: where things are on the sky, how far apart, and how to draw them.

mod contour;
mod crossing;
mod graticule;
mod outline;
mod projection;
pub(crate) mod svg;
#[cfg(test)]
mod tests;

pub mod almanac;
pub mod altitude_chart;
pub mod chart;
pub mod constellations;
pub mod coordinates;
pub mod field;
pub mod finder;
pub mod fits;
pub mod frames;
pub mod horizon;
pub mod night;
pub mod observer;
pub mod panorama;
pub mod place;
pub mod region;
pub mod site;
pub mod site_night;
pub mod skymap;
pub mod stars;
pub mod visibility;

pub use almanac::Almanac;
pub use altitude_chart::{AltitudeSpec, altitude_chart};
pub use chart::{ChartSpec, Mark, Moon, View, chart, chart_ground, chart_marks};
pub use constellations::{Constellation, constellation};
pub use coordinates::{Equatorial, angle_words};
pub use field::{Covered, Field, covered};
pub use finder::{FinderSpec, finder};
pub use frames::Frame;
pub use horizon::{Horizon, HorizonFault};
pub use night::{Course, Darkness, Night, Twilight};
pub use observer::{Crossing, Horizontal, Observer, Phase};
pub use panorama::Panorama;
pub use region::{CredibleMap, Region};
pub use site::Site;
pub use site_night::{RoughWindow, SiteNight};
pub use skymap::MapFault;
pub use visibility::{Limits, MoonView, Share, Visibility, Window, airmass, visibility};

/// Area of the whole sky, deg².
const WHOLE_SKY: f64 =
    4.0 * std::f64::consts::PI * (180.0 / std::f64::consts::PI) * (180.0 / std::f64::consts::PI);
