//! Load by wrk, on the same cores as the program.

use std::path::Path;
use std::process::Command;

use crate::program::Program;

const RUNS: usize = 3;
pub(crate) const SECONDS: u32 = 10;

/// What wrk says of one run.
pub(crate) struct Run {
    rate: f64,
    p99: f64,
}

impl Run {
    /// Answers a second.
    pub(crate) fn rate(runs: &[Self]) -> Vec<f64> {
        runs.iter().map(|run| run.rate).collect()
    }

    /// How long 99 of 100 took at most, ms.
    pub(crate) fn p99(runs: &[Self]) -> Vec<f64> {
        runs.iter().map(|run| run.p99).collect()
    }
}

/// Whether there is a wrk; without it a bench says that it was not run.
pub(crate) fn is_here(bench: &str) -> bool {
    let here = Command::new("wrk").arg("-v").output().is_ok();
    if !here {
        println!("{bench}: wrk is not installed here, so nothing was measured.");
    }
    here
}

/// Asks for one path as fast as it can, or for what a script beside this file says, with its arguments.
pub(crate) fn runs(
    program: &Program,
    path: &str,
    connections: u32,
    arguments: &[&str],
) -> Vec<Run> {
    (0..RUNS)
        .map(|_| run(program, path, connections, arguments))
        .collect()
}

fn run(program: &Program, path: &str, connections: u32, arguments: &[&str]) -> Run {
    let mut wrk = Command::new("wrk");
    wrk.args(["-t2", "--latency", &format!("-c{connections}")]);
    wrk.arg(format!("-d{SECONDS}"));
    if let Some(script) = arguments.first() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/desk");
        wrk.arg("-s").arg(folder.join(script));
    }
    wrk.arg(format!("http://{}{path}", program.address));
    let output = wrk
        .arg("--")
        .args(arguments.iter().skip(1))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success() && !said.contains("Non-2xx") && !said.contains("Socket errors"),
        "{said}"
    );
    let after = |words: &str| {
        let line = said
            .lines()
            .find_map(|line| line.trim().strip_prefix(words));
        line.unwrap_or_else(|| panic!("no {words} in {said}"))
            .trim()
    };
    Run {
        rate: after("Requests/sec:").parse().unwrap(),
        p99: milliseconds(after("99%")),
    }
}

/// wrk writes 812.00us, 3.55ms or 1.02s.
fn milliseconds(text: &str) -> f64 {
    let units = [("us", 0.001), ("ms", 1.0), ("s", 1000.0)];
    let found = units.iter().find_map(|(unit, factor)| {
        let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
        Some(number * factor)
    });
    found.unwrap()
}
