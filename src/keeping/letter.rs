//! The letter to officers when the daily copy fails.

use chrono::TimeDelta;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::Failure;
use crate::accounts::letters::{Words, letter};
use crate::accounts::{Member, store};
use crate::platform::outbox::{self, Channel, Composed, Order, Parcel};
use crate::platform::{App, Result, Tx, backups};

/// The kind of such letters in the outbox.
pub const KIND: &str = "backup";

#[derive(Serialize, Deserialize)]
struct Payload {
    /// The copy was made, and not carried away.
    made: bool,
    why: String,
}

/// Tells every officer, once in a day of the club at most.
pub(super) async fn tell_officers(app: &App, failure: &Failure) -> Result<()> {
    let (made, why) = match failure {
        Failure::Copy(why) => (false, why),
        Failure::Carry(why) => (true, why),
    };
    let payload = serde_json::to_value(Payload {
        made,
        why: why.clone(),
    })?;
    let now = app.clock.now();
    let day = now.with_timezone(&app.config.time_zone).date_naive();
    let post = move |tx: &Tx| {
        for Member { id, email, .. } in store::every_officer(tx)? {
            let parcel = Parcel {
                key: format!("{KIND}:{id}:{day}"),
                channel: Channel::Mail,
                address: email,
                member: Some(id),
                kind: KIND,
                payload: payload.clone(),
                secret: false,
                due_at: now,
                expires_at: Some(now + TimeDelta::days(2)),
            };
            outbox::post(tx, now, &parcel)?;
        }
        Ok(())
    };
    app.db.write(post).await
}

/// Composes what [`tell_officers`] put there.
pub fn compose(app: App, order: Order) -> BoxFuture<'static, Result<Composed>> {
    async move {
        let payload: Payload = serde_json::from_value(order.payload)?;
        let id = order.member.unwrap_or_default();
        let member = app.db.read(move |conn| store::member(conn, id)).await?;
        let words = words(&app, &payload, &member.full_name);
        letter(&app.config.club_name, member.full_name, words)
    }
    .boxed()
}

fn words(app: &App, payload: &Payload, name: &str) -> Words {
    let (club, zone) = (&app.config.club_name, app.config.time_zone);
    let why = payload.why.trim_end_matches('.');
    let newest = match backups::newest(&app.config.backups.folder) {
        Some(copy) => {
            let at = copy.at.with_timezone(&zone).format("%-d %B %Y, %H:%M");
            format!("The newest good copy is of {at}: {}", copy.path.display())
        }
        None => "There is no good copy at all.".into(),
    };
    let (subject, told, advice) = match payload.made {
        false => (
            format!("No copy of the database today: {club}"),
            format!("the daily copy of the night desk's database could not be made: {why}."),
            "On the desk's machine, `grb-app backup` tries it at once and says what is wrong. The desk itself runs on; it tries again every hour.",
        ),
        true => (
            format!("Today's copy stayed at home: {club}"),
            format!(
                "the daily copy of the night desk's database was made and checked, but the program that carries it away failed: {why}."
            ),
            "The program is the setting backup_command. The next try is with tomorrow's copy.",
        ),
    };
    Words {
        subject,
        greeting: format!("Hello {name},"),
        before: vec![told, newest, advice.into()],
        link: None,
        after: vec!["There is one such letter a day at most, for as long as it lasts.".into()],
    }
}
