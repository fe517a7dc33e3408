//! Writes that go on while a gigabyte is copied, and how soon the desk is there with it.

use std::path::Path;
use std::time::{Duration, Instant};

use grb_app::keeping;
use grb_app::platform::App;
use tokio_util::sync::CancellationToken;

use crate::program::Program;
use crate::{Row, club};

const ROWS: i64 = 120_000;
const WRITES_A_SECOND: u32 = 500;
const COPIES: usize = 3;
const STARTS: usize = 10;

pub(crate) async fn measure() -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    let app = club::open(folder.path());
    fill(&app).await;
    let bytes = app.db.path().metadata().unwrap().len();
    let alone = p99(write_until(&app, tokio::time::sleep(Duration::from_secs(10))).await);
    let (mut took, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..COPIES {
        let began = Instant::now();
        let never = CancellationToken::new();
        let copy = async { keeping::keep_one(&app, &never).await.unwrap() };
        beside.push(p99(write_until(&app, copy).await));
        took.push(began.elapsed().as_secs_f64());
        drop(std::fs::remove_dir_all(&app.config.backups.folder));
    }
    app.db.close().await;
    drop(app);
    println!(
        "A database of {:.2} GB, {WRITES_A_SECOND} writes a second; without a copy their p99 is {alone:.1} ms.",
        bytes as f64 / 1e9
    );
    vec![
        Row::new("a copy made, checked, hashed, on the disk, s", took, ""),
        Row::new("p99 of writes meanwhile, ms", beside, "< 200"),
        Row::new("ready on it, ms", starts(folder.path()), "≤ 100"),
    ]
}

async fn fill(app: &App) {
    for piece in 0..ROWS / 1000 {
        let some = format!(
            "with recursive n (i) as (select 1 union all select i + 1 from n where i < 1000)
             insert into aside (hash, topic, reason, body, received_at) select randomblob(32), 'load', 'load', randomblob(8100), {piece} from n"
        );
        let filled = app.db.write(move |tx| Ok(tx.execute(&some, []).map(drop)?));
        filled.await.unwrap();
    }
}

/// How long each write took, ms.
async fn write_until(app: &App, end: impl Future<Output = ()>) -> Vec<f64> {
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let app = app.clone();
    let writing = tokio::spawn(async move {
        let mut pace = tokio::time::interval(Duration::from_secs(1) / WRITES_A_SECOND);
        loop {
            pace.tick().await;
            let (app, told) = (app.clone(), told.clone());
            tokio::spawn(async move {
                let began = Instant::now();
                let event = "insert into events (topic, name, data, at) values ('load', 'load', hex(randomblob(200)), 0)";
                app.db
                    .write(move |tx| Ok(tx.execute(event, []).map(drop)?))
                    .await
                    .unwrap();
                let took = began.elapsed().as_secs_f64() * 1000.0;
                told.send(took).unwrap_or_default();
            });
        }
    });
    end.await;
    writing.abort();
    let mut took = Vec::new();
    while let Ok(one) = heard.try_recv() {
        took.push(one);
    }
    took
}

fn p99(mut took: Vec<f64>) -> f64 {
    took.sort_by(f64::total_cmp);
    took[took.len() * 99 / 100]
}

fn starts(folder: &Path) -> Vec<f64> {
    (0..STARTS)
        .map(|_| Program::start(folder, &[]).ready.as_secs_f64() * 1000.0)
        .collect()
}
