//! What the greeting says, to whom it goes, and how it ends.

use chrono::{DateTime, TimeDelta, Utc};
use grb_app::hello::greetings::compose;
use grb_app::platform::App;
use grb_app::platform::outbox::{Channel, Composed, Letter, Order};
use serde_json::json;

use super::{greet, greetings, joins};
use crate::common::{NOW, Served, TestApp, count};
use crate::handing_on::run;

/// A desk at 12:00 in Paris on 21 November 2026, whose member 1, Vera Lindqvist, has this birthday.
async fn noon(birthday: &str) -> Served {
    let desk = TestApp::serve().await;
    desk.app.clock.advance(TimeDelta::hours(13));
    assert_eq!(desk.app.clock.now(), time("2026-11-21T11:00:00Z"));
    joins(&desk.app, 1, Some("Europe/Paris"), birthday).await;
    desk
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn later(app: &App, minutes: i64) {
    app.clock.advance(TimeDelta::minutes(minutes));
    greet(app).await;
}

/// What the outbox makes of member 1's greeting now.
async fn composed(app: &App) -> Composed {
    let order = Order {
        id: 1,
        key: "birthday:1:2026".into(),
        channel: Channel::Mail,
        address: "m1@example.org".into(),
        member: Some(1),
        payload: json!({}),
        created_at: app.clock.now(),
        at: app.clock.now(),
    };
    compose(app.clone(), order).await.unwrap()
}

async fn letter(app: &App) -> Letter {
    match composed(app).await {
        Composed::Letter(letter) => *letter,
        other => panic!("{other:?}"),
    }
}

async fn nothing(app: &App) -> String {
    match composed(app).await {
        Composed::Nothing(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_letter_greets_by_name_and_asks_for_the_year_without_telling_an_age() {
    let desk = noon("--11-21").await;
    greet(&desk.app).await;
    assert_eq!(greetings(&desk.app).await.len(), 1);
    let without = letter(&desk.app).await;
    assert_eq!(without.subject, "Happy birthday, Vera!");
    assert_eq!(without.to_name.as_deref(), Some("Vera Lindqvist"));
    let account = format!("{}/account#birthday", desk.app.config.base_url());
    for text in [&without.text, &without.html] {
        assert!(text.contains("Happy birthday, Vera!"), "{text}");
        assert!(text.contains("the year of your birth"), "{text}");
        assert!(text.contains(&account), "{text}");
        assert!(text.contains(without.unsubscribe.as_ref().unwrap()));
    }
    run(
        &desk.app,
        "update members set birthday = '1973-11-21' where id = 1",
    )
    .await;
    let with = letter(&desk.app).await;
    for text in [&with.text, &with.html] {
        assert!(!text.contains("the year of your birth"), "{text}");
        assert!(
            !text.contains("years old"),
            "nobody asked for an age: {text}"
        );
    }
}

#[tokio::test]
async fn names_are_words_and_titles_no_names() {
    let desk = noon("--11-21").await;
    run(
        &desk.app,
        "update members set full_name = '<b>Ada</b> Owl' where id = 1",
    )
    .await;
    let ada = letter(&desk.app).await;
    assert_eq!(ada.subject, "Happy birthday, <b>Ada</b>!");
    assert!(!ada.html.contains("<b>"), "{}", ada.html);
    for (name, called) in [
        ("Dr. Grace Hopper", "Dr. Grace Hopper"),
        ("J. Bell", "J. Bell"),
        ("Ptolemy", "Ptolemy"),
    ] {
        let rename = move |tx: &grb_app::platform::Tx| {
            Ok(tx.execute("update members set full_name = ?1 where id = 1", [name])?)
        };
        desk.app.db.write(rename).await.unwrap();
        assert_eq!(
            letter(&desk.app).await.subject,
            format!("Happy birthday, {called}!")
        );
    }
}

#[tokio::test]
async fn it_looks_again_before_it_leaves() {
    let desk = noon("1990-11-21").await;
    greet(&desk.app).await;
    for (change, back, why) in [
        (
            "update members set disabled_at = 1",
            "update members set disabled_at = null",
            "may not enter",
        ),
        (
            "update members set confirmed_at = null",
            "update members set confirmed_at = 1",
            "may not enter",
        ),
        (
            "update members set birthday_letter = 0",
            "update members set birthday_letter = 1",
            "wants no letter",
        ),
        (
            "update members set birthday = null",
            "update members set birthday = '1990-11-21'",
            "not known",
        ),
        (
            "update members set birthday = '1990-11-22'",
            "update members set birthday = '1990-11-21'",
            "not the member's birthday",
        ),
        (
            "update sites set time_zone = 'Pacific/Kiritimati'",
            "update sites set time_zone = 'Europe/Paris'",
            "not the member's birthday",
        ),
    ] {
        run(&desk.app, change).await;
        let said = nothing(&desk.app).await;
        assert!(said.contains(why), "{change}: {said}");
        run(&desk.app, back).await;
        letter(&desk.app).await;
    }
    run(&desk.app, "delete from members").await;
    assert!(nothing(&desk.app).await.contains("left"));
    assert_eq!(
        count(&desk.app, "select count(*) from greetings").await,
        0,
        "what is kept of a member goes with the member"
    );
}

#[tokio::test]
async fn only_who_may_enter_and_wants_it_is_greeted() {
    for closed in [
        "update members set disabled_at = 1",
        "update members set confirmed_at = null",
        "update members set birthday_letter = 0",
        "update members set birthday = null",
        "update members set birthday = '--11-20'",
        "update members set birthday = '--11-22'",
    ] {
        let desk = noon("1990-11-21").await;
        run(&desk.app, closed).await;
        greet(&desk.app).await;
        assert_eq!(greetings(&desk.app).await, [], "{closed}");
        // Let in again on the same day, the greeting comes.
        run(
            &desk.app,
            "update members set disabled_at = null, confirmed_at = 1, birthday_letter = 1, birthday = '--11-21'",
        )
        .await;
        later(&desk.app, 15).await;
        assert_eq!(greetings(&desk.app).await.len(), 1, "{closed}");
    }
}

#[tokio::test]
async fn another_birthday_in_the_same_year_brings_no_second_letter() {
    let desk = noon("1990-11-21").await;
    greet(&desk.app).await;
    run(
        &desk.app,
        "update members set birthday = '1990-11-22'; delete from outbox",
    )
    .await;
    later(&desk.app, 24 * 60).await;
    assert_eq!(greetings(&desk.app).await, []);
    run(&desk.app, "update members set birthday = null").await;
    later(&desk.app, 60).await;
    run(&desk.app, "update members set birthday = '--11-22'").await;
    later(&desk.app, 60).await;
    assert_eq!(greetings(&desk.app).await, []);
    later(&desk.app, 365 * 24 * 60 - 120).await;
    assert_eq!(greetings(&desk.app).await[0].key, "birthday:1:2027");
}

#[tokio::test]
async fn a_clock_that_was_ahead_and_is_put_right_costs_nobody_the_greeting() {
    let desk = noon("1990-11-21").await;
    desk.app.clock.advance(TimeDelta::days(40));
    greet(&desk.app).await;
    assert_eq!(greetings(&desk.app).await, []);
    desk.app.clock.advance(TimeDelta::days(-40));
    greet(&desk.app).await;
    assert_eq!(greetings(&desk.app).await.len(), 1);
    later(&desk.app, 15).await;
    desk.app.clock.advance(TimeDelta::minutes(-60));
    greet(&desk.app).await;
    assert_eq!(
        greetings(&desk.app).await.len(),
        1,
        "once, however the clock goes"
    );
}

#[tokio::test]
async fn quiet_hours_that_hold_nine_put_it_off_within_the_day() {
    for (from, to, leaves) in [
        ("02:00", "11:30", "2026-11-21T10:30:00Z"),
        ("22:00", "08:59", "2026-11-21T08:00:00Z"),
        // They end on another day: at nine anyway.
        ("08:30", "02:00", "2026-11-21T08:00:00Z"),
    ] {
        let desk = TestApp::serve().await;
        joins(&desk.app, 1, Some("Europe/Paris"), "--11-21").await;
        let choose = move |tx: &grb_app::platform::Tx| {
            let quiet =
                json!({ "quiet_from": format!("{from}:00"), "quiet_to": format!("{to}:00") });
            Ok(tx.execute("update members set preferences = ?1", [quiet.to_string()])?)
        };
        desk.app.db.write(choose).await.unwrap();
        desk.app.clock.advance(TimeDelta::hours(10));
        greet(&desk.app).await;
        let came = greetings(&desk.app).await;
        assert_eq!(came.len(), 1);
        assert_eq!(came[0].posted, *NOW + TimeDelta::hours(10));
        assert_eq!(came[0].due, time(leaves), "quiet from {from} to {to}");
        match composed(&desk.app).await {
            Composed::Later(at, _) => assert_eq!(at, came[0].due),
            other => {
                assert!(matches!(other, Composed::Letter(_)), "{other:?}");
                assert_eq!(came[0].due, came[0].posted);
            }
        }
        desk.app.clock.advance(came[0].due - came[0].posted);
        letter(&desk.app).await;
    }
}

#[tokio::test]
async fn members_without_a_site_live_in_the_clubs_zone() {
    let desk = TestApp::serve().await;
    joins(&desk.app, 1, None, "--11-21").await;
    later(&desk.app, 10 * 60 + 59).await;
    assert_eq!(greetings(&desk.app).await, [], "08:59 UTC");
    later(&desk.app, 1).await;
    let came = greetings(&desk.app).await;
    assert_eq!(came[0].expires, time("2026-11-22T00:00:00Z"));
}

#[tokio::test]
async fn one_click_ends_these_letters_and_no_others() {
    let desk = noon("--11-21").await;
    let link = letter(&desk.app).await.unsubscribe.unwrap();
    let path = link.strip_prefix(&desk.app.config.base_url()).unwrap();
    let (status, page) = desk.page(path).await;
    assert!(
        status == 200 && page.contains("Stop the letters?") && page.contains("m…@example.org"),
        "{page}"
    );
    letter(&desk.app).await;
    let token = path.rsplit('/').next().unwrap();
    for other in ["/unsubscribe", "/observations/unsubscribe"] {
        let foreign = format!("{other}/{token}");
        assert_eq!(desk.page(&foreign).await.0, 404, "{foreign}");
    }
    // A mail provider's click: no cookie, no Origin.
    let click = desk.client.post(desk.url(path));
    let click = click.body("List-Unsubscribe=One-Click").send();
    assert_eq!(click.await.unwrap().status(), 200);
    assert!(nothing(&desk.app).await.contains("wants no letter"));
    let (_, page) = desk.page(path).await;
    assert!(page.contains("No more letters"), "{page}");
    let rest = "select count(*) from members where notify = 'every' and birthday = '--11-21' and not birthday_letter";
    assert_eq!(count(&desk.app, rest).await, 1);
}
