//! Draws the whole sky with the place of a burst on it, as SVG.
//!
//! The drawing has no `<style>`, no `style=""` and no script, so it passes a strict Content-Security-Policy. Each part carries a
//! class and, as attributes, the colours of the dark theme; the page restyles by class. The classes:
//!
//! | class | part |
//! |---|---|
//! | `.sky-chart`, with `.all-sky` or `.finder` | the `<svg>` |
//! | `.field` `.rim` | the sky's ground (fill) and the line around it |
//! | `.milky-way` `.milky-way-bright` | areas (fill) |
//! | `.graticule` `.equator` | thin lines |
//! | `.galactic` `.ecliptic` | lines of the Galactic plane and the ecliptic |
//! | `.figures` | stick figures of the constellations |
//! | `.star` with `.star-blue` `.star-white` `.star-yellow` `.star-orange` | dots: colour them by `stroke` |
//! | `.messier` | symbols of Messier's objects in finders |
//! | `.region-90` `.region-50` | areas of the error region (fill); `.region-90-line` `.region-50-line` their borders |
//! | `.seen` | fields that were looked at: lightly filled, with a border (stroke) |
//! | `.target` | cross, ring and ticks at the best position |
//! | `.earlier` | other positions, faint |
//! | `.hidden` `.horizon` | what is below an observer's horizon (fill), and that horizon |
//! | `.sun` `.moon` | Sun and Moon; `.moon-dark` the unlit part |
//! | `.label` with `.minor`, `.constellation-name`, `.galactic-name`, `.ecliptic-name`, `.star-name`, `.target-label`, `.earlier-label`, `.on-field` | text; hide `.minor` on small screens; `.on-field` has a rim in the colour of `.field` as stroke |
//! | `.heading` `.scale` `.compass` `.legend` | title lines, scale bar, N and E arrows and magnitude scale of a finder |

use std::sync::LazyLock;

use super::constellations::{by_abbreviation, constellation};
use super::contour;
use super::coordinates::{Equatorial, angle_words, half_turned};
use super::field::{self, Field};
use super::outline::{Outline, strokes};
use super::projection::{Mollweide, Plane};
use super::region::Region;
use super::stars::{self, Star};
use super::svg::{self, number};

/// What the chart of the whole sky shows.
#[derive(Debug, Clone, Copy)]
pub struct ChartSpec<'a> {
    /// What lies there, such as `GRB 221009A`.
    pub title: &'a str,
    /// Best position.
    pub position: Equatorial,
    /// Where it lies with 90 % probability.
    pub region: Option<&'a Region>,
    /// Positions of earlier notices or other instruments, drawn faint.
    pub earlier: &'a [Mark<'a>],
    /// What was looked at.
    pub fields: &'a [Field],
    /// The Sun.
    pub sun: Option<Equatorial>,
    /// The Moon.
    pub moon: Option<Moon>,
    /// What an observer sees of it.
    pub view: Option<View<'a>>,
}

/// The part of the sky that is above somebody's horizon.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The horizon, all the way round, evenly from north through east.
    pub horizon: &'a [Equatorial],
    /// Straight up.
    pub zenith: Equatorial,
}

/// A position of less weight.
#[derive(Debug, Clone, Copy)]
pub struct Mark<'a> {
    /// Where it is.
    pub position: Equatorial,
    /// Radius that holds 90 %, deg; 0 for none.
    pub radius: f64,
    /// A word beside it; may be empty.
    pub label: &'a str,
}

/// The Moon as it stands.
#[derive(Debug, Clone, Copy)]
pub struct Moon {
    /// Where it is.
    pub position: Equatorial,
    /// Lit part of its disc, 0…1.
    pub illuminated: f64,
}

/// RA 12h in the middle, so that the hours run from 24 at the left to 0 at the right.
const MAP: Mollweide = Mollweide {
    middle: 180.0,
    at: (500.0, 258.0),
    radius: 240.0,
};
const LIMIT: f64 = 4.5;

/// The whole sky in Mollweide's equal-area projection, ICRS, as SVG text of at most 120 kB.
pub fn chart(spec: &ChartSpec<'_>) -> String {
    drawing(
        &format!(
            "<title>{} on the sky</title><desc>{}</desc>",
            svg::escaped(spec.title),
            svg::escaped(&description(spec))
        ),
        &(BACKGROUND.clone() + &foreground(spec)),
    )
}

/// Only the sky itself: what is the same on each [`chart`], for those who draw many.
pub fn chart_ground() -> String {
    drawing("", &BACKGROUND)
}

/// Only what a [`chart`] shows on the sky, to be laid over [`chart_ground`].
pub fn chart_marks(spec: &ChartSpec<'_>) -> String {
    drawing("", &foreground(spec))
}

fn drawing(words: &str, parts: &str) -> String {
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" class="sky-chart all-sky" viewBox="0 0 1000 516" role="img" font-family="system-ui, sans-serif">{words}{parts}</svg>"#
    )
}

fn foreground(spec: &ChartSpec<'_>) -> String {
    let mut drawn = spec.view.map(view).unwrap_or_default();
    if let Some(region) = spec.region {
        drawn += &drawn_region(region);
    }
    drawn += &spec
        .fields
        .iter()
        .map(|field| seen(field, spec.fields.len()))
        .collect::<String>();
    drawn += &spec.earlier.iter().map(earlier).collect::<String>();
    drawn += &spec.sun.map(sun).unwrap_or_default();
    drawn += &spec.moon.map(|m| moon(m, spec.sun)).unwrap_or_default();
    drawn + &target(spec)
}

/// What the drawing says, in words.
fn description(spec: &ChartSpec<'_>) -> String {
    let radius = spec.region.map_or(0.0, Region::radius);
    let (ra, dec) = spec.position.sexagesimal(radius);
    let place = constellation(spec.position).name;
    let region = match spec.region {
        Some(Region::Circle { radius, .. }) => format!(
            "; 90 % of the probability lies within {}",
            angle_words(*radius)
        ),
        Some(Region::Map(map)) => format!(
            "; 90 % of the probability lies within {:.0} square degrees, 50 % within {:.0}",
            map.area_90(),
            map.area_50()
        ),
        None => String::new(),
    };
    format!(
        "Map of the whole sky, right ascension growing to the left. The position is RA {ra}, Dec {dec}, in {place}{region}."
    )
}

/// Everything that is the same on each chart.
static BACKGROUND: LazyLock<String> = LazyLock::new(|| {
    let mut layers = format!(
        r##"<ellipse class="field" cx="{0}" cy="{1}" rx="{2}" ry="{3}" fill="#0c1322"/>"##,
        MAP.at.0,
        MAP.at.1,
        MAP.radius * 2.0,
        MAP.radius
    );
    layers += &milky_way();
    layers += &graticule();
    layers += &great_circles();
    layers += &figures();
    let bright: Vec<(Star, Plane)> = stars::brighter_than(LIMIT)
        .map(|s| (s, MAP.project(s.position)))
        .collect();
    layers += &svg::dots(&bright, |v| (5.6 - 0.95 * v).clamp(1.1, 6.2));
    layers += &names();
    layers
        + &format!(
            r##"<ellipse class="rim" cx="{0}" cy="{1}" rx="{2}" ry="{3}" fill="none" stroke="#46557a" stroke-width="1.2"/>"##,
            MAP.at.0,
            MAP.at.1,
            MAP.radius * 2.0,
            MAP.radius
        )
});

/// The band and its bright clouds. The north Galactic pole lies in neither.
fn milky_way() -> String {
    let parts = stars::milky_way()
        .into_iter()
        .zip([("milky-way", 0.10), ("milky-way-bright", 0.10)]);
    let drawn = parts.map(|(rings, (class, opacity))| {
        let outline = Outline { rings, known: Equatorial::from_galactic(0.0, 90.0), known_inside: false };
        let path = svg::areas(&outline.filled(&MAP));
        format!(r##"<path class="{class}" d="{path}" fill="#8fa6dd" fill-opacity="{opacity}" fill-rule="evenodd"/>"##)
    });
    drawn.collect()
}

/// Meridians every two hours, parallels every 30°, their labels.
fn graticule() -> String {
    let meridian = |x: f64| {
        (-90..=90)
            .step_by(3)
            .map(|dec| MAP.place(x, f64::from(dec)))
            .collect::<Vec<_>>()
    };
    let parallel = |dec: f64| vec![MAP.place(180.0, dec), MAP.place(-180.0, dec)];
    let meridians: Vec<_> = (-5..=5).map(|i| meridian(f64::from(i) * 30.0)).collect();
    let parallels: Vec<_> = [-60.0, -30.0, 30.0, 60.0].map(parallel).to_vec();
    let lines = svg::lines(meridians.iter().chain(&parallels));
    let equator = svg::lines(&[parallel(0.0)]);
    let mut drawn = format!(
        r##"<path class="graticule" d="{lines}" fill="none" stroke="#26334f" stroke-width="0.7"/><path class="graticule equator" d="{equator}" fill="none" stroke="#334264" stroke-width="0.9"/>"##
    );
    for hour in (2..24).step_by(2) {
        let (x, y) = MAP.place(f64::from(hour) * 15.0 - MAP.middle, 0.0);
        let class = if hour % 6 == 0 {
            "label"
        } else {
            "label minor"
        };
        drawn += &svg::text(
            class,
            (x, y + 14.0),
            "middle",
            11.0,
            "#7f8fb5",
            &format!("{hour}h"),
        );
    }
    for dec in [-60_i8, -30, 30, 60] {
        let (x, y) = MAP.place(180.0, f64::from(dec));
        let sign = if dec < 0 { '−' } else { '+' };
        // Large type would push the labels of 30° off the drawing.
        let class = if dec.abs() == 30 {
            "label minor"
        } else {
            "label"
        };
        let at = (x - 7.0, y + if dec < 0 { 9.0 } else { 0.0 });
        drawn += &svg::text(
            class,
            at,
            "end",
            11.0,
            "#7f8fb5",
            &format!("{sign}{}°", dec.abs()),
        );
    }
    drawn
}

/// The Galactic plane and the ecliptic.
fn great_circles() -> String {
    let circle = |place: fn(f64, f64) -> Equatorial| {
        let line: Vec<Equatorial> = (0..=120).map(|i| place(f64::from(i) * 3.0, 0.0)).collect();
        svg::lines(&strokes(&MAP, &line))
    };
    let (galactic, ecliptic) = (
        circle(Equatorial::from_galactic),
        circle(Equatorial::from_ecliptic),
    );
    let name = |class, place, (dx, dy): Plane, fill, words| {
        let (x, y) = MAP.project(place);
        svg::text(
            &format!("label minor {class}-name"),
            (x + dx, y + dy),
            "start",
            9.0,
            fill,
            words,
        )
    };
    let galactic_name = name(
        "galactic",
        Equatorial::from_galactic(262.0, 0.0),
        (9.0, 8.0),
        "#7d8fc0",
        "Galactic plane",
    );
    let ecliptic_name = name(
        "ecliptic",
        Equatorial::from_ecliptic(318.0, 0.0),
        (-14.0, 19.0),
        "#a8935a",
        "ecliptic",
    );
    format!(
        r##"<path class="galactic" d="{galactic}" fill="none" stroke="#6f82b5" stroke-width="0.9" stroke-opacity="0.7"/><path class="ecliptic" d="{ecliptic}" fill="none" stroke="#c2a75c" stroke-width="0.9" stroke-opacity="0.6" stroke-dasharray="5 4"/>{galactic_name}{ecliptic_name}"##
    )
}

fn figures() -> String {
    let lines: Vec<Vec<Plane>> = stars::FIGURES
        .iter()
        .flat_map(|figure| strokes(&MAP, figure))
        .collect();
    format!(
        r##"<path class="figures" d="{}" fill="none" stroke="#50639a" stroke-width="0.7" stroke-opacity="0.62" stroke-linejoin="round"/>"##,
        svg::lines(&lines)
    )
}

fn names() -> String {
    let prominent = stars::constellation_labels().filter(|label| label.rank == 1);
    let name = |label: stars::Label| {
        let name = by_abbreviation(label.abbreviation)?.name;
        let (x, y) = MAP.project(label.position);
        // The hours stand just below the equator.
        let below = y - MAP.at.1;
        let y = if (0.0..24.0).contains(&below) {
            MAP.at.1 + 28.0
        } else {
            y
        };
        Some(svg::text(
            "label minor constellation-name",
            (x, y),
            "middle",
            9.0,
            "#6678a6",
            name,
        ))
    };
    format!(
        r#"<g letter-spacing="0.6">{}</g>"#,
        prominent.filter_map(name).collect::<String>()
    )
}

/// Shades what is below the horizon; the four winds stand on its rim.
fn view(view: View<'_>) -> String {
    let hidden = Outline {
        rings: vec![view.horizon.to_vec()],
        known: view.zenith,
        known_inside: false,
    };
    let (area, line) = (
        svg::areas(&hidden.filled(&MAP)),
        svg::lines(&hidden.strokes(&MAP)),
    );
    let wind = |(quarter, name): (usize, &str)| {
        let place = view.horizon.get(quarter * view.horizon.len() / 4)?;
        let (x, y) = MAP.project(*place);
        Some(svg::text_on_field(
            "label wind",
            (x, y + 5.0),
            "middle",
            14.0,
            "#9fb89c",
            name,
        ))
    };
    let winds = ["N", "E", "S", "W"]
        .into_iter()
        .enumerate()
        .filter_map(wind);
    format!(
        r##"<path class="hidden" d="{area}" fill="#05070c" fill-opacity="0.62" fill-rule="evenodd"/><path class="horizon" d="{line}" fill="none" stroke="#9fb89c" stroke-width="1.6" stroke-linejoin="round"/>{}"##,
        winds.collect::<String>()
    )
}

/// The region's areas and their borders.
fn drawn_region(region: &Region) -> String {
    let area = |class: &str, outline: &Outline, opacity: f64, width: f64| {
        let (area, line) = (
            svg::areas(&outline.filled(&MAP)),
            svg::lines(&outline.strokes(&MAP)),
        );
        format!(
            r##"<path class="{class}" d="{area}" fill="#ffb454" fill-opacity="{opacity}" fill-rule="evenodd"/><path class="{class}-line" d="{line}" fill="none" stroke="#ffb454" stroke-width="{width}" stroke-linejoin="round"/>"##
        )
    };
    match region {
        Region::Circle { radius, .. } if *radius < 0.05 || *radius >= 180.0 => String::new(),
        Region::Circle { center, radius } => {
            area("region-90", &Outline::circle(*center, *radius), 0.16, 1.5)
        }
        Region::Map(map) => {
            area("region-90", &contour::outline(&map.most), 0.14, 1.3)
                + &area("region-50", &contour::outline(&map.half), 0.22, 1.3)
        }
    }
}

/// A field that was looked at. Its border ends where the map does, so area and border are two paths.
fn seen(field: &Field, of: usize) -> String {
    let (fill, stroke) = field::opacity(of);
    let outline = field.outline();
    format!(
        r##"<path class="seen" d="{}" fill="#9cc79a" fill-opacity="{fill:.3}" fill-rule="evenodd"/><path class="seen" d="{}" fill="none" stroke="#9cc79a" stroke-width="1.2" stroke-opacity="{stroke}" stroke-linejoin="round"/>"##,
        svg::areas(&outline.filled(&MAP)),
        svg::lines(&outline.strokes(&MAP))
    )
}

fn earlier(mark: &Mark<'_>) -> String {
    let (x, y) = MAP.project(mark.position);
    let cross = format!(
        "M{0} {2}H{1}M{3} {4}V{5}",
        number(x - 4.0),
        number(x + 4.0),
        number(y),
        number(x),
        number(y - 4.0),
        number(y + 4.0)
    );
    let circle = if mark.radius > 0.5 {
        svg::lines(&Outline::circle(mark.position, mark.radius.min(179.9)).strokes(&MAP))
    } else {
        String::new()
    };
    let label = if mark.label.is_empty() {
        String::new()
    } else {
        svg::text_on_field(
            "label minor earlier-label",
            (x + 6.0, y + 13.0),
            "start",
            10.0,
            "#a9b4d0",
            mark.label,
        )
    };
    format!(
        r##"<path class="earlier" d="{circle}{cross}" fill="none" stroke="#a9b4d0" stroke-width="0.9" stroke-opacity="0.6"/>{label}"##
    )
}

fn sun(place: Equatorial) -> String {
    let (x, y) = MAP.project(place);
    let (cx, cy) = (number(x), number(y));
    let label = svg::text_on_field(
        "label minor",
        (x, y + 20.0),
        "middle",
        10.0,
        "#f5d76e",
        "Sun",
    );
    format!(
        r##"<g class="sun"><circle cx="{cx}" cy="{cy}" r="7" fill="#0c1322" stroke="#f5d76e" stroke-width="1.4"/><circle cx="{cx}" cy="{cy}" r="1.8" fill="#f5d76e"/></g>{label}"##
    )
}

/// The Moon with its phase, the lit side towards the Sun.
fn moon(moon: Moon, sun: Option<Equatorial>) -> String {
    const R: f64 = 6.5;
    let (x, y) = MAP.project(moon.position);
    let lit = if moon.illuminated.is_finite() {
        moon.illuminated.clamp(0.0, 1.0)
    } else {
        0.0
    };
    // East is left: a Moon east of the Sun is lit on the right.
    let right = sun.is_none_or(|sun| half_turned(moon.position.ra - sun.ra) >= 0.0);
    let terminator = R * (1.0 - 2.0 * lit).abs();
    let (limb, inner) = (u8::from(right), u8::from(right == (lit > 0.5)));
    let (top, bottom, middle) = (number(y - R), number(y + R), number(x));
    let path = format!(
        "M{middle} {top}A{R} {R} 0 0 {limb} {middle} {bottom}A{terminator:.2} {R} 0 0 {inner} {middle} {top}Z"
    );
    let label = svg::text_on_field(
        "label minor",
        (x, y + 19.0),
        "middle",
        10.0,
        "#d5dbea",
        "Moon",
    );
    format!(
        r##"<g class="moon"><circle class="moon-dark" cx="{middle}" cy="{}" r="{R}" fill="#1d2740" stroke="#d5dbea" stroke-width="0.8"/><path d="{path}" fill="#d5dbea"/></g>{label}"##,
        number(y)
    )
}

/// A cross at the best position; where the region is too small to be seen, a ring with ticks around it; and the name.
fn target(spec: &ChartSpec<'_>) -> String {
    let (x, y) = MAP.project(spec.position);
    let small = spec.region.is_none_or(|region| region.radius() < 4.0);
    let (near, far) = if small { (9.0, 15.0) } else { (2.5, 7.0) };
    let ticks = svg::cross((x, y), near, far);
    let ring = format!(
        r#"<circle cx="{}" cy="{}" r="9"/><circle cx="{0}" cy="{1}" r="1"/>"#,
        number(x),
        number(y)
    );
    let ring = if small { ring } else { String::new() };
    let (side, anchor) = if x > 800.0 {
        (-1.0, "end")
    } else {
        (1.0, "start")
    };
    let at = (x + side * (far + 3.0) * 0.8, y - far * 0.8 - 1.0);
    let label = svg::text_on_field(
        "label target-label",
        at,
        anchor,
        14.0,
        "#ffd9a8",
        spec.title,
    );
    format!(
        r##"<g class="target" fill="none" stroke="#ff8a5c" stroke-width="1.5" stroke-linecap="round"><path d="{ticks}"/>{ring}</g>{label}"##
    )
}
