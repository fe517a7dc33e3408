//! The letter to officers when the daily copy fails.

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::{Failure, Stayed};
use crate::accounts::letters::{Words, letter};
use crate::accounts::{Member, store};
use crate::platform::outbox::{self, Channel, Composed, Order, Parcel};
use crate::platform::{App, Result, Tx, backups, keepsake};

/// The kind of such letters in the outbox.
pub const KIND: &str = "backup";

#[derive(Serialize, Deserialize)]
struct Payload {
    /// The copy was made, and not carried away.
    made: bool,
    why: String,
}

/// Of what goes on failing, officers hear again after so long.
const AGAIN: TimeDelta = TimeDelta::days(7);

/// Under these names it is kept when officers were told, until it goes well again.
const NOT_MADE: &str = "told that no copy was made";
const NOT_CARRIED: &str = "told that a copy stayed at home";

/// Tells every officer, unless they were told of the same within the last week and it has failed ever since.
pub(super) async fn tell_officers(app: &App, failure: &Failure) -> Result<()> {
    let (made, what, why) = match failure {
        Failure::Copy(why) => (false, NOT_MADE, why.clone()),
        Failure::Carry(stayed) => (true, NOT_CARRIED, in_full(stayed)),
    };
    let payload = serde_json::to_value(Payload { made, why })?;
    let now = app.clock.now();
    let post = move |tx: &Tx| {
        let told = keepsake::noted(tx, what)?.and_then(|text| text.parse::<DateTime<Utc>>().ok());
        if told.is_some_and(|told| told <= now && now - told < AGAIN) {
            return Ok(());
        }
        keepsake::note(tx, what, &now.to_rfc3339())?;
        for Member { id, email, .. } in store::every_officer(tx)? {
            let parcel = Parcel {
                key: format!("{KIND}:{made}:{id}:{}", now.timestamp()),
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

/// Notes what went well, so that its next failure is told at once.
pub(super) async fn note_success(app: &App, failure: Option<&Failure>) -> Result<()> {
    let well: &[&str] = match failure {
        None => &[NOT_MADE, NOT_CARRIED],
        Some(Failure::Carry(_)) => &[NOT_MADE],
        Some(Failure::Copy(_)) => return Ok(()),
    };
    let forget = move |tx: &Tx| well.iter().try_for_each(|what| keepsake::forget(tx, what));
    app.db.write(forget).await
}

fn in_full(stayed: &Stayed) -> String {
    match stayed.said.as_str() {
        "" => stayed.why.clone(),
        said => format!("{}: {said}", stayed.why),
    }
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
    let newest = match backups::newest(&app.config.backups.folder, app.clock.now()) {
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
            "On the desk's machine, `sudo grb-app backup` tries it at once and says what is wrong. The desk itself runs on; it tries again every hour.",
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
        after: vec!["If it goes on failing, the next such letter comes in a week; the desk's status page always says how it stands.".into()],
    }
}
