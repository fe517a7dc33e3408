//! `grb-app replay`: recorded notices into the database, and who would have been told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;

use super::Common;
use crate::accounts::Roster;
use crate::alerts::Reason;
use crate::intake::RawNotice;
use crate::intake::replay::{self, Outcome, Taker};
use crate::notices;
use crate::platform::error::Exit;
use crate::platform::web::listen;
use crate::platform::{App, Clock};

#[derive(clap::Args)]
pub(super) struct Replay {
    /// Keep the pauses between the notices, this many times as fast; without it there are none
    #[arg(long, value_name = "TIMES")]
    speed: Option<f64>,
    /// Decide who would have been told, as of each notice's date; the letters stay in the outbox and are never sent
    #[arg(long)]
    tell: bool,
    /// With --tell: decide for the members of this file, in a database that goes afterwards
    #[arg(long, requires = "tell", value_name = "FILE")]
    members: Option<PathBuf>,
    /// With --tell: print one JSON document
    #[arg(long, requires = "tell")]
    json: bool,
    /// Files or folders of notices
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

impl Replay {
    pub(super) async fn run(self, common: &Common) -> anyhow::Result<()> {
        if self
            .speed
            .is_some_and(|speed| !(speed > 0.0 && speed.is_finite()))
        {
            return Err(Exit::usage("--speed must be a number above 0.").into());
        }
        let mut config = common.settings()?;
        let mut raws = replay::load(&self.paths, Clock::system().now())?;
        for raw in &mut raws {
            raw.keeps_letters = self.tell;
        }
        // Held until the end: it goes with what is in it.
        let scratch = self
            .members
            .as_ref()
            .map(|_| tempfile::tempdir())
            .transpose()?;
        if let Some(scratch) = &scratch {
            scratch.path().clone_into(&mut config.data_dir);
        }
        // There is one writer: the server, while it runs.
        let taker = match listen::beside(&config.data_dir) {
            Some(server) => Taker::Server(server),
            None => Taker::Here(Box::new(App::open(config, Clock::system())?)),
        };
        if let (Some(members), Taker::Here(app)) = (&self.members, &taker) {
            enrol(app, members).await?;
        }
        let table = self.tell && !self.json;
        let mut account = Account::default();
        if table {
            say!("{}", Line::HEAD);
        }
        let played = replay::play(&taker, raws, self.speed, |raw, outcome| {
            for line in account.enter(raw, outcome) {
                if table {
                    say!("{}", line.words());
                }
            }
        })
        .await;
        if let Taker::Here(app) = &taker {
            app.db.close().await;
        }
        played?;
        if self.json {
            say!("{}", json!(account));
            return Ok(());
        }
        if table {
            say!("\n{}", account.tellings());
        }
        say!("{}", account.notices());
        Ok(())
    }
}

async fn enrol(app: &App, members: &Path) -> anyhow::Result<()> {
    let at = members.display();
    let text = std::fs::read_to_string(members)
        .map_err(|error| Exit::data(format!("{at} cannot be read: {error}.")))?;
    Roster::read(&text)?.enrol(app, None).await
}

/// What a replay came to.
#[derive(Default, Serialize)]
struct Account {
    /// Notices by outcome.
    recorded: BTreeMap<String, usize>,
    told: Vec<Line>,
}

/// One member told of one notice.
#[derive(Clone, Serialize)]
struct Line {
    time: DateTime<Utc>,
    burst: String,
    burst_id: i64,
    /// Mission, instrument and kind.
    notice: String,
    member: String,
    reason: Reason,
}

impl Account {
    /// Takes an outcome in, and gives the lines that it adds.
    fn enter(&mut self, raw: &RawNotice, outcome: Outcome) -> Vec<Line> {
        *self.recorded.entry(outcome.recorded).or_default() += 1;
        let notice = kind(&raw.body);
        let lines = outcome.told.into_iter().map(|said| Line {
            time: raw.as_of.unwrap_or_default(),
            burst: said.name,
            burst_id: said.burst,
            notice: notice.clone(),
            member: said.member,
            reason: said.reason,
        });
        let lines: Vec<Line> = lines.collect();
        self.told.extend(lines.iter().cloned());
        lines
    }

    /// How often members were told, each and all.
    fn tellings(&self) -> String {
        if self.told.is_empty() {
            return "Nobody was told of anything.".into();
        }
        let mut of: BTreeMap<&str, usize> = BTreeMap::new();
        for line in &self.told {
            *of.entry(&line.member).or_default() += 1;
        }
        let each: Vec<String> = of.iter().map(|(who, n)| format!("{who} {n}")).collect();
        let mut bursts: Vec<i64> = self.told.iter().map(|line| line.burst_id).collect();
        bursts.sort_unstable();
        bursts.dedup();
        let withdrawn = self
            .told
            .iter()
            .filter(|line| line.reason == Reason::Withdrawn);
        format!(
            "Told {} times of {} bursts, {} times that it was none: {}.",
            self.told.len(),
            bursts.len(),
            withdrawn.count(),
            each.join(", ")
        )
    }

    fn notices(&self) -> String {
        let said: Vec<String> = self
            .recorded
            .iter()
            .map(|(word, count)| format!("{count} {word}"))
            .collect();
        match said.is_empty() {
            true => "no notices there".into(),
            false => said.join(", "),
        }
    }
}

impl Line {
    const HEAD: &str = "time (UTC)           burst                      notice                 member           reason";

    fn words(&self) -> String {
        format!(
            "{}  {:26} {:22} {:16} {}",
            self.time.format("%Y-%m-%d %H:%M:%S"),
            cut(&self.burst, 26),
            cut(&self.notice, 22),
            cut(&self.member, 16),
            self.reason.as_str()
        )
    }
}

fn cut(text: &str, most: usize) -> String {
    match text.chars().count() > most {
        true => text.chars().take(most - 1).chain(['…']).collect(),
        false => text.into(),
    }
}

fn kind(body: &[u8]) -> String {
    let Ok(notice) = notices::read(body) else {
        return String::new();
    };
    let (mission, kind) = (
        notice.mission.as_str(),
        notice.kind.as_str().replace('_', " "),
    );
    match notice.instrument.as_deref() {
        // GECAM's instruments carry its name.
        Some(instrument) if instrument.starts_with(mission) => format!("{instrument} {kind}"),
        Some(instrument) => format!("{mission} {instrument} {kind}"),
        None => format!("{mission} {kind}"),
    }
}
