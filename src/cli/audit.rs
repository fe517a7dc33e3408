//! `grb-app admin audit`: what officers did.

use rusqlite::Connection;

use super::print_json;
use crate::ops::{about, details, in_words};
use crate::platform::audit;

#[derive(clap::Args)]
pub(super) struct Audit {
    /// Prints JSON
    #[arg(long)]
    json: bool,
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// What this member did and what was done to them: their number, or part of their name
    #[arg(long, default_value = "")]
    member: String,
}

impl Audit {
    pub(super) fn run(self, conn: &Connection) -> anyhow::Result<()> {
        let (entries, _) = audit::list(conn, self.member.trim(), None, self.limit)?;
        if self.json {
            return print_json(&entries);
        }
        if entries.is_empty() {
            say!("Nothing is on record.");
        }
        for entry in entries {
            say!(
                "{}  {} {} {}{}",
                entry.at.format("%Y-%m-%d %H:%M:%S"),
                entry.member_name,
                in_words(&entry.act),
                about(&entry),
                details(&entry.details).map_or_else(String::new, |told| format!("  ({told})"))
            );
        }
        Ok(())
    }
}
