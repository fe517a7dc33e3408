//! What an observation said before each change, and who changed it.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};
use serde::Serialize;
use serde_json::Value;

use super::json::FactsJson;
use super::model::Observation;
use super::store;
use crate::platform::{Result, Tx};

/// A change.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ObservationChange)]
pub(super) struct Change {
    /// The revision that was replaced.
    pub revision: i64,
    pub changed_at: DateTime<Utc>,
    /// Name of the member who changed it; null for one who has left.
    pub changed_by: Option<String>,
    /// What the observation said.
    #[schema(value_type = FactsJson)]
    pub before: Value,
}

/// Keeps what an observation says before it is changed.
pub(super) fn keep(tx: &Tx, now: DateTime<Utc>, before: &Observation, by: i64) -> Result<()> {
    let json = serde_json::to_string(&FactsJson::from(before))?;
    tx.prepare_cached(
        "insert into observation_history (observation_id, revision, changed_by, changed_at, before) values (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        before.id,
        before.revision,
        by,
        now.timestamp_micros(),
        json
    ])?;
    Ok(())
}

/// Every change, the latest first. Names are read from `members`.
pub(super) fn of(conn: &Connection, observation: i64) -> Result<Vec<Change>> {
    let mut asked = conn.prepare_cached(
        "select revision, changed_at, full_name, before from observation_history left join members on members.id = changed_by
         where observation_id = ?1 order by revision desc",
    )?;
    let mut rows = asked.query([observation])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        changes.push(Change {
            revision: row.get(0)?,
            changed_at: store::time(row.get(1)?),
            changed_by: row.get(2)?,
            before: serde_json::from_str(&row.get::<_, String>(3)?)?,
        });
    }
    Ok(changes)
}
