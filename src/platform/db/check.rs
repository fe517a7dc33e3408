//! Looks a database through: pages, references, and whether its schema is the one that the migrations make.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{FILE, copy, migrate, restore};
use crate::platform::error::Exit;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    pub schema: i32,
    /// The schema that this program brings it to.
    pub newest: i32,
    pub bytes: i64,
    /// Each must be mended.
    pub faults: Vec<String>,
    /// Each is odd and harms nothing.
    pub oddities: Vec<String>,
}

/// Looks through the database of `folder`, which may be in use, and changes nothing.
///
/// Fails with an [`Exit`]: 65 where it cannot be read at all, 69 where there is none, 78 where a newer program has used it.
pub fn check(folder: &Path, stop: &CancellationToken) -> anyhow::Result<Found> {
    restore::finish_under_lock(folder)?;
    let path = folder.join(FILE);
    let (conn, _held) = copy::open_whoever_writes(folder, stop)?;
    let _one_state = conn.unchecked_transaction().map_err(unreadable)?;
    let schema = copy::ours(&conn, &path)?;
    let mut faults = copy::faults(&conn).map_err(unreadable)?;
    let (is, should) = (
        parts(&conn).map_err(unreadable)?,
        parts(&migrate::model(schema)?)?,
    );
    faults.extend(
        should
            .difference(&is)
            .map(|part| format!("{part} is missing")),
    );
    let strange = is.difference(&should);
    let size = "select p.page_count * s.page_size from pragma_page_count p, pragma_page_size s";
    Ok(Found {
        schema,
        newest: migrate::newest(),
        bytes: conn.query_row(size, [], |row| row.get(0))?,
        faults,
        oddities: strange
            .map(|part| format!("{part} is not grb-app's"))
            .collect(),
    })
}

/// Every table, column, index and trigger, in words.
fn parts(conn: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let sql = "select type || ' ' || name from sqlite_schema where name not like 'sqlite_%'
               union all select 'column ' || t.name || '.' || c.name from sqlite_schema t, pragma_table_xinfo(t.name) c
               where t.type = 'table' and t.name not like 'sqlite_%'";
    let mut select = conn.prepare(sql)?;
    let parts = select.query_map([], |row| row.get(0))?;
    parts.collect()
}

fn unreadable(error: impl Into<anyhow::Error>) -> anyhow::Error {
    let error = error.into();
    Exit::data(format!("The database cannot be read to the end: {error:#}. Put the newest copy back with `sudo grb-app restore FILE`.")).into()
}
