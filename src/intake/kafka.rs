//! The Kafka listener: hears records, hands each to a sink, and stores its offset only when the sink has it safely.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use chrono::DateTime;
use futures::StreamExt as _;
use futures::stream::FuturesOrdered;
use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{Consumer as _, ConsumerContext, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::metadata::Metadata;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio_util::sync::CancellationToken;

use super::token::Tokens;
use super::topics::{self, HEARTBEAT};
use super::{Position, RawNotice, position, take};
use crate::platform::config::Kafka;
use crate::platform::health::Condition;
use crate::platform::trust::Roots;
use crate::platform::{App, Clock, Error, Health, random};

/// Records on their way at once; together they share the fsync of one transaction.
const IN_FLIGHT: usize = 256;

/// How often new topics and partitions are looked for.
const NEWS: Duration = Duration::from_secs(15);

/// A heartbeat comes every second; after this long without one the line is dead.
const SILENCE: Duration = Duration::from_secs(30);

/// What a listener needs to know.
#[derive(Clone)]
pub struct Setup {
    pub kafka: Kafka,
    /// Group under which the broker keeps our offsets.
    pub group: String,
    pub clock: Clock,
    pub health: Health,
}

/// The next offset of each topic and partition, as far as they have been taken.
pub type Reached = HashMap<(String, i32), i64>;

/// Hears notices and takes them in, until `stop`.
pub async fn hear(app: App, kafka: Kafka, stop: CancellationToken) -> anyhow::Result<()> {
    let group = group(&app).await?;
    let setup = Setup {
        kafka,
        group,
        clock: app.clock.clone(),
        health: app.health.clone(),
    };
    let store = app.clone();
    let positions = move |cluster: String| {
        let db = store.db.clone();
        async move { db.read(move |conn| position::kept(conn, &cluster)).await }
    };
    let sink = move |raw: RawNotice| {
        let app = app.clone();
        async move { take_surely(&app, raw).await }
    };
    listen(&setup, positions, sink, stop).await
}

/// Hears records and hands them to `sink`, in order and many at once; what `positions` knows of a cluster counts more than the group's offsets.
pub async fn listen<P, Q, S, T>(
    setup: &Setup,
    positions: P,
    sink: S,
    stop: CancellationToken,
) -> anyhow::Result<()>
where
    P: FnOnce(String) -> Q,
    Q: Future<Output = crate::platform::Result<Reached>>,
    S: Fn(RawNotice) -> T,
    T: Future<Output = ()>,
{
    let roots = Roots::load(setup.kafka.ca.as_deref())?;
    let tokens = Tokens::default();
    let client = roots.client()?;
    let keep_fresh = async {
        match &setup.kafka.login {
            Some(login) => {
                tokens
                    .keep_fresh(&client, login, &setup.clock, &setup.health)
                    .await;
            }
            None => std::future::pending().await,
        }
    };
    let consume = async {
        let connecting = connect(setup, &roots, &tokens, positions);
        let (consumer, cluster, reached) = tokio::select! {
            connected = connecting => connected?,
            () = stop.cancelled() => return Ok(()),
        };
        let reached = Mutex::new(reached);
        tokio::select! {
            () = drain(&consumer, setup, &cluster, &reached, &sink, &stop) => Ok(()),
            failed = assign(&consumer, setup, &reached) => failed,
            () = watch_heartbeat(setup) => Ok(()),
        }
    };
    tokio::select! {
        ended = consume => ended,
        () = keep_fresh => Ok(()),
    }
}

/// A consumer that is logged in, its cluster's id, and how far that cluster has been read.
async fn connect<P, Q>(
    setup: &Setup,
    roots: &Roots,
    tokens: &Tokens,
    positions: P,
) -> anyhow::Result<(Arc<StreamConsumer<Context>>, String, Reached)>
where
    P: FnOnce(String) -> Q,
    Q: Future<Output = crate::platform::Result<Reached>>,
{
    if setup.kafka.login.is_some() {
        tokens.first(&setup.clock).await;
    }
    let consumer = Arc::new(consumer(setup, roots, tokens.clone())?);
    let cluster = cluster(&consumer, setup).await?;
    let reached = positions(cluster.clone()).await?;
    Ok((consumer, cluster, reached))
}

/// Keeps every partition of the wanted topics assigned: those that are there, and those that come to be, until the listener ends.
///
/// Partitions are assigned by ourselves. A group's own assignment would make a program that was killed wait for its
/// predecessor's session to time out, and there is never a second member to share with.
async fn assign(
    consumer: &Arc<StreamConsumer<Context>>,
    setup: &Setup,
    reached: &Mutex<Reached>,
) -> anyhow::Result<()> {
    let wanted = wanted(&setup.kafka);
    let mut assigned = BTreeSet::new();
    loop {
        let asking = consumer.clone();
        let answer = tokio::task::spawn_blocking(move || {
            asking.fetch_metadata(None, Duration::from_secs(10))
        })
        .await?;
        let there: BTreeSet<(String, i32)> = match &answer {
            Ok(metadata) => partitions(metadata, &wanted),
            Err(error) => {
                tracing::debug!("Kafka: no metadata: {error}.");
                assigned.clone()
            }
        };
        if there != assigned {
            consumer
                .assign(&places(&there, reached))
                .context("Assigning the partitions")?;
            say_what_is_heard(setup, &wanted, &there);
            assigned = there;
        }
        tokio::time::sleep(if assigned.is_empty() { NEWS / 5 } else { NEWS }).await;
    }
}

fn wanted(kafka: &Kafka) -> Vec<String> {
    if kafka.topics.is_empty() {
        topics::usual()
    } else {
        kafka.topics.clone()
    }
}

fn partitions(metadata: &Metadata, wanted: &[String]) -> BTreeSet<(String, i32)> {
    let topics = metadata
        .topics()
        .iter()
        .filter(|topic| wanted.iter().any(|name| name == topic.name()));
    topics
        .flat_map(|topic| {
            topic
                .partitions()
                .iter()
                .map(|partition| (topic.name().to_owned(), partition.id()))
        })
        .collect()
}

/// Where to begin on each partition: after what we have, else at the group's offset, else at the oldest; on heartbeats, at the end.
fn places(partitions: &BTreeSet<(String, i32)>, reached: &Mutex<Reached>) -> TopicPartitionList {
    let reached = reached.lock().unwrap_or_else(PoisonError::into_inner);
    let mut places = TopicPartitionList::with_capacity(partitions.len());
    for (topic, partition) in partitions {
        let offset = match reached.get(&(topic.clone(), *partition)) {
            Some(next) => Offset::Offset(*next),
            None if topic == HEARTBEAT => Offset::End,
            None => Offset::Stored,
        };
        drop(places.add_partition_offset(topic, *partition, offset));
    }
    places
}

fn say_what_is_heard(setup: &Setup, wanted: &[String], there: &BTreeSet<(String, i32)>) {
    let silent = wanted
        .iter()
        .filter(|topic| !there.iter().any(|(known, _)| known == *topic))
        .count();
    let words = format!(
        "Listening to {} topics at {}.",
        wanted.len() - silent,
        setup.kafka.bootstrap
    );
    tracing::info!("{words}");
    if silent > 0 {
        tracing::info!(
            "{silent} more topics have had no notice lately; they are heard as soon as they have one."
        );
    }
    setup.health.note("kafka", Condition::ok(words));
}

/// Takes records until the stop; records in hand are finished and their offsets stored.
async fn drain<S, T>(
    consumer: &StreamConsumer<Context>,
    setup: &Setup,
    cluster: &str,
    reached: &Mutex<Reached>,
    sink: &S,
    stop: &CancellationToken,
) where
    S: Fn(RawNotice) -> T,
    T: Future<Output = ()>,
{
    let mut known_faults = Vec::new();
    let mut in_flight = FuturesOrdered::new();
    while !(stop.is_cancelled() && in_flight.is_empty()) {
        tokio::select! {
            biased;
            Some(position) = in_flight.next() => store_offset(consumer, reached, &position),
            heard = consumer.recv(), if in_flight.len() < IN_FLIGHT && !stop.is_cancelled() => match heard {
                Ok(message) => in_flight.extend(record(&message, cluster, setup).map(|(position, raw)| {
                    let taken = sink(raw);
                    async move {
                        taken.await;
                        position
                    }
                })),
                Err(error) => note_fault(&error, setup, &mut known_faults),
            },
            () = stop.cancelled(), if in_flight.is_empty() => {}
        }
    }
}

fn store_offset(consumer: &StreamConsumer<Context>, reached: &Mutex<Reached>, position: &Position) {
    let key = (position.topic.clone(), position.partition);
    reached
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(key, position.offset + 1);
    // The group's offset is a second thread to hold on to; our own position is in the database already.
    drop(consumer.store_offset(&position.topic, position.partition, position.offset));
}

/// The record as a notice; `None` for a heartbeat, whose age is kept in memory only.
fn record(
    message: &BorrowedMessage<'_>,
    cluster: &str,
    setup: &Setup,
) -> Option<(Position, RawNotice)> {
    let topic = message.topic();
    if topic == HEARTBEAT {
        setup.health.mark("heartbeat", setup.clock.now());
        return None;
    }
    let offset = message.offset();
    let position = Position {
        cluster: cluster.into(),
        topic: topic.into(),
        partition: message.partition(),
        offset,
    };
    let time = message
        .timestamp()
        .to_millis()
        .and_then(DateTime::from_timestamp_millis);
    let body = message.payload().unwrap_or_default().to_vec();
    metrics::counter!("grb_kafka_records_total").increment(1);
    Some((
        position.clone(),
        RawNotice {
            topic: topic.into(),
            body,
            kafka: Some((position, time)),
            as_of: None,
        },
    ))
}

/// Takes a notice however long that takes: a full queue or a full disk must not lose it.
async fn take_surely(app: &App, raw: RawNotice) {
    let mut pause = Duration::from_millis(50);
    loop {
        match take(app, raw.clone()).await {
            Ok(_) => return,
            Err(Error::Busy) => {}
            Err(error) => {
                app.health.note(
                    "database",
                    Condition::warn(
                        format!("A notice could not be stored: {error}"),
                        "Look at the space on the disk.",
                    ),
                );
                tracing::error!(
                    "A notice on {} could not be stored: {error}. Again in {pause:?}.",
                    raw.topic
                );
            }
        }
        tokio::time::sleep(pause.mul_f64(random::jitter(0.2))).await;
        pause = (pause * 2).min(Duration::from_secs(30));
    }
}

/// This installation's consumer group, made up at the first start and kept.
async fn group(app: &App) -> anyhow::Result<String> {
    let fresh = format!("grb-app-{}", random::hex(8));
    let kept = app.db.write(move |tx| {
        tx.execute(
            "insert into keepsakes (name, value) values ('kafka group', ?1) on conflict do nothing",
            [&fresh],
        )?;
        Ok(tx.query_row(
            "select value from keepsakes where name = 'kafka group'",
            [],
            |row| row.get(0),
        )?)
    });
    Ok(kept.await?)
}

fn consumer(
    setup: &Setup,
    roots: &Roots,
    tokens: Tokens,
) -> anyhow::Result<StreamConsumer<Context>> {
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
async fn cluster(consumer: &Arc<StreamConsumer<Context>>, setup: &Setup) -> anyhow::Result<String> {
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

/// Warns when the heartbeat stays away, as long as the listener runs.
async fn watch_heartbeat(setup: &Setup) {
    if !wanted(&setup.kafka).iter().any(|topic| topic == HEARTBEAT) {
        return std::future::pending().await;
    }
    let mut last = setup.health.moment("heartbeat");
    loop {
        tokio::time::sleep(SILENCE).await;
        let now = setup.health.moment("heartbeat");
        if now == last {
            let words = format!(
                "No heartbeat from {} for more than {} s.",
                setup.kafka.bootstrap,
                SILENCE.as_secs()
            );
            let remedy = "The listener goes on trying. Check the network and that port 9092 is open outwards.";
            if setup.health.note("kafka", Condition::warn(&words, remedy)) {
                tracing::warn!("{words} {remedy}");
            }
        } else {
            setup.health.note(
                "kafka",
                Condition::ok(format!("Listening to GCN at {}.", setup.kafka.bootstrap)),
            );
        }
        last = now;
    }
}

fn note_fault(error: &KafkaError, setup: &Setup, known: &mut Vec<RDKafkaErrorCode>) {
    let Some(code) = error.rdkafka_error_code() else {
        return;
    };
    if known.contains(&code) {
        return;
    }
    known.push(code);
    match code {
        RDKafkaErrorCode::UnknownTopicOrPartition
        | RDKafkaErrorCode::UnknownTopic
        | RDKafkaErrorCode::UnknownPartition => {
            tracing::info!(
                "Some topics have had no notice lately at {}; they are heard as soon as they have one.",
                setup.kafka.bootstrap
            );
        }
        _ => tracing::warn!("Kafka: {error}."),
    }
}

/// librdkafka's callbacks.
struct Context {
    setup: Setup,
    tokens: Tokens,
}

impl Context {
    /// Says once that something is wrong, with what to do.
    fn complain(&self, what: &str) {
        let remedy = "Check the network, that port 9092 is open outwards, and the credentials. The listener goes on trying.";
        if self
            .setup
            .health
            .note("kafka", Condition::warn(format!("{what}."), remedy))
        {
            tracing::warn!("Kafka: {what}. {remedy}");
        }
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
