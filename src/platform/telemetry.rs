//! Logs to standard error and counters for Prometheus.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Seconds; from a commit on a good disk to a notice that took a day.
const BUCKETS: [f64; 13] = [
    0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 300.0, 3600.0, 86400.0,
];

/// Starts logging at the level of `GRB_LOG` (`info` unless set), as JSON where `GRB_LOG_FORMAT=json`.
pub fn start_logging() {
    let filter = EnvFilter::try_from_env("GRB_LOG").unwrap_or_else(|_| {
        EnvFilter::new(
            "info,librdkafka=off,rdkafka=off,refinery_core=warn,tokio_cron_scheduler=warn",
        )
    });
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    let started = match std::env::var("GRB_LOG_FORMAT").as_deref() {
        Ok("json") => log.json().try_init(),
        _ => log
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .try_init(),
    };
    // A second start, in a test, keeps the first.
    drop(started);
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
