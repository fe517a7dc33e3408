//! The login token for the broker: fetched over HTTPS, kept fresh by a task, handed to librdkafka when it asks.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use tokio::sync::Notify;

use crate::platform::config::Login;
use crate::platform::{Clock, Health, random};

/// Asked for again after this share of its life; librdkafka itself asks at four fifths.
const FRESH: f64 = 0.6;

/// Each token costs GCN money: pauses between failed attempts grow to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// The newest token, shared with librdkafka's callback.
#[derive(Clone, Default)]
pub struct Tokens {
    newest: Arc<RwLock<Option<Token>>>,
    arrived: Arc<Notify>,
}

#[derive(Clone)]
pub struct Token {
    pub text: String,
    /// ms since 1970
    pub expires_at: i64,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    /// s
    expires_in: f64,
}

impl Answer {
    /// s, as far as it can be believed
    fn life(&self) -> f64 {
        self.expires_in.clamp(10.0, 86_400.0)
    }
}

impl Tokens {
    /// The newest token, where there is one that is still good.
    pub fn newest(&self, clock: &Clock) -> Option<Token> {
        let newest = self
            .newest
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        newest.filter(|token| token.expires_at > clock.wall().timestamp_millis())
    }

    /// Waits for the first token.
    pub async fn first(&self, clock: &Clock) -> Token {
        loop {
            let arrived = self.arrived.notified();
            if let Some(token) = self.newest(clock) {
                return token;
            }
            arrived.await;
        }
    }

    /// Fetches one token, now.
    pub(super) async fn fetch_one(
        &self,
        client: &reqwest::Client,
        login: &Login,
        clock: &Clock,
    ) -> anyhow::Result<()> {
        let answer = fetch(client, login).await?;
        self.keep(&answer, clock);
        Ok(())
    }

    /// Fetches a token now and again in good time, for ever. What goes wrong is told to `health`.
    pub async fn keep_fresh(
        &self,
        client: &reqwest::Client,
        login: &Login,
        clock: &Clock,
        health: &Health,
    ) {
        let mut pause = Duration::from_secs(5);
        loop {
            let rest = match fetch(client, login).await {
                Ok(answer) => {
                    pause = Duration::from_secs(5);
                    health.clear("login");
                    health.mark("login", clock.wall());
                    self.keep(&answer, clock);
                    Duration::from_secs_f64(answer.life() * FRESH)
                }
                Err(error) => {
                    let remedy = "Check gcn_client_id and gcn_client_secret; credentials unused for 30 days are disabled: make new ones at \
                                  https://gcn.nasa.gov/quickstart. Port 443 to the token address must be open.";
                    health.warn("login", &format!("No login token: {error:#}."), remedy);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    pause
                }
            };
            tokio::time::sleep(rest.mul_f64(random::jitter(0.05))).await;
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a token's life is a day at most"
    )]
    fn keep(&self, answer: &Answer, clock: &Clock) {
        let expires_at = clock.wall().timestamp_millis() + (answer.life() * 1000.0) as i64;
        let token = Token {
            text: answer.access_token.clone(),
            expires_at,
        };
        *self.newest.write().unwrap_or_else(PoisonError::into_inner) = Some(token);
        metrics::counter!("grb_kafka_tokens_total").increment(1);
        self.arrived.notify_waiters();
    }
}

async fn fetch(client: &reqwest::Client, login: &Login) -> anyhow::Result<Answer> {
    let asked = client
        .post(&login.token_url)
        .basic_auth(&login.client_id, Some(login.client_secret.reveal()))
        .form(&[("grant_type", "client_credentials")])
        .send()
        .await
        .with_context(|| format!("{} does not answer", login.token_url))?;
    let status = asked.status();
    if status.is_client_error() {
        bail!("{} refused the credentials ({status})", login.token_url);
    }
    if !status.is_success() {
        bail!("{} answered {status}", login.token_url);
    }
    asked
        .json()
        .await
        .with_context(|| format!("{} answered something else than a token", login.token_url))
}
