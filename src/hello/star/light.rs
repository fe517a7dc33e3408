//! Draws how far the light of a birth has come: the Sun in the middle, the stars around it at their true distances.
//!
//! The drawing looks down from the sky's north pole: direction is right ascension, distance from the middle is distance. Coloured by
//! the style sheet.

use std::fmt::Write as _;

use super::choice::Choice;
use super::table::{Star, stars};
use crate::sky::svg::{escaped, number};

/// Side of the drawing, and its middle.
const SIDE: f64 = 640.0;
const MIDDLE: f64 = SIDE / 2.0;
/// Radius of what is drawn.
const RADIUS: f64 = 304.0;
/// How far an unasked drawing looks, light-years.
const NEIGHBOURS: f64 = 40.0;
/// Stars that are named, besides the chosen.
const NAMED: usize = 12;

/// The stars around the Sun, with their names.
pub(super) fn neighbours() -> String {
    let scale = Scale { reach: NEIGHBOURS };
    let words =
        format!("The stars that the eye sees within {NEIGHBOURS:.0} light-years of the Sun");
    let mut labels = Labels::default();
    let drawn = scale.ground(&mut labels) + &scale.dots() + &scale.names(&mut labels, &[]);
    whole(&words, &drawn)
}

/// How far the light of a birth has come, the chosen star and the next.
pub(super) fn light(choice: &Choice) -> String {
    let far = choice.travelled.max(choice.star.distance);
    let far = choice.next.map_or(far, |next| far.max(next.distance));
    let scale = Scale {
        reach: (far * 1.22).max(7.0),
    };
    let words = format!(
        "The light of {} has come {:.1} light-years far; {} stands at {:.1} light-years",
        choice.born,
        choice.travelled,
        choice.star.title(),
        choice.star.distance
    );
    let mut labels = Labels::default();
    let mut drawn = format!(
        r#"<circle class="way" cx="{MIDDLE}" cy="{MIDDLE}" r="{}"/>"#,
        number(scale.away(choice.travelled))
    );
    drawn += &scale.ground(&mut labels);
    drawn += &scale.dots();
    let mut told = vec![(choice.star, "chosen")];
    if let Some(next) = choice.next.filter(|next| next.hip != choice.star.hip) {
        told.push((next, "next"));
    }
    for (star, class) in &told {
        let (x, y) = scale.place(star);
        let _ = write!(
            drawn,
            r#"<circle class="{class}" cx="{}" cy="{}" r="9"/>"#,
            number(x),
            number(y)
        );
    }
    drawn += &scale.names(&mut labels, &told);
    whole(&words, &drawn)
}

fn whole(words: &str, drawn: &str) -> String {
    format!(
        r#"<svg class="light" viewBox="0 0 {SIDE} {SIDE}" role="img" aria-label="{}">{drawn}</svg>"#,
        escaped(words)
    )
}

/// Light-years from the middle to the rim.
struct Scale {
    reach: f64,
}

impl Scale {
    fn away(&self, distance: f64) -> f64 {
        distance / self.reach * RADIUS
    }

    /// Right ascension grows against the clock, as seen from the north.
    fn place(&self, star: &Star) -> (f64, f64) {
        let (sin, cos) = star.position.ra.to_radians().sin_cos();
        let away = self.away(star.distance);
        (MIDDLE + away * cos, MIDDLE - away * sin)
    }

    fn shown(&self) -> impl Iterator<Item = &'static Star> {
        let reach = self.reach;
        stars()
            .iter()
            .take_while(move |star| star.distance <= reach)
    }

    /// Rings of round distances, and the Sun.
    fn ground(&self, labels: &mut Labels) -> String {
        let step = [1.0, 2.0, 5.0, 10.0, 20.0, 25.0, 50.0]
            .into_iter()
            .find(|step| self.reach / step <= 4.5)
            .unwrap_or(50.0);
        let mut drawn = String::new();
        for count in 1..=4_u8 {
            let ring = step * f64::from(count);
            if ring > self.reach {
                break;
            }
            let away = self.away(ring);
            let _ = write!(
                drawn,
                r#"<circle class="ring" cx="{MIDDLE}" cy="{MIDDLE}" r="{}"/><text class="ring-label" x="{MIDDLE}" y="{}" text-anchor="middle">{ring} ly</text>"#,
                number(away),
                number(MIDDLE + away + 6.0)
            );
            labels.take(MIDDLE, MIDDLE + away, 60.0);
        }
        labels.take(MIDDLE, MIDDLE, 20.0);
        drawn + &format!(r#"<circle class="home" cx="{MIDDLE}" cy="{MIDDLE}" r="4.5"/>"#)
    }

    fn dots(&self) -> String {
        self.shown()
            .map(|star| {
                let (x, y) = self.place(star);
                let radius = (5.4 - 0.72 * star.magnitude).clamp(1.1, 6.4);
                format!(
                    r#"<circle class="dot" cx="{}" cy="{}" r="{radius:.1}"/>"#,
                    number(x),
                    number(y)
                )
            })
            .collect()
    }

    /// The told ones, then the brightest that have a name of their own, as far as there is room.
    fn names(&self, labels: &mut Labels, told: &[(&'static Star, &'static str)]) -> String {
        let mut known: Vec<&Star> = self.shown().filter(|star| !star.name.is_empty()).collect();
        known.sort_by(|a, b| a.magnitude.total_cmp(&b.magnitude));
        let known = known
            .into_iter()
            .filter(|star| told.iter().all(|(other, _)| other.hip != star.hip))
            .take(NAMED)
            .map(|star| (star, "known"));
        told.iter()
            .copied()
            .chain(known)
            .map(|(star, class)| self.name(star, class, labels))
            .collect()
    }

    fn name(&self, star: &Star, class: &str, labels: &mut Labels) -> String {
        let (x, y) = self.place(star);
        let (words, gap) = (star.title(), if class == "known" { 9.0 } else { 15.0 });
        let size = if class == "known" { 10.2 } else { 11.2 };
        let width = size * words.chars().count() as f64;
        let right = (x + gap + width / 2.0, y, "start", x + gap);
        let left = (x - gap - width / 2.0, y, "end", x - gap);
        let below = (x, y + gap + 9.0, "middle", x);
        let above = (x, y - gap - 7.0, "middle", x);
        let sides = if x < MIDDLE {
            [left, right, below, above]
        } else {
            [right, left, below, above]
        };
        let free = sides
            .into_iter()
            .find(|(at, y, ..)| labels.try_take(*at, *y, width));
        let Some((_, y, anchor, x)) = free else {
            return String::new();
        };
        format!(
            r#"<text class="{class}-label" x="{}" y="{}" text-anchor="{anchor}">{}</text>"#,
            number(x),
            number(y + 6.0),
            escaped(words)
        )
    }
}

/// The room that names take: middle and width; all are equally high.
#[derive(Default)]
struct Labels(Vec<(f64, f64, f64)>);

impl Labels {
    const HEIGHT: f64 = 21.0;

    fn take(&mut self, x: f64, y: f64, width: f64) {
        self.0.push((x, y, width));
    }

    fn try_take(&mut self, x: f64, y: f64, width: f64) -> bool {
        let inside =
            x - width / 2.0 > 2.0 && x + width / 2.0 < SIDE - 2.0 && y > 10.0 && y < SIDE - 10.0;
        let free = inside
            && self.0.iter().all(|(a, b, other)| {
                (x - a).abs() > f64::midpoint(width, *other) + 8.0 || (y - b).abs() > Self::HEIGHT
            });
        if free {
            self.take(x, y, width);
        }
        free
    }
}
