//! Puts a copy in the database's place, and keeps what was there. Cut off at any point, it leaves the one or the other.

use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::copy::{self, Fresh};
use super::{FILE, lock, make_private, since};

/// Lies in the data folder from the moment on at which the copy counts, and names the folder where it waits.
const UNDER_WAY: &str = "grb-app.restoring";

/// What becomes of that file once all is done, until the act is on record in the database itself ([`last`]).
const DONE: &str = "grb-app.restored";

/// The copy, until it is in its place.
const INCOMING: &str = "incoming.db";

/// What folders are called in which a restore keeps what was there; then comes the time.
const ASIDE: &str = "before-restore-";

/// What was done.
#[derive(Debug)]
pub struct Restored {
    /// The copy's schema; the next start brings it to the program's.
    pub schema: i32,
    /// What was there before, whole; `None` where nothing was.
    pub kept: Option<PathBuf>,
    /// What is kept and not in the copy, by table; `None` where it cannot be counted.
    pub since: Option<Vec<since::Added>>,
}

/// A restore that is under way, or done and not on record yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// The copy's name.
    pub copy: String,
    /// The hour in which a desk last did its chores, as the copy has it.
    pub as_of: Option<DateTime<Utc>>,
    /// The folder, within the data folder, of what was there before.
    pub kept: String,
}

impl Act {
    fn new(copy: &Path, aside: &Path) -> Self {
        let name = |path: &Path| {
            path.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        };
        Self {
            copy: name(copy),
            as_of: as_of(&aside.join(INCOMING)),
            kept: name(aside),
        }
    }
}

/// Puts a copy of `file` in the place of the database of `folder`. What is there goes into a folder of its own beside it, with its
/// log, which the copy must never meet.
///
/// Fails with an [`Exit`], and has changed nothing then: 65 where `file` is damaged or not ours, 69 where the database is in use, 75
/// where the disk has no room, 77 where `file` may not be read, 78 where a newer program wrote it.
pub fn restore(folder: &Path, file: &Path, now: DateTime<Utc>) -> anyhow::Result<Restored> {
    let never = CancellationToken::new();
    make_private(folder)?;
    let _lock = lock(folder)?;
    finish(folder)?;
    copy::readable(file)?;
    copy::verify_hash(file, &never)?;
    let schema = copy::verify(file, &never)?;
    let fresh = Fresh::of(&copy::open_still(file, &never)?, folder, &never)?;
    sweep(folder);
    let aside = make_aside(folder, now)?;
    fresh.put(&aside.join(INCOMING))?;
    begin(folder, &Act::new(file, &aside))?;
    finish(folder)?;
    // Gone only where nothing was there to be kept.
    let kept = std::fs::remove_dir(&aside).is_err().then_some(aside);
    let since = |kept: &PathBuf| since::added(&kept.join(FILE), &folder.join(FILE)).ok();
    Ok(Restored {
        schema,
        since: kept.as_ref().and_then(since),
        kept,
    })
}

/// A new folder for what is there now; what an earlier restore has kept stays its own.
fn make_aside(folder: &Path, now: DateTime<Utc>) -> anyhow::Result<PathBuf> {
    let name = format!("{ASIDE}{}", now.format("%Y-%m-%dT%H%M%SZ"));
    let further = (2..).map(|count| format!("{name}.{count}"));
    for name in std::iter::once(name.clone()).chain(further) {
        let aside = folder.join(name);
        match std::fs::DirBuilder::new().mode(0o700).create(&aside) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => {
                return made
                    .map(|()| aside.clone())
                    .with_context(|| format!("Making {}", aside.display()));
            }
        }
    }
    anyhow::bail!("there is no name left in {}", folder.display())
}

/// Takes away copies whose restore was cut off before they counted; whoever calls holds the lock and has finished what had begun.
fn sweep(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let asides = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(ASIDE));
    for aside in asides.map(|entry| entry.path()) {
        drop(std::fs::remove_file(aside.join(INCOMING)));
        // Only where nothing is kept in it.
        drop(std::fs::remove_dir(&aside));
    }
}

/// From here on the copy counts.
fn begin(folder: &Path, act: &Act) -> anyhow::Result<()> {
    copy::write_whole(&folder.join(UNDER_WAY), &serde_json::to_string(act)?)
}

fn as_of(path: &Path) -> Option<DateTime<Utc>> {
    let conn = copy::open_still(path, &CancellationToken::new()).ok()?;
    let slot = conn.query_row("select max(slot) from chores", [], |row| row.get(0));
    DateTime::from_timestamp_micros(slot.ok()?)
}

/// The last restore into `folder`, where it is not on record yet.
pub fn last(folder: &Path) -> Option<Act> {
    let text = std::fs::read_to_string(folder.join(DONE)).ok()?;
    serde_json::from_str(&text).ok()
}

/// It is on record now.
pub fn recorded(folder: &Path) -> std::io::Result<()> {
    std::fs::remove_file(folder.join(DONE))
}

/// Ends a restore that has begun, also one that was cut off; whoever calls holds the lock.
pub(super) fn finish(folder: &Path) -> anyhow::Result<()> {
    let mark = folder.join(UNDER_WAY);
    let act: Act = match std::fs::read_to_string(&mark) {
        Ok(text) => serde_json::from_str(&text)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).context("Finishing a restore"),
    };
    let aside = folder.join(act.kept);
    for (from, to) in moves(folder, &aside) {
        step(&from, &to)?;
    }
    copy::sync(&aside)?;
    copy::sync(folder)?;
    std::fs::rename(&mark, folder.join(DONE))?;
    copy::sync(folder)
}

/// In this order, the copy last: while it waits, whatever lies in its place is the old.
fn moves(folder: &Path, aside: &Path) -> Vec<(PathBuf, PathBuf)> {
    let incoming = aside.join(INCOMING);
    if !incoming.exists() {
        return Vec::new();
    }
    let old = ["-wal", "-shm", ""].map(|end| format!("{FILE}{end}"));
    let away = old.map(|name| (folder.join(&name), aside.join(&name)));
    away.into_iter()
        .chain([(incoming, folder.join(FILE))])
        .collect()
}

/// Moves a file, where it has not been moved yet.
fn step(from: &Path, to: &Path) -> anyhow::Result<()> {
    match std::fs::rename(from, to) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("Moving {}", from.display()))
        }
        _ => Ok(()),
    }
}

/// The same for those who do not hold the lock: between the old and the new there is nothing to be seen.
pub(super) fn finish_under_lock(folder: &Path) -> anyhow::Result<()> {
    if !folder.join(UNDER_WAY).exists() {
        return Ok(());
    }
    let _lock = lock(folder)?;
    finish(folder)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// A data folder with a database that bears `mark`, and a log with something in it that is not in the file yet.
    fn marked(mark: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        super::super::migrate(&path, DateTime::UNIX_EPOCH).unwrap();
        let conn = Connection::open(&path).unwrap();
        conn.execute("insert into keepsakes values ('mark', ?1)", [mark])
            .unwrap();
        // The log stays, as after a fall.
        let (log, kept) = (path.with_extension("db-wal"), folder.path().join("kept"));
        std::fs::copy(&log, &kept).unwrap();
        drop(conn);
        std::fs::rename(&kept, &log).unwrap();
        folder
    }

    fn mark_in(folder: &Path) -> String {
        let conn = Connection::open(folder.join(FILE)).unwrap();
        let mark = "select value from keepsakes where name = 'mark'";
        conn.query_row(mark, [], |row| row.get(0)).unwrap()
    }

    /// As far as the mark that makes the copy count.
    fn begun() -> (tempfile::TempDir, PathBuf) {
        let (old, new) = (marked("old"), marked("new"));
        let aside = old.path().join("before-restore-x");
        std::fs::create_dir(&aside).unwrap();
        let never = CancellationToken::new();
        let source = copy::open_still(&new.path().join(FILE), &never).unwrap();
        let fresh = Fresh::of(&source, old.path(), &never).unwrap();
        fresh.put(&aside.join(INCOMING)).unwrap();
        (old, aside)
    }

    #[test]
    fn cut_off_after_any_step_it_is_finished_by_the_next_start_and_the_old_is_kept_whole() {
        for done in 0..=4 {
            let (folder, aside) = begun();
            let act = Act::new(Path::new("new.db"), &aside);
            begin(folder.path(), &act).unwrap();
            for (from, to) in moves(folder.path(), &aside).into_iter().take(done) {
                step(&from, &to).unwrap();
            }
            finish_under_lock(folder.path()).unwrap();
            assert_eq!(mark_in(folder.path()), "new", "after {done} steps");
            assert_eq!(mark_in(&aside), "old", "after {done} steps");
            assert!(!folder.path().join(UNDER_WAY).exists());
            assert_eq!(last(folder.path()).unwrap(), act);
        }
    }

    #[test]
    fn cut_off_before_the_copy_counts_it_changes_nothing_and_the_next_takes_the_rest_away() {
        let (folder, aside) = begun();
        finish(folder.path()).unwrap();
        assert_eq!(mark_in(folder.path()), "old");
        let new = marked("new");
        restore(folder.path(), &new.path().join(FILE), DateTime::UNIX_EPOCH).unwrap();
        assert!(!aside.exists(), "a copy that nobody will ever use");
    }

    #[test]
    fn two_within_a_second_keep_both() {
        let folder = marked("first");
        let kept = ["second", "third"].map(|mark| {
            let copy = marked(mark);
            let done = restore(folder.path(), &copy.path().join(FILE), DateTime::UNIX_EPOCH);
            done.unwrap().kept.unwrap()
        });
        assert_eq!(mark_in(folder.path()), "third");
        assert_eq!(kept.map(|kept| mark_in(&kept)), ["first", "second"]);
    }
}
