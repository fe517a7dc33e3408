//! Checks of everything the desk stands on: each says how it is, what was found, and what to do.
//!
//! Areas offer theirs as a list; `serve.rs` puts the lists together. They run beside a serving desk and without one.

mod backups;
mod files;
mod machine;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::{BoxFuture, join_all};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::health::Condition;
use super::{Clock, Config, db};

pub use files::place;

/// What has not answered by then is given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// One thing that is looked at.
#[derive(Clone, Copy)]
pub struct Check {
    /// For scripts: `free-space`.
    pub name: &'static str,
    /// For people: `Free space`.
    pub title: &'static str,
    pub run: Run,
}

/// How a check is done.
#[derive(Clone, Copy)]
pub enum Run {
    /// By a look at this machine, in milliseconds.
    Quick(fn(&Case) -> Finding),
    /// By work on the disk; one after the other.
    Thorough(fn(&Case) -> Finding),
    /// By asking others.
    Far(fn(Case) -> BoxFuture<'static, Finding>),
}

/// A check of this machine.
pub const fn quick(name: &'static str, title: &'static str, run: fn(&Case) -> Finding) -> Check {
    let run = Run::Quick(run);
    Check { name, title, run }
}

/// A check that works the disk.
pub const fn thorough(name: &'static str, title: &'static str, run: fn(&Case) -> Finding) -> Check {
    let run = Run::Thorough(run);
    Check { name, title, run }
}

/// A check that asks others.
pub const fn far(
    name: &'static str,
    title: &'static str,
    run: fn(Case) -> BoxFuture<'static, Finding>,
) -> Check {
    let run = Run::Far(run);
    Check { name, title, run }
}

/// What a check may look at.
#[derive(Clone)]
pub struct Case {
    pub config: Arc<Config>,
    pub clock: Clock,
    /// What the serving desk says of itself; nothing where none serves.
    pub server: Option<Arc<Said>>,
}

/// What a serving desk knows and keeps in memory only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Said {
    pub version: String,
    pub pid: u32,
    /// How each part is.
    pub parts: BTreeMap<String, Condition>,
    /// When what last happened.
    pub moments: BTreeMap<String, DateTime<Utc>>,
}

impl Case {
    /// The club's database, to look at only.
    pub fn db(&self) -> anyhow::Result<Connection> {
        db::open_to_read(&self.config.data_dir)
    }

    /// What the serving desk says of `part`.
    pub fn part(&self, part: &str) -> Option<&Condition> {
        self.server.as_ref()?.parts.get(part)
    }

    /// When the serving desk last saw `what`.
    pub fn moment(&self, what: &str) -> Option<DateTime<Utc>> {
        self.server.as_ref()?.moments.get(what).copied()
    }

    /// What `look` finds in the database; where there is none, that.
    pub fn in_db(&self, look: impl FnOnce(&Connection) -> anyhow::Result<Finding>) -> Finding {
        if !self.config.data_dir.join(db::FILE).exists() {
            return Finding::skipped("There is no database yet.");
        }
        match self.db().and_then(|conn| look(&conn)) {
            Ok(finding) => finding,
            Err(error) => Finding::skipped(format!("The database could not be asked: {error:#}")),
        }
    }
}

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Finding {
    pub verdict: Verdict,
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It could not be looked at here, or there is nothing to look at.
    Skipped,
    Ok,
    /// It works, and will not always.
    Warn,
    /// It does not work, or data is in danger.
    Fault,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Warn => "warn",
            Self::Fault => "fault",
        }
    }
}

impl Finding {
    pub fn ok(found: impl Into<String>) -> Self {
        Self::new(Verdict::Ok, found, None)
    }

    pub fn skipped(found: impl Into<String>) -> Self {
        Self::new(Verdict::Skipped, found, None)
    }

    pub fn warn(found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Verdict::Warn, found, Some(remedy.into()))
    }

    pub fn fault(found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Verdict::Fault, found, Some(remedy.into()))
    }

    fn new(verdict: Verdict, found: impl Into<String>, remedy: Option<String>) -> Self {
        let found = found.into();
        Self {
            verdict,
            found,
            remedy,
        }
    }
}

/// A check's finding, with its names.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Item {
    pub name: &'static str,
    #[serde(skip)]
    pub title: &'static str,
    #[serde(flatten)]
    pub finding: Finding,
}

/// What all checks came to.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Report {
    pub version: &'static str,
    pub at: DateTime<Utc>,
    /// A desk serves on this data folder.
    pub serving: bool,
    pub checks: Vec<Item>,
}

impl Report {
    /// How many came to `verdict`.
    pub fn count(&self, verdict: Verdict) -> usize {
        let same = |item: &&Item| item.finding.verdict == verdict;
        self.checks.iter().filter(same).count()
    }
}

/// The checks of the machine and of the files that the desk stands on.
pub fn checks() -> Vec<Check> {
    [files::CHECKS, backups::CHECKS, machine::CHECKS].concat()
}

/// Does `checks`, many at once, and reports in their order. One that fails or hangs is told of and stops no other.
pub async fn examine(checks: &[Check], case: &Case) -> Report {
    let at = case.clock.wall();
    // The disk is timed: nobody else of us may work it meanwhile.
    let disk = Arc::new(tokio::sync::Mutex::new(()));
    let all = checks.iter().map(|check| {
        let (check, case, disk) = (*check, case.clone(), disk.clone());
        async move {
            let finding = one(check.run, case, &disk).await;
            Item {
                name: check.name,
                title: check.title,
                finding,
            }
        }
    });
    Report {
        version: env!("CARGO_PKG_VERSION"),
        at,
        serving: case.server.is_some(),
        checks: join_all(all).await,
    }
}

async fn one(run: Run, case: Case, disk: &tokio::sync::Mutex<()>) -> Finding {
    let doing = match run {
        Run::Quick(look) => tokio::task::spawn_blocking(move || look(&case)),
        Run::Far(ask) => tokio::spawn(ask(case)),
        Run::Thorough(work) => {
            let _alone = disk.lock().await;
            let done = tokio::task::spawn_blocking(move || work(&case)).await;
            return done.unwrap_or_else(|_| failed());
        }
    };
    match tokio::time::timeout(PATIENCE, doing).await {
        Ok(done) => done.unwrap_or_else(|_| failed()),
        Err(_) => Finding::warn(
            format!("No answer within {} s.", PATIENCE.as_secs()),
            "Try again; where it stays so, whatever is asked here hangs.",
        ),
    }
}

fn failed() -> Finding {
    Finding::skipped("The check itself failed; please report this.")
}
