//! A notice's way in: one door for Kafka, pushes, replays, demonstrations and tests.

pub mod aside;
mod condition;
pub mod forward;
pub mod kafka;
mod position;
pub mod push;
pub mod replay;
pub mod token;
pub mod topics;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use metrics::{counter, histogram};
use sha2::{Digest as _, Sha256};

use crate::bursts::{self, Arrival};
use crate::notices;
use crate::platform::{App, Bus, Result, Tx};
use crate::sky::Region;

pub use crate::bursts::Recorded;
pub use condition::condition;
pub use position::Position;
pub use push::router;

/// A notice as it came, not yet read.
#[derive(Debug, Clone)]
pub struct RawNotice {
    pub topic: String,
    pub body: Vec<u8>,
    /// Where it stands in Kafka, and when the broker took it.
    pub kafka: Option<(Position, Option<DateTime<Utc>>)>,
    /// Set for replays: everything is dated as of then.
    pub as_of: Option<DateTime<Utc>>,
}

impl RawNotice {
    /// A notice that came just now, not through Kafka.
    pub fn new(topic: impl Into<String>, body: Vec<u8>) -> Self {
        Self {
            topic: topic.into(),
            body,
            kafka: None,
            as_of: None,
        }
    }
}

/// Takes a notice in. Once this answers, it is durable; the same bytes again change nothing.
///
/// [`crate::platform::Error::Busy`] where too much is waiting to be written: try again.
pub async fn take(app: &App, raw: RawNotice) -> Result<Recorded> {
    let now = raw.as_of.unwrap_or_else(|| app.clock.now());
    let read = notices::read(&raw.body);
    let region = read
        .is_ok()
        .then(|| notices::sky_map(&raw.body))
        .flatten()
        .and_then(|map| region(&map));
    let arrival = Arrival {
        hash: Sha256::digest(&raw.body).into(),
        topic: raw.topic.clone(),
        kafka_time: raw.kafka.as_ref().and_then(|(_, time)| *time),
        received_at: now,
        stale_after: app.config.stale_after,
    };
    let (bus, clock) = (app.bus.clone(), app.clock.clone());
    let write = move |tx: &Tx| {
        let stored = raw.as_of.unwrap_or_else(|| clock.now());
        if let Some((position, _)) = &raw.kafka {
            position::keep(tx, position)?;
        }
        match read {
            Ok(notice) => {
                let recorded =
                    bursts::record(tx, stored, &arrival, &notice, &raw.body, region.as_ref())?;
                announce(tx, &bus, stored, recorded)
            }
            Err(error) => aside::keep(
                tx,
                now,
                &arrival.hash,
                &raw.topic,
                &error.to_string(),
                &raw.body,
            ),
        }
    };
    let recorded = app.db.write(write).await?;
    count(app, &recorded, now);
    Ok(recorded)
}

fn region(map: &[u8]) -> Option<Region> {
    Region::from_map(map)
        .inspect_err(|error| tracing::warn!("A probability map could not be read: {error}."))
        .ok()
}

/// Puts what browsers should hear into the same transaction.
fn announce(tx: &Tx, bus: &Bus, now: DateTime<Utc>, recorded: Recorded) -> Result<Recorded> {
    let (name, burst) = match &recorded {
        Recorded::Updated { before, after }
            if before.withdrawn().is_none() && after.withdrawn().is_some() =>
        {
            ("burst.withdrawn", after)
        }
        Recorded::Updated { after, .. } => ("burst.updated", after),
        Recorded::New(burst) => ("burst.new", burst),
        Recorded::Waiting | Recorded::Seen | Recorded::Aside => return Ok(recorded),
    };
    bus.append(
        tx,
        now,
        "bursts",
        name,
        &bursts::routes::BurstJson::from(&**burst),
    )?;
    Ok(recorded)
}

fn count(app: &App, recorded: &Recorded, began: DateTime<Utc>) {
    counter!("grb_notices_total", "recorded" => recorded.word()).increment(1);
    let took = (app.clock.now() - began).as_seconds_f64();
    histogram!("grb_notice_seconds").record(took.max(0.0));
    if let Recorded::New(burst) = recorded {
        tracing::info!(burst.id = burst.id, "Recorded {}.", burst.name());
    }
}
