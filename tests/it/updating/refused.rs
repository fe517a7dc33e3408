//! What is not put in place: everything stays as it was, and the desk serves on.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;

use super::house::{GOOD, House, a_key};
use crate::commands::said;

/// The words of an update that ends with `code` and leaves everything as it was.
fn refused(house: &House, code: i32) -> String {
    let before = house.pid();
    let output = house.update(&[]);
    let words = said(&output);
    assert_eq!(output.status.code(), Some(code), "{words}");
    assert!(
        output.stdout.is_empty() && !words.contains("panicked"),
        "{words}"
    );
    assert!(house.has_the_old_program() && !house.at("bin/grb-app.old").exists());
    assert_eq!(house.leftovers(), Vec::<String>::new());
    assert_eq!(
        (house.pid(), house.calls()),
        (before, Vec::new()),
        "{words}"
    );
    words
}

#[test]
fn what_was_not_signed_by_the_known_key_or_not_listed() {
    let house = House::new();
    house.release(GOOD);
    let list = house.list();
    house.sign(&list, &a_key());
    assert!(refused(&house, 65).contains("signature"));
    house.sign_own(&list);
    let changed = list.replacen('0', "1", 1);
    std::fs::write(house.at("release/SHA256SUMS"), changed).unwrap();
    assert!(refused(&house, 65).contains("signature"));
    house.sign_own(&list);
    let program = house.at(&format!("release/grb-app-{}-linux", std::env::consts::ARCH));
    std::fs::write(&program, format!("#!/bin/sh\n{GOOD}\n")).unwrap();
    assert!(refused(&house, 65).contains("not the file that the release lists"));
    std::fs::remove_file(&program).unwrap();
    refused(&house, 69);
    house.sign_own("nothing for us\n");
    assert!(refused(&house, 69).contains("in its list"));
    std::fs::remove_file(house.at("key.pem")).unwrap();
    assert!(refused(&house, 78).contains("Never take it from the release"));
}

#[test]
fn a_program_that_does_not_run_here_is_older_or_cannot_use_the_settings() {
    let house = House::new();
    house.release("exit 1");
    assert!(refused(&house, 69).contains("does not run on this machine"));
    house.release("kill -KILL $$");
    refused(&house, 69);
    house.release(&GOOD.replace("0.2.0", "0.0.9"));
    assert!(refused(&house, 64).contains("install.sh of that release"));
    house.release(&format!(
        "case $1 in config) echo 'grb-app: There is no setting \"listen\".' >&2; exit 78 ;; esac\n{GOOD}"
    ));
    assert!(refused(&house, 78).contains("no setting \"listen\""));
}

#[test]
fn a_program_that_cannot_take_over_a_copy_of_the_file_or_damages_it() {
    let house = House::new();
    for (work, code, ended) in [("migrate", 70, 69), ("check", 65, 69), ("migrate", 78, 78)] {
        house.release(&format!(
            "case $1 in {work}) echo 'grb-app: V99 does not fit.' >&2; exit {code} ;; esac\n{GOOD}"
        ));
        let words = refused(&house, ended);
        assert!(
            words.contains("V99 does not fit") && words.contains(work),
            "{words}"
        );
    }
    assert_eq!(house.marks(&house.file()), ["old"]);
}

#[test]
fn who_may_not_change_the_program_is_told_to_use_sudo() {
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        eprintln!("skipped: only root can become another user");
        return;
    }
    let house = House::new();
    house.release(GOOD);
    std::fs::set_permissions(house.at("."), Permissions::from_mode(0o755)).unwrap();
    let mut update = house.command("bin/grb-app");
    update.args(["update", "--from"]).arg(house.at("release"));
    let output = update.arg("--data-dir").arg(house.at("data")).uid(65_534);
    let output = output.output().unwrap();
    let words = said(&output);
    assert_eq!(output.status.code(), Some(77), "{words}");
    assert!(words.contains("sudo grb-app update"), "{words}");
}
