//! What members want to be told, in the database.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::{Notify, Preferences};
use crate::platform::{Error, Result, Tx};

/// Sets the one choice of a member.
pub fn set_notify(tx: &Tx, now: DateTime<Utc>, member: i64, notify: Notify) -> Result<()> {
    let changed = tx
        .prepare_cached("update members set notify = ?2, updated_at = ?3 where id = ?1")?
        .execute(params![member, notify.as_str(), now.timestamp_micros()])?;
    found(changed)
}

/// Sets the finer choices of a member.
pub fn set_preferences(
    tx: &Tx,
    now: DateTime<Utc>,
    member: i64,
    preferences: &Preferences,
) -> Result<()> {
    let text = serde_json::to_string(preferences)?;
    let changed = tx
        .prepare_cached("update members set preferences = ?2, updated_at = ?3 where id = ?1")?
        .execute(params![member, text, now.timestamp_micros()])?;
    found(changed)
}

fn found(changed: usize) -> Result<()> {
    if changed == 0 {
        return Err(Error::NotFound("member"));
    }
    Ok(())
}
