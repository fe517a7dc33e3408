//! A notice's way in: one door for Kafka, pushes, replays, demonstrations and tests.

pub mod aside;
mod client;
mod condition;
pub mod desk;
mod doctor;
pub mod forward;
pub mod kafka;
mod position;
pub mod push;
pub mod replay;
pub mod token;
pub mod topics;

#[cfg(test)]
mod tests;

use std::panic::catch_unwind;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use metrics::{counter, histogram};
use sha2::{Digest as _, Sha256};

use crate::alerts::{self, Letters};
use crate::bursts::{self, Arrival, Burst, BurstJson, Filed};
use crate::notices::{self, Notice};
use crate::platform::telemetry::counts;
use crate::platform::{App, Bus, Result, Tx};
use crate::sky::Region;

pub use crate::bursts::Recorded;
pub use condition::condition;
pub use doctor::checks;
pub use position::Position;
pub use push::router;

/// A notice as it came, not yet read.
#[derive(Debug, Clone)]
pub struct RawNotice {
    pub topic: String,
    pub body: Vec<u8>,
    /// When the broker took it.
    pub kafka_time: Option<DateTime<Utc>>,
    /// Set for replays: everything is dated as of then, and nobody gets a letter.
    pub as_of: Option<DateTime<Utc>>,
    /// Of a replay: who would have been told is decided as of then all the same, and their letters are kept, unsent.
    pub keeps_letters: bool,
}

impl RawNotice {
    /// A notice that came just now, not through Kafka.
    pub fn new(topic: impl Into<String>, body: Vec<u8>) -> Self {
        Self {
            topic: topic.into(),
            body,
            kafka_time: None,
            as_of: None,
            keeps_letters: false,
        }
    }

    fn letters(&self) -> Option<Letters> {
        match (self.as_of, self.keeps_letters) {
            (None, _) => Some(Letters::Sent),
            (Some(_), true) => Some(Letters::Kept),
            (Some(_), false) => None,
        }
    }
}

/// Takes a notice in. Once this answers, it is durable; the same bytes again change nothing.
///
/// [`crate::platform::Error::Busy`] where too much is waiting to be written: try again.
pub async fn take(app: &App, raw: RawNotice) -> Result<Recorded> {
    let incoming = Arc::new(Incoming::read(app, raw));
    write(app, &incoming).await
}

/// A notice that has been read, or that cannot be; it is written as often as that takes.
struct Incoming {
    raw: RawNotice,
    arrival: Arrival,
    /// The notice, or why it cannot be read.
    notice: Result<Notice, String>,
    region: Option<Region>,
}

impl Incoming {
    fn read(app: &App, raw: RawNotice) -> Self {
        let arrival = Arrival {
            hash: Sha256::digest(&raw.body).into(),
            topic: raw.topic.clone(),
            kafka_time: raw.kafka_time,
            received_at: raw.as_of.unwrap_or_else(|| app.clock.now()),
            stale_after: app.config.stale_after,
        };
        // A reader that panics must not take the listener with it, again and again, at the same record.
        let read = catch_unwind(|| (notices::read(&raw.body), region(&raw.body)));
        let (notice, region) = match read {
            Ok((Ok(notice), region)) => (Ok(notice), region),
            Ok((Err(error), _)) => (Err(error.to_string()), None),
            Err(_) => (
                Err("The reader failed on it; please report this.".into()),
                None,
            ),
        };
        Self {
            raw,
            arrival,
            notice,
            region,
        }
    }
}

/// One transaction: the notice under its burst, or aside, what browsers are to hear, and that members are to be told.
async fn write(app: &App, incoming: &Arc<Incoming>) -> Result<Recorded> {
    let (bus, clock, incoming) = (app.bus.clone(), app.clock.clone(), incoming.clone());
    let began = clock.now();
    let job = move |tx: &Tx| {
        let now = clock.now();
        let Incoming {
            raw,
            arrival,
            notice,
            region,
        } = &*incoming;
        match notice {
            Ok(notice) => {
                let stored = raw.as_of.unwrap_or(now);
                let filed =
                    bursts::record(tx, stored, arrival, notice, &raw.body, region.as_ref())?;
                announce(tx, &bus, now, &filed)?;
                if let Some(letters) = raw.letters() {
                    alerts::tell(tx, stored, letters, &filed)?;
                }
                Ok(filed.recorded)
            }
            Err(reason) => aside::keep(tx, arrival, reason, &raw.body),
        }
    };
    let recorded = app.db.write(job).await?;
    count(app, &recorded, began);
    Ok(recorded)
}

/// Makes known what an officer said of a burst, in the transaction in which it was recorded: browsers hear, and members are told.
pub fn make_known(tx: &Tx, bus: &Bus, now: DateTime<Utc>, filed: &Filed) -> Result<()> {
    announce(tx, bus, now, filed)?;
    alerts::tell(tx, now, Letters::Sent, filed)
}

/// Sets a notice aside that can be read but not be written.
async fn give_up(app: &App, incoming: &Arc<Incoming>, why: &str) -> Result<Recorded> {
    let (incoming, why) = (
        incoming.clone(),
        format!("It could not be recorded: {why}."),
    );
    let job = move |tx: &Tx| aside::keep(tx, &incoming.arrival, &why, &incoming.raw.body);
    app.db.write(job).await
}

fn region(body: &[u8]) -> Option<Region> {
    Region::from_map(&notices::sky_map(body)?)
        .inspect_err(|error| tracing::warn!("A probability map could not be read: {error}."))
        .ok()
}

/// Puts what browsers should hear into the same transaction: of the burst, and of others that the notice changed.
fn announce(tx: &Tx, bus: &Bus, now: DateTime<Utc>, filed: &Filed) -> Result<()> {
    let tell =
        |name: &str, burst: &Burst| bus.append(tx, now, "bursts", name, &BurstJson::from(burst));
    match &filed.recorded {
        Recorded::New(burst) => tell("burst.new", burst)?,
        Recorded::Updated { before, after } => {
            let gone = before.withdrawn().is_none() && after.withdrawn().is_some();
            tell(
                if gone {
                    "burst.withdrawn"
                } else {
                    "burst.updated"
                },
                after,
            )?;
        }
        Recorded::Waiting | Recorded::Seen | Recorded::Aside => {}
    }
    filed
        .touched
        .iter()
        .try_for_each(|burst| tell("burst.updated", burst))
}

/// What is counted of notices.
pub fn describe() {
    metrics::describe_counter!(
        "grb_notices_total",
        "Notices taken in, by what they came to"
    );
    metrics::describe_histogram!(
        "grb_notice_seconds",
        "From a notice's arrival to its being safe in the database"
    );
    counts("grb_push_refused_total", "Pushed notices that were refused");
    counts(
        "grb_kafka_tokens_total",
        "Login tokens fetched for the broker",
    );
    counts(
        "grb_kafka_records_total",
        "Records heard from the broker, heartbeats aside",
    );
}

fn count(app: &App, recorded: &Recorded, began: DateTime<Utc>) {
    counter!("grb_notices_total", "recorded" => recorded.word()).increment(1);
    let took = (app.clock.now() - began).as_seconds_f64();
    histogram!("grb_notice_seconds").record(took.max(0.0));
    if let Recorded::New(burst) = recorded {
        tracing::info!(burst.id = burst.id, "Recorded {}.", burst.name());
    }
}
