//! The door: who asks, whether this is the house they mean, and whether there is room; before anything is done about it.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures::future::Either;
use hyper::body::{Frame, SizeHint};
use pin_project_lite::pin_project;
use tower::Service;
use tower::layer::{Layer, layer_fn};

use super::crowd::{Crowd, Place};
use super::tls::Certificates;
use super::visitor::Visitor;
use super::{Viewer, host, problem, promise};
use crate::platform::{App, Config, Error, Result};

/// Requests in hand at once. The database works off more than that in a second, even on a small computer; whoever came behind
/// them would only wait, and take memory meanwhile.
const IN_HAND: u32 = 1024;

/// Those of one visitor: somebody who sends slowly holds up nobody else.
const SHARE: u32 = 256;

/// Answers that are made and not yet read to the end. Over one connection of HTTP/2 somebody may ask for many and take none: each is
/// kept in memory until they do. A visitor may have the same share of them.
const UNREAD: u32 = 2048;

/// Longer addresses are nobody's.
const ADDRESS_LIMIT: usize = 8 * 1024;

/// Who has been here by TLS comes by TLS, for a year from then.
const FOREVER_BY_TLS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Puts the door before everything else.
pub fn door<S>(app: &App) -> impl Layer<S, Service = Door<S>> + Clone + use<S> {
    let (app, names) = (app.clone(), names(&app.config));
    let crowd = Crowd::new(IN_HAND, SHARE);
    let readers = Crowd::new(UNREAD, SHARE);
    layer_fn(move |inner| Door {
        inner,
        app: app.clone(),
        names: names.clone(),
        crowd: crowd.clone(),
        readers: readers.clone(),
    })
}

/// Everything behind the [`door`].
#[derive(Clone)]
pub struct Door<S> {
    inner: S,
    app: App,
    /// The names of this house; empty where nobody has said.
    names: Arc<[String]>,
    crowd: Crowd,
    readers: Crowd,
}

/// Where a request stands: among those in hand, and among those whose answers are not read yet.
struct Standing {
    in_hand: Place,
    unread: Place,
}

/// The names under which the desk is known: that of its public address, and those that it has certificates for.
fn names(config: &Config) -> Arc<[String]> {
    let public = config.public_url.as_deref();
    let public = public.and_then(|url| url.parse().ok());
    let public = public.as_ref().and_then(host::of_address);
    let certified = match &config.tls {
        Some(Certificates::Acme { domains, .. }) => domains.as_slice(),
        _ => &[],
    };
    let public = public.map(str::to_owned).into_iter();
    public.chain(certified.iter().cloned()).collect()
}

impl<S> Door<S> {
    fn recognize(&self, request: &mut Request) -> Visitor {
        let peer = Visitor::of(request.extensions());
        let proxies = &self.app.config.trusted_proxies;
        let visitor = proxies.judge(peer, request.headers());
        if visitor != peer {
            request.extensions_mut().insert(visitor);
        }
        visitor
    }

    /// Its places for the request, where it needs any.
    fn judge(&self, request: &Request, visitor: Visitor) -> Result<Option<Standing>> {
        if is_for_machines(request.uri().path()) {
            return Ok(None);
        }
        let length = request
            .uri()
            .path_and_query()
            .map_or(0, |all| all.as_str().len());
        if length > ADDRESS_LIMIT {
            let limit = ADDRESS_LIMIT;
            return Err(Error::LongAddress { limit });
        }
        self.is_meant(request)?;
        self.app.limits.look(request)?;
        let alone = (!visitor.is_here()).then(|| visitor.house());
        let places = self.crowd.enter(alone).zip(self.readers.enter(alone));
        let Some((in_hand, unread)) = places else {
            metrics::counter!("grb_requests_shed_total").increment(1);
            return Err(Error::Busy);
        };
        Ok(Some(Standing { in_hand, unread }))
    }

    /// Where the public address is known, another name that leads here is a trap: a page of another site let its own name point
    /// to this machine, to read what its visitors may read. Addresses and plain names are how a network speaks to its own.
    /// The sheets and fonts are everybody's: the page that says so needs them.
    fn is_meant(&self, request: &Request) -> Result<()> {
        let asked = host::of(request.uri(), request.headers()).unwrap_or("localhost");
        let ours = |name: &String| name.eq_ignore_ascii_case(asked);
        let told_all = super::assets::is_one(request.uri().path());
        if told_all || self.names.is_empty() || self.names.iter().any(ours) || host::is_local(asked)
        {
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
    type Future = Either<Within<S::Future>, Ready<Result<Response, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let visitor = self.recognize(&mut request);
        match self.judge(&request, visitor) {
            Ok(standing) => Either::Left(Within {
                answer: self.inner.call(request),
                standing,
                secure: visitor.secure,
            }),
            Err(error) => Either::Right(ready(Ok(self.refuse(request, error)))),
        }
    }
}

pin_project! {
    /// An answer in the making. Its place among those in hand is free again once it begins.
    pub struct Within<F> {
        #[pin]
        answer: F,
        standing: Option<Standing>,
        secure: bool,
    }
}

impl<E, F: Future<Output = Result<Response, E>>> Future for Within<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let within = self.project();
        let mut answer = std::task::ready!(within.answer.poll(context));
        if let Some(Standing { in_hand, unread }) = within.standing.take() {
            drop(in_hand);
            answer = answer.map(|answer| until_read(answer, unread));
        }
        if let (true, Ok(answer)) = (*within.secure, &mut answer) {
            let headers = answer.headers_mut();
            headers.insert(header::STRICT_TRANSPORT_SECURITY, FOREVER_BY_TLS);
        }
        Poll::Ready(answer)
    }
}

/// The answer, which holds its place until it was read or given up; but a stream of events lasts for days and is sent as it comes.
fn until_read(answer: Response, place: Place) -> Response {
    let kind = answer.headers().get(header::CONTENT_TYPE);
    let lasts = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    match lasts || answer.body().is_end_stream() {
        true => answer,
        false => answer.map(|body| {
            Body::new(Unread {
                body,
                _place: place,
            })
        }),
    }
}

/// What is still to be read, with its place.
struct Unread {
    body: Body,
    _place: Place,
}

impl HttpBody for Unread {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
