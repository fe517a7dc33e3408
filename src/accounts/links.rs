//! Links that work once: what a letter carries to prove that its reader owns the address.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension as _, Params, params};

use super::{letters, secret};
use crate::platform::{Error, Result, Tx, outbox};

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Confirm,
    Reset,
    /// Makes an address the member's.
    Address,
    /// Makes the first officer.
    Officer,
}

impl Purpose {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Reset => "reset",
            Self::Address => "address",
            Self::Officer => "officer",
        }
    }

    /// How long its links work.
    pub(super) fn lasts(self) -> TimeDelta {
        match self {
            Self::Confirm | Self::Address => TimeDelta::hours(48),
            Self::Reset => TimeDelta::minutes(30),
            Self::Officer => TimeDelta::hours(24),
        }
    }
}

/// What an unused link stands for.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub member: Option<i64>,
    pub email: Option<String>,
}

/// Makes a link's secret. The member's earlier ones for the same purpose are void from then on.
///
/// `wall` is the time of the world outside: people read letters in it, also in a demonstration.
pub(super) fn make(
    tx: &Tx,
    wall: DateTime<Utc>,
    purpose: Purpose,
    member: Option<i64>,
    email: Option<&str>,
) -> Result<String> {
    let token = secret::fresh();
    forget(
        tx,
        "delete from links where purpose = ?1 and member_id is ?2 returning purpose, hash",
        params![purpose.as_str(), member],
    )?;
    tx.execute(
        "insert into links (hash, member_id, purpose, email, expires_at) values (?1, ?2, ?3, ?4, ?5)",
        params![
            secret::hashed(&token),
            member,
            purpose.as_str(),
            email,
            (wall + purpose.lasts()).timestamp_micros(),
        ],
    )?;
    Ok(token)
}

/// What the link stands for; [`Error::NotFound`] where it was used, is too old, or never was.
pub(super) fn look(
    conn: &Connection,
    wall: DateTime<Utc>,
    purpose: Purpose,
    token: &str,
) -> Result<Link> {
    let mut select = conn.prepare_cached(
        "select member_id, email from links where hash = ?1 and purpose = ?2 and expires_at > ?3",
    )?;
    let values = params![
        secret::hashed(token),
        purpose.as_str(),
        wall.timestamp_micros()
    ];
    let found = select.query_row(values, |row| {
        Ok(Link {
            member: row.get(0)?,
            email: row.get(1)?,
        })
    });
    found.optional()?.ok_or(Error::NotFound("link any more"))
}

/// [`look`], and it does not work again.
pub(super) fn take(tx: &Tx, wall: DateTime<Utc>, purpose: Purpose, token: &str) -> Result<Link> {
    let link = look(tx, wall, purpose, token)?;
    tx.execute("delete from links where hash = ?1", [secret::hashed(token)])?;
    Ok(link)
}

/// Voids every link of a member, such as those to the old password.
pub(super) fn void(tx: &Tx, member: i64) -> Result<()> {
    let all = "delete from links where member_id = ?1 returning purpose, hash";
    forget(tx, all, [member])
}

/// Deletes the links that `sql` gives back, and their letters where these still wait: nobody is to press what does nothing.
fn forget(tx: &Tx, sql: &str, values: impl Params) -> Result<()> {
    let mut delete = tx.prepare_cached(sql)?;
    let gone = delete.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?;
    let gone: Vec<(String, String)> = gone.collect::<Result<_, _>>()?;
    for (purpose, hash) in gone {
        outbox::take_back(tx, &letters::key(&purpose, &hash))?;
    }
    Ok(())
}

/// Forgets links that are too old.
pub(super) fn forget_old(tx: &Tx, wall: DateTime<Utc>) -> Result<()> {
    let old = "delete from links where expires_at <= ?1";
    tx.execute(old, [wall.timestamp_micros()])?;
    Ok(())
}
