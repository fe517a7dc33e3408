//! Workers that are started again when they fall, and how everything comes to a stop.

use std::future::Future;
use std::time::Duration;

use futures::FutureExt as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::health::{Condition, Health};
use super::random;

/// A worker that ran this long before it fell starts its pauses from the beginning.
const STEADY: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How long work in hand may take after the first signal.
const GRACE: Duration = Duration::from_secs(20);

/// The running workers and the signal that ends them.
#[derive(Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Cancelled when everybody should finish what is in hand.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Begins the stop.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Runs `work` once, beside everything else, until it ends.
    pub fn run(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(work);
    }

    /// Keeps a worker running until the stop: where it fails or panics it is started again after a growing pause, and `health` tells.
    pub fn keep<F, W>(&self, name: &'static str, health: Health, mut work: F)
    where
        F: FnMut() -> W + Send + 'static,
        W: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let stop = self.stop.clone();
        self.tracker.spawn(async move {
            let mut pause = Duration::from_secs(1);
            while !stop.is_cancelled() {
                let began = tokio::time::Instant::now();
                let working = std::panic::AssertUnwindSafe(work()).catch_unwind();
                let fallen = match watched(working, name, &health).await {
                    Ok(Ok(())) => return,
                    Ok(Err(error)) => format!("{error:#}"),
                    Err(_) => "it panicked".to_owned(),
                };
                pause = if began.elapsed() > STEADY {
                    Duration::from_secs(1)
                } else {
                    (pause * 2).min(LONGEST_PAUSE)
                };
                metrics::counter!("grb_worker_restarts_total", "worker" => name).increment(1);
                tracing::warn!("The {name} worker fell: {fallen}. Again in {pause:?}.");
                let words = format!("Fell and is being started again: {fallen}.");
                health.note(
                    name,
                    Condition::warn(words, "If it stays so, look at the log."),
                );
                let rested = tokio::time::sleep(pause.mul_f64(random::jitter(0.2)));
                tokio::select! { () = rested => {}, () = stop.cancelled() => return }
            }
        });
    }

    /// Waits until all have ended, `GRACE` after the stop at the longest; false where some had to be left behind.
    pub async fn finished(&self) -> bool {
        self.stop.cancelled().await;
        self.tracker.close();
        tokio::time::timeout(GRACE, self.tracker.wait())
            .await
            .is_ok()
    }
}

/// Waits for the work; once it has run steadily, earlier falls are forgotten.
async fn watched<T>(work: impl Future<Output = T>, name: &str, health: &Health) -> T {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        ended = &mut work => return ended,
        () = tokio::time::sleep(STEADY) => health.clear(name),
    }
    work.await
}
