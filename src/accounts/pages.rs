//! What the pages of this area share: a plain form, and a page that says something.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::platform::web::form::Field;
use crate::platform::web::{Html, Viewer};

/// A page with one form.
#[derive(askama::Template)]
#[template(path = "accounts/form.html")]
pub(super) struct FormPage {
    pub viewer: Viewer,
    pub title: &'static str,
    pub lead: String,
    /// What came of it: said above the form.
    pub notice: Option<String>,
    pub action: String,
    pub hidden: Vec<(&'static str, String)>,
    pub fields: Vec<Field>,
    pub button: &'static str,
    /// Where else to go: address and words.
    pub ways: Vec<(&'static str, &'static str)>,
}

impl FormPage {
    pub(super) fn new(viewer: Viewer, title: &'static str, action: impl Into<String>) -> Self {
        Self {
            viewer,
            title,
            lead: String::new(),
            notice: None,
            action: action.into(),
            hidden: Vec::new(),
            fields: Vec::new(),
            button: "Go on",
            ways: Vec::new(),
        }
    }
}

/// A page that says something.
#[derive(askama::Template)]
#[template(path = "accounts/said.html")]
pub(super) struct SaidPage {
    pub viewer: Viewer,
    pub title: &'static str,
    pub lines: Vec<String>,
    /// Shown once, to be copied.
    pub secrets: Vec<String>,
    pub ways: Vec<(&'static str, &'static str)>,
}

impl SaidPage {
    pub(super) fn new(viewer: Viewer, title: &'static str, lines: &[&str]) -> Self {
        Self {
            viewer,
            title,
            lines: lines.iter().map(ToString::to_string).collect(),
            secrets: Vec::new(),
            ways: Vec::new(),
        }
    }
}

/// A page whose form was not accepted.
pub(super) fn refused<T: askama::Template>(page: T) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response()
}

/// Two fields for a new password.
pub(super) fn new_password() -> [Field; 2] {
    [
        Field::new("password", "New password")
            .kind("password", "new-password")
            .hint("At least 8 characters, better 12 or more; four words that do not belong together are good."),
        Field::new("password_confirmation", "The same once more").kind("password", "new-password"),
    ]
}

/// A page that shows a secret: no browser keeps it.
pub(super) fn unkept(page: SaidPage) -> Response {
    let mut response = Html(page).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        header::HeaderValue::from_static("no-store"),
    );
    response
}
