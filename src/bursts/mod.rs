//! One burst from many notices: what is known of it, where it was, what it was called.

pub mod by_hand;
mod circulars;
pub mod json;
pub mod list;
pub mod model;
pub mod outlook;
pub mod page;
pub mod routes;
mod rows;
pub mod sight;
pub mod store;
pub mod story;
pub mod view;
mod visibility;

#[cfg(test)]
mod tests;

pub use json::BurstJson;
pub use model::{Best, Burst, Tier, Verdict, Withdrawal};
pub use outlook::{Demands, Outlook};
pub use routes::router;
pub use sight::Sight;
pub use store::{Arrival, Filed, Recorded, record};
