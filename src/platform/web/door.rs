//! The door: who asks, before anything is done about it.

use std::task::{Context, Poll};

use axum::extract::Request;
use tower::Service;
use tower::layer::{Layer, layer_fn};

use super::visitor::Visitor;
use crate::platform::App;

/// Puts the door before everything else.
pub fn door<S>(app: &App) -> impl Layer<S, Service = Door<S>> + Clone + use<S> {
    let app = app.clone();
    layer_fn(move |inner| Door {
        inner,
        app: app.clone(),
    })
}

/// Everything behind the [`door`].
#[derive(Clone)]
pub struct Door<S> {
    inner: S,
    app: App,
}

impl<S: Service<Request>> Service<Request> for Door<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let peer = Visitor::of(request.extensions());
        let proxies = &self.app.config.trusted_proxies;
        let visitor = proxies.judge(peer, request.headers());
        if visitor != peer {
            request.extensions_mut().insert(visitor);
        }
        self.inner.call(request)
    }
}
