//! The light curve in sentences.

use super::axes::Scale;
use super::fit::Fit;
use super::points::{Curve, Point, Style, Value};
use crate::bursts::view::{after, from_trigger};
use crate::observations::words;
use crate::platform::words::count;

/// Longer names than this are cut in a legend.
const LONGEST: usize = 22;

/// What the curve shows, sentence by sentence.
pub(in crate::observations) fn caption(curve: &Curve, scale: Scale) -> Vec<String> {
    let mut sentences = vec![counted(curve)];
    let brightest = curve.points.iter().filter(|point| point.value.is_seen());
    let brightest = brightest.min_by(|a, b| a.value.magnitude().total_cmp(&b.value.magnitude()));
    match brightest {
        Some(point) => sentences.push(format!(
            "Brightest {}{}{}.",
            magnitude(point.value),
            filter_in_words(&curve.band(point).label),
            when(curve, point)
        )),
        None => sentences.extend(deepest(curve)),
    }
    // The fits of further filters stand beside the drawing.
    sentences.extend(curve.fits.iter().take(2).map(|fit| fitted(curve, fit)));
    let early = curve.early();
    if scale == Scale::Log && early > 0 {
        sentences.push(format!(
            "{} before the trigger {} on the linear axis only.",
            count(early, "point"),
            if early == 1 { "stands" } else { "stand" }
        ));
    }
    if curve.trigger.is_none() {
        sentences.push(
            "The trigger time is not known, so times count from the first exposure.".to_owned(),
        );
    }
    if systems(curve).len() > 1 {
        sentences
            .push("The magnitudes are of different systems and are drawn as given.".to_owned());
    }
    sentences
}

/// `5 detections and 3 limits by 3 members.`
fn counted(curve: &Curve) -> String {
    let seen = curve
        .points
        .iter()
        .filter(|point| point.value.is_seen())
        .count();
    let limits = curve.points.len() - seen;
    let what = match (seen, limits) {
        (0, limits) => count(limits, "limit"),
        (seen, 0) => count(seen, "detection"),
        (seen, limits) => format!(
            "{} and {}",
            count(seen, "detection"),
            count(limits, "limit")
        ),
    };
    let who = match curve.observers.as_slice() {
        [one] => one.name.clone(),
        all => format!("{} members", all.len()),
    };
    format!("{what} by {who}.")
}

fn deepest(curve: &Curve) -> Option<String> {
    let faintest = curve
        .points
        .iter()
        .max_by(|a, b| a.value.magnitude().total_cmp(&b.value.magnitude()))?;
    Some(format!(
        "Nobody saw it: fainter than {}{}{}.",
        words::magnitude(faintest.value.magnitude(), None),
        filter_in_words(&curve.band(faintest).label),
        when(curve, faintest)
    ))
}

/// `It faded in R, as a power of time with α = 1.12 ± 0.05, from 5 detections.`
fn fitted(curve: &Curve, fit: &Fit) -> String {
    let filter = filter_in_words(&curve.bands[fit.band].label);
    let detections = count(fit.detections, "detection");
    if !fit.sound {
        return format!("The {detections}{filter} follow no single power law.");
    }
    let course = if fit.alpha > fit.error {
        "faded"
    } else if fit.alpha < -fit.error {
        "brightened"
    } else {
        "kept its brightness within the errors"
    };
    format!(
        "It {course}{filter}, as a power of time with α = {}, from {detections}.",
        slope(fit)
    )
}

/// `1.12 ± 0.05`
pub(super) fn slope(fit: &Fit) -> String {
    format!("{:.2} ± {:.2}", fit.alpha + 0.0, fit.error.max(0.01)).replace('-', "−")
}

/// One point: `R 16.20 ± 0.05, +12 min 00 s, Vera Rubin, C11`.
pub(super) fn point(curve: &Curve, point: &Point) -> String {
    let band = &curve.band(point).label;
    format!(
        "{} {}, {}, {}, {}",
        filter(band),
        magnitude(point.value),
        time(curve, point),
        curve.observer(point).name,
        point.instrument
    )
}

/// `16.20 ± 0.05`, `> 18.5`
pub(super) fn magnitude(value: Value) -> String {
    match value {
        Value::Seen(magnitude, error) => words::magnitude(magnitude, error),
        Value::Limit(limit) => format!("> {}", words::magnitude(limit, None)),
    }
}

/// Since the trigger, or as a date where that is not known.
pub(super) fn time(curve: &Curve, point: &Point) -> String {
    match curve.trigger {
        Some(trigger) => after(point.at, trigger),
        None => point.at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
    }
}

/// `, 12 min after the trigger`
fn when(curve: &Curve, point: &Point) -> String {
    match curve.trigger {
        Some(trigger) => format!(", {}", from_trigger(point.at, trigger)),
        None => format!(", {}", time(curve, point)),
    }
}

pub(super) fn time_axis(curve: &Curve) -> &'static str {
    match curve.trigger {
        Some(_) => "time since the trigger",
        None => "time since the first exposure",
    }
}

/// With the system, if there is but one.
pub(super) fn magnitude_axis(curve: &Curve) -> String {
    match systems(curve).as_slice() {
        [Some(system)] => format!("magnitude ({})", cut(system)),
        _ => "magnitude".to_owned(),
    }
}

fn systems(curve: &Curve) -> Vec<Option<String>> {
    let mut systems: Vec<Option<String>> = curve
        .points
        .iter()
        .map(|point| point.system.clone())
        .collect();
    systems.sort();
    systems.dedup();
    systems
}

/// A filter as it is printed.
pub(super) fn filter(label: &str) -> String {
    cut(&words::band(label))
}

/// ` in R`; nothing where no filter was given.
fn filter_in_words(label: &str) -> String {
    match label {
        "no filter given" => String::new(),
        label => words::in_filter(Some(&cut(label))),
    }
}

/// The members with how their marks are filled; of more than four, all but three together.
pub(super) fn observers(curve: &Curve) -> Vec<(Style, String)> {
    let named = |count: usize| {
        curve
            .observers
            .iter()
            .take(count)
            .map(|observer| (observer.style, cut(&observer.name)))
            .collect::<Vec<_>>()
    };
    match curve.observers.len() {
        0..=4 => named(4),
        many => {
            let mut first = named(3);
            first.push((Style::Barred, format!("{} others", many - 3)));
            first
        }
    }
}

fn cut(name: &str) -> String {
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    name.chars().take(LONGEST - 1).chain(['…']).collect()
}
