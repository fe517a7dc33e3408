//! `grb-app version`: which program this is, and what others gave to it.

use std::io::Write as _;

use serde_json::json;

use super::print_json;
use crate::ops::licences;
use crate::platform::db;

#[derive(clap::Args)]
pub(super) struct Version {
    /// Prints one JSON object
    #[arg(long)]
    json: bool,
    /// Prints what others made that is in this program, with the terms of each
    #[arg(long, conflicts_with = "json")]
    licences: bool,
}

impl Version {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        if self.licences {
            return Ok(std::io::stdout().write_all(licences::TEXT.as_bytes())?);
        }
        let (version, sqlite) = (env!("CARGO_PKG_VERSION"), rusqlite::version());
        let machine = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
        if self.json {
            return print_json(
                &json!({ "version": version, "sqlite": sqlite, "schema": db::newest(), "machine": machine }),
            );
        }
        say!("grb-app {version} (SQLite {sqlite})");
        Ok(())
    }
}
