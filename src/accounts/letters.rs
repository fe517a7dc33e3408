//! Letters about an account, and in what words.

use askama::Template as _;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::links::Purpose;
use super::model::Member;
use super::people::Moment;
use super::secret;
use crate::platform::outbox::{self, Channel, Composed, Letter, Order, Parcel};
use crate::platform::{App, Result, Tx};

/// The kind of these parcels.
pub const KIND: &str = "account";

/// What a letter is about. One that carries a link is named as the link's purpose is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Said {
    /// Is this address yours?
    Confirm,
    /// Somebody signed up with your address; you have an account.
    Taken,
    /// A new password.
    Reset,
    /// Is this new address yours?
    Address,
    /// To the old address: another one was asked for.
    AddressAsked,
    /// An officer turned the second step off.
    SecondStepOff,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    letter: Said,
    name: String,
    /// What the link carries.
    token: String,
}

#[derive(askama::Template)]
#[template(path = "accounts/letter.html")]
struct Page<'a> {
    words: &'a Words,
    club: &'a str,
}

/// What a plain letter of the desk says.
pub struct Words {
    pub subject: String,
    pub greeting: String,
    pub before: Vec<String>,
    /// What to press, and where it leads.
    pub link: Option<(&'static str, String)>,
    pub after: Vec<String>,
}

/// Puts a letter into the outbox.
pub(super) fn post(
    tx: &Tx,
    at: Moment,
    member: &Member,
    address: &str,
    said: Said,
    token: &str,
) -> Result<()> {
    let lasts = match said {
        Said::Reset => Purpose::Reset.lasts(),
        _ => Purpose::Confirm.lasts(),
    };
    let payload = Payload {
        letter: said,
        name: member.full_name.clone(),
        token: token.into(),
    };
    let payload = serde_json::to_value(payload)?;
    let letter = payload["letter"].as_str().unwrap_or_default().to_owned();
    let parcel = Parcel {
        key: key(&letter, &secret::hashed(token)),
        channel: Channel::Mail,
        address: address.into(),
        member: Some(member.id),
        kind: KIND,
        payload,
        secret: true,
        due_at: at.now,
        expires_at: Some(at.now + lasts),
    };
    outbox::post(tx, at.now, &parcel).map(drop)
}

/// The outbox's key of a letter with a link. It holds the link's hash, not the secret itself: keys are shown.
pub(super) fn key(letter: &str, hash: &str) -> String {
    format!("account/{letter}/{hash}")
}

/// Composes what [`post`] put there.
pub fn compose(app: App, order: Order) -> BoxFuture<'static, Result<Composed>> {
    async move {
        let Ok(payload) = serde_json::from_value::<Payload>(order.payload) else {
            let gone = "Its words were deleted when it had left: they held a secret.";
            return Ok(Composed::Nothing(gone.into()));
        };
        let words = words(&app, &payload, &order.address);
        letter(&app.config.club_name, payload.name, words)
    }
    .boxed()
}

/// The words as a letter to somebody of that name.
pub fn letter(club: &str, to: String, words: Words) -> Result<Composed> {
    let page = Page {
        words: &words,
        club,
    };
    let html = page.render().map_err(anyhow::Error::from)?;
    Ok(Composed::Letter(Box::new(Letter {
        to_name: Some(to),
        text: text(&words, club),
        html,
        subject: words.subject,
        ..Letter::default()
    })))
}

fn words(app: &App, payload: &Payload, address: &str) -> Words {
    let (club, base) = (&app.config.club_name, app.config.base_url());
    let link = |path: &str| format!("{base}/{path}/{}", payload.token);
    let lines = |lines: &[&str]| lines.iter().map(ToString::to_string).collect();
    let (subject, before, link, after): (_, Vec<String>, _, Vec<String>) = match payload.letter {
        Said::Confirm => (
            format!("Confirm your address for {club}"),
            vec![format!(
                "this address, {address}, was used to sign up at {club}. If that was you, confirm it:"
            )],
            Some(("Confirm this address", link("confirm"))),
            lines(&[
                "The link works once, within two days.",
                "If it was not you, do nothing: without the link no account comes to life, no more letters come, and after a week your address is forgotten here.",
            ]),
        ),
        Said::Taken => (
            format!("You already have an account at {club}"),
            vec![format!(
                "somebody, perhaps you, entered this address, {address}, at {club}. It has an account there already, so nothing was changed."
            )],
            Some(("Sign in", format!("{base}/sign-in"))),
            lines(&[
                "Forgotten the password? The sign-in page helps.",
                "If it was not you, there is nothing to do.",
            ]),
        ),
        Said::Reset => (
            format!("A new password for {club}"),
            vec![format!(
                "somebody, probably you, has forgotten the password of this account at {club}. Choose a new one:"
            )],
            Some(("Choose a new password", link("reset"))),
            lines(&[
                "The link works once, within half an hour. You will be signed out everywhere.",
                "If it was not you, do nothing: your password stays as it is.",
            ]),
        ),
        Said::Address => (
            format!("Confirm your new address for {club}"),
            vec![format!(
                "{address} is to be the new address of your account at {club}. If that is right, confirm it:"
            )],
            Some(("Confirm this address", link("address"))),
            lines(&[
                "The link works once, within two days. Until then letters go to the old address.",
                "If you know nothing of it, do nothing.",
            ]),
        ),
        Said::AddressAsked => (
            format!("Another address was asked for at {club}"),
            vec![format!(
                "your account at {club} is to get another mail address. A letter has gone there; when it is confirmed, letters go there and no longer to {address}."
            )],
            Some(("Look at your account", format!("{base}/account"))),
            lines(&[
                "If it was not you, somebody knows your password: change it now, and the other letter is void.",
            ]),
        ),
        Said::SecondStepOff => (
            format!("Your second step at {club} is off"),
            vec![format!(
                "an officer of {club} has turned off the second step of your account: from now on your password alone lets you in."
            )],
            Some(("Sign in and turn it on again", format!("{base}/account"))),
            lines(&[
                "If you did not ask for that, turn it on again, change your password, and tell the club.",
            ]),
        ),
    };
    Words {
        subject,
        greeting: format!("Hello {},", payload.name),
        before,
        link,
        after,
    }
}

fn text(words: &Words, club: &str) -> String {
    let link = words
        .link
        .iter()
        .map(|(what, where_to)| format!("{what}:\n{where_to}"));
    let parts: Vec<String> = [words.greeting.clone()]
        .into_iter()
        .chain(words.before.iter().cloned())
        .chain(link)
        .chain(words.after.iter().cloned())
        .chain([format!("-- \n{club}")])
        .collect();
    parts.join("\n\n") + "\n"
}
