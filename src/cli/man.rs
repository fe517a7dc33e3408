//! `grb-app man`: the manual pages, made from the same words as the help.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::CommandFactory as _;

#[derive(clap::Args)]
pub(super) struct Man {
    /// Writes every page into this folder, one a command, instead of printing the first
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

impl Man {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        match &self.folder {
            Some(folder) => write_all(folder),
            None => {
                let mut page = Vec::new();
                clap_mangen::Man::new(super::Arguments::command()).render(&mut page)?;
                Ok(std::io::stdout().write_all(&page)?)
            }
        }
    }
}

fn write_all(folder: &Path) -> anyhow::Result<()> {
    let made = std::fs::create_dir_all(folder);
    made.with_context(|| format!("Making {}", folder.display()))?;
    clap_mangen::generate_to(super::Arguments::command(), folder)
        .with_context(|| format!("Writing the pages into {}", folder.display()))
}
