//! Work at set times. The scheduler is an alarm clock only; the database decides that a slot runs once.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use rusqlite::params;
use tokio_cron_scheduler::{Job, JobScheduler};
use tokio_util::sync::CancellationToken;

use super::{App, Config, Result, Tx};

/// Something to be done once in every slot of time.
#[derive(Clone, Copy)]
pub struct Chore {
    pub name: &'static str,
    pub every: TimeDelta,
    /// Does it, within the transaction that marks the slot as done.
    pub run: fn(&Config, &Tx, DateTime<Utc>) -> Result<()>,
}

/// Wakes every minute and does what is due, until `stop`.
pub async fn keep_time(
    app: App,
    chores: Vec<Chore>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut scheduler = JobScheduler::new().await?;
    let alarm = Job::new_async("0 * * * * *", move |_, _| {
        let (app, chores) = (app.clone(), chores.clone());
        Box::pin(async move {
            super::telemetry::fold();
            run_due(&app, &chores).await;
        })
    })?;
    scheduler.add(alarm).await?;
    scheduler.start().await?;
    stop.cancelled().await;
    scheduler.shutdown().await?;
    Ok(())
}

/// Does every chore whose present slot is not the one done last: a clock that was ahead and is put right holds none of them up until
/// that time comes. Slots missed while the program was stopped are not made up for.
pub async fn run_due(app: &App, chores: &[Chore]) {
    let now = app.clock.now();
    for chore in chores.iter().copied() {
        let config = app.config.clone();
        let run = move |tx: &Tx| run_once(&config, tx, chore, now);
        if let Err(error) = app.db.write(run).await {
            tracing::warn!("{} failed: {error}. Again in the next minute.", chore.name);
        }
    }
}

fn run_once(config: &Config, tx: &Tx, chore: Chore, now: DateTime<Utc>) -> Result<()> {
    let slot = now.duration_trunc(chore.every).unwrap_or(now);
    let taken = tx
        .prepare_cached(
            "insert into chores (name, slot) values (?1, ?2)
             on conflict (name) do update set slot = excluded.slot where slot <> excluded.slot",
        )?
        .execute(params![chore.name, slot.timestamp_micros()])?;
    if taken == 1 {
        (chore.run)(config, tx, now)
    } else {
        Ok(())
    }
}
