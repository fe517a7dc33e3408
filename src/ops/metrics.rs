//! Counters for Prometheus, on a listener of their own or behind a token.

use std::path::Path;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::routing::get;
use hmac::digest::Digest as _;
use metrics::{describe_gauge, gauge};
use sha2::Sha256;

use crate::platform::outbox::store;
use crate::platform::web::host;
use crate::platform::web::visitor::{self, Visitor};
use crate::platform::{App, Error, Result, telemetry};

const TEXT: [(HeaderName, &str); 1] = [(
    header::CONTENT_TYPE,
    "text/plain; version=0.0.4; charset=utf-8",
)];

/// Counters in Prometheus' text format. For this machine only, unless a metrics_token is set and sent.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, content_type = "text/plain", body = String), (status = 401, body = crate::platform::web::problem::Problem)))]
pub(super) async fn metrics(
    State(app): State<App>,
    request: Request,
) -> Result<([(HeaderName, &'static str); 1], String)> {
    let allowed = match &app.config.metrics_token {
        Some(token) => bearer(request.headers())
            .is_some_and(|given| Sha256::digest(given) == Sha256::digest(token.reveal())),
        None => is_of_this_machine(&request),
    };
    if !allowed {
        return Err(Error::Unauthorized(
            "metrics are for this machine, or for those who send the metrics_token",
        ));
    }
    Ok((TEXT, render(&app).await))
}

/// Nobody who asks through a proxy on this machine, and no page of another site that a browser on it has open.
fn is_of_this_machine(request: &Request) -> bool {
    let here = Visitor::of(request.extensions()).address.is_loopback();
    let name = host::of(request.uri(), request.headers());
    here && !visitor::is_forwarded(request.headers()) && name.is_none_or(host::is_local)
}

/// A listener that serves only the counters.
pub fn only(app: App) -> Router {
    Router::new()
        .route(
            "/metrics",
            get(|State(app): State<App>| async move { (TEXT, render(&app).await) }),
        )
        .with_state(app)
}

/// What is measured when somebody asks.
pub fn describe() {
    describe_gauge!("grb_build_info", "Which program this is; always 1");
    describe_gauge!("grb_stream_listeners", "Browsers that listen for events");
    describe_gauge!(
        "grb_heartbeat_age_seconds",
        "Since GCN's last heartbeat, which comes every second"
    );
    describe_gauge!("grb_db_bytes", "Size of the database");
    describe_gauge!("grb_wal_bytes", "Size of its write-ahead log");
    describe_gauge!("grb_outbox_waiting", "Letters and pushes that wait");
    describe_gauge!(
        "grb_outbox_oldest_seconds",
        "How long the oldest has waited that could have left"
    );
    describe_gauge!(
        "process_resident_memory_bytes",
        "Memory of the process that is in use"
    );
    describe_gauge!("process_open_fds", "Files and connections of the process");
}

async fn render(app: &App) -> String {
    gauge!("grb_build_info", "version" => env!("CARGO_PKG_VERSION"), "sqlite" => rusqlite::version()).set(1);
    gauge!("grb_stream_listeners").set(u32::try_from(app.bus.listeners()).unwrap_or(u32::MAX));
    if let Some(at) = app.health.moment("heartbeat") {
        gauge!("grb_heartbeat_age_seconds").set((app.clock.now() - at).as_seconds_f64());
    }
    measure_files(app);
    measure_process();
    measure_outbox(app).await;
    telemetry::render()
}

fn measure_files(app: &App) {
    let size = |path: &Path| path.metadata().map_or(0, |file| file.len());
    let path = app.db.path();
    gauge!("grb_db_bytes").set(size(path) as f64);
    gauge!("grb_wal_bytes").set(size(&path.with_extension("db-wal")) as f64);
}

/// What the kernel says of this process (proc(5)).
fn measure_process() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes =
        resident.and_then(|text| text.trim().trim_end_matches(" kB").parse::<f64>().ok());
    if let Some(kilobytes) = kilobytes {
        gauge!("process_resident_memory_bytes").set(kilobytes * 1024.0);
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        gauge!("process_open_fds").set(files.count() as f64);
    }
}

async fn measure_outbox(app: &App) {
    let now = app.clock.now();
    let asked = app
        .db
        .read(move |conn| Ok((store::waiting(conn)?, store::oldest(conn, now)?)));
    // A database that does not answer is told by other figures.
    if let Ok((waiting, oldest)) = asked.await {
        gauge!("grb_outbox_waiting").set(waiting as f64);
        let age = oldest.map_or(0.0, |oldest| (now - oldest.since).as_seconds_f64());
        gauge!("grb_outbox_oldest_seconds").set(age);
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}
