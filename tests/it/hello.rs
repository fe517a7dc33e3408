//! The hello API as scripts meet it, and that it has none of the faults that the one before it had.
//!
//! Two of those are shown elsewhere: readiness that follows the database in `web.rs`, and the start on a database that does
//! not answer in `commands.rs`. There is no order of containers to get wrong: the database is a file.

use std::num::NonZeroU32;
use std::sync::Arc;

use grb_app::platform::config::LeapDay;
use grb_app::platform::{App, Clock};
use reqwest::Response;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::common::{self, NOW, Served, TestApp, count};

async fn put_text(desk: &Served, path: &str, body: impl Into<reqwest::Body>) -> Response {
    let request = desk.client.put(desk.url(path)).body(body);
    let request = request.header("content-type", "application/json");
    request.send().await.unwrap()
}

async fn put(desk: &Served, name: &str, born: &str) -> Response {
    let body = json!({ "dateOfBirth": born }).to_string();
    put_text(desk, &format!("/hello/{name}"), body).await
}

/// Stores a date that must be taken.
async fn store(desk: &Served, name: &str, born: &str) {
    let answer = put(desk, name, born).await;
    assert_eq!(answer.status(), 204, "{name}");
    assert!(answer.bytes().await.unwrap().is_empty());
}

async fn message(desk: &Served, path: &str) -> String {
    let greeting = desk.json(path).await;
    let fields = greeting.as_object().unwrap();
    assert_eq!(fields.len(), 1, "{greeting}");
    fields["message"].as_str().unwrap().to_owned()
}

/// The problem that an answer must be (RFC 9457).
async fn problem(answer: Response, status: u16) -> Value {
    assert_eq!(answer.status(), status);
    let kind = &answer.headers()["content-type"];
    assert_eq!(kind, "application/problem+json");
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["status"], status);
    assert_eq!(problem["type"], "about:blank");
    problem
}

/// The fields that a 422 names.
async fn faulty(answer: Response) -> Vec<String> {
    let problem = problem(answer, 422).await;
    let faults = problem["errors"].as_array().unwrap().iter();
    faults
        .map(|fault| fault["field"].as_str().unwrap().to_owned())
        .collect()
}

/// With the clock at 22:00 UTC on 20 November 2026, and settings of its own.
async fn desk_with(change: impl FnOnce(&mut grb_app::platform::Config)) -> Served {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let mut config = common::config(folder.path());
    change(&mut config);
    let app = App::open(config, Clock::fixed(*NOW)).unwrap();
    TestApp { app, folder }.served().await
}

#[tokio::test]
async fn what_its_predecessor_was_tested_for_holds() {
    let desk = TestApp::serve().await;
    store(&desk, "pepe", "2000-01-01").await;
    assert!(message(&desk, "/hello/pepe").await.contains("Pepe"));
    let nobody = problem(desk.get("/hello/marcos").await, 404).await;
    assert_eq!(nobody["detail"], "User not found");
    let unborn = problem(put(&desk, "victor", "2050-01-01").await, 400).await;
    assert_eq!(unborn["detail"], "Date of birth must be in the past");
    assert_eq!(desk.get("/hello/victor").await.status(), 404);
}

#[tokio::test]
async fn the_words_are_those_of_the_contract() {
    let desk = TestApp::serve().await;
    store(&desk, "Pepe", "2000-11-20").await;
    let happy = "Hello, Pepe! Happy birthday!";
    // The letters of the request count, and only their first is large.
    for name in ["pepe", "PEPE", "pEPE", "%50epe"] {
        assert_eq!(message(&desk, &format!("/hello/{name}")).await, happy);
    }
    store(&desk, "pePE", "2000-11-21").await;
    assert_eq!(
        message(&desk, "/hello/pepe").await,
        "Hello, Pepe! Your birthday is in 1 day(s)"
    );
    store(&desk, "pepe", "2000-11-19").await;
    assert_eq!(
        message(&desk, "/hello/pepe").await,
        "Hello, Pepe! Your birthday is in 364 day(s)"
    );
    assert_eq!(
        count(&desk.app, "select count(*) from hello_names").await,
        1
    );
}

#[tokio::test]
async fn only_a_date_of_the_right_form_is_one() {
    let desk = TestApp::serve().await;
    let wrong = [
        "0",
        "946684800",
        "946684800.5",
        "-1",
        "true",
        "null",
        "[]",
        "{}",
        "\"2000-01-01T00:00:00\"",
        "\"2000-01-01T00:00:00Z\"",
        "\"2000-01-01 00:00\"",
        "\"946684800\"",
        "\"2000-1-1\"",
        "\"01-01-2000\"",
        "\"2000/01/01\"",
        "\"20000101\"",
        "\" 2000-01-01\"",
        "\"2000-01-01\\n\"",
        "\"+2000-01-1\"",
        "\"٢٠٠٠-٠١-٠١\"",
        "\"\"",
        "\"2000-02-30\"",
        "\"1999-02-29\"",
        "\"1900-02-29\"",
        "\"2000-13-01\"",
        "\"2000-00-10\"",
        "\"2000-01-00\"",
        "\"1899-12-31\"",
        "\"0000-01-01\"",
        "\"--05-17\"",
    ];
    for date in wrong {
        let body = format!("{{\"dateOfBirth\":{date}}}");
        let answer = put_text(&desk, "/hello/pepe", body).await;
        assert_eq!(faulty(answer).await, ["dateOfBirth"], "{date}");
    }
    for body in ["{}", "{\"date_of_birth\":\"2000-01-01\"}"] {
        let answer = put_text(&desk, "/hello/pepe", body).await;
        assert_eq!(faulty(answer).await, ["dateOfBirth"], "{body}");
    }
    for body in [
        "",
        "{",
        "[\"2000-01-01\"]",
        "\"2000-01-01\"",
        "null",
        "{\"dateOfBirth\":\"2000-01-01\"",
        "\u{feff}{}",
    ] {
        let answer = put_text(&desk, "/hello/pepe", body).await;
        assert_eq!(faulty(answer).await, ["body"], "{body}");
    }
    assert_eq!(desk.get("/hello/pepe").await.status(), 404);
    for right in ["1900-01-01", "2000-02-29", "2026-11-19"] {
        store(&desk, "pepe", right).await;
    }
    let more = "{\"dateOfBirth\":\"2000-01-01\",\"shoes\":42}";
    assert_eq!(put_text(&desk, "/hello/pepe", more).await.status(), 204);
}

#[tokio::test]
async fn every_faulty_field_is_named_at_once() {
    let desk = TestApp::serve().await;
    let body = "{\"dateOfBirth\":0}";
    let path = "/hello/p3pe?time_zone=Mars/Olympus";
    assert_eq!(
        faulty(put_text(&desk, path, body).await).await,
        ["username", "time_zone", "dateOfBirth"]
    );
    assert_eq!(
        faulty(put_text(&desk, "/hello/p3pe", "{").await).await,
        ["username", "body"]
    );
    // What cannot be read comes before what cannot be.
    assert_eq!(
        faulty(put(&desk, "p3pe", "2050-01-01").await).await,
        ["username"]
    );
    assert_eq!(
        faulty(desk.get(path).await).await,
        ["username", "time_zone"]
    );
    assert_eq!(
        faulty(desk.get("/hello/pepe?time_zone=").await).await,
        ["time_zone"]
    );
}

#[tokio::test]
async fn a_name_has_nothing_but_letters() {
    let desk = TestApp::serve().await;
    let long = "a".repeat(256);
    for name in [
        "pepe%0A",
        "pepe%0D%0A",
        "%0Apepe",
        "pepe%00",
        "jos%C3%A9",
        "josé",
        "pe%20pe",
        "pe+pe",
        "pe%2Fpe",
        "pe.pe",
        "p3pe",
        "pe-pe",
        "%FF",
        "%EF%AC%81",
        "%E2%84%AA",
        "..%2Fhealth",
        "pepe%",
        &long,
    ] {
        assert_eq!(
            faulty(desk.get(&format!("/hello/{name}")).await).await,
            ["username"],
            "{name}"
        );
        assert_eq!(
            faulty(put(&desk, name, "2000-01-01").await).await,
            ["username"],
            "{name}"
        );
    }
    for path in ["/hello", "/hello/", "/hello/pe/pe"] {
        assert_eq!(desk.get(path).await.status(), 404, "{path}");
    }
    // Longer ones are kept too, though not in memory.
    for length in [1, 24, 25, 255] {
        let name = "x".repeat(length);
        store(&desk, &name, "2000-11-20").await;
        let shown = format!("X{}", &name[1..]);
        assert_eq!(
            message(&desk, &format!("/hello/{name}")).await,
            format!("Hello, {shown}! Happy birthday!")
        );
    }
}

#[tokio::test]
async fn a_body_is_json_and_small() {
    let desk = TestApp::serve().await;
    let body = "{\"dateOfBirth\":\"2000-01-01\"}";
    let plain = desk.client.put(desk.url("/hello/pepe")).body(body);
    problem(plain.send().await.unwrap(), 415).await;
    let form = desk.client.put(desk.url("/hello/pepe")).body(body);
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    problem(form.send().await.unwrap(), 415).await;
    let padded = |bytes: usize| format!("{body}{}", " ".repeat(bytes - body.len()));
    assert_eq!(
        put_text(&desk, "/hello/pepe", padded(4096)).await.status(),
        204
    );
    let answer = problem(put_text(&desk, "/hello/pepe", padded(4097)).await, 413).await;
    assert!(
        answer["detail"].as_str().unwrap().contains("4096 bytes"),
        "{answer}"
    );
    // The same where its length is not said beforehand.
    let answer = in_chunks(&desk, &padded(5000)).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let answer = in_chunks(&desk, &padded(4000)).await;
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    assert_eq!(
        desk.client
            .post(desk.url("/hello/pepe"))
            .send()
            .await
            .unwrap()
            .status(),
        405
    );
    assert_eq!(
        desk.client
            .delete(desk.url("/hello/pepe"))
            .send()
            .await
            .unwrap()
            .status(),
        405
    );
}

/// The answer to a PUT that does not say beforehand how long it is.
async fn in_chunks(desk: &Served, body: &str) -> String {
    let mut connection = tokio::net::TcpStream::connect(desk.address).await.unwrap();
    let head = "PUT /hello/pepe HTTP/1.1\r\nHost: desk\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let request = format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn today_is_that_of_the_club_or_of_who_asks() {
    // 22:00 UTC: the 21st in Auckland, still the 20th in Honolulu.
    let desk = desk_with(|config| config.time_zone = chrono_tz::Pacific::Auckland).await;
    store(&desk, "pepe", "1990-11-21").await;
    let happy = "Hello, Pepe! Happy birthday!";
    let tomorrow = "Hello, Pepe! Your birthday is in 1 day(s)";
    assert_eq!(message(&desk, "/hello/pepe").await, happy);
    for (zone, words) in [
        ("Pacific/Honolulu", tomorrow),
        ("Pacific%2FHonolulu", tomorrow),
        ("UTC", tomorrow),
        ("Pacific/Kiritimati", happy),
        ("Etc/GMT%2B12", tomorrow),
    ] {
        assert_eq!(
            message(&desk, &format!("/hello/pepe?time_zone={zone}")).await,
            words,
            "{zone}"
        );
    }
    // Born today is too late, born yesterday is not; today as where it is asked.
    assert_eq!(put(&desk, "eva", "2026-11-21").await.status(), 400);
    assert_eq!(put(&desk, "eva", "2026-11-20").await.status(), 204);
    assert_eq!(
        put(&desk, "eva?time_zone=UTC", "2026-11-20").await.status(),
        400
    );
    assert_eq!(
        put(&desk, "eva?time_zone=UTC", "2026-11-19").await.status(),
        204
    );
}

#[tokio::test]
async fn who_was_born_on_29_february_is_greeted_every_year() {
    for (leap_day, on, after) in [
        (LeapDay::February28, "2027-02-28T12:00:00Z", 0),
        (LeapDay::March1, "2027-02-28T12:00:00Z", 1),
        (LeapDay::March1, "2027-03-01T12:00:00Z", 0),
        (LeapDay::February28, "2027-03-01T12:00:00Z", 365),
        (LeapDay::February28, "2028-02-28T12:00:00Z", 1),
        (LeapDay::March1, "2028-02-29T12:00:00Z", 0),
    ] {
        let desk = desk_with(|config| config.leap_day = leap_day).await;
        store(&desk, "leo", "2000-02-29").await;
        desk.app
            .clock
            .advance(on.parse::<chrono::DateTime<chrono::Utc>>().unwrap() - *NOW);
        let words = match after {
            0 => "Hello, Leo! Happy birthday!".to_owned(),
            days => format!("Hello, Leo! Your birthday is in {days} day(s)"),
        };
        assert_eq!(
            message(&desk, "/hello/leo").await,
            words,
            "{on} {leap_day:?}"
        );
    }
}

/// The predecessor kept one connection for ever and answered 500 from its first fault on.
#[tokio::test]
async fn a_fault_of_the_database_ends_when_it_ends() {
    let desk = TestApp::serve().await;
    let long = "x".repeat(30);
    store(&desk, &long, "2000-11-20").await;
    store(&desk, "pepe", "2000-11-20").await;
    let path = format!("/hello/{long}");
    let rename = |from: &'static str, to: &'static str| {
        let sql = format!("alter table {from} rename to {to}");
        let done = desk.app.db.write(move |tx| Ok(tx.execute_batch(&sql)?));
        async move { done.await.unwrap() }
    };
    rename("hello_names", "elsewhere").await;
    for _ in 0..20 {
        problem(desk.get(&path).await, 500).await;
        problem(put(&desk, "pepe", "2000-01-01").await, 500).await;
    }
    // What is in memory is still what is stored.
    assert_eq!(
        message(&desk, "/hello/pepe").await,
        "Hello, Pepe! Happy birthday!"
    );
    rename("elsewhere", "hello_names").await;
    message(&desk, &path).await;
    store(&desk, "pepe", "2000-11-21").await;
    // Without a writer nothing is stored, and what was not stored is not told of.
    desk.app.db.close().await;
    let answer = put(&desk, "pepe", "2000-01-01").await;
    assert!(answer.headers().contains_key("retry-after"));
    problem(answer, 503).await;
    assert_eq!(desk.get("/health/ready").await.status(), 503);
    assert_eq!(
        message(&desk, "/hello/pepe").await,
        "Hello, Pepe! Your birthday is in 1 day(s)"
    );
}

#[tokio::test]
async fn what_was_written_is_read_whoever_writes_beside() {
    let desks = [TestApp::serve().await, TestApp::serve().await];
    let desks = Arc::new(desks);
    let writers = (0..48_u8).map(|n| {
        let desks = desks.clone();
        tokio::spawn(async move {
            // Two desks in one process: each has names of its own.
            let desk = &desks[usize::from(n % 2)];
            let name = format!(
                "w{}{}",
                char::from(b'a' + n % 24),
                char::from(b'a' + n / 24)
            );
            for day in 1..=9 {
                store(desk, &name, &format!("1990-12-0{day}")).await;
                let words = message(desk, &format!("/hello/{name}")).await;
                let days = 10 + day;
                assert!(words.ends_with(&format!("is in {days} day(s)")), "{words}");
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    for desk in desks.iter() {
        assert_eq!(
            count(&desk.app, "select count(*) from hello_names").await,
            24
        );
    }
    assert_eq!(desks[0].get("/hello/wba").await.status(), 404);
    assert_eq!(desks[1].get("/hello/wba").await.status(), 200);
}

/// A name for a number.
fn letters(n: u32) -> String {
    let digits = n.to_string().into_bytes().into_iter();
    digits
        .map(|digit| char::from(digit - b'0' + b'a'))
        .collect()
}

#[tokio::test]
async fn names_outlast_a_restart_also_in_the_middle_of_reading_them() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let app = TestApp::in_folder(folder.clone()).app;
    let filling = app.db.write(|tx| {
        for n in 0..30_000 {
            tx.prepare_cached("insert into hello_names values (?1, '1990-11-25')")?
                .execute([letters(n)])?;
        }
        Ok(())
    });
    filling.await.unwrap();
    app.db.close().await;
    drop(app);
    for round in 0..3 {
        let desk = TestApp::in_folder(folder.clone()).served().await;
        let next = letters(10 * round + 1);
        // The first request begins to read the table; these come meanwhile.
        for n in [0, 29_999, 15_000, 777] {
            let path = format!("/hello/{}", letters(n));
            assert!(message(&desk, &path).await.ends_with("is in 5 day(s)"));
            assert_eq!(desk.get("/hello/zzz").await.status(), 404);
        }
        store(&desk, &next, "1990-11-26").await;
        store(&desk, &format!("new{next}"), "1990-11-26").await;
        for earlier in 0..=round {
            let earlier = letters(10 * earlier + 1);
            for path in [format!("/hello/{earlier}"), format!("/hello/new{earlier}")] {
                assert!(
                    message(&desk, &path).await.ends_with("is in 6 day(s)"),
                    "{path}"
                );
            }
        }
        desk.app.db.close().await;
        drop(desk);
        unlocked(&folder).await;
    }
}

/// Waits until the server before has let go of the folder.
async fn unlocked(folder: &tempfile::TempDir) {
    for _ in 0..100 {
        let lock = std::fs::File::open(folder.path().join("grb-app.lock")).unwrap();
        if lock.try_lock().is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the folder is still in use");
}

#[tokio::test]
async fn who_writes_too_fast_waits_and_who_reads_does_not() {
    let desk = desk_with(|config| config.rates.writes = NonZeroU32::new(1000).unwrap()).await;
    for n in 0..1000 {
        store(&desk, &letters(n), "1990-11-25").await;
    }
    let answer = put(&desk, "onemore", "1990-11-25").await;
    assert!(answer.headers().contains_key("retry-after"));
    problem(answer, 429).await;
    for n in 0..1001 {
        let status = if n < 1000 { 200 } else { 404 };
        assert_eq!(
            desk.get(&format!("/hello/{}", letters(n))).await.status(),
            status
        );
    }
    desk.app.clock.advance(chrono::TimeDelta::seconds(1));
    store(&desk, "onemore", "1990-11-25").await;
}

#[tokio::test]
async fn its_counters_are_prometheus_text() {
    let desk = TestApp::serve().await;
    let counters = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let shown = counters.handle();
    let _here = metrics::set_default_local_recorder(&counters);
    store(&desk, "pepe", "2000-01-01").await;
    put(&desk, "pepe", "2050-01-01").await;
    put_text(&desk, "/hello/pepe", "{").await;
    message(&desk, "/hello/pepe").await;
    desk.get("/hello/nobody").await;
    desk.get("/hello/n0body").await;
    let lines = shown.render();
    for (method, outcome, times) in [
        ("PUT", "ok", 1),
        ("PUT", "refused", 2),
        ("GET", "ok", 1),
        ("GET", "unknown", 1),
        ("GET", "refused", 1),
    ] {
        let line = format!(
            "grb_hello_requests_total{{method=\"{method}\",outcome=\"{outcome}\"}} {times}"
        );
        assert!(
            lines.lines().any(|shown| shown == line),
            "{line} is not in {lines}"
        );
    }
    // The page itself is text, not JSON's idea of one.
    grb_app::platform::telemetry::start_counting();
    let page = desk.get("/metrics").await;
    assert!(
        page.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
    assert!(!page.text().await.unwrap().starts_with('"'));
}

#[tokio::test]
async fn it_is_described() {
    let desk = TestApp::serve().await;
    let document = desk.json("/api/openapi.json").await;
    let path = &document["paths"]["/hello/{username}"];
    let of = |method: &str, list: &str| path[method][list].clone();
    assert_eq!(
        of("get", "parameters").as_array().unwrap().len(),
        2,
        "{path}"
    );
    for status in ["204", "400", "413", "415", "422", "429", "503"] {
        assert!(of("put", "responses")[status].is_object(), "{status}");
    }
    let body = &document["components"]["schemas"]["Born"]["properties"]["dateOfBirth"];
    assert_eq!(body["format"], "date", "{document}");
}
