//! What every page knows: who looks at it, and in what light.

use std::convert::Infallible;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{assets, theme};
use crate::platform::App;

/// Somebody who has signed in; the accounts put it into a request's extensions.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: i64,
    pub name: String,
    pub officer: bool,
}

/// The one who looks at a page, as far as the base template needs to know.
#[derive(Debug, Clone)]
pub struct Viewer {
    pub club: String,
    /// auto, dark, light or red.
    pub theme: String,
    /// Path and query of this page.
    pub path: String,
    /// Said on every page of a demonstration.
    pub demo: Option<String>,
    /// Who has signed in.
    pub person: Option<Person>,
    /// The desk's time in ms since 1970, and how fast it runs: a browser's own clock may be another.
    pub clock: String,
}

impl Viewer {
    pub fn is_officer(&self) -> bool {
        self.person.as_ref().is_some_and(|person| person.officer)
    }

    /// Officers read the outbox; in a demonstration everybody does, since letters are read there.
    pub fn sees_outbox(&self) -> bool {
        self.demo.is_some() || self.is_officer()
    }

    /// The address of an asset.
    pub fn asset(&self, path: &str) -> String {
        assets::url(path)
    }
}

impl FromRequestParts<App> for Viewer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self::of(parts, app))
    }
}

impl Viewer {
    /// Whoever sent this request.
    pub(super) fn of(parts: &Parts, app: &App) -> Self {
        Self {
            club: app.config.club_name.clone(),
            theme: theme::of(&parts.headers).into(),
            path: parts
                .uri
                .path_and_query()
                .map_or_else(|| "/".into(), ToString::to_string),
            demo: app.config.demo.clone(),
            person: parts.extensions.get::<Person>().cloned(),
            clock: format!(
                "{};{}",
                app.clock.now().timestamp_millis(),
                app.clock.rate()
            ),
        }
    }
}

/// A page from its template. Pages are made for the one who asks and kept by nobody.
pub struct Html<T>(pub T);

impl<T: Template> IntoResponse for Html<T> {
    fn into_response(self) -> Response {
        match self.0.render() {
            Ok(text) => (
                [
                    (header::CACHE_CONTROL, "private, no-cache"),
                    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                ],
                text,
            )
                .into_response(),
            Err(error) => {
                tracing::error!("A page could not be laid out: {error}.");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// `text` as it may stand in the query of an address.
pub fn escaped(text: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const ELSE: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'/')
        .remove(b':');
    utf8_percent_encode(text, ELSE).to_string()
}
