//! A trial letter, told step by step: what `grb-app admin mail test` shows of a relay.

use chrono::{DateTime, Utc};
use lettre::Address;

use super::settings::{Mail, Way};
use super::smtp::{Fault, Post, Tell};
use super::{Channel, Letter, Order, folder, message};
use crate::platform::error::Exit;

/// Sends a letter to `to` the way that is set, and tells every step as it happens.
///
/// Fails with what went wrong and what to do: 78 where nothing is set, 69 where the relay says no.
pub async fn try_out(
    mail: &Mail,
    club: &str,
    to: &str,
    now: DateTime<Utc>,
    tell: Tell<'_>,
) -> anyhow::Result<()> {
    let to: Address = to
        .parse()
        .map_err(|error| Exit::usage(format!("\"{to}\" is no mail address: {error}.")))?;
    let bytes = message::write(&letter(club), &order(&to, now), &mail.from, &to)?;
    match &mail.way {
        Way::Off => Err(Exit::config(
            "No way for letters is set, so they wait in the outbox. Set smtp_url (GRB_SMTP_URL), e.g. smtp://user:password@mail.example.org:587?tls=required.",
        )
        .into()),
        Way::Folder(path) => {
            folder::write(path, "trial.eml", &bytes)?;
            tell("folder", &format!("written as {}", path.join("trial.eml").display()));
            Ok(())
        }
        Way::Relay(relay) => {
            let post = Post::new((**relay).clone());
            let delivered = post.deliver((&mail.from.email, &to), &bytes, || true, tell).await;
            post.rest().await;
            delivered.map(drop).map_err(|fault| refused(&fault, &post))
        }
    }
}

fn letter(club: &str) -> Letter {
    let said =
        format!("This is a trial letter of {club}. It arrived, so letters about bursts will.");
    Letter {
        subject: format!("A trial letter of {club}"),
        html: format!("<p>{}</p>", said.replace('&', "&amp;").replace('<', "&lt;")),
        text: said,
        ..Letter::default()
    }
}

fn order(to: &Address, now: DateTime<Utc>) -> Order {
    Order {
        id: 0,
        key: format!("trial:{to}:{now}"),
        channel: Channel::Mail,
        address: to.to_string(),
        member: None,
        payload: serde_json::Value::Null,
        created_at: now,
        at: now,
    }
}

fn refused(fault: &Fault, post: &Post) -> anyhow::Error {
    Exit::unavailable(format!("{fault}.\n{}", fault.remedy(&post.relay))).into()
}
