//! Is there a backup, and how old is it.

use super::{Case, Check, Finding, quick};
use crate::platform::health::State;
use crate::platform::{backups, db};

pub(super) const CHECKS: &[Check] = &[quick("backup", "Last backup", backup)];

/// What the serving desk says, else the newest copy that lies where they are put.
fn backup(case: &Case) -> Finding {
    if !case.config.data_dir.join(db::FILE).exists() {
        return Finding::skipped("There is no database yet.");
    }
    if case.config.demo.is_some() {
        return Finding::skipped("Nobody keeps a demonstration.");
    }
    if let Some(part) = case.part("backup").filter(|part| part.state != State::Ok) {
        let remedy = part.remedy.clone().unwrap_or_default();
        return match part.state {
            State::Off => Finding::warn(part.words.clone(), remedy),
            _ => Finding::fault(part.words.clone(), remedy),
        };
    }
    let folder = &case.config.backups.folder;
    let now = case.clock.wall();
    let Some(newest) = backups::newest(folder, now) else {
        return none_yet(case);
    };
    let age = now - newest.at;
    let old = match age.num_hours() {
        ..1 => "made within the hour".to_owned(),
        hours @ 1..48 => format!("{hours} h old"),
        _ => format!("{} days old", age.num_days()),
    };
    let words = format!("{}, {old}.", newest.path.display());
    match newest.is_fresh(now) {
        true => Finding::ok(words),
        false => Finding::warn(
            words,
            "Look in the log why none was made since; make one with `sudo grb-app backup`.",
        ),
    }
}

/// A desk that serves, and has not failed to make one, has just been started for the first time.
fn none_yet(case: &Case) -> Finding {
    match case.part("backup") {
        Some(part) => Finding::warn(
            part.words.clone(),
            "Look again in some minutes, or make one at once with `sudo grb-app backup`.",
        ),
        None => Finding::fault(
            format!(
                "There is no backup in {}.",
                case.config.backups.folder.display()
            ),
            "Make one with `sudo grb-app backup`, and carry it to another machine; or set backup_folder to another disk, into which the service must be let: sudo systemctl edit grb-app, [Service], ReadWritePaths=FOLDER",
        ),
    }
}
