//! `grb-app listen --forward`: a listener on a host of its own.

use tokio_util::sync::CancellationToken;

use super::Common;
use crate::intake::forward::{self, Desk};
use crate::intake::kafka::Setup;
use crate::platform::error::Exit;
use crate::platform::{Clock, Health};
use crate::serve::Signals;

#[derive(clap::Args)]
pub(super) struct Listen {
    /// Public address of the grb-app that serves, such as https://desk.example.org
    #[arg(long, value_name = "URL")]
    forward: String,
}

impl Listen {
    pub(super) async fn run(self, common: &Common) -> anyhow::Result<()> {
        let config = common.settings()?;
        let Some(kafka) = config.kafka else {
            return Err(Exit::config("There is nothing to listen to: set gcn_client_id and gcn_client_secret, or kafka_bootstrap.").into());
        };
        if !self.forward.starts_with("http://") && !self.forward.starts_with("https://") {
            return Err(Exit::usage(
                "--forward must be an address such as https://desk.example.org.",
            )
            .into());
        }
        let Some(secret) = config.notice_secret else {
            return Err(Exit::config(
                "notice_secret is not set; it must be the same here and where the notices go.",
            )
            .into());
        };
        // The broker keeps the offsets of this listener, which has no database, under its credentials' name.
        let name = kafka
            .login
            .as_ref()
            .map_or_else(|| "plain".to_owned(), |login| login.client_id.clone());
        let setup = Setup {
            kafka,
            group: format!("grb-app-forward-{name}"),
            clock: Clock::system(),
            health: Health::default(),
        };
        let stop = CancellationToken::new();
        let (signal, mut signals) = (stop.clone(), Signals::listen()?);
        tokio::spawn(async move {
            signals.wait().await;
            signal.cancel();
        });
        forward::forward(
            &setup,
            Desk {
                url: self.forward,
                secret,
            },
            stop,
        )
        .await
    }
}
