//! Runs the officer's own program, which carries a copy to another machine.

use std::io::{Read as _, Seek as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// It has this long.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Of what it said, this much is told.
const TOLD: usize = 600;

/// Runs `command`, without a shell, with the file's path in the place of `{}` or at the end, and waits; nothing where there is none.
///
/// Fails with what it said, or that it took too long.
pub(super) fn away(
    command: &[String],
    file: &Path,
    stop: &CancellationToken,
) -> Result<(), String> {
    let Some((program, arguments)) = command.split_first() else {
        return Ok(());
    };
    let mut said = tempfile::tempfile().map_err(|error| error.to_string())?;
    let outputs = said
        .try_clone()
        .and_then(|out| Ok((out, said.try_clone()?)));
    let (out, err) = outputs.map_err(|error| error.to_string())?;
    let mut running = Command::new(program);
    running.args(arguments_with(arguments, file));
    running.stdin(Stdio::null()).stdout(out).stderr(err);
    // It needs none of our secrets; and what it starts ends with it.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("GRB_") || text == "CREDENTIALS_DIRECTORY" {
            running.env_remove(&name);
        }
    }
    let child = running.process_group(0).spawn();
    let child = child.map_err(|error| format!("{program} could not be started: {error}"))?;
    let why = match wait(child, stop) {
        Ok(()) => return Ok(()),
        Err(why) => why,
    };
    let words = last_words(&mut said);
    Err(format!("{program} {why}{words}"))
}

fn arguments_with(arguments: &[String], file: &Path) -> Vec<String> {
    let file = file.to_string_lossy().into_owned();
    let mut all: Vec<String> = arguments
        .iter()
        .map(|one| one.replace("{}", &file))
        .collect();
    if all == arguments {
        all.push(file);
    }
    all
}

fn wait(mut child: Child, stop: &CancellationToken) -> Result<(), String> {
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("ended with {status}")),
            Ok(None) if began.elapsed() < LIMIT && !stop.is_cancelled() => {
                std::thread::sleep(Duration::from_millis(100));
            }
            Ok(None) => {
                end(&mut child);
                return Err(format!(
                    "was ended after {} minutes",
                    began.elapsed().as_secs() / 60
                ));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Ends it with all that it has started.
fn end(child: &mut Child) {
    let group = i32::try_from(child.id())
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    let ended = |group| rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    if group.is_none_or(|group| ended(group).is_err()) {
        drop(child.kill());
    }
    drop(child.wait());
}

/// The end of what it said, as one line.
fn last_words(said: &mut std::fs::File) -> String {
    let mut bytes = Vec::new();
    let length = said.seek(std::io::SeekFrom::End(0)).unwrap_or(0);
    let from = length.saturating_sub(TOLD as u64);
    drop(said.seek(std::io::SeekFrom::Start(from)));
    drop(said.read_to_end(&mut bytes));
    let text = String::from_utf8_lossy(&bytes);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.is_empty() {
        true => String::new(),
        false => format!(": {line}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away_by(script: &str, arguments: &str) -> Result<(), String> {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("carry");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        let command = format!("{} {arguments}", program.display());
        let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        away(
            &words,
            Path::new("/copies/a b.db"),
            &CancellationToken::new(),
        )
    }

    #[test]
    fn the_file_comes_last_or_where_its_place_is() {
        assert_eq!(
            away_by("test \"$1/$2/$#\" = '-q//copies/a b.db/2'", "-q"),
            Ok(())
        );
        assert_eq!(
            away_by("test \"$1:$2:$#\" = '/copies/a b.db:host:2'", "{} host"),
            Ok(())
        );
        assert_eq!(
            away(&[], Path::new("/x"), &CancellationToken::new()),
            Ok(())
        );
    }

    #[test]
    fn its_failure_is_told_with_its_last_words() {
        let told = away_by("echo connecting; echo 'no route to host' >&2; exit 3", "").unwrap_err();
        assert!(
            told.ends_with("exit status: 3: connecting no route to host"),
            "{told}"
        );
        let none = ["/no/such/program".to_owned()];
        let told = away(&none, Path::new("/x"), &CancellationToken::new()).unwrap_err();
        assert!(told.contains("could not be started"), "{told}");
    }

    #[test]
    fn a_stop_ends_it_with_what_it_started() {
        let stop = CancellationToken::new();
        stop.cancel();
        let began = Instant::now();
        let command = ["sh", "-c", "sleep 30 & sleep 30"].map(str::to_owned);
        assert!(away(&command, Path::new("/x"), &stop).is_err());
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}
