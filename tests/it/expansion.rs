//! Who is told, through kills of the program and through every order of the notices.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use grb_app::alerts;
use grb_app::bursts;
use grb_app::intake::{RawNotice, take};
use grb_app::notices::{Citation, Cite, Class, Format, Kind, Localization, Mission, Notice, Role};
use grb_app::platform::App;
use grb_app::sky::Equatorial;
use rusqlite::{Connection, OpenFlags};

use crate::commands::grb_app as program;
use crate::common::{NOW, TestApp, body, gbm_at, take_in};

/// More than three batches of 256.
const MEMBERS: i64 = 1000;

/// Every burst, what can be observed, the morning's letter, quiet hours: in turn, with sites all round the Earth.
async fn join(app: &App, members: i64) {
    let joined = move |tx: &grb_app::platform::Tx| {
        for id in 1..=members {
            let notify =
                ["every", "observable", "digest", "every"][usize::try_from(id % 4).unwrap()];
            let quiet = r#"{"quiet_from": "00:00:00", "quiet_to": "23:59:59", "latest_age_h": 48}"#;
            let preferences = if id % 8 == 3 { quiet } else { "{}" };
            tx.execute(
                "insert into members (id, email, email_key, full_name, notify, preferences, confirmed_at, created_at, updated_at)
                 values (?1, 'm' || ?1 || '@example.org', 'm' || ?1, 'M', ?2, ?3, 1, 1, 1)",
                (id, notify, preferences),
            )?;
            tx.execute(
                "insert into sites (member_id, name, latitude, longitude, elevation_m, time_zone, horizon, created_at, updated_at)
                 values (?1, 'here', (?1 * 7) % 120 - 60, (?1 * 11) % 360 - 180, 0, 'UTC', '[[0, 0]]', 1, 1)",
                [id],
            )?;
        }
        Ok(())
    };
    app.db.write(joined).await.unwrap();
}

/// What has been put into the outbox and what is remembered, but for when.
fn told(folder: &Path) -> (Vec<String>, Vec<String>) {
    let conn = look(folder).unwrap();
    let lines = |sql: &str| -> Vec<String> {
        let mut select = conn.prepare(sql).unwrap();
        let rows = select.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    (
        lines(
            "select key || ' ' || address || ' ' || payload || ' ' || due_at || ' ' || expires_at from outbox order by key",
        ),
        lines(
            "select member_id || ' ' || burst_id || ' ' || reason || ' ' || revision || ' ' || thread_id || ' ' || due_at from told order by 1",
        ),
    )
}

fn look(folder: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(folder.join("grb-app.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// How far the judging has come: changes left, and the last member judged by the oldest.
fn progress(folder: &Path) -> Option<(i64, i64)> {
    let sql = "select count(*), coalesce(min(judged_to), 0) from tells";
    look(folder)
        .ok()?
        .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .ok()
}

/// Lets the program run until it has judged one batch more, and kills it.
fn live_and_die(folder: &Path, seen: &mut BTreeSet<(i64, i64)>) {
    let mut command = program(&["serve", "--listen", "127.0.0.1:0", "--data-dir"]);
    let quiet = command
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut life: Child = quiet.spawn().unwrap();
    let begun = Instant::now();
    let before = progress(folder);
    while progress(folder).is_none_or(|now| Some(now) == before) {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "nobody is judged"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    // SIGKILL, while the next batch is being judged.
    life.kill().unwrap();
    life.wait().unwrap();
    seen.extend(progress(folder));
}

#[tokio::test]
async fn killed_after_every_batch_it_tells_everybody_the_same_and_once() {
    let desk = TestApp::today();
    let now = desk.app.clock.now();
    join(&desk.app, MEMBERS).await;
    let of = |kind, after, radius| {
        let mut notice = gbm_at(
            785_074_797,
            kind,
            after,
            (10.0, 20.0, radius),
            Some((Class::Grb, 0.9)),
        );
        notice.trigger_time = Some(now - TimeDelta::seconds(60));
        notice.notice_time = Some(now - TimeDelta::seconds(60 - after));
        notice
    };
    // The second is one tier up from the first.
    take_in(&desk.app, &of(Kind::Flight, 20, 9.0)).await;
    let mut swift = of(Kind::Position, 40, 0.05);
    swift.mission = Mission::Swift;
    (swift.instrument, swift.packet_type) = (Some("BAT".into()), Some(61));
    swift.classification = None;
    take_in(&desk.app, &swift).await;
    desk.app.db.close().await;
    let TestApp { app, folder } = desk;
    // With it goes the lock of the folder.
    drop(app);

    let calm = tempfile::tempdir().unwrap();
    let file = |folder: &Path| folder.join("grb-app.db");
    std::fs::copy(file(folder.path()), file(calm.path())).unwrap();
    let undisturbed = TestApp::in_folder(calm.into());
    alerts::settle(&undisturbed.app).await.unwrap();
    undisturbed.app.db.close().await;
    let (parcels, memory) = told(undisturbed.folder.path());
    assert!(parcels.len() > 1200, "{}", parcels.len());

    let mut stops = BTreeSet::new();
    while progress(folder.path()).is_none_or(|(left, _)| left > 0) {
        live_and_die(folder.path(), &mut stops);
    }
    assert!(stops.len() >= 5, "it was stopped at {stops:?} only");
    let (after_kills, memory_after) = told(folder.path());
    assert_eq!(after_kills, parcels);
    assert_eq!(memory_after, memory);
}

fn notice(mission: Mission, trigger: &str, kind: Kind, after: i64, radius: f64) -> Notice {
    let mut notice = Notice::new(Format::Voevent, mission, kind);
    notice.role = Role::Observation;
    notice.trigger_id = Some(trigger.into());
    notice.trigger_time = Some(*NOW - TimeDelta::seconds(60));
    notice.notice_time = Some(*NOW - TimeDelta::seconds(60 - after));
    notice.ivorn = Some(format!("ivo://test/{trigger}#{kind:?}_{after}"));
    notice.localization = Some(Localization {
        position: Equatorial::new(10.0, 20.0).unwrap(),
        error_radius: Some(radius),
        error_radius_90: None,
    });
    notice
}

/// One burst that Fermi, SVOM and Swift saw; SVOM takes its own back, and Fermi calls its own particles at last.
fn stories() -> Vec<Notice> {
    let fermi = |kind, after, radius, class| {
        let mut notice = gbm_at(
            785_074_797,
            kind,
            after,
            (10.0, 20.0, radius),
            Some((class, 0.9)),
        );
        notice.notice_time = Some(*NOW - TimeDelta::seconds(60 - after));
        notice
    };
    let swift = |instrument: &str, packet, kind, after, radius| {
        let mut notice = notice(Mission::Swift, "1187463", kind, after, radius);
        (notice.instrument, notice.packet_type) = (Some(instrument.into()), Some(packet));
        notice
    };
    let svom = |packet, kind, after| {
        let mut notice = notice(Mission::Svom, "sb26112001", kind, after, 0.1);
        (notice.instrument, notice.packet_type) = (Some("ECLAIRs".into()), Some(packet));
        notice
    };
    let wakeup = svom(202, Kind::Position, 25);
    let mut withdrawal = svom(219, Kind::Retraction, 50);
    withdrawal.retraction = true;
    withdrawal.citations = vec![Citation {
        ivorn: wakeup.ivorn.clone().unwrap(),
        cite: Cite::Retraction,
    }];
    vec![
        fermi(Kind::Alert, 5, 0.0, Class::Grb),
        fermi(Kind::Flight, 20, 9.0, Class::Grb),
        fermi(Kind::Ground, 35, 3.0, Class::Grb),
        fermi(Kind::Final, 55, 3.0, Class::LocalParticles),
        wakeup,
        withdrawal,
        swift("BAT", 61, Kind::Position, 30, 0.05),
        swift("XRT", 67, Kind::Update, 45, 0.001),
    ]
}

/// The notices in an order that follows from the seed.
fn shuffled(seed: u64) -> Vec<Notice> {
    let (mut notices, mut state) = (stories(), seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    for last in (1..notices.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        notices.swap(last, usize::try_from(state >> 33).unwrap() % (last + 1));
    }
    notices
}

/// One line of what is remembered.
struct Line {
    member: i64,
    burst: i64,
    reason: String,
    /// Its letter has left by the end.
    left: bool,
}

async fn remembered(app: &App, end: DateTime<Utc>) -> Vec<Line> {
    let read = app.db.read(move |conn| {
        let sql = "select member_id, burst_id, reason, due_at <= ?1 from told order by member_id, revision, reason = 'withdrawn'";
        let mut select = conn.prepare(sql)?;
        let rows = select.query_map([end.timestamp_micros()], |row| {
            Ok(Line {
                member: row.get(0)?,
                burst: row.get(1)?,
                reason: row.get(2)?,
                left: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?)
    });
    read.await.unwrap()
}

#[tokio::test]
async fn in_every_order_nobody_hears_twice_of_new_and_withdrawals_reach_those_who_were_told() {
    let (mut letters, mut withdrawals) = (0, 0);
    for seed in 0..40 {
        let desk = TestApp::new();
        join(&desk.app, 16).await;
        let notices = shuffled(seed);
        let order: Vec<_> = notices
            .iter()
            .map(|one| one.ivorn.clone().unwrap_or_default())
            .collect();
        let mut at = *NOW;
        for notice in &notices {
            at += TimeDelta::minutes(1);
            let mut raw = RawNotice::new("test", body(notice));
            (raw.as_of, raw.keeps_letters) = (Some(at), true);
            take(&desk.app, raw).await.unwrap();
            alerts::settle(&desk.app).await.unwrap();
        }
        let gone = desk.app.db.read(|conn| {
            let mut gone = BTreeMap::new();
            for id in 1..=3 {
                gone.insert(id, bursts::store::burst(conn, id)?.withdrawn().is_some());
            }
            Ok(gone)
        });
        let gone = gone.await.unwrap();
        let lines = remembered(&desk.app, at).await;
        for member in 1..=16 {
            let heard: Vec<&Line> = lines.iter().filter(|line| line.member == member).collect();
            let count = |what: &str| heard.iter().filter(|line| line.reason == what).count();
            assert!(
                count("new") + count("observable") <= 1,
                "{member} hears of it anew: {order:#?}"
            );
            for (burst, gone) in &gone {
                let of: Vec<&str> = heard
                    .iter()
                    .filter(|line| line.burst == *burst && line.left)
                    .map(|line| line.reason.as_str())
                    .collect();
                let twice = of.windows(2).any(|two| two == ["withdrawn", "withdrawn"]);
                assert!(
                    !twice && of.first() != Some(&"withdrawn"),
                    "{member}, {burst}: {of:?} of {order:#?}"
                );
                let knows = of.last().is_none_or(|last| *last == "withdrawn");
                assert!(
                    !gone || knows,
                    "{member} was not told that {burst} is gone: {of:?} of {order:#?}"
                );
                letters += of.len();
                withdrawals += of.iter().filter(|reason| **reason == "withdrawn").count();
            }
        }
        desk.app.db.close().await;
    }
    assert!(
        letters > 500 && withdrawals > 50,
        "{letters} letters, {withdrawals} withdrawals"
    );
}
