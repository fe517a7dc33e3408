//! The desk as a service of systemd: found, restarted, and watched until it is ready.

use std::collections::HashMap;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::program::{Ran, run};
use crate::cli::desk;

const NAME: &str = "grb-app";

/// Where systemd holds the door open, a visitor would have it start the desk again.
const DOOR: &str = "grb-app.socket";

/// What systemd itself answers by.
const PROMPTLY: Duration = Duration::from_secs(60);

/// A desk that systemd calls started answers by then.
const ANSWERS: Duration = Duration::from_secs(15);

/// And is the same process after as long again as systemd waits between two starts.
const STEADY: Duration = Duration::from_secs(4);

/// The service as systemd knows it.
pub(super) struct Service {
    /// Its file.
    pub unit: PathBuf,
    /// Whether it is to run: it does, or tries to.
    pub runs: bool,
    door: bool,
    command: String,
}

impl Service {
    /// The service, where there is a systemd and it knows one.
    pub(super) fn find() -> Option<Self> {
        let properties = "--property=LoadState,ActiveState,FragmentPath,ExecStart";
        let said = systemctl(&["show", NAME, properties], PROMPTLY).ok()?;
        let said: HashMap<&str, &str> = said
            .out
            .lines()
            .filter_map(|line| line.split_once('='))
            .collect();
        (said.get("LoadState") == Some(&"loaded")).then(|| Self {
            unit: said.get("FragmentPath").copied().unwrap_or_default().into(),
            runs: said.get("ActiveState") != Some(&"inactive"),
            door: done(systemctl(&["is-active", DOOR], PROMPTLY)).is_ok(),
            command: said.get("ExecStart").copied().unwrap_or_default().into(),
        })
    }

    /// True where it is the program at `path` that it runs.
    pub(super) fn starts(&self, path: &Path) -> bool {
        self.command.contains(&format!("path={} ;", path.display()))
    }

    /// Starts it anew and waits until it says that it is ready; the reason where it does not.
    pub(super) fn restart(&self, patience: Duration) -> Result<(), String> {
        done(systemctl(&["restart", NAME], patience))
    }

    /// Stops it, whoever knocks, and forgets how often it fell.
    pub(super) fn stop(&self) {
        if self.door {
            drop(systemctl(&["stop", DOOR], PROMPTLY));
        }
        drop(systemctl(&["stop", NAME], PROMPTLY));
        drop(systemctl(&["reset-failed", NAME], PROMPTLY));
    }

    /// Starts it again after a stop.
    pub(super) fn start(&self, patience: Duration) -> Result<(), String> {
        if self.door {
            drop(systemctl(&["start", DOOR], PROMPTLY));
        }
        self.restart(patience)
    }

    /// Tells systemd to read units again.
    pub(super) fn read_units(&self) {
        drop(systemctl(&["daemon-reload"], PROMPTLY));
    }
}

/// In a group of its own: Ctrl-C at the terminal is not for it.
fn systemctl(words: &[&str], patience: Duration) -> std::io::Result<Ran> {
    run(
        Command::new("systemctl").args(words).process_group(0),
        patience,
    )
}

fn done(ran: std::io::Result<Ran>) -> Result<(), String> {
    let ran = ran.map_err(|error| error.to_string())?;
    match ran.code {
        Some(0) => Ok(()),
        _ => Err(ran.words),
    }
}

/// The process that serves on `folder`, where it answers and can write.
pub(super) async fn ready(folder: &Path) -> Option<u32> {
    desk::answer(folder, "/health/readiness").await?;
    Some(desk::said(folder).await?.pid)
}

/// Waits until the desk on `folder` is ready, and looks a while later whether it is still the same.
pub(super) async fn steady(folder: &Path) -> Result<(), String> {
    let began = Instant::now();
    let first = loop {
        if let Some(pid) = ready(folder).await {
            break pid;
        }
        if began.elapsed() > ANSWERS {
            return Err("It was started, and does not answer or cannot write.".into());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    tokio::time::sleep(STEADY).await;
    match ready(folder).await {
        Some(pid) if pid == first => Ok(()),
        _ => Err("It fell soon after it had started.".into()),
    }
}
