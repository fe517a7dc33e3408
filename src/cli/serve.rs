//! `grb-app serve` and `grb-app health`.

use super::Common;
use crate::demo::{self, Demo};
use crate::platform::error::Exit;
use crate::platform::reload::Settings;
use crate::platform::trust::Roots;
use crate::platform::{App, Clock};

#[derive(clap::Args)]
pub(super) struct Serve {
    /// Address and port; port 0 picks a free one and prints it
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// A made-up club on a recorded night: no Kafka, no mail, nothing leaves this machine
    #[arg(long)]
    demo: bool,
    /// How fast the demo's night is played
    #[arg(long, default_value_t = 1.0, requires = "demo")]
    speed: f64,
}

impl Serve {
    pub(super) async fn run(self, common: &Common) -> anyhow::Result<()> {
        let (asked, listen) = (common.clone(), self.listen);
        let gather = move || asked.sources(&[("listen", listen.clone())]);
        let settings = Settings::new(Box::new(gather))?;
        let config = settings.config()?;
        if !self.demo {
            let app = App::open(config, Clock::system())?;
            demo::refuse_made_up(&app).await?;
            return crate::serve::run(app, settings, std::future::ready(())).await;
        }
        if !(self.speed > 0.0 && self.speed.is_finite()) {
            return Err(Exit::usage("--speed must be a number above 0.").into());
        }
        let demo = Demo::prepare(config, common.data_dir.as_deref(), self.speed).await?;
        let app = demo.app.clone();
        let night = demo.night();
        crate::serve::run(app, settings, night).await
    }
}

/// `grb-app health`
#[derive(clap::Args)]
pub(super) struct Health {
    /// Address of the serving grb-app, from the settings unless given
    url: Option<String>,
}

impl Health {
    pub(super) async fn run(self, common: &Common) -> anyhow::Result<()> {
        let config = common.settings()?;
        let scheme = config.tls.as_ref().map_or("http", |_| "https");
        let own = format!("{scheme}://{}", config.listen);
        // Our own certificate is for the public name, and we ask by address: only whether the desk is well.
        let client = Roots::load(None)?.builder();
        let client = client
            .tls_danger_accept_invalid_certs(self.url.is_none())
            .build()?;
        let url = self.url.unwrap_or(own);
        let answer = client
            .get(format!("{}/health/readiness", url.trim_end_matches('/')))
            .send()
            .await;
        let answer = answer.map_err(|_| {
            Exit::unavailable(format!(
                "Nothing answers at {url}. Is `grb-app serve` running?"
            ))
        })?;
        let ready = answer.status().is_success();
        say!("{}", answer.text().await?);
        if ready {
            Ok(())
        } else {
            Err(Exit::unavailable("It is not ready.").into())
        }
    }
}
