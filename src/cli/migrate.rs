//! `grb-app migrate`: the database's schema.

use super::Common;
use crate::platform::Clock;
use crate::platform::db::{self, Db};

#[derive(clap::Args)]
pub(super) struct Migrate {
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Migrate {
    pub(super) async fn run(&self, common: &Common) -> anyhow::Result<()> {
        let folder = common.settings()?.data_dir;
        let pending = db::pending(&folder.join(db::FILE))?;
        if pending.is_empty() {
            say!("The database has this program's schema already.");
            return Ok(());
        }
        if self.dry_run {
            say!(
                "To be done: {}. A verified copy is made first.",
                pending.join(", ")
            );
            return Ok(());
        }
        let db = Db::open(&folder, Clock::system().now())?;
        db.close().await;
        say!("Done: {}.", pending.join(", "));
        Ok(())
    }
}
