//! Runs the officer's own program, which carries a copy to another machine.

use std::io::{PipeReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// It has this long.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Of what it said, this much is told.
const TOLD: usize = 600;

/// Why the copy stayed at home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stayed {
    /// For everybody.
    pub why: String,
    /// The program's own last words, for officers alone: nobody knows what is in them.
    pub said: String,
}

/// Runs `command`, without a shell, with the file's path in the place of `{}` or at the end, and waits; nothing where there is none.
///
/// Fails with what it said, or that it took too long.
pub(super) fn away(
    command: &[String],
    file: &Path,
    stop: &CancellationToken,
) -> Result<(), Stayed> {
    let Some((program, arguments)) = command.split_first() else {
        return Ok(());
    };
    let silent = |why: String| Stayed {
        why: format!("{program} {why}"),
        said: String::new(),
    };
    let not_started = |error: std::io::Error| silent(format!("could not be started: {error}"));
    let (heard, out) = std::io::pipe().map_err(not_started)?;
    let err = out.try_clone().map_err(not_started)?;
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
    let child = running.process_group(0).spawn().map_err(not_started)?;
    // It holds the ends of the pipe that the program writes to.
    drop(running);
    let words = Words::follow(heard);
    wait(child, stop).map_err(|why| Stayed {
        said: words.last(),
        ..silent(why)
    })
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

/// What the program says, of which only the end is kept: it may say much.
struct Words {
    end: Arc<Mutex<Vec<u8>>>,
    ended: mpsc::Receiver<()>,
}

impl Words {
    fn follow(mut from: PipeReader) -> Self {
        let (end, (done, ended)) = (Arc::new(Mutex::new(Vec::new())), mpsc::channel());
        let kept = end.clone();
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(more @ 1..) = from.read(&mut piece) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend_from_slice(&piece[..more]);
                let superfluous = kept.len().saturating_sub(TOLD);
                kept.drain(..superfluous);
            }
            drop(done);
        });
        Self { end, ended }
    }

    /// The end of it, as one line. What it left running may go on to speak, and is not waited for.
    fn last(&self) -> String {
        let _silent = self.ended.recv_timeout(Duration::from_secs(1));
        let kept = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away_by(script: &str, arguments: &str) -> Result<(), Stayed> {
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
            told.why.ends_with("carry ended with exit status: 3"),
            "{told:?}"
        );
        assert_eq!(told.said, "connecting no route to host");
        let none = ["/no/such/program".to_owned()];
        let told = away(&none, Path::new("/x"), &CancellationToken::new()).unwrap_err();
        assert!(told.why.contains("could not be started"), "{told:?}");
    }

    #[test]
    fn of_one_that_never_stops_talking_the_end_is_told_and_what_it_leaves_behind_is_not_waited_for()
    {
        let began = Instant::now();
        let script =
            "sleep 20 & head -c 30000000 /dev/zero | tr '\\0' x; echo; echo the end >&2; exit 1";
        let told = away_by(script, "").unwrap_err();
        assert!(
            told.said.ends_with("x the end") && told.said.len() <= TOLD,
            "{}",
            told.said
        );
        assert!(
            began.elapsed() < Duration::from_secs(15),
            "{:?}",
            began.elapsed()
        );
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
