//! The table of members.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::fields::Email;
use super::model::{Member, NewMember};
use super::preferences::Notify;
use crate::platform::{Error, Result, Tx, outbox};

/// A member's columns, as [`member_of`] reads them.
pub(super) const COLUMNS: &str = "m.id, m.email, m.full_name, m.officer, m.confirmed_at, m.disabled_at, m.notify, m.preferences, m.created_at, m.birthday, m.birthday_shown, m.birthday_letter";

/// What a sign-in is judged by.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    pub member: Member,
    /// Argon2id in PHC form.
    pub password: Option<String>,
    /// Whether a code is asked as well.
    pub second_step: bool,
}

pub(super) fn member_of(row: &Row) -> rusqlite::Result<Member> {
    let time = |at: Option<i64>| at.and_then(DateTime::from_timestamp_micros);
    let (notify, preferences): (String, String) = (row.get(6)?, row.get(7)?);
    let birthday: Option<String> = row.get(9)?;
    Ok(Member {
        id: row.get(0)?,
        email: row.get(1)?,
        full_name: row.get(2)?,
        officer: row.get(3)?,
        confirmed_at: time(row.get(4)?),
        disabled_at: time(row.get(5)?),
        notify: Notify::parse(&notify).unwrap_or_default(),
        preferences: serde_json::from_str(&preferences).unwrap_or_default(),
        created_at: time(row.get(8)?).unwrap_or_default(),
        birthday: birthday.and_then(|text| text.parse().ok()),
        birthday_shown: row.get(10)?,
        birthday_letter: row.get(11)?,
    })
}

/// The member with this id; [`Error::NotFound`] where there is none.
pub fn member(conn: &Connection, id: i64) -> Result<Member> {
    let sql = format!("select {COLUMNS} from members m where m.id = ?1");
    let found = conn.prepare_cached(&sql)?.query_row([id], member_of);
    found.optional()?.ok_or(Error::NotFound("member"))
}

/// The member whose address this is, however it is written.
pub fn by_email(conn: &Connection, key: &str) -> Result<Option<Member>> {
    let sql = format!("select {COLUMNS} from members m where m.email_key = ?1");
    let found = conn.prepare_cached(&sql)?.query_row([key], member_of);
    Ok(found.optional()?)
}

pub(super) fn credentials(conn: &Connection, key: &str) -> Result<Option<Credentials>> {
    let sql = format!(
        "select {COLUMNS}, m.password, s.confirmed_at is not null as second_step
         from members m left join second_steps s on s.member_id = m.id where m.email_key = ?1"
    );
    let mut select = conn.prepare_cached(&sql)?;
    let found = select.query_row([key], |row| {
        Ok(Credentials {
            member: member_of(row)?,
            password: row.get("password")?,
            second_step: row.get("second_step")?,
        })
    });
    Ok(found.optional()?)
}

/// Up to `limit` members after the id `after`, of those in whose name or address `search` occurs, in capitals or not.
pub fn list(conn: &Connection, search: &str, after: i64, limit: usize) -> Result<Vec<Member>> {
    let sql = format!("select {COLUMNS} from members m where m.id > ?1 order by m.id");
    let mut select = conn.prepare_cached(&sql)?;
    let search = search.to_lowercase();
    // Looked for here, since SQLite knows the capitals of ASCII only.
    let fits = |member: &Member| {
        let texts = [&member.email, &member.full_name];
        texts
            .iter()
            .any(|text| text.to_lowercase().contains(&search))
    };
    let all = select.query_map([after], member_of)?;
    let found = all.filter(|one| !one.as_ref().is_ok_and(|member| !fits(member)));
    Ok(found.take(limit).collect::<Result<_, _>>()?)
}

/// The members whose birthday is one of these, as `MM-DD`, told with a year or without.
pub fn born_on(conn: &Connection, days: &[String]) -> Result<Vec<Member>> {
    let sql = format!(
        "select {COLUMNS} from members m
         where m.birthday is not null and substr(m.birthday, -5) in (select value from json_each(?1)) order by m.id"
    );
    let mut select = conn.prepare_cached(&sql)?;
    let found = select.query_map([serde_json::to_string(days)?], member_of)?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Officers who can sign in.
pub fn officers(conn: &Connection) -> Result<i64> {
    let count = "select count(*) from members where officer and confirmed_at is not null and disabled_at is null";
    Ok(conn.query_row(count, [], |row| row.get(0))?)
}

/// Officers who can sign in.
pub fn every_officer(conn: &Connection) -> Result<Vec<Member>> {
    let sql = format!(
        "select {COLUMNS} from members m where m.officer and m.confirmed_at is not null and m.disabled_at is null order by m.id"
    );
    let mut select = conn.prepare_cached(&sql)?;
    let found = select.query_map([], member_of)?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The new member's id. A taken address is [`Error::Invalid`].
pub fn insert(tx: &Tx, now: DateTime<Utc>, new: &NewMember) -> Result<i64> {
    let added = tx.execute(
        "insert into members (email, email_key, full_name, password, officer, confirmed_at, notify, created_at, updated_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8) on conflict (email_key) do nothing",
        params![
            new.email.as_str(),
            new.email.key(),
            new.full_name,
            new.password,
            new.officer,
            new.confirmed.then(|| now.timestamp_micros()),
            new.notify.as_str(),
            now.timestamp_micros(),
        ],
    )?;
    match added {
        1 => Ok(tx.last_insert_rowid()),
        _ => Err(Error::invalid("email", "belongs to a member already")),
    }
}

/// Writes a member's facts; the password and the address have functions of their own.
pub(super) fn update(tx: &Tx, now: DateTime<Utc>, member: &Member) -> Result<()> {
    let micros = |at: Option<DateTime<Utc>>| at.map(|at| at.timestamp_micros());
    let changed = tx.execute(
        "update members set full_name = ?2, officer = ?3, confirmed_at = ?4, disabled_at = ?5, notify = ?6, preferences = ?7, updated_at = ?8,
         birthday = ?9, birthday_shown = ?10, birthday_letter = ?11 where id = ?1",
        params![
            member.id,
            member.full_name,
            member.officer,
            micros(member.confirmed_at),
            micros(member.disabled_at),
            member.notify.as_str(),
            serde_json::to_string(&member.preferences)?,
            now.timestamp_micros(),
            member.birthday.map(|birthday| birthday.to_string()),
            member.birthday_shown,
            member.birthday_letter,
        ],
    )?;
    found(changed)
}

/// What is kept of the password that belongs to an address, in PHC form.
pub(super) fn password(conn: &Connection, key: &str) -> Result<Option<String>> {
    let sql = "select password from members where email_key = ?1";
    let found = conn.prepare_cached(sql)?.query_row([key], |row| row.get(0));
    Ok(found.optional()?.flatten())
}

/// Leaves a member without a password: whoever reads the letter that confirms the address chooses one.
pub(super) fn clear_password(tx: &Tx, now: DateTime<Utc>, id: i64) -> Result<()> {
    let sql = "update members set password = null, updated_at = ?2 where id = ?1";
    found(tx.execute(sql, params![id, now.timestamp_micros()])?)
}

pub(super) fn set_password(tx: &Tx, now: DateTime<Utc>, id: i64, hash: &str) -> Result<()> {
    let sql = "update members set password = ?2, updated_at = ?3 where id = ?1";
    found(tx.execute(sql, params![id, hash, now.timestamp_micros()])?)
}

/// Makes `email` the member's address, confirmed. [`Error::Invalid`] where somebody else has it by now.
pub(super) fn set_email(tx: &Tx, now: DateTime<Utc>, id: i64, email: &Email) -> Result<()> {
    if by_email(tx, &email.key())?.is_some_and(|other| other.id != id) {
        return Err(Error::invalid("email", "belongs to a member already"));
    }
    let sql = "update members set email = ?2, email_key = ?3, confirmed_at = coalesce(confirmed_at, ?4), updated_at = ?4 where id = ?1";
    let values = params![id, email.as_str(), email.key(), now.timestamp_micros()];
    found(tx.execute(sql, values)?)
}

/// Deletes a member with everything that is theirs: what refers to the member goes with the row, letters by hand.
pub(super) fn delete(tx: &Tx, id: i64) -> Result<()> {
    outbox::forget_member(tx, id, &member(tx, id)?.email)?;
    found(tx.execute("delete from members where id = ?1", [id])?)
}

/// Forgets who has not confirmed an address, for the last time asked for before `old`, and has nothing here.
///
/// An officer can doubt the address of a member of years: whatever refers to a member keeps the member, also what areas to come
/// will keep of members. A link does not, as it is in the letter that was never answered.
pub(super) fn forget_unconfirmed(tx: &Tx, old: DateTime<Utc>) -> Result<()> {
    let mut unconfirmed = tx.prepare_cached(
        "select id from members where confirmed_at is null and disabled_at is null and not officer and updated_at <= ?1 limit 200",
    )?;
    let ids = unconfirmed.query_map([old.timestamp_micros()], |row| row.get(0))?;
    let ids: Vec<i64> = ids.collect::<Result<_, _>>()?;
    if ids.is_empty() {
        return Ok(());
    }
    let mut belongings = tx.prepare_cached(
        "select t.name, f.\"from\" from sqlite_schema t, pragma_foreign_key_list(t.name) f
         where t.type = 'table' and f.\"table\" = 'members' and t.name <> 'links'",
    )?;
    let belongings = belongings.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let belongings: Vec<(String, String)> = belongings.collect::<Result<_, _>>()?;
    for id in ids {
        let owns = |(table, column): &(String, String)| {
            let any = format!("select exists(select 1 from {table} where {column} = ?1)");
            tx.prepare_cached(&any)?.query_row([id], |row| row.get(0))
        };
        let owned: Vec<bool> = belongings.iter().map(owns).collect::<Result<_, _>>()?;
        if !owned.contains(&true) {
            delete(tx, id)?;
        }
    }
    Ok(())
}

fn found(changed: usize) -> Result<()> {
    match changed {
        0 => Err(Error::NotFound("member")),
        _ => Ok(()),
    }
}
