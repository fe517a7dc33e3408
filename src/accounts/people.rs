//! What becomes of people: they sign up, confirm, forget, change and leave. Each change is one transaction with its letter.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::fields::{self, Email};
use super::letters::{self, Said};
use super::links::{self, Purpose};
use super::model::{Member, NewMember};
use super::preferences::Notify;
use super::sessions::{self, Proof};
use super::{second_step, secret, store};
use crate::platform::audit::{self, About};
use crate::platform::{Actor, App, Bus, Error, Result, Tx, outbox};

/// The two times of one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub now: DateTime<Utc>,
    /// For links, which people read in the time of the world outside.
    pub wall: DateTime<Utc>,
}

impl Moment {
    pub(super) fn of(app: &App) -> Self {
        Self {
            now: app.clock.now(),
            wall: app.clock.wall(),
        }
    }
}

/// Takes somebody in who waits for confirmation. A taken address is told by letter, not by the answer.
///
/// Who signs up again before confirming gets a new letter. One of the two may be a stranger who waits for the other to
/// confirm: with two different passwords neither counts, and the reader of the letter chooses one.
pub(super) fn sign_up(tx: &Tx, bus: &Bus, at: Moment, new: &NewMember) -> Result<()> {
    let id = match store::by_email(tx, &new.email.key())? {
        None => add(tx, bus, at, new)?,
        Some(member) if member.confirmed_at.is_some() => {
            // As much work as for an unknown one.
            let token = links::make(tx, at.wall, Purpose::Confirm, None, None)?;
            return letters::post(tx, at, &member, &member.email, Said::Taken, &token);
        }
        Some(mut member) => {
            member.full_name.clone_from(&new.full_name);
            member.notify = new.notify;
            store::update(tx, at.now, &member)?;
            if store::password(tx, &new.email.key())? != new.password {
                store::clear_password(tx, at.now, member.id)?;
            }
            member.id
        }
    };
    send_confirmation(tx, at, &store::member(tx, id)?)
}

/// Adds a member and says so to officers.
pub(super) fn add(tx: &Tx, bus: &Bus, at: Moment, new: &NewMember) -> Result<i64> {
    let id = store::insert(tx, at.now, new)?;
    tell(tx, bus, at, "user.new", id)?;
    Ok(id)
}

/// Writes the letter that confirms the member's address.
pub(super) fn send_confirmation(tx: &Tx, at: Moment, member: &Member) -> Result<()> {
    let token = links::make(tx, at.wall, Purpose::Confirm, Some(member.id), None)?;
    letters::post(tx, at, member, &member.email, Said::Confirm, &token)
}

/// Confirms the address that the link was sent to; gives what a link to choose a password carries, where there is none.
pub(super) fn confirm(tx: &Tx, bus: &Bus, at: Moment, token: &str) -> Result<Option<String>> {
    let link = links::take(tx, at.wall, Purpose::Confirm, token)?;
    let mut member = store::member(tx, link.member.ok_or(Error::NotFound("link any more"))?)?;
    member.confirmed_at = member.confirmed_at.or(Some(at.now));
    save(tx, bus, at, &member)?;
    match store::password(tx, &fields::key(&member.email))? {
        Some(_) => Ok(None),
        None => links::make(tx, at.wall, Purpose::Reset, Some(member.id), None).map(Some),
    }
}

/// Makes the address the member's that the link was sent to. Links in letters to the old one work no more.
pub(super) fn change_address(tx: &Tx, bus: &Bus, at: Moment, token: &str) -> Result<Member> {
    let gone = || Error::NotFound("link any more");
    let link = links::take(tx, at.wall, Purpose::Address, token)?;
    let member = store::member(tx, link.member.ok_or_else(gone)?)?;
    let email = Email::parse(&link.email.ok_or_else(gone)?).map_err(|_| gone())?;
    store::set_email(tx, at.now, member.id, &email)?;
    links::void(tx, member.id)?;
    outbox::readdress(tx, member.id, &member.email, email.as_str())?;
    tell(tx, bus, at, "user.updated", member.id)?;
    store::member(tx, member.id)
}

/// Asks the new address whether it is the member's, and tells the old one. One that is somebody's gets a letter that says so.
pub(super) fn ask_address(tx: &Tx, at: Moment, member: &Member, email: &Email) -> Result<()> {
    let owner = store::by_email(tx, &email.key())?;
    let token = links::make(
        tx,
        at.wall,
        Purpose::Address,
        Some(member.id),
        Some(email.as_str()),
    )?;
    match owner.filter(|owner| owner.id != member.id) {
        Some(owner) => letters::post(tx, at, &owner, &owner.email, Said::Taken, &token)?,
        None => letters::post(tx, at, member, email.as_str(), Said::Address, &token)?,
    }
    letters::post(tx, at, member, &member.email, Said::AddressAsked, &token)
}

/// Writes the letter for a forgotten password, where the address is a member's; nobody sees the difference.
pub(super) fn forgotten(tx: &Tx, at: Moment, key: &str) -> Result<()> {
    let member = store::by_email(tx, key)?.filter(|member| member.disabled_at.is_none());
    match member {
        // As much work as for somebody.
        None => links::make(tx, at.wall, Purpose::Reset, None, None).map(drop),
        Some(member) if member.confirmed_at.is_none() => send_confirmation(tx, at, &member),
        Some(member) => {
            let token = links::make(tx, at.wall, Purpose::Reset, Some(member.id), None)?;
            letters::post(tx, at, &member, &member.email, Said::Reset, &token)
        }
    }
}

/// Sets the password that a reset letter was sent for. All sessions and tokens end: somebody else may hold them.
pub(super) fn reset(tx: &Tx, bus: &Bus, at: Moment, token: &str, hash: &str) -> Result<()> {
    let link = links::take(tx, at.wall, Purpose::Reset, token)?;
    let id = link.member.ok_or(Error::NotFound("link any more"))?;
    set_password(tx, bus, at, id, hash, None)?;
    sessions::revoke_all(tx, id)
}

/// Sets a password. Every session but `kept` ends, and no letter's link works any more; tokens stay.
pub(super) fn set_password(
    tx: &Tx,
    bus: &Bus,
    at: Moment,
    id: i64,
    hash: &str,
    kept: Option<Proof>,
) -> Result<()> {
    store::set_password(tx, at.now, id, hash)?;
    sessions::end_others(tx, id, kept)?;
    links::void(tx, id)?;
    tell(tx, bus, at, "user.updated", id)
}

/// Writes a member's facts where they differ; who is shut out is signed out.
pub(super) fn save(tx: &Tx, bus: &Bus, at: Moment, member: &Member) -> Result<()> {
    if store::member(tx, member.id)? == *member {
        return Ok(());
    }
    store::update(tx, at.now, member)?;
    if member.disabled_at.is_some() {
        sessions::end_others(tx, member.id, None)?;
        links::void(tx, member.id)?;
    }
    tell(tx, bus, at, "user.updated", member.id)
}

/// The member is told of no burst any more, by no channel.
pub async fn stop_telling(app: &App, id: i64) -> Result<()> {
    let (at, bus) = (Moment::of(app), app.bus.clone());
    let stopped = app.db.write(move |tx| {
        let member = Member {
            notify: Notify::None,
            ..store::member(tx, id)?
        };
        save(tx, &bus, at, &member)
    });
    stopped.await
}

/// The member gets no letter on the birthday any more.
pub async fn stop_greeting(app: &App, id: i64) -> Result<()> {
    let (at, bus) = (Moment::of(app), app.bus.clone());
    let stopped = app.db.write(move |tx| {
        let member = Member {
            birthday_letter: false,
            ..store::member(tx, id)?
        };
        save(tx, &bus, at, &member)
    });
    stopped.await
}

/// Deletes a member with all that is theirs.
pub(super) fn delete(tx: &Tx, bus: &Bus, at: Moment, id: i64) -> Result<()> {
    store::delete(tx, id)?;
    tell(tx, bus, at, "user.deleted", id)
}

/// What an officer, or the owner of the machine, can do to a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// The address counts as confirmed.
    Confirm,
    /// It does no longer.
    Doubt,
    /// The letter that confirms the address goes once more.
    Resend,
    Disable,
    Enable,
    Promote,
    Demote,
    /// For who has lost the phone and the codes for its loss.
    SecondStepOff,
    Delete,
}

impl Deed {
    /// From the word that pages and commands have for it.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "confirm" => Self::Confirm,
            "doubt" => Self::Doubt,
            "resend" => Self::Resend,
            "disable" => Self::Disable,
            "enable" => Self::Enable,
            "promote" => Self::Promote,
            "demote" => Self::Demote,
            "second-step-off" => Self::SecondStepOff,
            "delete" => Self::Delete,
            _ => return None,
        })
    }

    /// The word under which it is put on record.
    fn act(self) -> &'static str {
        match self {
            Self::Confirm => "member.confirm",
            Self::Doubt => "member.doubt",
            Self::Resend => "member.resend",
            Self::Disable => "member.disable",
            Self::Enable => "member.enable",
            Self::Promote => "member.promote",
            Self::Demote => "member.demote",
            Self::SecondStepOff => "member.second-step-off",
            Self::Delete => "member.delete",
        }
    }
}

/// Does it to a member, on record.
pub(super) fn perform(
    tx: &Tx,
    bus: &Bus,
    at: Moment,
    actor: &Actor,
    id: i64,
    deed: Deed,
) -> Result<()> {
    let mut member = store::member(tx, id)?;
    let (act, about) = (deed.act(), About::from(&member));
    audit::note(tx, at.now, actor, act, &about, &json!({}))?;
    match deed {
        Deed::Delete => return delete(tx, bus, at, id),
        Deed::Resend if member.confirmed_at.is_none() => {
            return send_confirmation(tx, at, &member);
        }
        Deed::Resend => return Ok(()),
        Deed::SecondStepOff => return turn_second_step_off(tx, bus, at, &member),
        Deed::Confirm => member.confirmed_at = member.confirmed_at.or(Some(at.now)),
        Deed::Doubt => member.confirmed_at = None,
        Deed::Disable => member.disabled_at = member.disabled_at.or(Some(at.now)),
        Deed::Enable => member.disabled_at = None,
        Deed::Promote => member.officer = true,
        Deed::Demote => member.officer = false,
    }
    save(tx, bus, at, &member)
}

/// Turns the second step off for a member, and tells them by letter: somebody may have talked an officer into it.
fn turn_second_step_off(tx: &Tx, bus: &Bus, at: Moment, member: &Member) -> Result<()> {
    if !second_step::all(tx)?.contains(&member.id) {
        let why = format!("{} has no second step to turn off", member.full_name);
        return Err(Error::invalid("member", why));
    }
    second_step::turn_off(tx, member.id)?;
    // No link: what makes the letter one of its kind is kept nowhere.
    let once = secret::fresh();
    letters::post(tx, at, member, &member.email, Said::SecondStepOff, &once)?;
    tell(tx, bus, at, "user.updated", member.id)
}

/// Writes what an officer changed of a member's facts, on record where it differs.
pub(super) fn rewrite(
    tx: &Tx,
    bus: &Bus,
    at: Moment,
    actor: &Actor,
    (before, after): (&Member, &Member),
) -> Result<()> {
    let fields = [
        ("full_name", before.full_name != after.full_name),
        ("notify", before.notify != after.notify),
        ("preferences", before.preferences != after.preferences),
    ];
    let changed: Vec<&str> = fields
        .into_iter()
        .filter_map(|(field, differs)| differs.then_some(field))
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    let details = json!({ "fields": changed });
    let about = About::from(before);
    audit::note(tx, at.now, actor, "member.change", &about, &details)?;
    save(tx, bus, at, after)
}

/// Does what may not leave a club without an officer that has one; whoever owns the machine needs no such care.
pub(super) fn with_care<T>(tx: &Tx, deed: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = store::officers(tx)?;
    let done = deed()?;
    match (before, store::officers(tx)?) {
        (1.., 0) => Err(Error::invalid(
            "officer",
            "the club would have no officer; make somebody else one first",
        )),
        _ => Ok(done),
    }
}

/// What officers hear. Only the number: an event outlives the member's deletion by a week.
fn tell(tx: &Tx, bus: &Bus, at: Moment, name: &str, id: i64) -> Result<()> {
    bus.append(tx, at.now, "users", name, &json!({ "id": id }))
}
