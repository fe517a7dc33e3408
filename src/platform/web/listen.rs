//! The door: binding an address, and serving it until the stop.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
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
