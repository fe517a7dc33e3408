//! What is handed on of a burst, fetched from a served desk and read back.

use std::io::{Cursor, Read as _};

use chrono::TimeDelta;
use grb_app::notices::Kind;
use grb_app::observations::model::{Observation, Photometry};
use grb_app::observations::store;
use grb_app::platform::App;
use grb_app::sky::Equatorial;
use reqwest::Response;
use serde_json::Value;

use crate::aavso::rules;
use crate::common::{Served, TestApp, gbm, triggered};
use crate::people::{cookie, form, member};

pub(crate) const FORMATS: [&str; 5] = [
    "observations.csv",
    "observations.aavso.txt",
    "observations.vot",
    "circular.txt",
    "observations.zip",
];

/// A limit of 19.5 in R by this member, half an hour after the trigger.
pub(crate) fn limit(burst: i64, member: i64) -> Observation {
    Observation {
        site: Some("Orion Hill".into()),
        position: Equatorial {
            ra: 210.5,
            dec: -12.25,
        },
        coordinates: "210.5 -12.25".into(),
        instrument: "RC8".into(),
        field_deg: Some(0.8),
        start: triggered() + TimeDelta::minutes(30),
        exposure: Some(600.0),
        filter: Some("R".into()),
        photometry: Photometry {
            limit: Some(19.5),
            ..Photometry::default()
        },
        ..Observation::blank(burst, member)
    }
}

/// Keeps an observation as posting does, news included; its id.
pub(crate) async fn observe(app: &App, new: Observation) -> i64 {
    let (desk, now) = (app.clone(), app.clock.now());
    let post = move |tx: &grb_app::platform::Tx| {
        let id = store::insert(tx, now, &new)?;
        let kept = store::one(tx, id)?;
        grb_app::observations::news::posted(&desk, tx, now, &kept)?;
        Ok(id)
    };
    app.db.write(post).await.unwrap()
}

pub(crate) async fn run(app: &App, sql: &'static str) {
    app.db
        .write(move |tx| Ok(tx.execute_batch(sql)?))
        .await
        .unwrap();
}

async fn file(desk: &Served, name: &str) -> String {
    let answer = desk.get(&format!("/api/bursts/1/{name}")).await;
    assert_eq!(answer.status(), 200, "{name}");
    answer.text().await.unwrap()
}

/// Two observers, of whom the first has an AAVSO code; the second's name and notes are hostile.
async fn night() -> Served {
    let desk = TestApp::serve().await;
    desk.take(&gbm(785_074_797, Kind::Alert, 5)).await;
    member(&desk, "ada@example.org").await;
    member(&desk, "eve@example.org").await;
    run(
        &desk.app,
        "update members set full_name = '=cmd|x, \"<b>Eve</b>\" ' || char(8238) where id = 2;
         update bursts set official_name = 'GRB 261120A' where id = 1;
         insert into observers (member_id, aavso_code) values (1, 'ADA'), (2, 'EVE')",
    )
    .await;
    observe(&desk.app, limit(1, 1)).await;
    let seen = Observation {
        photometry: Photometry {
            magnitude: Some(18.25),
            error: Some(0.125),
            limit: None,
            system: Some("AB".into()),
        },
        filter: Some("r'".into()),
        notes: Some("@x, line\r\n#OBSCODE=ADA\r\n../../etc/passwd ]]>&lt;".into()),
        instrument: "../../RC8 \u{1f52d}".into(),
        start: triggered() + TimeDelta::hours(2),
        ..limit(1, 2)
    };
    observe(&desk.app, seen).await;
    desk
}

#[tokio::test]
async fn the_aavso_would_take_the_file() {
    let desk = night().await;
    let text = file(&desk, "observations.aavso.txt").await;
    assert_eq!(rules::faults(&text), Vec::<String>::new(), "{text}");
    let rows = rules::rows(&text);
    let by: Vec<(&str, &str, &str)> = rows
        .iter()
        .map(|(code, fields)| (code.as_str(), fields[2].as_str(), fields[4].as_str()))
        .collect();
    assert_eq!(by, [("EVE", "18.25", "SR"), ("ADA", "<19.5", "R")]);
    assert!(rows.iter().all(|(_, fields)| fields[0] == "GRB 261120A"));
    // Without a code the rules hold too, so that only the code is missing.
    run(&desk.app, "delete from observers where member_id = 1").await;
    let text = file(&desk, "observations.aavso.txt").await;
    assert_eq!(rules::faults(&text), Vec::<String>::new(), "{text}");
    assert_eq!(rules::rows(&text)[1].0, "XXX");
    let none = desk
        .get("/api/bursts/1/observations.aavso.txt?observer=77")
        .await;
    assert_eq!(
        rules::faults(&none.text().await.unwrap()),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn every_file_is_an_attachment_with_a_plain_name() {
    let desk = night().await;
    for name in FORMATS {
        let answer = desk.get(&format!("/api/bursts/1/{name}")).await;
        assert_eq!(answer.status(), 200, "{name}");
        let said = answer.headers()["content-disposition"].to_str().unwrap();
        assert_eq!(said, format!("attachment; filename=\"grb-261120a-{name}\""));
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        let kind = answer.headers()["content-type"].to_str().unwrap();
        assert!(!kind.contains("html"), "{kind}");
        assert_eq!(
            desk.get(&format!("/api/bursts/99/{name}")).await.status(),
            404
        );
        assert_eq!(
            desk.get(&format!("/api/bursts/1/{name}?observer=x"))
                .await
                .status(),
            422
        );
        assert_eq!(
            desk.get(&format!("/api/bursts/1/{name}?observer=me"))
                .await
                .status(),
            401
        );
    }
    assert_eq!(desk.get("/bursts/99/circular").await.status(), 404);
}

#[tokio::test]
async fn what_is_hidden_is_handed_on_nowhere() {
    let desk = night().await;
    run(
        &desk.app,
        "update observations set hidden_at = 1, hidden_why = 'wrong field' where id = 2",
    )
    .await;
    for name in FORMATS {
        let mut read = vec![
            desk.get(&format!("/api/bursts/1/{name}"))
                .await
                .bytes()
                .await
                .unwrap()
                .to_vec(),
        ];
        if name.ends_with("zip") {
            read = unzipped(&read[0])
                .into_iter()
                .map(|(_, bytes)| bytes)
                .collect();
        }
        for bytes in read {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            assert!(
                !text.contains("18.25") && !text.contains("wrong field"),
                "{name}: {text}"
            );
        }
    }
    assert!(!desk.page("/bursts/1/circular").await.1.contains("18.25"));
}

#[tokio::test]
async fn a_burst_without_observations_gives_empty_files() {
    let desk = TestApp::serve().await;
    desk.take(&gbm(785_074_797, Kind::Alert, 5)).await;
    let csv = file(&desk, "observations.csv").await;
    assert!(csv.starts_with("observation,burst,") && csv.matches("\r\n").count() == 1);
    let aavso = file(&desk, "observations.aavso.txt").await;
    assert_eq!(rules::faults(&aavso), Vec::<String>::new());
    assert!(
        file(&desk, "observations.vot")
            .await
            .contains("nrows=\"0\"")
    );
    assert!(
        file(&desk, "circular.txt")
            .await
            .contains("has been posted yet.]")
    );
    let (status, page) = desk.page("/bursts/1/circular").await;
    assert!(
        status == 200 && page.contains("Nobody has posted"),
        "{page}"
    );
    let zip = desk
        .get("/api/bursts/1/observations.zip")
        .await
        .bytes()
        .await
        .unwrap();
    assert_eq!(unzipped(&zip).len(), 7);
}

/// Names and contents, in order.
fn unzipped(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut all = Vec::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).unwrap();
        let name = file.name().unwrap().into_owned();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        all.push((name, content));
    }
    all
}

async fn length(answer: &Response) -> u64 {
    answer.headers()["content-length"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn the_zip_holds_everything_under_plain_names() {
    let desk = night().await;
    let picture: Vec<u8> = (0..200_000_u32)
        .map(|n| (n.wrapping_mul(n) % 251) as u8)
        .collect();
    let kept = picture.clone();
    let add = move |tx: &grb_app::platform::Tx| {
        for (observation, sha) in [(1, "a"), (2, "../../b")] {
            tx.execute(
                "insert into observation_images (observation_id, member_id, sha256, kind, width, height, thumb_width, thumb_height, bytes, created_at, thumb, full)
                 values (?1, ?1, ?2, 'png', 1, 1, 1, 1, 1, 1, x'00', ?3)",
                rusqlite::params![observation, sha, kept],
            )?;
        }
        Ok(())
    };
    desk.app.db.write(add).await.unwrap();
    let before = std::fs::read_dir(&desk.app.config.data_dir)
        .unwrap()
        .count();
    let ask = desk.client.get(desk.url("/api/bursts/1/observations.zip"));
    // Browsers always offer to unpack; the length must be known all the same.
    let answer = ask
        .header("accept-encoding", "gzip, br")
        .send()
        .await
        .unwrap();
    let length = length(&answer).await;
    let bytes = answer.bytes().await.unwrap();
    assert_eq!(length, bytes.len() as u64);
    let all = unzipped(&bytes);
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "README.txt",
            "observations.csv",
            "observations.vot",
            "observations.aavso.txt",
            "observations.json",
            "burst.json",
            "circular.txt",
            "light-curve.svg",
            "images/1-1.webp",
            "images/2-2.webp"
        ]
    );
    let content = |name: &str| all.iter().find(|(one, _)| one == name).unwrap().1.clone();
    assert_eq!(content("images/1-1.webp"), picture);
    assert_eq!(
        content("observations.csv"),
        file(&desk, "observations.csv").await.into_bytes()
    );
    let observations: Value = serde_json::from_slice(&content("observations.json")).unwrap();
    assert_eq!(observations["items"].as_array().unwrap().len(), 2);
    let burst: Value = serde_json::from_slice(&content("burst.json")).unwrap();
    assert_eq!(burst["name"], "GRB 261120A");
    let readme = String::from_utf8(content("README.txt")).unwrap();
    for name in &names[1..8] {
        assert!(readme.contains(name), "{name}: {readme}");
    }
    // Pictures are as small as they get: they lie there as they are.
    assert!(
        bytes
            .windows(64)
            .any(|window| window == &picture[1000..1064])
    );
    assert_eq!(
        std::fs::read_dir(&desk.app.config.data_dir)
            .unwrap()
            .count(),
        before
    );
}

#[tokio::test]
async fn a_circular_is_short_plain_and_fills_in_gcns_form() {
    let desk = night().await;
    let text = file(&desk, "circular.txt").await;
    assert!(text.starts_with("SUBJECT: GRB 261120A: "), "{text}");
    assert!(
        text.lines().count() < 60 && !text.contains('\t') && text.is_ascii(),
        "{text}"
    );
    let (_, page) = desk.page("/bursts/1/circular").await;
    assert!(
        page.contains("https://gcn.nasa.gov/circulars/new?subject=GRB%20261120A:"),
        "{page}"
    );
    assert!(
        page.contains("&#38;body=") || page.contains("&amp;body="),
        "{page}"
    );
    assert!(!page.contains("<b>Eve</b>"));
    let jar = cookie(&desk, "ada@example.org", crate::people::PASSWORD)
        .await
        .unwrap();
    let own = desk
        .client
        .get(desk.url("/bursts/1/circular?observer=me"))
        .header("cookie", jar);
    let own = own.send().await.unwrap().text().await.unwrap();
    assert!(
        own.contains("&#62; 19.5") || own.contains("&gt; 19.5"),
        "{own}"
    );
    assert!(!own.contains("18.25"));
}

#[tokio::test]
async fn the_aavsos_code_is_kept_in_capitals_and_judged() {
    let desk = TestApp::serve().await;
    member(&desk, "ada@example.org").await;
    let jar = cookie(&desk, "ada@example.org", crate::people::PASSWORD)
        .await
        .unwrap();
    let send = async |code: &str| {
        let fields = [("aavso_code", code), ("tell", "followed")];
        let answer = form(&desk, "/observations/settings", &jar, &fields)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(send(" tst01 ").await.0, 303);
    for wrong in ["A", "ABCDEF", "A B", "É12", "12345", "#A", "A,B"] {
        let (status, page) = send(wrong).await;
        assert_eq!(status, 422, "{wrong}");
        assert!(
            page.contains("Must be two to five letters and digits."),
            "{page}"
        );
        assert!(
            page.contains(&format!("value=\"{wrong}\"")),
            "what was typed is lost: {page}"
        );
    }
    let shown = desk
        .client
        .get(desk.url("/observations/settings"))
        .header("cookie", &jar);
    let shown = shown.send().await.unwrap().text().await.unwrap();
    assert!(shown.contains("value=\"TST01\""), "{shown}");
    assert_eq!(send("").await.0, 303);
    assert_eq!(desk.page("/observations/settings").await.0, 303);
}

#[tokio::test]
async fn what_two_missions_saw_is_one_light_in_the_sky() {
    let desk = night().await;
    // Another burst, which has nothing to do with it, and what was seen of it.
    desk.take(&gbm(785_074_798, Kind::Alert, 5)).await;
    desk.take(&gbm(785_074_799, Kind::Alert, 5)).await;
    observe(&desk.app, limit(3, 1)).await;
    run(
        &desk.app,
        "insert into burst_links (burst_id, other_id) values (1, 2), (2, 1)",
    )
    .await;
    let own = desk.json("/api/bursts/1/observations").await;
    assert_eq!(own["items"].as_array().unwrap().len(), 2);
    assert_eq!(desk.json("/api/bursts/2/observations").await, own);
    let (_, page) = desk.page("/bursts/2/observations").await;
    assert!(page.contains("18.25") && page.contains("data-burst=\"2 1\""));
    assert!(
        desk.page("/bursts/3/observations")
            .await
            .1
            .contains("data-burst=\"3\"")
    );
}

#[tokio::test]
async fn the_first_page_shows_what_was_seen_lately() {
    let desk = TestApp::serve().await;
    desk.take(&gbm(785_074_797, Kind::Alert, 5)).await;
    assert!(!desk.page("/").await.1.contains("What members saw"));
    let desk = night().await;
    let (_, page) = desk.page("/").await;
    assert!(
        page.contains("What members saw") && page.contains("18.25"),
        "{page}"
    );
    run(
        &desk.app,
        "update observations set hidden_at = 1, hidden_why = 'x'",
    )
    .await;
    assert!(!desk.page("/").await.1.contains("What members saw"));
}
