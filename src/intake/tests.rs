//! The way in, without a server.

use chrono::TimeDelta;

use super::*;
use crate::platform::config::Sources;
use crate::platform::{Clock, Error};

fn app(folder: &std::path::Path) -> App {
    let flags = [("data_dir", Some(folder.to_string_lossy().into_owned()))];
    let config = Sources::gather(None, &|_| None, &flags)
        .unwrap()
        .understand()
        .unwrap();
    App::open(
        config,
        Clock::fixed("2026-11-20T22:00:00Z".parse().unwrap()),
    )
    .unwrap()
}

#[tokio::test]
async fn a_failed_write_leaves_nothing_and_tells_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let mut heard = app.bus.listen();
    let bus = app.bus.clone();
    let now = app.clock.now();
    let failed: Result<()> = app
        .db
        .write(move |tx| {
            bus.append(tx, now, "bursts", "burst.new", &1)?;
            Err(Error::NotFound("patience"))
        })
        .await;
    assert!(failed.is_err());
    assert!(heard.try_recv().is_err());
    let events: i64 = app
        .db
        .read(|conn| Ok(conn.query_row("select count(*) from events", [], |row| row.get(0))?))
        .await
        .unwrap();
    assert_eq!(events, 0);
}

#[tokio::test]
async fn a_panicking_write_hurts_no_neighbour() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let keep = |name: &'static str| {
        app.db
            .write(move |tx| Ok(tx.execute("insert into keepsakes values (?1, '')", [name])?))
    };
    let bad = app.db.write(|_| -> Result<()> { panic!("on purpose") });
    let (one, two, three) = tokio::join!(keep("one"), bad, keep("three"));
    assert!(one.is_ok() && two.is_err() && three.is_ok());
}

#[tokio::test]
async fn a_replay_is_dated_as_of_its_notice() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let then = app.clock.now() - TimeDelta::days(1000);
    let raw = RawNotice {
        as_of: Some(then),
        ..RawNotice::new("test", b"nothing".to_vec())
    };
    assert_eq!(take(&app, raw).await.unwrap(), Recorded::Aside);
    assert_eq!(
        app.db.read(|conn| aside::list(conn, 1)).await.unwrap()[0].received_at,
        then
    );
}

#[tokio::test]
async fn what_can_be_read_but_not_recorded_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    app.db
        .write(|tx| {
            Ok(tx.execute_batch("drop table burst_links; alter table notices rename to gone;")?)
        })
        .await
        .unwrap();
    let notice = crate::notices::Notice::new(
        crate::notices::Format::Voevent,
        crate::notices::Mission::Fermi,
        crate::notices::Kind::Alert,
    );
    let body = crate::notices::write(
        &crate::notices::Notice {
            trigger_id: Some("7".into()),
            ..notice
        },
        crate::notices::Format::Voevent,
    );
    desk::take_surely(&app, RawNotice::new("test", body)).await;
    let kept = app.db.read(|conn| aside::list(conn, 5)).await.unwrap();
    assert!(kept[0].reason.contains("could not be recorded"), "{kept:?}");
    assert_eq!(
        app.health.of("database"),
        None,
        "the warning is gone with its cause"
    );
}

#[tokio::test]
async fn of_what_was_set_aside_the_newest_stay() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let done = app.db.write(|tx| {
        let five = "insert into aside (hash, topic, reason, body, received_at) select cast(value as blob), 't', 'r', x'00', -value from json_each('[1, 2, 3, 4, 5]')";
        tx.execute(five, [])?;
        for (most, left) in [(5, "1,2,3,4,5"), (3, "3,4,5"), (9, "3,4,5")] {
            aside::forget_beyond(tx, most)?;
            let ids: String = tx.query_row("select group_concat(id) from aside", [], |row| row.get(0))?;
            assert_eq!(ids, left);
        }
        Ok(())
    });
    done.await.unwrap();
}
