//! The real program as a process of its own, and what the kernel tells of it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// A serving program; ended when it is dropped.
pub(crate) struct Program {
    process: Child,
    pub address: String,
    /// From the spawn to the line that scripts wait for.
    pub ready: Duration,
}

impl Program {
    pub(crate) fn start(folder: &Path, settings: &[(String, String)]) -> Self {
        // What is handed out may be measured instead of what cargo has built for the bench.
        let program = std::env::var_os("GRB_BENCH_PROGRAM");
        let mut command =
            Command::new(program.unwrap_or_else(|| env!("CARGO_BIN_EXE_grb-app").into()));
        // Only what is set here may count.
        command
            .env_clear()
            .env("GRB_LOG", "warn")
            .env("GRB_READS_PER_MINUTE", "0")
            .envs(settings.iter().cloned());
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder)
            .stdout(Stdio::piped());
        let began = Instant::now();
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready = began.elapsed();
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .expect("the program did not start")
            .to_owned();
        Self {
            process,
            address,
            ready,
        }
    }

    /// Memory in use, MiB: `VmRSS` for all of it, `RssAnon` without the pages of the executable itself.
    pub(crate) fn memory(&self, kind: &str) -> f64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(kind)?.strip_prefix(':'))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }

    /// Its own counters.
    pub(crate) fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: desk\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Seconds of processor time that the program has used.
    pub(crate) fn busy(&self) -> f64 {
        busy(&format!("/proc/{}/stat", self.process.id()))
    }

    /// The same for each group of threads of one name, the busiest first.
    pub(crate) fn busy_threads(&self) -> Vec<(String, f64)> {
        let mut threads = std::collections::BTreeMap::<String, f64>::new();
        for task in std::fs::read_dir(format!("/proc/{}/task", self.process.id()))
            .unwrap()
            .flatten()
        {
            let name = std::fs::read_to_string(task.path().join("comm"))
                .unwrap_or_default()
                .trim()
                .to_owned();
            *threads.entry(name).or_default() += busy(&task.path().join("stat").to_string_lossy());
        }
        let mut threads: Vec<_> = threads
            .into_iter()
            .filter(|(_, seconds)| *seconds > 0.0)
            .collect();
        threads.sort_by(|a, b| b.1.total_cmp(&a.1));
        threads
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Seconds of processor time that this bench has used.
pub(crate) fn busy_here() -> f64 {
    busy("/proc/self/stat")
}

fn busy(stat: &str) -> f64 {
    let Ok(text) = std::fs::read_to_string(stat) else {
        return 0.0;
    };
    // The name in parentheses may hold spaces; user and system time are the 12th and 13th field after it, in 1/100 s.
    let fields: Vec<&str> = text
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

/// A browser, or a script.
pub(crate) fn client() -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder().tls_certs_only([]);
    client.build().unwrap()
}

pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The 99th percentile, ms, of these pages in turn, asked for a hundred times a second whether or not the one before is there,
/// until it is said or the time is over.
pub(crate) async fn p99(
    address: &str,
    pages: &[&str],
    at_most: Duration,
    done: &CancellationToken,
) -> f64 {
    let (client, began) = (client(), Instant::now());
    let mut beat = tokio::time::interval(Duration::from_millis(10));
    let mut asked = Vec::new();
    for page in pages.iter().cycle() {
        beat.tick().await;
        if began.elapsed() > at_most || done.is_cancelled() {
            break;
        }
        let request = client.get(format!("http://{address}{page}"));
        asked.push(tokio::spawn(async move {
            let began = Instant::now();
            let answer = request.send().await.unwrap();
            assert!(answer.status().is_success());
            answer.bytes().await.unwrap();
            ms(began.elapsed())
        }));
    }
    let mut took = Vec::new();
    for one in asked {
        took.push(one.await.unwrap());
    }
    took.sort_by(f64::total_cmp);
    crate::part(&took, 990)
}
