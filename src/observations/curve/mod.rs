//! The light curve: how a burst's afterglow faded, from all members' observations.
//!
//! | file | |
//! |---|---|
//! | `points.rs` | the points, the filters and the members they come from |
//! | `axes.rs` | from times and magnitudes to places on a drawing, and the ticks |
//! | `fit.rs` | the power law through a filter's points |
//! | `drawing.rs` | the SVG |
//! | `words.rs` | the same in sentences |
//! | `routes.rs` | part, page, JSON and SVG |

mod axes;
mod drawing;
mod fit;
mod points;
mod routes;
#[cfg(test)]
mod tests;
mod words;

use askama::Template;

use super::model::Observation;
use crate::bursts::Burst;

pub(super) use axes::Scale;
pub(super) use drawing::{Size, drawing};
pub(super) use points::Curve;
pub(super) use routes::router;
pub(super) use words::caption;

/// The curve as a part of a page, HTML; `None` without anything to draw.
pub(super) fn part(burst: &Burst, observations: &[Observation]) -> Option<String> {
    let curve = Curve::of(burst, observations)?;
    let scale = curve.default_scale();
    Part::new(&curve, scale).render().ok()
}

/// The figure, for every screen and without any script.
#[derive(Template)]
#[template(path = "observations/curve/part.html")]
struct Part {
    burst_id: i64,
    scale: Scale,
    /// Whether there is another scale to choose.
    both: bool,
    wide: String,
    narrow: String,
    caption: Vec<String>,
}

impl Part {
    fn new(curve: &Curve, scale: Scale) -> Self {
        Self {
            burst_id: curve.burst_id,
            scale,
            both: curve.has_log(),
            wide: drawing(curve, scale, Size::Wide),
            narrow: drawing(curve, scale, Size::Narrow),
            caption: words::caption(curve, scale),
        }
    }

    fn is(&self, scale: &str) -> bool {
        self.scale.as_str() == scale
    }
}
