//! When each notice of the week and of the night is due, and the playing of them.

use chrono::{DateTime, TimeDelta, Utc};

use super::event::Event;
use super::facts;
use crate::intake::{self, RawNotice};
use crate::notices::{self, Notice};
use crate::platform::App;
use crate::platform::clock::seconds;

/// How long the night is on its own clock: 22:00 to 03:00.
pub(super) const LENGTH: TimeDelta = TimeDelta::hours(5);

/// How fast the night's clock runs at `--speed 1`: the five hours take five minutes.
pub(super) const RATE: f64 = 60.0;

/// A notice and when it arrives.
#[derive(Clone)]
pub(super) struct Due {
    pub at: DateTime<Utc>,
    pub topic: String,
    pub notice: Notice,
}

impl Due {
    /// The notice as GCN would send it.
    pub(super) fn body(&self) -> Vec<u8> {
        notices::write(&self.notice, self.notice.format)
    }

    fn raw(&self) -> RawNotice {
        RawNotice::new(self.topic.clone(), self.body())
    }
}

/// What has arrived in the week before a night that begins at `start`, and what arrives in the night, each in its order.
pub(super) fn schedule(start: DateTime<Utc>) -> (Vec<Due>, Vec<Due>) {
    let events = facts::all();
    let mut due: Vec<Due> = events
        .iter()
        .flat_map(|(minutes, event)| of_event(start + seconds(minutes * 60.0), event))
        .collect();
    due.sort_by_key(|due| due.at);
    due.into_iter().partition(|due| due.at < start)
}

fn of_event(start: DateTime<Utc>, event: &Event) -> impl Iterator<Item = Due> {
    event.told.iter().map(move |told| Due {
        at: told.arrival(start),
        topic: told.topic.clone(),
        notice: told.notice(start),
    })
}

/// Takes the past week in, each notice as of its own arrival.
pub(super) async fn take_in(app: &App, week: &[Due]) -> anyhow::Result<()> {
    // Thirty at a time wait for the writer together and share a commit; so few of them are also begun in their order.
    for together in week.chunks(30) {
        let taken = together.iter().map(|due| {
            let mut raw = due.raw();
            raw.as_of = Some(due.at);
            intake::take(app, raw)
        });
        futures::future::try_join_all(taken).await?;
    }
    Ok(())
}

/// Plays the night: takes each notice in when the club's clock shows its time.
pub(super) async fn play(app: App, night: Vec<Due>) {
    for due in night {
        app.clock.sleep_until(due.at).await;
        if let Err(error) = intake::take(&app, due.raw()).await {
            tracing::warn!("A notice of the demonstration's night was not taken in: {error}.");
        }
    }
    tracing::info!("The demonstration's night is over; the desk stays open.");
}
