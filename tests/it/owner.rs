//! Run as root, a command works as the owner of the data folder. As anybody else there is nothing to see here, and it says so.

use std::fs::{Permissions, set_permissions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use crate::commands::{grb_app, said};

/// A user who owns nothing else.
const NOBODY: u32 = 65_534;

fn am_root() -> bool {
    let root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    if !root {
        eprintln!("skipped: only root can become another user");
    }
    root
}

#[test]
fn what_root_makes_belongs_to_the_owner_of_the_folder() {
    if !am_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    // Read by root alone, and still of use.
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "smtps://desk:hunter22@mail.example.org").unwrap();
    std::fs::set_permissions(secret.path(), std::fs::Permissions::from_mode(0o600)).unwrap();
    let create = "admin user create --email ada@example.org --name Ada --password-stdin --confirmed --data-dir";
    let words: Vec<&str> = create.split(' ').chain(folder.path().to_str()).collect();
    let mut process = grb_app(&words)
        .env("GRB_SMTP_URL_FILE", secret.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    input.write_all(b"a long pass phrase of hers\n").unwrap();
    drop(input);
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("Ada <ada@example.org>"));
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().uid(), NOBODY, "{:?}", file.path());
    }
}

/// A copy that only root can read is there all the same; what to do with it is said.
#[test]
fn a_copy_that_the_owner_cannot_read_is_not_called_missing() {
    if !am_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    let home = tempfile::tempdir().unwrap();
    let copy = home.path().join("desk.db");
    std::fs::write(&copy, "a copy").unwrap();
    std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o600)).unwrap();
    let words = ["restore", copy.to_str().unwrap(), "--data-dir"];
    let words: Vec<&str> = words.into_iter().chain(folder.path().to_str()).collect();
    let output = grb_app(&words).output().unwrap();
    assert_eq!(output.status.code(), Some(77), "{}", said(&output));
    assert!(
        said(&output).contains("install -o grb-app"),
        "{}",
        said(&output)
    );
}

/// Root's own folder is not that user's; where else to write is said.
#[test]
fn a_place_that_the_owner_cannot_write_to_is_said_with_another() {
    if !am_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    let data = folder.path().to_str().unwrap();
    assert!(
        grb_app(&["migrate", "--data-dir", data])
            .status()
            .unwrap()
            .success()
    );
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    let file = file.to_str().unwrap();
    for words in [vec!["backup", file], vec!["doctor", "--bundle", file]] {
        let output = grb_app(&words).args(["--data-dir", data]).output().unwrap();
        assert_eq!(output.status.code(), Some(77), "{}", said(&output));
        assert!(said(&output).contains("such as /tmp"), "{}", said(&output));
    }
}

/// Another user of the machine would otherwise be told of a desk that is not there.
#[test]
fn settings_that_are_not_for_this_user_are_not_passed_over() {
    if !am_root() {
        return;
    }
    // The target folder may lie in root's home, where nobody else gets at the executable.
    let folder = tempfile::tempdir().unwrap();
    set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("grb-app");
    std::fs::copy(env!("CARGO_BIN_EXE_grb-app"), &program).unwrap();
    let settings = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new(program);
    command
        .env_clear()
        .args(["admin", "status", "--config"])
        .arg(settings.path());
    let output = command.uid(NOBODY).output().unwrap();
    assert_eq!(output.status.code(), Some(77), "{}", said(&output));
    assert!(said(&output).contains("with sudo"), "{}", said(&output));
}

/// What has nothing to do with the data folder stays root's, who may read and write elsewhere.
#[test]
fn what_leaves_the_data_alone_stays_with_root() {
    if !am_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    let pages = tempfile::tempdir().unwrap();
    let output = grb_app(&[
        "man",
        "--folder",
        pages.path().to_str().unwrap(),
        "--data-dir",
        folder.path().to_str().unwrap(),
    ]);
    let output = { output }.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(pages.path().join("grb-app.1").metadata().unwrap().uid(), 0);
}
