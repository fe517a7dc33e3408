//! The new program takes over a copy of the club's file, before it gets the file itself.

use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, lchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::program::Program;
use crate::platform::db::{self, copy};
use crate::platform::error::Exit;
use crate::platform::words;

/// What the folder of the trial is called, in the data folder.
const FOLDER: &str = "update-trial";

/// The copy, the copy that the migration makes of it, and its log while it migrates.
const FILES: u64 = 3;

/// Left free beside, bytes.
const SPARE: u64 = 96 << 20;

/// A large file on a slow card takes its time.
const PATIENCE: Duration = Duration::from_secs(3600);

/// How it went.
pub(super) struct Tried {
    pub bytes: u64,
    /// How long the new program took.
    pub took: Duration,
}

/// Lets `new` migrate and check a copy that `old` makes of the club's file; `None` where there is no file yet.
///
/// Fails with an [`Exit`] and has changed nothing: 69 where the new program cannot do it, 75 where there is no room, 78 where the file
/// is of a program newer than both.
pub(super) fn on_a_copy(
    old: &Program,
    new: &Program,
    folder: &Path,
) -> anyhow::Result<Option<Tried>> {
    let file = folder.join(db::FILE);
    let Ok(bytes) = file.metadata().map(|meta| meta.len()) else {
        return Ok(None);
    };
    refuse_small_disk(folder, bytes)?;
    let trial = Trial::begin(folder)?;
    trial.copy(old, folder)?;
    let began = Instant::now();
    trial.let_do(new, "migrate")?;
    trial.let_do(new, "check")?;
    let took = began.elapsed();
    Ok(Some(Tried { bytes, took }))
}

fn refuse_small_disk(folder: &Path, bytes: u64) -> anyhow::Result<()> {
    let (wanted, free) = (bytes * FILES + SPARE, copy::free_bytes(folder)?);
    if free >= wanted {
        return Ok(());
    }
    let message = format!(
        "To try the new program on a copy wants {} in {}, where {} are left. Make room first. Nothing was changed.",
        words::size(wanted),
        folder.display(),
        words::size(free)
    );
    Err(Exit { code: 75, message }.into())
}

/// A folder for the copy; goes when it is dropped.
struct Trial(PathBuf);

impl Trial {
    /// One that a killed update left is swept away. The new one belongs to whom the data folder belongs to.
    fn begin(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FOLDER);
        match std::fs::remove_dir_all(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("Clearing {}", path.display()));
            }
            _ => {}
        }
        let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
        made.with_context(|| format!("Making {}", path.display()))?;
        let trial = Self(path);
        let owner = folder.metadata()?;
        if trial.0.metadata()?.uid() != owner.uid() {
            lchown(&trial.0, Some(owner.uid()), Some(owner.gid()))?;
        }
        Ok(trial)
    }

    fn copy(&self, old: &Program, folder: &Path) -> anyhow::Result<()> {
        let (copy, data) = (self.0.join(db::FILE), folder.as_os_str());
        let words = [
            "backup".as_ref(),
            copy.as_os_str(),
            "--data-dir".as_ref(),
            data,
        ];
        let ran = old.run(&words, PATIENCE)?;
        match ran.code {
            Some(0) => Ok(()),
            code => Err(Exit {
                code: code.and_then(|code| u8::try_from(code).ok()).unwrap_or(70),
                message: format!("No copy of the club's file could be made to try the new program on. Nothing was changed.\n{}", ran.words),
            }
            .into()),
        }
    }

    fn let_do(&self, new: &Program, work: &str) -> anyhow::Result<()> {
        let words = [work.as_ref(), "--data-dir".as_ref(), self.0.as_os_str()];
        let ran = new.run(&words, PATIENCE)?;
        let code = match ran.code {
            Some(0) => return Ok(()),
            Some(78) => 78,
            _ => 69,
        };
        let message = format!(
            "The new program was tried on a copy of the club's file and failed ({work}). Nothing was changed; tell whoever made it.\n{}",
            ran.words
        );
        Err(Exit { code, message }.into())
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
