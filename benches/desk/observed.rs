//! The page of a burst with a wide region that the whole club has searched.

use std::path::Path;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use grb_app::bursts;
use grb_app::intake::{RawNotice, take};
use grb_app::notices::write;
use grb_app::observations::model::Photometry;
use grb_app::observations::{Observation, store};
use grb_app::sky::Equatorial;

use crate::program::{Program, client, ms};
use crate::{Row, club, made};

const MEMBERS: u32 = 12;
const OBSERVATIONS: u32 = 500;
const RUNS: usize = 50;

const FILTERS: [&str; 4] = ["R", "V", "B", "CR"];

/// The burst's page itself, its part with curve, coverage and the newest observations, and what is handed on.
const ASKED: [(&str, &str); 5] = [
    ("", "≤ 30"),
    ("/observations", "≤ 30"),
    ("/observations.csv", ""),
    ("/circular.txt", ""),
    ("/light-curve", ""),
];

pub(crate) async fn measure() -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    club::found(folder.path(), MEMBERS, MEMBERS).await;
    post(folder.path(), MEMBERS, OBSERVATIONS).await;
    let program = Program::start(folder.path(), &[]);
    let mut rows = Vec::new();
    for (path, target) in ASKED {
        let api = path.contains('.') || path == "/light-curve";
        let path = format!("{}/bursts/1{path}", if api { "/api" } else { "" });
        let took = ask(&program.address, &path).await;
        let what = format!("{path} with {OBSERVATIONS} observations, ms");
        rows.push(Row::new(&what, took, target));
    }
    println!("{:.1} MiB at most.", program.memory("VmHWM"));
    rows
}

/// Milliseconds to the last byte, as a burst's page asks for its parts.
async fn ask(address: &str, path: &str) -> Vec<f64> {
    let client = client();
    let mut took = Vec::new();
    for _ in 0..RUNS {
        let request = client.get(format!("http://{address}{path}"));
        let began = Instant::now();
        let answer = request.header("hx-request", "true").send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.bytes().await.unwrap();
        took.push(ms(began.elapsed()));
    }
    took
}

/// A burst, and observations of it by these members in turn: an afterglow that fades, and limits once it is too faint.
pub(crate) async fn post(folder: &Path, members: u32, observations: u32) {
    let app = club::open(folder);
    let notice = made::wide_now(1);
    let raw = RawNotice::new("bench", write(&notice, notice.format));
    take(&app, raw).await.unwrap();
    let now = app.clock.now();
    let posting = app.db.write(move |tx| {
        let best = bursts::store::burst(tx, 1)?.best;
        let place = best.unwrap().position;
        for number in 0..observations {
            let address = club::address(number % members);
            let whose = "select id from members where email = ?1";
            let member = tx.query_row(whose, [address], |row| row.get(0))?;
            let one = one(number, member, place, now);
            store::insert(tx, now, &one)?;
        }
        Ok(())
    });
    posting.await.unwrap();
    app.db.close().await;
}

fn one(number: u32, member_id: i64, place: Equatorial, now: DateTime<Utc>) -> Observation {
    let minutes = 5 + 8 * number;
    let magnitude = 13.0 + 2.5 * (f64::from(minutes) / 5.0).log10() + 0.1 * f64::from(number % 7);
    // A spiral of fields around the place.
    let position = place.offset(0.02 * f64::from(number), 40.0 * f64::from(number));
    let photometry = match magnitude < 18.0 {
        true => Photometry {
            magnitude: Some(magnitude),
            error: Some(0.05),
            ..Photometry::default()
        },
        false => Photometry {
            limit: Some(18.0),
            ..Photometry::default()
        },
    };
    Observation {
        position,
        coordinates: format!("{} {}", position.ra, position.dec),
        instrument: "200 mm".into(),
        field_deg: Some(0.5 + 0.25 * f64::from(number % 4)),
        start: now + TimeDelta::minutes(minutes.into()),
        exposure: Some(60.0),
        filter: Some(FILTERS[number as usize % 4].into()),
        photometry,
        ..Observation::blank(1, member_id)
    }
}
