//! No other site may act in a member's name.

use axum::extract::Request;
use axum::http::{HeaderMap, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::platform::Error;

/// Refuses a changing request that carries a cookie and does not come from our own pages. Scripts and tokens carry none and pass.
pub(super) async fn refuse_foreign(request: Request, next: Next) -> Response {
    let headers = request.headers();
    if request.method().is_safe() || !headers.contains_key(header::COOKIE) || is_ours(headers) {
        return next.run(request).await;
    }
    Error::Forbidden("the request came from another site; open the page here and try again")
        .into_response()
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
