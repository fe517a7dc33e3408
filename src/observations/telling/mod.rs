//! Who hears of new observations: those who observe a burst or follow it, by letter, if they want to.

mod letter;
mod routes;
mod settings;
mod store;
mod unsubscribe;

pub use letter::compose;
pub use routes::button;
pub(super) use store::aavso_codes;
pub use store::follows;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;

use super::model::Observation;
use crate::accounts::{self, sites};
use crate::alerts::due;
use crate::platform::cron::Chore;
use crate::platform::outbox::{self, Channel, Parcel};
use crate::platform::{App, Result, Tx};

/// The kind of such letters in the outbox.
pub const KIND: &str = "observation";

/// What comes within a quarter of an hour is one letter, which leaves at its end.
const GATHERED: TimeDelta = TimeDelta::minutes(15);

/// A letter that could not leave for so long is worth nothing any more: the page says it all.
const LASTS: TimeDelta = TimeDelta::days(2);

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(routes::router())
        .merge(settings::router())
        .merge(unsubscribe::router())
}

pub fn chore() -> Chore {
    Chore {
        name: "forget which letters gathered",
        every: TimeDelta::days(1),
        run: |_, tx, now| store::forget_gathered(tx, now),
    }
}

/// Those who follow the burst will hear of this observation, but for who made it, who follows the burst from now on.
///
/// A burst has few followers; letters to [`store::MOST`] are ordered at once, so that no number of them stalls the writer. Who has one
/// ordered that gathers still is left alone, so that a whole night's series costs little more than its rows.
pub(super) fn order_letters(
    app: &App,
    tx: &Tx,
    now: DateTime<Utc>,
    observation: &Observation,
) -> Result<()> {
    let (burst, observer) = (observation.burst_id, observation.member_id);
    store::begin(tx, now, observer, burst)?;
    let until = now.duration_trunc(GATHERED).unwrap_or(now) + GATHERED;
    for member in store::without_letter(tx, burst, observer, until)? {
        store::gather(tx, member, burst, until)?;
        let member = accounts::store::member(tx, member)?;
        let sites = sites::store::of_member(tx, member.id)?;
        let zone = due::zone(&sites, app.config.time_zone);
        // What comes in quiet hours is one letter too.
        let at = due::after_quiet(until, zone, &member.preferences);
        outbox::post(
            tx,
            now,
            &Parcel {
                key: format!("{KIND}:{burst}:{}:{}", member.id, at.timestamp()),
                channel: Channel::Mail,
                address: member.email,
                member: Some(member.id),
                kind: KIND,
                payload: json!({ "burst": burst, "from": observation.id, "until": at }),
                secret: false,
                due_at: at,
                expires_at: Some(at + LASTS),
            },
        )?;
    }
    Ok(())
}
