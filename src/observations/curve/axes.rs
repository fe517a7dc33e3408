//! From times and magnitudes to places on a drawing, and where the ticks stand.

use super::points::{Curve, Point, Value};

/// Of the time axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Scale {
    #[default]
    Log,
    Linear,
}

impl Scale {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Linear => "linear",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Log, Self::Linear]
            .into_iter()
            .find(|scale| scale.as_str() == text)
    }
}

/// A tick of an axis: its value, and its label unless the room is taken.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub value: f64,
    pub label: Option<String>,
}

/// The two axes of a drawing.
#[derive(Debug, Clone)]
pub(super) struct Axes {
    pub scale: Scale,
    /// First and last time, s.
    pub times: (f64, f64),
    /// Brightest and faintest magnitude: the top and the bottom.
    pub magnitudes: (f64, f64),
    /// Of the field, drawing units.
    size: (f64, f64),
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;

impl Axes {
    /// Axes that hold all of a curve's points with room around them.
    pub(super) fn new(curve: &Curve, scale: Scale, size: (f64, f64)) -> Self {
        let seconds: Vec<f64> = curve.shown(scale).map(|point| point.seconds).collect();
        let times = match scale {
            Scale::Log => decades(extent(seconds.iter().copied())),
            Scale::Linear => stretch(
                extent(curve.points.iter().flat_map(|point| {
                    [
                        point.seconds - point.half_exposure,
                        point.seconds + point.half_exposure,
                    ]
                })),
                curve.trigger.is_some(),
            ),
        };
        let reach = curve.shown(scale).flat_map(reach);
        Self {
            scale,
            times,
            magnitudes: roomy(extent(reach)),
            size,
        }
    }

    /// Right of the field's left edge; what lies before it is brought to it.
    pub(super) fn x(&self, seconds: f64) -> f64 {
        let (from, to) = self.times;
        let part = match self.scale {
            Scale::Log => (seconds.max(from * 1e-3) / from).ln() / (to / from).ln(),
            Scale::Linear => (seconds - from) / (to - from),
        };
        part.clamp(0.0, 1.0) * self.size.0
    }

    /// Below the field's top: a bright magnitude is a small number and stands high.
    pub(super) fn y(&self, magnitude: f64) -> f64 {
        let (top, bottom) = self.magnitudes;
        ((magnitude - top) / (bottom - top)).clamp(0.0, 1.0) * self.size.1
    }

    /// Ticks of the time axis, with labels where they are at least `apart` drawing units from each other.
    pub(super) fn time_ticks(&self, apart: f64) -> Vec<Tick> {
        match self.scale {
            Scale::Log => self.log_ticks(apart),
            Scale::Linear => self.linear_ticks(apart),
        }
    }

    /// Round times; the decades of seconds, minutes, hours and days get their labels first.
    fn log_ticks(&self, apart: f64) -> Vec<Tick> {
        let mut ticks: Vec<(u8, Tick)> = round_times()
            .into_iter()
            .filter(|(_, value)| self.times.0 <= *value && *value <= self.times.1)
            .map(|(rank, value)| (rank, Tick { value, label: None }))
            .collect();
        let mut taken: Vec<f64> = Vec::new();
        for rank in 0..=2 {
            for (_, tick) in ticks.iter_mut().filter(|(of, _)| *of == rank) {
                let x = self.x(tick.value);
                if taken.iter().all(|other| (x - other).abs() >= apart) {
                    taken.push(x);
                    tick.label = Some(words(tick.value));
                }
            }
        }
        ticks.into_iter().map(|(_, tick)| tick).collect()
    }

    fn linear_ticks(&self, apart: f64) -> Vec<Tick> {
        let (from, to) = self.times;
        let most = (self.size.0 / apart).floor().max(2.0);
        let step = linear_step((to - from) / most);
        let (first, last) = ((from / step).ceil(), (to / step).floor());
        let tick = |i: f64| Tick {
            value: i * step,
            label: Some(counted(i * step, step)),
        };
        every(first, last).map(tick).collect()
    }

    pub(super) fn magnitude_ticks(&self, apart: f64) -> Vec<Tick> {
        let (top, bottom) = self.magnitudes;
        let most = (self.size.1 / apart).floor().max(2.0);
        let steps = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0];
        let step = steps
            .into_iter()
            .find(|step| (bottom - top) / step <= most)
            .unwrap_or(50.0);
        let decimals = usize::from(step < 1.0);
        let tick = |i: f64| Tick {
            value: i * step,
            label: Some(format!("{:.decimals$}", i * step + 0.0).replace('-', "−")),
        };
        every((top / step).ceil(), (bottom / step).floor())
            .map(tick)
            .collect()
    }

    /// The part of a power law with slope α through a point that lies on the field, as a line in drawing units.
    pub(super) fn power_law(
        &self,
        alpha: f64,
        through: (f64, f64),
        from: f64,
        to: f64,
    ) -> Vec<(f64, f64)> {
        let (t0, m0) = through;
        let (top, bottom) = self.magnitudes;
        let when = |magnitude: f64| t0 * 10_f64.powf((magnitude - m0) / (2.5 * alpha));
        let (a, b) = (when(top), when(bottom));
        let least = if self.scale == Scale::Log {
            self.times.0
        } else {
            1e-3 * t0
        };
        let from = from.max(a.min(b)).max(self.times.0).max(least);
        let to = to.min(a.max(b)).min(self.times.1);
        if !(from.is_finite() && to.is_finite() && from < to && alpha.abs() > 1e-3) {
            return Vec::new();
        }
        let steps = match self.scale {
            Scale::Log => 1,
            Scale::Linear => 48,
        };
        let at = |i: i32| {
            let seconds = from * (to / from).powf(f64::from(i) / f64::from(steps));
            (
                self.x(seconds),
                self.y(m0 + 2.5 * alpha * (seconds / t0).log10()),
            )
        };
        (0..=steps).map(at).collect()
    }
}

fn every(first: f64, last: f64) -> impl Iterator<Item = f64> {
    // No axis has more than a few dozen.
    (0..200)
        .map(move |i| first + f64::from(i))
        .take_while(move |i| *i <= last)
}

/// Least and greatest.
fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::MAX, f64::MIN), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}

/// From the brightest to the faintest that a point reaches; a limit's arrow wants room below.
fn reach(point: &Point) -> [f64; 2] {
    match point.value {
        Value::Seen(magnitude, error) => {
            // A hopeless error bar is cut rather than flattening everything else.
            let error = error.unwrap_or(0.0).min(2.0);
            [magnitude - error, magnitude + error]
        }
        Value::Limit(magnitude) => [magnitude, magnitude + 0.3],
    }
}

/// At least two magnitudes, and a twelfth of the height above and below.
fn roomy((brightest, faintest): (f64, f64)) -> (f64, f64) {
    let lacking = (2.0 - (faintest - brightest)).max(0.0) / 2.0;
    let (top, bottom) = (brightest - lacking, faintest + lacking);
    let room = ((bottom - top) / 12.0).max(0.2);
    (top - room, bottom + room)
}

/// At least a decade of time with room at both ends.
fn decades((first, last): (f64, f64)) -> (f64, f64) {
    let spread = (last / first).log10();
    let lacking = (1.0 - spread).max(0.0) / 2.0 + (spread * 0.07).max(0.06);
    let factor = 10_f64.powf(lacking);
    (first / factor, last * factor)
}

/// The stretch with room at both ends; from the trigger on unless that is far away.
fn stretch((first, last): (f64, f64), from_trigger: bool) -> (f64, f64) {
    let far = first > 3.0 * (last - first);
    let first = if from_trigger && !far {
        first.min(0.0)
    } else {
        first
    };
    let room = ((last - first) * 0.06).max(30.0);
    (first - room, last + room)
}

/// Round times from a second to 30,000 days, with the rank in which they get labels.
fn round_times() -> Vec<(u8, f64)> {
    let rank = |n: f64| match n {
        1.0 | 10.0 | 100.0 | 1000.0 | 10_000.0 => 0,
        2.0 | 5.0 | 20.0 | 50.0 | 200.0 | 500.0 => 1,
        _ => 2,
    };
    let mut times = Vec::new();
    for n in [0.1, 0.2, 0.5] {
        times.push((1, n));
    }
    for n in (1..10).chain((10..60).step_by(10)).map(f64::from) {
        times.extend([(rank(n), n), (rank(n), n * MINUTE)]);
    }
    for (rank, n) in [(0, 1.0), (1, 3.0), (1, 6.0), (1, 12.0), (2, 2.0), (2, 4.0)] {
        times.push((rank, n * HOUR));
    }
    for decade in [1.0, 10.0, 100.0, 1000.0, 10_000.0] {
        times.extend((1..10).map(|n| (rank(f64::from(n) * decade), f64::from(n) * decade * DAY)));
    }
    times.sort_by(|a, b| a.1.total_cmp(&b.1));
    times
}

/// A step of at least so many seconds that reads well.
fn linear_step(least: f64) -> f64 {
    let steps = [
        1.0, 2.0, 5.0, 10.0, 20.0, 30.0, MINUTE, 120.0, 300.0, 600.0, 1200.0, 1800.0, HOUR, 7200.0,
        10_800.0, 21_600.0, 43_200.0, DAY,
    ];
    let step = steps.into_iter().find(|step| *step >= least);
    step.unwrap_or_else(|| {
        let days = least / DAY;
        let decade = 10_f64.powf(days.log10().floor());
        let nice = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .find(|n| n * decade >= days);
        nice.unwrap_or(10.0) * decade * DAY
    })
}

/// `10 min`: a round time in the largest unit that it fills.
pub(super) fn words(seconds: f64) -> String {
    let step = match seconds.abs() {
        s if s >= DAY => DAY,
        s if s >= HOUR => HOUR,
        s if s >= MINUTE => MINUTE,
        _ => 1.0,
    };
    counted(seconds, step)
}

/// A time in the unit of the axis's step.
fn counted(seconds: f64, step: f64) -> String {
    let (unit, size) = match step {
        s if s >= DAY => ("d", DAY),
        s if s >= HOUR => ("h", HOUR),
        s if s >= MINUTE => ("min", MINUTE),
        _ => ("s", 1.0),
    };
    // Adding 0 makes a zero of a negative one.
    let number = format!("{}", (seconds / size * 10.0).round() / 10.0 + 0.0);
    format!("{} {unit}", number.replace('-', "−"))
}
