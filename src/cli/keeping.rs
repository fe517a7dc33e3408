//! `grb-app backup`, `restore` and `check`: the database as a file.

use std::path::{Path, PathBuf};

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Common, print_json};
use crate::platform::db::{self, check::Found, since::Added};
use crate::platform::error::Exit;
use crate::platform::{Clock, backups, words};

/// Makes a checked copy of the database, also while the program runs
#[derive(clap::Args)]
#[command(
    long_about = "Makes a copy of the database, also while the program runs, and checks it: every page, every reference. \
Its SHA-256 is printed and kept beside it in FILE.sha256.\n\n\
Carry the copy to another machine: one that lies on the same card is lost with it."
)]
pub(super) struct Backup {
    /// Where to put it; a name with the time, in backup_folder, unless given
    file: Option<PathBuf>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Puts a copy in the database's place; the program must be stopped
#[derive(clap::Args)]
#[command(
    long_about = "Checks a copy and puts it in the database's place. The program must be stopped first \
(systemctl stop grb-app). What was there is kept in a folder before-restore-…, and the way back to it is printed."
)]
pub(super) struct Restore {
    /// A copy that `grb-app backup`, the nightly backup or a migration made
    #[arg(required_unless_present = "before_migration")]
    file: Option<PathBuf>,
    /// Takes the copy that was kept before the last migration
    #[arg(long, conflicts_with = "file")]
    before_migration: bool,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Looks the database through, also while the program runs
#[derive(clap::Args)]
#[command(
    long_about = "Looks the database through, also while the program runs: every page, every reference, and whether its \
tables are those that this program makes. Ends with 65 where something is wrong, and says what to do."
)]
pub(super) struct Check {
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<()> {
        let config = common.settings()?;
        let file = match self.file {
            Some(file) => file,
            None => {
                let (data, folder) = (&config.data_dir, &config.backups.folder);
                backups::place(data, folder, Clock::system().now())?
            }
        };
        let copied = db::back_up(&config.data_dir, &file, &CancellationToken::new())?;
        if self.json {
            return print_json(&copied);
        }
        let (path, size) = (copied.path.display(), words::size(copied.bytes));
        say!(
            "{path}\n{size}, every page and every reference checked.\nSHA-256 {}",
            copied.sha256
        );
        Ok(())
    }
}

impl Restore {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<()> {
        let folder = common.settings()?.data_dir;
        let file = match &self.file {
            Some(file) => file.clone(),
            None => db::before_migration(&folder)?,
        };
        let restored = db::restore(&folder, &file, Clock::system().now())?;
        let back = restored.kept.as_ref().map(|kept| kept.join(db::FILE));
        if self.json {
            return print_json(
                &json!({ "restored": file, "schema": restored.schema, "kept": back, "since": restored.since }),
            );
        }
        say!("The database is now as it was in {}.", file.display());
        match back {
            Some(back) => say!(
                "What was there before is kept{}. To go back to it: sudo grb-app restore {}\nOnce all is well, its folder can be deleted.",
                restored
                    .since
                    .map_or_else(String::new, |since| in_words(&since)),
                back.display()
            ),
            None => say!("There was none before."),
        }
        Ok(())
    }
}

/// The rows that came since the copy, where some did.
pub(super) fn in_words(since: &[Added]) -> String {
    match since {
        [] => String::new(),
        _ => {
            let rows = |added: &Added| format!("{} of {}", added.rows, added.table);
            let rows: Vec<String> = since.iter().map(rows).collect();
            format!(
                ", with the rows that came since the copy: {}",
                rows.join(", ")
            )
        }
    }
}

impl Check {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<()> {
        let config = common.settings()?;
        let found = db::check::check(&config.data_dir, &CancellationToken::new())?;
        if self.json {
            print_json(&found)?;
        } else {
            tell(&found);
        }
        match found.faults.is_empty() {
            true => Ok(()),
            false => Err(damaged(&config.backups.folder)),
        }
    }
}

fn tell(found: &Found) {
    for fault in &found.faults {
        say!("FAULT  {fault}");
    }
    for oddity in &found.oddities {
        say!("odd    {oddity}; grb-app leaves it alone");
    }
    if found.faults.is_empty() {
        let size = words::size(found.bytes.unsigned_abs());
        say!(
            "{size}, schema {}: every page, reference and table is as it should be.",
            found.schema
        );
    }
    if found.schema < found.newest {
        say!(
            "The next start brings it to schema {}, and keeps a copy before.",
            found.newest
        );
    }
}

/// What to do about a damaged database.
fn damaged(folder: &Path) -> anyhow::Error {
    let newest = backups::newest(folder, Clock::system().now());
    let copy = newest.map_or_else(|| "FILE".into(), |copy| copy.path.display().to_string());
    let words = format!(
        "The database is damaged. Stop the program and put a copy back: grb-app restore {copy}\n\
         What is there now is kept by that. If it happens again, the card or disk is failing: replace it."
    );
    Exit::data(words).into()
}
