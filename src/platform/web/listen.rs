//! The doors: an address for browsers, a socket for commands on the same machine; bound, and served until the stop.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use axum::Router;
use tokio::net::{TcpListener, UnixListener};
use tokio_util::sync::CancellationToken;

use crate::platform::error::Exit;

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
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await?;
    Ok(())
}
