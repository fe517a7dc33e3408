//! The few threads that work on pictures, after everything else that the desk does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::platform::{Error, Result};

/// Files that may wait for a thread; who comes after them is told to come back.
const WAITING: usize = 8;

/// How much the threads stand back: 0 not at all, 19 as far as they can.
const NICE: i32 = 15;

type Job = Box<dyn FnOnce() + Send>;

static QUEUE: LazyLock<SyncSender<Job>> = LazyLock::new(start);

/// What `work` gives, done on one of the threads; where nobody waits for it any more by then, it is not begun. `None` where it panicked.
pub(super) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Option<T>> {
    let (answer, answered) = oneshot::channel();
    let job: Job = Box::new(move || {
        if !answer.is_closed() {
            let done = catch_unwind(AssertUnwindSafe(work)).ok();
            drop(answer.send(done));
        }
    });
    match QUEUE.try_send(job) {
        Ok(()) => answered.await.map_err(|gone| Error::Internal(gone.into())),
        Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(Error::Busy),
    }
}

fn start() -> SyncSender<Job> {
    let (queue, jobs) = sync_channel::<Job>(WAITING);
    let jobs = Arc::new(Mutex::new(jobs));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for _ in 0..if cores < 4 { 1 } else { 2 } {
        let jobs = jobs.clone();
        let thread = std::thread::Builder::new().name("pictures".into());
        if let Err(error) = thread.spawn(move || work(&jobs)) {
            tracing::error!("A thread for pictures could not be started: {error}.");
        }
    }
    queue
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    // On Linux this is the thread's own.
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::warn!("Work on pictures cannot stand back behind the rest: {error}.");
    }
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else {
            return;
        };
        job();
    }
}
