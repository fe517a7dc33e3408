//! No other site may act in a member's name.

use axum::extract::Request;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::platform::Error;

/// Refuses a changing request that carries a cookie and does not come from our own pages, and a form that another site's page
/// sends without one: it could sign a visitor in as somebody else. Scripts and tokens carry neither cookie nor origin and pass.
pub(super) async fn refuse_foreign(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let cookie = headers.contains_key(header::COOKIE);
    let form = request.method() == Method::POST && !request.uri().path().starts_with("/api/");
    let suspect = cookie || (form && says_whence(headers));
    if request.method().is_safe() || !suspect || is_ours(headers) {
        return next.run(request).await;
    }
    Error::Forbidden("the request came from another site; open the page here and try again")
        .into_response()
}

/// Browsers say where a form came from; scripts, and mail services that end a subscription, do not.
fn says_whence(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site")
}

fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let origin = text("origin").and_then(|origin| origin.parse::<Uri>().ok());
    let authority = origin
        .as_ref()
        .and_then(Uri::authority)
        .map(|authority| authority.as_str());
    authority.is_some() && authority == text("host")
}
