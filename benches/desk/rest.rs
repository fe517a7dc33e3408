//! The desk at rest: how soon it is there, and how little it holds.

use std::path::Path;
use std::time::Duration;

use grb_app::intake::{RawNotice, take};

use crate::program::{Program, client};
use crate::{Row, club, made};

const NOTICES: usize = 1000;
const STARTS: usize = 15;
const IDLES: usize = 3;
const PAGES: [&str; 10] = [
    "/",
    "/bursts",
    "/bursts/1",
    "/bursts/2",
    "/status",
    "/api/docs",
    "/api/bursts",
    "/api/bursts/1/chart.svg",
    "/api/openapi.json",
    "/metrics",
];

pub(crate) async fn measure() -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path()).await;
    let ready: Vec<f64> = (0..STARTS)
        .map(|_| Program::start(folder.path(), &[]).ready.as_secs_f64() * 1000.0)
        .collect();
    let (mut idle, mut used, mut own) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..IDLES {
        let program = Program::start(folder.path(), &[]);
        tokio::time::sleep(Duration::from_secs(5)).await;
        idle.push(program.memory("VmRSS"));
        visit(&program.address).await;
        used.push(program.memory("VmRSS"));
        own.push(program.memory("RssAnon"));
    }
    println!(
        "At rest: a database with {NOTICES} notices, Kafka off; {} pages loaded once.",
        PAGES.len()
    );
    vec![
        Row::new(
            "ready: from the spawn to \"listening on\", ms",
            ready,
            "≤ 100",
        ),
        Row::new("memory, idle for 5 s, MiB", idle, "≤ 20"),
        Row::new("memory after each page once, MiB", used, "≤ 20"),
        Row::new("of that, without the executable's own pages, MiB", own, ""),
    ]
}

async fn fill(folder: &Path) {
    let app = club::open(folder);
    for body in made::many(NOTICES) {
        take(&app, RawNotice::new("bench", body)).await.unwrap();
    }
    app.db.close().await;
}

async fn visit(address: &str) {
    let client = client();
    for page in PAGES {
        let answer = client
            .get(format!("http://{address}{page}"))
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().is_success() || page.ends_with(".svg"),
            "{page}: {}",
            answer.status()
        );
        answer.bytes().await.unwrap();
    }
}
