//! Signing up, by page or by JSON: the same checks, the same work, the same silence about who is known.

use std::net::IpAddr;

use super::fields::{self, Email};
use super::model::NewMember;
use super::password;
use super::people::{self, Moment};
use super::preferences::Notify;
use super::store;
use crate::platform::web::form::Faults;
use crate::platform::{App, Result};

/// What somebody who signs up has typed.
#[derive(Debug, Clone, Default)]
pub(super) struct Wish {
    pub email: String,
    pub full_name: String,
    pub password: String,
    pub again: String,
    pub notify: Notify,
}

/// Signs somebody up, unless there are faults, these or those found here.
pub(super) async fn sign_up(app: &App, visitor: IpAddr, wish: Wish, faults: Faults) -> Result<()> {
    let password = wish.password.clone();
    let mut new = understood(wish, faults).await?;
    app.limits.sign_ups.take(&visitor)?;
    let key = new.email.key();
    let kept = app.db.read(move |conn| store::password(conn, &key)).await?;
    // As much work for nobody as for somebody.
    if password::matches(password, kept.clone()).await? {
        new.password = kept;
    }
    // Too many letters to one address: nothing changes, and nobody sees it.
    if app.limits.letters.take(&new.email.key()).is_err() {
        return Ok(());
    }
    let (at, bus) = (Moment::of(app), app.bus.clone());
    let signed = app.db.write(move |tx| people::sign_up(tx, &bus, at, &new));
    signed.await
}

/// The member to be, with a hashed password; every faulty field is named.
pub(super) async fn understood(wish: Wish, mut faults: Faults) -> Result<NewMember> {
    let email = faults.take("email", Email::parse(&wish.email));
    let full_name = faults.take("full_name", fields::full_name(&wish.full_name));
    let known = vec![wish.email, wish.full_name];
    judge_password(&mut faults, &wish.password, &wish.again, known).await?;
    faults.done()?;
    let hash = password::hash(wish.password).await?;
    let (Some(email), Some(full_name)) = (email, full_name) else {
        return Err(anyhow::anyhow!("a fault was not counted").into());
    };
    Ok(NewMember {
        email,
        full_name,
        password: Some(hash),
        notify: wish.notify,
        officer: false,
        confirmed: false,
    })
}

/// Notes what is wrong with a new password that was typed twice.
pub(super) async fn judge_password(
    faults: &mut Faults,
    password: &str,
    again: &str,
    known: Vec<String>,
) -> Result<()> {
    if let Some(weakness) = password::weakness(password.into(), known).await? {
        faults.add("password", weakness);
    }
    if password != again {
        faults.add("password_confirmation", "is not the same password");
    }
    Ok(())
}
