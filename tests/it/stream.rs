//! The event stream: ids that grow by one, nothing missed over a lost connection, a reset where too much was.

use std::time::Duration;

use chrono::TimeDelta;
use grb_app::notices::Kind;
use grb_app::platform::{Tx, bus};
use serde_json::Value;

use crate::common::{NOW, Served, TestApp, frames, gbm};

/// The first `count` events of the stream at `path`.
pub(crate) async fn events(
    desk: &Served,
    path: &str,
    last_id: Option<i64>,
    count: usize,
) -> Vec<(i64, String, Value)> {
    let mut request = desk.client.get(desk.url(path));
    if let Some(id) = last_id {
        request = request.header("Last-Event-ID", id.to_string());
    }
    let mut answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let (mut text, mut found, mut from) = (String::new(), 0, 0);
    let reading = async {
        while found < count {
            text += &String::from_utf8_lossy(
                &answer
                    .chunk()
                    .await
                    .unwrap()
                    .expect("the stream ended early"),
            );
            while let Some(end) = text[from..].find("\n\n") {
                (found, from) = (found + 1, from + end + 2);
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reading)
        .await
        .unwrap_or_else(|_| panic!("only {found} events came"));
    assert!(!text.contains('\r'));
    frames(&text)
}

async fn ids(desk: &Served, path: &str, last_id: Option<i64>, count: usize) -> Vec<i64> {
    events(desk, path, last_id, count)
        .await
        .into_iter()
        .map(|(id, ..)| id)
        .collect()
}

#[tokio::test]
async fn what_happens_is_told_as_it_happens() {
    let desk = TestApp::serve().await;
    let listening = events(&desk, "/api/stream?topics=bursts", None, 2);
    let happening = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        desk.take(&gbm(1, Kind::Alert, 5)).await;
        desk.take(&gbm(1, Kind::Alert, 6)).await;
    };
    let (heard, ()) = tokio::join!(listening, happening);
    assert_eq!(
        heard
            .iter()
            .map(|(id, name, _)| (*id, name.as_str()))
            .collect::<Vec<_>>(),
        [(1, "burst.new"), (2, "burst.updated")]
    );
    assert_eq!(heard[0].2["type"], "burst.new");
    assert_eq!(heard[1].2["data"]["notice_count"], 2);
}

#[tokio::test]
async fn a_browser_that_comes_back_misses_nothing() {
    let desk = TestApp::serve().await;
    for after in 0..5 {
        desk.take(&gbm(1, Kind::Alert, after)).await;
    }
    assert_eq!(
        ids(&desk, "/api/stream?since=0", None, 5).await,
        [1, 2, 3, 4, 5]
    );
    assert_eq!(
        ids(&desk, "/api/stream?topics=bursts", Some(3), 2).await,
        [4, 5]
    );
    assert_eq!(
        ids(&desk, "/api/stream?since=1", Some(3), 2).await,
        [4, 5],
        "the header counts more"
    );
}

#[tokio::test]
async fn an_id_that_is_too_old_or_unknown_is_answered_with_a_reset() {
    let desk = TestApp::serve().await;
    for after in 0..5 {
        desk.take(&gbm(1, Kind::Alert, after)).await;
    }
    let unknown = events(&desk, "/api/stream?since=77", None, 1).await;
    assert_eq!((unknown[0].0, unknown[0].1.as_str()), (5, "reset"));
    desk.app
        .db
        .write(|tx| bus::forget_old(tx, *NOW + TimeDelta::days(8)))
        .await
        .unwrap();
    let forgotten = events(&desk, "/api/stream?since=2", None, 1).await;
    assert_eq!((forgotten[0].0, forgotten[0].1.as_str()), (5, "reset"));
    let listening = ids(&desk, "/api/stream?since=0", None, 1);
    let happening = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        desk.take(&gbm(1, Kind::Alert, 9)).await
    };
    assert_eq!(
        tokio::join!(listening, happening).0,
        [6],
        "since=0 never resets, and an id is never used twice"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_cut_off_and_hurts_nobody() {
    const EVENTS: i64 = 1000;
    let desk = TestApp::serve().await;
    let slow = desk.get("/api/stream").await;
    let quick = ids(&desk, "/api/stream", None, 1000);
    let happening = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        // Far more than the connection to the slow one holds.
        let large = "x".repeat(20_000);
        for _ in 0..EVENTS / 50 {
            let (bus, large) = (desk.app.bus.clone(), large.clone());
            let fifty = move |tx: &Tx| {
                (0..50).try_for_each(|_| bus.append(tx, *NOW, "bursts", "burst.updated", &large))
            };
            desk.app.db.write(fifty).await.unwrap();
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    };
    let (heard, ()) = tokio::join!(quick, happening);
    assert_eq!(heard, (1..=EVENTS).collect::<Vec<_>>());
    // The slow one now reads what the connection had room for, and then finds its end.
    let text = tokio::time::timeout(Duration::from_secs(5), slow.text())
        .await
        .expect("the slow stream never ended")
        .unwrap();
    assert!(frames(&text).len() < 1000);
}

#[tokio::test]
async fn only_known_topics_are_told() {
    let desk = TestApp::serve().await;
    assert_eq!(
        desk.get("/api/stream?topics=bursts,weather").await.status(),
        422
    );
    assert_eq!(desk.get("/api/stream?topics=users").await.status(), 401);
    assert_eq!(desk.get("/api/stream?since=x").await.status(), 422);
}
