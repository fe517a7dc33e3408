//! Letters into a folder, one `.eml` each, for those who have another program carry them.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

/// Writes `letter` as `name` into `folder`; it appears whole or not at all, and the same name is the same letter.
pub(super) fn write(folder: &Path, name: &str, letter: &[u8]) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("Making {}", folder.display()))?;
    let mut part = tempfile::Builder::new()
        .prefix(".letter-")
        .suffix(".part")
        .tempfile_in(folder)
        .with_context(|| format!("Writing into {}", folder.display()))?;
    part.write_all(letter)?;
    part.as_file().sync_all()?;
    part.persist(folder.join(name))
        .with_context(|| format!("Putting {name} into {}", folder.display()))?;
    // Also the name is to be there after a power cut.
    std::fs::File::open(folder)?.sync_all()?;
    Ok(())
}
