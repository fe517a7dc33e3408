//! The program's place: the new one put in it, and the old one back; both as a whole or not at all.

use std::fs::{File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::platform::error::Exit;
use crate::platform::release::Offer;

/// The files that Debian's package manager keeps.
const PACKAGED: &str = "/var/lib/dpkg/info/grb-app.list";

/// Where this program lies, and where the new one waits beside it.
pub(super) struct Place {
    pub program: PathBuf,
    folder: PathBuf,
}

impl Place {
    /// This program's own; what a package manager looks after is left to it (69).
    pub(super) fn own() -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("Finding this program")?;
        let path = program.to_string_lossy();
        let packaged = std::fs::read_to_string(PACKAGED).unwrap_or_default();
        if packaged.lines().any(|line| line == path) {
            let message = format!(
                "{path} came as a Debian package, and is upgraded as one: apt install ./grb-app_….deb of the new release."
            );
            return Err(Exit::unavailable(message).into());
        }
        let folder = program.parent().unwrap_or(Path::new("/")).to_owned();
        Ok(Self { program, folder })
    }

    fn beside(&self, end: &str) -> PathBuf {
        let mut name = self.program.as_os_str().to_owned();
        name.push(end);
        name.into()
    }

    /// The program of before.
    pub(super) fn old(&self) -> PathBuf {
        self.beside(".old")
    }

    /// A folder from which a program can be tried; it goes when it is dropped. Temporary files often may not be run.
    pub(super) fn somewhere(&self) -> std::io::Result<tempfile::TempDir> {
        tempfile::tempdir_in(&self.folder).or_else(|_| tempfile::tempdir())
    }

    /// Keeps others from updating at the same time (75), for as long as what it gives is held.
    pub(super) fn claim(&self) -> anyhow::Result<Claim> {
        let folder = File::open(&self.folder)?;
        let message = "Another update is under way. Wait for its end.";
        folder.try_lock().map_err(|_| Exit {
            code: 75,
            message: message.into(),
        })?;
        Ok(Claim {
            waiting: self.beside(".new"),
            _folder: folder,
        })
    }

    /// Puts the program at `new` in place. The old one stays beside.
    pub(super) fn put(&self, new: &Path) -> anyhow::Result<()> {
        let old = self.old();
        remove(&old)?;
        // The same file under a second name; some file systems have none.
        std::fs::hard_link(&self.program, &old)
            .or_else(|_| std::fs::copy(&self.program, &old).map(drop))
            .context("Keeping the old program")?;
        std::fs::rename(new, &self.program).context("Putting the new program in place")?;
        self.sync()
    }

    /// Puts the old one back.
    pub(super) fn put_back(&self) -> anyhow::Result<()> {
        std::fs::rename(self.old(), &self.program).context("Putting the old program back")?;
        self.sync()
    }

    fn sync(&self) -> anyhow::Result<()> {
        Ok(File::open(&self.folder)?.sync_all()?)
    }
}

/// The new program, while it waits beside the old; goes with it if it was not put in place.
pub(super) struct Claim {
    pub waiting: PathBuf,
    _folder: File,
}

impl Drop for Claim {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.waiting));
    }
}

/// Fetches the program of `offer` to `path`, where it can be run; 77 where that cannot be written.
pub(super) async fn fetch(offer: &Offer, path: &Path) -> anyhow::Result<()> {
    remove(path)?;
    let file = File::create_new(path).map_err(|error| unwritable(path, &error))?;
    offer.fetch(&file).await?;
    file.set_permissions(Permissions::from_mode(0o755))?;
    Ok(file.sync_all()?)
}

/// Writes a small file whole or not at all.
pub(super) fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let new = path.with_extension("new");
    std::fs::write(&new, text)?;
    std::fs::rename(&new, path)
}

fn remove(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(unwritable(path, &error).into()),
        _ => Ok(()),
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Exit {
    let at = path.display();
    Exit::permission(format!(
        "{at} cannot be written: {error}. Run it as who may change the program: sudo grb-app update"
    ))
}
