//! Draws a site: its horizon all round, and how the sky stands over its latitude. Coloured by the style sheet.

use std::fmt::Write as _;

use crate::sky::Horizon;

/// Units of a drawing for a degree of azimuth and of altitude. `assets/js/site.js` uses the same.
const ACROSS: f64 = 2.0;
const UP: f64 = 1.5;

/// Altitude at the upper rim of a horizon's drawing, deg.
const TOP: f64 = 90.0;

/// The horizon from north through east, south and west to north, as SVG.
pub fn panorama(horizon: &Horizon) -> String {
    let mut svg = format!(
        r#"<svg class="panorama" viewBox="0 0 720 160" role="img" aria-label="{}"><path class="sky" d="M0 0H720V135H0Z"/>"#,
        spoken(horizon)
    );
    for altitude in [30.0, 60.0] {
        let y = UP * (TOP - altitude);
        let _ = write!(
            svg,
            r#"<path class="grid" d="M0 {y}H720"/><text x="4" y="{:.1}">{altitude}°</text>"#,
            y - 4.0
        );
    }
    let _ = write!(
        svg,
        r#"<path class="ground" d="{}"/>{LETTERS}</svg>"#,
        ground(horizon)
    );
    svg
}

const LETTERS: &str = r#"<text class="letter" x="3" y="153">N</text><text class="letter" x="180" y="153" text-anchor="middle">E</text><text class="letter" x="360" y="153" text-anchor="middle">S</text><text class="letter" x="540" y="153" text-anchor="middle">W</text><text class="letter" x="717" y="153" text-anchor="end">N</text>"#;

/// The ground below the horizon, as path data.
fn ground(horizon: &Horizon) -> String {
    let at = |azimuth: f64, altitude: f64| {
        let y = UP * (TOP - altitude.clamp(-2.0, TOP));
        format!("{:.1} {y:.1}", ACROSS * azimuth)
    };
    let inner = horizon
        .points()
        .iter()
        .filter(|(azimuth, _)| *azimuth > 0.0);
    let points: Vec<String> = std::iter::once((0.0, horizon.altitude(0.0)))
        .chain(inner.copied())
        .chain([(360.0, horizon.altitude(360.0))])
        .map(|(azimuth, altitude)| at(azimuth, altitude))
        .collect();
    format!("M0 138L{}L720 138Z", points.join("L"))
}

/// `The horizon: 5° all round`, or from where to where it goes.
pub fn spoken(horizon: &Horizon) -> String {
    if let Some(level) = horizon.level() {
        return format!("The horizon: {level}° all round");
    }
    let altitudes = horizon.points().iter().map(|(_, altitude)| *altitude);
    let lowest = altitudes.clone().fold(f64::MAX, f64::min);
    let (azimuth, highest) =
        horizon
            .points()
            .iter()
            .copied()
            .fold(
                (0.0, f64::MIN),
                |high, point| {
                    if point.1 > high.1 { point } else { high }
                },
            );
    format!(
        "The horizon: {} points, from {lowest}° to {highest}° in the {}",
        horizon.points().len(),
        compass(azimuth)
    )
}

/// `south-east`, for an azimuth, deg.
pub fn compass(azimuth: f64) -> &'static str {
    const NAMES: [&str; 8] = [
        "north",
        "north-east",
        "east",
        "south-east",
        "south",
        "south-west",
        "west",
        "north-west",
    ];
    let eighth = (azimuth.rem_euclid(360.0) / 45.0).round();
    NAMES
        .into_iter()
        .zip([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
        .find_map(|(name, index)| (index == eighth).then_some(name))
        .unwrap_or("north")
}

/// How the sky stands over a latitude, deg: the pole, the equator, the Sun at noon in midsummer and midwinter.
pub fn dome(latitude: f64) -> String {
    const RADIUS: f64 = 100.0;
    // Looking along the meridian from the side; the pole that is up stands on the left.
    let height = latitude.abs();
    let at = |altitude: f64, radius: f64| {
        let (sin, cos) = altitude.to_radians().sin_cos();
        format!("{:.1} {:.1}", 120.0 - radius * cos, 112.0 - radius * sin)
    };
    let (side, other) = if latitude < 0.0 {
        ("S", "N")
    } else {
        ("N", "S")
    };
    let equator = 90.0 + height;
    let mut svg = format!(
        r#"<svg class="dome" viewBox="0 0 240 132" role="img" aria-label="The pole stands {height:.0}° high in the {}"><path class="sky" d="M20 112A100 100 0 0 1 220 112Z"/>"#,
        if latitude < 0.0 { "south" } else { "north" }
    );
    let _ = write!(
        svg,
        r#"<path class="axis" d="M120 112L{}"/><path class="equator" d="M120 112L{}"/>"#,
        at(height, RADIUS + 8.0),
        at(equator, RADIUS)
    );
    for noon in [equator - 23.44, equator + 23.44] {
        if noon < 180.0 {
            let place = at(noon, RADIUS);
            let (x, y) = place.split_once(' ').unwrap_or_default();
            let _ = write!(svg, r#"<circle class="sun" cx="{x}" cy="{y}" r="4"/>"#);
        }
    }
    let _ = write!(
        svg,
        r#"<path class="ground" d="M8 112H232"/><text x="20" y="128" text-anchor="middle">{side}</text><text x="220" y="128" text-anchor="middle">{other}</text></svg>"#
    );
    svg
}

/// `43.9500° N, 5.7100° E`.
pub fn reading(latitude: f64, longitude: f64) -> String {
    let side = |angle: f64, plus, minus| if angle < 0.0 { minus } else { plus };
    format!(
        "{:.4}° {}, {:.4}° {}",
        latitude.abs(),
        side(latitude, "N", "S"),
        longitude.abs(),
        side(longitude, "E", "W")
    )
}

/// `43°57′00″ N, 5°42′36″ E`.
pub fn sexagesimal(latitude: f64, longitude: f64) -> String {
    let angle = |angle: f64, plus: char, minus: char| {
        let seconds = (angle.abs() * 3600.0).round();
        let (degrees, rest) = ((seconds / 3600.0).floor(), seconds % 3600.0);
        let side = if angle < 0.0 { minus } else { plus };
        format!(
            "{degrees}°{:02}′{:02}″ {side}",
            (rest / 60.0).floor(),
            rest % 60.0
        )
    };
    format!(
        "{}, {}",
        angle(latitude, 'N', 'S'),
        angle(longitude, 'E', 'W')
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_with_its_sides() {
        assert_eq!(reading(43.95, 5.71), "43.9500° N, 5.7100° E");
        assert_eq!(reading(-33.8688, -151.2), "33.8688° S, 151.2000° W");
        assert_eq!(sexagesimal(43.95, 5.71), "43°57′00″ N, 5°42′36″ E");
        assert_eq!(
            sexagesimal(-0.999_999_9, 179.999_99),
            "1°00′00″ S, 180°00′00″ E"
        );
    }

    #[test]
    fn a_horizon_is_said_by_its_extremes() {
        assert_eq!(spoken(&Horizon::flat(12.5)), "The horizon: 12.5° all round");
        let garden = Horizon::profile(&[
            (0.0, 5.0),
            (90.0, 10.0),
            (140.0, 28.0),
            (230.0, 6.0),
            (300.0, 9.0),
        ])
        .unwrap();
        assert_eq!(
            spoken(&garden),
            "The horizon: 5 points, from 5° to 28° in the south-east"
        );
        assert_eq!(
            [0.0, 22.6, 337.6, 359.9, 270.0].map(compass),
            ["north", "north-east", "north", "north", "west"]
        );
    }
}
