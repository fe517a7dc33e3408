//! How far each Kafka partition has been read: written once everything up to there is durable, so that a crash repeats and never skips.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use crate::platform::{Result, Tx};

/// Where a record stands. Offsets of one cluster mean nothing in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    pub cluster: String,
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
}

/// Keeps that everything up to and with `position` has been taken. Never goes back.
pub(super) fn keep(tx: &Tx, position: &Position) -> Result<()> {
    tx.prepare_cached(
        "insert into kafka_positions (cluster, topic, partition, next_offset) values (?1, ?2, ?3, ?4)
         on conflict (cluster, topic, partition) do update set next_offset = max(next_offset, excluded.next_offset)",
    )?
    .execute(params![position.cluster, position.topic, position.partition, position.offset + 1])?;
    Ok(())
}

/// The next offset of every topic and partition of `cluster` that was ever read.
pub(super) fn kept(conn: &Connection, cluster: &str) -> Result<HashMap<(String, i32), i64>> {
    let mut select = conn.prepare_cached(
        "select topic, partition, next_offset from kafka_positions where cluster = ?1",
    )?;
    let rows = select.query_map([cluster], |row| {
        Ok(((row.get(0)?, row.get(1)?), row.get(2)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
