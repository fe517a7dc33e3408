//! The door: who asks, and whether this is the house they mean, before anything is done about it.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use futures::future::Either;
use tower::Service;
use tower::layer::{Layer, layer_fn};

use super::visitor::Visitor;
use super::{Viewer, host, problem, promise};
use crate::platform::{App, Config, Error, Result};

/// Puts the door before everything else.
pub fn door<S>(app: &App) -> impl Layer<S, Service = Door<S>> + Clone + use<S> {
    let (app, names) = (app.clone(), names(&app.config));
    layer_fn(move |inner| Door {
        inner,
        app: app.clone(),
        names: names.clone(),
    })
}

/// Everything behind the [`door`].
#[derive(Clone)]
pub struct Door<S> {
    inner: S,
    app: App,
    /// The names of this house; empty where nobody has said.
    names: Arc<[String]>,
}

/// The names under which the desk is known: that of its public address.
fn names(config: &Config) -> Arc<[String]> {
    let public = config
        .public_url
        .as_deref()
        .and_then(|url| url.parse().ok());
    let public = public.as_ref().and_then(host::of_address);
    public.map(str::to_owned).into_iter().collect()
}

impl<S> Door<S> {
    fn recognize(&self, request: &mut Request) {
        let peer = Visitor::of(request.extensions());
        let proxies = &self.app.config.trusted_proxies;
        let visitor = proxies.judge(peer, request.headers());
        if visitor != peer {
            request.extensions_mut().insert(visitor);
        }
    }

    fn judge(&self, request: &Request) -> Result<()> {
        if is_for_machines(request.uri().path()) {
            return Ok(());
        }
        self.is_meant(request)
    }

    /// Where the public address is known, another name that leads here is a trap: a page of another site let its own name point
    /// to this machine, to read what its visitors may read. Addresses and plain names are how a network speaks to its own.
    fn is_meant(&self, request: &Request) -> Result<()> {
        let asked = host::of(request.uri(), request.headers()).unwrap_or("localhost");
        let ours = |name: &String| name.eq_ignore_ascii_case(asked);
        if self.names.is_empty() || self.names.iter().any(ours) || host::is_local(asked) {
            return Ok(());
        }
        Err(Error::Elsewhere(self.app.config.base_url()))
    }

    fn refuse(&self, request: Request, error: Error) -> Response {
        let answer = error.into_response();
        if !problem::wants_page(&request) {
            return promise(answer);
        }
        let (parts, _) = request.into_parts();
        promise(problem::as_page(Viewer::of(&parts, &self.app), answer))
    }
}

/// Those who look after the desk reach it by whatever name, and when it is busiest. What they may see is decided there.
fn is_for_machines(path: &str) -> bool {
    path.starts_with("/health") || path == "/metrics"
}

impl<S: Service<Request, Response = Response>> Service<Request> for Door<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        self.recognize(&mut request);
        match self.judge(&request) {
            Ok(()) => Either::Left(self.inner.call(request)),
            Err(error) => Either::Right(ready(Ok(self.refuse(request, error)))),
        }
    }
}
