//! A test message on a channel, so that its owner sees whether it arrives.

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::json;

use super::{Channel, Kind, store};
use crate::platform::config::Secret;
use crate::platform::outbox::{self, Composed, Order, Parcel};
use crate::platform::{App, Error, Result, Tx};

/// The kind of such parcels; [`compose`] makes their words.
pub const KIND: &str = "channel-test";

/// Later than this nobody waits for it any more.
const PATIENCE: TimeDelta = TimeDelta::minutes(15);

/// Puts a test for this channel into the outbox; false where one went within the same minute.
pub fn send(tx: &Tx, now: DateTime<Utc>, channel: &Channel) -> Result<bool> {
    outbox::post(
        tx,
        now,
        &Parcel {
            key: format!("{KIND}.{}.{}", channel.id, now.timestamp() / 60),
            channel: channel.kind,
            address: channel.url.clone(),
            member: Some(channel.member_id),
            kind: KIND,
            payload: json!({ "channel": channel.id }),
            secret: false,
            due_at: now,
            expires_at: Some(now + PATIENCE),
        },
    )
}

/// The words of a test; nothing where the channel has been removed meanwhile.
pub fn compose(app: App, order: Order) -> BoxFuture<'static, Result<Composed>> {
    async move {
        let (member, id) = (order.member, order.payload["channel"].as_i64());
        let found = app
            .db
            .read(move |conn| store::one(conn, member.unwrap_or_default(), id.unwrap_or_default()))
            .await;
        let channel = match found {
            Ok(channel) => channel,
            Err(Error::NotFound(_)) => {
                return Ok(Composed::Nothing("The channel was removed.".into()));
            }
            Err(other) => return Err(other),
        };
        Ok(words(&app, channel, order.at))
    }
    .boxed()
}

fn words(app: &App, channel: Channel, at: DateTime<Utc>) -> Composed {
    let club = &app.config.club_name;
    match channel.kind {
        Kind::Webhook => Composed::Json {
            body: json!({
                "reason": "test",
                "club": club,
                "at": at,
                "message": "This is a test. What you will hear of bursts has another reason.",
            }),
            secret: Secret::new(channel.secret.unwrap_or_default()),
        },
        Kind::Ntfy | Kind::Mail => Composed::Push {
            title: format!("A test from {club}"),
            text: "It arrived. When a burst is for you, you will hear of it here.".into(),
            url: format!("{}/preferences", app.config.base_url()),
            urgent: false,
        },
    }
}
