//! Logs to standard error and counters for Prometheus.

use std::io::Write;
use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, reload};

use super::scrub::{without_addresses, without_keys};

/// What is logged unless told otherwise.
pub const LOG: &str =
    "info,librdkafka=off,rdkafka=off,refinery_core=warn,tokio_cron_scheduler=warn";

static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Seconds; from a commit on a good disk to a notice that took a day.
const BUCKETS: [f64; 13] = [
    0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 300.0, 3600.0, 86400.0,
];

/// The log, which leaves the machine with whoever helps: mail addresses and keys are taken out, whoever of us wrote them.
struct Clean<W>(W);

impl<W: Write> Write for Clean<W> {
    /// One event, or a part of one.
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let text = without_addresses(&text);
        self.0.write_all(without_keys(&text).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// Starts logging at the level of `GRB_LOG` (`info` unless set), as JSON where `GRB_LOG_FORMAT=json`.
pub fn start_logging() {
    let filter = EnvFilter::try_from_env("GRB_LOG").unwrap_or_else(|_| EnvFilter::new(LOG));
    let (filter, handle) = reload::Layer::new(filter);
    let log = tracing_subscriber::fmt::layer()
        .with_writer(|| Clean(std::io::stderr()))
        .with_target(false);
    let log = match std::env::var("GRB_LOG_FORMAT").as_deref() {
        Ok("json") => log.json().boxed(),
        _ => log
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .boxed(),
    };
    // A second start, in a test, keeps the first.
    if tracing_subscriber::registry()
        .with(filter)
        .with(log)
        .try_init()
        .is_ok()
    {
        drop(FILTER.set(handle));
    }
}

/// Logs by another filter from now on.
pub fn log_by(filter: &str) {
    if let (Some(handle), Ok(filter)) = (FILTER.get(), EnvFilter::try_new(filter)) {
        drop(handle.reload(filter));
    }
}

/// Whether `text` can be understood as one.
pub fn is_filter(text: &str) -> bool {
    EnvFilter::try_new(text).is_ok()
}

/// Starts counting. Nothing is counted before.
pub fn start_counting() {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &BUCKETS);
    let Ok(builder) = builder else { return };
    METRICS.get_or_init(|| {
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        drop(metrics::set_global_recorder(recorder));
        handle
    });
}

/// A counter that stands at nought from the start, and what it counts: a rate over one that is not there yet says nothing.
pub fn counts(name: &'static str, help: &'static str) {
    metrics::describe_counter!(name, help);
    metrics::counter!(name).increment(0);
}

/// What the platform counts and measures.
pub fn describe() {
    counts(
        "grb_db_refused_total",
        "Writes turned away because too many waited",
    );
    metrics::describe_gauge!("grb_db_queue", "Writes that wait for the writer");
    metrics::describe_histogram!(
        "grb_db_commit_seconds",
        "From the first write of a transaction to its commit"
    );
    metrics::describe_gauge!(
        "grb_open_connections",
        "Connections of browsers and scripts"
    );
    metrics::gauge!("grb_open_connections").set(0);
    counts(
        "grb_requests_shed_total",
        "Requests turned away because too many were in hand, or too many of one visitor",
    );
    counts(
        "grb_connections_refused_total",
        "Connections hung up on because their visitor had too many",
    );
    metrics::describe_counter!(
        "grb_outbox_attempts_total",
        "Attempts to send a letter or push, by outcome"
    );
    metrics::describe_counter!(
        "grb_worker_restarts_total",
        "Workers that fell and were started again"
    );
}

/// All counters in Prometheus' text format.
pub fn render() -> String {
    METRICS
        .get()
        .map(PrometheusHandle::render)
        .unwrap_or_default()
}

/// Folds what the histograms have gathered; without it they grow.
pub fn fold() {
    if let Some(handle) = METRICS.get() {
        handle.run_upkeep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_what_happened_and_loses_whom_it_was_about() {
        let mut log = Vec::new();
        let key = "0123456789abcdef".repeat(2);
        let line = format!(
            "INFO GET /confirm/{key}?to=vera@club.example 404, grb-app-2026-11-21T043000Z.db\n"
        );
        Clean(&mut log).write_all(line.as_bytes()).unwrap();
        let log = String::from_utf8(log).unwrap();
        assert_eq!(
            log,
            "INFO GET /confirm/‹key›?to=‹mail address› 404, grb-app-2026-11-21T043000Z.db\n"
        );
    }
}
