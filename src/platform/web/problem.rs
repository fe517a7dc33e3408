//! Errors as answers: a problem document (RFC 9457) for scripts, a page for people.

use std::any::Any;

use axum::extract::Request;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::{Html, Viewer};
use crate::platform::Error;
use crate::platform::error::FieldFault;

/// Seconds after which an overloaded desk may be asked again.
const RETRY_AFTER: &str = "2";

/// The body of every error answer.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the status says it all.
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub title: &'static str,
    pub status: u16,
    /// What happened and what to do, in a sentence.
    pub detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldFault>,
    /// Where the desk is, for who asked under another name.
    #[serde(skip)]
    elsewhere: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "platform/web/error.html")]
struct ErrorPage {
    viewer: Viewer,
    status: u16,
    title: String,
    what: String,
    why: String,
    remedy: String,
    elsewhere: Option<String>,
}

impl Error {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) | Self::Unknown(_) => StatusCode::NOT_FOUND,
            Self::Refused(_) => StatusCode::BAD_REQUEST,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unsupported(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooFast { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy | Self::Unwritable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::LongAddress { .. } => StatusCode::URI_TOO_LONG,
            Self::Silent => StatusCode::REQUEST_TIMEOUT,
            Self::Elsewhere(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn problem(&self) -> Problem {
        let status = self.status();
        let detail = match self {
            Self::Unwritable(_) => {
                "The database cannot be written just now; try again soon.".into()
            }
            Self::Internal(_) => {
                "Something went wrong on our side; it has been written to the log.".into()
            }
            other => other.to_string(),
        };
        let errors = match self {
            Self::Invalid(faults) => faults.clone(),
            _ => Vec::new(),
        };
        let elsewhere = match self {
            Self::Elsewhere(address) => Some(address.clone()),
            _ => None,
        };
        Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail,
            errors,
            elsewhere,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match &self {
            Self::Internal(error) => tracing::error!("A request failed: {error:#}."),
            Self::Unwritable(error) => tracing::error!("A request could not be stored: {error}."),
            _ => {}
        }
        let wait = match &self {
            Self::TooFast { after } => Some(after.to_string()),
            Self::Busy | Self::Unwritable(_) => Some(RETRY_AFTER.to_owned()),
            _ => None,
        };
        answer(self.problem(), wait.as_deref())
    }
}

/// Turns a problem into a page for `viewer`: what happened, why, what to do. Other answers stay as they are.
pub(super) fn as_page(viewer: Viewer, response: Response) -> Response {
    let Some(problem) = response.extensions().get::<Problem>() else {
        return response;
    };
    let mut page = Html(ErrorPage::new(viewer, problem)).into_response();
    *page.status_mut() = response.status();
    if let Some(wait) = response.headers().get(header::RETRY_AFTER) {
        page.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    let (parts, _) = response.into_parts();
    page.extensions_mut().extend(parts.extensions);
    page
}

/// The answer to a request whose handler panicked.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer hands over what was thrown"
)]
pub(super) fn panicked(thrown: Box<dyn Any + Send>) -> Response {
    let text = thrown
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| thrown.downcast_ref::<&str>().copied());
    Error::Internal(anyhow::anyhow!(
        "a handler panicked: {}",
        text.unwrap_or("no message")
    ))
    .into_response()
}

fn answer(problem: Problem, wait: Option<&str>) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let mut response = (
        status,
        [(header::CONTENT_TYPE, "application/problem+json")],
        body,
    )
        .into_response();
    let mut say = |name: HeaderName, value: &str| {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    };
    if let Some(wait) = wait {
        say(header::RETRY_AFTER, wait);
    }
    if status == StatusCode::UNAUTHORIZED {
        say(header::WWW_AUTHENTICATE, "Bearer");
    }
    response.extensions_mut().insert(problem);
    response
}

/// True where a person asks with a browser.
pub(super) fn wants_page(request: &Request) -> bool {
    let accepts = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accepts.contains("text/html") && !request.uri().path().starts_with("/api/")
}

impl ErrorPage {
    fn new(viewer: Viewer, problem: &Problem) -> Self {
        let (what, remedy) = match problem.status {
            404 => (
                "This page is not here.",
                "Check the address, or start again from the latest burst.",
            ),
            401 => ("Who are you?", "Sign in, then open the page again."),
            403 => (
                "This was not allowed.",
                "Start again from the latest burst, or ask an officer of the club.",
            ),
            421 => (
                "The desk goes by another name.",
                "Open its own address, and keep that one:",
            ),
            413 => (
                "That is more than this page takes.",
                "Go back, make it smaller or shorter, and send it again.",
            ),
            414 => (
                "This address is too long.",
                "Check the address, or start again from the latest burst.",
            ),
            408 => (
                "What you sent did not arrive whole.",
                "Go back and send it again; a place with better reception helps.",
            ),
            422 => (
                "Something in the request cannot be used.",
                "Go back, mend what is named above, and send it again; nothing was lost.",
            ),
            429 => (
                "That was too often in a short time.",
                "Wait that long, then load the page again, or go back and send it once more.",
            ),
            503 => (
                "The desk is busy.",
                "Wait a few seconds and load the page again; notices are still being taken.",
            ),
            405 => (
                "This address does not take that kind of request.",
                "Start again from the latest burst.",
            ),
            _ => (
                "Something went wrong here.",
                "Load the page again; if it stays so, tell an officer of the club.",
            ),
        };
        let mut why = problem.detail.clone();
        if let Some(first) = why.get(..1).map(str::to_uppercase) {
            why.replace_range(..1, &first);
        }
        Self {
            viewer,
            status: problem.status,
            title: problem.title.into(),
            what: what.into(),
            why: why.trim_end_matches('.').to_owned() + ".",
            remedy: remedy.into(),
            elsewhere: problem.elsewhere.clone(),
        }
    }
}
