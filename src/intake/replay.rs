//! Recorded notices, taken in as of their own dates.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::{RawNotice, take};
use crate::alerts::{self, store::Said};
use crate::notices;
use crate::platform::error::Exit;
use crate::platform::{App, Error, Result};

/// The notices of `paths`, files or folders, the oldest first; those without a readable date, or with one still to come, are as of `now` and come last.
pub fn load(paths: &[PathBuf], now: DateTime<Utc>) -> anyhow::Result<Vec<RawNotice>> {
    let mut raws = Vec::new();
    for path in files(paths)? {
        let bytes = std::fs::read(&path)
            .map_err(|error| Exit::data(format!("{} cannot be read: {error}.", path.display())))?;
        raws.extend(
            notices::split(&bytes)
                .iter()
                .map(|body| dated(&path, body.to_vec(), now)),
        );
    }
    raws.sort_by_key(|raw| raw.as_of);
    Ok(raws)
}

/// Who takes replayed notices in: this process, or the server that has the database.
pub enum Taker {
    Here(Box<App>),
    Server(reqwest::Client),
}

/// What became of a replayed notice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outcome {
    /// As [`super::Recorded::word`] has it.
    pub recorded: String,
    /// Who would have been told of it, where that was asked.
    pub told: Vec<Said>,
}

/// Takes them in, paced by their dates `speed` times as fast as they came, or without a pause; tells what became of each.
pub async fn play(
    taker: &Taker,
    raws: Vec<RawNotice>,
    speed: Option<f64>,
    mut tell: impl FnMut(&RawNotice, Outcome),
) -> anyhow::Result<()> {
    let mut before: Option<DateTime<Utc>> = None;
    for raw in raws {
        if let (Some(speed), Some(now), Some(then)) = (speed, raw.as_of, before) {
            let pause = (now - then).as_seconds_f64() / speed;
            tokio::time::sleep(Duration::from_secs_f64(pause.clamp(0.0, 86_400.0))).await;
        }
        before = raw.as_of;
        let outcome = match taker {
            Taker::Here(app) => take_patiently(app, &raw).await?,
            Taker::Server(server) => hand_over(server, &raw).await?,
        };
        tell(&raw, outcome);
    }
    Ok(())
}

async fn take_patiently(app: &App, raw: &RawNotice) -> anyhow::Result<Outcome> {
    loop {
        match take_and_say(app, raw.clone()).await {
            Err(Error::Busy) => tokio::time::sleep(Duration::from_millis(20)).await,
            other => return Ok(other?),
        }
    }
}

/// Takes a notice in and, where its letters are kept, waits until every member has been judged by it.
async fn take_and_say(app: &App, raw: RawNotice) -> Result<Outcome> {
    let asked = raw.as_of.filter(|_| raw.keeps_letters);
    let revision = app.db.read(alerts::store::latest).await?;
    let recorded = take(app, raw).await?.word().to_owned();
    let told = match asked {
        Some(at) => {
            alerts::settle(app).await?;
            let said = move |conn: &Connection| alerts::store::said(conn, revision, at);
            app.db.read(said).await?
        }
        None => Vec::new(),
    };
    Ok(Outcome { recorded, told })
}

/// Routes for commands on this machine, served on a socket that only the owner of the data folder reaches.
pub fn local_routes(app: App) -> Router {
    Router::new()
        .route("/replay", post(replayed))
        .layer(DefaultBodyLimit::disable())
        .with_state(app)
}

async fn replayed(
    State(app): State<App>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Outcome>> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let as_of = header("x-as-of").and_then(|text| text.parse().ok());
    let topic = header("x-topic").unwrap_or("replay");
    let raw = RawNotice {
        as_of,
        keeps_letters: headers.contains_key("x-keep-letters"),
        ..RawNotice::new(topic, body.to_vec())
    };
    take_and_say(&app, raw).await.map(Json)
}

async fn hand_over(server: &reqwest::Client, raw: &RawNotice) -> anyhow::Result<Outcome> {
    let as_of = raw.as_of.map(|at| at.to_rfc3339()).unwrap_or_default();
    loop {
        let request = server
            .post("http://localhost/replay")
            .header(
                "x-topic",
                raw.topic
                    .replace(|letter: char| !letter.is_ascii_graphic(), "_"),
            )
            .header("x-as-of", &as_of)
            .body(raw.body.clone());
        let request = match raw.keeps_letters {
            true => request.header("x-keep-letters", "1"),
            false => request,
        };
        let answer = request.send().await.context("The server stopped")?;
        if answer.status() != StatusCode::SERVICE_UNAVAILABLE {
            return Ok(answer.error_for_status()?.json().await?);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn dated(path: &Path, body: Vec<u8>, now: DateTime<Utc>) -> RawNotice {
    let read = notices::read(&body).ok();
    let as_of = read
        .and_then(|notice| notice.notice_time.or(notice.trigger_time))
        .unwrap_or(now)
        .min(now);
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    RawNotice {
        as_of: Some(as_of),
        ..RawNotice::new(format!("replay:{name}"), body)
    }
}

fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|error| {
                Exit::data(format!("{} cannot be read: {error}.", path.display()))
            })?;
            let mut inside = entries
                .map(|entry| Ok(entry?.path()))
                .collect::<std::io::Result<Vec<_>>>()?;
            inside.sort();
            found.extend(files(&inside)?);
        } else {
            found.push(path.clone());
        }
    }
    Ok(found)
}
