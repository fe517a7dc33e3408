//! axum's extractors, with our errors.

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::platform::Error;

/// A JSON body in, and a JSON answer out.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(Error))]
pub struct Json<T>(pub T);

#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Error))]
pub struct Query<T>(pub T);

/// Parts of the path. One of the wrong form is an address that does not exist.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Error))]
pub struct Path<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl From<JsonRejection> for Error {
    fn from(rejection: JsonRejection) -> Self {
        match rejection {
            JsonRejection::MissingJsonContentType(_) => Self::Unsupported("application/json is"),
            JsonRejection::BytesRejection(_) => Self::TooLarge {
                limit: super::BODY_LIMIT,
            },
            other => Self::invalid("body", other.body_text()),
        }
    }
}

impl From<QueryRejection> for Error {
    fn from(rejection: QueryRejection) -> Self {
        let text = rejection.body_text();
        // serde_urlencoded says "Failed to deserialize query string: FIELD: WHY".
        let mut parts = text.splitn(3, ": ").skip(1);
        match (parts.next(), parts.next()) {
            (Some(field), Some(why)) => Self::invalid(field, why),
            _ => Self::invalid("query", text),
        }
    }
}

impl From<PathRejection> for Error {
    fn from(_: PathRejection) -> Self {
        Self::NotFound("page")
    }
}
