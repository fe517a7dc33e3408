//! What officers did: written with each act, in its transaction, and never changed afterwards.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, named_params, params};
use serde::Serialize;
use serde_json::Value;

use super::{Result, Tx};

/// How long an act stays on record. The table's trigger refuses to let go of one younger than 731 days by the machine's clock.
const KEPT: TimeDelta = TimeDelta::days(733);

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    Officer {
        id: i64,
        name: String,
    },
    /// Somebody at the machine's terminal: whoever owns the data folder.
    Terminal,
}

/// What an act is about: its kind, its number where it has one, and what it is called at that time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub kind: &'static str,
    pub id: Option<i64>,
    pub name: String,
}

impl About {
    pub fn new(kind: &'static str, id: i64, name: impl Into<String>) -> Self {
        Self {
            kind,
            id: Some(id),
            name: name.into(),
        }
    }

    /// Something that has no number.
    pub fn named(kind: &'static str, name: impl Into<String>) -> Self {
        Self {
            kind,
            id: None,
            name: name.into(),
        }
    }
}

/// Puts an act on record, with its details: a JSON object without anything secret.
pub fn note(
    tx: &Tx,
    now: DateTime<Utc>,
    actor: &Actor,
    act: &'static str,
    about: &About,
    details: &Value,
) -> Result<()> {
    let (member, name) = match actor {
        Actor::Officer { id, name } => (Some(*id), name.as_str()),
        Actor::Terminal => (None, "terminal"),
    };
    tx.prepare_cached(
        "insert into audit (at, member_id, member_name, act, about, about_id, about_name, details)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        now.timestamp_micros(),
        member,
        name,
        act,
        about.kind,
        about.id,
        about.name,
        serde_json::to_string(details)?
    ])?;
    Ok(())
}

/// An act on record.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Entry {
    pub id: i64,
    pub at: DateTime<Utc>,
    /// The officer's number; null for somebody at the machine's terminal
    pub member_id: Option<i64>,
    /// The officer's name at that time, or `terminal`
    #[schema(examples("Vera Night"))]
    pub member_name: String,
    #[schema(examples("member.promote"))]
    pub act: String,
    /// What kind of thing it was done to
    #[schema(examples("member"))]
    pub about: String,
    pub about_id: Option<i64>,
    /// What it was called at that time
    #[schema(examples("Ada Owl"))]
    pub about_name: String,
    /// What else there is to say
    #[schema(value_type = Object)]
    pub details: Value,
}

/// Up to `limit` acts, the latest first, older than the one with id `before`; and the id to go on from where there are more.
/// `member` narrows them to what a member did and what was done to them: by number, or by part of a name.
pub fn list(
    conn: &Connection,
    member: &str,
    before: Option<i64>,
    limit: usize,
) -> Result<(Vec<Entry>, Option<i64>)> {
    let mut select = conn.prepare_cached(
        "select * from audit
         where id < :before
           and (:member = '' or member_id = :number or (about = 'member' and about_id = :number)
                or (:number is null and (instr(lower(member_name), lower(:member)) > 0
                                         or (about = 'member' and instr(lower(about_name), lower(:member)) > 0))))
         order by id desc limit :limit",
    )?;
    let rows = select.query_map(
        named_params! {
            ":before": before.unwrap_or(i64::MAX),
            ":member": member,
            ":number": member.parse::<i64>().ok(),
            ":limit": i64::try_from(limit + 1).unwrap_or(i64::MAX),
        },
        |row| {
            let details: String = row.get("details")?;
            Ok(Entry {
                id: row.get("id")?,
                at: DateTime::from_timestamp_micros(row.get("at")?).unwrap_or_default(),
                member_id: row.get("member_id")?,
                member_name: row.get("member_name")?,
                act: row.get("act")?,
                about: row.get("about")?,
                about_id: row.get("about_id")?,
                about_name: row.get("about_name")?,
                details: serde_json::from_str(&details).unwrap_or_default(),
            })
        },
    )?;
    let mut found: Vec<Entry> = rows.collect::<Result<_, _>>()?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| last.id);
    Ok((found, next))
}

/// Forgets what is older than two years.
pub fn forget_old(tx: &Tx, now: DateTime<Utc>) -> Result<()> {
    let old = (now - KEPT).timestamp_micros();
    tx.execute("delete from audit where at < ?1", [old])?;
    Ok(())
}
