//! One SQLite file, one writer thread that commits in groups, and a pool of readers.

pub mod check;
pub mod copy;
mod migrate;
pub mod restore;
pub mod since;
mod vacuum;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

pub use copy::back_up;
pub use migrate::{before_migration, migrate, newest, pending, version};
pub use restore::{Restored, restore};
pub use vacuum::give_room_back;
pub use writer::Tx;

use super::error::Exit;
use super::{Error, Result};
use writer::Writer;

/// The file's name within the data folder.
pub const FILE: &str = "grb-app.db";

/// SQLite's WAL reset could corrupt a file before 3.51.3.
pub const OLDEST_SQLITE: i32 = 3_051_003;

/// Enough for pages that read while four others do; each costs a connection and its cache.
const READERS: u32 = 4;

/// For so long a page that was written shows that the next can be.
const PROBED: Duration = Duration::from_secs(1);

type Readers = r2d2::Pool<SqliteConnectionManager>;

/// The database, open.
#[derive(Clone)]
pub struct Db {
    // None once it is closed.
    readers: Arc<Mutex<Option<Readers>>>,
    writer: Arc<Writer>,
    path: PathBuf,
    /// When a page was last written to see whether it can be.
    probed: Arc<Mutex<Option<Instant>>>,
    // Held for as long as the database is open; a second process that wants to write is refused.
    _lock: Arc<std::fs::File>,
}

impl Db {
    /// Opens the database in `folder`, making and migrating it where needed.
    ///
    /// Fails where another process has it open for writing, and where it was made by a newer program.
    pub fn open(folder: &Path, now: DateTime<Utc>) -> anyhow::Result<Self> {
        refuse_old_sqlite()?;
        make_private(folder)?;
        let lock = lock(folder)?;
        restore::finish(folder)?;
        let path = folder.join(FILE);
        make_file(&path)?;
        migrate(&path, now)?;
        let writer = Writer::start(open_writer(&path)?)?;
        let readers = open_readers(&path)?;
        Ok(Self {
            readers: Arc::new(Mutex::new(Some(readers))),
            writer: Arc::new(writer),
            path,
            probed: Arc::default(),
            _lock: Arc::new(lock),
        })
    }

    /// Runs `f` on a read-only connection. [`Error::Busy`] once the database is closed.
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let readers = self.readers().clone().ok_or(Error::Busy)?;
        let reading = tokio::task::spawn_blocking(move || {
            let conn = readers.get()?;
            // One state of the database for everything that is read here.
            let _snapshot = conn.unchecked_transaction()?;
            f(&conn)
        });
        reading
            .await
            .unwrap_or_else(|stopped| Err(Error::Internal(stopped.into())))
    }

    /// Runs `f` in a transaction and answers once it is committed. What `f` fails at is undone, and nothing else with it.
    ///
    /// [`Error::Busy`] where the queue is full.
    pub async fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.run(f).await
    }

    /// Writes a page and commits it: an empty transaction would say nothing of a full disk. Once a second at most, since strangers
    /// may ask for it and cards wear out; in between it asks only whether the writer answers.
    pub async fn probe(&self) -> Result<()> {
        let probed = || self.probed.lock().unwrap_or_else(PoisonError::into_inner);
        if probed().is_some_and(|at| at.elapsed() < PROBED) {
            return self.write(|_| Ok(())).await;
        }
        let touch = "insert into keepsakes (name, value) values ('probe', hex(randomblob(4))) on conflict (name) do update set value = excluded.value";
        self.write(move |tx| Ok(tx.execute(touch, []).map(|_| ())?))
            .await?;
        *probed() = Some(Instant::now());
        Ok(())
    }

    /// Changes after every commit that [rang](Tx::ring).
    pub fn bell(&self) -> tokio::sync::watch::Receiver<()> {
        self.writer.bell.subscribe()
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn readers(&self) -> MutexGuard<'_, Option<Readers>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finishes what is queued, empties the write-ahead log into the file, and closes: the file alone is then there, complete.
    pub async fn close(&self) {
        // The writer last: only who may write takes the emptied log away.
        drop(self.readers().take());
        let writer = self.writer.clone();
        drop(tokio::task::spawn_blocking(move || writer.close()).await);
    }
}

/// The club's database, to look at only: for commands beside a running server.
pub fn open_to_read(folder: &Path) -> anyhow::Result<Connection> {
    let path = folder.join(FILE);
    restore::finish_under_lock(folder)?;
    if !path.exists() {
        return Err(Exit::unavailable(format!(
            "There is no database in {}. `grb-app serve` makes one.",
            folder.display()
        ))
        .into());
    }
    let conn = Connection::open_with_flags(&path, read_only())?;
    conn.execute_batch("pragma busy_timeout = 5000; pragma query_only = on;")?;
    Ok(conn)
}

fn refuse_old_sqlite() -> anyhow::Result<()> {
    if rusqlite::version_number() >= OLDEST_SQLITE {
        return Ok(());
    }
    let found = rusqlite::version();
    Err(Exit::config(format!("This program was built with SQLite {found}, which can damage its file; 3.51.3 or newer is needed.")).into())
}

/// Makes `folder`, for this user only, where it is not there.
pub(super) fn make_private(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder);
    made.map_err(|error| {
        Exit::permission(format!(
            "The data folder {} cannot be made: {error}.",
            folder.display()
        ))
        .into()
    })
}

/// Members' addresses will be in it; SQLite would make it readable for everybody, and its logs are made like it.
fn make_file(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let made = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => {
            Err(Exit::permission(format!("{} cannot be made: {error}.", path.display())).into())
        }
    }
}

/// Whether a [`lock`] was refused since another process holds it.
fn is_in_use(refused: &anyhow::Error) -> bool {
    refused
        .downcast_ref::<Exit>()
        .is_some_and(|exit| exit.code == 69)
}

fn lock(folder: &Path) -> anyhow::Result<std::fs::File> {
    let path = folder.join("grb-app.lock");
    let file = std::fs::File::create(&path).map_err(|error| {
        Exit::permission(format!(
            "{} cannot be written: {error}. Run grb-app as the user who owns the folder.",
            path.display()
        ))
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => {
            let folder = folder.display();
            Err(Exit::unavailable(format!(
                "The database in {folder} is in use by another grb-app. Stop that one first; the service, with `sudo systemctl stop grb-app`."
            ))
            .into())
        }
    }
}

fn open_writer(path: &Path) -> anyhow::Result<Connection> {
    let conn = Connection::open(path).with_context(|| format!("Opening {}", path.display()))?;
    conn.execute_batch(
        "pragma busy_timeout = 5000;
         pragma journal_mode = wal;
         pragma synchronous = full;
         pragma foreign_keys = on;
         pragma secure_delete = on;
         pragma trusted_schema = off;
         pragma cell_size_check = on;
         pragma temp_store = memory;
         pragma mmap_size = 0;
         pragma cache_size = -8000;
         pragma journal_size_limit = 67108864;
         pragma wal_autocheckpoint = 2000;",
    )?;
    prepare_once(&conn)?;
    conn.set_prepared_statement_cache_capacity(128);
    Ok(conn)
}

/// Otherwise SQLite plans a query anew whenever other values are bound to it, which may cost more than the query. The values are not
/// looked at then: what a partial index wants must stand in the query as a literal.
fn prepare_once(conn: &Connection) -> rusqlite::Result<bool> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
}

fn open_readers(path: &Path) -> anyhow::Result<Readers> {
    let manager = SqliteConnectionManager::file(path).with_flags(read_only()).with_init(|conn| {
        prepare_once(conn)?;
        conn.set_prepared_statement_cache_capacity(64);
        conn.execute_batch("pragma busy_timeout = 5000; pragma query_only = on; pragma mmap_size = 0; pragma cache_size = -2000;")
    });
    let pool = r2d2::Pool::builder()
        .max_size(READERS)
        // There is no server that could have gone away.
        .test_on_check_out(false)
        // All at once: one that is opened beside a stop would be the last to close, and leave the log's files.
        .min_idle(Some(READERS))
        .connection_timeout(Duration::from_secs(5));
    Ok(pool.build(manager)?)
}

fn read_only() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn however_often_it_is_asked_whether_it_can_write_it_writes_little() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path(), DateTime::UNIX_EPOCH).unwrap();
        let written = async || {
            db.probe().await.unwrap();
            let value = "select value from keepsakes where name = 'probe'";
            let read = db.read(move |conn| Ok(conn.query_row(value, [], |row| row.get(0))?));
            read.await.unwrap()
        };
        let first: String = written().await;
        assert_eq!(written().await, first);
        tokio::time::sleep(PROBED).await;
        assert_ne!(written().await, first);
        db.close().await;
        assert!(
            db.probe().await.is_err(),
            "a writer that is gone is told of at once"
        );
    }
}
