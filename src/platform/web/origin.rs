//! No other site may act in a member's name.

use axum::extract::Request;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::platform::{App, Error};

/// Refuses a changing request that carries a cookie and does not come from our own pages, and a form that another site's page
/// sends without one: it could sign a visitor in as somebody else. Scripts and tokens carry neither cookie nor origin and pass.
pub(super) async fn refuse_foreign(app: &App, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let cookie = headers.contains_key(header::COOKIE);
    let form = request.method() == Method::POST && !request.uri().path().starts_with("/api/");
    let suspect = cookie || (form && says_whence(headers));
    if request.method().is_safe() || !suspect || is_ours(app, &request) {
        return next.run(request).await;
    }
    Error::Forbidden("the request came from another site; open the page here and try again")
        .into_response()
}

/// Browsers say where a form came from; scripts, and mail services that end a subscription, do not.
fn says_whence(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site")
}

fn is_ours(app: &App, request: &Request) -> bool {
    let headers = request.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text("origin") else {
        return false;
    };
    // A proxy may have put its own name for us into the request; the public address stays what it is.
    let address = origin.parse::<Uri>().ok();
    let authority = |address: &Uri| address.authority().map(ToString::to_string);
    let asked = authority(request.uri()).or_else(|| text("host").map(str::to_owned));
    let same = asked.is_some() && asked == address.as_ref().and_then(authority);
    same || app.config.public_url.as_deref() == Some(origin)
}
