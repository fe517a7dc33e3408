//! The club's birthdays: who is shown to whom, on which day, and what calendar programs make of it.

use grb_app::platform::config::LeapDay;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::common::{Served, TestApp};
use crate::sites::Caller;

const READER: &str = "reader@example.org";

/// Somebody besides the reader, who shows this birthday.
async fn join(desk: &Served, name: &str, birthday: &str) {
    let (name, birthday) = (name.to_owned(), birthday.to_owned());
    let sql = "insert into members (email, email_key, full_name, notify, created_at, updated_at, confirmed_at, birthday, birthday_shown)
               values (?1, ?1, ?1, 'none', 1, 1, 1, ?2, 1)";
    let write = desk
        .app
        .db
        .write(move |tx| Ok(tx.execute(sql, [&name, &birthday])?));
    write.await.unwrap();
}

/// Changes the newest member.
const SHUT_OUT: &str =
    "update members set disabled_at = 2 where id = (select max(id) from members)";
const UNCONFIRMED: &str =
    "update members set confirmed_at = null where id = (select max(id) from members)";
const PRIVATE: &str =
    "update members set birthday_shown = 0 where id = (select max(id) from members)";

async fn run(desk: &Served, sql: &'static str) {
    let write = desk.app.db.write(move |tx| Ok(tx.execute_batch(sql)?));
    write.await.unwrap();
}

/// The address of the reader's feed, as the page gives it, without the host.
async fn feed_path(reader: &Caller<'_>) -> String {
    let (status, page) = reader.page("/birthdays").await;
    assert_eq!(status, 200);
    let (_, rest) = page.split_once("id=\"feed\"").unwrap();
    let (_, rest) = rest.split_once('>').unwrap();
    let (address, _) = rest.split_once('<').unwrap();
    assert!(
        page.contains(&address.replacen("http", "webcal", 1)),
        "{page}"
    );
    format!("/{}", address.splitn(4, '/').nth(3).unwrap())
}

/// What a calendar program gets, which brings no cookies.
async fn feed(desk: &Served, path: &str) -> String {
    let answer = desk.get(path).await;
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap()
}

/// Names and the days until their birthdays.
async fn listed(reader: &Caller<'_>) -> Vec<(String, i64)> {
    let (status, json) = reader.get("/api/birthdays").await;
    assert_eq!(status, 200);
    let one = |one: &Value| {
        let name = one["name"].as_str().unwrap().to_owned();
        (name, one["days"].as_i64().unwrap())
    };
    json["items"].as_array().unwrap().iter().map(one).collect()
}

#[tokio::test]
async fn who_shows_nothing_is_shown_nowhere() {
    let desk = TestApp::serve_at("2027-05-17T12:00:00Z", LeapDay::February28).await;
    let reader = Caller::new(&desk, READER).await;
    join(&desk, "Ada Shown", "1931-05-17").await;
    join(&desk, "Ben Private", "1932-05-17").await;
    run(&desk, PRIVATE).await;
    join(&desk, "Cleo Gone", "1933-05-17").await;
    run(&desk, SHUT_OUT).await;
    join(&desk, "Dan Unconfirmed", "1934-05-17").await;
    run(&desk, UNCONFIRMED).await;
    join(&desk, "Eva Dayless", "1935-05-17").await;
    run(
        &desk,
        "update members set birthday = null where full_name = 'Eva Dayless'",
    )
    .await;
    let path = feed_path(&reader).await;
    let everywhere = [
        reader.page("/birthdays").await.1,
        reader.page("/").await.1,
        reader.page("/api/birthdays").await.1,
        feed(&desk, &path).await,
    ];
    for text in &everywhere {
        assert!(text.contains("Ada Shown"), "{text}");
        for name in ["Private", "Gone", "Unconfirmed", "Dayless"] {
            assert!(!text.contains(name), "{name} in {text}");
        }
        for year in 1931..=1935 {
            assert!(!text.contains(&year.to_string()), "{year} in {text}");
        }
    }
    assert_eq!(
        reader.get("/api/birthdays").await.1,
        json!({"today": "2027-05-17", "items": [{"name": "Ada Shown", "month_day": "--05-17", "on": "2027-05-17", "days": 0}]})
    );
    run(
        &desk,
        "update members set birthday_shown = 0 where full_name = 'Ada Shown'",
    )
    .await;
    for path in ["/birthdays", "/", "/api/birthdays"] {
        assert!(!reader.page(path).await.1.contains("Shown"), "{path}");
    }
    assert!(!feed(&desk, &path).await.contains("Shown"));
}

#[tokio::test]
async fn strangers_are_asked_to_sign_in() {
    let desk = TestApp::serve_at("2027-05-17T12:00:00Z", LeapDay::February28).await;
    join(&desk, "Ada Shown", "--05-17").await;
    let page = desk.get("/birthdays").await;
    assert_eq!(page.status(), 303);
    assert_eq!(page.headers()["location"], "/sign-in?next=/birthdays");
    assert_eq!(desk.get("/api/birthdays").await.status(), 401);
    assert!(!desk.page("/").await.1.contains("Shown"));
    let renewed = desk.client.post(desk.url("/birthdays/renew")).send();
    assert_eq!(renewed.await.unwrap().headers()["location"], "/sign-in");
}

#[tokio::test]
async fn the_week_goes_over_new_year_by_the_clubs_clock() {
    // Still the 30th in UTC.
    let desk = TestApp::serve_at("2026-12-30T23:30:00Z", LeapDay::February28).await;
    let reader = Caller::new(&desk, READER).await;
    join(&desk, "Ada", "--12-30").await;
    join(&desk, "Ben", "--01-05").await;
    join(&desk, "Cleo", "--01-06").await;
    let days = |all: &[(&str, i64)]| -> Vec<(String, i64)> {
        all.iter()
            .map(|(name, days)| ((*name).to_owned(), *days))
            .collect()
    };
    assert_eq!(
        listed(&reader).await,
        days(&[("Ada", 0), ("Ben", 6), ("Cleo", 7)])
    );
    let (_, page) = reader.page("/birthdays").await;
    let (week, later) = page.split_once("The year ahead").unwrap();
    assert!(
        week.contains("Ada") && week.contains("Ben") && !week.contains("Cleo"),
        "{week}"
    );
    assert!(
        later.contains("January 2027") && later.contains("Cleo"),
        "{later}"
    );
    assert!(
        page.contains("Wednesday 30 December, by the club’s clock (UTC)"),
        "{page}"
    );
    assert!(page.contains("Today is Ada’s birthday."));

    desk.app.clock.advance(chrono::TimeDelta::hours(1));
    assert_eq!(
        listed(&reader).await,
        days(&[("Ben", 5), ("Cleo", 6), ("Ada", 364)])
    );
    assert!(
        reader
            .page("/birthdays")
            .await
            .1
            .contains("It is nobody’s today.")
    );
    let (_, home) = reader.page("/").await;
    assert!(
        home.contains("Birthdays this week: Ben on Tuesday and Cleo on Wednesday."),
        "{home}"
    );
}

#[tokio::test]
async fn a_leap_day_is_kept_as_the_club_has_it() {
    for (leap, kept, words) in [
        (
            LeapDay::February28,
            "2027-02-28",
            "29 February, kept on the 28th",
        ),
        (
            LeapDay::March1,
            "2027-03-01",
            "29 February, kept on 1 March",
        ),
    ] {
        let desk = TestApp::serve_at(&format!("{kept}T12:00:00Z"), leap).await;
        let reader = Caller::new(&desk, READER).await;
        join(&desk, "Ada", "1992-02-29").await;
        let (_, json) = reader.get("/api/birthdays").await;
        assert_eq!(
            json["items"],
            json!([{"name": "Ada", "month_day": "--02-29", "on": kept, "days": 0}])
        );
        let (_, page) = reader.page("/birthdays").await;
        assert!(page.contains(words), "{page}");
        assert!(
            reader
                .page("/")
                .await
                .1
                .contains("Today is Ada’s birthday.")
        );
    }
}

#[tokio::test]
async fn what_the_reader_shows_is_said_to_them() {
    let desk = TestApp::serve_at("2027-05-16T12:00:00Z", LeapDay::February28).await;
    let reader = Caller::new(&desk, READER).await;
    let (_, page) = reader.page("/birthdays").await;
    assert!(
        page.contains("Nobody shows theirs yet.") && page.contains("You have not entered yours.")
    );
    assert!(
        page.contains("href=\"/account#birthday\"") && page.contains("href=\"/birthday-star\"")
    );
    join(&desk, "Ben", "--11-30").await;
    run(
        &desk,
        "update members set birthday = '1980-05-17' where email = 'reader@example.org'",
    )
    .await;
    let (_, page) = reader.page("/birthdays").await;
    assert!(page.contains("Yours, 17 May, is seen by nobody here.") && !page.contains(">you<"));
    assert!(page.contains("Nobody’s until Saturday 22 May."), "{page}");
    assert!(
        !reader
            .page("/")
            .await
            .1
            .contains("href=\"/birthdays\">Birthdays</a></p>")
    );
    run(
        &desk,
        "update members set birthday_shown = 1 where email = 'reader@example.org'",
    )
    .await;
    let (_, page) = reader.page("/birthdays").await;
    assert!(page.contains("Members see yours, 17 May, and never the year."));
    assert!(page.contains("<span class=\"you\">you</span>"), "{page}");
    assert!(
        reader
            .page("/")
            .await
            .1
            .contains("Birthdays this week: you on Monday.")
    );
    desk.app.clock.advance(chrono::TimeDelta::days(1));
    assert!(reader.page("/").await.1.contains("Today is your birthday."));
}

#[tokio::test]
async fn the_feeds_address_is_the_members_and_only_the_newest_works() {
    let desk = TestApp::serve_at("2027-05-17T12:00:00Z", LeapDay::February28).await;
    let reader = Caller::new(&desk, READER).await;
    join(&desk, "Ada", "--05-17").await;
    let path = feed_path(&reader).await;
    assert!(path.starts_with("/birthdays/0/"), "{path}");
    let refused = async |path: &str| {
        let answer = desk.get(path).await;
        assert_eq!(answer.status(), 404, "{path}");
        assert!(!answer.text().await.unwrap().contains("Ada"), "{path}");
    };
    // Another desk's, another member's number, another turn's, and what is no token.
    let other = TestApp::serve_at("2027-05-17T12:00:00Z", LeapDay::February28).await;
    let stranger = Caller::new(&other, READER).await;
    refused(&feed_path(&stranger).await).await;
    let token = path.split('/').nth(3).unwrap();
    for (at, letter) in [(9, 'A'), (10, 'B'), (20, 'C'), (31, 'D')] {
        let mut letters: Vec<char> = token.chars().collect();
        letters[at] = if letters[at] == letter { 'x' } else { letter };
        refused(&path.replace(token, &letters.iter().collect::<String>())).await;
    }
    refused(&path.replace("/0/", "/1/")).await;
    refused(&path.replace("/0/", "/-1/")).await;
    refused(&path.replace("/0/", "/x/")).await;
    refused(&path.replace(token, &token[..11])).await;
    refused("/birthdays/0/x/birthdays.ics").await;

    let (status, _) = reader.post("/birthdays/renew", &[]).await;
    assert_eq!(status, 303);
    refused(&path).await;
    let newer = feed_path(&reader).await;
    assert!(feed(&desk, &newer).await.contains("Ada"));
    let (_, page) = reader.page("/birthdays?said=renewed").await;
    assert!(page.contains("This is your new address."));
    reader.post("/birthdays/renew", &[]).await;
    refused(&newer).await;
    let newest = feed_path(&reader).await;
    run(
        &desk,
        "update members set disabled_at = 2 where email = 'reader@example.org'",
    )
    .await;
    refused(&newest).await;
    run(
        &desk,
        "update members set disabled_at = null where email = 'reader@example.org'",
    )
    .await;
    assert!(feed(&desk, &newest).await.contains("Ada"));
    run(
        &desk,
        "delete from members where email = 'reader@example.org'",
    )
    .await;
    refused(&newest).await;
}

#[tokio::test]
async fn programs_that_look_again_get_the_feed_only_when_it_is_another() {
    let desk = TestApp::serve_at("2027-05-17T12:00:00Z", LeapDay::February28).await;
    let reader = Caller::new(&desk, READER).await;
    join(&desk, "Ada", "--05-17").await;
    let path = feed_path(&reader).await;
    let again = async |tag: &str| -> Response {
        let asked = desk.client.request(Method::GET, desk.url(&path));
        asked.header("if-none-match", tag).send().await.unwrap()
    };
    let first = desk.get(&path).await;
    assert_eq!(
        first.headers()["content-type"],
        "text/calendar; charset=utf-8"
    );
    assert_eq!(first.headers()["cache-control"], "private, no-cache");
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    assert!(
        first
            .text()
            .await
            .unwrap()
            .contains("DTSTAMP:20270517T120000Z\r\n")
    );
    desk.app.clock.advance(chrono::TimeDelta::days(200));
    for given in [
        tag.clone(),
        format!("\"other\", {tag}"),
        tag.replace("W/", ""),
        "*".into(),
    ] {
        let answer = again(&given).await;
        assert_eq!(answer.status(), 304, "{given}");
        assert_eq!(answer.headers()["etag"], *tag);
        assert_eq!(answer.text().await.unwrap(), "");
    }
    assert_eq!(again("W/\"other\"").await.status(), 200);
    run(
        &desk,
        "update members set full_name = 'Ida' where full_name = 'Ada'",
    )
    .await;
    let changed = again(&tag).await;
    assert_eq!(changed.status(), 200);
    assert!(changed.text().await.unwrap().contains("Ida’s birthday"));
}

#[tokio::test]
async fn names_stay_names_on_the_page_and_in_the_feed() {
    let desk = TestApp::serve_at("2027-05-17T12:00:00Z", LeapDay::February28).await;
    let reader = Caller::new(&desk, READER).await;
    join(&desk, "<script>alert(1)</script>", "--05-17").await;
    join(&desk, "Ada\r\nEND:VEVENT\r\nX-BAD:1", "--05-18").await;
    let path = feed_path(&reader).await;
    let text = feed(&desk, &path).await;
    assert!(
        text.contains("SUMMARY:<script>alert(1)</script>’s birthday\r\n"),
        "{text}"
    );
    assert!(
        text.contains("SUMMARY:Ada  END:VEVENT  X-BAD:1’s birthday\r\n"),
        "{text}"
    );
    for page in ["/birthdays", "/"] {
        let (_, text) = reader.page(page).await;
        assert!(text.contains("&#60;script&#62;alert(1)"), "{text}");
        assert!(!text.contains("<script>alert"), "{text}");
    }
}

/// Those of the feeds in the fixtures.
const GUESTS: [(&str, &str); 8] = [
    ("Vera Lindqvist", "1986-05-17"),
    ("Leap Day", "1992-02-29"),
    ("Sylvester", "--12-31"),
    ("New Year, Jr.", "--01-01"),
    (r"Back\slash; semicolon, comma\n", "--02-28"),
    ("Zoë 🌟🔭 Ørsted", "--03-01"),
    (
        "Maximiliane Hildegard Adelheid von und zu Hohenlohe-Waldenburg-Schillingsfürst der Ältere von 100 Z.",
        "--07-07",
    ),
    (
        "望远镜望远镜望远镜望远镜望远镜望远镜望远镜望远镜望远镜望远镜🌌🌌🌌🌌🌌🌌🌌🌌🌌🌌",
        "--10-05",
    ),
];

/// The calendar's days of one of them, in the years of the fixture.
fn kept(birthday: &str, leap: LeapDay) -> Vec<String> {
    let birthday: grb_app::accounts::Birthday = birthday.parse().unwrap();
    (2024..2030)
        .chain([2100])
        .map(|year| birthday.in_year(year, leap).to_string())
        .collect()
}

#[tokio::test]
async fn calendar_programs_show_each_birthday_on_its_day() {
    let folder = std::path::Path::new("tests/fixtures/birthdays");
    let oracle = std::fs::read_to_string(folder.join("feeds.json")).unwrap();
    let oracle: Value = serde_json::from_str(&oracle).unwrap();
    for (name, leap) in [
        ("february-28", LeapDay::February28),
        ("march-1", LeapDay::March1),
    ] {
        let desk = TestApp::serve_at("2027-05-17T12:00:00Z", leap).await;
        let reader = Caller::new(&desk, READER).await;
        for (guest, birthday) in GUESTS {
            join(&desk, guest, birthday).await;
        }
        let path = feed_path(&reader).await;
        let text = feed(&desk, &path).await;
        // What examples/make_birthday_fixtures.py then reads.
        let file = folder.join(format!("{name}.ics"));
        if std::env::var("GOLDEN").is_ok_and(|word| word == "write") {
            std::fs::write(&file, &text).unwrap();
            continue;
        }
        assert_eq!(text, std::fs::read_to_string(&file).unwrap());
        let read = &oracle[name];
        assert_eq!(
            (&read["name"], &read["refresh"]),
            (&json!("grb-app: birthdays"), &json!(43200.0))
        );
        let events = read["events"].as_array().unwrap();
        assert_eq!(events.len(), GUESTS.len());
        for ((guest, birthday), event) in GUESTS.iter().zip(events) {
            assert_eq!(event["summary"], format!("{guest}’s birthday"));
            assert_eq!(event["on"], json!(kept(birthday, leap)), "{guest}");
        }
    }
}
