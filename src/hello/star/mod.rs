//! The birthday star: the star whose light left it when somebody was born.

mod asked;
pub mod choice;
mod for_letter;
mod light;
mod page;
mod routes;
pub mod table;
pub mod tonight;
pub mod words;

#[cfg(test)]
mod tests;

pub use for_letter::{StarForLetter, WhereToLook, for_letter};

use utoipa_axum::router::OpenApiRouter;

use crate::platform::App;
use crate::sky::{FinderSpec, finder};
use table::Star;

/// Width of the chart, deg: a constellation and its neighbours.
const FIELD: f64 = 44.0;

/// How far a star may be from its position in the table, deg, as the eye finds it. Since that position's epoch, 1991.25, the quickest
/// of them (Groombridge 1830, 7″ a year) has moved by 0.07°.
const OFF: f64 = 0.5;

pub(super) fn router() -> OpenApiRouter<App> {
    routes::router()
}

/// Where a star stands among the others, as SVG, under a title.
fn chart(star: &Star, title: &str) -> String {
    finder(&FinderSpec {
        title,
        position: star.position,
        off: OFF,
        region: None,
        field: Some(FIELD),
        earlier: &[],
        fields: &[],
    })
}
