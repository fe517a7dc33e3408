//! The whole program's figures on this machine, as one Markdown table: `cargo bench --bench desk -- [VERB…]`, of
//! `rest`, `stream`, `backlog`, `letters`, `members`, `logins`, `observed`,
//! `upload`, `keeping`, `hello`, `api`.
//!
//! With `GRB_BENCH_PROGRAM` the served program is that executable, such as the static one.
//!
//! Beside `tests/kafka/run -- cargo bench --bench desk` the broker is a real Kafka, as GCN's.
#![expect(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on should say where"
)]

mod api;
mod backlog;
mod broker;
mod club;
mod hello;
mod keeping;
mod logins;
mod made;
mod members;
mod observed;
mod program;
mod rest;
mod sink;
mod stream;
mod upload;
mod wrk;

/// One figure: least, middle and most of several runs, or what its words say.
pub(crate) struct Row {
    pub what: String,
    pub values: [f64; 3],
    pub target: &'static str,
}

impl Row {
    fn new(what: &str, mut values: Vec<f64>, target: &'static str) -> Self {
        values.sort_by(f64::total_cmp);
        Self {
            what: format!("{what} ({} runs)", values.len()),
            values: [
                values[0],
                values[values.len() / 2],
                values[values.len() - 1],
            ],
            target,
        }
    }
}

#[tokio::main]
async fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|asked| asked == name);
    println!("{}\n", machine());
    let mut rows = Vec::new();
    if wanted("rest") {
        rows.extend(rest::measure().await);
    }
    if wanted("stream") {
        rows.extend(stream::measure().await);
    }
    if wanted("backlog") {
        rows.extend(backlog::measure().await);
    }
    if wanted("letters") {
        rows.extend(members::letters().await);
    }
    if wanted("members") {
        rows.extend(members::members().await);
    }
    if wanted("logins") {
        rows.extend(logins::measure().await);
    }
    if wanted("observed") {
        rows.extend(observed::measure().await);
    }
    if wanted("upload") {
        rows.extend(upload::measure().await);
    }
    if wanted("keeping") {
        rows.extend(keeping::measure().await);
    }
    if wanted("hello") {
        rows.extend(hello::measure().await);
    }
    if wanted("api") {
        rows.extend(api::measure().await);
    }
    println!("\n| figure | min | median | max | target |\n|---|---:|---:|---:|---|");
    for Row {
        what,
        values: [least, middle, most],
        target,
    } in rows
    {
        println!(
            "| {what} | {} | {} | {} | {target} |",
            number(least),
            number(middle),
            number(most)
        );
    }
    println!("\n{}", machine());
}

/// Of values in order, the one that so many thousandths do not exceed.
pub(crate) fn part(sorted: &[f64], thousandths: usize) -> f64 {
    sorted[(sorted.len() * thousandths).div_ceil(1000).max(1) - 1]
}

fn number(value: f64) -> String {
    if value >= 1000.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}

/// Cores, processor, kernel and how busy all of it is.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (kernel, load) = (read("/proc/sys/kernel/osrelease"), read("/proc/loadavg"));
    let load = load.split(' ').next().unwrap_or_default();
    format!(
        "Machine: {cores} cores, {}, Linux {}; load {load}.",
        model.trim_start_matches([' ', '\t', ':']),
        kernel.trim()
    )
}
