//! The doors: an address for browsers, a socket for commands on the same machine; bound, and served until the stop.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::platform::error::Exit;

/// A whole header comes by then, or not at all; idle connections are closed after as long.
const HEADER_PATIENCE: Duration = Duration::from_secs(10);

/// Connections at once, most of them event streams.
const CONNECTIONS: usize = 4096;

/// Binds `address`; says which port and what to do where it is taken (69).
pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                format!("Port {} is taken by another program", address.port())
            }
            std::io::ErrorKind::PermissionDenied => {
                format!("Port {} may not be used by this user", address.port())
            }
            _ => format!("{address} cannot be listened on: {error}"),
        };
        Exit::unavailable(format!(
            "{why}. Choose another with --listen 127.0.0.1:PORT (port 0 picks a free one)."
        ))
        .into()
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

/// Answers the commands of this machine until `stop`.
pub async fn serve_socket(
    listener: UnixListener,
    routes: Router,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    axum::serve(listener, routes)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await?;
    Ok(())
}

/// Answers requests until `stop`, then finishes those in hand.
///
/// Who sends no whole header within [`HEADER_PATIENCE`] is hung up on, and nobody beyond [`CONNECTIONS`] is let in: otherwise a
/// stranger with a thousand silent connections would shut everybody else out.
pub async fn serve(listener: TcpListener, routes: Router, stop: CancellationToken) {
    let server = Arc::new(server());
    let (open, slots) = (
        GracefulShutdown::new(),
        Arc::new(Semaphore::new(CONNECTIONS)),
    );
    while let Some((stream, peer, slot)) = next(&listener, &slots, &stop).await {
        let routes = routes.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            routes.clone().oneshot(request.map(Body::new))
        });
        let connection = server
            .serve_connection(TokioIo::new(stream), service)
            .into_owned();
        let connection = open.watch(connection);
        tokio::spawn(async move {
            metrics::gauge!("grb_open_connections").increment(1);
            // A connection that breaks off is the visitor's affair.
            drop(connection.await);
            metrics::gauge!("grb_open_connections").decrement(1);
            drop(slot);
        });
    }
    open.shutdown().await;
}

fn server() -> auto::Builder<TokioExecutor> {
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE);
    server
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEADER_PATIENCE);
    server
}

/// The next connection and its slot; `None` at the stop.
async fn next(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    loop {
        let accepting = async {
            let slot = slots.clone().acquire_owned().await.ok()?;
            Some((listener.accept().await, slot))
        };
        let (accepted, slot) = tokio::select! {
            accepted = accepting => accepted?,
            () = stop.cancelled() => return None,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Events are small and should leave at once.
                drop(stream.set_nodelay(true));
                return Some((stream, peer, slot));
            }
            Err(error) => {
                tracing::warn!("A connection could not be taken: {error}. Waiting a second.");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}
