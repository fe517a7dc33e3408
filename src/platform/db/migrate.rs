//! Brings a file to this program's schema, keeping a verified copy of what was there.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _};

use crate::platform::error::Exit;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Marks the file as ours: the letters `GRBA`.
const APPLICATION_ID: i64 = 0x4752_4241;

/// Migrates the file at `path` to this program's schema, making it where there is none.
///
/// Before an existing file changes, a copy of it is made beside it and verified. A file from a newer program is refused (78).
pub fn migrate(path: &Path, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut conn = Connection::open(path).with_context(|| format!("Opening {}", path.display()))?;
    conn.execute_batch("pragma busy_timeout = 5000")?;
    let found = version(&conn)?;
    refuse_strange(&conn, path, found)?;
    if found == newest() {
        return Ok(());
    }
    match found {
        0 => prepare(&conn)?,
        _ => drop(keep_copy(&conn, path, found, now)?),
    }
    embedded::migrations::runner()
        .run(&mut conn)
        .context("Migrating the database")?;
    Ok(())
}

/// The names of the migrations that the file at `path` still needs.
pub fn pending(path: &Path) -> anyhow::Result<Vec<String>> {
    let found = if path.exists() {
        version(&Connection::open(path)?)?
    } else {
        0
    };
    let all = embedded::migrations::runner();
    Ok(all
        .get_migrations()
        .iter()
        .filter(|one| one.version() > found)
        .map(ToString::to_string)
        .collect())
}

/// The schema that this program knows.
pub fn newest() -> i32 {
    embedded::migrations::runner()
        .get_migrations()
        .iter()
        .map(refinery::Migration::version)
        .max()
        .unwrap_or(0)
}

/// The schema of a database; 0 where it has none yet.
pub fn version(conn: &Connection) -> anyhow::Result<i32> {
    let history = "select 1 from sqlite_schema where name = 'refinery_schema_history'";
    if conn
        .query_row(history, [], |_| Ok(()))
        .optional()
        .context("Reading the database")?
        .is_none()
    {
        return Ok(0);
    }
    Ok(conn.query_row(
        "select coalesce(max(version), 0) from refinery_schema_history",
        [],
        |row| row.get(0),
    )?)
}

fn refuse_strange(conn: &Connection, path: &Path, found: i32) -> anyhow::Result<()> {
    let (path, known) = (path.display(), newest());
    if found > known {
        return Err(Exit::config(format!(
            "{path} has schema {found}; this grb-app knows schemas up to {known}. It was used by a newer grb-app. \
             Install that one again; or, with nothing running, put the copy from before its migration back: \
             mv {path}.before-schema-{found} {path}"
        ))
        .into());
    }
    let id: i64 = conn.query_row("pragma application_id", [], |row| row.get(0))?;
    let tables: i64 = conn.query_row("select count(*) from sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 && id != APPLICATION_ID {
        return Err(Exit::config(format!(
            "{path} is a SQLite file, but not one of grb-app's."
        ))
        .into());
    }
    Ok(())
}

/// What can only be said before the first table is made.
fn prepare(conn: &Connection) -> anyhow::Result<()> {
    conn.execute_batch(&format!(
        "pragma auto_vacuum = incremental;
         pragma journal_mode = wal;
         pragma application_id = {APPLICATION_ID};"
    ))?;
    Ok(())
}

/// A copy of the file as it is, checked, beside it; where it was put.
fn keep_copy(
    conn: &Connection,
    path: &Path,
    found: i32,
    now: DateTime<Utc>,
) -> anyhow::Result<PathBuf> {
    let next = newest();
    let copy = path.with_file_name(format!("{}.before-schema-{next}", super::FILE));
    if copy.exists() {
        std::fs::rename(
            &copy,
            copy.with_extension(format!("before-schema-{next}.{}", now.timestamp())),
        )?;
    }
    conn.execute("vacuum into ?1", [copy.to_string_lossy()])
        .context("Copying the database before its migration")?;
    let verdict: String =
        Connection::open(&copy)?.query_row("pragma integrity_check", [], |row| row.get(0))?;
    if verdict != "ok" {
        bail!("The copy before the migration is damaged ({verdict}); nothing was changed");
    }
    tracing::info!(
        "Kept {} before migrating from schema {found} to {next}.",
        copy.display()
    );
    Ok(copy)
}
