//! A million names in the hello API: how many are asked for and stored in a second, and what they hold in memory.
//!
//! The load is wrk's, on the same cores as the program; without wrk there are no figures.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::program::{Program, client};
use crate::wrk::{self, Run, SECONDS};
use crate::{Row, club};

const NAMES: u32 = 1_000_000;
const SCRIPT: &str = "hello.lua";

/// Names that are stored while it is measured: half of them for the first time.
const STORED: u32 = 2 * NAMES;

pub(crate) async fn measure() -> Vec<Row> {
    if !wrk::is_here("hello") {
        return Vec::new();
    }
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path()).await;
    let settings = [("GRB_WRITES_PER_MINUTE".to_owned(), "4000000000".to_owned())];
    let program = Program::start(folder.path(), &settings);
    let (ready, idle) = (
        program.ready.as_secs_f64() * 1000.0,
        program.memory("VmRSS"),
    );
    let loaded = load(&program).await;
    let full = program.memory("VmRSS");
    let live = wrk::runs(&program, "/health/live", 64, &[]);
    let gets = wrk::runs(&program, "/", 64, &[SCRIPT, "get", &NAMES.to_string()]);
    let after_gets = program.memory("VmRSS");
    let puts = wrk::runs(&program, "/", 128, &[SCRIPT, "put", &STORED.to_string()]);
    println!(
        "{NAMES} names in a file of {:.0} MB; ready in {ready:.0} ms with {idle:.1} MiB; all in memory {loaded:.1} s after the first request. \
         wrk on the same cores: 2 threads, {SECONDS} s, 64 connections for GET, 128 for PUT, half of them of new names. \
         {:?}; {:.1} MiB in the end.",
        size(folder.path()),
        program.busy_threads(),
        program.memory("VmRSS"),
    );
    vec![
        Row::new("GET /health/live a second", Run::rate(&live), ""),
        Row::new("GET /hello a second", Run::rate(&gets), "≥ 40,000"),
        Row::new("GET /hello, p99, ms", Run::p99(&gets), "< 50"),
        Row::new("PUT /hello a second, durable", Run::rate(&puts), "≥ 8,000"),
        Row::new("PUT /hello, p99, ms", Run::p99(&puts), "< 50"),
        Row::new(
            "memory with a million names, MiB",
            vec![full, after_gets],
            "≤ 120",
        ),
    ]
}

async fn fill(folder: &Path) {
    let app = club::open(folder);
    let filling = app.db.write(|tx| {
        let mut insert = tx.prepare("insert into hello_names (name, born) values (?1, ?2)")?;
        for n in 0..NAMES {
            let born = format!("19{:02}-{:02}-{:02}", n % 100, n % 12 + 1, n % 28 + 1);
            insert.execute([letters(n), born])?;
        }
        Ok(())
    });
    filling.await.unwrap();
    app.db.close().await;
}

/// A name for a number; neighbours are far apart.
fn letters(n: u32) -> String {
    let mut place = u64::from(n) * 7919 % 26_u64.pow(5);
    let mut name = String::new();
    for _ in 0..5 {
        name.push(char::from(b'a' + u8::try_from(place % 26).unwrap()));
        place /= 26;
    }
    name
}

/// Seconds from the first request until every name is in memory: the process grows no more.
async fn load(program: &Program) -> f64 {
    let (client, began) = (client(), Instant::now());
    let url = format!("http://{}/hello/{}", program.address, letters(NAMES - 1));
    let (mut grown, mut at) = (0.0, began.elapsed());
    while (began.elapsed() - at) < Duration::from_secs(1) {
        assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
        let now = program.memory("VmRSS");
        if now > grown + 0.2 {
            (grown, at) = (now, began.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    at.as_secs_f64()
}

/// The database, MB.
fn size(folder: &Path) -> f64 {
    let file = folder.join(grb_app::platform::db::FILE);
    std::fs::metadata(file).unwrap().len() as f64 / 1e6
}
