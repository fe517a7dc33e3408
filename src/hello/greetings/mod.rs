//! The letter to a member on the birthday, at nine in the morning where the member is.

mod due;
mod letter;
mod store;
#[cfg(test)]
mod tests;
mod unsubscribe;

pub use letter::compose;

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;

use crate::accounts::{self, Member, sites};
use crate::alerts;
use crate::platform::cron::Chore;
use crate::platform::outbox::{self, Channel, Parcel};
use crate::platform::{App, Config, Result, Tx};

/// The kind of such letters in the outbox.
pub const KIND: &str = "birthday";

pub(super) fn router() -> OpenApiRouter<App> {
    unsubscribe::router()
}

/// Greets whose birthday it is, from nine in the morning where each is. Every zone's nine o'clock begins a quarter of an hour.
pub fn chore() -> Chore {
    Chore {
        name: "greet on birthdays",
        every: TimeDelta::minutes(15),
        run: greet,
    }
}

fn greet(config: &Config, tx: &Tx, now: DateTime<Utc>) -> Result<()> {
    let possible = accounts::store::born_on(tx, &due::days(now))?;
    let welcome = |member: &Member| member.may_enter() && member.birthday_letter;
    for member in possible.into_iter().filter(welcome) {
        greet_one(config, tx, now, member)?;
    }
    Ok(())
}

/// Posts the letter if it is time, and notes it in the same transaction: nobody is greeted twice in a year, or noted and not greeted.
fn greet_one(config: &Config, tx: &Tx, now: DateTime<Utc>, member: Member) -> Result<()> {
    let sites = sites::store::of_member(tx, member.id)?;
    let zone = alerts::due::zone(&sites, config.time_zone);
    let today = |birthday| due::greeted_at(birthday, zone, config.leap_day, now);
    let Some(day) = member.birthday.and_then(today) else {
        return Ok(());
    };
    if !store::note(tx, member.id, day.year())? {
        return Ok(());
    }
    let parcel = Parcel {
        key: format!("{KIND}:{}:{}", member.id, day.year()),
        channel: Channel::Mail,
        due_at: due::leaves(now, zone, &member.preferences),
        address: member.email,
        member: Some(member.id),
        kind: KIND,
        payload: json!({}),
        secret: false,
        expires_at: Some(alerts::due::end_of(day, zone)),
    };
    outbox::post(tx, now, &parcel).map(drop)
}
