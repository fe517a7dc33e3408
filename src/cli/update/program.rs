//! A program as a file: asked what it is, and set to work.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use semver::Version;
use serde::Deserialize;

use super::super::Common;
use crate::platform::error::Exit;

/// Long enough to say what one is, on a slow card.
const SHORTLY: Duration = Duration::from_secs(30);

/// A grb-app that is not this process.
pub(super) struct Program {
    pub path: PathBuf,
    /// The settings file that this command was given.
    config: Option<PathBuf>,
}

/// What a program says of itself.
#[derive(Deserialize)]
pub(super) struct About {
    pub version: Version,
    pub schema: i32,
}

/// How a command ended.
pub(super) struct Ran {
    /// Nothing where it was ended by a signal, or by us after its time.
    pub code: Option<i32>,
    pub out: String,
    /// The words it ended with.
    pub words: String,
}

impl Program {
    pub(super) fn at(path: &Path, common: &Common) -> Self {
        Self {
            path: path.into(),
            config: common.config.clone(),
        }
    }

    /// Runs `grb-app WORDS`; run as root, it becomes the owner of the data folder by itself.
    pub(super) fn run<W: AsRef<OsStr>>(
        &self,
        words: &[W],
        patience: Duration,
    ) -> anyhow::Result<Ran> {
        let mut command = Command::new(&self.path);
        command.args(words).env("GRB_LOG", "error");
        if let Some(config) = &self.config {
            command.arg("--config").arg(config);
        }
        Ok(run(&mut command, patience)?)
    }

    /// What it says of itself; 69 where it does not run here.
    pub(super) fn about(&self) -> anyhow::Result<About> {
        let ran = self.run(&["version", "--json"], SHORTLY);
        let said = ran.ok().filter(|ran| ran.code == Some(0));
        let about = said.and_then(|ran| serde_json::from_str(&ran.out).ok());
        let arch = std::env::consts::ARCH;
        Ok(about.ok_or_else(|| {
            Exit::unavailable(format!(
                "The new program does not run on this machine ({arch}). Nothing was changed."
            ))
        })?)
    }

    /// Whether it understands the settings; 78 with its own words where not.
    pub(super) fn try_settings(&self) -> anyhow::Result<()> {
        let ran = self.run(&["config", "check"], SHORTLY)?;
        match ran.code {
            Some(0) => Ok(()),
            _ => Err(Exit::config(format!(
                "The new program cannot use the settings. Nothing was changed.\n{}",
                ran.words
            ))
            .into()),
        }
    }

    /// The unit that it wants to be run by.
    pub(super) fn unit(&self) -> Option<String> {
        let ran = self.run(&["unit"], SHORTLY).ok()?;
        (ran.code == Some(0)).then_some(ran.out)
    }
}

/// Runs a command to its end, or for as long as there is patience.
pub(super) fn run(command: &mut Command, patience: Duration) -> std::io::Result<Ran> {
    // Files, not pipes: nobody has to read along.
    let (mut out, mut err) = (tempfile::tempfile()?, tempfile::tempfile()?);
    let spawned = command
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(err.try_clone()?)
        .spawn();
    let ended = wait(&mut spawned?, patience)?;
    let words = match ended {
        None => format!("It was not done after {} s.", patience.as_secs()),
        Some(status) => ending(&text(&mut err)?, status),
    };
    Ok(Ran {
        code: ended.and_then(|status| status.code()),
        out: text(&mut out)?,
        words,
    })
}

/// How it ended; nothing where its time was over.
fn wait(child: &mut Child, patience: Duration) -> std::io::Result<Option<ExitStatus>> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if began.elapsed() > patience {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn text(file: &mut File) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The last that was said: from our own last words on, or else the last line.
fn ending(said: &str, status: ExitStatus) -> String {
    let said = said.trim();
    if let Some((_, last)) = said.rsplit_once("grb-app: ") {
        return last.to_owned();
    }
    // The last that systemctl says is where to read on, which we say ourselves.
    let last = said
        .lines()
        .rfind(|line| !line.starts_with("See \"systemctl"));
    match (last, status.signal()) {
        (Some(last), _) => last.to_owned(),
        (None, Some(signal)) => format!("It was ended by signal {signal}."),
        (None, None) => format!("It ended with {status} and said nothing."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systemctl_says_of_a_service_that_fell_is_told() {
        let said = "Job for grb-app.service failed because the control process exited with error code.\n\
                    See \"systemctl status grb-app.service\" and \"journalctl -xeu grb-app.service\" for details.\n";
        let words = ending(said, ExitStatus::from_raw(256));
        assert!(words.ends_with("exited with error code."), "{words}");
    }
}
