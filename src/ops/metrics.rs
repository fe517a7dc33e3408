//! Counters for Prometheus, on a listener of their own or behind a token.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::routing::get;
use hmac::digest::Digest as _;
use sha2::Sha256;

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
    Ok((TEXT, render(&app)))
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
            get(|State(app): State<App>| async move { (TEXT, render(&app)) }),
        )
        .with_state(app)
}

fn render(app: &App) -> String {
    metrics::gauge!("grb_stream_listeners")
        .set(u32::try_from(app.bus.listeners()).unwrap_or(u32::MAX));
    if let Some(at) = app.health.moment("heartbeat") {
        metrics::gauge!("grb_heartbeat_age_seconds").set((app.clock.now() - at).as_seconds_f64());
    }
    telemetry::render()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}
