//! Who is told of a burst, when, and in what words.
//!
//! A burst's change is noted in the transaction that makes it ([`tell`]); a worker judges every member by it ([`expand()`])
//! with rules that know neither database nor clock ([`decide()`]), and puts their letters into the outbox.

pub mod decide;
pub mod due;
pub mod expand;
pub mod letters;
pub mod nights;
pub mod reason;
mod sources;
pub mod standing;
pub mod store;
pub mod tell;
pub mod unsubscribe;

#[cfg(test)]
mod tests;

pub use decide::{Told, Watcher, decide};
pub use expand::{describe, expand, settle};
pub use reason::Reason;
pub use standing::{Standing, State};
pub use store::forget_old;
pub use tell::{Letters, tell};

use utoipa_axum::router::OpenApiRouter;

use crate::platform::App;

pub fn router() -> OpenApiRouter<App> {
    unsubscribe::router()
}
