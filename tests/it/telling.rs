//! Who hears of a new observation, in which letter, and how that ends.

use chrono::{DateTime, TimeDelta, Utc};
use grb_app::notices::Kind;
use grb_app::observations::model::{Observation, Photometry};
use grb_app::observations::telling::compose;
use grb_app::platform::outbox::{Channel, Composed, Letter, Order};
use reqwest::Method;
use serde_json::Value;

use crate::common::{NOW, Served, TestApp, count, gbm};
use crate::handing_on::{limit, observe, run};
use crate::people::{bearer, cookie, form, member};

const LETTERS: &str = "select count(*) from outbox where kind = 'observation'";

/// A burst; Ada (1) has observed it, Ben (2) follows it, Cleo (3) does not care.
async fn club() -> Served {
    let desk = TestApp::serve().await;
    desk.take(&gbm(785_074_797, Kind::Alert, 5)).await;
    for address in ["ada@example.org", "ben@example.org", "cleo@example.org"] {
        member(&desk, address).await;
    }
    observe(&desk.app, limit(1, 1)).await;
    assert_eq!(ask(&desk, Method::PUT, "ben@example.org", 1).await, 204);
    desk.app.clock.advance(TimeDelta::seconds(1));
    desk
}

async fn ask(desk: &Served, method: Method, who: &str, burst: i64) -> u16 {
    let url = desk.url(&format!("/api/bursts/{burst}/follow"));
    let token = bearer(desk, who).await;
    let asked = desk.client.request(method, url).bearer_auth(token);
    asked.send().await.unwrap().status().as_u16()
}

/// The letters in the outbox: member, due time, payload.
async fn letters(desk: &Served) -> Vec<(i64, DateTime<Utc>, Value)> {
    let read = |conn: &rusqlite::Connection| {
        let sql = "select member_id, due_at, payload from outbox where kind = 'observation' order by due_at, member_id";
        let mut select = conn.prepare(sql)?;
        let rows = select.query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?))
        })?;
        let rows = rows.map(|row| {
            let (member, due, payload): (i64, i64, String) = row?;
            let payload = serde_json::from_str(&payload).unwrap();
            Ok((
                member,
                DateTime::from_timestamp_micros(due).unwrap(),
                payload,
            ))
        });
        rows.collect()
    };
    desk.app.db.read(read).await.unwrap()
}

/// Members to whom a letter is in the outbox, as often as there is one.
async fn recipients(desk: &Served) -> Vec<i64> {
    let letters = letters(desk).await;
    letters.into_iter().map(|(to, ..)| to).collect()
}

/// The first letter to a member, as it would leave when it is due.
async fn composed(desk: &Served, member: i64) -> Composed {
    let all = letters(desk).await;
    let (_, at, payload) = all.into_iter().find(|(to, ..)| *to == member).unwrap();
    let order = Order {
        id: 1,
        key: "key".into(),
        channel: Channel::Mail,
        address: "ben@example.org".into(),
        member: Some(member),
        payload,
        created_at: at,
        at,
    };
    compose(desk.app.clone(), order).await.unwrap()
}

async fn letter(desk: &Served, member: i64) -> Letter {
    match composed(desk, member).await {
        Composed::Letter(letter) => *letter,
        other => panic!("{other:?}"),
    }
}

async fn nothing(desk: &Served, member: i64) -> String {
    match composed(desk, member).await {
        Composed::Nothing(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn followers_hear_of_it_but_not_who_observed_it() {
    let desk = club().await;
    observe(&desk.app, limit(1, 1)).await;
    let to = recipients(&desk).await;
    assert_eq!(to, [2], "Ben follows; Ada observed; Cleo does neither");
    observe(&desk.app, limit(1, 3)).await;
    let to = recipients(&desk).await;
    assert_eq!(to, [1, 2], "who has observed a burst follows it");
}

#[tokio::test]
async fn what_comes_within_a_quarter_of_an_hour_is_one_letter() {
    let desk = club().await;
    desk.app.clock.advance(TimeDelta::minutes(20));
    let seen = Photometry {
        magnitude: Some(17.25),
        error: Some(0.05),
        ..Photometry::default()
    };
    observe(
        &desk.app,
        Observation {
            photometry: seen,
            ..limit(1, 3)
        },
    )
    .await;
    desk.app.clock.advance(TimeDelta::minutes(9));
    observe(&desk.app, limit(1, 3)).await;
    desk.app.clock.advance(TimeDelta::minutes(2));
    observe(&desk.app, limit(1, 1)).await;
    let due: Vec<(i64, DateTime<Utc>)> = letters(&desk)
        .await
        .into_iter()
        .map(|(to, at, _)| (to, at))
        .collect();
    let slot = |minutes| *NOW + TimeDelta::minutes(minutes);
    assert_eq!(
        due,
        [(1, slot(30)), (2, slot(30)), (2, slot(45)), (3, slot(45))]
    );
    let first = letter(&desk, 2).await;
    assert!(
        first.subject.ends_with(": 2 new observations"),
        "{}",
        first.subject
    );
    for said in [
        "17.25 ± 0.05 mag in R",
        "Nothing seen down to 19.5 mag in R",
        "Ada Owl, Orion Hill",
        "/observations/2",
        "/bursts/1",
    ] {
        assert!(first.text.contains(said), "{said}: {}", first.text);
    }
    for said in [
        "17.25 ± 0.05 mag in R",
        "Nothing seen down to 19.5 mag in R",
        "Ada Owl, Orion Hill",
    ] {
        assert!(first.html.contains(said), "{said}: {}", first.html);
    }
    assert_eq!(first.thread.unwrap().root, "burst-1.member-2");
}

#[tokio::test]
async fn who_follows_later_hears_of_what_comes_later() {
    let desk = club().await;
    observe(&desk.app, limit(1, 1)).await;
    assert_eq!(ask(&desk, Method::PUT, "cleo@example.org", 1).await, 204);
    observe(&desk.app, limit(1, 1)).await;
    let to = recipients(&desk).await;
    assert_eq!(to, [2, 3], "Ben's letter gathers both");
    assert!(
        letter(&desk, 2)
            .await
            .subject
            .ends_with("2 new observations")
    );
    assert!(
        letter(&desk, 3)
            .await
            .subject
            .ends_with("a new observation")
    );
}

#[tokio::test]
async fn what_is_hidden_or_gone_meanwhile_is_not_told() {
    let desk = club().await;
    observe(&desk.app, limit(1, 3)).await;
    observe(
        &desk.app,
        Observation {
            instrument: "Second".into(),
            ..limit(1, 3)
        },
    )
    .await;
    assert!(letter(&desk, 2).await.text.contains("Second"));
    run(
        &desk.app,
        "update observations set hidden_at = 1, hidden_why = 'x' where instrument = 'Second'",
    )
    .await;
    let told = letter(&desk, 2).await;
    assert!(!told.text.contains("Second") && told.subject.ends_with("a new observation"));
    run(&desk.app, "delete from observations where member_id = 3").await;
    assert!(nothing(&desk, 2).await.contains("nothing of it"));
}

#[tokio::test]
async fn who_said_no_stays_unfollowed_though_they_observe() {
    let desk = club().await;
    assert_eq!(ask(&desk, Method::DELETE, "ada@example.org", 1).await, 204);
    observe(&desk.app, limit(1, 1)).await;
    observe(&desk.app, limit(1, 3)).await;
    let to = recipients(&desk).await;
    assert_eq!(to, [2]);
    // Said while the letter waits.
    assert_eq!(ask(&desk, Method::DELETE, "ben@example.org", 1).await, 204);
    assert!(nothing(&desk, 2).await.contains("no more"));
    assert_eq!(ask(&desk, Method::PUT, "ben@example.org", 99).await, 404);
    let stranger = desk
        .client
        .put(desk.url("/api/bursts/1/follow"))
        .send()
        .await
        .unwrap();
    assert_eq!(stranger.status(), 401);
}

#[tokio::test]
async fn who_may_not_enter_or_wants_nothing_gets_nothing() {
    let shut = [
        "update members set disabled_at = 1 where id = 2",
        "update members set confirmed_at = null where id = 2",
        "insert into observers (member_id, tell) values (2, 'none')",
    ];
    for shut in shut {
        let desk = club().await;
        observe(&desk.app, limit(1, 3)).await;
        assert_eq!(count(&desk.app, LETTERS).await, 2, "Ada and Ben");
        run(&desk.app, shut).await;
        assert!(nothing(&desk, 2).await.contains("no more"), "{shut}");
        desk.app.clock.advance(TimeDelta::hours(1));
        observe(&desk.app, limit(1, 3)).await;
        assert_eq!(count(&desk.app, LETTERS).await, 3, "Ada alone: {shut}");
    }
}

#[tokio::test]
async fn quiet_hours_make_one_letter_in_the_morning() {
    let desk = club().await;
    run(&desk.app, r#"update members set preferences = json_set(preferences, '$.quiet_from', '21:00:00', '$.quiet_to', '07:00:00') where id = 2"#).await;
    for _ in 0..3 {
        observe(&desk.app, limit(1, 3)).await;
        desk.app.clock.advance(TimeDelta::hours(2));
    }
    let ben: Vec<DateTime<Utc>> = letters(&desk)
        .await
        .into_iter()
        .filter(|(to, ..)| *to == 2)
        .map(|(_, at, _)| at)
        .collect();
    assert_eq!(
        ben,
        ["2026-11-21T07:00:00Z".parse::<DateTime<Utc>>().unwrap()]
    );
    assert!(
        letter(&desk, 2)
            .await
            .subject
            .ends_with("3 new observations")
    );
    // Chosen while the letter waits.
    run(&desk.app, r#"update members set preferences = json_set(preferences, '$.quiet_to', '08:00:00') where id = 2"#).await;
    assert!(
        matches!(composed(&desk, 2).await, Composed::Later(at, _) if at == "2026-11-21T08:00:00Z".parse::<DateTime<Utc>>().unwrap())
    );
}

#[tokio::test]
async fn one_click_ends_these_letters_and_no_others() {
    let desk = club().await;
    observe(&desk.app, limit(1, 3)).await;
    let link = letter(&desk, 2).await.unsubscribe.unwrap();
    let path = link
        .split_once("/observations/")
        .map(|(_, rest)| format!("/observations/{rest}"))
        .unwrap();
    let (status, page) = desk.page(&path).await;
    assert!(
        status == 200 && page.contains("Stop the letters?"),
        "{page}"
    );
    assert_eq!(
        count(&desk.app, "select count(*) from observers").await,
        0,
        "looking changes nothing"
    );
    let other = path.replace("/observations/unsubscribe/", "/unsubscribe/");
    assert_eq!(
        desk.page(&other).await.0,
        404,
        "it is no key to the letters about bursts"
    );
    // A mail provider's click: no cookie, no Origin.
    let click = desk
        .client
        .post(desk.url(&path))
        .body("List-Unsubscribe=One-Click");
    assert_eq!(click.send().await.unwrap().status(), 200);
    assert!(nothing(&desk, 2).await.contains("no more"));
    let others = "select count(*) from members where id = 2 and notify = 'every'";
    assert_eq!(count(&desk.app, others).await, 1);
    let ada = "select count(*) from observers where tell = 'none' and member_id <> 2";
    assert_eq!(count(&desk.app, ada).await, 0);
    assert_eq!(desk.page("/observations/unsubscribe/AAAA").await.0, 404);
}

#[tokio::test]
async fn words_of_others_stay_words() {
    let desk = club().await;
    run(
        &desk.app,
        "update members set full_name = '<img src=x onerror=alert(1)>' || char(8238) where id = 3",
    )
    .await;
    let hostile = Observation {
        instrument: "x\r\nBcc: all@example.org\r\n\r\n<script>".into(),
        site: Some("\u{202e}evil".into()),
        filter: Some("R\r\n.\r\n".into()),
        ..limit(1, 3)
    };
    observe(&desk.app, hostile).await;
    let told = letter(&desk, 2).await;
    assert!(!told.html.contains("<img src=x") && !told.html.contains("<script>"));
    assert!(
        !told.text.contains("\nBcc:")
            && !told.text.contains('\u{202e}')
            && !told.text.contains("\n."),
        "{}",
        told.text
    );
}

#[tokio::test]
async fn the_buttons_follow_and_unfollow() {
    let desk = club().await;
    let jar = cookie(&desk, "cleo@example.org", crate::people::PASSWORD)
        .await
        .unwrap();
    for (way, follows) in [("follow", 1), ("unfollow", 0)] {
        let answer = form(&desk, &format!("/bursts/1/{way}"), &jar, &[])
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 303);
        assert_eq!(answer.headers()["location"], "/bursts/1#observations");
        assert_eq!(
            count(&desk.app, "select follows from follows where member_id = 3").await,
            follows
        );
    }
    let button = |follows| grb_app::observations::telling::button(1, follows).unwrap();
    assert!(button(false).contains("action=\"/bursts/1/follow\""));
    assert!(button(true).contains("action=\"/bursts/1/unfollow\""));
    assert_eq!(
        form(&desk, "/bursts/1/follow", "", &[])
            .send()
            .await
            .unwrap()
            .headers()["location"],
        "/sign-in"
    );
}

#[tokio::test]
async fn a_follower_of_the_same_burst_as_another_mission_saw_it_hears_too() {
    let desk = club().await;
    desk.take(&gbm(785_074_999, Kind::Alert, 5)).await;
    run(&desk.app, "delete from burst_links; insert into burst_links (burst_id, other_id) values (1, 2), (2, 1)").await;
    observe(&desk.app, limit(2, 3)).await;
    let to = recipients(&desk).await;
    assert_eq!(to, [1, 2]);
    assert_eq!(ask(&desk, Method::DELETE, "ben@example.org", 2).await, 204);
    assert!(nothing(&desk, 2).await.contains("no more"));
}

#[tokio::test]
async fn choices_are_taken_along_and_go_with_the_member() {
    let desk = club().await;
    run(
        &desk.app,
        "insert into observers (member_id, aavso_code) values (2, 'BEN')",
    )
    .await;
    let jar = cookie(&desk, "ben@example.org", crate::people::PASSWORD)
        .await
        .unwrap();
    let taken = desk
        .client
        .get(desk.url("/account/export"))
        .header("cookie", jar);
    let taken = taken.send().await.unwrap();
    assert_eq!(taken.status(), 200);
    let taken: Value = taken.json().await.unwrap();
    assert_eq!(taken["tables"]["observers"][0]["aavso_code"], "BEN");
    assert_eq!(taken["tables"]["follows"][0]["burst_id"], 1);
    let gone = desk
        .client
        .delete(desk.url("/api/users/me"))
        .bearer_auth(bearer(&desk, "ben@example.org").await);
    let gone = gone
        .json(&serde_json::json!({ "password": crate::people::PASSWORD }))
        .send()
        .await
        .unwrap();
    assert_eq!(gone.status(), 204);
    let left = "select (select count(*) from observers) + (select count(*) from follows where member_id = 2) + (select count(*) from outbox where member_id = 2)";
    assert_eq!(count(&desk.app, left).await, 0);
}

#[tokio::test]
async fn a_thousand_followers_do_not_stall_the_writer() {
    let desk = club().await;
    run(
        &desk.app,
        "with recursive n(i) as (select 10 union all select i + 1 from n where i < 3009)
         insert into members (id, email, email_key, full_name, confirmed_at, notify, created_at, updated_at)
         select i, i || '@example.org', i || '@example.org', 'M', 1, 'none', 1, 1 from n;
         insert into follows (member_id, burst_id, follows, at) select id, 1, 1, 1 from members where id >= 10",
    )
    .await;
    let begun = std::time::Instant::now();
    observe(&desk.app, limit(1, 3)).await;
    assert_eq!(count(&desk.app, LETTERS).await, 1000);
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn the_letter_shows_the_light_curve_of_everybody() {
    let desk = club().await;
    for (member, magnitude, minutes) in [(1, 15.2, 10), (3, 16.9, 50), (1, 18.4, 240)] {
        let seen = Observation {
            start: limit(1, 1).start + TimeDelta::minutes(minutes),
            photometry: Photometry {
                magnitude: Some(magnitude),
                error: Some(0.1),
                ..Photometry::default()
            },
            ..limit(1, member)
        };
        observe(&desk.app, seen).await;
    }
    let letter = letter(&desk, 2).await;
    let [picture] = &letter.pictures[..] else {
        panic!("{:?}", letter.pictures)
    };
    assert!(letter.html.contains("src=\"cid:light-curve\""));
    assert!(
        picture
            .alt
            .contains("3 detections and 1 limit by 2 members"),
        "{}",
        picture.alt
    );
    let drawn = image::load_from_memory(&picture.png).unwrap();
    assert_eq!(drawn.width(), 640);
}
