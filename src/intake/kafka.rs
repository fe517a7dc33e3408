//! The Kafka listener: hears records, hands each to a sink, and keeps its position only when all before it are safe.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use chrono::DateTime;
use futures::stream::FuturesOrdered;
use futures::{FutureExt as _, StreamExt as _};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::metadata::Metadata;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio_util::sync::CancellationToken;

use super::client::{self, Consumer};
use super::token::Tokens;
use super::topics::{self, HEARTBEAT};
use super::{Position, RawNotice};
use crate::platform::config::Kafka;
use crate::platform::health::Condition;
use crate::platform::trust::Roots;
use crate::platform::words;
use crate::platform::{Clock, Health, Result};

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

/// Who gets what is heard.
pub trait Sink {
    /// How far a cluster was taken before.
    fn reached(&self, cluster: &str) -> impl Future<Output = Result<Reached>> + Send;

    /// Takes a record, however long that takes; afterwards it is durable.
    fn take(&self, raw: RawNotice) -> impl Future<Output = ()> + Send;

    /// Keeps that everything up to these positions has been taken.
    fn keep(&self, positions: &[Position]) -> impl Future<Output = ()> + Send;
}

/// Hears records and hands them to `sink`, in order and many at once, until `stop`.
pub async fn listen(
    setup: &Setup,
    sink: &impl Sink,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let roots = Roots::load(setup.kafka.ca.as_deref())?;
    let tokens = Tokens::default();
    let client = roots.client()?;
    let keep_fresh = async {
        match &setup.kafka.login {
            Some(login) => {
                let refreshing = tokens.keep_fresh(&client, login, &setup.clock, &setup.health);
                refreshing.await;
            }
            None => std::future::pending().await,
        }
    };
    let consume = async {
        let (consumer, cluster) = tokio::select! {
            connected = connect(setup, &roots, &tokens) => connected?,
            () = stop.cancelled() => return Ok(()),
        };
        let reached = Mutex::new(sink.reached(&cluster).await?);
        tokio::select! {
            () = drain(&consumer, setup, &cluster, &reached, sink, &stop) => Ok(()),
            failed = assign(&consumer, setup, &reached) => failed,
            () = watch_heartbeat(setup) => Ok(()),
        }
    };
    tokio::select! {
        ended = consume => ended,
        () = keep_fresh => Ok(()),
    }
}

/// A consumer that is logged in, and its cluster's id.
async fn connect(
    setup: &Setup,
    roots: &Roots,
    tokens: &Tokens,
) -> anyhow::Result<(Arc<Consumer>, String)> {
    if setup.kafka.login.is_some() {
        tokens.first(&setup.clock).await;
    }
    let consumer = Arc::new(client::consumer(setup, roots, tokens.clone())?);
    let cluster = client::cluster(&consumer, setup).await?;
    Ok((consumer, cluster))
}

/// Keeps every partition of the wanted topics assigned: those that are there, and those that come to be, until the listener ends.
///
/// Partitions are assigned by ourselves. A group's own assignment would make a program that was killed wait for its
/// predecessor's session to time out, and there is never a second member to share with.
async fn assign(
    consumer: &Arc<Consumer>,
    setup: &Setup,
    reached: &Mutex<Reached>,
) -> anyhow::Result<()> {
    let wanted = wanted(&setup.kafka);
    let mut assigned = None;
    loop {
        let asking = consumer.clone();
        let answer = tokio::task::spawn_blocking(move || {
            asking.fetch_metadata(None, Duration::from_secs(10))
        })
        .await?;
        let there = answer.map(|metadata| partitions(&metadata, &wanted));
        match there {
            Ok(there) if assigned.as_ref() != Some(&there) => {
                consumer
                    .assign(&places(&there, reached))
                    .context("Assigning the partitions")?;
                say_what_is_heard(setup, &wanted, &there);
                assigned = Some(there);
            }
            Ok(_) => {}
            Err(error) => tracing::debug!("Kafka: no metadata: {error}."),
        }
        let hears = assigned.as_ref().is_some_and(|there| !there.is_empty());
        tokio::time::sleep(if hears { NEWS } else { NEWS / 5 }).await;
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
        "Listening to {} at {}.",
        words::count(wanted.len() - silent, "topic"),
        setup.kafka.bootstrap
    );
    tracing::info!("{words}");
    if silent > 0 {
        tracing::info!(
            "{silent} more topics have had no notice lately; they are heard as soon as they have one."
        );
    }
    setup.health.clear("broker");
    let heard = match there.is_empty() {
        false => Condition::ok(words),
        true => Condition::warn(
            "The broker has none of the topics that are to be heard.",
            "Look at kafka_topics for a typing error. A topic is heard as soon as it is there.",
        ),
    };
    setup.health.note("kafka", heard);
}

/// Takes records until the stop; records in hand are finished and their positions kept.
async fn drain(
    consumer: &Consumer,
    setup: &Setup,
    cluster: &str,
    reached: &Mutex<Reached>,
    sink: &impl Sink,
    stop: &CancellationToken,
) {
    let mut known_faults = Vec::new();
    let mut in_flight = FuturesOrdered::new();
    let mut keeping = FuturesOrdered::new();
    while !(stop.is_cancelled() && in_flight.is_empty() && keeping.is_empty()) {
        tokio::select! {
            biased;
            Some(kept) = keeping.next() => store_offsets(consumer, reached, kept),
            // In order: no position is kept before every record that came before it is durable.
            Some(first) = in_flight.next() => {
                let more = std::iter::from_fn(|| in_flight.next().now_or_never().flatten());
                let done: Vec<Position> = std::iter::once(first).chain(more).collect();
                keeping.push_back(async move {
                    sink.keep(&done).await;
                    done
                });
            }
            heard = consumer.recv(), if in_flight.len() < IN_FLIGHT && !stop.is_cancelled() => match heard {
                Ok(message) => in_flight.extend(record(&message, cluster, setup).map(|(position, raw)| async move {
                    sink.take(raw).await;
                    position
                })),
                Err(error) => note_fault(&error, setup, &mut known_faults),
            },
            () = stop.cancelled(), if in_flight.is_empty() && keeping.is_empty() => {}
        }
    }
}

fn store_offsets(consumer: &Consumer, reached: &Mutex<Reached>, positions: Vec<Position>) {
    let mut reached = reached.lock().unwrap_or_else(PoisonError::into_inner);
    for position in positions {
        // The group's offset is a second thread to hold on to; our own position is in the database already.
        drop(consumer.store_offset(&position.topic, position.partition, position.offset));
        reached.insert((position.topic, position.partition), position.offset + 1);
    }
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
    let position = Position {
        cluster: cluster.into(),
        topic: topic.into(),
        partition: message.partition(),
        offset: message.offset(),
    };
    metrics::counter!("grb_kafka_records_total").increment(1);
    let time = message.timestamp().to_millis();
    let raw = RawNotice::new(topic, message.payload().unwrap_or_default().to_vec());
    let kafka_time = time.and_then(DateTime::from_timestamp_millis);
    Some((position, RawNotice { kafka_time, ..raw }))
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
            let bootstrap = &setup.kafka.bootstrap;
            let words = format!(
                "No heartbeat from {bootstrap} for more than {} s.",
                SILENCE.as_secs()
            );
            let remedy = "The listener goes on trying. Check the network and that port 9092 is open outwards.";
            setup.health.warn("heartbeat", &words, remedy);
        } else {
            setup.health.clear("heartbeat");
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
