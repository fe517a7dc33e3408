//! What strangers, thieves and deserters try, and what they get.

use std::time::{Duration, Instant};

use grb_app::accounts::password;
use grb_app::alerts;
use grb_app::notices::{Class, Kind};
use serde_json::json;

use crate::common::{Served, TestApp, count, gbm_at};
use crate::people::{PASSWORD, cookie, form, knock, letter, member, sign_up};

const OTHER: &str = "four brown bears count comets";

async fn sign_up_with(desk: &Served, email: &str, password: &str) {
    let wish = json!({ "email": email, "full_name": "Ada Owl", "password": password, "password_confirmation": password });
    let answer = desk.client.post(desk.url("/api/users")).json(&wish).send();
    assert_eq!(answer.await.unwrap().status(), 202);
}

/// Presses the button of the newest letter that confirms; says where that leads.
async fn pressed(desk: &Served, address: &'static str) -> String {
    let token = letter(desk, address, "confirm").await.unwrap();
    let answer = form(desk, &format!("/confirm/{token}"), "", &[]).send();
    answer.await.unwrap().headers()["location"]
        .to_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_stranger_who_signs_up_with_somebody_s_address_never_gets_in() {
    let orders = [
        ("first@example.org", [OTHER, PASSWORD]),
        ("second@example.org", [PASSWORD, OTHER]),
    ];
    for (address, passwords) in orders {
        let desk = TestApp::serve().await;
        for password in passwords {
            sign_up_with(&desk, address, password).await;
        }
        let choose = pressed(&desk, address).await;
        assert!(choose.starts_with("/reset/"), "{choose}");
        for password in passwords {
            assert_eq!(knock(&desk, address, password).await.status(), 401);
        }
        let mine = "eleven grey herons at low tide";
        let fields = [("password", mine), ("password_confirmation", mine)];
        let set = form(&desk, &choose, "", &fields).send().await.unwrap();
        assert_eq!(set.status(), 303);
        assert_eq!(knock(&desk, address, mine).await.status(), 200);
    }
}

#[tokio::test]
async fn who_signs_up_twice_with_one_password_keeps_it() {
    let desk = TestApp::serve().await;
    for _ in 0..2 {
        sign_up_with(&desk, "patient@example.org", PASSWORD).await;
    }
    assert_eq!(pressed(&desk, "patient@example.org").await, "/confirmed");
    assert_eq!(
        knock(&desk, "patient@example.org", PASSWORD).await.status(),
        200
    );
}

#[tokio::test]
async fn an_address_that_looks_the_same_gets_no_letter_about_the_real_one() {
    let desk = TestApp::serve().await;
    member(&desk, "kai@example.org").await;
    // The sign of the kelvin: its small letter is a plain k.
    for lookalike in ["\u{212a}ai@example.org", "KAI@example.org"] {
        assert_eq!(sign_up(&desk, lookalike).await.status(), 202);
    }
    let elsewhere = "select count(*) from outbox where address <> 'kai@example.org'";
    assert_eq!(count(&desk.app, elsewhere).await, 0);
    let told = "select count(*) from outbox where payload ->> 'letter' = 'taken'";
    assert_eq!(count(&desk.app, told).await, 2);
}

#[tokio::test]
async fn guesses_of_strangers_do_not_shut_a_member_out() {
    let desk = TestApp::serve().await;
    member(&desk, "known@example.org").await;
    let fields = [("email", "known@example.org"), ("password", PASSWORD)];
    let entered = form(&desk, "/sign-in", "", &fields).send().await.unwrap();
    let cookies: Vec<String> = entered
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|cookie| cookie.to_str().unwrap().to_owned())
        .collect();
    let device = cookies
        .iter()
        .find(|cookie| cookie.starts_with("device="))
        .unwrap();
    assert!(device.contains("HttpOnly") && device.contains("SameSite=Lax"));
    let device = device.split(';').next().unwrap();
    while knock(&desk, "known@example.org", "wrong").await.status() != 429 {}

    let enter = async |email: &str, cookie: &str| {
        let fields = [("email", email), ("password", PASSWORD)];
        let sent = form(&desk, "/sign-in", cookie, &fields).send();
        sent.await.unwrap().status().as_u16()
    };
    assert_eq!(enter("known@example.org", "").await, 429);
    assert_eq!(enter("known@example.org", "device=1.x.00").await, 429);
    assert_eq!(enter("known@example.org", device).await, 303);
    // It opens nothing else, and is no way round the limit.
    let wrong = [("email", "known@example.org"), ("password", OTHER)];
    let mut refused = 0;
    for _ in 0..30 {
        let tried = form(&desk, "/sign-in", device, &wrong).send().await;
        refused += u32::from(tried.unwrap().status() == 401);
    }
    assert!(refused <= 10, "{refused} guesses on one device");
    // Whoever is inside proves their password as before.
    let session = cookies[0].split(';').next().unwrap();
    let fields = [
        ("current", PASSWORD),
        ("password", OTHER),
        ("password_confirmation", OTHER),
    ];
    let changed = form(&desk, "/account/password", session, &fields).send();
    assert_eq!(
        changed.await.unwrap().headers()["location"],
        "/account?said=password"
    );
}

#[tokio::test]
async fn no_password_takes_long_to_judge() {
    let substitutes = "4@8({[<369+|!1-5$7%2zZ".repeat(6);
    let began = Instant::now();
    let judged = password::weakness(substitutes[..128].to_owned(), Vec::new());
    assert_eq!(judged.await.unwrap(), None);
    assert!(
        began.elapsed() < Duration::from_millis(700),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn signing_in_again_ends_what_the_browser_had() {
    let desk = TestApp::serve().await;
    member(&desk, "known@example.org").await;
    let first = cookie(&desk, "known@example.org", PASSWORD).await.unwrap();
    let fields = [("email", "known@example.org"), ("password", PASSWORD)];
    let again = form(&desk, "/sign-in", &first, &fields).send();
    assert_eq!(again.await.unwrap().status(), 303);
    let open = desk.client.get(desk.url("/account"));
    let open = open.header("cookie", &first).send().await.unwrap();
    assert_eq!(open.status(), 303);
}

#[tokio::test]
async fn a_lost_token_cannot_make_itself_at_home() {
    let desk = TestApp::serve().await;
    member(&desk, "known@example.org").await;
    let session = cookie(&desk, "known@example.org", PASSWORD).await.unwrap();
    let give = async |fields: &[(&str, &str)]| {
        let page = form(&desk, "/account/tokens", &session, fields).send();
        page.await.unwrap()
    };
    // Nor can a borrowed browser leave one behind.
    assert_eq!(give(&[("token_name", "dome")]).await.status(), 422);
    let page = give(&[("token_name", "dome"), ("current", PASSWORD)]).await;
    let page = page.text().await.unwrap();
    let at = page.find("grb_").unwrap();
    let token: String = page[at..]
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect();
    let me = desk.client.get(desk.url("/api/users/me"));
    assert_eq!(me.bearer_auth(&token).send().await.unwrap().status(), 200);
    let deeds = [
        "/account/tokens",
        "/account/tokens/1/revoke",
        "/account/second-step/start",
        "/account/second-step/off",
        "/account/sessions/end-others",
        "/account/sessions/1/end",
    ];
    for deed in deeds {
        let fields = [("token_name", "mine"), ("current", PASSWORD)];
        let post = desk.client.post(desk.url(deed)).bearer_auth(&token);
        let answer = post.form(&fields).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{deed}");
    }
    assert_eq!(count(&desk.app, "select count(*) from api_tokens").await, 1);
    assert_eq!(
        count(&desk.app, "select count(*) from second_steps").await,
        0
    );
}

#[tokio::test]
async fn a_second_step_begins_with_the_password() {
    let desk = TestApp::serve().await;
    member(&desk, "known@example.org").await;
    let session = cookie(&desk, "known@example.org", PASSWORD).await.unwrap();
    for (password, status) in [("", 422), (OTHER, 422), (PASSWORD, 303)] {
        let fields = [("current", password)];
        let start = form(&desk, "/account/second-step/start", &session, &fields);
        assert_eq!(start.send().await.unwrap().status(), status, "{password:?}");
    }
}

#[tokio::test]
async fn letters_to_an_address_that_was_left_open_nothing() {
    let desk = TestApp::serve().await;
    member(&desk, "old@example.org").await;
    let session = cookie(&desk, "old@example.org", PASSWORD).await.unwrap();
    let fields = [("email", "new@example.org"), ("current", PASSWORD)];
    let asked = form(&desk, "/account/address", &session, &fields).send();
    assert_eq!(asked.await.unwrap().status(), 303);
    let fields = [("email", "old@example.org")];
    let forgotten = form(&desk, "/forgotten", "", &fields).send();
    assert_eq!(forgotten.await.unwrap().status(), 303);
    let reset = letter(&desk, "old@example.org", "reset").await.unwrap();
    let address = letter(&desk, "new@example.org", "address").await.unwrap();
    let moved = form(&desk, &format!("/address/{address}"), "", &[]).send();
    assert_eq!(moved.await.unwrap().status(), 303);
    let fields = [("password", OTHER), ("password_confirmation", OTHER)];
    let set = form(&desk, &format!("/reset/{reset}"), "", &fields).send();
    assert_eq!(set.await.unwrap().status(), 404);
}

#[tokio::test]
async fn of_a_member_who_has_left_no_byte_stays_in_the_file() {
    let desk = TestApp::serve().await;
    member(&desk, "needle.in.hay@example.org").await;
    let bounced = "insert into suppressed (address, reason, at) values ('needle.in.hay@example.org', 'unknown', 1)";
    let noted = desk.app.db.write(move |tx| Ok(tx.execute(bounced, [])?));
    noted.await.unwrap();
    let session = cookie(&desk, "needle.in.hay@example.org", PASSWORD)
        .await
        .unwrap();
    let left = form(&desk, "/account/delete", &session, &[("current", PASSWORD)]);
    assert_eq!(left.send().await.unwrap().status(), 303);
    let path = desk.app.db.path().to_owned();
    desk.app.db.close().await;
    for end in ["", "-wal"] {
        let file = std::fs::read(format!("{}{end}", path.display())).unwrap_or_default();
        let there = file
            .windows(b"needle.in.hay".len())
            .any(|part| part == b"needle.in.hay");
        assert!(!there, "the file{end} still has the address");
    }
}

#[tokio::test]
async fn who_leaves_while_letters_are_queued_takes_no_others_along() {
    let desk = TestApp::serve().await;
    member(&desk, "stays@example.org").await;
    member(&desk, "leaves@example.org").await;
    let place = (10.0, 20.0, 3.0);
    let burst = gbm_at(1, Kind::Ground, 30, place, Some((Class::Grb, 0.95)));
    desk.take(&burst).await;
    let leaves = "create trigger leaves before delete on tells begin delete from members where email = 'leaves@example.org'; end";
    let prepared = desk.app.db.write(move |tx| Ok(tx.execute_batch(leaves)?));
    prepared.await.unwrap();
    alerts::settle(&desk.app).await.unwrap();
    let told = "select count(*) from outbox where kind = 'burst' and address = 'stays@example.org'";
    assert_eq!(count(&desk.app, told).await, 1);
    let gone =
        "select count(*) from outbox where kind = 'burst' and address = 'leaves@example.org'";
    assert_eq!(count(&desk.app, gone).await, 0);
}
