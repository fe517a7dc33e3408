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

pub(super) fn router() -> OpenApiRouter<App> {
    routes::router()
}

/// Where a star stands among the others, as SVG, under a title.
fn chart(star: &Star, title: &str) -> String {
    finder(&FinderSpec {
        title,
        position: star.position,
        region: None,
        field: Some(FIELD),
        earlier: &[],
        fields: &[],
    })
}
