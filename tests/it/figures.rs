//! The figures of /metrics, the dashboard that shows them, and logs that give nobody away.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

use grb_app::keeping;
use grb_app::notices::Kind;
use grb_app::platform::telemetry;
use regex::Regex;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::commands::grb_app;
use crate::common::{TestApp, gbm};
use crate::people::{PASSWORD, member};
use crate::smtp::{At, Do, Relay, Setup};

/// The names that a dashboard asks for.
fn wanted(dashboard: &Value) -> BTreeSet<String> {
    let name = Regex::new(r"\b(grb|process)_[a-z_]+\b").unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap());
    let expressions = targets.map(|target| target["expr"].as_str().unwrap().to_owned());
    expressions
        .flat_map(|text| {
            let found = name.find_iter(&text);
            found.map(|one| one.as_str().to_owned()).collect::<Vec<_>>()
        })
        .collect()
}

/// After a short run with a member, a burst and a letter, there is a figure for every panel, and words for every figure.
#[tokio::test]
async fn every_panel_of_the_dashboard_has_its_figures() {
    telemetry::start_counting();
    grb_app::serve::describe_figures();
    let desk = TestApp::serve().await;
    desk.app.health.mark("heartbeat", desk.app.clock.now());
    member(&desk, "ada@example.org").await;
    desk.take(&gbm(1, Kind::Alert, 5)).await;
    metrics::counter!("grb_told_total", "reason" => "new").increment(0);
    metrics::counter!("grb_outbox_attempts_total", "outcome" => "sent").increment(0);
    let backups = &desk.app.config.backups.folder;
    std::fs::create_dir(backups).unwrap();
    std::fs::write(backups.join("grb-app-2026-08-22T043000Z.db"), "").unwrap();
    let stopped = CancellationToken::new();
    stopped.cancel();
    keeping::keep(desk.app.clone(), stopped).await.unwrap();
    let shown = desk.get("/metrics").await.text().await.unwrap();
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/packaging/grafana.json"
    ));
    let wanted = wanted(&serde_json::from_str(&text.unwrap()).unwrap());
    assert!(wanted.len() > 15, "{wanted:?}");
    for name in wanted {
        let there = |line: &str| {
            line.starts_with(&format!("{name}{{")) || line.starts_with(&format!("{name} "))
        };
        assert!(shown.lines().any(there), "{name} is not shown:\n{shown}");
    }
    for line in shown
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
    {
        let name = line.split(' ').next().unwrap();
        assert!(
            shown.contains(&format!("# HELP {name} ")),
            "{name} is not explained"
        );
    }
}

/// Whoever reads /metrics is told what each figure is, also of those that have not come up yet.
#[test]
fn every_figure_of_the_program_has_its_words() {
    let named = Regex::new(r#"metrics::(?:counter|gauge|histogram)!\(\s*"(grb_[a-z_]+)""#).unwrap();
    let told =
        Regex::new(r#"(?:describe_(?:counter|gauge|histogram)!|counts)\(\s*"(grb_[a-z_]+)""#)
            .unwrap();
    let source = sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")));
    let all = |pattern: &Regex| -> BTreeSet<&str> {
        let found = pattern.captures_iter(&source);
        found.map(|one| one.get(1).unwrap().as_str()).collect()
    };
    let (named, told) = (all(&named), all(&told));
    assert!(named.len() > 10, "{named:?}");
    let silent: Vec<_> = named.difference(&told).collect();
    assert!(silent.is_empty(), "not explained: {silent:?}");
}

/// All of the program's source, in one.
fn sources(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).unwrap();
    let texts = entries.map(|entry| match entry.unwrap().path() {
        folder if folder.is_dir() => sources(&folder),
        file if file.extension().is_some_and(|end| end == "rs") => {
            std::fs::read_to_string(file).unwrap()
        }
        _ => String::new(),
    });
    texts.collect()
}

const CANARY: &str = "canary.nightingale@perch.example";

/// A run with a member, wrong passwords, a link, a push and a relay that repeats the address when it refuses: the log tells
/// an operator what happened, and nobody who it was.
#[tokio::test(flavor = "multi_thread")]
async fn logs_hold_neither_addresses_nor_keys() {
    let relay = Relay::start(Setup {
        login: Some(("whistle", "hunter22")),
        ..Setup::default()
    })
    .await;
    relay.follow(|at, _, _| match at {
        At::Rcpt => Do::Say(
            554,
            "5.7.1 <canary.nightingale@perch.example>: Relay access denied",
        ),
        _ => Do::Accept,
    });
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut process = grb_app(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data-dir",
        folder.path().to_str().unwrap(),
    ])
    .env("GRB_LOG", "info")
    .env("GRB_LOG_FORMAT", "json")
    .env(
        "GRB_SMTP_URL",
        format!("smtp://whistle:hunter22@{}?tls=none", relay.address),
    )
    .env("GRB_NOTICE_SECRET", "a-secret-of-two-hosts")
    .stdout(Stdio::piped())
    .stderr(std::fs::File::create(&log).unwrap())
    .spawn()
    .unwrap();
    let mut line = String::new();
    let mut out = std::io::BufReader::new(process.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut line).unwrap();
    let base = line
        .trim()
        .strip_prefix("listening on ")
        .unwrap()
        .to_owned();
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder()
        .tls_certs_only([])
        .build()
        .unwrap();
    let wish = json!({ "email": CANARY, "full_name": "Florence Nightingale", "password": PASSWORD, "password_confirmation": PASSWORD, "receive_notification": true });
    client
        .post(format!("{base}/api/users"))
        .json(&wish)
        .send()
        .await
        .unwrap();
    let knock = json!({ "username": CANARY, "password": "a wrong one of hers" });
    client
        .post(format!("{base}/api/users/token"))
        .json(&knock)
        .send()
        .await
        .unwrap();
    let push = client
        .post(format!("{base}/api/notices"))
        .header("x-signature", "00ff00ff");
    push.header("x-timestamp", "1")
        .body("<VOEvent")
        .send()
        .await
        .unwrap();
    let written = || std::fs::read_to_string(&log).unwrap();
    let begun = std::time::Instant::now();
    while !written().contains("Relay access denied") {
        assert!(
            begun.elapsed().as_secs() < 20,
            "the relay was not asked: {}",
            written()
        );
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let health = client.get(format!("{base}/health")).send().await.unwrap();
    let health = health.text().await.unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    let log = written();
    let structured = log.lines().filter(|line| line.starts_with('{'));
    assert!(structured.clone().count() >= 1, "{log}");
    for line in structured {
        serde_json::from_str::<Value>(line).unwrap();
    }
    for canary in [
        "nightingale",
        "perch.example",
        "hunter22",
        "a wrong one of hers",
        PASSWORD,
        "a-secret-of-two-hosts",
    ] {
        for text in [&log, &health] {
            assert!(
                !text.to_lowercase().contains(&canary.to_lowercase()),
                "{canary}: {text}"
            );
        }
    }
}
