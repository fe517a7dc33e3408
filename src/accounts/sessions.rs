//! Where a member is signed in, and the keys a member gives to scripts.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::model::Member;
use super::secret;
use super::store::{COLUMNS, member_of};
use crate::platform::{Error, Result, Tx};

/// Unused for so long, a session ends.
pub const IDLE: TimeDelta = TimeDelta::days(7);

/// However much it is used, it ends then.
pub const LONGEST: TimeDelta = TimeDelta::days(30);

/// Use is noted to the minute, so that reading seldom costs a write.
const NOTED: TimeDelta = TimeDelta::minutes(1);

/// For so long an officer need not give the password again to change something.
const PROVED: TimeDelta = TimeDelta::minutes(30);

/// API tokens begin like this, so that scanners for lost secrets know them.
const MARK: &str = "grb_";

/// How somebody has proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    Session(i64),
    Token(i64),
}

/// Somebody who has proved it.
#[derive(Debug, Clone)]
pub struct Caller {
    pub member: Member,
    pub proof: Proof,
    pub seen_at: Option<DateTime<Utc>>,
    /// When the session's member last gave the password, by the time of the world outside. None for a token for scripts: nobody
    /// makes one without the password, nor finds it in a browser that was left open.
    pub proved_at: Option<DateTime<Utc>>,
}

/// A session or a token, as its member sees it.
#[derive(Debug, Clone)]
pub struct Kept {
    pub id: i64,
    /// The device, or the token's name.
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub seen_at: Option<DateTime<Utc>>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// Begins a session of somebody who has just proved who they are, and gives what the browser keeps.
pub(super) fn begin(
    tx: &Tx,
    (now, wall): (DateTime<Utc>, DateTime<Utc>),
    member: i64,
    device: &str,
) -> Result<String> {
    let token = secret::fresh();
    tx.execute(
        "insert into sessions (hash, member_id, device, created_at, seen_at, proved_at) values (?1, ?2, ?3, ?4, ?4, ?5)",
        params![
            secret::hashed(&token),
            member,
            device,
            now.timestamp_micros(),
            wall.timestamp_micros()
        ],
    )?;
    Ok(token)
}

/// Makes a key for scripts; nobody can read it again.
pub(super) fn give(
    tx: &Tx,
    now: DateTime<Utc>,
    member: i64,
    name: &str,
    expires_at: Option<DateTime<Utc>>,
) -> Result<String> {
    let token = format!("{MARK}{}", secret::fresh());
    tx.execute(
        "insert into api_tokens (hash, member_id, name, created_at, expires_at) values (?1, ?2, ?3, ?4, ?5)",
        params![
            secret::hashed(&token),
            member,
            name,
            now.timestamp_micros(),
            expires_at.map(|at| at.timestamp_micros()),
        ],
    )?;
    Ok(token)
}

/// Who has this secret: a session's, or a token's. One indexed read.
pub(super) fn caller(
    conn: &Connection,
    now: DateTime<Utc>,
    secret: &str,
) -> Result<Option<Caller>> {
    let found = match secret.starts_with(MARK) {
        true => of_token(conn, now, secret)?,
        false => of_session(conn, now, secret)?,
    };
    Ok(found.filter(|caller| caller.member.may_enter()))
}

fn of_session(conn: &Connection, now: DateTime<Utc>, secret: &str) -> Result<Option<Caller>> {
    let sql = format!(
        "select {COLUMNS}, k.id as proof, k.seen_at as used_at, k.proved_at from sessions k join members m on m.id = k.member_id
         where k.hash = ?1 and k.seen_at > ?2 and k.created_at > ?3"
    );
    let (idle, longest) = (now - IDLE, now - LONGEST);
    let values = params![
        secret::hashed(secret),
        idle.timestamp_micros(),
        longest.timestamp_micros()
    ];
    let mut select = conn.prepare_cached(&sql)?;
    let found = select.query_row(values, |row| caller_of(row, Proof::Session));
    Ok(found.optional()?)
}

fn of_token(conn: &Connection, now: DateTime<Utc>, secret: &str) -> Result<Option<Caller>> {
    let sql = format!(
        "select {COLUMNS}, k.id as proof, k.seen_at as used_at, null as proved_at from api_tokens k join members m on m.id = k.member_id
         where k.hash = ?1 and (k.expires_at is null or k.expires_at > ?2)"
    );
    let values = params![secret::hashed(secret), now.timestamp_micros()];
    let mut select = conn.prepare_cached(&sql)?;
    let found = select.query_row(values, |row| caller_of(row, Proof::Token));
    Ok(found.optional()?)
}

fn caller_of(row: &Row, proof: fn(i64) -> Proof) -> rusqlite::Result<Caller> {
    let seen: Option<i64> = row.get("used_at")?;
    let proved: Option<i64> = row.get("proved_at")?;
    Ok(Caller {
        member: member_of(row)?,
        proof: proof(row.get("proof")?),
        seen_at: seen.and_then(DateTime::from_timestamp_micros),
        proved_at: proved.and_then(DateTime::from_timestamp_micros),
    })
}

impl Caller {
    /// Whether its last use should be noted.
    pub(super) fn is_stale(&self, now: DateTime<Utc>) -> bool {
        self.seen_at.is_none_or(|seen| now - seen >= NOTED)
    }

    /// Whether it is so long ago that the member gave the password in this browser that they are asked again.
    pub(super) fn needs_proof(&self, wall: DateTime<Utc>) -> bool {
        self.proved_at.is_some_and(|proved| wall - proved > PROVED)
    }
}

/// Notes that the session's member has given the password again.
pub(super) fn prove(tx: &Tx, wall: DateTime<Utc>, session: i64) -> Result<()> {
    let sql = "update sessions set proved_at = ?2 where id = ?1";
    tx.execute(sql, params![session, wall.timestamp_micros()])?;
    Ok(())
}

/// Notes that it was used.
pub(super) fn note(tx: &Tx, now: DateTime<Utc>, proof: Proof) -> Result<()> {
    let (sql, id) = match proof {
        Proof::Session(id) => ("update sessions set seen_at = ?2 where id = ?1", id),
        Proof::Token(id) => ("update api_tokens set seen_at = ?2 where id = ?1", id),
    };
    tx.execute(sql, params![id, now.timestamp_micros()])?;
    Ok(())
}

/// A member's sessions that still work, the one used last first.
pub fn sessions(conn: &Connection, now: DateTime<Utc>, member: i64) -> Result<Vec<Kept>> {
    let sql = "select id, device, created_at, seen_at, created_at + ?4 from sessions
               where member_id = ?1 and seen_at > ?2 and created_at > ?3 order by seen_at desc, id desc";
    let values = params![
        member,
        (now - IDLE).timestamp_micros(),
        (now - LONGEST).timestamp_micros(),
        LONGEST.num_microseconds()
    ];
    let mut select = conn.prepare_cached(sql)?;
    let found = select.query_map(values, kept_of)?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// A member's tokens, the oldest first.
pub fn tokens(conn: &Connection, member: i64) -> Result<Vec<Kept>> {
    let sql = "select id, name, created_at, seen_at, expires_at from api_tokens where member_id = ?1 order by id";
    let mut select = conn.prepare_cached(sql)?;
    let found = select.query_map([member], kept_of)?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn kept_of(row: &Row) -> rusqlite::Result<Kept> {
    let time = |at: Option<i64>| at.and_then(DateTime::from_timestamp_micros);
    Ok(Kept {
        id: row.get(0)?,
        name: row.get(1)?,
        created_at: time(row.get(2)?).unwrap_or_default(),
        seen_at: time(row.get(3)?),
        expires_at: time(row.get(4)?),
    })
}

/// Ends one of the member's sessions, or takes back one of the tokens.
pub(super) fn end(tx: &Tx, member: i64, proof: Proof) -> Result<()> {
    let (sql, id) = match proof {
        Proof::Session(id) => ("delete from sessions where id = ?1 and member_id = ?2", id),
        Proof::Token(id) => (
            "delete from api_tokens where id = ?1 and member_id = ?2",
            id,
        ),
    };
    match tx.execute(sql, params![id, member])? {
        0 => Err(Error::NotFound("session or token")),
        _ => Ok(()),
    }
}

/// Ends every session of the member but `kept`.
pub(super) fn end_others(tx: &Tx, member: i64, kept: Option<Proof>) -> Result<()> {
    let kept = match kept {
        Some(Proof::Session(id)) => id,
        _ => 0,
    };
    let others = "delete from sessions where member_id = ?1 and id <> ?2";
    tx.execute(others, params![member, kept])?;
    Ok(())
}

/// Ends a session that another takes the place of; it may have ended by itself.
pub(super) fn replace(tx: &Tx, session: i64) -> Result<()> {
    tx.execute("delete from sessions where id = ?1", [session])?;
    Ok(())
}

/// Takes back every token of the member.
pub(super) fn revoke_all(tx: &Tx, member: i64) -> Result<()> {
    tx.execute("delete from api_tokens where member_id = ?1", [member])?;
    Ok(())
}

/// Forgets sessions and tokens that no longer work.
pub(super) fn forget_old(tx: &Tx, now: DateTime<Utc>) -> Result<()> {
    tx.execute(
        "delete from sessions where seen_at <= ?1 or created_at <= ?2",
        params![
            (now - IDLE).timestamp_micros(),
            (now - LONGEST).timestamp_micros()
        ],
    )?;
    let tokens = "delete from api_tokens where expires_at <= ?1";
    tx.execute(tokens, [now.timestamp_micros()])?;
    Ok(())
}
