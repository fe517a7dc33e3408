//! The points of a light curve, and the filters and members they come from.

use chrono::{DateTime, Utc};

use super::axes::Scale;
use super::fit::{self, Fit};
use crate::bursts::Burst;
use crate::observations::filters;
use crate::observations::model::Observation;

/// What a burst's observations say of its brightness. There is at least one point, and every number in it is finite.
#[derive(Debug, Clone)]
pub(crate) struct Curve {
    pub burst_id: i64,
    pub name: String,
    pub trigger: Option<DateTime<Utc>>,
    /// The trigger, or the start of the first exposure where that is not known: times count from here.
    pub origin: DateTime<Utc>,
    /// By time.
    pub points: Vec<Point>,
    /// From blue to red.
    pub bands: Vec<Band>,
    /// By their first point.
    pub observers: Vec<Observer>,
    /// Power laws, of the filters that allow one; the one with the most detections first.
    pub fits: Vec<Fit>,
}

/// One measurement.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    pub observation: i64,
    /// From the origin to the middle of the exposure, s.
    pub seconds: f64,
    /// s
    pub half_exposure: f64,
    pub value: Value,
    /// Vega, AB, or what the member wrote.
    pub system: Option<String>,
    /// Index of the filter.
    pub band: usize,
    /// Index of the member.
    pub observer: usize,
    pub instrument: String,
    /// The middle of the exposure.
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value {
    /// Magnitude, and its error of one standard deviation.
    Seen(f64, Option<f64>),
    /// Fainter than this magnitude.
    Limit(f64),
}

/// A filter of the curve.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Band {
    /// A code of [`filters`], or what the member wrote; `no filter given`.
    pub label: String,
    pub colour: Colour,
    pub shape: Shape,
    /// nm; none for what is not known.
    wavelength: Option<f64>,
}

/// Of the filter, coarse enough to be told by eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    Blue,
    Green,
    Red,
    Infrared,
    /// Unfiltered, or unknown.
    Clear,
}

/// Of the mark: what tells filters apart where everything is red.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Circle,
    Square,
    Diamond,
    Up,
    Plus,
    Star,
    Left,
    Down,
}

/// A member of the curve.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Observer {
    pub name: String,
    pub style: Style,
    id: i64,
}

/// How a member's marks are filled; a fourth and all further ones share the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Solid,
    Hollow,
    Dotted,
    Barred,
}

impl Curve {
    /// `None` where no observation says how bright it was, or was not.
    pub(crate) fn of(burst: &Burst, observations: &[Observation]) -> Option<Self> {
        let measured: Vec<&Observation> = observations
            .iter()
            .filter(|observation| value(observation).is_some())
            .collect();
        let first = measured.iter().map(|observation| observation.start).min()?;
        let origin = burst.trigger_time.unwrap_or(first);
        let bands = bands(&measured);
        let observers = observers(&measured);
        let point = |observation: &&Observation| point(observation, origin, &bands, &observers);
        let mut points: Vec<Point> = measured.iter().filter_map(point).collect();
        points.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        let mut curve = Self {
            burst_id: burst.id,
            name: burst.name(),
            trigger: burst.trigger_time,
            origin,
            points,
            bands,
            observers,
            fits: Vec::new(),
        };
        if curve.trigger.is_some() {
            curve.fits = fit::fits(&curve);
        }
        Some(curve)
    }

    /// Logarithmic, unless a point would be missing there.
    pub(crate) fn default_scale(&self) -> Scale {
        if self.has_log() && self.early() == 0 {
            Scale::Log
        } else {
            Scale::Linear
        }
    }

    /// Whether there is a trigger to count from, and a point after it.
    pub(crate) fn has_log(&self) -> bool {
        self.trigger.is_some() && self.early() < self.points.len()
    }

    /// The scale, or the linear one where a logarithm cannot be had.
    pub(crate) fn possible(&self, scale: Scale) -> Scale {
        if self.has_log() { scale } else { Scale::Linear }
    }

    /// Points before the trigger, which have no place on a logarithmic axis.
    pub(crate) fn early(&self) -> usize {
        self.points
            .iter()
            .filter(|point| point.seconds <= 0.0)
            .count()
    }

    pub(crate) fn shown(&self, scale: Scale) -> impl Iterator<Item = &Point> {
        let log = scale == Scale::Log;
        self.points
            .iter()
            .filter(move |point| !log || point.seconds > 0.0)
    }

    pub(crate) fn band(&self, point: &Point) -> &Band {
        &self.bands[point.band]
    }

    pub(crate) fn observer(&self, point: &Point) -> &Observer {
        &self.observers[point.observer]
    }

    /// The sound fits of the filters with the most detections: few enough to be told apart.
    pub(crate) fn best_fits(&self) -> impl Iterator<Item = &Fit> {
        self.fits.iter().filter(|fit| fit.sound).take(3)
    }

    /// The first detection after the trigger, through which the guide goes: seconds and magnitude.
    pub(crate) fn guide(&self) -> Option<(f64, f64)> {
        self.trigger?;
        self.points.iter().find_map(|point| match point.value {
            Value::Seen(magnitude, _) if point.seconds > 0.0 => Some((point.seconds, magnitude)),
            _ => None,
        })
    }
}

impl Value {
    /// Of the detection or the limit.
    pub(crate) fn magnitude(self) -> f64 {
        match self {
            Self::Seen(magnitude, _) | Self::Limit(magnitude) => magnitude,
        }
    }

    pub(crate) fn is_seen(self) -> bool {
        matches!(self, Self::Seen(..))
    }
}

impl Band {
    /// A mark of no filter in particular.
    pub(crate) const fn sample() -> Self {
        Self {
            label: String::new(),
            colour: Colour::Clear,
            shape: Shape::Circle,
            wavelength: None,
        }
    }
}

impl Colour {
    fn of(wavelength: f64) -> Self {
        match wavelength {
            blue if blue <= 500.0 => Self::Blue,
            green if green <= 580.0 => Self::Green,
            red if red <= 700.0 => Self::Red,
            _ => Self::Infrared,
        }
    }

    /// The class that carries it, `band-` and this.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Green => "green",
            Self::Red => "red",
            Self::Infrared => "infrared",
            Self::Clear => "clear",
        }
    }

    /// In the dark theme.
    pub(crate) fn hex(self) -> &'static str {
        match self {
            Self::Blue => "#86b0ff",
            Self::Green => "#8fd3a0",
            Self::Red => "#ff9a73",
            Self::Infrared => "#e0668f",
            Self::Clear => "#ece6d8",
        }
    }
}

impl Shape {
    const ALL: [Self; 8] = [
        Self::Circle,
        Self::Square,
        Self::Diamond,
        Self::Up,
        Self::Plus,
        Self::Star,
        Self::Left,
        Self::Down,
    ];

    /// The one that a filter gets while it is free.
    fn preferred(code: &str) -> Self {
        match code {
            "B" | "TB" => Self::Square,
            "V" | "TG" => Self::Diamond,
            "I" => Self::Up,
            "r'" | "z'" => Self::Plus,
            "g'" | "Clear" => Self::Star,
            "i'" | "CV" => Self::Left,
            "U" | "u'" | "J" | "H" | "K" => Self::Down,
            _ => Self::Circle,
        }
    }

    /// Path data around 0 0, about one unit in each direction.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Circle => "M1 0A1 1 0 1 1 -1 0A1 1 0 1 1 1 0Z",
            Self::Square => "M-.9 -.9H.9V.9H-.9Z",
            Self::Diamond => "M0 -1.3L1.3 0L0 1.3L-1.3 0Z",
            Self::Up => "M0 -1.3L1.2 .85H-1.2Z",
            Self::Plus => "M-.42 -1.25H.42V-.42H1.25V.42H.42V1.25H-.42V.42H-1.25V-.42H-.42Z",
            Self::Star => {
                "M0 -1.5L.38 -.52L1.43 -.46L.61 .2L.88 1.21L0 .64L-.88 1.21L-.61 .2L-1.43 -.46L-.38 -.52Z"
            }
            Self::Left => "M-1.3 0L.85 -1.2V1.2Z",
            Self::Down => "M0 1.3L1.2 -.85H-1.2Z",
        }
    }
}

impl Style {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Solid => "solid",
            Self::Hollow => "hollow",
            Self::Dotted => "dotted",
            Self::Barred => "barred",
        }
    }
}

/// What was seen, else the limit; only numbers that can be magnitudes.
fn value(observation: &Observation) -> Option<Value> {
    let photometry = &observation.photometry;
    let sound = |magnitude: &f64| (-40.0..=60.0).contains(magnitude);
    let error = photometry
        .error
        .filter(|error| (0.0..=20.0).contains(error));
    let seen = photometry
        .magnitude
        .filter(sound)
        .map(|magnitude| Value::Seen(magnitude, error));
    seen.or_else(|| photometry.limit.filter(sound).map(Value::Limit))
}

fn point(
    observation: &Observation,
    origin: DateTime<Utc>,
    bands: &[Band],
    observers: &[Observer],
) -> Option<Point> {
    let middle = observation.middle();
    let label = label(observation);
    let since = |at: DateTime<Utc>| (at - origin).as_seconds_f64();
    Some(Point {
        observation: observation.id,
        seconds: since(middle),
        half_exposure: since(middle) - since(observation.start),
        value: value(observation)?,
        system: observation.photometry.system.clone(),
        band: bands.iter().position(|band| band.label == label)?,
        observer: observers
            .iter()
            .position(|observer| observer.id == observation.member_id)?,
        instrument: observation.instrument.clone(),
        at: middle,
    })
}

/// What a filter is called on the curve.
fn label(observation: &Observation) -> String {
    let given = observation.filter.as_deref().map_or("", str::trim);
    match filters::known(given) {
        Some(filter) => filter.code.to_owned(),
        None if given.is_empty() => "no filter given".to_owned(),
        None => given.to_owned(),
    }
}

/// The filters from blue to red, no filter and unknown ones last; each with a shape of its own while there are any.
fn bands(measured: &[&Observation]) -> Vec<Band> {
    let mut labels: Vec<String> = measured
        .iter()
        .map(|observation| label(observation))
        .collect();
    labels.sort();
    labels.dedup();
    let mut bands: Vec<Band> = labels.into_iter().map(band).collect();
    let order = |band: &Band| {
        (
            band.colour == Colour::Clear,
            band.wavelength.unwrap_or(f64::MAX),
        )
    };
    bands.sort_by(|a, b| {
        let (a, b) = (order(a), order(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    let mut taken: Vec<Shape> = Vec::new();
    for band in &mut bands {
        let free = |shape: &Shape| !taken.contains(shape);
        let wanted = Some(band.shape).filter(free);
        band.shape = wanted
            .or_else(|| Shape::ALL.into_iter().find(free))
            .unwrap_or(band.shape);
        taken.push(band.shape);
    }
    bands
}

fn band(label: String) -> Band {
    let known = filters::known(&label);
    let clear = known.is_none_or(|filter| matches!(filter.code, "CV" | "CR" | "Clear"));
    let wavelength = known.map(|filter| filter.wavelength);
    Band {
        colour: wavelength
            .filter(|_| !clear)
            .map_or(Colour::Clear, Colour::of),
        shape: Shape::preferred(&label),
        wavelength,
        label,
    }
}

/// The members by their first observation. Two may have one name.
fn observers(measured: &[&Observation]) -> Vec<Observer> {
    let mut observers: Vec<Observer> = Vec::new();
    for observation in measured {
        if observers
            .iter()
            .any(|known| known.id == observation.member_id)
        {
            continue;
        }
        let style = match observers.len() {
            0 => Style::Solid,
            1 => Style::Hollow,
            2 => Style::Dotted,
            _ => Style::Barred,
        };
        observers.push(Observer {
            name: observation.observer.clone(),
            style,
            id: observation.member_id,
        });
    }
    observers
}
