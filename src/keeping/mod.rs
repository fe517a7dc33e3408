//! The daily copy of the database: made beside everything else, thinned, carried away; officers hear when it fails.

mod carry;
mod letter;

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::json;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::platform::audit::{self, About};
use crate::platform::backups::{self, Backups};
use crate::platform::db::{self, copy, restore};
use crate::platform::health::Condition;
use crate::platform::{Actor, App, Config, Tx, telemetry, words};

pub use carry::Stayed;
pub use letter::{KIND, compose};

/// Between two looks at the clock, and before the first: the start has enough to do.
const LOOK: Duration = Duration::from_secs(60);

/// After a failure.
const AGAIN: Duration = Duration::from_secs(3600);

/// Between two looks at how much of the file is empty.
const TIDY: Duration = Duration::from_secs(3600);

/// How much the copying thread stands back behind all others: 0 not at all, 19 as far as it can.
const NICE: i32 = 15;

/// The act of whoever put a copy in the database's place.
const RESTORED: &str = "database.restore";

/// The part's name in health.
const PART: &str = "backup";

/// Why there is no copy, or none elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It could not be made.
    Copy(String),
    /// It was made, and not carried away.
    Carry(Stayed),
}

/// Puts the last restore on record: the record was put back with all the rest, and does not know of it.
pub async fn note_restore(app: &App) -> anyhow::Result<()> {
    let folder = &app.config.data_dir;
    let Some(restore::Act { copy, as_of, kept }) = restore::last(folder) else {
        return Ok(());
    };
    let kept = folder.join(&kept).exists().then_some(kept);
    let (now, about) = (app.clock.now(), About::named("database", "the database"));
    let mut details = json!({ "copy": copy });
    for (name, value) in [("as_of", as_of.map(|at| at.to_rfc3339())), ("kept", kept)] {
        if let Some(value) = value {
            details[name] = value.into();
        }
    }
    let note = move |tx: &Tx| audit::note(tx, now, &Actor::Terminal, RESTORED, &about, &details);
    app.db.write(note).await?;
    Ok(restore::recorded(folder)?)
}

/// Makes a copy whenever one is due, and gives room that has become free back to the disk, until `stop`.
pub async fn keep(app: App, stop: CancellationToken) -> anyhow::Result<()> {
    note_restore(&app).await?;
    let mut failure = None;
    let (mut rest, mut tidy) = (Instant::now(), Instant::now());
    loop {
        note(&app, failure.as_ref());
        tokio::select! { () = tokio::time::sleep(LOOK) => {}, () = stop.cancelled() => return Ok(()) }
        if tidy <= Instant::now() {
            tidy = Instant::now() + TIDY;
            drop(db::give_room_back(&app.db).await);
        }
        if rest <= Instant::now() && is_due(&app) {
            failure = keep_one(&app, &stop).await.err();
            if failure.is_some() {
                rest = Instant::now() + AGAIN;
            }
        }
    }
}

fn is_due(app: &App) -> bool {
    let (config, now) = (&app.config, app.clock.now());
    let Some(at) = config.backups.at.filter(|_| config.demo.is_none()) else {
        return false;
    };
    let made: Vec<_> = backups::copies(&config.backups.folder)
        .iter()
        .map(|copy| copy.at)
        .collect();
    backups::is_due(at, config.time_zone, &made, now)
}

/// Makes a copy now, on a thread of its own; what fails is counted, and officers are told when it begins and once a week.
pub async fn keep_one(app: &App, stop: &CancellationToken) -> Result<(), Failure> {
    let (config, now, halt) = (app.config.clone(), app.clock.now(), stop.clone());
    let (answer, answered) = oneshot::channel();
    let work = move || {
        // On Linux this is the thread's own.
        if let Err(error) = rustix::process::nice(NICE) {
            tracing::warn!("The daily copy cannot stand back behind the rest: {error}.");
        }
        drop(answer.send(make(&config, now, &halt)));
    };
    let begun = std::thread::Builder::new().name(PART.into()).spawn(work);
    let began = Instant::now();
    let made = match begun {
        Ok(_) => answered
            .await
            .unwrap_or_else(|_| Err(Failure::Copy("it panicked".into()))),
        Err(error) => Err(Failure::Copy(error.to_string())),
    };
    metrics::histogram!("grb_backup_duration_seconds").record(began.elapsed().as_secs_f64());
    if !stop.is_cancelled()
        && let Err(error) = letter::note_success(app, made.as_ref().err()).await
    {
        tracing::warn!("That a copy was made could not be noted: {error}.");
    }
    let Err(failure) = made else { return Ok(()) };
    // What a stop cuts short is made up for after the next start.
    if !stop.is_cancelled() {
        metrics::counter!("grb_backup_failures_total").increment(1);
        tracing::warn!("The daily copy: {}.", failure.words());
        if let Err(error) = letter::tell_officers(app, &failure).await {
            tracing::warn!("Officers could not be told that the daily copy failed: {error}.");
        }
    }
    Err(failure)
}

/// The copy, then what need not be kept any longer, then the way out of the house.
fn make(config: &Config, now: DateTime<Utc>, stop: &CancellationToken) -> Result<(), Failure> {
    let Backups {
        folder,
        keep,
        command,
        ..
    } = &config.backups;
    let made = backups::place(&config.data_dir, folder, now)
        .and_then(|to| db::back_up(&config.data_dir, &to, stop))
        .map_err(|error| Failure::Copy(format!("{error:#}")))?;
    let copies = backups::copies(folder);
    let at: Vec<_> = copies.iter().map(|copy| copy.at).collect();
    let superfluous = backups::superfluous(&at, *keep, config.time_zone, now);
    for old in copies.iter().filter(|copy| superfluous.contains(&copy.at)) {
        drop(std::fs::remove_file(&old.path));
        drop(std::fs::remove_file(copy::hash_file(&old.path)));
    }
    carry::away(command, &made.path, stop).map_err(Failure::Carry)
}

impl Failure {
    fn words(&self) -> String {
        match self {
            Self::Copy(why) => format!("it could not be made: {}", why.trim_end_matches('.')),
            Self::Carry(stayed) => format!("it was made, but not carried away: {}", stayed.why),
        }
    }
}

/// What is counted and measured of copies.
pub fn describe() {
    telemetry::counts(
        "grb_backup_failures_total",
        "Daily copies that were not made, or not carried away",
    );
    metrics::describe_gauge!(
        "grb_backup_newest_timestamp_seconds",
        "When the newest checked copy was made (Unix time)"
    );
    metrics::describe_gauge!("grb_backup_newest_bytes", "Its size");
    metrics::describe_histogram!(
        "grb_backup_duration_seconds",
        "From the beginning of a daily copy to its end, carried away or failed"
    );
}

/// Says how it stands, for health and for Prometheus.
fn note(app: &App, failure: Option<&Failure>) {
    let now = app.clock.now();
    if let Some(newest) = backups::newest(&app.config.backups.folder, now) {
        metrics::gauge!("grb_backup_newest_timestamp_seconds").set(newest.at.timestamp() as f64);
        metrics::gauge!("grb_backup_newest_bytes").set(newest.bytes as f64);
    }
    let condition = match failure {
        Some(failure) => said_of(failure),
        None => condition(&app.config, now),
    };
    app.health.note(PART, condition);
}

/// What everybody may read of a failure.
pub fn said_of(failure: &Failure) -> Condition {
    Condition::warn(
        format!("The daily copy: {}.", failure.words()),
        "Mend that; `sudo grb-app backup` tries it at once.",
    )
}

/// How it stands with copies of the database.
pub fn condition(config: &Config, now: DateTime<Utc>) -> Condition {
    if config.demo.is_some() {
        return Condition::off("A demonstration keeps no copies.", "");
    }
    let newest = backups::newest(&config.backups.folder, now);
    let said = newest.as_ref().map(|copy| {
        let at = copy
            .at
            .with_timezone(&config.time_zone)
            .format("%-d %B %Y, %H:%M");
        let size = words::size(copy.bytes);
        format!("The newest checked copy is of {at}, {size}.")
    });
    let fresh = newest.is_some_and(|copy| copy.is_fresh(now));
    match (config.backups.at, said) {
        (None, said) => Condition::off(
            said.unwrap_or_else(|| "No copies are made.".into()),
            "Set backup_at, unless something else keeps copies.",
        ),
        (Some(_), None) => {
            Condition::ok("There is no copy yet; the first is made soon after the start.")
        }
        (Some(_), Some(said)) if fresh => Condition::ok(said),
        (Some(_), Some(said)) => Condition::warn(
            said,
            "It should be made every day. `sudo grb-app backup` makes one now and says what is wrong.",
        ),
    }
}
