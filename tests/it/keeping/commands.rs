//! `backup`, `restore` and `check`, typed by an officer.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use grb_app::keeping;
use grb_app::platform::{App, Clock, audit};
use rusqlite::Connection;
use serde_json::Value;

use super::{file, mark_in, marked, typed};
use crate::commands::{Serving, said};

fn code(words: &[&str], folder: &Path) -> (Option<i32>, String) {
    let output = typed(words, folder);
    (output.status.code(), said(&output))
}

/// A checked copy of the desk in `folder`.
fn copy_of(folder: &Path) -> std::path::PathBuf {
    let copy = folder.join("copy.db");
    let (ended, said) = code(&["backup", copy.to_str().unwrap()], folder);
    assert_eq!(ended, Some(0), "{said}");
    copy
}

#[test]
fn a_copy_is_private_bears_its_hash_and_is_never_overwritten_with_the_server_running_or_not() {
    for serves in [true, false] {
        let (folder, elsewhere) = (marked("here"), tempfile::tempdir().unwrap());
        let _serving = serves.then(|| Serving::start(folder.path()));
        let copy = elsewhere.path().join("a copy, 100 %?.db");
        let output = typed(&["backup", copy.to_str().unwrap(), "--json"], folder.path());
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(printed["bytes"], copy.metadata().unwrap().len());
        assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        // Another program's opinion of the hash.
        let sums = Command::new("sha256sum")
            .args(["--check", "a copy, 100 %?.db.sha256"])
            .current_dir(&elsewhere)
            .output()
            .unwrap();
        assert!(sums.status.success(), "{}", said(&sums));
        let beside = std::fs::read_to_string(elsewhere.path().join("a copy, 100 %?.db.sha256"));
        assert!(
            beside
                .unwrap()
                .starts_with(printed["sha256"].as_str().unwrap())
        );
        let (again, words) = code(&["backup", copy.to_str().unwrap()], folder.path());
        assert_eq!(again, Some(64), "{words}");
        // It stands alone, and keeps what can only be said of an empty file.
        let conn = Connection::open(&copy).unwrap();
        let vacuum: i64 = conn
            .query_row("pragma auto_vacuum", [], |row| row.get(0))
            .unwrap();
        assert_eq!(vacuum, 2);
        drop(conn);
        let names: Vec<_> = std::fs::read_dir(&elsewhere).unwrap().collect();
        assert_eq!(
            names.len(),
            2,
            "the copy, its hash, and nothing else: {names:?}"
        );
        if !serves {
            let log = folder.path().join("grb-app.db-wal");
            assert!(!log.exists(), "nothing is left beside a resting file");
        }
    }
}

#[test]
fn without_a_name_a_copy_goes_into_the_folder_of_copies_under_its_time() {
    let folder = marked("here");
    let (ended, words) = code(&["backup"], folder.path());
    assert_eq!(ended, Some(0), "{words}");
    let copy = words.lines().next().unwrap();
    let name = copy
        .strip_prefix(folder.path().join("backups").to_str().unwrap())
        .unwrap();
    assert!(
        name.starts_with("/grb-app-20") && name.ends_with("Z.db"),
        "{name}"
    );
    let backups = folder.path().join("backups").metadata().unwrap();
    assert_eq!(backups.permissions().mode() & 0o777, 0o700);
}

#[test]
fn what_cannot_be_copied_is_said_with_what_to_do() {
    let (empty, folder) = (tempfile::tempdir().unwrap(), marked("here"));
    assert_eq!(code(&["backup"], empty.path()).0, Some(69));
    let (ended, words) = code(&["backup", "/nowhere/at/all/copy.db"], folder.path());
    assert_eq!(ended, Some(69), "{words}");
    // The process's table of its own files: nothing can be made in it by anybody.
    let (ended, words) = code(&["backup", "/proc/self/copy.db"], folder.path());
    assert!(matches!(ended, Some(69 | 75 | 77)), "{ended:?} {words}");
}

#[test]
fn a_restore_is_refused_while_the_program_runs() {
    let folder = marked("old");
    let copy = copy_of(folder.path());
    let serving = Serving::start(folder.path());
    let (ended, words) = code(&["restore", copy.to_str().unwrap()], folder.path());
    assert_eq!(ended, Some(69), "{words}");
    assert!(words.contains("Stop"), "{words}");
    drop(serving);
    assert_eq!(
        code(&["restore", copy.to_str().unwrap()], folder.path()).0,
        Some(0)
    );
}

#[test]
fn what_is_damaged_strange_or_newer_is_not_restored_and_nothing_changes() {
    let folder = marked("old");
    let refused = |copy: &Path, wanted: i32, word: &str| {
        let (ended, words) = code(&["restore", copy.to_str().unwrap()], folder.path());
        assert_eq!(ended, Some(wanted), "{words}");
        assert!(words.contains(word), "{words}");
        assert_eq!(mark_in(folder.path()), "old");
        let kept = std::fs::read_dir(folder.path()).unwrap().flatten();
        let kept = { kept }.any(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .starts_with("before-restore")
        });
        assert!(!kept);
    };
    let other = marked("new");
    let copy = copy_of(other.path());
    // A byte in the middle has turned, and then not even its hash tells any more.
    let mut bytes = std::fs::read(&copy).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4000].fill(0xa5);
    std::fs::write(&copy, &bytes).unwrap();
    refused(&copy, 65, "SHA-256");
    std::fs::remove_file(other.path().join("copy.db.sha256")).unwrap();
    refused(&copy, 65, "damaged");
    std::fs::write(&copy, b"Dear officer, this is a letter and not a database.").unwrap();
    refused(&copy, 65, "cannot be read");
    std::fs::remove_file(&copy).unwrap();
    refused(&copy, 69, "no file");
    let conn = Connection::open(&copy).unwrap();
    conn.execute_batch("create table recipes (name text)")
        .unwrap();
    drop(conn);
    refused(&copy, 65, "not one of grb-app's");
    let conn = Connection::open(file(other.path())).unwrap();
    let newer = "insert into refinery_schema_history (version, name, applied_on, checksum) values (99, 'tomorrow', '', '0')";
    conn.execute(newer, []).unwrap();
    drop(conn);
    refused(&file(other.path()), 78, "newer");
    let conn = Connection::open(file(other.path())).unwrap();
    conn.execute_batch("delete from refinery_schema_history where version = 99; pragma foreign_keys = off; insert into sites values (1, 77, 'x', 0, 0, 0, 'UTC', '[]', 'off', 0, 0)").unwrap();
    drop(conn);
    refused(&file(other.path()), 65, "refer to members");
}

#[test]
fn a_restore_keeps_what_a_killed_program_left_with_its_log_and_there_is_a_way_back() {
    let (folder, other) = (marked("before"), marked("new"));
    let copy = copy_of(other.path());
    // Killed with something in the log that is not in the file.
    let conn = Connection::open(file(folder.path())).unwrap();
    conn.execute("update keepsakes set value = 'old'", [])
        .unwrap();
    let (log, kept) = (
        folder.path().join("grb-app.db-wal"),
        folder.path().join("kept"),
    );
    std::fs::copy(&log, &kept).unwrap();
    drop(conn);
    std::fs::rename(&kept, &log).unwrap();
    let output = typed(
        &["restore", copy.to_str().unwrap(), "--json"],
        folder.path(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(mark_in(folder.path()), "new");
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let back = printed["kept"].as_str().unwrap();
    std::thread::sleep(std::time::Duration::from_secs(1));
    let (ended, words) = code(&["restore", back], folder.path());
    assert_eq!(ended, Some(0), "{words}");
    assert_eq!(mark_in(folder.path()), "old", "with what was in its log");
}

/// The officers' record goes back with the rest, and would otherwise never say so.
#[tokio::test]
async fn a_restore_is_on_record_once_the_desk_runs_again() {
    let (folder, other) = (marked("old"), marked("new"));
    let conn = Connection::open(file(other.path())).unwrap();
    let hour = crate::common::NOW.timestamp_micros();
    conn.execute("insert into chores values ('any', ?1)", [hour])
        .unwrap();
    drop(conn);
    let copy = copy_of(other.path());
    let (ended, words) = code(&["restore", copy.to_str().unwrap()], folder.path());
    assert_eq!(ended, Some(0), "{words}");
    let config = crate::common::config(folder.path());
    let app = App::open(config, Clock::fixed(*crate::common::NOW)).unwrap();
    for _start in 0..2 {
        keeping::note_restore(&app).await.unwrap();
        let acts = app.db.read(|conn| audit::list(conn, "", None, 50));
        let (acts, _) = acts.await.unwrap();
        assert_eq!(acts.len(), 1, "{acts:?}");
        let (act, told) = (&acts[0], &acts[0].details);
        assert_eq!(
            (act.act.as_str(), act.member_name.as_str()),
            ("database.restore", "terminal")
        );
        assert_eq!(told["copy"], copy.file_name().unwrap().to_str().unwrap());
        assert_eq!(told["as_of"], crate::common::NOW.to_rfc3339());
        let kept = folder.path().join(told["kept"].as_str().unwrap());
        assert!(kept.join("grb-app.db").exists(), "{told}");
    }
}

#[test]
fn a_restore_that_is_killed_at_any_moment_leaves_the_old_or_the_new() {
    let (other, mut seen) = (marked("new"), [0, 0]);
    let copy = copy_of(other.path());
    for round in 0..24 {
        let folder = marked("old");
        let mut restore =
            crate::commands::grb_app(&["restore", copy.to_str().unwrap(), "--data-dir"])
                .arg(folder.path())
                .spawn()
                .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(4 * round));
        drop(restore.kill());
        restore.wait().unwrap();
        // The next start, whichever command it is.
        let (ended, words) = code(&["migrate"], folder.path());
        assert_eq!(ended, Some(0), "{words}");
        let (ended, words) = code(&["check"], folder.path());
        assert_eq!(ended, Some(0), "{words}");
        match mark_in(folder.path()).as_str() {
            "old" => seen[0] += 1,
            "new" => seen[1] += 1,
            other => panic!("neither: {other}"),
        }
    }
    assert!(seen[0] > 0 && seen[1] > 0, "both ends were seen: {seen:?}");
}

#[test]
fn a_check_says_what_is_wrong_and_what_is_odd() {
    let folder = marked("here");
    let change = |sql: &str| {
        let conn = Connection::open(file(folder.path())).unwrap();
        conn.execute_batch(sql).unwrap();
    };
    let serving = Serving::start(folder.path());
    assert_eq!(
        code(&["check"], folder.path()).0,
        Some(0),
        "beside a server"
    );
    change("create table _litestream_seq (id integer)");
    let (ended, words) = code(&["check"], folder.path());
    assert!(
        ended == Some(0) && words.contains("_litestream_seq"),
        "{words}"
    );
    drop(serving);
    change("drop index told_by_time");
    let (ended, words) = code(&["check"], folder.path());
    assert!(
        ended == Some(65) && words.contains("index told_by_time is missing"),
        "{words}"
    );
    assert!(words.contains("grb-app restore"), "{words}");
    change("create index told_by_time on told (at); alter table follows drop column at");
    let (ended, words) = code(&["check", "--json"], folder.path());
    assert!(
        ended == Some(65) && words.contains("column follows.at is missing"),
        "{words}"
    );
}

#[test]
fn a_check_finds_a_damaged_page() {
    let folder = marked("here");
    assert_eq!(code(&["check"], folder.path()).0, Some(0));
    let mut bytes = std::fs::read(file(folder.path())).unwrap();
    let length = bytes.len();
    bytes[length - 4096..].fill(0x5a);
    std::fs::write(file(folder.path()), bytes).unwrap();
    let (ended, words) = code(&["check"], folder.path());
    assert_eq!(ended, Some(65), "{words}");
    assert!(words.contains("grb-app restore"), "{words}");
}

#[test]
fn a_newer_file_is_refused_with_the_copy_that_leads_back_and_that_copy_does() {
    let folder = marked("old");
    // What the newer program did before its migration.
    let before = folder.path().join("grb-app.db.before-schema-99");
    std::fs::copy(file(folder.path()), &before).unwrap();
    let conn = Connection::open(file(folder.path())).unwrap();
    conn.execute_batch("insert into refinery_schema_history (version, name, applied_on, checksum) values (99, 'tomorrow', '', '0'); update keepsakes set value = 'newer'").unwrap();
    drop(conn);
    for words in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["migrate"],
        &["check"],
    ] {
        let (ended, said) = code(words, folder.path());
        assert_eq!(ended, Some(78), "{words:?}: {said}");
    }
    let (_, words) = code(&["migrate"], folder.path());
    let command = words
        .lines()
        .find_map(|line| line.split("grb-app restore ").nth(1))
        .unwrap();
    assert_eq!(command.trim(), before.to_str().unwrap());
    let (ended, words) = code(&["restore", command.trim()], folder.path());
    assert_eq!(ended, Some(0), "{words}");
    assert_eq!(code(&["migrate"], folder.path()).0, Some(0));
    assert_eq!(mark_in(folder.path()), "old");
}

#[test]
fn the_copy_from_before_a_migration_is_found_and_what_came_since_is_named() {
    let folder = marked("old");
    let (ended, words) = code(&["restore", "--before-migration"], folder.path());
    assert_eq!(ended, Some(69), "there is none yet: {words}");
    assert_eq!(code(&["restore"], folder.path()).0, Some(64));
    let before = folder.path().join("grb-app.db.before-schema-99");
    std::fs::copy(file(folder.path()), &before).unwrap();
    let conn = Connection::open(file(folder.path())).unwrap();
    conn.execute_batch(
        "insert into refinery_schema_history (version, name, applied_on, checksum) values (99, 'tomorrow', '', '0');
         insert into keepsakes values ('one', ''), ('two', '');
         insert into events (topic, name, data, at) values ('bursts', 'x', '{}', 0);
         create table tomorrow (id integer primary key)",
    )
    .unwrap();
    drop(conn);
    let (ended, words) = code(&["restore", "--before-migration"], folder.path());
    assert_eq!(ended, Some(0), "{words}");
    let since = "with the rows that came since the copy: 1 of events, 2 of keepsakes.";
    assert!(words.contains(since), "{words}");
    assert_eq!(mark_in(folder.path()), "old");
    // Nothing came since: nothing is said.
    let (ended, words) = code(&["restore", before.to_str().unwrap()], folder.path());
    assert_eq!(ended, Some(0), "{words}");
    assert!(!words.contains("since"), "{words}");
}
