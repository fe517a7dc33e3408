//! Doors that are open before we come: listening sockets handed over by systemd (`grb-app.socket`), or bound by ourselves.

use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;

use super::listen;
use crate::platform::error::Exit;

/// The sockets that were handed over and that nobody has asked for yet.
#[derive(Debug, Default)]
pub struct Handed(Vec<TcpListener>);

impl Handed {
    /// Takes what `LISTEN_FDS` announces, where it is meant for this process; no program that we start gets them.
    ///
    /// Fails with exit 78 where something else than a listening TCP socket was handed over.
    pub fn take() -> anyhow::Result<Self> {
        let mut handed = ListenFd::from_env();
        let sockets = (0..handed.len()).map(|place| handed.take_tcp_listener(place));
        let sockets: Result<Vec<_>, _> = sockets.collect();
        let sockets = sockets.map_err(|error| {
            Exit::config(format!(
                "What systemd hands over cannot be listened on: {error}. See grb-app.socket."
            ))
        })?;
        Ok(Self(sockets.into_iter().flatten().collect()))
    }

    /// The socket for `address`: the one with its port that was handed over, or else one bound now.
    pub async fn bind(&mut self, address: SocketAddr) -> anyhow::Result<tokio::net::TcpListener> {
        let has_port = |socket: &TcpListener| {
            let at = socket.local_addr();
            at.is_ok_and(|at| at.port() == address.port())
        };
        let Some(place) = self.0.iter().position(has_port) else {
            return listen::bind(address).await;
        };
        let socket = self.0.swap_remove(place);
        socket.set_nonblocking(true)?;
        Ok(tokio::net::TcpListener::from_std(socket)?)
    }

    /// A socket that no setting names would keep people waiting for ever (78).
    pub fn all_taken(&self) -> anyhow::Result<()> {
        let Some(address) = self.0.first().and_then(|socket| socket.local_addr().ok()) else {
            return Ok(());
        };
        Err(Exit::config(format!(
            "systemd hands over {address}, and no setting names port {}. Set listen = \"{address}\" (or redirect_listen), or change grb-app.socket.",
            address.port()
        ))
        .into())
    }
}
