//! People: signing up and in, their sites and telescopes, and what they want to be told.

mod account;
pub mod birthday;
pub mod channels;
mod door;
mod entry;
mod export;
pub mod extract;
pub mod fields;
mod first;
mod json;
pub mod letters;
mod links;
mod local;
mod members;
pub mod model;
mod pages;
pub mod password;
mod people;
pub mod preferences;
mod prove;
mod roster;
mod seal;
mod second_step;
mod secret;
pub mod sessions;
mod sign_up;
pub mod sites;
pub mod store;

#[cfg(test)]
mod tests;

pub use birthday::Birthday;
pub use extract::{Acting, MaybeSignedIn, Officer, SignedIn, recognize};
pub use first::invitation;
pub use local::local_routes;
pub use model::Member;
pub use people::{stop_greeting, stop_telling};
pub use preferences::{Notify, Preferences};
pub use roster::Roster;
pub use sites::{Delivery, Site, Telescope};

use chrono::{DateTime, TimeDelta, Utc};
use utoipa_axum::router::OpenApiRouter;

use crate::platform::{App, Result, Tx};

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(door::router())
        .merge(first::router())
        .merge(account::router())
        .merge(birthday::router())
        .merge(members::router())
        .merge(prove::router())
        .merge(json::router())
        .merge(sites::router())
        .merge(preferences::router())
        .merge(channels::router())
}

/// Who has not confirmed an address by then is forgotten.
const UNCONFIRMED: TimeDelta = TimeDelta::days(7);

/// Forgets sessions, tokens and links that no longer work, and who signed up and never confirmed it.
pub fn forget_old(tx: &Tx, now: DateTime<Utc>) -> Result<()> {
    sessions::forget_old(tx, now)?;
    store::forget_unconfirmed(tx, now - UNCONFIRMED)?;
    // Links live by the time outside, which in a demonstration is another.
    links::forget_old(tx, now - TimeDelta::days(7))
}
