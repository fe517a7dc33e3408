//! `grb-app replay`: recorded notices into the database.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Common;
use crate::intake::replay::{self, Taker};
use crate::platform::error::Exit;
use crate::platform::web::listen;
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
        let config = common.settings()?;
        let raws = replay::load(&self.paths, Clock::system().now())?;
        // There is one writer: the server, while it runs.
        let taker = match listen::beside(&config.data_dir) {
            Some(server) => Taker::Server(server),
            None => Taker::Here(Box::new(App::open(config, Clock::system())?)),
        };
        let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
        let played = replay::play(&taker, raws, self.speed, |word| {
            *outcomes.entry(word).or_default() += 1;
        })
        .await;
        if let Taker::Here(app) = &taker {
            app.db.close().await;
        }
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
