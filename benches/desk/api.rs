//! Scripts that post observations and read them, as fast as wrk can ask.

use std::path::Path;

use serde_json::{Value, json};

use crate::program::{Program, client};
use crate::wrk::{self, Run, SECONDS};
use crate::{Row, club, observed};

const MEMBERS: u32 = 16;
const OBSERVATIONS: u32 = 500;
const SCRIPT: &str = "api.lua";

pub(crate) async fn measure() -> Vec<Row> {
    if !wrk::is_here("api") {
        return Vec::new();
    }
    let folder = tempfile::tempdir().unwrap();
    club::found(folder.path(), MEMBERS, MEMBERS).await;
    observed::post(folder.path(), MEMBERS, OBSERVATIONS).await;
    let settings = [("GRB_WRITES_PER_MINUTE".to_owned(), "4000000000".to_owned())];
    let program = Program::start(folder.path(), &settings);
    let tokens = tokens(&program.address).await;
    let one = wrk::runs(&program, "/api/observations/1", 64, &[]);
    let page = wrk::runs(&program, "/api/bursts/1/observations?limit=20", 64, &[]);
    let bursts = wrk::runs(&program, "/api/bursts/1", 64, &[]);
    let before = count(folder.path());
    let arguments: Vec<&str> = [SCRIPT]
        .into_iter()
        .chain(tokens.iter().map(String::as_str))
        .collect();
    let posts = wrk::runs(&program, "/", 128, &arguments);
    println!(
        "wrk on the same cores: 2 threads, {SECONDS} s, 64 connections for GET, 128 for POST by {MEMBERS} members; {} observations more than before. {:?}; {:.1} MiB at most.",
        count(folder.path()) - before,
        program.busy_threads(),
        program.memory("VmHWM"),
    );
    vec![
        Row::new("GET an observation, a second", Run::rate(&one), "≥ 15,000"),
        Row::new("its p99, ms", Run::p99(&one), ""),
        Row::new("GET a burst, a second", Run::rate(&bursts), "≥ 15,000"),
        Row::new("its p99, ms", Run::p99(&bursts), ""),
        Row::new("GET 20 observations, a second", Run::rate(&page), "≥ 6,000"),
        Row::new("its p99, ms", Run::p99(&page), ""),
        Row::new(
            "POST an observation, durable, a second",
            Run::rate(&posts),
            "≥ 8,000",
        ),
        Row::new("its p99, ms", Run::p99(&posts), ""),
    ]
}

/// A token of each member.
async fn tokens(address: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    for number in 0..MEMBERS {
        let asked = json!({"username": club::address(number), "password": club::PASSWORD});
        let request = client()
            .post(format!("http://{address}/api/users/token"))
            .json(&asked);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        tokens.push(answer["access_token"].as_str().unwrap().to_owned());
    }
    tokens
}

fn count(folder: &Path) -> i64 {
    let file = rusqlite::Connection::open(folder.join(grb_app::platform::db::FILE)).unwrap();
    file.query_row("select count(*) from observations", [], |row| row.get(0))
        .unwrap()
}
