//! Signing in: the password, the second step, the session. Nothing here tells whether an address is known.

use std::net::IpAddr;

use chrono::TimeDelta;

use super::model::Member;
use super::seal::Seal;
use super::sessions::{Caller, Proof};
use super::store::{self, Credentials};
use super::{fields, password, second_step, secret, sessions};
use crate::platform::{App, Error, Result};

/// For unknown, unconfirmed, disabled and wrong alike.
pub(super) const REFUSED: &str =
    "the address and the password do not belong together, or the address is not confirmed";

/// So long a device is known.
pub(super) const DEVICE: TimeDelta = TimeDelta::days(365);

/// Somebody whose password was right.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub member: Member,
    /// Whether a code is asked as well.
    pub second_step: bool,
}

/// Judges a password, at the limits of the account and of the visitor. A `device` on which the member has signed in before
/// has turns of its own: strangers who guess cannot shut the member out.
pub(super) async fn judge(
    app: &App,
    visitor: IpAddr,
    email: &str,
    password: String,
    device: Option<&str>,
) -> Result<Known> {
    let key = fields::key(email);
    app.limits.knocks.take(&visitor)?;
    match device {
        Some(device) if is_known(app, &key, device).await? => {
            app.limits.guesses.take(&("device", device))?;
        }
        _ => {
            app.limits.guesses.take(&(&key, visitor))?;
            app.limits.sign_ins.take(&key)?;
        }
    }
    let found = app
        .db
        .read(move |conn| store::credentials(conn, &key))
        .await?;
    let kept = found.as_ref().and_then(|found| found.password.clone());
    // As much work for nobody as for somebody.
    let right = password::matches(password.clone(), kept).await?;
    match found {
        Some(found) if right && found.member.may_enter() => {
            renew(app, &found, password).await?;
            Ok(Known {
                second_step: found.second_step,
                member: found.member,
            })
        }
        _ => Err(Error::Unauthorized(REFUSED)),
    }
}

/// What a browser keeps once the member with this address has signed in there.
pub(super) async fn known_device(app: &App, email: &str) -> Result<String> {
    let whose = secret::hashed(&fields::key(email));
    Ok(Seal::of(app)
        .await?
        .stamp("device", &whose, app.clock.wall()))
}

/// Whether the member with this address has signed in on the device.
async fn is_known(app: &App, key: &str, device: &str) -> Result<bool> {
    let seal = Seal::of(app).await?;
    let opened = seal.open("device", device, app.clock.wall(), DEVICE);
    Ok(opened.is_some_and(|(whose, _)| whose == secret::hashed(key)))
}

/// Hashes a password again that was hashed with less work than is asked now.
async fn renew(app: &App, found: &Credentials, password: String) -> Result<()> {
    if !found.password.as_deref().is_some_and(password::is_dated) {
        return Ok(());
    }
    let (hash, now, id) = (
        password::hash(password).await?,
        app.clock.now(),
        found.member.id,
    );
    let renewed = app
        .db
        .write(move |tx| store::set_password(tx, now, id, &hash));
    renewed.await
}

/// Whether this is the member's password: asked again before what cannot be undone.
pub(super) async fn is_password(app: &App, member: &Member, password: String) -> Result<bool> {
    let key = fields::key(&member.email);
    app.limits.guesses.take(&("signed in", &key))?;
    let found = app
        .db
        .read(move |conn| store::credentials(conn, &key))
        .await?;
    password::matches(password, found.and_then(|found| found.password)).await
}

/// Whether the code is right, at the limit of the account; it works once.
pub(super) async fn is_code(app: &App, member: &Member, code: String) -> Result<bool> {
    let key = fields::key(&member.email);
    app.limits.guesses.take(&("code", key))?;
    let (id, wall) = (member.id, app.clock.wall());
    let taken = app
        .db
        .write(move |tx| second_step::take(tx, wall, id, &code));
    taken.await
}

/// What somebody gave to show who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    Right,
    WrongPassword,
    WrongCode,
}

/// Judges what a member who is signed in gives again: the password, and a code where the account asks for one.
pub(super) async fn prove(
    app: &App,
    member: &Member,
    password: String,
    code: String,
) -> Result<Given> {
    if !is_password(app, member, password).await? {
        return Ok(Given::WrongPassword);
    }
    let asks_code = app.db.read(second_step::all).await?.contains(&member.id);
    match asks_code && !is_code(app, member, code).await? {
        true => Ok(Given::WrongCode),
        false => Ok(Given::Right),
    }
}

/// Begins a session and gives its secret; the one that the browser had ends, whosever it was.
pub(super) async fn begin(
    app: &App,
    member: &Member,
    device: String,
    before: Option<Caller>,
) -> Result<String> {
    let (id, times) = (member.id, (app.clock.now(), app.clock.wall()));
    let begun = app.db.write(move |tx| {
        if let Some(Proof::Session(before)) = before.map(|caller| caller.proof) {
            sessions::replace(tx, before)?;
        }
        sessions::begin(tx, times, id, &device)
    });
    begun.await
}

/// A browser in a few words, from its User-Agent.
pub(super) fn device(agent: &str) -> String {
    let among = |known: &[(&str, &'static str)]| {
        let found = known.iter().find(|(mark, _)| agent.contains(mark));
        found.map(|(_, name)| *name)
    };
    // The more particular first: Edge also says Chrome, Chrome also says Safari.
    let browser = among(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
        ("python", "Python"),
    ]);
    let system = among(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.into(),
        (None, None) => "A program".into(),
    }
}
