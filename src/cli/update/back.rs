//! The automatic return: the old program in its place again, with a file that it can read.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::place::{self, Place};
use super::program::{Program, Ran};
use super::service::{self, Service};
use crate::cli::keeping::in_words;
use crate::platform::db::since::Added;

/// A large file on a slow card takes its time.
const PATIENCE: Duration = Duration::from_secs(3600);

/// The old program says of a file that it is a newer one's.
const NEWER: i32 = 78;

/// What has to be put back.
pub(super) struct Before<'a> {
    pub place: &'a Place,
    pub service: &'a Service,
    /// The unit of before, where it was changed.
    pub unit: Option<String>,
    pub folder: &'a Path,
}

/// What became of the club's file.
#[derive(Debug, Serialize)]
#[serde(tag = "file", rename_all = "snake_case")]
pub(super) enum Data {
    /// The new program had not changed its schema: all of it is there.
    Untouched,
    /// It is the copy from before the migration again.
    PutBack(PutBack),
    /// It could not be put back.
    Stuck { why: String },
}

/// What `grb-app restore --json` prints.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PutBack {
    restored: PathBuf,
    kept: PathBuf,
    since: Option<Vec<Added>>,
}

/// How the return went.
#[derive(Debug, Serialize)]
pub(super) struct Returned {
    #[serde(flatten)]
    data: Data,
    /// Why the old program does not serve again.
    still_down: Option<String>,
}

impl Before<'_> {
    /// Stops the new program, puts back what was there, starts the old one.
    pub(super) async fn again(&self, old: &Program, watched: bool) -> anyhow::Result<Returned> {
        self.service.stop();
        self.place.put_back()?;
        if let Some(unit) = &self.unit {
            place::write(&self.service.unit, unit)?;
            self.service.read_units();
        }
        let data = self.data(old)?;
        let started = self.service.start(PATIENCE);
        let serves = match (started, watched) {
            (Ok(()), true) => service::steady(self.folder).await,
            (started, _) => started,
        };
        Ok(Returned {
            data,
            still_down: serves.err(),
        })
    }

    /// Puts the copy from before the migration back, where the new program had migrated the file; what is in the way is kept.
    fn data(&self, old: &Program) -> anyhow::Result<Data> {
        let looked = self.on_the_file(old, &["migrate", "--dry-run"])?;
        if looked.code != Some(NEWER) {
            return Ok(Data::Untouched);
        }
        let ran = self.on_the_file(old, &["restore", "--before-migration", "--json"])?;
        let put_back = serde_json::from_str(&ran.out).ok();
        Ok(match put_back.filter(|_| ran.code == Some(0)) {
            Some(put_back) => Data::PutBack(put_back),
            None => Data::Stuck { why: ran.words },
        })
    }

    fn on_the_file(&self, old: &Program, words: &[&str]) -> anyhow::Result<Ran> {
        let words = words.iter().map(OsStr::new);
        let folder = ["--data-dir".as_ref(), self.folder.as_os_str()];
        old.run(&words.chain(folder).collect::<Vec<_>>(), PATIENCE)
    }
}

impl Returned {
    /// For the officer at the terminal: what serves now, and what became of the file.
    pub(super) fn words(&self, old: &semver::Version) -> String {
        let serves = match &self.still_down {
            None => format!("grb-app {old} is back and serves again."),
            Some(why) => {
                format!("grb-app {old} is back in its place, and does not start either: {why}")
            }
        };
        let data = match &self.data {
            Data::Untouched => "The club's file is as it was left; nothing is lost.".to_owned(),
            Data::PutBack(back) => back.words(),
            Data::Stuck { why } => format!(
                "The new program had migrated the club's file, and the copy from before could not be put back: {why}\n\
                 Once that is mended: systemctl stop grb-app, sudo grb-app restore --before-migration, systemctl start grb-app"
            ),
        };
        format!("{serves}\n{data}")
    }
}

impl PutBack {
    fn words(&self) -> String {
        let since = match &self.since {
            None => ", with whatever came since".to_owned(),
            Some(since) => in_words(since),
        };
        format!(
            "The new program had migrated the club's file, so the copy from before the migration is in its place again ({}).\n\
             The migrated file is kept in {}{since}. A letter that left in between may leave once more.",
            self.restored.display(),
            self.kept.display()
        )
    }
}
