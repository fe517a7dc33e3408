//! A listener on another host: what it hears it forwards, signed, to a desk that serves.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::kafka::{self, Reached, Setup, Sink};
use super::push::sign;
use super::{Position, RawNotice};
use crate::platform::config::Secret;
use crate::platform::trust::Roots;
use crate::platform::{Result, random};

/// Where notices go, and the secret that both hosts know.
pub struct Desk {
    pub url: String,
    pub secret: Secret,
}

/// Hears notices and forwards each until the desk has it, until `stop`.
pub async fn forward(setup: &Setup, desk: Desk, stop: CancellationToken) -> anyhow::Result<()> {
    // The broker's certificates have nothing to do with the desk's.
    let client = Roots::load(None)?.client()?;
    kafka::listen(
        setup,
        &Wire {
            client,
            desk,
            setup,
        },
        stop,
    )
    .await
}

/// The way to a desk on another host. It has no database; the broker keeps the offsets.
struct Wire<'a> {
    client: reqwest::Client,
    desk: Desk,
    setup: &'a Setup,
}

impl Sink for Wire<'_> {
    async fn reached(&self, _: &str) -> Result<Reached> {
        Ok(Reached::new())
    }

    async fn take(&self, raw: RawNotice) {
        deliver(&self.client, &self.desk, self.setup, &raw).await;
    }

    async fn keep(&self, _: &[Position]) {}
}

/// Sends one notice until the desk answers that it has it, or that it never will.
async fn deliver(client: &reqwest::Client, desk: &Desk, setup: &Setup, raw: &RawNotice) {
    let mut pause = Duration::from_secs(1);
    loop {
        let why = match send(client, desk, setup, raw).await {
            Ok(status) if status.is_success() => return,
            Ok(reqwest::StatusCode::PAYLOAD_TOO_LARGE) => {
                tracing::error!(
                    "The desk refused a notice of {} bytes on {} as too large.",
                    raw.body.len(),
                    raw.topic
                );
                return;
            }
            Ok(status) => format!("it answered {status}"),
            Err(error) => error.to_string(),
        };
        tracing::warn!(
            "A notice was not delivered to {}: {why}. Again in {pause:?}.",
            desk.url
        );
        tokio::time::sleep(pause.mul_f64(random::jitter(0.2))).await;
        pause = (pause * 2).min(Duration::from_secs(60));
    }
}

async fn send(
    client: &reqwest::Client,
    desk: &Desk,
    setup: &Setup,
    raw: &RawNotice,
) -> reqwest::Result<reqwest::StatusCode> {
    let timestamp = setup.clock.wall().timestamp().to_string();
    let request = client
        .post(format!("{}/api/notices", desk.url.trim_end_matches('/')))
        .header("X-Topic", &raw.topic)
        .header(
            "X-Signature",
            sign(&desk.secret, &timestamp, &raw.topic, &raw.body),
        )
        .header("X-Timestamp", timestamp)
        .body(raw.body.clone());
    Ok(request.send().await?.status())
}
