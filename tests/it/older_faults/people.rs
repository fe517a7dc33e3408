//! Faults of signing up, signing in, and letters.

use grb_app::notices::{Class, Kind};
use grb_app::observations::model::Observation;
use reqwest::Method;
use serde_json::{Value, json};

use super::with_token;
use crate::common::{TestApp, count, gbm, gbm_at};
use crate::handing_on::{limit, observe, run};
use crate::people::{PASSWORD, bearer, cookie, form, knock, letter, member, sign_up};

/// "Confirm without token": whoever knew an address could confirm it.
#[tokio::test]
async fn nobody_confirms_an_address_without_its_letter() {
    let desk = TestApp::serve().await;
    sign_up(&desk, "ada@example.org").await;
    for path in [
        "/confirm/ada@example.org",
        "/users/confirm/ada@example.org",
        "/api/users/confirm/ada@example.org",
        "/confirm/1",
        "/confirm/",
    ] {
        for answer in [
            desk.get(path).await,
            form(&desk, path, "", &[]).send().await.unwrap(),
        ] {
            assert!(!answer.status().is_server_error(), "{path}");
        }
    }
    assert_eq!(
        knock(&desk, "ada@example.org", PASSWORD).await.status(),
        401
    );
    assert_eq!(
        count(
            &desk.app,
            "select count(*) from members where confirmed_at is not null"
        )
        .await,
        0
    );
}

/// "User enumeration": 404, 401, 500 and 403 told unknown, unconfirmed and known addresses apart.
#[tokio::test]
async fn no_answer_tells_addresses_apart() {
    let desk = TestApp::serve().await;
    member(&desk, "ada@example.org").await;
    sign_up(&desk, "unconfirmed@example.org").await;
    let mut answers = Vec::new();
    for (email, password) in [
        ("nobody@example.org", PASSWORD),
        ("ada@example.org", "wrong wrong"),
        ("unconfirmed@example.org", PASSWORD),
    ] {
        let answer = knock(&desk, email, password).await;
        answers.push((answer.status().as_u16(), answer.text().await.unwrap()));
    }
    assert_eq!(answers[0].0, 401);
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
    let (new, taken) = (
        sign_up(&desk, "new@example.org").await,
        sign_up(&desk, "ada@example.org").await,
    );
    assert_eq!(new.status(), taken.status());
    assert_eq!(new.text().await.unwrap(), taken.text().await.unwrap());
}

/// "E-mail uniqueness case-sensitive": ADA@ and ada@ were two members.
#[tokio::test]
async fn an_address_is_one_however_it_is_written() {
    let desk = TestApp::serve().await;
    member(&desk, "ada@example.org").await;
    for same in ["ADA@example.org", "Ada@Example.ORG", " ada@example.org "] {
        assert_eq!(sign_up(&desk, same).await.status(), 202, "{same}");
    }
    assert_eq!(count(&desk.app, "select count(*) from members").await, 1);
    bearer(&desk, "ADA@EXAMPLE.org").await;
}

/// "500 if the token's user was removed".
#[tokio::test]
async fn the_token_of_a_member_who_has_left_is_worth_nothing() {
    let desk = TestApp::serve().await;
    let token = member(&desk, "ada@example.org").await;
    run(&desk.app, "delete from outbox; delete from members").await;
    let (status, _) = with_token(&desk, Method::GET, "/api/users/me", &token, Value::Null).await;
    assert_eq!(status, 401);
}

/// "receive_notification ignored": it was stored, and everybody was written to.
#[tokio::test]
async fn who_wants_no_letters_gets_none() {
    let desk = TestApp::serve().await;
    let wish = json!({ "email": "quiet@example.org", "full_name": "Q", "password": PASSWORD, "password_confirmation": PASSWORD, "receive_notification": false });
    let signed = desk
        .client
        .post(desk.url("/api/users"))
        .json(&wish)
        .send()
        .await
        .unwrap();
    assert_eq!(signed.status(), 202);
    member(&desk, "loud@example.org").await;
    run(&desk.app, "update members set confirmed_at = 1").await;
    desk.take(&gbm_at(
        785_074_797,
        Kind::Flight,
        20,
        (83.6, 22.0, 3.0),
        Some((Class::Grb, 0.95)),
    ))
    .await;
    grb_app::alerts::settle(&desk.app).await.unwrap();
    let to = |address: &'static str| {
        format!(
            "select count(*) from outbox where kind in ('burst', 'morning') and address = '{address}'"
        )
    };
    let [quiet, loud] = [to("quiet@example.org"), to("loud@example.org")].map(|sql| &*sql.leak());
    assert_eq!(
        (count(&desk.app, quiet).await, count(&desk.app, loud).await),
        (0, 1)
    );
}

/// "HTML injection in mails": what a notice or a member says was put into letters as it was.
#[tokio::test]
async fn what_others_write_is_text_in_letters_and_pages() {
    let desk = TestApp::serve().await;
    desk.take(&gbm(785_074_797, Kind::Alert, 5)).await;
    member(&desk, "ada@example.org").await;
    member(&desk, "eve@example.org").await;
    let evil = "<script>alert(1)</script><img src=x onerror=alert(1)>";
    let name = move |tx: &grb_app::platform::Tx| {
        tx.execute("update members set full_name = ?1 where id = 2", [evil])?;
        tx.execute("update bursts set official_name = ?1", [evil])?;
        Ok(())
    };
    desk.app.db.write(name).await.unwrap();
    observe(&desk.app, limit(1, 1)).await;
    let hostile = Observation {
        instrument: evil.into(),
        notes: Some(evil.into()),
        site: Some(evil.into()),
        ..limit(1, 2)
    };
    observe(&desk.app, hostile).await;
    let read = |conn: &rusqlite::Connection| {
        let sql = "select payload, due_at from outbox where kind = 'observation' and member_id = 1";
        Ok(conn.query_row(sql, [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
        })?)
    };
    let (payload, due) = desk.app.db.read(read).await.unwrap();
    let at = chrono::DateTime::from_timestamp_micros(due).unwrap();
    let order = grb_app::platform::outbox::Order {
        id: 1,
        key: "k".into(),
        channel: grb_app::platform::outbox::Channel::Mail,
        address: "ada@example.org".into(),
        member: Some(1),
        payload: serde_json::from_str(&payload).unwrap(),
        created_at: at,
        at,
    };
    let grb_app::platform::outbox::Composed::Letter(letter) = desk
        .app
        .outbox
        .compose(&desk.app, "observation", order)
        .await
        .unwrap()
    else {
        panic!("no letter");
    };
    let pages = [
        letter.html.clone(),
        desk.page("/").await.1,
        desk.page("/bursts").await.1,
        desk.page("/bursts/1").await.1,
        desk.page("/bursts/1/circular").await.1,
    ];
    for page in pages {
        assert!(
            page.contains("&lt;script&gt;") || page.contains("&#60;script&#62;"),
            "it is not even there: {page}"
        );
        assert!(
            !page.contains("<script>alert") && !page.contains("<img src=x"),
            "{page}"
        );
    }
}

/// A letter was waited for by the request; its failure was the request's. Here it is a row in the same transaction.
#[tokio::test]
async fn a_sign_up_needs_no_mail_server() {
    let desk = TestApp::serve().await;
    assert_eq!(sign_up(&desk, "ada@example.org").await.status(), 202);
    assert!(letter(&desk, "ada@example.org", "confirm").await.is_some());
    assert!(
        cookie(&desk, "ada@example.org", PASSWORD).await.is_none(),
        "not confirmed yet"
    );
}
