//! The desk's checks: at a terminal, for officers, and in the file for whoever helps.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::commands::{Serving, grb_app, said};
use crate::common::TestApp;

fn doctor(folder: &Path, more: &[&str]) -> Output {
    let base = ["doctor", "--data-dir", folder.to_str().unwrap()];
    grb_app(&[&base, more].concat()).output().unwrap()
}

fn verdict<'r>(report: &'r Value, name: &str) -> &'r str {
    let checks = report["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == name);
    check.unwrap_or_else(|| panic!("no check {name}"))["verdict"]
        .as_str()
        .unwrap()
}

/// The same command, with a desk and without one; a fault ends it with 69.
#[test]
fn it_looks_at_a_desk_that_serves_and_at_one_that_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path());
    let beside = doctor(folder.path(), &["--json"]);
    let report: Value = serde_json::from_slice(&beside.stdout).unwrap();
    assert!(report["checks"].as_array().unwrap().len() >= 20);
    assert_eq!(report["serving"], true);
    for good in ["sqlite", "schema", "integrity", "program", "outbox"] {
        assert_eq!(verdict(&report, good), "ok", "{good}");
    }
    // There is no officer yet, and that is a fault.
    assert_eq!(verdict(&report, "officers"), "fault");
    assert_eq!(beside.status.code(), Some(69));
    drop(serving);
    let alone = doctor(folder.path(), &[]);
    let text = said(&alone);
    assert!(
        text.contains("no desk serves") && text.contains("→ "),
        "{text}"
    );
    assert!(
        text.starts_with("fault"),
        "what is broken comes first: {text}"
    );
}

/// A club that sends letters must be found by those who read them.
#[test]
fn letters_without_a_public_address_are_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let look = |settings: &[(&str, &str)]| {
        let arguments = [
            "doctor",
            "--json",
            "--data-dir",
            folder.path().to_str().unwrap(),
        ];
        let output = grb_app(&arguments).envs(settings.iter().copied()).output();
        let report: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
        verdict(&report, "public-name").to_owned()
    };
    let relay = [
        ("GRB_SMTP_URL", "smtp://127.0.0.1:1"),
        ("GRB_MAIL_FROM", "desk@club.test"),
    ];
    assert_eq!(look(&relay), "warn");
    assert_eq!(look(&[]), "skipped");
}

const CANARIES: [&str; 9] = [
    "nightingale",
    "canary",
    "hunter22",
    "orion-hill",
    "198.51.100.23",
    "2001:db8:77::5",
    "kJ8s0aLmQ93ffbC27aaZZ01x9LqW",
    "whistle",
    "perch",
];

/// What is in the file must tell nobody who the members are, nor let anybody in.
#[test]
fn the_bundle_gives_nobody_away() {
    let folder = tempfile::tempdir().unwrap();
    let made = grb_app(&[
        "admin",
        "user",
        "create",
        "--email",
        "canary@perch.example",
        "--name",
        "Florence Nightingale",
        "--password-stdin",
        "--confirmed",
        "--data-dir",
        folder.path().to_str().unwrap(),
    ])
    .stdin(std::process::Stdio::piped())
    .spawn()
    .and_then(|mut process| {
        use std::io::Write as _;
        process
            .stdin
            .take()
            .unwrap()
            .write_all(b"a long pass phrase of hers\n")?;
        process.wait()
    });
    assert!(made.unwrap().success());
    // A journal as systemd would give it, with everything in it that must not leave.
    let tools = tempfile::tempdir().unwrap();
    let journal = tools.path().join("journalctl");
    let known = "echo 'a letter to Florence Nightingale <canary@perch.example> from 198.51.100.23 and 2001:db8:77::5 with kJ8s0aLmQ93ffbC27aaZZ01x9LqW'\necho 'a line that stays'\n";
    std::fs::write(&journal, format!("#!/bin/sh\n{known}")).unwrap();
    std::fs::set_permissions(&journal, std::fs::Permissions::from_mode(0o755)).unwrap();
    let bundle = folder.path().join("report.zip");
    let output = grb_app(&[
        "doctor",
        "--data-dir",
        folder.path().to_str().unwrap(),
        "--bundle",
        bundle.to_str().unwrap(),
    ])
    .env("PATH", format!("{}:/usr/bin:/bin", tools.path().display()))
    .env(
        "GRB_SMTP_URL",
        "smtp://whistle:hunter22@127.0.0.1:9?tls=none",
    )
    .env("GRB_NOTICE_SECRET", "hunter22 too")
    .env("GRB_MAIL_FROM", "Canary Club <night@orion-hill.example>")
    .env("GRB_CLUB_NAME", "Canary Club")
    .output()
    .unwrap();
    assert!(bundle.exists(), "{}", said(&output));
    assert_eq!(bundle.metadata().unwrap().permissions().mode() & 0o077, 0);
    let mut zip = zip::ZipArchive::new(std::fs::File::open(&bundle).unwrap()).unwrap();
    let mut all = String::new();
    for at in 0..zip.len() {
        zip.by_index(at).unwrap().read_to_string(&mut all).unwrap();
    }
    assert!(
        all.contains("a line that stays")
            && all.contains("\"members\": 1")
            && all.contains("smtp_url"),
        "{all}"
    );
    for canary in CANARIES {
        assert!(
            !all.to_lowercase().contains(&canary.to_lowercase()),
            "{canary} is in the bundle:\n{all}"
        );
    }
}

#[tokio::test]
async fn only_officers_see_the_checks_and_a_button_does_the_slow_ones() {
    let desk = TestApp::serve().await;
    let token = crate::people::officer(&desk, "vera@example.org").await;
    let member = crate::people::member(&desk, "ada@example.org").await;
    let ask = |method: reqwest::Method, path: &str, token: &str| {
        let asked = desk.client.request(method, desk.url(path));
        asked.bearer_auth(token.to_owned()).send()
    };
    for path in ["/api/admin/doctor", "/doctor"] {
        let stranger = desk.get(path).await.status().as_u16();
        assert!(matches!(stranger, 303 | 401), "{path}: {stranger}");
        for method in [reqwest::Method::GET, reqwest::Method::POST] {
            let answer = ask(method, path, &member).await.unwrap();
            assert_eq!(answer.status(), 403, "{path}");
        }
    }
    let quick = ask(reqwest::Method::GET, "/api/admin/doctor", &token);
    let report: Value = quick.await.unwrap().json().await.unwrap();
    assert_eq!(verdict(&report, "sqlite"), "ok");
    let names = |check: &Value| check["name"] == "integrity";
    assert!(!report["checks"].as_array().unwrap().iter().any(names));
    let page = |token: String| {
        let asked = ask(reqwest::Method::GET, "/doctor", &token);
        async { asked.await.unwrap().text().await.unwrap() }
    };
    assert!(page(token.clone()).await.contains("not looked at yet"));
    let looked = ask(reqwest::Method::POST, "/doctor", &token).await.unwrap();
    assert_eq!(looked.status(), 303);
    let seen = page(token.clone()).await;
    assert!(
        !seen.contains("not looked at yet") && seen.contains("Every page of it is in order"),
        "{seen}"
    );
    let all = ask(reqwest::Method::POST, "/api/admin/doctor", &token);
    let report: Value = all.await.unwrap().json().await.unwrap();
    assert_eq!(verdict(&report, "integrity"), "ok");
}

#[tokio::test]
async fn the_mirror_tells_whether_a_proxy_spoke() {
    let desk = TestApp::serve().await;
    let plain = desk.json("/health/door").await;
    assert_eq!(
        (&plain["forwarded"], &plain["from_here"]),
        (&false.into(), &true.into())
    );
    let asked = desk
        .client
        .get(desk.url("/health/door"))
        .header("x-forwarded-for", "203.0.113.9")
        .send();
    let told: Value = asked.await.unwrap().json().await.unwrap();
    assert_eq!(told["forwarded"], true);
}
