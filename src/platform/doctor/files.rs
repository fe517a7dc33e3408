//! Checks of the data folder, the database and the settings' files.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Case, Check, Finding, quick, thorough};
use crate::platform::{db, words};

pub(super) const CHECKS: &[Check] = &[
    quick("sqlite", "SQLite", sqlite),
    quick("schema", "Schema", schema),
    quick("data-folder", "Data folder", data_folder),
    quick("settings-files", "Settings", settings_files),
    quick("file-system", "File system", file_system),
    quick("storage", "Storage", storage),
    quick("free-space", "Free space", free_space),
    quick("free-names", "Room for files", free_names),
    quick("log-size", "Write-ahead log", log_size),
    thorough("sync-time", "Time of a safe write", sync_time),
    thorough("integrity", "Database whole", integrity),
];

/// SQLite's WAL reset could corrupt a file before 3.51.3.
fn sqlite(_: &Case) -> Finding {
    let found = rusqlite::version();
    match rusqlite::version_number() >= db::OLDEST_SQLITE {
        true => Finding::ok(format!("SQLite {found} is built in.")),
        false => Finding::fault(
            format!("SQLite {found} can damage the file."),
            "Install a grb-app that was built with SQLite 3.51.3 or newer.",
        ),
    }
}

fn schema(case: &Case) -> Finding {
    let path = case.config.data_dir.join(db::FILE);
    if !path.exists() {
        return none_yet(case);
    }
    case.in_db(|conn| {
        let (found, known) = (db::version(conn)?, db::newest());
        Ok(match found.cmp(&known) {
            std::cmp::Ordering::Equal => Finding::ok(format!("Schema {found}, as this program wants it.")),
            std::cmp::Ordering::Less => Finding::warn(
                format!("Schema {found}; this program wants {known}."),
                "`grb-app serve` migrates at its start, after a verified copy; `grb-app migrate --dry-run` says what it will do.",
            ),
            std::cmp::Ordering::Greater => Finding::fault(
                format!("Schema {found} is of a newer grb-app; this one knows {known}."),
                "Install the newer grb-app again, or restore a backup from before its first start.",
            ),
        })
    })
}

fn none_yet(case: &Case) -> Finding {
    let folder = case.config.data_dir.display();
    Finding::warn(
        format!("There is no database in {folder}."),
        "Where the club's desk runs already, name its folder with --data-dir; else `grb-app serve` makes one.",
    )
}

/// Members' addresses are in it: nobody else on the machine may read it.
fn data_folder(case: &Case) -> Finding {
    let folder = &case.config.data_dir;
    let at = folder.display();
    let Ok(found) = folder.metadata() else {
        return none_yet(case);
    };
    if found.mode() & 0o077 != 0 {
        return Finding::warn(
            format!(
                "Others on this machine may look into {at} (mode {:o}).",
                found.mode() & 0o777
            ),
            format!("`chmod 700 {at}`"),
        );
    }
    let strange = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let strange = strange
        .filter(|entry| {
            entry
                .metadata()
                .is_ok_and(|inner| inner.uid() != found.uid())
        })
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .next();
    match strange {
        Some(name) => Finding::fault(
            format!(
                "{name} in {at} belongs to another user than the folder; the desk cannot write it."
            ),
            format!("chown -R --reference={at} {at}"),
        ),
        None => Finding::ok(format!("{at}, for its owner alone.")),
    }
}

/// Passwords may be in them.
fn settings_files(case: &Case) -> Finding {
    let files = &case.config.files;
    let open = files
        .iter()
        .find(|file| file.metadata().is_ok_and(|found| found.mode() & 0o007 != 0));
    let hidden = files.iter().find(|file| file.metadata().is_err());
    match open {
        Some(file) => Finding::fault(
            format!(
                "Everybody on this machine can read {}, and secrets may be in it.",
                file.display()
            ),
            format!("`chmod o= {}`", file.display()),
        ),
        None if files.is_empty() => Finding::ok("No file of settings is read."),
        None if hidden.is_some() => {
            Finding::skipped("Who may read the settings' files, this user cannot see.")
        }
        None => {
            let files: Vec<_> = files
                .iter()
                .map(|file| file.display().to_string())
                .collect();
            Finding::ok(format!(
                "{}: for its owner and group alone.",
                files.join(", ")
            ))
        }
    }
}

/// The data folder, or what is there of the way to it.
pub fn place(case: &Case) -> PathBuf {
    let there = case.config.data_dir.ancestors().find(|path| path.exists());
    there.unwrap_or(Path::new("/")).to_owned()
}

/// Names and numbers of statfs(2).
fn file_system(case: &Case) -> Finding {
    let Ok(found) = rustix::fs::statfs(place(case)) else {
        return Finding::skipped("The file system does not say what it is.");
    };
    let network = |name: &str| {
        Finding::fault(
            format!(
                "The data folder lies on a network share ({name}); SQLite's locks do not hold there and the file gets damaged."
            ),
            "Move the data folder to a disk of this machine; backups may go to the share.",
        )
    };
    match u32::try_from(found.f_type & 0xffff_ffff).unwrap_or_default() {
        0x6969 => network("NFS"),
        0xff53_4d42 | 0xfe53_4d42 | 0x517b => network("SMB"),
        0x0102_1997 => network("9p"),
        0x6573_5546 => Finding::warn(
            "The data folder lies on a FUSE file system; some of these do not keep what they promise.",
            "Better a folder on ext4, XFS or Btrfs.",
        ),
        0x0102_1994 | 0x8584_58f6 => Finding::fault(
            "The data folder lies in memory: everything is gone when the power goes.",
            "Set data_dir to a folder on a disk.",
        ),
        0x794c_7630 => Finding::warn(
            "The data folder lies in a container's own layer and goes with the container.",
            "Mount a volume there.",
        ),
        0xef53 => Finding::ok("ext4."),
        0x5846_5342 => Finding::ok("XFS."),
        0x9123_683e => Finding::ok("Btrfs."),
        0xf2f5_2010 => Finding::ok("F2FS."),
        0x2fc1_2fc1 => Finding::ok("ZFS."),
        0x4d44 | 0x2011_bab0 => Finding::fault(
            "The data folder lies on a FAT file system, which keeps no rights: everybody can read it.",
            "Move it to ext4.",
        ),
        other => Finding::skipped(format!(
            "A file system of which nothing is known here (type {other:x}); on ext4, XFS and Btrfs the desk is at home."
        )),
    }
}

/// Flash cards wear out under a database. What kind a device is, the kernel says in /sys.
fn storage(case: &Case) -> Finding {
    let device = place(case)
        .metadata()
        .map(|found| found.dev())
        .unwrap_or_default();
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let Ok(path) = std::fs::canonicalize(format!("/sys/dev/block/{major}:{minor}")) else {
        return Finding::skipped(
            "Which device the data folder lies on, this machine does not tell.",
        );
    };
    let text = |file: &str| {
        path.ancestors()
            .find_map(|up| std::fs::read_to_string(up.join(file)).ok())
    };
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let removable = text("removable").is_some_and(|flag| flag.trim() == "1");
    let card =
        name.starts_with("mmcblk") && text("device/type").is_none_or(|kind| kind.trim() == "SD");
    match card || removable {
        true => Finding::warn(
            format!(
                "The data folder lies on a card or stick ({name}). These wear out, and break without a word."
            ),
            "Put the data folder on an SSD, or use a card made for endurance; let backups go to another device.",
        ),
        false => Finding::ok(format!("A built-in disk ({name}).")),
    }
}

/// A backup and a vacuum each want the room of the database once more.
fn free_space(case: &Case) -> Finding {
    let Ok(found) = rustix::fs::statvfs(place(case)) else {
        return Finding::skipped("The file system does not say how much is free.");
    };
    let free = found.f_bavail * found.f_frsize;
    let size = |name: &str| {
        case.config
            .data_dir
            .join(name)
            .metadata()
            .map_or(0, |file| file.len())
    };
    let held = size(db::FILE) + size(&format!("{}-wal", db::FILE));
    let words = format!(
        "{} free; the database holds {}.",
        words::size(free),
        words::size(held)
    );
    let remedy = "Make room: old backups, pictures, logs (`journalctl --vacuum-size=100M`), packages (`apt clean`).";
    if free < held.max(50_000_000) {
        return Finding::fault(words, remedy);
    }
    match free < (3 * held).max(200_000_000) {
        true => Finding::warn(
            format!("{words} Backups and migrations want three times as much."),
            remedy,
        ),
        false => Finding::ok(words),
    }
}

fn free_names(case: &Case) -> Finding {
    let Ok(found) = rustix::fs::statvfs(place(case)) else {
        return Finding::skipped("The file system does not say how many files it can hold.");
    };
    match found.f_favail {
        _ if found.f_files == 0 => {
            Finding::ok("This file system holds as many files as there is room for.")
        }
        left @ 0..1000 => Finding::warn(
            format!("Only {left} more files can be made, however much room is free."),
            "Look for a folder with very many small files: `du --inodes -d 2 / | sort -n | tail`",
        ),
        left @ 1000..1_000_000 => Finding::ok(format!("{left} more files can be made.")),
        _ => Finding::ok("More than a million more files can be made."),
    }
}

fn log_size(case: &Case) -> Finding {
    let path = case.config.data_dir.join(format!("{}-wal", db::FILE));
    let Ok(found) = path.metadata() else {
        return Finding::ok("There is none: everything is in the file.");
    };
    let words = format!("{} wait to go into the file.", words::size(found.len()));
    match found.len() > 128_000_000 {
        true => Finding::warn(
            words,
            "Something reads the database for very long: end other programs that have it open, then restart grb-app.",
        ),
        false => Finding::ok(words),
    }
}

/// Every write waits for the disk to say that it is safe; a page written and synced 200 times, as SQLite does it.
fn sync_time(case: &Case) -> Finding {
    match time_syncs(&place(case)) {
        Ok((half, most)) => {
            let words = format!(
                "Half within {:.1} ms, 99 of 100 within {:.1} ms.",
                ms(half),
                ms(most)
            );
            match most {
                _ if most > Duration::from_secs(1) => Finding::fault(
                    words,
                    "The disk is failing, full, or far too slow. Look at `dmesg`; make a backup and change it.",
                ),
                _ if most > Duration::from_millis(150) => Finding::warn(
                    words,
                    "The desk works, with pauses. A better card or an SSD would be quicker; look at `dmesg` for errors.",
                ),
                _ => Finding::ok(words),
            }
        }
        Err(error) => Finding::skipped(format!("Nothing could be written there: {error}.")),
    }
}

/// Half and 99 of 100 of the times that a page takes to be safe. Gives up after 8 s.
fn time_syncs(folder: &Path) -> std::io::Result<(Duration, Duration)> {
    let mut file = tempfile::tempfile_in(folder)?;
    let began = Instant::now();
    let mut times = Vec::new();
    while times.len() < 200 && began.elapsed() < Duration::from_secs(8) {
        let start = Instant::now();
        file.write_all(&[0x5a; 4096])?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let at = |share: usize| {
        times
            .get(times.len() * share / 100)
            .copied()
            .unwrap_or_default()
    };
    Ok((at(50), at(99)))
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn integrity(case: &Case) -> Finding {
    case.in_db(|conn| {
        let began = Instant::now();
        let verdict: String = conn.query_row("pragma quick_check(3)", [], |row| row.get(0))?;
        Ok(match verdict.as_str() {
            "ok" => Finding::ok(format!("Every page of it is in order (looked at in {:.1} s).", began.elapsed().as_secs_f64())),
            _ => Finding::fault(
                format!("It is damaged: {verdict}."),
                "Stop the desk and restore the last good backup; keep the damaged file. Then look for the cause: the disk, the power.",
            ),
        })
    })
}
