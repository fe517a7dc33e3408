//! Who asks: found out once for every request, taken in by handlers.

use axum::extract::{FromRequestParts, OptionalFromRequestParts, Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::model::Member;
use super::prove;
use super::sessions::{self, Caller, Proof};
use crate::platform::web::{Person, escaped};
use crate::platform::{Actor, App, Error};

/// What was found out.
#[derive(Debug, Clone)]
enum Known {
    Caller(Box<Caller>),
    /// The database did not say.
    Unsure,
}

/// The member who asks; others are asked to sign in.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Member);

/// The member who asks, signed in: a key for scripts must neither make others of its kind nor shut its owner out.
#[derive(Debug, Clone)]
pub(super) struct InPerson(pub Caller);

/// The member who asks, an officer; others are refused.
#[derive(Debug, Clone)]
pub struct Officer(pub Member);

/// The officer who asks, to change something: each such act is put on record. Where the member gave the password too long ago for
/// this session, they are asked for it again (see [`prove`]), however its secret is sent; a token for scripts is a proof by itself.
#[derive(Debug, Clone)]
pub struct Acting(pub Member);

impl Acting {
    pub fn actor(&self) -> Actor {
        Actor::from(&self.0)
    }
}

/// The member who asks, if it is one.
#[derive(Debug, Clone)]
pub struct MaybeSignedIn(pub Option<Member>);

/// Finds out who asks, from the session's cookie or an `Authorization: Bearer` header, and puts it into the request.
pub async fn recognize(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let secret = secret(&app, request.headers());
    let mut asked = None;
    if let Some(secret) = secret.filter(|_| !request.uri().path().starts_with("/assets/")) {
        let now = app.clock.now();
        let found = app
            .db
            .read(move |conn| sessions::caller(conn, now, &secret));
        match found.await {
            Ok(Some(caller)) => {
                request.extensions_mut().insert(Person {
                    id: caller.member.id,
                    name: caller.member.full_name.clone(),
                    officer: caller.member.officer,
                });
                note_use(&app, &caller);
                if prove::concerns(&caller, &request, app.clock.wall()) {
                    asked = Some(caller.clone());
                }
                know(&mut request, caller);
            }
            Ok(None) => {}
            Err(_) => {
                request.extensions_mut().insert(Known::Unsure);
            }
        }
    }
    match asked {
        None => next.run(request).await,
        Some(caller) => prove::ask(&app, caller, request, next).await,
    }
}

/// Puts what was found out into the request.
pub(super) fn know(request: &mut Request, caller: Caller) {
    let known = Known::Caller(Box::new(caller));
    request.extensions_mut().insert(known);
}

/// The name of the session's cookie: only https can keep the promise of `__Host-`.
pub(super) fn cookie_name(app: &App) -> &'static str {
    match is_secure(app) {
        true => "__Host-session",
        false => "session",
    }
}

/// The name of the cookie by which a browser is known again.
pub(super) fn device_name(app: &App) -> &'static str {
    match is_secure(app) {
        true => "__Host-device",
        false => "device",
    }
}

pub(super) fn is_secure(app: &App) -> bool {
    app.config.is_secure()
}

fn secret(app: &App, headers: &HeaderMap) -> Option<String> {
    let text = |value: &header::HeaderValue| value.to_str().ok().map(str::to_owned);
    if let Some(authorization) = headers.get(header::AUTHORIZATION).and_then(text) {
        let (scheme, secret) = authorization.split_once(' ')?;
        let bearer = scheme.eq_ignore_ascii_case("bearer");
        return bearer.then(|| secret.trim().to_owned());
    }
    kept(headers, cookie_name(app))
}

/// What the browser keeps under this name.
pub(super) fn kept(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = |value: &header::HeaderValue| value.to_str().ok().map(str::to_owned);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(text);
    let pairs = lines.flat_map(|line| line.split(';').map(str::to_owned).collect::<Vec<_>>());
    let mut values = pairs.filter_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then(|| value.to_owned())
    });
    values.next()
}

/// Notes the use beside the answer, at most once a minute; it is no loss if that fails.
fn note_use(app: &App, caller: &Caller) {
    let now = app.clock.now();
    if caller.is_stale(now) {
        let (db, proof) = (app.db.clone(), caller.proof);
        tokio::spawn(async move { db.write(move |tx| sessions::note(tx, now, proof)).await });
    }
}

pub(super) fn known(parts: &Parts) -> Result<Option<Caller>, Error> {
    match parts.extensions.get::<Known>() {
        Some(Known::Caller(caller)) => Ok(Some((**caller).clone())),
        Some(Known::Unsure) => Err(Error::Busy),
        None => Ok(None),
    }
}

/// To the sign-in and back, for a page; 401 for a script.
fn ask_who(parts: &Parts) -> Response {
    let path = parts.uri.path();
    if path.starts_with("/api/") {
        return Error::Unauthorized("sign in, or send a token").into_response();
    }
    let back = parts
        .uri
        .path_and_query()
        .map_or(path, |path| path.as_str());
    match parts.method == Method::GET {
        true => Redirect::to(&format!("/sign-in?next={}", escaped(back))).into_response(),
        false => Redirect::to("/sign-in").into_response(),
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Response> {
        let known = known(parts).map_err(IntoResponse::into_response)?;
        known.ok_or_else(|| ask_who(parts))
    }
}

impl FromRequestParts<App> for InPerson {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let caller = <Caller as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        match caller.proof {
            Proof::Session(_) => Ok(Self(caller)),
            Proof::Token(_) => {
                let why = "a token may not change how its member signs in; sign in for that";
                Err(Error::Forbidden(why).into_response())
            }
        }
    }
}

impl OptionalFromRequestParts<App> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Option<Self>, Error> {
        known(parts)
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let caller = <Caller as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        Ok(Self(caller.member))
    }
}

impl FromRequestParts<App> for Officer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let SignedIn(member) = SignedIn::from_request_parts(parts, app).await?;
        match member.officer {
            true => Ok(Self(member)),
            false => Err(Error::Forbidden("this is for officers of the club").into_response()),
        }
    }
}

impl FromRequestParts<App> for Acting {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let Officer(member) = Officer::from_request_parts(parts, app).await?;
        let caller = <Caller as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        match caller.needs_proof(app.clock.wall()) {
            false => Ok(Self(member)),
            true => Err(prove::wanted()),
        }
    }
}

impl FromRequestParts<App> for MaybeSignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Error> {
        Ok(Self(known(parts)?.map(|caller| caller.member)))
    }
}
