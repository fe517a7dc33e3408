//! A copy made while hundreds of writes a second go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use grb_app::platform::App;

use super::{contents, file, typed};
use crate::commands::said;
use crate::common::TestApp;

/// Writes one thing into two tables at a time, and counts what has been answered.
async fn write_on(app: App, next: Arc<AtomicI64>, answered: Arc<AtomicI64>, on: Arc<AtomicBool>) {
    while on.load(Ordering::Relaxed) {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let written = app.db.write(move |tx| {
            let event = "insert into events (topic, name, data, at) values ('load', 'load', ?1, 0)";
            tx.execute(event, [number.to_string()])?;
            let keepsake = "insert into keepsakes values ('load ' || ?1, hex(randomblob(400)))";
            tx.execute(keepsake, [number])?;
            Ok(())
        });
        written.await.unwrap();
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

fn counts(path: &std::path::Path) -> (i64, i64) {
    let conn = rusqlite::Connection::open(path).unwrap();
    let count = |sql| conn.query_row(sql, [], |row| row.get(0)).unwrap();
    (
        count("select count(*) from events where topic = 'load'"),
        count("select count(*) from keepsakes where name like 'load %'"),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_copy_made_under_load_holds_all_that_was_answered_before_and_is_the_same_elsewhere() {
    let desk = TestApp::new();
    let (next, answered, on): (Arc<AtomicI64>, Arc<AtomicI64>, _) = (
        Arc::default(),
        Arc::default(),
        Arc::new(AtomicBool::new(true)),
    );
    let writers: Vec<_> = (0..32)
        .map(|_| {
            tokio::spawn(write_on(
                desk.app.clone(),
                next.clone(),
                answered.clone(),
                on.clone(),
            ))
        })
        .collect();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let copy = desk.folder.path().join("copy.db");
    let before = answered.load(Ordering::Relaxed);
    let (folder, to) = (desk.folder.clone(), copy.clone());
    let output = tokio::task::spawn_blocking(move || {
        typed(&["backup", to.to_str().unwrap()], folder.path())
    });
    let output = output.await.unwrap();
    let begun = next.load(Ordering::Relaxed);
    on.store(false, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let (events, keepsakes) = counts(&copy);
    assert_eq!(events, keepsakes, "whole transactions only");
    assert!(
        before > 100 && (before..=begun).contains(&events),
        "{before} {events} {begun}"
    );
    let elsewhere = tempfile::tempdir().unwrap();
    let output = typed(&["restore", copy.to_str().unwrap()], elsewhere.path());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(
        contents(&file(elsewhere.path()), None),
        contents(&copy, None)
    );
    assert_eq!(typed(&["check"], elsewhere.path()).status.code(), Some(0));
    assert_eq!(
        desk.app
            .db
            .read(|conn| Ok(conn.query_row(
                "select count(*) from events where topic = 'load'",
                [],
                |row| row.get::<_, i64>(0)
            )?))
            .await
            .unwrap(),
        answered.load(Ordering::Relaxed)
    );
}

#[tokio::test]
async fn after_a_clean_stop_one_file_is_everything_also_where_a_copy_was_being_made() {
    let desk = TestApp::new();
    let app = desk.app.clone();
    app.db
        .write(|tx| {
            Ok(tx
                .execute("insert into keepsakes values ('mark', 'kept')", [])
                .map(drop)?)
        })
        .await
        .unwrap();
    let to = desk.folder.path().join("copy.db");
    grb_app::platform::db::back_up(
        desk.folder.path(),
        &to,
        &tokio_util::sync::CancellationToken::new(),
    )
    .unwrap();
    // Others hold it still: a stop waits for nobody who has gone to sleep over a page.
    app.db.close().await;
    assert!(app.db.read(|_| Ok(())).await.is_err());
    for end in ["-wal", "-shm"] {
        let left = desk.folder.path().join(format!("grb-app.db{end}"));
        assert!(!left.exists(), "{end} is left");
    }
    let alone = tempfile::tempdir().unwrap();
    std::fs::copy(file(desk.folder.path()), file(alone.path())).unwrap();
    assert_eq!(super::mark_in(alone.path()), "kept");
}
