//! The birthday star, as a page, as JSON, and for a letter.

use chrono::NaiveDate;
use grb_app::hello::star::for_letter;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{NOW, Served, TestApp};
use crate::sites::{Caller, named};

const BORN: &str = "/birthday-star?born=2001-11-20";

/// Gives a member a date of birth.
async fn is_born(desk: &Served, email: &'static str, on: &'static str) {
    let set = move |tx: &grb_app::platform::Tx| {
        tx.execute(
            "update members set birthday = ?2 where email = ?1",
            [email, on],
        )?;
        Ok(())
    };
    desk.app.db.write(set).await.unwrap();
}

async fn garden(ada: &Caller<'_>, name: &str, latitude: f64) {
    let site = json!({"name": name, "latitude": latitude, "longitude": 5.71, "time_zone": "Europe/Paris", "min_altitude": 0});
    let (status, made) = ada.json(Method::POST, "/api/sites", site).await;
    assert_eq!(status, 201, "{made}");
}

#[tokio::test]
async fn anyone_may_ask_for_a_star() {
    let desk = TestApp::serve().await;
    let (status, empty) = desk.page("/birthday-star").await;
    assert_eq!(status, 200);
    assert!(empty.contains(r#"type="date""#) && empty.contains(r#"class="light""#));

    let (status, page) = desk.page(BORN).await;
    assert_eq!(status, 200);
    for words in [
        "<title>The star of 20 November 2001",
        "<h1>Fomalhaut</h1>",
        "just about when you were born, give or take two months",
        "Fomalhaut (α Piscis Austrini)",
        "in Piscis Austrinus",
        "25.1 light-years, about 0.2 light-years either way",
        "one of the brightest in the sky",
        "The light of your birth reaches Fomalhaut itself about now",
        "Finding chart of Fomalhaut",
        "22h58m\u{2002}−29°37′<",
        "From where do you look?",
        r#"name="born" type="date" value="2001-11-20""#,
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
}

#[tokio::test]
async fn the_address_is_kept_out_of_search_engines_and_referrers() {
    let desk = TestApp::serve().await;
    let answer = desk.get(BORN).await;
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("x-robots-tag"), "noindex");
    assert_eq!(header("referrer-policy"), "same-origin");
    assert!(header("cache-control").contains("private"));
}

#[tokio::test]
async fn what_cannot_be_is_said_beside_the_input() {
    let desk = TestApp::serve().await;
    for (born, why) in [
        ("2090-01-01", "Is still to come"),
        ("1899-12-31", "Must not be before 1900"),
        ("2023-02-29", "Is a day that the calendar does not have"),
        ("yesterday", "Must be a date such as 1990-05-17"),
    ] {
        let (status, page) = desk.page(&format!("/birthday-star?born={born}")).await;
        assert_eq!(status, 422, "{born}");
        assert!(page.contains(why), "{born}: {page}");
        assert!(
            page.contains(&format!(r#"value="{born}""#)),
            "{born}: {page}"
        );
        let answer = desk
            .get(&format!("/api/birthday-star?born={born}&lat=91&lon=x"))
            .await;
        assert_eq!(answer.status(), 422);
        assert_eq!(named(&answer.json().await.unwrap()), ["born", "lat", "lon"]);
    }
    let (status, page) = desk.page(&format!("{BORN}&coordinates=%22%3Ex")).await;
    assert_eq!(status, 422);
    assert!(
        page.contains("Does not read as latitude and longitude"),
        "{page}"
    );
    assert!(page.contains(r#"value="&#34;&#62;x""#), "{page}");
    // Nothing but the place was wrong, so the star is told.
    assert!(page.contains("<h1>Fomalhaut</h1>"));
    let nowhere = desk
        .get("/api/birthday-star?born=2001-11-20&lat=4&lon=5&time_zone=Mars")
        .await;
    assert_eq!(nowhere.status(), 422);
    assert_eq!(named(&nowhere.json().await.unwrap()), ["time_zone"]);
    let missing = desk.get("/api/birthday-star").await;
    assert_eq!(named(&missing.json().await.unwrap()), ["born"]);
}

#[tokio::test]
async fn a_script_gets_figures() {
    let desk = TestApp::serve().await;
    let star = desk
        .json("/api/birthday-star?born=2001-11-20&lat=43.95&lon=5.71&time_zone=Europe/Paris")
        .await;
    assert_eq!(star["star"]["hip"], 113_368);
    assert_eq!(star["star"]["constellation"], "Piscis Austrinus");
    assert_eq!(star["fits"], true);
    assert!((star["travelled_ly"].as_f64().unwrap() - 25.0).abs() < 0.001);
    assert!((star["star"]["distance_ly"].as_f64().unwrap() - 25.07).abs() < 0.01);
    assert!(star["next"]["star"]["distance_ly"].as_f64().unwrap() > 25.0);
    // It set at 20:52 UTC, an hour before now.
    assert_eq!(star["tonight"]["when"], "later", "{star}");
    assert_eq!(star["tonight"]["time_zone"], "Europe/Paris");
    let unplaced = desk.json("/api/birthday-star?born=2024-11-20").await;
    assert_eq!(
        (&unplaced["tonight"], &unplaced["fits"]),
        (&Value::Null, &json!(false))
    );
    assert_eq!(unplaced["star"]["designation"], "α Centauri");
    let someones = desk.get("/api/birthday-star?born=2001-11-20&site=1").await;
    assert_eq!(someones.status(), 404);
}

#[tokio::test]
async fn a_member_is_told_from_their_own_sites() {
    let desk = TestApp::serve().await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    is_born(&desk, "ada@example.org", "1990-05-17").await;
    let (_, page) = ada.page("/birthday-star").await;
    assert!(
        page.contains(r#"Yours: <a href="/birthday-star?born=1990-05-17">17 May 1990</a>"#),
        "{page}"
    );
    let (_, page) = ada.page("/birthday-star?born=1990-05-17").await;
    assert!(page.contains("Add your site"), "{page}");

    garden(&ada, "Garden", 43.95).await;
    let (_, page) = ada.page("/birthday-star?born=1990-05-17").await;
    assert!(
        page.contains("<h3>Garden</h3>") && page.contains("Times: Europe/Paris"),
        "{page}"
    );
    assert!(
        !page.contains("Add your site") && !page.contains("From <a"),
        "{page}"
    );
    // From far south the same star never comes up.
    garden(&ada, "Hut", -77.8).await;
    let (_, sites) = ada.get("/api/sites").await;
    let hut = &sites["items"][1]["id"];
    let (_, page) = ada
        .page(&format!("/birthday-star?born=1990-05-17&site={hut}"))
        .await;
    assert!(
        page.contains("<h3>Hut</h3>") && page.contains("It never rises there."),
        "{page}"
    );
    assert!(
        page.contains(&format!(
            "/birthday-star?born=1990-05-17&amp;site={hut}#tonight"
        )) || page.contains(&format!(
            "/birthday-star?born=1990-05-17&#38;site={hut}#tonight"
        )),
        "{page}"
    );
    let (status, _) = ada.page("/birthday-star?born=1990-05-17&site=999").await;
    assert_eq!(status, 404);
    // Without the year there is no date to offer.
    is_born(&desk, "ada@example.org", "--05-17").await;
    assert!(!ada.page("/birthday-star").await.1.contains("Yours"));
}

#[tokio::test]
async fn a_letter_gets_the_same_in_plain_words() {
    let desk = TestApp::serve().await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    garden(&ada, "Garden", 43.95).await;
    let member = desk
        .app
        .db
        .read(|conn| grb_app::accounts::store::member(conn, 1))
        .await
        .unwrap();
    let born: NaiveDate = "1990-05-17".parse().unwrap();
    let told = for_letter(&desk.app, &member, born, *NOW)
        .await
        .unwrap()
        .unwrap();
    assert!(
        told.words[0].starts_with("The light of Arcturus that reaches you tonight"),
        "{told:?}"
    );
    let look = told.where_to_look.as_ref().unwrap();
    assert_eq!(look.heading, "Tonight at Garden");
    assert!(look.lines[0].starts_with("From 04:3"), "{told:?}");
    assert!(told.url.ends_with("/birthday-star?born=1990-05-17"));
    let picture = told.picture.unwrap();
    assert!(
        picture.png.starts_with(b"\x89PNG") && picture.png.len() < 100_000,
        "{}",
        picture.png.len()
    );
    assert!(picture.alt.contains("Arcturus"));
    let tomorrow = "2026-11-21".parse().unwrap();
    assert!(
        for_letter(&desk.app, &member, tomorrow, *NOW)
            .await
            .unwrap()
            .is_none()
    );
}
