//! The broker to hear from: librdkafka's mock inside this process, or the real one that `tests/kafka/run` has started.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};

pub(crate) struct Broker {
    mock: Option<MockCluster<'static, DefaultProducerContext>>,
    bootstrap: String,
    pub producer: BaseProducer,
}

impl Broker {
    pub(crate) fn new() -> Self {
        let real = std::env::var("GRB_TEST_KAFKA").ok();
        let mock = real.is_none().then(|| MockCluster::new(1).unwrap());
        let bootstrap = real.unwrap_or_else(|| mock.as_ref().unwrap().bootstrap_servers());
        let producer = client(&bootstrap)
            .set("queue.buffering.max.ms", "0")
            .set("queue.buffering.max.messages", "100000")
            .create()
            .unwrap();
        Self {
            mock,
            bootstrap,
            producer,
        }
    }

    pub(crate) fn words(&self) -> &'static str {
        if self.mock.is_some() {
            "librdkafka's mock broker, in this process"
        } else {
            "Apache Kafka on this machine, TLS and OAUTHBEARER"
        }
    }

    pub(crate) async fn create_topic(&self, name: &str, partitions: i32) {
        if let Some(mock) = &self.mock {
            return mock.create_topic(name, partitions, 1).unwrap();
        }
        let admin: AdminClient<DefaultClientContext> = client(&self.bootstrap).create().unwrap();
        let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
        admin
            .create_topics([&topic], &AdminOptions::new())
            .await
            .unwrap()[0]
            .as_ref()
            .unwrap();
    }

    /// Sends a record at once.
    pub(crate) fn send(&self, topic: &str, partition: i32, body: &[u8]) {
        self.producer
            .send(
                BaseRecord::<(), [u8]>::to(topic)
                    .partition(partition)
                    .payload(body),
            )
            .map_err(|(error, _)| error)
            .unwrap();
    }

    pub(crate) fn flush(&self) {
        self.producer.flush(Duration::from_secs(120)).unwrap();
    }

    /// What makes the program listen here.
    pub(crate) fn settings(&self, topic: &str) -> Vec<(String, String)> {
        let test = |name: &str| std::env::var(format!("GRB_TEST_KAFKA{name}")).unwrap();
        let topic = ("GRB_KAFKA_TOPICS".into(), topic.into());
        if self.mock.is_some() {
            return vec![
                topic,
                ("GRB_KAFKA_BOOTSTRAP".into(), self.bootstrap.clone()),
            ];
        }
        let login = [
            ("GRB_KAFKA_BOOTSTRAP", test("_SASL")),
            ("GRB_KAFKA_SECURITY", "sasl_ssl".into()),
            ("GRB_KAFKA_TOKEN_URL", test("_TOKEN_URL")),
            ("GRB_KAFKA_CA", test("_CA")),
            ("GRB_GCN_CLIENT_ID", test("_CLIENT_ID")),
            ("GRB_GCN_CLIENT_SECRET", test("_CLIENT_SECRET")),
        ];
        login
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .chain([topic])
            .collect()
    }
}

fn client(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", bootstrap)
        .set("message.max.bytes", "8000000")
        .set("broker.address.family", "v4");
    config
}
