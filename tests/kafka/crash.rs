//! Killed fifty times in the middle of a backlog: afterwards every notice is there once, and every burst as if nothing had happened.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use grb_app::intake::{RawNotice, take};
use grb_app::notices::{Class, Kind};
use grb_app::platform::random;
use rusqlite::Connection;

use crate::common::{TestApp, body, gbm, gbm_at};
use crate::{Bench, topic};

const BACKLOG: u32 = 5000;
const KILLS: u32 = 50;

/// What must not depend on how often the program was killed; ids and times of arrival may.
const BURSTS: &str = "select mission || ' ' || key || ' ' || coalesce(position_instrument, first_instrument, '') || ' ' || tier || ' ' || coalesce(trigger_time, '')
    || ' ' || coalesce(ra, '') || ' ' || coalesce(dec, '') || ' ' || coalesce(error_radius_90, '') || ' ' || coalesce(position_kind, '')
    || ' ' || coalesce(class, '') || ' ' || was_grb || confirmed || ' ' || coalesce(doubt, '') || coalesce(retracted_why, '') || ' ' || notice_count
    from bursts order by 1";

/// Sequences of five notices each.
fn backlog() -> Vec<Vec<u8>> {
    let notice = |n: u32| {
        let (trigger, step) = (1000 + n / 5, n % 5);
        let place = (
            f64::from(n % 360),
            f64::from(n % 120) - 60.0,
            20.0 - 4.0 * f64::from(step),
        );
        match step {
            0 => gbm(trigger, Kind::Alert, 5),
            1 => gbm_at(
                trigger,
                Kind::Flight,
                27,
                place,
                Some((Class::UnreliableLocation, 0.5)),
            ),
            2 => gbm_at(
                trigger,
                Kind::Flight,
                45,
                place,
                Some((
                    if trigger % 3 == 0 {
                        Class::SolarFlare
                    } else {
                        Class::Grb
                    },
                    0.9,
                )),
            ),
            3 => gbm_at(trigger, Kind::Ground, 87, place, None),
            _ => gbm_at(trigger, Kind::Final, 560, place, None),
        }
    };
    (0..BACKLOG).map(|n| body(&notice(n))).collect()
}

fn start(bench: &Bench, folder: &std::path::Path, topic: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_grb-app"))
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            folder.to_str().unwrap(),
        ])
        .env("GRB_KAFKA_BOOTSTRAP", &bench.plaintext)
        .env("GRB_KAFKA_TOPICS", topic)
        .env("GRB_LOG", "error")
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// How many notices are there; the file may be in the middle of anything.
pub(super) fn notices(folder: &std::path::Path) -> u32 {
    let count =
        |conn: Connection| conn.query_row("select count(*) from notices", [], |row| row.get(0));
    Connection::open(folder.join("grb-app.db"))
        .and_then(count)
        .unwrap_or(0)
}

fn bursts(conn: &Connection) -> Vec<String> {
    conn.prepare(BURSTS)
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_in_a_backlog_lose_nothing_and_double_nothing() {
    let Some(bench) = Bench::found() else { return };
    let topic = topic("crash");
    bench.create_topic(&topic).await;
    let all = backlog();
    let calm = TestApp::new();
    for body in &all {
        take(&calm.app, RawNotice::new("calm", body.clone()))
            .await
            .unwrap();
    }
    let expected = calm.app.db.read(|conn| Ok(bursts(conn))).await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let mut published = all.chunks(all.len().div_ceil(KILLS as usize));
    for _ in 0..KILLS {
        // A hundred more each time, so that no life begins with nothing to do.
        bench
            .publish(&topic, published.next().into_iter().flatten().cloned())
            .await;
        let mut program = start(&bench, folder.path(), &topic);
        tokio::time::sleep(Duration::from_millis(900).mul_f64(random::jitter(0.95))).await;
        program.kill().unwrap();
        program.wait().unwrap();
    }
    let before_the_last = notices(folder.path());
    let mut program = start(&bench, folder.path(), &topic);
    for _ in 0..900 {
        if notices(folder.path()) == BACKLOG {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    program.kill().unwrap();
    program.wait().unwrap();
    println!("{before_the_last} of {BACKLOG} notices were there before the last start");
    let conn = Connection::open(folder.path().join("grb-app.db")).unwrap();
    let reached: i64 = conn
        .query_row("select max(next_offset) from kafka_positions", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!((notices(folder.path()), reached), (BACKLOG, BACKLOG.into()));
    assert_eq!(bursts(&conn), expected);
    let verdict: String = conn
        .query_row("pragma integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(verdict, "ok");
}
