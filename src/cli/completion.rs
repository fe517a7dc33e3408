//! `grb-app completion`: what a shell needs to complete commands and flags.

use std::io::Write as _;

use clap::CommandFactory as _;
use clap_complete::aot::{Bash, Fish, Zsh, generate};

#[derive(clap::Args)]
pub(super) struct Completion {
    /// The shell that is to complete
    shell: Shell,
}

/// Those that people of observatories use.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Completion {
    /// Prints the script for the shell.
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let mut command = super::Arguments::command();
        // Into memory first: the generator panics where its reader goes away.
        let mut script = Vec::new();
        match self.shell {
            Shell::Bash => generate(Bash, &mut command, "grb-app", &mut script),
            Shell::Zsh => generate(Zsh, &mut command, "grb-app", &mut script),
            Shell::Fish => generate(Fish, &mut command, "grb-app", &mut script),
        }
        Ok(std::io::stdout().write_all(&script)?)
    }
}
