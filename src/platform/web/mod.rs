//! The web shell: what surrounds every page and every answer of the API.

pub mod assets;
pub mod crowd;
pub mod door;
pub mod extract;
pub mod form;
pub mod handed;
pub mod host;
pub mod limits;
pub mod listen;
pub mod listing;
mod origin;
pub mod page;
pub mod problem;
pub mod sse;
mod theme;
pub mod tls;
pub mod visitor;

use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate as _};
use tower_http::cors::{AllowOrigin, Any, CorsLayer};
use tower_http::timeout::TimeoutBody;
use tower_http::trace::TraceLayer;
use tracing::Span;
use utoipa_axum::router::OpenApiRouter;

pub use page::{Html, Person, Viewer, escaped};
pub use theme::local;

use super::{App, Error};

/// Larger bodies are refused unless a route asks for more.
const BODY_LIMIT: usize = 256 * 1024;

/// An answer that has not begun by then is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// The same where files come along: from a hill, ten megabytes take minutes. Who receives them gives up those who fall silent.
const PATIENCE_WITH_FILES: Duration = Duration::from_secs(300);

/// What is sent comes without longer pauses.
const SILENCE: Duration = Duration::from_secs(10);

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                      connect-src 'self'; manifest-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What a browser may and may not do with an answer of ours.
const PROMISES: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), interest-cohort=()",
    ),
];

/// A zip file is as small as it gets, and its length is known.
const ZIP: NotForContentType = NotForContentType::const_new("application/zip");

/// What the shell itself serves: assets, the choice of theme, the event stream.
pub fn router() -> OpenApiRouter<App> {
    sse::router()
        .merge(theme::router())
        .route("/assets/{set}/{*path}", get(assets::serve))
        .route("/favicon.ico", get(assets::favicon))
}

/// Puts the shell round every area's routes.
pub fn shell(app: App, routes: Router<App>) -> Router {
    let desk = app.clone();
    let routes = routes
        .fallback(|| async { Error::NotFound("page") })
        .method_not_allowed_fallback(|| async { Error::WrongMethod })
        .with_state(app);
    let inside = ServiceBuilder::new()
        .map_response(promise)
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(ZIP)))
        .option_layer(cors(&desk.config.cors_origins))
        .layer(from_fn_with_state(desk, surround))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .map_request(with_a_body)
        .service(routes);
    // One service for all routes: laid on a router, each layer would be boxed and copied for every request.
    Router::new().fallback_service(inside)
}

/// What the log says of a request, where it says so much: what is behind the question mark may be a place, or a name.
fn span(request: &Request) -> Span {
    tracing::debug_span!("request", method = %request.method(), path = request.uri().path())
}

/// Sends everybody to the same place at `base`, for a listener that has no TLS.
pub fn to_tls(base: String) -> Router {
    Router::new().fallback(|request: Request| async move {
        let rest = request
            .uri()
            .path_and_query()
            .map_or("/", |all| all.as_str());
        let place = HeaderValue::try_from(format!("{base}{rest}"));
        let place = place.unwrap_or_else(|_| HeaderValue::from_static("/"));
        (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, place)])
    })
}

/// The headers that every answer has, unless it has its own.
fn promise<B>(mut answer: Response<B>) -> Response<B> {
    for (name, value) in PROMISES {
        let value = HeaderValue::from_static(value);
        answer.headers_mut().entry(name).or_insert(value);
    }
    answer
}

/// HEAD is asked inside as GET, and the answer loses its body outside: its headers are those of the body as it would have been
/// sent.
fn with_a_body<B>(mut request: Request<B>) -> Request<B> {
    if request.method() == Method::HEAD {
        *request.method_mut() = Method::GET;
    }
    request
}

/// What is done about every request before and after its handler.
async fn surround(State(app): State<App>, request: Request, next: Next) -> Response {
    if !problem::wants_page(&request) {
        return be_patient(&app, request, next).await;
    }
    let (parts, body) = request.into_parts();
    let viewer = Viewer::of(&parts, &app);
    let answer = be_patient(&app, Request::from_parts(parts, body), next).await;
    problem::as_page(viewer, answer)
}

async fn be_patient(app: &App, request: Request, next: Next) -> Response {
    if let Err(error) = app.limits.of_member(&request) {
        return error.into_response();
    }
    let kind = request.headers().get(header::CONTENT_TYPE);
    let with_files = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/"));
    let patience = match with_files {
        true => PATIENCE_WITH_FILES,
        false => PATIENCE,
    };
    let request = match with_files {
        true => request,
        false => request.map(hurried),
    };
    let answer = tokio::time::timeout(patience, origin::refuse_foreign(app, request, next)).await;
    answer.unwrap_or_else(|_| Error::Busy.into_response())
}

/// A body that is given up when it falls silent.
fn hurried(body: Body) -> Body {
    match body.is_end_stream() {
        true => body,
        false => Body::new(TimeoutBody::new(SILENCE, body)),
    }
}

/// Only the configured origins may read the API, and none may send cookies along.
fn cors(origins: &[String]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let allowed: Vec<HeaderValue> = origins
        .iter()
        .filter_map(|origin| origin.parse().ok())
        .collect();
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(allowed))
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers(Any);
    Some(layer)
}
