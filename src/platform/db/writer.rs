//! The thread that owns the only writable connection.

use std::cell::RefCell;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use anyhow::anyhow;
use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use crate::platform::{Error, Result};

/// Jobs that may wait; one more is answered with [`Error::Busy`].
const QUEUE: usize = 1024;

/// Jobs in one transaction: one fsync for all of them.
const BATCH: usize = 256;

/// A write in progress: the connection, and what to do once it is committed.
pub struct Tx<'c> {
    conn: &'c Connection,
    after_commit: RefCell<Vec<Box<dyn FnOnce() + Send>>>,
    bell: &'c watch::Sender<()>,
}

impl Tx<'_> {
    /// Wakes, after the commit, whoever waits for a parcel ([`super::Db::bell`]).
    pub fn ring(&self) {
        let bell = self.bell.clone();
        self.after_commit(move || bell.send_replace(()));
    }

    /// Runs `f` after the commit; never where the job fails or the commit does.
    pub fn after_commit(&self, f: impl FnOnce() + Send + 'static) {
        self.after_commit.borrow_mut().push(Box::new(f));
    }
}

impl Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.conn
    }
}

/// Tells the waiting caller how the commit went.
type Answer = Box<dyn FnOnce(Result<(), &rusqlite::Error>) + Send>;
type Job = Box<dyn FnOnce(&Tx) -> Answer + Send>;

pub(super) struct Writer {
    jobs: Mutex<Option<SyncSender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    pub(super) bell: watch::Sender<()>,
}

impl Writer {
    pub(super) fn start(conn: Connection) -> anyhow::Result<Self> {
        let (jobs, queue) = sync_channel(QUEUE);
        let bell = watch::Sender::new(());
        let rung = bell.clone();
        let thread = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || write_all(conn, &queue, &rung))?;
        Ok(Self {
            jobs: Mutex::new(Some(jobs)),
            thread: Mutex::new(Some(thread)),
            bell,
        })
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        self.queue(Box::new(move |tx| {
            let result = guarded(tx, f);
            Box::new(move |committed| {
                drop(
                    answer.send(
                        result.and_then(|done| committed.map(|()| done).map_err(commit_failed)),
                    ),
                );
            })
        }))?;
        answered
            .await
            .unwrap_or_else(|_| Err(Error::Internal(anyhow!("the write was not done"))))
    }

    /// Lets the queue run empty and waits for the thread to end.
    pub(super) fn close(&self) {
        drop(
            self.jobs
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            drop(thread.join());
        }
    }

    fn queue(&self, job: Job) -> Result<()> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(jobs) = jobs.as_ref() else {
            return Err(Error::Busy);
        };
        metrics::gauge!("grb_db_queue").increment(1);
        jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => {
                metrics::gauge!("grb_db_queue").decrement(1);
                metrics::counter!("grb_db_refused_total").increment(1);
                Error::Busy
            }
        })
    }
}

fn write_all(conn: Connection, queue: &Receiver<Job>, bell: &watch::Sender<()>) {
    while let Ok(first) = queue.recv() {
        write_batch(&conn, first, queue, bell);
    }
    if let Err(error) = conn.execute_batch("pragma optimize; pragma wal_checkpoint(truncate);") {
        tracing::warn!("The write-ahead log was not emptied: {error}.");
    }
    if let Err((_, error)) = conn.close() {
        tracing::warn!("The database was not closed cleanly: {error}.");
    }
}

/// One transaction: the first job and those that wait behind it.
fn write_batch(conn: &Connection, first: Job, queue: &Receiver<Job>, bell: &watch::Sender<()>) {
    let began = std::time::Instant::now();
    let tx = Tx {
        conn,
        after_commit: RefCell::default(),
        bell,
    };
    if let Err(error) = conn.execute_batch("begin immediate") {
        // The job is dropped undone, and its caller told so.
        tracing::error!("A transaction could not begin: {error}.");
        metrics::gauge!("grb_db_queue").decrement(1);
        return;
    }
    let mut answers: Vec<Answer> = vec![first(&tx)];
    // A full disk makes SQLite undo the whole transaction by itself; nothing more may run then, as if it were still open.
    while !conn.is_autocommit() && answers.len() < BATCH {
        let Ok(job) = queue.try_recv() else { break };
        answers.push(job(&tx));
    }
    let committed = conn.execute_batch("commit");
    metrics::gauge!("grb_db_queue").decrement(answers.len() as f64);
    metrics::histogram!("grb_db_commit_seconds").record(began.elapsed().as_secs_f64());
    match &committed {
        Ok(()) => tx
            .after_commit
            .into_inner()
            .into_iter()
            .for_each(|then| then()),
        Err(error) => roll_back(conn, error),
    }
    for answer in answers {
        answer(committed.as_ref().copied());
    }
}

fn roll_back(conn: &Connection, error: &rusqlite::Error) {
    tracing::error!("A transaction failed and was undone: {error}.");
    if !conn.is_autocommit() {
        drop(conn.execute_batch("rollback"));
    }
}

/// Runs one job in a savepoint of its own; its failure, or its panic, undoes it and touches no neighbour.
fn guarded<T>(tx: &Tx, f: impl FnOnce(&Tx) -> Result<T>) -> Result<T> {
    let earlier = tx.after_commit.borrow().len();
    tx.prepare_cached("savepoint job")?.execute([])?;
    let result = catch_unwind(AssertUnwindSafe(|| f(tx)))
        .unwrap_or_else(|_| Err(Error::Internal(anyhow!("a write panicked"))));
    if result.is_err() {
        tx.after_commit.borrow_mut().truncate(earlier);
        // Where SQLite has undone everything already, the job's own error says more than this one.
        if tx
            .prepare_cached("rollback to job")
            .and_then(|mut undo| undo.execute([]))
            .is_err()
        {
            return result;
        }
    }
    tx.prepare_cached("release job")?.execute([])?;
    result
}

/// A full or failing disk may be well again soon; the caller is told to come back.
fn commit_failed(error: &rusqlite::Error) -> Error {
    Error::Unwritable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database that is full after a few pages.
    fn small() -> (tempfile::TempDir, Writer) {
        let folder = tempfile::tempdir().unwrap();
        let conn = Connection::open(folder.path().join("small.db")).unwrap();
        conn.execute_batch("pragma journal_mode = wal; create table kept (name text, load blob); pragma max_page_count = 20;").unwrap();
        (folder, Writer::start(conn).unwrap())
    }

    #[tokio::test]
    async fn a_full_disk_undoes_all_of_a_group_and_says_so_to_each() {
        let (folder, writer) = small();
        let keep = |name: &'static str, bytes: i64| {
            writer.run(move |tx| {
                Ok(tx.execute(
                    "insert into kept values (?1, zeroblob(?2))",
                    rusqlite::params![name, bytes],
                )?)
            })
        };
        let (one, big, three) =
            tokio::join!(keep("one", 10), keep("big", 1_000_000), keep("three", 10));
        assert!(matches!(big, Err(Error::Unwritable(_))), "{big:?}");
        let conn = Connection::open(folder.path().join("small.db")).unwrap();
        let kept = |name: &str| {
            conn.query_row("select count(*) from kept where name = ?1", [name], |row| {
                row.get::<_, i64>(0)
            })
            .unwrap()
        };
        assert_eq!(
            kept("one") == 1,
            one.is_ok(),
            "what was answered is what is there"
        );
        assert_eq!(
            kept("three") == 1,
            three.is_ok(),
            "what was answered is what is there"
        );
    }
}
