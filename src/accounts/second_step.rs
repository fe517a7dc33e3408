//! The second step at sign-in: a code from a phone (TOTP, RFC 6238), or one of those kept for its loss.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use qrcode::QrCode;
use qrcode::render::svg;
use rusqlite::{Connection, OptionalExtension as _, params};
use totp_rs::{Builder, Secret, Totp};

use super::secret;
use crate::platform::{Error, Result, Tx, random};

/// Codes for the loss of the phone.
const CODES: usize = 8;

/// A secret that waits to be proved, or works.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// Base32.
    pub secret: String,
    pub confirmed: bool,
    last: i64,
}

pub(super) fn of(conn: &Connection, member: i64) -> Result<Option<Step>> {
    let sql =
        "select secret, confirmed_at is not null, last_step from second_steps where member_id = ?1";
    let found = conn.prepare_cached(sql)?.query_row([member], |row| {
        Ok(Step {
            secret: row.get(0)?,
            confirmed: row.get(1)?,
            last: row.get(2)?,
        })
    });
    Ok(found.optional()?)
}

/// Makes a secret for the member to put into a phone; one that waited is replaced, one that works is left.
pub(super) fn propose(tx: &Tx, member: i64) -> Result<()> {
    let bytes = hex::decode(random::hex(20)).map_err(|error| Error::Internal(error.into()))?;
    let secret = Secret::from(bytes).to_base32();
    tx.execute(
        "insert into second_steps (member_id, secret) values (?1, ?2)
         on conflict (member_id) do update set secret = excluded.secret where confirmed_at is null",
        params![member, secret],
    )?;
    Ok(())
}

/// Turns the proposed step on where `code` proves that the phone has it, and gives the codes for its loss.
pub(super) fn confirm(
    tx: &Tx,
    wall: DateTime<Utc>,
    member: i64,
    code: &str,
) -> Result<Vec<String>> {
    let step = of(tx, member)?.ok_or(Error::NotFound("second step to confirm"))?;
    let fits = check(&step, wall, code)?;
    let (Some(at), false) = (fits, step.confirmed) else {
        let words =
            "is not the code of this moment; look at the phone's clock and try the next one";
        return Err(Error::invalid("code", words));
    };
    tx.execute(
        "update second_steps set confirmed_at = ?2, last_step = ?3 where member_id = ?1",
        params![member, wall.timestamp_micros(), at],
    )?;
    let codes: Vec<String> = (0..CODES).map(|_| recovery_code()).collect();
    tx.execute("delete from recovery_codes where member_id = ?1", [member])?;
    for code in &codes {
        tx.execute(
            "insert into recovery_codes (member_id, hash) values (?1, ?2)",
            params![member, secret::hashed(&plain(code))],
        )?;
    }
    Ok(codes)
}

/// Whether `code` is one that the member may use now; it does not work again.
pub(super) fn take(tx: &Tx, wall: DateTime<Utc>, member: i64, code: &str) -> Result<bool> {
    let Some(step) = of(tx, member)?.filter(|step| step.confirmed) else {
        return Ok(false);
    };
    if let Some(at) = check(&step, wall, code)? {
        let sql = "update second_steps set last_step = ?2 where member_id = ?1";
        tx.execute(sql, params![member, at])?;
        return Ok(true);
    }
    let used = tx.execute(
        "delete from recovery_codes where member_id = ?1 and hash = ?2",
        params![member, secret::hashed(&plain(code))],
    )?;
    Ok(used == 1)
}

pub(super) fn turn_off(tx: &Tx, member: i64) -> Result<()> {
    tx.execute("delete from second_steps where member_id = ?1", [member])?;
    tx.execute("delete from recovery_codes where member_id = ?1", [member])?;
    Ok(())
}

/// The members who have one that works.
pub(super) fn all(conn: &Connection) -> Result<BTreeSet<i64>> {
    let sql = "select member_id from second_steps where confirmed_at is not null";
    let mut select = conn.prepare_cached(sql)?;
    let rows = select.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Recovery codes that are left.
pub(super) fn codes_left(conn: &Connection, member: i64) -> Result<i64> {
    let count = "select count(*) from recovery_codes where member_id = ?1";
    Ok(conn.query_row(count, [member], |row| row.get(0))?)
}

/// The secret as a picture for a phone's camera: SVG, dark on light in every theme.
pub(super) fn picture(secret: &str, club: &str, email: &str) -> Result<String> {
    // Neither may hold a colon: it parts them in the code's text.
    let totp = Builder::new()
        .with_secret(base32(secret)?)
        .with_account_name(email.replace(':', "_"))
        .with_issuer(Some(club.replace(':', " ")))
        .build()
        .map_err(odd)?;
    let code = QrCode::new(totp.to_url().map_err(odd)?).map_err(odd)?;
    let drawn = code.render::<svg::Color>().min_dimensions(240, 240).build();
    let start = drawn.find("<svg").unwrap_or_default();
    Ok(drawn[start..].to_owned())
}

/// The step that `code` belongs to, among this one, the one before and the one after; none that was used.
fn check(step: &Step, wall: DateTime<Utc>, code: &str) -> Result<Option<i64>> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let now = u64::try_from(wall.timestamp()).unwrap_or_default();
    let at = totp(&step.secret)?.check(&digits, now);
    let at = at.and_then(|at| i64::try_from(at).ok());
    Ok(at.filter(|at| *at > step.last))
}

fn totp(secret: &str) -> Result<Totp> {
    let totp = Builder::new().with_secret(base32(secret)?).build();
    totp.map_err(odd)
}

fn base32(secret: &str) -> Result<Secret> {
    Secret::try_from_base32(secret).map_err(odd)
}

fn odd(error: impl std::fmt::Display) -> Error {
    Error::Internal(anyhow::anyhow!("TOTP: {error}"))
}

/// 80 random bits in four groups that can be read aloud, on one line of a phone.
fn recovery_code() -> String {
    let digits = random::hex(10);
    let groups: Vec<&str> = (0..4).map(|n| &digits[n * 5..n * 5 + 5]).collect();
    groups.join("-")
}

/// However it is typed.
fn plain(code: &str) -> String {
    let letters = code.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}
