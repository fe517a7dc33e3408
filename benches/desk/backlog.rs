//! A backlog on the broker: how fast are the notices of months durable?

use std::time::{Duration, Instant};

use grb_app::platform::db;
use grb_app::platform::random;
use rusqlite::Connection;

use crate::broker::Broker;
use crate::program::{Program, busy_here};
use crate::{Row, made};

const NOTICES: usize = 30_000;
const RUNS: usize = 3;

/// The mock keeps 5 MiB of a partition.
const FULL: usize = 4_500_000;

pub(crate) async fn measure() -> Vec<Row> {
    let broker = Broker::new();
    let topic = format!("bench.backlog.{}", random::hex(4));
    let bodies = made::many(NOTICES);
    let bytes: usize = bodies.iter().map(Vec::len).sum();
    let partitions = bytes / FULL + 1;
    broker
        .create_topic(&topic, i32::try_from(partitions).unwrap())
        .await;
    for (n, body) in bodies.iter().enumerate() {
        broker.send(&topic, i32::try_from(n % partitions).unwrap(), body);
        broker.producer.poll(Duration::ZERO);
    }
    broker.flush();
    let runs: Vec<Run> = (0..RUNS).map(|_| run(&broker, &topic)).collect();
    let of = |take: fn(&Run) -> f64| runs.iter().map(take).collect::<Vec<f64>>();
    let size = bytes as f64 / NOTICES as f64 / 1000.0;
    println!(
        "{NOTICES} notices of {size:.1} kB on average about {} bursts, {partitions} partitions; {}.",
        runs[0].bursts,
        broker.words()
    );
    for run in &runs {
        println!(
            "Processor seconds: the program {:.2}, this bench with the producer's and any mock broker's threads {:.2}; {:?}. {}",
            run.busy, run.busy_here, run.threads, run.commits
        );
    }
    vec![
        Row::new(
            "backlog, notices/s from \"listening on\" to the last one durable",
            of(|run| NOTICES as f64 / run.whole),
            "≥ 6,000",
        ),
        Row::new(
            "backlog, notices/s from the first one durable to the last",
            of(|run| (NOTICES - run.first) as f64 / run.rest),
            "",
        ),
        Row::new(
            "backlog, the program's processor time per notice, µs",
            of(|run| run.busy / NOTICES as f64 * 1e6),
            "",
        ),
    ]
}

struct Run {
    /// From the program's word to the last notice, s.
    whole: f64,
    /// From the first notices seen in the database to the last, s, and how many the first were.
    rest: f64,
    first: usize,
    busy: f64,
    busy_here: f64,
    bursts: usize,
    threads: Vec<(String, f64)>,
    commits: String,
}

fn run(broker: &Broker, topic: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let before = busy_here();
    let program = Program::start(folder.path(), &broker.settings(topic));
    let began = Instant::now();
    let conn = db::open_to_read(folder.path()).unwrap();
    let (first, first_at) = wait(&conn, 1);
    let (_, last_at) = wait(&conn, NOTICES);
    let run = Run {
        whole: (last_at - began).as_secs_f64(),
        rest: (last_at - first_at).as_secs_f64(),
        first,
        busy: program.busy(),
        busy_here: busy_here() - before,
        bursts: count(&conn, "select count(*) from bursts"),
        threads: program.busy_threads(),
        commits: commits(&program),
    };
    assert_eq!(count(&conn, "select count(*) from notices"), NOTICES);
    run
}

/// Waits until so many notices are there; the highest id is found without counting.
fn wait(conn: &Connection, wanted: usize) -> (usize, Instant) {
    let began = Instant::now();
    loop {
        let there = count(conn, "select coalesce(max(id), 0) from notices");
        if there >= wanted {
            return (there, Instant::now());
        }
        assert!(
            began.elapsed() < Duration::from_secs(120),
            "only {there} of {wanted} notices came"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn count(conn: &Connection, sql: &str) -> usize {
    usize::try_from(conn.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()).unwrap()
}

/// What the program itself says of its transactions.
fn commits(program: &Program) -> String {
    let metrics = program.metrics();
    let value = |name: &str| {
        metrics
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    format!(
        "{} transactions in {} s.",
        value("grb_db_commit_seconds_count "),
        value("grb_db_commit_seconds_sum ")
    )
}
