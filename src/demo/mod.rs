//! The made-up club and its night, for trying the program without anything: no Kafka, no mail, no settings, no network.
//!
//! `facts` is what happened, with its sources; `event` makes notices of it as the missions send them, and `observers` what
//! the members saw; `night` plays them.

mod camera;
mod chance;
mod event;
mod facts;
mod night;
mod observers;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use chrono::{DateTime, Datelike as _, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use rusqlite::OptionalExtension as _;

use crate::accounts::Roster;
use crate::platform::config::SETTINGS;
use crate::platform::error::Exit;
use crate::platform::{App, Clock, Config, db};
use night::Due;
use observers::Report;

/// The club that there is not.
const CLUB: &str = "Orion Hill Observatory";

/// Who belongs to it, and what everybody there signs in with.
const MEMBERS: &str = include_str!("members.toml");
const PASSWORD: &str = "night-desk";
const OFFICER: &str = "vera@orion-hill.example";

/// Where its first telescope stands, 44° N 5° E: it decides when the night begins.
const ZONE: Tz = Tz::Europe__Paris;

/// A demonstration, ready to be served. Its own folder goes when it is dropped.
pub struct Demo {
    pub app: App,
    night: Vec<Due>,
    reports: Vec<Report>,
    _folder: Option<tempfile::TempDir>,
}

impl Demo {
    /// Opens a club that has lived through the past week, in `folder` or in a folder of its own, at ten in the evening.
    ///
    /// What an earlier demonstration left in `folder` is removed; a real club there is left alone, and refused.
    pub async fn prepare(
        config: Config,
        folder: Option<&Path>,
        speed: f64,
    ) -> anyhow::Result<Self> {
        let own = if folder.is_none() {
            Some(own_folder()?)
        } else {
            None
        };
        if let Some(folder) = folder {
            clear(folder)?;
        }
        let path = folder
            .or(own.as_ref().map(tempfile::TempDir::path))
            .unwrap_or(&config.data_dir)
            .to_path_buf();
        let start = evening(Clock::system().now()).context("Finding the evening")?;
        let (week, night) = night::schedule(start);
        let mut app = App::open(
            Config {
                data_dir: path,
                ..made_up(config, speed)
            },
            Clock::fixed(start),
        )?;
        mark(&app, start).await?;
        Roster::read(&members(start))?
            .enrol(&app, Some(PASSWORD.into()))
            .await?;
        night::take_in(&app, &week).await?;
        let (seen, to_see) = night::reports(&app, start).await?;
        for report in seen {
            night::post(&app, report).await?;
        }
        // Only now, so that opening and the week take nothing from the night.
        app.clock = Clock::night(start, night::LENGTH, night::RATE * speed);
        Ok(Self {
            app,
            night,
            reports: to_see,
            _folder: own,
        })
    }

    /// Plays the night through the door that every notice comes by.
    pub fn night(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let (app, night, reports) = (self.app.clone(), self.night.clone(), self.reports.clone());
        async move {
            tokio::join!(
                night::play(app.clone(), night),
                night::observe(app, reports)
            );
        }
    }
}

/// Refuses a folder that a demonstration made (78): invented bursts would stand there as real ones.
pub async fn refuse_made_up(app: &App) -> anyhow::Result<()> {
    let marked = "select exists (select 1 from keepsakes where name = 'demo')";
    if app
        .db
        .read(|conn| Ok(conn.query_row(marked, [], |row| row.get(0))?))
        .await?
    {
        let folder = app.config.data_dir.display();
        return Err(Exit::config(format!(
            "{folder} holds a demonstration's made-up club. Use another --data-dir, or add --demo."
        ))
        .into());
    }
    Ok(())
}

/// The members, with birthdays that fall into a night that begins at `start` and into the days after it.
fn members(start: DateTime<Utc>) -> String {
    let tonight = start.with_timezone(&ZONE).date_naive();
    let on = |days| {
        (tonight + TimeDelta::days(days))
            .format("%m-%d")
            .to_string()
    };
    MEMBERS
        .replace("TONIGHT", &on(0))
        .replace("TOMORROW", &on(1))
        .replace("IN-FOUR-DAYS", &on(4))
        .replace("AGO-52", &(tonight.year() - 52).to_string())
}

/// The settings of the made-up club: no Kafka, and name and time zone of its own unless others were set.
fn made_up(mut config: Config, speed: f64) -> Config {
    let usual = |key: &str| {
        SETTINGS
            .iter()
            .find(|setting| setting.key == key)
            .and_then(|setting| setting.default)
    };
    if usual("club_name") == Some(config.club_name.as_str()) {
        config.club_name = CLUB.into();
        config.mail.from.name = Some(CLUB.into());
    }
    if usual("time_zone") == Some(config.time_zone.name()) {
        config.time_zone = ZONE;
    }
    config.kafka = None;
    config.mail.stay_here();
    config.demo = Some(sentence(speed));
    config
}

/// What every page says.
fn sentence(speed: f64) -> String {
    let rate = night::RATE * speed;
    let fast = match rate {
        60.0 => "sixty times as fast as it was".to_owned(),
        1.0 => "as fast as it was".to_owned(),
        rate if rate > 1.0 => format!("{} times as fast as it was", round(rate)),
        rate => format!("{} times slower than it was", round(1.0 / rate)),
    };
    format!(
        "A demonstration: a recorded night, played {fast}. Sign up, or be its officer, {OFFICER} with the password {PASSWORD}; letters stay in the outbox."
    )
}

/// A number of at most two decimals, without those that say nothing.
fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// Ten in the evening at the made-up site, of this day or, before ten, of the day before.
fn evening(now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let today = now.with_timezone(&ZONE).date_naive();
    let ten = |day: chrono::NaiveDate| {
        let local = day.and_time(NaiveTime::from_hms_opt(22, 0, 0)?);
        // Clocks are changed at two or three in the morning, so there is always one.
        Some(local.and_local_timezone(ZONE).earliest()?.to_utc())
    };
    let tonight = ten(today)?;
    if tonight <= now {
        Some(tonight)
    } else {
        ten(today - TimeDelta::days(1))
    }
}

fn own_folder() -> anyhow::Result<tempfile::TempDir> {
    let made = tempfile::Builder::new()
        .prefix("grb-app-demo-")
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir();
    made.map_err(|error| {
        Exit::permission(format!(
            "No folder for the demonstration can be made: {error}. --data-dir names another place."
        ))
        .into()
    })
}

/// Removes what an earlier demonstration left in `folder`.
fn clear(folder: &Path) -> anyhow::Result<()> {
    if !folder.join(db::FILE).exists() {
        return Ok(());
    }
    let at = folder.display();
    if !is_demo(folder) {
        let advice = format!(
            "A demonstration does not go where a real club is: {at} has one. Choose another --data-dir, or leave it out."
        );
        return Err(Exit::config(advice).into());
    }
    let lock =
        File::create(folder.join("grb-app.lock")).with_context(|| format!("Locking {at}"))?;
    if lock.try_lock().is_err() {
        return Err(Exit::unavailable(format!(
            "The demonstration in {at} is still running. Stop that one first."
        ))
        .into());
    }
    for end in ["", "-wal", "-shm"] {
        let file = folder.join(format!("{}{end}", db::FILE));
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("Removing {}", file.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// True where a demonstration made the database in `folder`; false as well for one that cannot be read.
fn is_demo(folder: &Path) -> bool {
    let marked = db::open_to_read(folder).and_then(|conn| {
        let mark = conn
            .query_row(
                "select 1 from keepsakes where name = 'demo'",
                [],
                |_| Ok(()),
            )
            .optional();
        Ok(mark?.is_some())
    });
    marked.unwrap_or(false)
}

/// Leaves the mark by which [`is_demo`] knows it.
async fn mark(app: &App, start: DateTime<Utc>) -> anyhow::Result<()> {
    let made = start.to_rfc3339();
    let mark = app.db.write(move |tx| {
        tx.execute(
            "insert into keepsakes (name, value) values ('demo', ?1)",
            [made],
        )?;
        Ok(())
    });
    Ok(mark.await?)
}
