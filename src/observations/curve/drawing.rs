//! Draws the light curve as SVG that needs no script.
//!
//! Made by the rules of [`crate::sky::chart`]: no `<style>`, no `style=""`; each part has a class, and as attributes the colours of
//! the dark theme. The classes:
//!
//! | class | part |
//! |---|---|
//! | `.light-curve`, with `.wide` or `.narrow` | the `<svg>` |
//! | `.paper` `.field` `.rim` | the ground of the whole and of the field (fill), the line around the field |
//! | `.grid` `.ticks` | lines of the labelled ticks, short strokes of the others |
//! | `.words` with `.axis`, `.tick`, `.legend`, `.on-field` | text |
//! | `.trigger` | line at the trigger, on a linear axis |
//! | `.guide` `.fit` | dashed line of t⁻¹, lines of the fits |
//! | `.point` with `.band-blue` `.band-green` `.band-red` `.band-infrared` `.band-clear` | one measurement, or a sample in the legend |
//! | `.spot` with `.solid` `.hollow` `.dotted` `.barred` | its mark (fill and stroke); `.core` dot or bar in it |
//! | `.bars` `.arrow` | its error and exposure, the arrow of a limit (stroke) |

use super::axes::{Axes, Scale, Tick};
use super::points::{Band, Curve, Point, Style, Value};
use super::words;
use crate::sky::svg::{self, escaped, number};

/// For which screens a drawing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Wide,
    /// A phone, 360 px wide.
    Narrow,
}

/// Measures of a drawing, in its own units.
struct Layout {
    class: &'static str,
    width: f64,
    /// Of the field.
    height: f64,
    left: f64,
    text: f64,
    /// Between two labels of the time axis, and of the magnitudes.
    apart: (f64, f64),
}

const RIGHT: f64 = 12.0;
/// More filters than this have no place in a legend.
const MOST_BANDS: usize = 12;

impl Size {
    fn layout(self) -> Layout {
        match self {
            Self::Wide => Layout {
                class: "wide",
                width: 760.0,
                height: 360.0,
                left: 56.0,
                text: 13.0,
                apart: (62.0, 36.0),
            },
            Self::Narrow => Layout {
                class: "narrow",
                width: 360.0,
                height: 250.0,
                left: 44.0,
                text: 12.5,
                apart: (52.0, 34.0),
            },
        }
    }
}

/// The light curve as SVG text: bright at the top, time to the right; in time with the number of points, of about 400 bytes each.
pub(crate) fn drawing(curve: &Curve, scale: Scale, size: Size) -> String {
    Drawing::new(curve, curve.possible(scale), size).drawn()
}

struct Drawing<'a> {
    curve: &'a Curve,
    axes: Axes,
    layout: Layout,
    /// Radius of a mark.
    mark: f64,
    /// Each point says what it is; a phone has no pointer to ask with.
    titled: bool,
}

impl<'a> Drawing<'a> {
    fn new(curve: &'a Curve, scale: Scale, size: Size) -> Self {
        let layout = size.layout();
        let field = (layout.width - layout.left - RIGHT, layout.height);
        let mark = match curve.points.len() {
            0..=40 => 4.6,
            41..=150 => 3.6,
            _ => 2.7,
        };
        Self {
            axes: Axes::new(curve, scale, field),
            curve,
            layout,
            mark,
            titled: size == Size::Wide,
        }
    }

    fn drawn(&self) -> String {
        let Layout {
            width,
            height,
            left,
            class,
            ..
        } = self.layout;
        let (legend, top) = self.legend();
        let whole = top + height + 3.6 * self.layout.text;
        let title = format!("Light curve of {}", self.curve.name);
        let description = words::caption(self.curve, self.axes.scale).join(" ");
        let field = [self.grid(), self.lines(), self.points()].concat();
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" class="light-curve {class}" viewBox="0 0 {} {}" role="img" font-family="system-ui, sans-serif"><title>{}</title><desc>{}</desc><rect class="paper" width="{}" height="{}" fill="#0b0f17"/>{legend}<g transform="translate({} {})">{field}<rect class="rim" width="{}" height="{}" fill="none" stroke="#667087"/>{}</g></svg>"##,
            number(width),
            number(whole),
            escaped(&title),
            escaped(&description),
            number(width),
            number(whole),
            number(left),
            number(top),
            number(self.field_width()),
            number(height),
            self.labels(),
        )
    }

    fn field_width(&self) -> f64 {
        self.layout.width - self.layout.left - RIGHT
    }

    /// The ground, lines at the labelled ticks, short strokes at all of them.
    fn grid(&self) -> String {
        let (w, h) = (self.field_width(), self.layout.height);
        let (mut lines, mut strokes) = (String::new(), String::new());
        for Tick { value, label } in self.times() {
            let x = number(self.axes.x(value));
            if label.is_some() {
                lines += &format!("M{x} 0V{}", number(h));
            }
            let long = if label.is_some() { 7.0 } else { 4.0 };
            strokes += &format!("M{x} {}V{}", number(h), number(h - long));
        }
        for Tick { value, .. } in self.magnitudes() {
            let y = number(self.axes.y(value));
            lines += &format!("M0 {y}H{}", number(w));
            strokes += &format!("M0 {y}H7");
        }
        format!(
            r##"<rect class="field" width="{}" height="{}" fill="#0f1521"/><path class="grid" d="{lines}" fill="none" stroke="#283041" stroke-width="0.8"/><path class="ticks" d="{strokes}" fill="none" stroke="#667087"/>"##,
            number(w),
            number(h)
        )
    }

    /// Where nothing is fitted, how an afterglow fades as a rule; the fits; the trigger.
    fn lines(&self) -> String {
        let (from, to) = (f64::MIN_POSITIVE, f64::MAX);
        let guide = self
            .curve
            .guide()
            .map(|through| self.axes.power_law(1.0, through, from, to));
        let guide = guide.filter(|line| !line.is_empty()).map(|line| {
            format!(
                r##"<path class="guide" d="{}" fill="none" stroke="#a9a999" stroke-width="1" stroke-dasharray="5 5"/>"##,
                svg::lines([&line])
            )
        });
        let fits = self.curve.best_fits().map(|fit| {
            let band = &self.curve.bands[fit.band];
            let line = self.axes.power_law(fit.alpha, fit.through, fit.span.0, fit.span.1);
            format!(
                r#"<path class="fit band-{}" d="{}" fill="none" stroke="{}" stroke-width="1.3" stroke-opacity="0.8"/>"#,
                band.colour.as_str(),
                svg::lines([&line]),
                band.colour.hex()
            )
        });
        let fits: String = fits.collect();
        self.trigger() + &guide.unwrap_or_default() + &fits
    }

    fn trigger(&self) -> String {
        let (from, to) = self.axes.times;
        let there = self.axes.scale == Scale::Linear && self.curve.trigger.is_some();
        if !there || from > 0.0 || to < 0.0 {
            return String::new();
        }
        let x = self.axes.x(0.0);
        let label = svg::text_on_field(
            "words",
            (x + 5.0, 15.0),
            "start",
            self.layout.text - 1.0,
            "#a9a999",
            "trigger",
        );
        format!(
            r##"<path class="trigger" d="M{} 0V{}" fill="none" stroke="#ecbd6c" stroke-width="1"/>{label}"##,
            number(x),
            number(self.layout.height)
        )
    }

    /// The limits first, so that what was seen stands on top of what was not.
    fn points(&self) -> String {
        let shown = |seen: bool| {
            let shown = self.curve.shown(self.axes.scale);
            shown
                .filter(move |point| point.value.is_seen() == seen)
                .map(|point| self.point(point))
        };
        shown(false).chain(shown(true)).collect()
    }

    fn point(&self, point: &Point) -> String {
        let band = self.curve.band(point);
        let (x, y) = (
            self.axes.x(point.seconds),
            self.axes.y(point.value.magnitude()),
        );
        let mut drawn = match point.value {
            Value::Seen(magnitude, error) => self.bars(point, magnitude, error.unwrap_or(0.0)),
            Value::Limit(magnitude) => self.bars(point, magnitude, 0.0) + &self.arrow((x, y), band),
        };
        // What was not seen weighs less.
        let radius = if point.value.is_seen() {
            self.mark
        } else {
            0.8 * self.mark
        };
        drawn += &mark((x, y), radius, band, self.curve.observer(point).style);
        let title = if self.titled {
            format!(
                "<title>{}</title>",
                escaped(&words::point(self.curve, point))
            )
        } else {
            String::new()
        };
        format!(
            r#"<g class="point band-{}">{title}{drawn}</g>"#,
            band.colour.as_str()
        )
    }

    /// The exposure across, the error upright; neither where the mark would hide it.
    fn bars(&self, point: &Point, magnitude: f64, error: f64) -> String {
        let (x, y) = (self.axes.x(point.seconds), self.axes.y(magnitude));
        let (left, right) = (
            self.axes.x(point.seconds - point.half_exposure),
            self.axes.x(point.seconds + point.half_exposure),
        );
        let (high, low) = (
            self.axes.y(magnitude - error),
            self.axes.y(magnitude + error),
        );
        let mut path = String::new();
        if right - left > 2.0 * self.mark {
            path += &format!("M{} {}H{}", number(left), number(y), number(right));
        }
        if low - high > 2.0 * self.mark {
            path += &format!("M{} {}V{}", number(x), number(high), number(low));
            let cap = 0.6 * self.mark;
            for end in [high, low] {
                path += &format!("M{} {}H{}", number(x - cap), number(end), number(x + cap));
            }
        }
        if path.is_empty() {
            return path;
        }
        let hex = self.curve.band(point).colour.hex();
        format!(
            r#"<path class="bars" d="{path}" fill="none" stroke="{hex}" stroke-width="1" stroke-opacity="0.75"/>"#
        )
    }

    /// Down from the limit: the burst was fainter.
    fn arrow(&self, (x, y): (f64, f64), band: &Band) -> String {
        let length = 4.4 * self.mark;
        let (tip, wing) = (y + length, 0.8 * self.mark);
        format!(
            r#"<path class="arrow" d="M{x} {y}V{tip}M{} {up}L{x} {tip}L{} {up}" fill="none" stroke="{}" stroke-width="1.2" stroke-linejoin="round" stroke-linecap="round"/>"#,
            number(x - wing),
            number(x + wing),
            band.colour.hex(),
            x = number(x),
            y = number(y),
            tip = number(tip),
            up = number(tip - wing * 1.3),
        )
    }

    fn times(&self) -> Vec<Tick> {
        self.axes.time_ticks(self.layout.apart.0)
    }

    fn magnitudes(&self) -> Vec<Tick> {
        self.axes.magnitude_ticks(self.layout.apart.1)
    }

    /// Magnitudes at the left, times below, and what they are.
    fn labels(&self) -> String {
        let Layout {
            height, left, text, ..
        } = self.layout;
        let label = |class: &str, at, anchor, words: &str| {
            svg::text(
                &format!("words {class}"),
                at,
                anchor,
                text,
                "#a9a999",
                words,
            )
        };
        let mut drawn = String::new();
        for Tick {
            value,
            label: words,
        } in self.magnitudes()
        {
            let at = (-7.0, self.axes.y(value) + 0.36 * text);
            drawn += &label("tick", at, "end", &words.unwrap_or_default());
        }
        for Tick {
            value,
            label: words,
        } in self.times()
        {
            let x = self.axes.x(value);
            // A label at the very edge would be cut.
            let x = x.min(self.field_width() + RIGHT - 1.7 * text);
            if let Some(words) = words {
                drawn += &label("tick", (x, height + 1.35 * text), "middle", &words);
            }
        }
        let middle = (self.field_width() / 2.0, height + 2.95 * text);
        drawn += &label("axis", middle, "middle", words::time_axis(self.curve));
        let upright = label(
            "axis",
            (0.0, 0.0),
            "middle",
            &words::magnitude_axis(self.curve),
        );
        drawn
            + &format!(
                r#"<g transform="translate({} {}) rotate(-90)">{upright}</g>"#,
                number(text - left),
                number(height / 2.0)
            )
    }

    /// Samples with their words, row by row, and how high they are together.
    fn legend(&self) -> (String, f64) {
        let Layout { left, text, .. } = self.layout;
        let (mut drawn, mut x, mut y) = (String::new(), left, 1.2 * text);
        for entries in self.entries() {
            for Entry { sample, words } in entries {
                let letters = words.chars().count() as f64;
                let width = 24.0 + letters * text * 0.48;
                if x > left && x + width > self.layout.width {
                    (x, y) = (left, y + 1.55 * text);
                }
                drawn += &format!(
                    r#"<g transform="translate({} {})">{}</g>"#,
                    number(x + 8.0),
                    number(y - 0.36 * text),
                    sample
                );
                drawn += &svg::text(
                    "words legend",
                    (x + 21.0, y),
                    "start",
                    text,
                    "#ece6d8",
                    &words,
                );
                x += width + 12.0;
            }
            (x, y) = (left, y + 1.55 * text);
        }
        (drawn, y - 0.6 * text)
    }

    /// Filters and limits; members if there are two or more; lines.
    fn entries(&self) -> [Vec<Entry>; 3] {
        [
            self.band_entries(),
            self.observer_entries(),
            self.line_entries(),
        ]
    }

    fn band_entries(&self) -> Vec<Entry> {
        let bands = &self.curve.bands;
        let mut entries: Vec<Entry> = bands
            .iter()
            .take(MOST_BANDS)
            .map(|band| Entry {
                sample: format!(
                    r#"<g class="point band-{}">{}</g>"#,
                    band.colour.as_str(),
                    mark((0.0, 0.0), 4.6, band, Style::Solid)
                ),
                words: words::filter(&band.label),
            })
            .collect();
        if let Some(more) = bands.len().checked_sub(MOST_BANDS).filter(|more| *more > 0) {
            entries.push(Entry {
                sample: String::new(),
                words: format!("and {more} more"),
            });
        }
        if self.curve.points.iter().any(|point| !point.value.is_seen()) {
            entries.push(Entry {
                sample: r##"<path class="arrow" d="M0 -7V7M-3.4 2.6L0 7L3.4 2.6" fill="none" stroke="#ece6d8" stroke-width="1.2" stroke-linejoin="round" stroke-linecap="round"/>"##.to_owned(),
                words: "fainter than".to_owned(),
            });
        }
        entries
    }

    fn observer_entries(&self) -> Vec<Entry> {
        let observers = words::observers(self.curve);
        let entry = |(style, words): (Style, String)| Entry {
            sample: format!(
                r#"<g class="point band-clear">{}</g>"#,
                mark((0.0, 0.0), 4.6, &SAMPLE, style)
            ),
            words,
        };
        if observers.len() < 2 {
            return Vec::new();
        }
        observers.into_iter().map(entry).collect()
    }

    fn line_entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        if self.curve.guide().is_some() {
            entries.push(Entry {
                sample: r##"<path class="guide" d="M-8 -4L8 4" fill="none" stroke="#a9a999" stroke-dasharray="5 4"/>"##.to_owned(),
                words: "guide: fades as 1/t (α = 1)".to_owned(),
            });
        }
        for fit in self.curve.best_fits() {
            let band = &self.curve.bands[fit.band];
            entries.push(Entry {
                sample: format!(
                    r#"<path class="fit band-{}" d="M-8 -4L8 4" fill="none" stroke="{}" stroke-width="1.3"/>"#,
                    band.colour.as_str(),
                    band.colour.hex()
                ),
                words: format!("{} fit, α = {}", words::filter(&band.label), words::slope(fit)),
            });
        }
        entries
    }
}

/// One sample of the legend, and what it says.
struct Entry {
    sample: String,
    words: String,
}

/// Stands for all filters where the legend speaks of members.
const SAMPLE: Band = Band::sample();

/// A filter's shape, filled as the member's are.
fn mark((x, y): (f64, f64), radius: f64, band: &Band, style: Style) -> String {
    let hex = band.colour.hex();
    let fill = if style == Style::Solid {
        hex
    } else {
        "#0f1521"
    };
    let width = 1.3 / radius;
    let core = match style {
        Style::Solid | Style::Hollow => String::new(),
        Style::Dotted => format!(
            r#"<path class="core" d="M0 0h0" fill="none" stroke="{hex}" stroke-width=".8" stroke-linecap="round"/>"#
        ),
        Style::Barred => format!(
            r#"<path class="core" d="M-.8 0H.8" fill="none" stroke="{hex}" stroke-width=".45"/>"#
        ),
    };
    format!(
        r#"<g transform="translate({} {}) scale({radius:.1})"><path class="spot {}" d="{}" fill="{fill}" stroke="{hex}" stroke-width="{width:.2}" stroke-linejoin="round"/>{core}</g>"#,
        number(x),
        number(y),
        style.as_str(),
        band.shape.path(),
    )
}
