//! How checks are done: all of them, each for itself.

use std::sync::Arc;

use super::*;
use crate::platform::backups;
use crate::platform::config::Sources;

fn case(folder: &std::path::Path) -> Case {
    let flags = [("data_dir", Some(folder.to_string_lossy().into_owned()))];
    let config = Sources::gather(None, &|_| None, &flags).and_then(|sources| sources.understand());
    Case {
        config: Arc::new(config.unwrap()),
        clock: Clock::system(),
        server: None,
    }
}

#[tokio::test]
async fn a_check_that_panics_or_fails_stops_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let checks = [
        quick("broken", "Broken", |_| panic!("on purpose")),
        far("away", "Away", |_| Box::pin(async { panic!("on purpose") })),
        quick("fine", "Fine", |_| Finding::ok("It is.")),
    ];
    let report = examine(&checks, &case(folder.path())).await;
    let verdicts: Vec<_> = report
        .checks
        .iter()
        .map(|item| item.finding.verdict)
        .collect();
    assert_eq!(verdicts, [Verdict::Skipped, Verdict::Skipped, Verdict::Ok]);
}

fn found<'r>(report: &'r Report, name: &str) -> &'r Finding {
    &report
        .checks
        .iter()
        .find(|item| item.name == name)
        .unwrap()
        .finding
}

#[tokio::test]
async fn a_good_folder_is_found_good_and_a_bad_one_bad() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let mode = |mode| {
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o700);
    let case = case(folder.path());
    let empty = examine(&checks(), &case).await;
    assert_eq!(found(&empty, "schema").verdict, Verdict::Warn);
    let db = db::Db::open(folder.path(), case.clock.now()).unwrap();
    let good = examine(&checks(), &case).await;
    for name in [
        "sqlite",
        "schema",
        "data-folder",
        "settings-files",
        "integrity",
        "log-size",
    ] {
        assert_eq!(
            found(&good, name).verdict,
            Verdict::Ok,
            "{name}: {:?}",
            found(&good, name)
        );
    }
    assert_eq!(found(&good, "backup").verdict, Verdict::Fault);
    let just_started = Case {
        config: case.config.clone(),
        clock: case.clock.clone(),
        server: Some(Arc::new(Said {
            version: String::new(),
            pid: 0,
            parts: [("backup".to_owned(), Condition::ok("None yet."))].into(),
            moments: BTreeMap::new(),
        })),
    };
    let young = examine(&checks(), &just_started).await;
    assert_eq!(found(&young, "backup").verdict, Verdict::Warn);
    let copy =
        backups::place(folder.path(), &case.config.backups.folder, case.clock.now()).unwrap();
    std::fs::write(copy, b"a copy").unwrap();
    mode(0o755);
    let open = examine(&checks(), &case).await;
    assert_eq!(found(&open, "backup").verdict, Verdict::Ok);
    assert_eq!(found(&open, "data-folder").verdict, Verdict::Warn);
    db.close().await;
}

/// Every remedy is one that somebody could follow, and nothing that is well has one.
#[tokio::test]
async fn what_is_wrong_comes_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let report = examine(&checks(), &case(folder.path())).await;
    assert!(report.checks.len() >= 18, "{}", report.checks.len());
    for item in &report.checks {
        let wrong = item.finding.verdict >= Verdict::Warn;
        assert_eq!(item.finding.remedy.is_some(), wrong, "{item:?}");
        assert!(!item.finding.found.is_empty(), "{item:?}");
    }
}

#[tokio::test]
async fn a_damaged_database_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let case = case(folder.path());
    let db = db::Db::open(folder.path(), case.clock.now()).unwrap();
    db.close().await;
    let path = folder.path().join(db::FILE);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[4096 * 3..middle].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    let report = examine(&checks(), &case).await;
    let integrity = found(&report, "integrity");
    assert_ne!(integrity.verdict, Verdict::Ok, "{integrity:?}");
}
