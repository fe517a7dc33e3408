//! The one thread that works on pictures, after everything else that the desk does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};

use tokio::sync::oneshot;

use crate::platform::{Error, Result};

/// Files that may wait; who comes after them is told to come back.
const WAITING: usize = 8;

/// How much the thread stands back: 0 not at all, 19 as far as it can.
const NICE: i32 = 15;

type Job = Box<dyn FnOnce() + Send>;

/// One thread, however many cores there are: a photograph of 24 million pixels takes 110 MB while it is worked on.
static WORKER: LazyLock<Worker> = LazyLock::new(Worker::start);

/// What `work` gives; where nobody waits for it any more by its turn, it is not begun. `None` where it panicked.
pub(super) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Option<T>> {
    WORKER.run(work).await
}

struct Worker(SyncSender<Job>);

impl Worker {
    fn start() -> Self {
        let (queue, jobs) = sync_channel::<Job>(WAITING);
        let work = move || {
            // On Linux this is the thread's own.
            if let Err(error) = rustix::process::nice(NICE) {
                tracing::warn!("Work on pictures cannot stand back behind the rest: {error}.");
            }
            jobs.into_iter().for_each(|job| job());
        };
        let thread = std::thread::Builder::new().name("pictures".into());
        if let Err(error) = thread.spawn(work) {
            tracing::error!("The thread for pictures could not be started: {error}.");
        }
        Self(queue)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Option<T>> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move || {
            if !answer.is_closed() {
                let done = catch_unwind(AssertUnwindSafe(work)).ok();
                drop(answer.send(done));
            }
        });
        match self.0.try_send(job) {
            Ok(()) => answered.await.map_err(|gone| Error::Internal(gone.into())),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(Error::Busy),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    static BEGUN: AtomicUsize = AtomicUsize::new(0);

    async fn one_more(worker: &Worker) -> Result<Option<usize>> {
        worker.run(|| BEGUN.fetch_add(1, Ordering::Relaxed)).await
    }

    #[tokio::test]
    async fn a_panic_is_survived_a_full_queue_says_so_and_who_goes_away_is_not_worked_for() {
        let worker = Box::leak(Box::new(Worker::start()));
        let worker: &'static Worker = worker;
        let fallen = worker.run(|| -> u8 { panic!("a broken decoder") }).await;
        assert_eq!(fallen.unwrap(), None);
        assert_eq!(worker.run(|| 7).await.unwrap(), Some(7));
        let (go, wait) = mpsc::channel::<()>();
        let slow = tokio::spawn(worker.run(move || wait.recv().is_err()));
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut waiting: Vec<_> = (0..WAITING)
            .map(|_| tokio::spawn(one_more(worker)))
            .collect();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(matches!(worker.run(|| ()).await, Err(Error::Busy)));
        waiting.drain(3..).for_each(|gone| gone.abort());
        tokio::time::sleep(Duration::from_millis(50)).await;
        drop(go);
        assert_eq!(slow.await.unwrap().unwrap(), Some(true));
        for one in waiting {
            one.await.unwrap().unwrap();
        }
        worker.run(|| ()).await.unwrap();
        assert_eq!(BEGUN.load(Ordering::Relaxed), 3);
    }
}
