//! Writes the parts of an SVG drawing: short numbers, paths, safe text.

use super::projection::Plane;
use super::stars::{Star, Tint};

/// Path data of several lines, with one decimal; steps too small to be seen are left out.
pub(crate) fn lines<'a>(lines: impl IntoIterator<Item = &'a Vec<Plane>>) -> String {
    lines.into_iter().map(|line| data(line, "")).collect()
}

/// Path data of several closed areas.
pub(super) fn areas<'a>(areas: impl IntoIterator<Item = &'a Vec<Plane>>) -> String {
    areas.into_iter().map(|area| data(area, "Z")).collect()
}

fn data(line: &[Plane], end: &str) -> String {
    let mut text = String::with_capacity(line.len() * 12);
    let mut last: Option<Plane> = None;
    for (x, y) in line {
        // A tenth of a unit is the width of a hair; whatever moves less than a third of a unit is the same place.
        if last.is_some_and(|(a, b)| (x - a).abs() < 0.3 && (y - b).abs() < 0.3) {
            continue;
        }
        text.push(if last.is_some() { ' ' } else { 'M' });
        text += &number(*x);
        text.push(' ');
        text += &number(*y);
        last = Some((*x, *y));
    }
    // A single point draws nothing.
    if text.matches(' ').count() > 1 {
        text + end
    } else {
        String::new()
    }
}

/// A coordinate with at most one decimal; what is no number, or far outside any drawing, becomes harmless.
pub(crate) fn number(value: f64) -> String {
    let value = if value.is_finite() {
        value.clamp(-9999.0, 9999.0)
    } else {
        0.0
    };
    let text = format!("{value:.1}");
    match text.strip_suffix(".0") {
        Some("-0") => "0".to_owned(),
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

/// Text for between tags and inside double quotes. Control characters, which XML does not take, are dropped.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => safe.push(c),
        }
    }
    safe
}

/// Stars as round dots: for each tint and size one path of points, which is far shorter than a circle for each star.
pub(super) fn dots(stars: &[(Star, Plane)], diameter: impl Fn(f64) -> f64) -> String {
    let mut groups: std::collections::BTreeMap<(Tint, i8), String> =
        std::collections::BTreeMap::new();
    for (star, (x, y)) in stars {
        let path = groups
            .entry((star.tint, half_magnitude(star.magnitude)))
            .or_default();
        *path += &format!("M{} {}h0", number(*x), number(*y));
    }
    let group = |((tint, half), path): (&(Tint, i8), &String)| {
        let (class, colour) = colour(*tint);
        let width = diameter(f64::from(*half) / 2.0);
        format!(
            r#"<path class="star {class}" d="{path}" stroke="{colour}" stroke-width="{width:.2}"/>"#
        )
    };
    let paths: String = groups.iter().map(group).collect();
    format!(r#"<g class="stars" fill="none" stroke-linecap="round">{paths}</g>"#)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "magnitudes of the table lie between −2 and 8.2"
)]
fn half_magnitude(magnitude: f64) -> i8 {
    (magnitude * 2.0).round() as i8
}

fn colour(tint: Tint) -> (&'static str, &'static str) {
    match tint {
        Tint::Blue => ("star-blue", "#c4d4ff"),
        Tint::White => ("star-white", "#f3f4fb"),
        Tint::Yellow => ("star-yellow", "#ffedcc"),
        Tint::Orange => ("star-orange", "#ffd0a3"),
    }
}

/// The path of four ticks around a point, from `near` to `far` away from it.
pub(super) fn cross((x, y): Plane, near: f64, far: f64) -> String {
    let tick = |(u, v): (f64, f64)| {
        let at = |away: f64| format!("{} {}", number(x + u * away), number(y + v * away));
        format!("M{}L{}", at(near), at(far))
    };
    [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)]
        .map(tick)
        .concat()
}

/// A line of text. `class` is a list of classes, `anchor` is start, middle or end.
pub(crate) fn text(
    class: &str,
    at: Plane,
    anchor: &str,
    size: f64,
    fill: &str,
    words: &str,
) -> String {
    let (x, y) = (number(at.0), number(at.1));
    format!(
        r#"<text class="{class}" x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" fill="{fill}">{}</text>"#,
        escaped(words)
    )
}

/// The same, with a rim in the colour of the field so that it reads on top of lines.
pub(crate) fn text_on_field(
    class: &str,
    at: Plane,
    anchor: &str,
    size: f64,
    fill: &str,
    words: &str,
) -> String {
    let plain = text(&format!("{class} on-field"), at, anchor, size, fill, words);
    plain.replacen("<text ", r##"<text stroke="#0c1322" stroke-width="3" stroke-linejoin="round" paint-order="stroke" "##, 1)
}
