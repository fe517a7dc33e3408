//! The listener against a real Apache Kafka with GCN's own login: OAUTHBEARER over TLS. `tests/kafka/run` starts all of it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up should fail loudly"
)]

#[path = "../it/common.rs"]
#[expect(dead_code, reason = "these tests need less of it")]
mod common;
mod crash;
mod root;

use std::process::Command;
use std::time::Duration;

use grb_app::notices::Kind;
use grb_app::platform::config::{Kafka, Login, Secret};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{FutureProducer, FutureRecord};

use crate::common::{Listener, NOTICES, TestApp, body, count, gbm, until};

/// The test bench that `tests/kafka/run` has started.
struct Bench {
    plaintext: String,
    sasl: String,
    token_url: String,
    ca: String,
    client_id: String,
    client_secret: String,
    tokens_url: String,
}

impl Bench {
    /// `None`, and a word about it, where the bench is not running.
    fn found() -> Option<Self> {
        let var = |name: &str| std::env::var(format!("GRB_TEST_KAFKA{name}")).ok();
        let Some(plaintext) = var("") else {
            println!("SKIPPED: no Kafka; run tests/kafka/run -- cargo test --test kafka");
            return None;
        };
        Some(Self {
            plaintext,
            sasl: var("_SASL")?,
            token_url: var("_TOKEN_URL")?,
            ca: var("_CA")?,
            client_id: var("_CLIENT_ID")?,
            client_secret: var("_CLIENT_SECRET")?,
            tokens_url: var("_TOKENS_URL")?,
        })
    }

    /// Settings as for GCN: logged in, over TLS.
    fn logged_in(&self, topic: &str) -> Kafka {
        Kafka {
            bootstrap: self.sasl.clone(),
            security: "sasl_ssl".into(),
            login: Some(Login {
                client_id: self.client_id.clone(),
                client_secret: Secret::new(&self.client_secret),
                token_url: self.token_url.clone(),
            }),
            ca: Some(self.ca.clone().into()),
            topics: vec![topic.into()],
            address_family: "v4".into(),
        }
    }

    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.plaintext)
            .set("message.max.bytes", "8000000")
            .set("broker.address.family", "v4");
        config
    }

    async fn create_topic(&self, topic: &str) {
        let admin: AdminClient<DefaultClientContext> = self.client().create().unwrap();
        let topic = NewTopic::new(topic, 1, TopicReplication::Fixed(1));
        admin
            .create_topics([&topic], &AdminOptions::new())
            .await
            .unwrap()[0]
            .as_ref()
            .unwrap();
    }

    async fn publish(&self, topic: &str, bodies: impl IntoIterator<Item = Vec<u8>>) {
        let producer: FutureProducer = self.client().create().unwrap();
        for body in bodies {
            producer
                .send(
                    FutureRecord::<(), [u8]>::to(topic).payload(&body),
                    Duration::from_secs(30),
                )
                .await
                .unwrap();
        }
    }

    async fn tokens_issued(&self) -> u64 {
        let client = grb_app::platform::trust::Roots::load(Some(self.ca.as_ref()))
            .unwrap()
            .client()
            .unwrap();
        client
            .get(&self.tokens_url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    }

    fn broker(what: &str) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kafka/broker");
        assert!(
            Command::new(script).arg(what).status().unwrap().success(),
            "broker {what}"
        );
    }
}

/// A topic that no other test uses.
fn topic(name: &str) -> String {
    format!("{name}.{}", grb_app::platform::random::hex(4))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_login_lasts_longer_than_a_token() {
    let Some(bench) = Bench::found() else { return };
    let (desk, topic) = (TestApp::today(), topic("tokens"));
    bench.create_topic(&topic).await;
    let before = bench.tokens_issued().await;
    let listener = Listener::start(&desk.app, bench.logged_in(&topic));
    // The token lives 30 s and the broker asks for a fresh one every 20 s.
    for second in 0..45 {
        bench
            .publish(&topic, [body(&gbm(1, Kind::Alert, second))])
            .await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    until(&desk.app, NOTICES, 45).await;
    listener.stop().await;
    let issued = bench.tokens_issued().await - before;
    assert!(
        (2..=5).contains(&issued),
        "{issued} tokens in 45 s; each costs GCN money"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_said_with_what_to_do() {
    let Some(bench) = Bench::found() else { return };
    let (desk, topic) = (TestApp::today(), topic("credentials"));
    let mut kafka = bench.logged_in(&topic);
    kafka.login = kafka.login.map(|login| Login {
        client_secret: Secret::new("wrong"),
        ..login
    });
    let listener = Listener::start(&desk.app, kafka);
    for _ in 0..100 {
        let known = grb_app::intake::condition(&desk.app);
        if known.state == grb_app::platform::health::State::Warn {
            assert!(known.words.contains("refused the credentials"), "{known:?}");
            assert!(known.remedy.unwrap().contains("gcn_client_secret"));
            return listener.stop().await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nothing was said");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_comes_to_be_is_heard_and_4_mib_are_taken_whole() {
    let Some(bench) = Bench::found() else { return };
    let (desk, topic) = (TestApp::today(), topic("late"));
    let listener = Listener::start(&desk.app, bench.logged_in(&topic));
    tokio::time::sleep(Duration::from_secs(5)).await;
    bench.create_topic(&topic).await;
    let large = vec![b'x'; 4 * 1024 * 1024];
    bench
        .publish(&topic, [body(&gbm(1, Kind::Alert, 5)), large])
        .await;
    until(&desk.app, NOTICES, 1).await;
    until(
        &desk.app,
        "select coalesce(sum(length(body)), 0) from aside",
        4 * 1024 * 1024,
    )
    .await;
    listener.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_delivered_again_is_seen() {
    let Some(bench) = Bench::found() else { return };
    let (desk, topic) = (TestApp::today(), topic("again"));
    bench.create_topic(&topic).await;
    let alert = body(&gbm(1, Kind::Alert, 5));
    bench
        .publish(&topic, [alert.clone(), alert.clone(), alert])
        .await;
    let listener = Listener::start(&desk.app, bench.logged_in(&topic));
    until(
        &desk.app,
        "select coalesce(max(next_offset), 0) from kafka_positions",
        3,
    )
    .await;
    listener.stop().await;
    // Everything forgotten but the notices: all records come again.
    desk.app
        .db
        .write(|tx| Ok(tx.execute_batch("delete from kafka_positions; delete from keepsakes;")?))
        .await
        .unwrap();
    let listener = Listener::start(&desk.app, bench.logged_in(&topic));
    until(
        &desk.app,
        "select coalesce(max(next_offset), 0) from kafka_positions",
        3,
    )
    .await;
    listener.stop().await;
    assert_eq!(
        (
            count(&desk.app, NOTICES).await,
            count(&desk.app, "select count(*) from events").await
        ),
        (1, 1)
    );
}

/// Last by its name: tests of one binary share the broker, and this one takes it away for a while.
#[tokio::test(flavor = "multi_thread")]
async fn z_a_broker_that_was_killed_and_is_back_is_heard_again() {
    let Some(bench) = Bench::found() else { return };
    let (desk, topic) = (TestApp::today(), topic("killed"));
    bench.create_topic(&topic).await;
    bench.publish(&topic, [body(&gbm(1, Kind::Alert, 1))]).await;
    let listener = Listener::start(&desk.app, bench.logged_in(&topic));
    until(&desk.app, NOTICES, 1).await;
    Bench::broker("kill");
    tokio::time::sleep(Duration::from_secs(3)).await;
    Bench::broker("start");
    Bench::broker("wait");
    bench.publish(&topic, [body(&gbm(1, Kind::Alert, 2))]).await;
    until(&desk.app, NOTICES, 2).await;
    listener.stop().await;
}
