//! Draws a finding chart: the stars around the place of a burst, as a telescope's owner wants them, as SVG.
//!
//! North is up and east is left. Classes and rules are those of [`super::chart`].

use super::chart::Mark;
use super::constellations::{by_abbreviation, constellation};
use super::contour;
use super::coordinates::{Equatorial, angle_words};
use super::field::{self, Field};
use super::graticule::Lattice;
use super::outline::Outline;
use super::projection::{Gnomonic, Plane};
use super::region::Region;
use super::stars::{self, Messier, Star};
use super::svg::{self, number};

/// What the finding chart shows.
#[derive(Debug, Clone, Copy)]
pub struct FinderSpec<'a> {
    /// What lies there, such as `GRB 221009A`.
    pub title: &'a str,
    /// Best position, the middle of the chart.
    pub position: Equatorial,
    /// How far it may be from there, deg: the position is written no finer.
    pub off: f64,
    /// Where it lies with 90 % probability.
    pub region: Option<&'a Region>,
    /// Width of the field, deg, 0.5…60; `None` takes five times the error radius, and at least what holds a dozen stars.
    pub field: Option<f64>,
    /// Positions of earlier notices or other instruments, drawn faint.
    pub earlier: &'a [Mark<'a>],
    /// What was looked at.
    pub fields: &'a [Field],
}

/// Side of the field in drawing units.
const SIDE: f64 = 768.0;
const MIDDLE: Plane = (SIDE / 2.0, SIDE / 2.0);
/// The table of stars ends here.
const FAINTEST: f64 = 8.0;

/// A finding chart in gnomonic projection, ICRS, as SVG text of at most 120 kB.
pub fn finder(spec: &FinderSpec<'_>) -> String {
    let view = View::new(spec);
    let title = svg::escaped(spec.title);
    let heading = heading(spec, view.field);
    let description = svg::escaped(&format!(
        "Finding chart, north up and east to the left. {}. {}.",
        heading[1], heading[2]
    ));
    let mut drawing = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" class="sky-chart finder" viewBox="0 0 800 890" role="img" font-family="system-ui, sans-serif"><title>Finding chart of {title}</title><desc>{description}</desc>"#
    );
    drawing += &svg::text(
        "heading",
        (16.0, 30.0),
        "start",
        22.0,
        "#e8ecf7",
        &heading[0],
    )
    .replacen("<text ", r#"<text font-weight="600" "#, 1);
    drawing += &svg::text(
        "heading",
        (784.0, 30.0),
        "end",
        19.0,
        "#e8ecf7",
        &heading[1],
    );
    drawing += &svg::text(
        "heading minor",
        (16.0, 53.0),
        "start",
        14.0,
        "#9aa7c7",
        &heading[2],
    );
    // A nested svg cuts its drawing at its own edge, without an id that might stand twice on a page.
    drawing += &format!(
        r#"<svg x="16" y="66" width="{SIDE}" height="{SIDE}" viewBox="0 0 {SIDE} {SIDE}">{}</svg>"#,
        view.field_drawing(spec)
    );
    drawing += &format!(
        r##"<rect class="rim" x="16" y="66" width="{SIDE}" height="{SIDE}" fill="none" stroke="#46557a" stroke-width="1.2"/>"##
    );
    drawing += &view.scale();
    drawing += &view.legend();
    drawing + "</svg>"
}

/// Title, position, and where and how wide.
fn heading(spec: &FinderSpec<'_>, field: f64) -> [String; 3] {
    let (ra, dec) = spec.position.sexagesimal(spec.off);
    let region = match spec.region {
        Some(Region::Circle { radius, .. }) if *radius > 0.0 => {
            format!(" · 90 % within {}", angle_words(*radius))
        }
        Some(Region::Map(map)) => format!(" · 90 % within {:.0} deg²", map.area_90()),
        _ => String::new(),
    };
    let place = constellation(spec.position).name;
    [
        spec.title.to_owned(),
        format!("{ra}\u{2002}{dec}"),
        format!("{place}{region} · field {}", angle_words(field)),
    ]
}

/// The plane of the chart and what fits on it.
struct View {
    plane: Gnomonic,
    center: Equatorial,
    field: f64,
    /// Faintest magnitude drawn.
    limit: f64,
    stars: Vec<(Star, Plane)>,
}

impl View {
    fn new(spec: &FinderSpec<'_>) -> Self {
        let center = spec.position;
        let radius = spec.region.map_or(0.0, Region::radius);
        let asked = spec
            .field
            .filter(|f| f.is_finite())
            .map(|f| f.clamp(0.5, 60.0));
        let field = asked.unwrap_or_else(|| roomy(center, (radius * 5.0).clamp(2.0, 60.0)));
        let plane = Gnomonic::new(center, field, MIDDLE, SIDE);
        let reach = (std::f64::consts::SQRT_2 * (field / 2.0).to_radians().tan())
            .atan()
            .to_degrees();
        // The fainter half of a crowded field says nothing; about 350 stars make a clear chart.
        let all: Vec<Star> = stars::around(center, reach, FAINTEST).collect();
        let mut magnitudes: Vec<f64> = all.iter().map(|s| s.magnitude).collect();
        magnitudes.sort_by(f64::total_cmp);
        let limit = magnitudes.get(350).copied().unwrap_or(FAINTEST);
        let seen = all
            .into_iter()
            .filter(|s| s.magnitude <= limit)
            .map(|s| (s, plane.project(s.position)));
        let stars = seen.filter(|(_, at)| within(*at, 4.0)).collect();
        Self {
            plane,
            center,
            field,
            limit,
            stars,
        }
    }

    /// Everything inside the frame.
    fn field_drawing(&self, spec: &FinderSpec<'_>) -> String {
        let mut labels = Labels::default();
        labels.take(MIDDLE, 44.0, 44.0);
        labels.take((SIDE - 44.0, 48.0), 90.0, 96.0);
        let lattice = Lattice::new(&self.plane, self.center, self.field, SIDE);
        let mut drawing =
            format!(r##"<rect class="field" width="{SIDE}" height="{SIDE}" fill="#0c1322"/>"##);
        drawing += &self.milky_way();
        drawing += &lattice.drawn();
        for (at, _) in lattice.labels() {
            labels.take(at, 60.0, 16.0);
        }
        drawing += &self.figures();
        drawing += &self.messier(&mut labels);
        drawing += &svg::dots(&self.stars, |v| self.diameter(v));
        drawing += &spec
            .region
            .map(|region| self.region(region))
            .unwrap_or_default();
        drawing += &spec
            .fields
            .iter()
            .map(|field| self.seen(field, spec.fields.len()))
            .collect::<String>();
        drawing += &spec
            .earlier
            .iter()
            .map(|mark| self.earlier(mark))
            .collect::<String>();
        drawing += &target(spec.region.map_or(0.0, Region::radius) / self.field * SIDE);
        drawing += &self.star_names(&mut labels);
        drawing += &self.constellation_names(&mut labels);
        drawing += &lattice.labelled();
        drawing + COMPASS
    }

    /// Diameter of a star's dot: one more magnitude, one step smaller.
    fn diameter(&self, magnitude: f64) -> f64 {
        (2.2 + 1.75 * (self.limit - magnitude).max(0.0)).min(17.0)
    }

    fn milky_way(&self) -> String {
        if self.field < 12.0 {
            return String::new();
        }
        let parts = stars::milky_way()
            .into_iter()
            .zip(["milky-way", "milky-way-bright"]);
        let drawn = parts.map(|(rings, class)| {
            let outline = Outline { rings, known: Equatorial::from_galactic(0.0, 90.0), known_inside: false };
            let path = svg::areas(&outline.filled_near(&self.plane, MIDDLE, SIDE));
            format!(r##"<path class="{class}" d="{path}" fill="#8fa6dd" fill-opacity="0.07" fill-rule="evenodd"/>"##)
        });
        drawn.collect()
    }

    fn figures(&self) -> String {
        if self.field < 5.0 {
            return String::new();
        }
        let sides = stars::FIGURES.iter().flat_map(|figure| figure.windows(2));
        let seen = sides.filter_map(|side| match side {
            [a, b] => Some(vec![self.plane.visible(*a)?, self.plane.visible(*b)?]),
            _ => None,
        });
        let near: Vec<Vec<Plane>> = seen.filter(|side| crosses(side)).collect();
        format!(
            r##"<path class="figures" d="{}" fill="none" stroke="#50639a" stroke-width="1" stroke-opacity="0.6"/>"##,
            svg::lines(&near)
        )
    }

    fn messier(&self, labels: &mut Labels) -> String {
        let bright = stars::messier().filter(|m| self.field < 25.0 || m.magnitude < 6.5);
        let seen = bright.filter_map(|m| {
            Some((
                m,
                self.plane
                    .visible(m.position)
                    .filter(|at| within(*at, 0.0))?,
            ))
        });
        seen.map(|(m, at)| {
            self.symbol(&m, at) + &labels.beside(at, 9.0, 11.0, "label minor star-name", m.name)
        })
        .collect()
    }

    /// A cluster is a dashed circle, everything else a plain one, in true size if large; a galaxy is the usual small ellipse.
    fn symbol(&self, object: &Messier, (x, y): Plane) -> String {
        let r = (object.size / 120.0 / self.field * SIDE).clamp(5.0, 60.0);
        let galaxy = object.kind.starts_with(['s', 'e', 'i', 'g'])
            && !matches!(object.kind, "snr" | "sfr" | "gc");
        let (rx, ry, dashes) = match object.kind {
            "oc" => (r, r, r#" stroke-dasharray="2 2.5""#),
            _ if galaxy => (9.0, 4.5, ""),
            _ => (r, r, ""),
        };
        format!(
            r##"<ellipse class="messier" cx="{}" cy="{}" rx="{}" ry="{}" fill="none" stroke="#7f9ad6" stroke-width="1"{dashes}/>"##,
            number(x),
            number(y),
            number(rx),
            number(ry)
        )
    }

    fn region(&self, region: &Region) -> String {
        let area = |class: &str, outline: &Outline, opacity: f64| {
            let areas = outline.filled_near(&self.plane, MIDDLE, SIDE);
            let closed = outline.rings.iter().map(|ring| {
                ring.iter()
                    .chain(ring.first())
                    .filter_map(|p| self.plane.visible(*p))
                    .collect::<Vec<_>>()
            });
            let line = svg::lines(&closed.collect::<Vec<_>>());
            format!(
                r##"<path class="{class}" d="{}" fill="#ffb454" fill-opacity="{opacity}" fill-rule="evenodd"/><path class="{class}-line" d="{line}" fill="none" stroke="#ffb454" stroke-width="1.6"/>"##,
                svg::areas(&areas)
            )
        };
        match region {
            Region::Circle { radius, .. } if *radius <= 0.0 || *radius >= 180.0 => String::new(),
            Region::Circle { center, radius } => {
                area("region-90", &Outline::circle(*center, *radius), 0.10)
            }
            Region::Map(map) => {
                area("region-90", &contour::outline(&map.most), 0.09)
                    + &area("region-50", &contour::outline(&map.half), 0.13)
            }
        }
    }

    fn seen(&self, field: &Field, of: usize) -> String {
        let (fill, stroke) = field::opacity(of);
        format!(
            r##"<path class="seen" d="{}" fill="#9cc79a" fill-opacity="{fill:.3}" stroke="#9cc79a" stroke-width="1.6" stroke-opacity="{stroke}" fill-rule="evenodd"/>"##,
            svg::areas(&field.outline().filled_near(&self.plane, MIDDLE, SIDE))
        )
    }

    fn earlier(&self, mark: &Mark<'_>) -> String {
        let Some((x, y)) = self
            .plane
            .visible(mark.position)
            .filter(|at| within(*at, 0.0))
        else {
            return String::new();
        };
        let ring: Vec<Plane> = (0..=90)
            .map(|i| {
                self.plane.project(
                    mark.position
                        .offset(mark.radius.clamp(0.0, 89.0), f64::from(i) * 4.0),
                )
            })
            .collect();
        let cross = format!(
            "M{} {y}h12M{} {}v12",
            number(x - 6.0),
            number(x),
            number(y - 6.0),
            y = number(y)
        );
        let label = if mark.label.is_empty() {
            String::new()
        } else {
            svg::text_on_field(
                "label minor earlier-label",
                (x + 8.0, y + 17.0),
                "start",
                13.0,
                "#a9b4d0",
                mark.label,
            )
        };
        format!(
            r##"<path class="earlier" d="{}{cross}" fill="none" stroke="#a9b4d0" stroke-width="1" stroke-opacity="0.65"/>{label}"##,
            svg::lines(&[ring])
        )
    }

    /// Proper names and designations of the brightest stars, as far as there is room.
    fn star_names(&self, labels: &mut Labels) -> String {
        let mut named = stars::names(self.stars.iter().map(|(star, _)| star));
        named.sort_by(|a, b| a.0.magnitude.total_cmp(&b.0.magnitude));
        let short = self.field > 25.0;
        let words = |name: &stars::Name| {
            if name.proper.is_empty() {
                name.designation
            } else {
                name.proper
            }
        };
        let drawn = named
            .iter()
            .take(45)
            .filter(|(star, _)| !short || star.magnitude < 4.0)
            .map(|(star, name)| {
                let at = self.plane.project(star.position);
                let size = if name.proper.is_empty() { 13.0 } else { 14.0 };
                labels.beside(
                    at,
                    self.diameter(star.magnitude) / 2.0 + 4.0,
                    size,
                    "label minor star-name",
                    words(name),
                )
            });
        drawn.collect()
    }

    fn constellation_names(&self, labels: &mut Labels) -> String {
        if self.field < 15.0 {
            return String::new();
        }
        let seen = stars::constellation_labels().filter_map(|l| {
            Some((
                l,
                self.plane
                    .visible(l.position)
                    .filter(|at| within(*at, -50.0))?,
            ))
        });
        let drawn = seen.filter_map(|(label, (x, y))| {
            let name = by_abbreviation(label.abbreviation)?.name.to_uppercase();
            let width = 9.5 * f64::from(u16::try_from(name.chars().count()).ok()?);
            let free = [0.0, 26.0, -26.0, 52.0, -52.0]
                .into_iter()
                .find(|dy| labels.try_take((x, y + dy), width, 15.0))?;
            Some(svg::text(
                "label constellation-name",
                (x, y + free + 4.0),
                "middle",
                13.0,
                "#6678a6",
                &name,
            ))
        });
        format!(
            r#"<g letter-spacing="1.5">{}</g>"#,
            drawn.collect::<String>()
        )
    }

    /// A bar as long as a round angle.
    fn scale(&self) -> String {
        let rounds = [
            10.0,
            5.0,
            2.0,
            1.0,
            30.0 / 60.0,
            20.0 / 60.0,
            10.0 / 60.0,
            5.0 / 60.0,
        ];
        let angle = rounds
            .into_iter()
            .find(|a| *a <= self.field / 4.0)
            .unwrap_or(5.0 / 60.0);
        let length = SIDE / 2.0 / (self.field / 2.0).to_radians().tan() * angle.to_radians();
        let bar = format!(
            r##"<path class="scale" d="M17 854v8M17 858H{0}M{0} 854v8" fill="none" stroke="#9aa7c7" stroke-width="1.3"/>"##,
            number(17.0 + length)
        );
        bar + &svg::text(
            "label",
            (17.0 + length + 10.0, 863.0),
            "start",
            14.0,
            "#9aa7c7",
            &angle_words(angle),
        )
    }

    /// Dots of whole magnitudes with their numbers.
    fn legend(&self) -> String {
        let brightest = (self.limit - 6.0).ceil().max(-1.0);
        let steps: Vec<f64> = (0..9)
            .map(|i| brightest + f64::from(i))
            .filter(|v| *v <= self.limit + 0.3)
            .collect();
        let mut x = 784.0;
        let mut drawn = String::new();
        for v in steps.iter().rev() {
            drawn += &svg::text(
                "label legend",
                (x, 863.0),
                "end",
                14.0,
                "#9aa7c7",
                &format!("{v:.0}").replace('-', "−"),
            );
            x -= 16.0 + self.diameter(*v) / 2.0;
            drawn += &format!(
                r##"<path class="star star-white legend" d="M{} 858h0" stroke="#f3f4fb" stroke-linecap="round" stroke-width="{:.1}"/>"##,
                number(x),
                self.diameter(*v)
            );
            x -= 18.0 + self.diameter(*v) / 2.0;
        }
        drawn
            + &svg::text(
                "label legend minor",
                (x, 863.0),
                "end",
                14.0,
                "#9aa7c7",
                "V",
            )
    }
}

/// The field from a least width on that holds a dozen stars of the table, deg; none is wider than 60° or, for their sake, 8°.
fn roomy(center: Equatorial, least: f64) -> f64 {
    let widths = [1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0].map(|wider| least * wider);
    let enough = |width: &f64| {
        *width >= 8.0
            || stars::around(center, width / 2.0, FAINTEST)
                .nth(11)
                .is_some()
    };
    widths.into_iter().find(enough).unwrap_or(8.0).max(least)
}

/// Four ticks that leave the place itself free, outside the error circle if that is small.
fn target(radius: f64) -> String {
    let near = if (6.0..60.0).contains(&radius) {
        radius + 5.0
    } else {
        13.0
    };
    let far = near + 20.0;
    let (x, y) = MIDDLE;
    let ticks = svg::cross((x, y), near, far);
    let ring = if radius < 6.0 {
        format!(r#"<circle cx="{x}" cy="{y}" r="12"/>"#)
    } else {
        String::new()
    };
    format!(
        r##"<g class="target" fill="none" stroke="#ff8a5c" stroke-width="1.8" stroke-linecap="round"><path d="{ticks}"/>{ring}</g>"##
    )
}

const COMPASS: &str = r##"<g class="compass" fill="none" stroke="#9aa7c7" stroke-width="1.3" stroke-linejoin="round"><path d="M738 76V34M734 40l4-7 4 7M738 76H696M702 72l-7 4 7 4"/></g><text class="label compass-label" x="738" y="27" text-anchor="middle" font-size="14" fill="#9aa7c7">N</text><text class="label compass-label" x="684" y="81" text-anchor="middle" font-size="14" fill="#9aa7c7">E</text>"##;

/// Whether a point lies in the field, or at most `margin` outside it.
fn within((x, y): Plane, margin: f64) -> bool {
    (-margin..=SIDE + margin).contains(&x) && (-margin..=SIDE + margin).contains(&y)
}

/// Whether the box around a line touches the field.
fn crosses(line: &[Plane]) -> bool {
    let over = |low: fn(&Plane) -> f64| {
        line.iter().any(|p| low(p) >= 0.0) && line.iter().any(|p| low(p) <= SIDE)
    };
    over(|p| p.0) && over(|p| p.1)
}

/// The room on the chart that is taken: left, top, right and bottom of each thing.
#[derive(Default)]
struct Labels(Vec<[f64; 4]>);

impl Labels {
    fn take(&mut self, (x, y): Plane, width: f64, height: f64) {
        self.0.push([
            x - width / 2.0,
            y - height / 2.0,
            x + width / 2.0,
            y + height / 2.0,
        ]);
    }

    fn try_take(&mut self, at: Plane, width: f64, height: f64) -> bool {
        let [left, top, right, bottom] = [
            at.0 - width / 2.0,
            at.1 - height / 2.0,
            at.0 + width / 2.0,
            at.1 + height / 2.0,
        ];
        let inside = left > 4.0 && top > 4.0 && right < SIDE - 4.0 && bottom < SIDE - 4.0;
        let free = inside
            && self
                .0
                .iter()
                .all(|b| right < b[0] || left > b[2] || bottom < b[1] || top > b[3]);
        if free {
            self.take(at, width, height);
        }
        free
    }

    /// A word right, left, above or below a dot, wherever there is room; nothing where there is none.
    fn beside(&mut self, (x, y): Plane, gap: f64, size: f64, class: &str, words: &str) -> String {
        let letters = u16::try_from(words.chars().count()).map_or(0.0, f64::from);
        let width = letters * size * 0.56 + 2.0;
        let (side, rise) = (gap + width / 2.0, gap + size / 2.0);
        let places = [(side, 0.0), (-side, 0.0), (0.0, -rise), (0.0, rise)];
        let free = places
            .into_iter()
            .find(|(dx, dy)| self.try_take((x + dx, y + dy), width, size));
        let Some((dx, dy)) = free else {
            return String::new();
        };
        svg::text_on_field(
            class,
            (x + dx, y + dy + size * 0.36),
            "middle",
            size,
            "#9fb0d8",
            words,
        )
    }
}
