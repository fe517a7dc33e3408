//! Is there a backup, and how old is it.

use std::path::PathBuf;
use std::time::SystemTime;

use super::{Case, Check, Finding, quick};
use crate::platform::db;
use crate::platform::health::State;

pub(super) const CHECKS: &[Check] = &[quick("backup", "Last backup", backup)];

/// One a day is made; two hours of grace.
const OLDEST_HOURS: u64 = 26;

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
    let folder = folder(case);
    let Some((path, at)) = newest(&folder) else {
        return Finding::fault(
            format!("There is no backup in {}.", folder.display()),
            "Make one with `grb-app backup`, and carry it to another machine; set backup_folder to another device where there is one.",
        );
    };
    let hours = at.elapsed().unwrap_or_default().as_secs() / 3600;
    let words = format!("{}, {hours} h old.", path.display());
    match hours > OLDEST_HOURS {
        true => Finding::warn(
            words,
            "Look in the log why none was made since; make one with `grb-app backup`.",
        ),
        false => Finding::ok(words),
    }
}

fn folder(case: &Case) -> PathBuf {
    case.config.data_dir.join("backups")
}

/// The newest `grb-app-….db`, and when it was made.
fn newest(folder: &std::path::Path) -> Option<(PathBuf, SystemTime)> {
    let files = std::fs::read_dir(folder).ok()?.flatten();
    let copies = files.filter_map(|file| {
        let name = file.file_name().into_string().ok()?;
        let is_copy = name.starts_with("grb-app-") && name.ends_with(".db");
        let made = file.metadata().ok()?.modified().ok()?;
        is_copy.then(|| (file.path(), made))
    });
    copies.max_by_key(|(_, made)| *made)
}
