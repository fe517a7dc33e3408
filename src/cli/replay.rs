//! `grb-app replay`: recorded notices into the database.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Common;
use crate::intake::replay;
use crate::platform::error::Exit;
use crate::platform::{App, Clock};

#[derive(clap::Args)]
pub(super) struct Replay {
    /// Keep the pauses between the notices, this many times as fast; without it there are none
    #[arg(long, value_name = "TIMES")]
    speed: Option<f64>,
    /// Files or folders of notices
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

impl Replay {
    pub(super) async fn run(self, common: &Common) -> anyhow::Result<()> {
        if self
            .speed
            .is_some_and(|speed| !(speed > 0.0 && speed.is_finite()))
        {
            return Err(Exit::usage("--speed must be a number above 0.").into());
        }
        let app = App::open(common.settings()?, Clock::system())?;
        let raws = replay::load(&self.paths, app.clock.now())?;
        let mut outcomes: BTreeMap<&'static str, usize> = BTreeMap::new();
        let played = replay::play(&app, raws, self.speed, |recorded| {
            *outcomes.entry(recorded.word()).or_default() += 1;
        })
        .await;
        app.db.close().await;
        played?;
        let said: Vec<String> = outcomes
            .iter()
            .map(|(word, count)| format!("{count} {word}"))
            .collect();
        println!(
            "{}",
            if said.is_empty() {
                "no notices there".into()
            } else {
                said.join(", ")
            }
        );
        Ok(())
    }
}
