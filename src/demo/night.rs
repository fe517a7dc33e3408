//! When each notice of the week and of the night is due, and the playing of them.

use chrono::{DateTime, TimeDelta, Utc};

use super::camera;
use super::event::Event;
use super::facts;
use super::observers::{self, Report};
use crate::accounts::{Site, sites};
use crate::bursts;
use crate::intake::{self, RawNotice};
use crate::notices::{self, Notice};
use crate::observations::{images, news, store};
use crate::platform::clock::seconds;
use crate::platform::{App, Result};

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

/// What the members have posted before a night that begins at `start`, and what they post in the night, each in its order.
pub(super) async fn reports(app: &App, start: DateTime<Utc>) -> Result<(Vec<Report>, Vec<Report>)> {
    let sites = app
        .db
        .read(|conn| sites::store::of_members(conn, 0..=i64::MAX))
        .await?;
    let sites: Vec<Site> = sites.into_values().flatten().collect();
    let reports = made_up(start, &sites);
    Ok(reports.into_iter().partition(|report| report.at < start))
}

/// All that is posted until the night ends, by members at these sites.
pub(super) fn made_up(start: DateTime<Utc>, sites: &[Site]) -> Vec<Report> {
    let events = facts::all();
    let fields = events.iter().filter_map(|(minutes, event)| {
        Some((start + seconds(minutes * 60.0), event.field.as_ref()?))
    });
    let mut reports: Vec<Report> = fields
        .flat_map(|(began, field)| observers::reports(began, field, sites))
        .filter(|report| report.at < start + LENGTH)
        .collect();
    reports.sort_by_key(|report| report.at);
    reports
}

/// Posts an observation, as its member would; nothing where the burst is not there.
pub(super) async fn post(app: &App, report: Report) -> Result<()> {
    let Report {
        at,
        trigger,
        mut observation,
        pictured,
    } = report;
    let picture = match pictured {
        true => {
            let file = camera::picture(trigger, &observation);
            Some(images::prepare(app, file.into()).await?)
        }
        false => None,
    };
    let desk = app.clone();
    let posting = app.db.write(move |tx| {
        let found = bursts::store::by_trigger(tx, trigger)?;
        let Some(burst) = found else { return Ok(()) };
        observation.burst_id = burst;
        let id = store::insert(tx, at, &observation)?;
        if let Some(picture) = &picture {
            images::attach(tx, at, &store::one(tx, id)?, picture)?;
        }
        news::posted(&desk, tx, at, &store::one(tx, id)?)
    });
    posting.await
}

/// Posts the night's observations, each when the club's clock shows its time.
pub(super) async fn observe(app: App, reports: Vec<Report>) {
    for report in reports {
        app.clock.sleep_until(report.at).await;
        if let Err(error) = post(&app, report).await {
            tracing::warn!("An observation of the demonstration's night was not posted: {error}.");
        }
    }
}
