//! The doors: an address for browsers, a socket for commands on the same machine; bound, and served until the stop.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulConnection;
#[cfg(target_os = "linux")]
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::crowd::Crowd;
use super::tls::Tls;
use super::visitor::{Proxies, Visitor};
use crate::platform::error::Exit;

/// Longer headers are refused with 431.
const HEADER_LIMIT: usize = 16 * 1024;

/// Requests at once over one connection of HTTP/2, and what is kept of each answer until it is read.
const STREAMS: u32 = 64;
const SEND_BUFFER: usize = 64 * 1024;

/// Who has come before the stop is waited for this long to say what for.
const ON_ITS_WAY: Duration = Duration::from_millis(500);

/// Binds `address`; says which port and what to do where it is taken (69), and where only root may open it (78).
pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let port = address.port();
    let another = "Choose another with --listen 127.0.0.1:PORT (port 0 picks a free one).";
    TcpListener::bind(address).await.map_err(|error| {
        let exit = match error.kind() {
            ErrorKind::AddrInUse => {
                Exit::unavailable(format!("Port {port} is taken by another program. {another}"))
            }
            ErrorKind::PermissionDenied => Exit::config(format!(
                "Port {port} may not be opened by this user. Set one from 1024 on, or let systemd open it: `grb-app unit --socket` \
                 prints the unit for the settings as they are, and what to do with it."
            )),
            _ => Exit::unavailable(format!("{address} cannot be listened on: {error}. {another}")),
        };
        exit.into()
    })
}

/// Where a serving desk hears the commands of its own machine.
pub fn socket(folder: &Path) -> PathBuf {
    folder.join("grb-app.sock")
}

/// Binds the socket that commands beside this server speak to; only the owner of the data folder reaches it.
pub fn bind_socket(folder: &Path) -> anyhow::Result<UnixListener> {
    let path = socket(folder);
    // One that a killed server left behind; the database's lock says that no other is alive.
    drop(std::fs::remove_file(&path));
    UnixListener::bind(&path).with_context(|| format!("Binding {}", path.display()))
}

/// A client of the server in `folder`, where one answers.
pub fn beside(folder: &Path) -> Option<reqwest::Client> {
    let path = socket(folder);
    std::os::unix::net::UnixStream::connect(&path).ok()?;
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .unix_socket(path)
        .tls_certs_only([])
        .build()
        .ok()
}

/// Answers the commands of this machine until `stop`, and takes the socket away.
pub async fn serve_socket(
    listener: UnixListener,
    routes: Router,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    axum::serve(listener, routes)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await?;
    if let Some(path) = address.as_pathname() {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

/// How those who come are treated.
#[derive(Debug, Clone, Copy)]
pub struct Manners {
    /// A whole header comes by then, or not at all, the first as well as each later one; idle connections are closed after as long.
    pub header: Duration,
    /// Who takes nothing of what they asked for is hung up on after as long.
    pub reader: Duration,
    /// Connections at once, most of them event streams.
    pub connections: u32,
    /// Those of one visitor: a stranger with a thousand silent connections shuts nobody else out.
    pub share: u32,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(10),
            reader: Duration::from_secs(60),
            connections: 4096,
            share: 256,
        }
    }
}

/// An address at which requests are answered.
pub struct Gate {
    listener: TcpListener,
    manners: Manners,
    /// Proxies speak for many, and may have as many connections as there are.
    trusted: Proxies,
    tls: Option<Tls>,
}

impl Gate {
    pub fn on(listener: TcpListener) -> Self {
        Self {
            listener,
            manners: Manners::default(),
            trusted: Proxies::default(),
            tls: None,
        }
    }

    #[must_use]
    pub fn with_manners(self, manners: Manners) -> Self {
        Self { manners, ..self }
    }

    #[must_use]
    pub fn trusting(self, trusted: Proxies) -> Self {
        Self { trusted, ..self }
    }

    #[must_use]
    pub fn with_tls(self, tls: Option<Tls>) -> Self {
        Self { tls, ..self }
    }

    /// Answers requests until `stop`, then finishes those in hand.
    pub async fn serve(self, routes: Router, stop: CancellationToken) {
        let server = Arc::new(server(self.manners));
        let slots = Arc::new(Semaphore::new(self.manners.connections as usize));
        let crowd = Crowd::new(self.manners.connections, self.manners.share);
        while let Some((stream, peer, slot)) = self.next(&slots, &stop).await {
            let visitor = Visitor::at(peer, self.tls.is_some());
            let speaks_for_many = visitor.is_here() || self.trusted.trusts(visitor.address);
            let alone = (!speaks_for_many).then(|| visitor.house());
            let Some(place) = crowd.enter(alone) else {
                metrics::counter!("grb_connections_refused_total").increment(1);
                continue;
            };
            let routes = routes.clone();
            let begins = Arc::new(Notify::new());
            let begun = begins.clone();
            let service = service_fn(move |mut request: Request<Incoming>| {
                begun.notify_one();
                request.extensions_mut().insert(visitor);
                routes.clone().oneshot(request.map(Body::new))
            });
            let (server, stop) = (server.clone(), stop.clone());
            let patience = self.manners.header;
            let greeted = greet(stream, self.tls.clone(), patience);
            tokio::spawn(async move {
                metrics::gauge!("grb_open_connections").increment(1);
                if let Some(stream) = greeted.await {
                    let connection = server.serve_connection(TokioIo::new(stream), service);
                    attend(connection.into_owned(), &begins, patience, &stop).await;
                }
                metrics::gauge!("grb_open_connections").decrement(1);
                drop((slot, place));
            });
        }
        // Whoever is still here keeps a slot.
        drop(slots.acquire_many(self.manners.connections).await);
    }

    /// The next connection and its slot; `None` at the stop.
    async fn next(
        &self,
        slots: &Arc<Semaphore>,
        stop: &CancellationToken,
    ) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        loop {
            let accepting = async {
                let slot = slots.clone().acquire_owned().await.ok()?;
                Some((self.listener.accept().await, slot))
            };
            let (accepted, slot) = tokio::select! {
                accepted = accepting => accepted?,
                () = stop.cancelled() => return None,
            };
            match accepted {
                Ok((stream, peer)) => {
                    self.prepare(&stream);
                    return Some((stream, peer, slot));
                }
                Err(error) => {
                    tracing::warn!("A connection could not be taken: {error}. Waiting a second.");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    fn prepare(&self, stream: &TcpStream) {
        // Events are small and should leave at once.
        drop(stream.set_nodelay(true));
        // The kernel gives up on who is gone, and on who keeps the line open and reads nothing.
        #[cfg(target_os = "linux")]
        drop(SockRef::from(stream).set_tcp_user_timeout(Some(self.manners.reader)));
    }
}

/// The connection, encrypted where that is wanted; `None` where nothing came of it.
async fn greet(
    stream: TcpStream,
    tls: Option<Tls>,
    patience: Duration,
) -> Option<Either<TcpStream, TlsStream<TcpStream>>> {
    let Some(tls) = tls else {
        return Some(Either::Left(stream));
    };
    let greeted = timeout(patience, tls.accept(stream)).await;
    greeted.ok()?.ok()?.map(Either::Right)
}

/// Answers what comes over a connection, until it ends or, once we stop, what has begun is answered. How it breaks off is the
/// visitor's affair.
async fn attend(
    connection: impl GracefulConnection,
    begins: &Notify,
    patience: Duration,
    stop: &CancellationToken,
) {
    let mut connection = pin!(connection);
    // Until the first request it is not even known which version of HTTP is spoken: the server's own limits do not hold, and asked
    // to finish, it would hang up on a request that is on its way.
    tokio::select! {
        _ = connection.as_mut() => return,
        begun = timeout(patience, begins.notified()) => if begun.is_err() { return },
        () = long_after(stop) => {}
    }
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    drop(connection.await);
}

async fn long_after(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(ON_ITS_WAY).await;
}

fn server(manners: Manners) -> auto::Builder<TokioExecutor> {
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(manners.header)
        .max_buf_size(HEADER_LIMIT);
    server
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(manners.header)
        .keep_alive_timeout(manners.header)
        .max_header_list_size(u32::try_from(HEADER_LIMIT).unwrap_or(u32::MAX))
        .max_concurrent_streams(STREAMS)
        .max_send_buf_size(SEND_BUFFER);
    server
}
