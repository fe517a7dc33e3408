//! Brings a file to this program's schema, keeping a verified copy of what was there.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use refinery::Target;
use rusqlite::{Connection, OptionalExtension as _};
use tokio_util::sync::CancellationToken;

use super::copy::{self, Fresh};
use super::restore;

use crate::platform::error::Exit;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// What copies from before a migration are called, and then the schema that came.
const BEFORE: &str = "before-schema";

/// Such copies that are kept.
const COPIES: usize = 3;

/// Marks the file as ours: the letters `GRBA`.
pub(super) const APPLICATION_ID: i64 = 0x4752_4241;

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
        _ => keep_copy(&conn, path, found, now)?,
    }
    // All of them or none: the copy is of the file as the earlier program left it, however often this is cut off.
    embedded::migrations::runner()
        .set_grouped(true)
        .run(&mut conn)
        .context("Migrating the database")?;
    Ok(())
}

/// The names of the migrations that the file at `path` still needs, in their order.
pub fn pending(path: &Path) -> anyhow::Result<Vec<String>> {
    let never = CancellationToken::new();
    restore::finish_under_lock(copy::folder_of(path))?;
    let found = match path.exists() {
        true => version(&copy::open(path, &never)?)?,
        false => 0,
    };
    if found > newest() {
        return Err(refuse_newer(path, found).into());
    }
    let all = embedded::migrations::runner();
    let mut needed: Vec<_> = all.get_migrations().iter().collect();
    needed.retain(|one| one.version() > found);
    needed.sort_by_key(|one| one.version());
    Ok(needed.iter().map(ToString::to_string).collect())
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

/// An empty database of this schema, in memory.
pub(super) fn model(schema: i32) -> anyhow::Result<Connection> {
    let mut conn = Connection::open_in_memory()?;
    embedded::migrations::runner()
        .set_target(Target::Version(schema))
        .run(&mut conn)?;
    Ok(conn)
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
    if found > newest() {
        return Err(refuse_newer(path, found).into());
    }
    let path = path.display();
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

/// A file of a newer program is left as it is; what there is to go back to is named.
fn refuse_newer(path: &Path, found: i32) -> Exit {
    let (at, known) = (path.display(), newest());
    let way_back = match older_copy(path) {
        Some(copy) => format!(
            "Install that one again; or, with nothing running, go back to the copy from before its migration, and lose what came since: \
             sudo grb-app restore {}",
            copy.display()
        ),
        None => format!(
            "Install that one again. No copy from before its migration ({at}.{BEFORE}-{found}) is here; \
             an older one can be put in place with: sudo grb-app restore FILE"
        ),
    };
    Exit::config(format!(
        "{at} has schema {found}; this grb-app knows schemas up to {known}. It was used by a newer grb-app. {way_back}"
    ))
}

/// The copy in `folder` from before the last migration that this program can read; exit 69 where there is none.
pub fn before_migration(folder: &Path) -> anyhow::Result<PathBuf> {
    let none = || {
        let at = folder.display();
        Exit::unavailable(format!(
            "No copy from before a migration ({}.{BEFORE}-…) that this program can read is in {at}.",
            super::FILE
        ))
    };
    Ok(older_copy(&folder.join(super::FILE)).ok_or_else(none)?)
}

/// The newest copy from before a migration that this program can read.
fn older_copy(path: &Path) -> Option<PathBuf> {
    let readable = |path: &PathBuf| {
        let conn = copy::open_still(path, &CancellationToken::new());
        conn.and_then(|conn| version(&conn))
            .is_ok_and(|found| (1..=newest()).contains(&found))
    };
    copies(path).into_iter().find(readable)
}

/// The copies from before migrations, the newest first.
fn copies(path: &Path) -> Vec<PathBuf> {
    let start = format!("{}.{BEFORE}-", super::FILE);
    let entries = std::fs::read_dir(copy::folder_of(path))
        .into_iter()
        .flatten()
        .flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&start));
    let made = |entry: &std::fs::DirEntry| entry.metadata().and_then(|meta| meta.modified());
    let mut found: Vec<(SystemTime, PathBuf)> = ours
        .filter_map(|entry| Some((made(&entry).ok()?, entry.path())))
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, path)| path).collect()
}

/// A checked copy of the file as it is, beside it; of the earlier ones the newest are kept.
fn keep_copy(conn: &Connection, path: &Path, found: i32, now: DateTime<Utc>) -> anyhow::Result<()> {
    let next = newest();
    let name = |end: &str| path.with_file_name(format!("{}.{BEFORE}-{next}{end}", super::FILE));
    let mut copy = name("");
    if copy.exists() {
        // Who is killed and started again may come back within a second.
        copy = name(&format!(".{}", now.timestamp_micros()));
    }
    Fresh::of(conn, copy::folder_of(path), &CancellationToken::new())
        .and_then(|fresh| fresh.put(&copy))
        .context("Nothing was migrated, as the copy before it could not be kept")?;
    // This one stays whatever the clock made of its date.
    let earlier = copies(path).into_iter().filter(|earlier| *earlier != copy);
    for old in earlier.skip(COPIES - 1) {
        drop(std::fs::remove_file(old));
    }
    tracing::info!(
        "Kept {} before migrating from schema {found} to {next}.",
        copy.display()
    );
    Ok(())
}
