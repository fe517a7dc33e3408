//! Faults of taking notices in.

use grb_app::notices::{Class, Format, Kind, Localization, Mission, Notice, Role};
use grb_app::sky::Equatorial;
use serde_json::Value;

use super::push;
use crate::common::{NOW, TestApp, body, count, gbm, gbm_at};
use crate::people::member;

/// "Case-sensitive test filter": test positions were stored as bursts and mailed to everybody.
#[tokio::test]
async fn a_test_notice_is_a_test_however_it_is_written() {
    let desk = TestApp::serve().await;
    member(&desk, "ada@example.org").await;
    let mut test = gbm_at(
        99_999,
        Kind::Final,
        20,
        (323.0, 54.0, 1.0),
        Some((Class::Grb, 1.0)),
    );
    test.format = Format::Text;
    test.role = Role::Test;
    test.test = true;
    let written = String::from_utf8(body(&test)).unwrap();
    for text in [
        written.clone(),
        written.replace("Test", "TEST"),
        written.to_lowercase(),
    ] {
        // However the last two are taken, nobody may hear of them as of a burst.
        let answer = push(&desk, text.clone().into_bytes(), text.as_bytes(), 0).await;
        assert_eq!(answer.status(), 202, "{text}");
    }
    grb_app::alerts::settle(&desk.app).await.unwrap();
    let bursts = desk.json("/api/bursts").await;
    let bursts = bursts["items"].as_array().unwrap();
    assert!(
        !bursts.is_empty()
            && bursts
                .iter()
                .all(|burst| burst["tier"] == "D" && burst["verdict"] == "test"),
        "{bursts:#?}"
    );
    assert_eq!(
        count(
            &desk.app,
            "select count(*) from outbox where kind = 'burst'"
        )
        .await,
        0
    );
}

/// "HMAC covers trigger_num only": whoever had one signature could send what they liked.
#[tokio::test]
async fn a_signature_is_good_for_its_own_bytes_only() {
    let desk = TestApp::serve().await;
    let honest = body(&gbm(785_074_797, Kind::Alert, 5));
    let forged = body(&gbm_at(
        785_074_797,
        Kind::Final,
        9,
        (10.0, 10.0, 0.1),
        None,
    ));
    assert_eq!(push(&desk, forged, &honest, 0).await.status(), 401);
    assert_eq!(count(&desk.app, "select count(*) from notices").await, 0);
    assert_eq!(push(&desk, honest.clone(), &honest, 0).await.status(), 202);
}

/// "Replay 5 min": a signed message could be sent again and again, and stored and mailed each time.
#[tokio::test]
async fn a_replayed_push_changes_nothing() {
    let desk = TestApp::serve().await;
    let honest = body(&gbm(785_074_797, Kind::Alert, 5));
    assert_eq!(
        push(&desk, honest.clone(), &honest, 0)
            .await
            .json::<Value>()
            .await
            .unwrap()["recorded"],
        "new"
    );
    let before = count(
        &desk.app,
        "select (select count(*) from events) + (select count(*) from tells)",
    )
    .await;
    for late in [0, 100, 299] {
        let again = push(&desk, honest.clone(), &honest, late).await;
        assert_eq!(again.json::<Value>().await.unwrap()["recorded"], "seen");
    }
    assert_eq!(
        push(&desk, honest.clone(), &honest, 301).await.status(),
        401
    );
    assert_eq!(count(&desk.app, "select count(*) from notices").await, 1);
    assert_eq!(
        count(
            &desk.app,
            "select (select count(*) from events) + (select count(*) from tells)"
        )
        .await,
        before
    );
}

/// "500: timestamp header missing"; a header that was no number, or none at all.
#[tokio::test]
async fn a_push_without_its_headers_is_refused_and_breaks_nothing() {
    let desk = TestApp::serve().await;
    for (name, value) in [
        ("X-Signature", "00"),
        ("X-Timestamp", "now"),
        ("X-Timestamp", "NaN"),
        ("X-Topic", "topic"),
    ] {
        let post = desk
            .client
            .post(desk.url("/api/notices"))
            .header(name, value);
        assert_eq!(
            post.body("x").send().await.unwrap().status(),
            401,
            "{name}: {value}"
        );
    }
}

/// "Duplicates on Kafka replays": there was no way to know a notice again.
#[tokio::test]
async fn a_notice_that_comes_again_is_known_again() {
    let desk = TestApp::serve().await;
    let notice = gbm(785_074_797, Kind::Alert, 5);
    for _ in 0..5 {
        desk.take(&notice).await;
    }
    assert_eq!(
        count(
            &desk.app,
            "select (select count(*) from bursts) * 100 + (select count(*) from notices)"
        )
        .await,
        101
    );
}

/// "Message loss on any error": a line without a colon, an unknown type or a missing field, and the notice was gone.
#[tokio::test]
async fn what_cannot_be_read_is_kept() {
    let desk = TestApp::serve().await;
    let mut text = gbm(785_074_797, Kind::Alert, 5);
    text.format = Format::Text;
    let good = String::from_utf8(body(&text)).unwrap();
    let odd = [
        good.replacen('\n', "\na line without a colon\n", 1),
        "NOTICE_TYPE: Something New\nTRIGGER_NUM: not a number\n".to_owned(),
        "{\"$schema\": \"https://gcn.nasa.gov/schema/none.json\", \"x\": }".to_owned(),
        "\u{0}\u{1}\u{2}".to_owned(),
        "<voe:VOEvent".to_owned(),
    ];
    for (sent, text) in (1..).zip(odd) {
        let answer = push(&desk, text.clone().into_bytes(), text.as_bytes(), 0).await;
        assert_eq!(answer.status(), 202, "{text}");
        let kept = count(
            &desk.app,
            "select (select count(*) from notices) + (select count(*) from aside)",
        )
        .await;
        assert_eq!(kept, sent, "{text}");
    }
    assert_eq!(
        push(&desk, good.clone().into_bytes(), good.as_bytes(), 0)
            .await
            .status(),
        202
    );
}

/// The right ascension was joined to the next lines by dots: `324.000d {+21h 36m 00s} (J2000), .   324.391d …`.
#[tokio::test]
async fn a_position_is_two_numbers() {
    let desk = TestApp::serve().await;
    let mut notice = gbm_at(785_074_797, Kind::Ground, 30, (324.0, -12.5, 4.0), None);
    notice.format = Format::Text;
    let text = String::from_utf8(body(&notice)).unwrap();
    assert!(text.contains("(J2000)") || text.contains("324.0"), "{text}");
    push(&desk, text.clone().into_bytes(), text.as_bytes(), 0).await;
    let position = &desk.json("/api/bursts/1").await["position"];
    assert!(
        (position["ra"].as_f64().unwrap() - 324.0).abs() < 0.01,
        "{position}"
    );
    assert!(
        (position["dec"].as_f64().unwrap() + 12.5).abs() < 0.01,
        "{position}"
    );
}

/// An unknown mission's notice has no trigger number: it was a 500.
#[tokio::test]
async fn a_notice_without_a_trigger_number_is_one_of_its_own() {
    let desk = TestApp::serve().await;
    let mut notice = Notice::new(Format::Voevent, Mission::Maxi, Kind::Alert);
    notice.role = Role::Observation;
    notice.ivorn = Some("ivo://nasa.gsfc.gcn/MAXI#x".into());
    notice.trigger_time = Some(*NOW);
    notice.localization = Some(Localization {
        position: Equatorial { ra: 1.0, dec: 2.0 },
        error_radius: Some(0.2),
        error_radius_90: None,
    });
    let bytes = body(&notice);
    assert_eq!(push(&desk, bytes.clone(), &bytes, 0).await.status(), 202);
    assert_eq!(
        desk.json("/api/bursts").await["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
