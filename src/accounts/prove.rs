//! "Is it still you?": an officer who gave the password long ago is asked again before something changes, and then it is done.

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Form, FromRequest as _, Request};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use chrono::{DateTime, Utc};
use utoipa_axum::router::OpenApiRouter;

use super::entry::{self, Given};
use super::extract::know;
use super::second_step;
use super::sessions::{self, Caller, Proof};
use crate::platform::error::FieldFault;
use crate::platform::web::form::Field;
use crate::platform::web::{Html, Viewer, escaped, local};
use crate::platform::{App, Error, Result};

/// Forms of officers are small.
const LARGEST: usize = 64 * 1024;

/// What the page adds to the form that it was asked about.
const PASSWORD: &str = "proof_password";
const CODE: &str = "proof_code";
const BACK: &str = "proof_back";

/// Where the page is laid out; the browser never sees this address.
const PAGE: &str = "/prove";

pub(super) fn router() -> OpenApiRouter<crate::platform::App> {
    OpenApiRouter::new().route(PAGE, post(page))
}

/// Goes with the answer of a handler that will not act without a proof.
#[derive(Debug, Clone, Copy)]
struct Wanted;

/// What the page says and carries along.
#[derive(Debug, Clone)]
struct Asking {
    /// Where the form was going.
    action: String,
    fields: Vec<(String, String)>,
    /// The page on which the form was sent.
    back: String,
    /// A code is asked as well.
    with_code: bool,
    faults: Vec<FieldFault>,
}

#[derive(askama::Template)]
#[template(path = "accounts/prove.html")]
struct ProvePage {
    viewer: Viewer,
    asking: Asking,
    inputs: Vec<Field>,
}

/// The answer of a handler that will not act: what a script reads. A page's form is asked about instead.
pub(super) fn wanted() -> Response {
    let why = "you gave your password more than half an hour ago: sign in again, or send a token made for scripts";
    let mut answer = Error::Unauthorized(why).into_response();
    answer.extensions_mut().insert(Wanted);
    answer
}

/// Whether this request is a form that an officer sends from a browser that has been open for long.
pub(super) fn concerns(caller: &Caller, request: &Request, wall: DateTime<Utc>) -> bool {
    let header = |name| {
        let value = request.headers().get(name);
        value
            .and_then(|value: &HeaderValue| value.to_str().ok())
            .unwrap_or_default()
    };
    caller.member.officer
        && caller.needs_proof(wall)
        && request.method() == axum::http::Method::POST
        && header(header::CONTENT_TYPE).starts_with("application/x-www-form-urlencoded")
        && header(header::ACCEPT).contains("text/html")
}

/// Lets the form through where its handler needs no proof, or where it brings one; else asks for it, keeping what was typed.
pub(super) async fn ask(app: &App, caller: Caller, request: Request, next: Next) -> Response {
    asked(app, caller, request, next)
        .await
        .unwrap_or_else(Error::into_response)
}

async fn asked(app: &App, mut caller: Caller, request: Request, next: Next) -> Result<Response> {
    let (parts, body) = request.into_parts();
    let too_large = |_| Error::TooLarge { limit: LARGEST };
    let body = to_bytes(body, LARGEST).await.map_err(too_large)?;
    let whole = Request::from_parts(parts.clone(), Body::from(body));
    let Form(mut fields) = Form::<Vec<(String, String)>>::from_request(whole, &())
        .await
        .map_err(|_| Error::invalid("form", "cannot be read"))?;
    let back = take(&mut fields, BACK).unwrap_or_else(|| came_from(&parts));
    let faults = match (take(&mut fields, PASSWORD), take(&mut fields, CODE)) {
        (None, _) => Vec::new(),
        (Some(password), code) => {
            prove(app, &mut caller, password, code.unwrap_or_default()).await?
        }
    };
    let mut request = with_form(&parts, &parts.uri, &fields);
    know(&mut request, caller.clone());
    let answer = next.clone().run(request).await;
    if answer.extensions().get::<Wanted>().is_none() {
        return Ok(answer);
    }
    let member = caller.member.id;
    let steps = app.db.read(second_step::all).await?;
    let mut request = with_form(&parts, &at_page(&parts.uri)?, &[]);
    let back = local(&back).to_owned();
    fields.push((BACK.into(), back.clone()));
    request.extensions_mut().insert(Asking {
        action: parts
            .uri
            .path_and_query()
            .map_or("/", |there| there.as_str())
            .to_owned(),
        fields,
        back,
        with_code: steps.contains(&member),
        faults,
    });
    Ok(next.run(request).await)
}

/// Judges what was given; notes the proof, or says what is wrong with it.
async fn prove(
    app: &App,
    caller: &mut Caller,
    password: String,
    code: String,
) -> Result<Vec<FieldFault>> {
    let fault = |field: &str, message: &str| match Error::invalid(field, message) {
        Error::Invalid(faults) => Ok(faults),
        other => Err(other),
    };
    match entry::prove(app, &caller.member, password, code).await {
        Ok(Given::Right) => {}
        Ok(Given::WrongPassword) => return fault(PASSWORD, "That is not it; try again."),
        Ok(Given::WrongCode) => {
            return fault(
                CODE,
                "That is not it, or was used before. Take the next one.",
            );
        }
        Err(Error::TooFast { .. }) => {
            return fault(
                PASSWORD,
                "Too many tries; wait some minutes, and try again.",
            );
        }
        Err(other) => return Err(other),
    }
    let wall = app.clock.wall();
    if let Proof::Session(session) = caller.proof {
        app.db
            .write(move |tx| sessions::prove(tx, wall, session))
            .await?;
    }
    caller.proved_at = Some(wall);
    Ok(Vec::new())
}

/// The page's address in the same house: over HTTP/2 the host stands nowhere else.
fn at_page(asked: &Uri) -> Result<Uri> {
    let mut address = asked.clone().into_parts();
    address.path_and_query = Some(PathAndQuery::from_static(PAGE));
    Uri::from_parts(address).map_err(|error| Error::Internal(error.into()))
}

/// The page that sent the form, as the browser says. One that was itself the answer to this form cannot be gone back to.
fn came_from(parts: &Parts) -> String {
    let referer = parts.headers.get(header::REFERER);
    let page = referer.and_then(|value| Uri::try_from(value.as_bytes()).ok());
    let page = page.filter(|page| page.path() != parts.uri.path());
    let path = page.as_ref().and_then(Uri::path_and_query);
    path.map_or("/", PathAndQuery::as_str).to_owned()
}

fn take(fields: &mut Vec<(String, String)>, name: &str) -> Option<String> {
    let at = fields.iter().position(|(field, _)| field == name)?;
    Some(fields.remove(at).1)
}

/// The request as it came, with another form.
fn with_form(parts: &Parts, uri: &Uri, fields: &[(String, String)]) -> Request {
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
    let body = pairs.collect::<Vec<_>>().join("&");
    let mut parts = parts.clone();
    parts.uri = uri.clone();
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    Request::from_parts(parts, Body::from(body))
}

/// Not to be asked for by browsers: it says nothing without what [`ask`] puts into the request.
async fn page(viewer: Viewer, asking: Option<Extension<Asking>>) -> Result<Response> {
    let Extension(asking) = asking.ok_or(Error::NotFound("page"))?;
    let password = Field::new(PASSWORD, "Password")
        .kind("password", "current-password")
        .judged(&asking.faults);
    let code = Field::new(CODE, "Code")
        .kind("text", "one-time-code")
        .hint("From your phone, or one of those kept for its loss.")
        .judged(&asking.faults);
    let inputs = match asking.with_code {
        true => vec![password, code],
        false => vec![password],
    };
    let page = ProvePage {
        viewer,
        asking,
        inputs,
    };
    Ok((StatusCode::UNAUTHORIZED, Html(page)).into_response())
}
