//! Members who sign in all at once, and what others notice of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::program::{Program, client, p99};
use crate::{Row, club};

const MEMBERS: u32 = 400;
/// Who sign in one after the other, each as soon as the one before is in.
const QUEUES: u32 = 8;
const SECONDS: u64 = 10;
const RUNS: usize = 5;

const PAGES: [&str; 4] = ["/", "/bursts", "/sign-in", "/api/bursts"];

pub(crate) async fn measure() -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    club::found(folder.path(), MEMBERS, MEMBERS).await;
    let limits = [
        "SIGN_INS_PER_MINUTE",
        "SIGN_INS_PER_HOUR",
        "WRITES_PER_MINUTE",
    ];
    let settings = limits.map(|name| (format!("GRB_{name}"), "1000000".to_owned()));
    let program = Program::start(folder.path(), &settings);
    let (mut rates, mut alone, mut beside) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        alone.push(others(&program.address).await);
        let (rate, p99) = tokio::join!(sign_in(&program.address), others(&program.address));
        rates.push(rate);
        beside.push(p99);
    }
    println!(
        "{QUEUES} queues of members; pages at 100 a second: {PAGES:?}. {:?}; {:.1} MiB at most.",
        program.busy_threads(),
        program.memory("VmHWM")
    );
    vec![
        Row::new("sign-ins a second", rates, "≥ 40"),
        Row::new("p99 of pages meanwhile, ms", beside, "< 50"),
        Row::new("p99 of pages without sign-ins, ms", alone, ""),
    ]
}

/// Sign-ins a second.
async fn sign_in(address: &str) -> f64 {
    let (next, done, began) = (
        Arc::new(AtomicU32::new(0)),
        Arc::new(AtomicU32::new(0)),
        Instant::now(),
    );
    let queues = (0..QUEUES).map(|_| {
        let (url, next, done) = (
            format!("http://{address}/api/users/token"),
            next.clone(),
            done.clone(),
        );
        tokio::spawn(async move {
            let client = client();
            while began.elapsed() < Duration::from_secs(SECONDS) {
                let member = next.fetch_add(1, Ordering::Relaxed) % MEMBERS;
                let login =
                    json!({ "username": club::address(member), "password": club::PASSWORD });
                let answer = client.post(&url).json(&login).send().await.unwrap();
                assert_eq!(answer.status(), 200);
                done.fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    for queue in queues.collect::<Vec<_>>() {
        queue.await.unwrap();
    }
    f64::from(done.load(Ordering::Relaxed)) / began.elapsed().as_secs_f64()
}

/// What others notice in that time.
async fn others(address: &str) -> f64 {
    let time = Duration::from_secs(SECONDS);
    p99(address, &PAGES, time, &CancellationToken::new()).await
}
