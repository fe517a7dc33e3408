//! A site's horizon among the stars: which part of the sky somebody sees.

use chrono::{DateTime, Utc};

use super::coordinates::Equatorial;
use super::observer::{Horizontal, Observer};

/// The part of the sky above a site's horizon at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Panorama {
    /// The horizon in ICRS, every 3° of azimuth from north through east.
    pub horizon: Vec<Equatorial>,
    /// Straight up.
    pub zenith: Equatorial,
}

impl Panorama {
    /// What the observer sees at a time, to a minute of arc: aberration is left out.
    pub fn of(observer: &Observer, at: DateTime<Utc>) -> Self {
        // The axes of ICRS as north, east and up: turned round, they lead from the site back to the stars.
        let axes = [(0.0, 0.0), (90.0, 0.0), (0.0, 90.0)]
            .map(|(ra, dec)| local(observer.horizontal(Equatorial { ra, dec }, at)));
        let place = |azimuth: f64, altitude: f64| {
            let seen = local(Horizontal { altitude, azimuth });
            Equatorial::from_vector(axes.map(|axis| (0..3).map(|i| axis[i] * seen[i]).sum()))
        };
        let horizon = &observer.site().horizon;
        Self {
            horizon: (0..120)
                .map(|step| f64::from(step) * 3.0)
                .map(|azimuth| place(azimuth, horizon.altitude(azimuth)))
                .collect(),
            zenith: place(0.0, 90.0),
        }
    }
}

/// North, east and up.
fn local(place: Horizontal) -> [f64; 3] {
    let (altitude, azimuth) = (place.altitude.to_radians(), place.azimuth.to_radians());
    [
        altitude.cos() * azimuth.cos(),
        altitude.cos() * azimuth.sin(),
        altitude.sin(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sky::{Horizon, Site};

    #[test]
    fn the_horizon_stands_where_the_observer_sees_it() {
        let points = [(0.0, 5.0), (90.0, 25.0), (180.0, 0.0), (270.0, 12.0)];
        for latitude in [-89.0, -33.9, 0.0, 42.9, 78.2] {
            let site = Site {
                latitude,
                longitude: 0.14,
                elevation: 2877.0,
                horizon: Horizon::profile(&points).unwrap(),
            };
            let at = "2026-05-05T22:58:00Z".parse().unwrap();
            let observer = Observer::at(&site, at);
            let panorama = Panorama::of(&observer, at);
            assert!(observer.horizontal(panorama.zenith, at).altitude > 89.97);
            for (step, star) in panorama.horizon.iter().enumerate() {
                let azimuth = step as f64 * 3.0;
                let seen = observer.horizontal(*star, at);
                let off = (seen.altitude - site.horizon.altitude(azimuth)).abs();
                assert!(off < 0.02, "{latitude}, azimuth {azimuth}: {off}° off");
                let turned = (seen.azimuth - azimuth + 540.0) % 360.0 - 180.0;
                assert!(
                    turned.abs() < 0.02,
                    "{latitude}, azimuth {azimuth}: {turned}°"
                );
            }
        }
    }
}
