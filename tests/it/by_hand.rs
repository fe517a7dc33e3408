//! What officers say of bursts: one withdrawn by hand, two joined; who hears of it, and how it is taken back.

use chrono::TimeDelta;
use grb_app::bursts::{BurstJson, by_hand, store};
use grb_app::notices::{Class, Kind, Mission, Notice};
use grb_app::{alerts, intake};
use serde_json::Value;

use crate::common::{Served, TestApp, count, gbm_at, take_in};
use crate::handing_on::{limit, observe, run};
use crate::people::{PASSWORD, cookie, form, member, officer};
use crate::stream::events;

fn burst(trigger: u32, after: i64) -> Notice {
    let grb = Some((Class::Grb, 0.9));
    gbm_at(trigger, Kind::Flight, after, (120.0, 30.0, 5.0), grb)
}

/// A second burst half a minute later; too far on the sky to be taken for the same.
fn far(trigger: u32) -> Notice {
    let mut notice = gbm_at(trigger, Kind::Flight, 40, (300.0, -30.0, 2.0), None);
    notice.instrument = Some("LAT".into());
    notice.trigger_time = notice.trigger_time.map(|at| at + TimeDelta::seconds(30));
    notice
}

/// Vera, an officer who is told of every burst; her cookie.
async fn club() -> (Served, String) {
    let desk = TestApp::serve().await;
    officer(&desk, "vera@example.org").await;
    let cookie = cookie(&desk, "vera@example.org", PASSWORD).await.unwrap();
    (desk, cookie)
}

async fn said(desk: &Served, cookie: &str, path: &str, fields: &[(&str, &str)]) -> u16 {
    let answer = form(desk, path, cookie, fields).send().await.unwrap();
    answer.status().as_u16()
}

/// The reasons for which members were told, in their order.
async fn reasons(desk: &Served) -> String {
    alerts::settle(&desk.app).await.unwrap();
    // A letter of a desk without mail counts once it is due.
    desk.app.clock.advance(TimeDelta::minutes(1));
    let read = |conn: &rusqlite::Connection| {
        let sql = "select coalesce(group_concat(reason, ' '), '') from (select reason from told order by revision)";
        Ok(conn.query_row(sql, [], |row| row.get(0))?)
    };
    desk.app.db.read(read).await.unwrap()
}

#[tokio::test]
async fn who_was_told_hears_that_it_was_none_and_that_it_is_one_after_all() {
    let (desk, vera) = club().await;
    desk.take(&burst(785_074_797, 30)).await;
    assert_eq!(reasons(&desk).await, "new");
    let path = "/bursts/1/by-hand/retract";
    let why = [("why", "A glint of a satellite.")];
    assert_eq!(said(&desk, &vera, path, &why).await, 303);
    assert_eq!(reasons(&desk).await, "new withdrawn");
    let shown = desk.json("/api/bursts/1").await;
    assert_eq!(shown["verdict"], "withdrawn");
    assert_eq!(
        shown["withdrawn"]["why"],
        "The club’s officers withdrew it: “A glint of a satellite”."
    );
    // No later notice makes it one again, nor tells anybody.
    desk.take(&gbm_at(
        785_074_797,
        Kind::Final,
        600,
        (120.0, 30.0, 0.5),
        Some((Class::Grb, 1.0)),
    ))
    .await;
    assert_eq!(desk.json("/api/bursts/1").await["verdict"], "withdrawn");
    assert_eq!(reasons(&desk).await, "new withdrawn");
    assert_eq!(said(&desk, &vera, path, &why).await, 422, "twice");
    assert_eq!(
        said(&desk, &vera, "/bursts/1/by-hand/stand", &[]).await,
        303
    );
    assert_eq!(desk.json("/api/bursts/1").await["verdict"], "burst");
    assert_eq!(reasons(&desk).await, "new withdrawn classified");
    assert_eq!(
        said(&desk, &vera, "/bursts/1/by-hand/stand", &[]).await,
        422
    );
    let heard = events(&desk, "/api/stream?topics=bursts&since=0", None, 4).await;
    let names: Vec<String> = heard.into_iter().map(|(_, name, _)| name).collect();
    assert_eq!(
        names,
        [
            "burst.new",
            "burst.withdrawn",
            "burst.updated",
            "burst.updated"
        ]
    );
}

#[tokio::test]
async fn a_word_and_notices_come_to_the_same_in_every_order() {
    let notices = [
        burst(785_074_797, 30),
        gbm_at(
            785_074_797,
            Kind::Ground,
            60,
            (121.0, 30.5, 3.0),
            Some((Class::UnreliableLocation, 0.8)),
        ),
        gbm_at(785_074_797, Kind::Final, 600, (120.5, 30.2, 1.0), None),
    ];
    let mut ends = Vec::new();
    for turn in 1..=notices.len() {
        for backwards in [false, true] {
            let desk = TestApp::new();
            let mut order: Vec<&Notice> = notices.iter().collect();
            if backwards {
                order.reverse();
            }
            for (come, notice) in order.into_iter().enumerate() {
                if come == turn {
                    retract(&desk).await;
                }
                take_in(&desk.app, notice).await;
            }
            if turn == notices.len() {
                retract(&desk).await;
            }
            let read = |conn: &rusqlite::Connection| store::burst(conn, 1);
            let end = desk.app.db.read(read).await.unwrap();
            ends.push(serde_json::to_value(BurstJson::from(&end)).unwrap());
        }
    }
    for end in &ends {
        assert_eq!(end["verdict"], "withdrawn");
        assert_eq!(end, &ends[0]);
    }
}

async fn retract(desk: &TestApp) {
    let (now, bus) = (desk.app.clock.now(), desk.app.bus.clone());
    let job = move |tx: &grb_app::platform::Tx| {
        let filed = by_hand::retract(tx, now, 1, "it was none")?;
        intake::make_known(tx, &bus, now, &filed)
    };
    desk.app.db.write(job).await.unwrap();
}

/// Whether the first burst's page of observations shows what was seen of the second.
async fn shares(desk: &Served) -> bool {
    let seen = desk.json("/api/bursts/1/observations").await;
    !seen["items"].as_array().unwrap().is_empty()
}

#[tokio::test]
async fn two_are_one_light_until_they_are_parted() {
    let (desk, vera) = club().await;
    desk.take(&burst(785_074_797, 30)).await;
    desk.take(&far(785_074_800)).await;
    observe(&desk.app, limit(2, 1)).await;
    const LINKS: &str = "select count(*) from burst_links";
    assert_eq!(
        (count(&desk.app, LINKS).await, shares(&desk).await),
        (0, false)
    );
    let other = [("other", "2")];
    assert_eq!(
        said(&desk, &vera, "/bursts/1/by-hand/merge", &other).await,
        303
    );
    assert_eq!(
        (count(&desk.app, LINKS).await, shares(&desk).await),
        (2, true)
    );
    // Time and place, looked at again, do not part them, from either side.
    desk.take(&gbm_at(
        785_074_797,
        Kind::Ground,
        90,
        (119.0, 31.0, 2.0),
        None,
    ))
    .await;
    let mut again = far(785_074_800);
    again.notice_time = again.notice_time.map(|at| at + TimeDelta::seconds(60));
    again.localization.as_mut().unwrap().error_radius = Some(1.0);
    desk.take(&again).await;
    assert_eq!(count(&desk.app, LINKS).await, 2);
    assert_eq!(
        said(&desk, &vera, "/bursts/2/by-hand/part", &[("other", "1")]).await,
        303
    );
    assert_eq!(
        (count(&desk.app, LINKS).await, shares(&desk).await),
        (0, false)
    );
    assert_eq!(
        said(&desk, &vera, "/bursts/2/by-hand/part", &[("other", "1")]).await,
        422
    );
}

#[tokio::test]
async fn to_join_a_burst_with_one_that_was_withdrawn_tells_nobody_anything_again() {
    let (desk, vera) = club().await;
    desk.take(&burst(785_074_797, 30)).await;
    let grb = Some((Class::Grb, 0.9));
    let second = gbm_at(785_074_900, Kind::Flight, 40, (300.0, -30.0, 2.0), grb);
    desk.take(&second).await;
    assert_eq!(reasons(&desk).await, "new new");
    let why = [("why", "A glint of a satellite.")];
    let path = |deed: &str| format!("/bursts/2/by-hand/{deed}");
    assert_eq!(said(&desk, &vera, &path("retract"), &why).await, 303);
    assert_eq!(reasons(&desk).await, "new new withdrawn");
    for deed in ["merge", "part", "merge"] {
        for (id, other) in [(1, "2"), (2, "1")] {
            let path = format!("/bursts/{id}/by-hand/{deed}");
            said(&desk, &vera, &path, &[("other", other)]).await;
            assert_eq!(reasons(&desk).await, "new new withdrawn", "{path}");
        }
    }
}

#[tokio::test]
async fn what_time_and_place_join_is_not_parted_by_hand() {
    let (desk, vera) = club().await;
    desk.take(&burst(785_074_797, 30)).await;
    let mut same = burst(785_074_800, 31);
    same.mission = Mission::Swift;
    (same.instrument, same.packet_type) = (Some("BAT".into()), Some(61));
    same.classification = None;
    desk.take(&same).await;
    const LINKS: &str = "select count(*) from burst_links";
    assert_eq!(count(&desk.app, LINKS).await, 2);
    assert_eq!(
        said(&desk, &vera, "/bursts/1/by-hand/part", &[("other", "2")]).await,
        422
    );
    assert_eq!(
        said(&desk, &vera, "/bursts/1/by-hand/merge", &[("other", "2")]).await,
        303
    );
    assert_eq!(
        said(&desk, &vera, "/bursts/1/by-hand/part", &[("other", "2")]).await,
        303
    );
    assert_eq!(
        count(&desk.app, LINKS).await,
        2,
        "they are still one by time and place"
    );
}

#[tokio::test]
async fn what_cannot_be_one_light_is_refused_with_its_reason() {
    let (desk, vera) = club().await;
    desk.take(&burst(785_074_797, 30)).await;
    let mut late = far(785_400_000);
    late.trigger_time = late.trigger_time.map(|at| at - TimeDelta::days(3));
    desk.take(&late).await;
    let mut test = far(99_999);
    test.test = true;
    test.role = grb_app::notices::Role::Test;
    desk.take(&test).await;
    for (other, words) in [
        ("1", "same burst"),
        ("2", "more than a day"),
        ("3", "self-test"),
    ] {
        let merge = form(&desk, "/bursts/1/by-hand/merge", &vera, &[("other", other)]);
        let answer = merge.send().await.unwrap();
        assert_eq!(answer.status(), 422, "{other}");
        let page = answer.text().await.unwrap();
        assert!(page.contains(words), "{other}: {page}");
    }
    assert_eq!(
        said(&desk, &vera, "/bursts/1/by-hand/merge", &[("other", "77")]).await,
        404
    );
    assert_eq!(
        said(&desk, &vera, "/bursts/1/by-hand/explode", &[]).await,
        404
    );
    // Sixteen that an officer joined are enough.
    for id in 10..26 {
        let trigger = 785_074_900 + id;
        desk.take(&far(trigger)).await;
    }
    run(
        &desk.app,
        "insert into burst_links (burst_id, other_id, by_hand) select 1, id, 1 from bursts where id > 3;
         insert into burst_links (burst_id, other_id, by_hand) select id, 1, 1 from bursts where id > 3;",
    )
    .await;
    let mut one_more = far(785_074_999);
    one_more.instrument = Some("XRT".into());
    desk.take(&one_more).await;
    let merge = form(&desk, "/bursts/1/by-hand/merge", &vera, &[("other", "20")]);
    let page = merge.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("linked with 16 already"), "{page}");
}

#[tokio::test]
async fn the_page_is_for_officers_and_gives_words_back() {
    let (desk, vera) = club().await;
    desk.take(&burst(785_074_797, 30)).await;
    member(&desk, "ben@example.org").await;
    let ben = cookie(&desk, "ben@example.org", PASSWORD).await.unwrap();
    let why = [("why", "no")];
    assert_eq!(
        said(&desk, &ben, "/bursts/1/by-hand/retract", &why).await,
        403
    );
    let (status, page) = desk.page("/bursts/1").await;
    assert!(status == 200 && !page.contains("by-hand"), "{page}");
    let long = "x".repeat(301);
    let retract = form(&desk, "/bursts/1/by-hand/retract", &vera, &[("why", &long)]);
    let page = retract.send().await.unwrap().text().await.unwrap();
    assert!(
        page.contains(&long) && page.contains("longer than 300"),
        "{page}"
    );
    let blank = form(&desk, "/bursts/1/by-hand/retract", &vera, &[("why", "  ")]);
    let blank = blank.send().await.unwrap();
    assert_eq!(blank.status(), 422);
    let page = blank.text().await.unwrap();
    let beside = page.split_once("id=\"why\"").unwrap().1;
    assert!(
        beside.contains("id=\"why-fault\"")
            && page.contains("aria-describedby=\"why-hint why-fault\""),
        "the fault stands beside its field: {page}"
    );
    let shown: Value = desk.json("/api/bursts/1").await;
    assert_eq!(shown["withdrawn"], Value::Null);
}
