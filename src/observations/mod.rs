//! What members saw of a burst: reports, photometry and pictures; the light curve; what is handed on.
//!
//! | file | |
//! |---|---|
//! | `model.rs` `store.rs` `history.rs` | an observation; kept in the database, and what it said before |
//! | `input.rs` `filters.rs` | what a member writes, checked; the filters that amateurs use |
//! | `posting.rs` `news.rs` | posting, changing and taking away, and who may; what browsers then hear |
//! | `asked.rs` `list.rs` | a search as it was asked for; lists |
//! | `routes.rs` `json.rs` | the API |
//! | `words.rs` `pages/` | numbers in words; the pages |
//! | `images/` | pictures: how they come in, are made safe and small, and go out |
//! | `curve/` `coverage/` | the light curve; which part of the region was looked at |
//! | `exports/` `telling/` | the formats that science takes; letters to those who follow a burst |
//! | `moderation.rs` | reports, and what officers hide |

mod asked;
mod coverage;
mod curve;
mod exports;
mod filters;
mod history;
pub mod images;
mod input;
mod json;
mod list;
pub mod model;
mod moderation;
pub mod news;
mod pages;
mod posting;
mod routes;
pub mod store;
pub mod telling;
mod words;

pub use input::airmass_told;
pub use model::{Footprint, Image, Observation, System};
pub use pages::latest;

use utoipa_axum::router::OpenApiRouter;

use crate::platform::App;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(routes::router())
        .merge(pages::router())
        .merge(images::router())
        .merge(curve::router())
        .merge(coverage::router())
        .merge(exports::router())
        .merge(telling::router())
}
