//! librdkafka as we use it: its settings, its login, and what it says of faults.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{Consumer as _, ConsumerContext, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::kafka::Setup;
use super::token::Tokens;
use crate::platform::trust::Roots;

pub(super) type Consumer = StreamConsumer<Context>;

/// A consumer for `setup`, not yet connected.
pub(super) fn consumer(setup: &Setup, roots: &Roots, tokens: Tokens) -> anyhow::Result<Consumer> {
    let kafka = &setup.kafka;
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &kafka.bootstrap)
        .set("security.protocol", &kafka.security)
        .set("group.id", &setup.group)
        .set("client.id", concat!("grb-app/", env!("CARGO_PKG_VERSION")))
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.offset.store", "false")
        .set("allow.auto.create.topics", "false")
        .set("broker.address.family", &kafka.address_family)
        .set("topic.metadata.refresh.interval.ms", "60000")
        .set("fetch.wait.max.ms", "100")
        .set("fetch.message.max.bytes", "8388608")
        .set("queued.max.messages.kbytes", "16384")
        // A full queue otherwise pauses fetching for a whole second.
        .set("fetch.queue.backoff.ms", "20")
        .set("socket.keepalive.enable", "true")
        .set("reconnect.backoff.max.ms", "10000")
        .set_log_level(RDKafkaLogLevel::Error);
    if kafka.security.contains("ssl") {
        config.set("ssl.ca.pem", roots.pem());
    }
    if kafka.login.is_some() {
        config.set("sasl.mechanisms", "OAUTHBEARER");
    }
    let context = Context {
        setup: setup.clone(),
        tokens,
    };
    config
        .create_with_context(context)
        .context("Preparing the Kafka consumer")
}

/// Asks the cluster for its id until it answers. The consumer reconnects by itself; starting anew would only cost tokens.
pub(super) async fn cluster(consumer: &Arc<Consumer>, setup: &Setup) -> anyhow::Result<String> {
    loop {
        let asking = consumer.clone();
        let answer = tokio::task::spawn_blocking(move || {
            asking.client().fetch_cluster_id(Duration::from_secs(5))
        });
        // Only a consumer that is being polled answers the broker's wish for a token.
        let polling = async {
            loop {
                drop(consumer.recv().await);
            }
        };
        let id = tokio::select! { id = answer => id?, () = polling => None };
        if let Some(id) = id {
            return Ok(id);
        }
        let bootstrap = &setup.kafka.bootstrap;
        consumer
            .context()
            .complain(&format!("{bootstrap} does not answer"));
    }
}

/// librdkafka's callbacks.
pub(super) struct Context {
    setup: Setup,
    tokens: Tokens,
}

impl Context {
    /// Says that the broker cannot be used, with what to do.
    fn complain(&self, what: &str) {
        let remedy = "Check the network, that port 9092 is open outwards, and the credentials. The listener goes on trying.";
        self.setup
            .health
            .warn("broker", &format!("{what}."), remedy);
    }
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!("Kafka: {error}: {reason}");
        let code = error.rdkafka_error_code();
        if matches!(
            code,
            Some(RDKafkaErrorCode::AllBrokersDown | RDKafkaErrorCode::Authentication)
        ) {
            self.complain(&format!(
                "{} cannot be reached or refused the login",
                self.setup.kafka.bootstrap
            ));
        }
    }

    fn log(&self, _: RDKafkaLogLevel, _: &str, message: &str) {
        tracing::debug!("librdkafka: {message}");
    }

    fn generate_oauth_token(
        &self,
        _: Option<&str>,
    ) -> Result<OAuthToken, Box<dyn std::error::Error>> {
        let token = self
            .tokens
            .newest(&self.setup.clock)
            .ok_or("no login token yet")?;
        Ok(OAuthToken {
            token: token.text,
            principal_name: "grb-app".into(),
            lifetime_ms: token.expires_at,
        })
    }
}

impl ConsumerContext for Context {}
