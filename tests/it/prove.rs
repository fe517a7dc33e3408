//! An officer whose browser has been open for long proves anew who they are; and loses no word by it.

use chrono::TimeDelta;
use grb_app::notices::{Class, Kind};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Served, TestApp, count, gbm_at};
use crate::handing_on::{limit, observe};
use crate::people::{PASSWORD, bearer, cookie, form, member, officer};

const OFFICERS: &str = "select count(*) from members where officer";

/// Vera, an officer, who has had her browser open for 31 minutes; Ben. Her cookie.
async fn club() -> (Served, String) {
    let desk = TestApp::serve().await;
    officer(&desk, "vera@example.org").await;
    member(&desk, "ben@example.org").await;
    let vera = cookie(&desk, "vera@example.org", PASSWORD).await.unwrap();
    desk.app.clock.advance(TimeDelta::minutes(31));
    (desk, vera)
}

/// What the phone of somebody with a second step holds.
const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

async fn turn_on(desk: &Served, email: &'static str) {
    let sql = "insert into second_steps (member_id, secret, confirmed_at) select id, ?2, 1 from members where email = ?1";
    let turn = move |tx: &grb_app::platform::Tx| Ok(tx.execute(sql, [email, SECRET])?);
    assert_eq!(desk.app.db.write(turn).await.unwrap(), 1);
}

/// The phone's code of this moment.
fn code(desk: &Served) -> String {
    let secret = totp_rs::Secret::try_from_base32(SECRET).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    let now = desk.app.clock.wall().timestamp();
    totp.generate(now.try_into().unwrap()).to_string()
}

async fn sent(desk: &Served, cookie: &str, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let answer = form(desk, path, cookie, fields).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn an_old_proof_is_asked_for_again_and_then_it_is_done() {
    let (desk, vera) = club().await;
    let path = "/members/2/promote";
    let (status, page) = sent(&desk, &vera, path, &[("q", "Be & <n>")]).await;
    assert_eq!(status, 401);
    assert!(
        page.contains("Is it still you?") && page.contains(&format!("action=\"{path}\"")),
        "{page}"
    );
    assert!(
        page.contains("name=\"q\" value=\"Be &#38; &#60;n&#62;\""),
        "{page}"
    );
    assert!(
        !page.contains("proof_code"),
        "no code is asked of who has none"
    );
    assert_eq!(count(&desk.app, OFFICERS).await, 1, "nothing is done yet");
    let wrong = [("q", "Be & <n>"), ("proof_password", "seven")];
    let (status, page) = sent(&desk, &vera, path, &wrong).await;
    assert!(status == 401 && page.contains("That is not it"), "{page}");
    assert!(
        page.contains("name=\"q\"") && !page.contains("value=\"seven\""),
        "{page}"
    );
    assert_eq!(count(&desk.app, OFFICERS).await, 1);
    let right = [("q", "Be & <n>"), ("proof_password", PASSWORD)];
    let answer = form(&desk, path, &vera, &right).send().await.unwrap();
    assert_eq!(answer.status(), 303);
    assert_eq!(
        answer.headers()["location"],
        "/members?q=Be%20%26%20%3Cn%3E&said=promote"
    );
    assert_eq!(count(&desk.app, OFFICERS).await, 2);
    // It holds for another half an hour, in this browser.
    desk.app.clock.advance(TimeDelta::minutes(29));
    assert_eq!(sent(&desk, &vera, "/members/2/demote", &[]).await.0, 303);
    desk.app.clock.advance(TimeDelta::minutes(2));
    assert_eq!(sent(&desk, &vera, path, &[]).await.0, 401);
}

#[tokio::test]
async fn who_leaves_it_comes_back_to_where_they_were_and_nowhere_else() {
    let (desk, vera) = club().await;
    let path = "/members/2/promote";
    let asked = async |fields: &[(&str, &str)], referer: &str| {
        let post = form(&desk, path, &vera, fields).header("referer", referer);
        post.send().await.unwrap().text().await.unwrap()
    };
    let leads = |page: &str, to: &str| {
        page.contains(&format!("<a href=\"{to}\">Leave it</a>"))
            && page.contains(&format!("name=\"proof_back\" value=\"{to}\""))
    };
    let page = asked(&[], &desk.url("/members?q=ben")).await;
    assert!(leads(&page, "/members?q=ben"), "{page}");
    // After a wrong password the page itself is where the form comes from.
    let again = [
        ("proof_back", "/members?q=ben"),
        ("proof_password", "seven"),
    ];
    let page = asked(&again, &desk.url(path)).await;
    assert!(leads(&page, "/members?q=ben"), "{page}");
    for elsewhere in [
        "//evil.example/x",
        "https://evil.example/",
        "/\\evil.example",
    ] {
        let page = asked(&[("proof_back", elsewhere)], "").await;
        assert!(leads(&page, "/"), "{elsewhere}: {page}");
    }
    for referer in [
        "https://evil.example//evil.example",
        "nonsense",
        &desk.url(path),
    ] {
        assert!(leads(&asked(&[], referer).await, "/"), "{referer}");
    }
}

#[tokio::test]
async fn the_words_of_a_form_come_through() {
    let (desk, vera) = club().await;
    let grb = Some((Class::Grb, 0.9));
    desk.take(&gbm_at(
        785_074_797,
        Kind::Flight,
        30,
        (120.0, 30.0, 3.0),
        grb,
    ))
    .await;
    let why = "Ein Satellit & mehr = 100 % “Müll” + \"x\"";
    let fields = [("why", why), ("proof_password", PASSWORD)];
    assert_eq!(
        sent(&desk, &vera, "/bursts/1/by-hand/retract", &fields)
            .await
            .0,
        303
    );
    let shown = desk.json("/api/bursts/1").await;
    assert!(
        shown["withdrawn"]["why"].as_str().unwrap().contains(why),
        "{shown}"
    );
}

#[tokio::test]
async fn who_has_a_second_step_gives_a_code_as_well() {
    let (desk, vera) = club().await;
    turn_on(&desk, "vera@example.org").await;
    let path = "/members/2/promote";
    let (status, page) = sent(&desk, &vera, path, &[]).await;
    assert!(status == 401 && page.contains("proof_code"), "{page}");
    let alone = [("proof_password", PASSWORD)];
    assert_eq!(
        sent(&desk, &vera, path, &alone).await.0,
        401,
        "the password alone is not enough"
    );
    let wrong = [("proof_password", PASSWORD), ("proof_code", "000 00")];
    let (status, page) = sent(&desk, &vera, path, &wrong).await;
    let beside =
        page.contains("id=\"proof_code-fault\"") && !page.contains("id=\"proof_password-fault\"");
    assert!(status == 401 && beside, "the fault is the code's: {page}");
    let code = code(&desk);
    let both = [("proof_password", PASSWORD), ("proof_code", code.as_str())];
    assert_eq!(sent(&desk, &vera, path, &both).await.0, 303);
    assert_eq!(count(&desk.app, OFFICERS).await, 2);
}

#[tokio::test]
async fn passwords_cannot_be_guessed_there() {
    let (desk, vera) = club().await;
    for _ in 0..40 {
        sent(
            &desk,
            &vera,
            "/members/2/promote",
            &[("proof_password", "guess")],
        )
        .await;
    }
    let right = [("proof_password", PASSWORD)];
    let (status, page) = sent(&desk, &vera, "/members/2/promote", &right).await;
    assert!(
        status == 401 && page.contains("Too many tries"),
        "{status} {page}"
    );
    assert_eq!(count(&desk.app, OFFICERS).await, 1);
}

#[tokio::test]
async fn scripts_are_told_and_tokens_are_a_proof_by_themselves() {
    let (desk, vera) = club().await;
    let put = || {
        let put = desk.client.request(Method::PUT, desk.url("/api/users/2"));
        put.json(&json!({ "officer": true }))
            .header("origin", desk.url(""))
    };
    let refused = put().header("cookie", &vera).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    let problem: Value = refused.json().await.unwrap();
    assert!(
        problem["detail"].as_str().unwrap().contains("half an hour"),
        "{problem}"
    );
    let token = script_token(&desk, &vera).await;
    desk.app.clock.advance(TimeDelta::hours(2));
    assert_eq!(put().bearer_auth(token).send().await.unwrap().status(), 200);
    assert_eq!(count(&desk.app, OFFICERS).await, 2);
}

/// A token for scripts of whoever has this cookie.
async fn script_token(desk: &Served, cookie: &str) -> String {
    let fields = [("token_name", "dome"), ("current", PASSWORD)];
    let (status, page) = sent(desk, cookie, "/account/tokens", &fields).await;
    assert_eq!(status, 200, "{page}");
    let start = page.find("grb_").unwrap();
    let is_of_it = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    page[start..].chars().take_while(|c| is_of_it(*c)).collect()
}

/// What somebody copies out of a browser that was left open.
#[tokio::test]
async fn the_cookie_sent_as_a_token_is_no_proof() {
    let (desk, vera) = club().await;
    let secret = vera.split_once('=').unwrap().1.split(';').next().unwrap();
    let put = |token: &str| {
        let put = desk.client.request(Method::PUT, desk.url("/api/users/2"));
        put.json(&json!({ "officer": true })).bearer_auth(token)
    };
    let refused = put(secret).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(count(&desk.app, OFFICERS).await, 1);
    // Nor is what a script got for the password long ago; fresh, it is.
    let token = bearer(&desk, "vera@example.org").await;
    assert_eq!(put(&token).send().await.unwrap().status(), 200);
    desk.app.clock.advance(TimeDelta::minutes(31));
    assert_eq!(put(&token).send().await.unwrap().status(), 401);
}

/// A change can be taken back from the history, a removal cannot.
#[tokio::test]
async fn what_is_somebody_elses_is_removed_only_with_a_proof() {
    let (desk, vera) = club().await;
    let grb = Some((Class::Grb, 0.9));
    let notice = gbm_at(785_074_797, Kind::Flight, 30, (120.0, 30.0, 3.0), grb);
    desk.take(&notice).await;
    for (burst, member) in [(1, 2), (1, 2), (1, 1)] {
        observe(&desk.app, limit(burst, member)).await;
    }
    const LEFT: &str = "select count(*) from observations";
    let delete = |id: i64| {
        let delete = desk
            .client
            .delete(desk.url(&format!("/api/observations/{id}")));
        delete
            .header("cookie", &vera)
            .header("origin", desk.url(""))
    };
    assert_eq!(delete(1).send().await.unwrap().status(), 401);
    let (status, page) = sent(&desk, &vera, "/observations/1/delete", &[]).await;
    assert!(status == 401 && page.contains("Is it still you?"), "{page}");
    assert_eq!(count(&desk.app, LEFT).await, 3);
    // Her own she may take away as ever.
    assert_eq!(delete(3).send().await.unwrap().status(), 204);
    let proof = [("proof_password", PASSWORD)];
    assert_eq!(
        sent(&desk, &vera, "/observations/1/delete", &proof).await.0,
        303
    );
    assert_eq!(delete(2).send().await.unwrap().status(), 204);
    assert_eq!(count(&desk.app, LEFT).await, 0);
}

#[tokio::test]
async fn nobody_is_asked_who_only_looks_or_changes_what_is_their_own() {
    let (desk, vera) = club().await;
    let members = desk
        .client
        .get(desk.url("/members"))
        .header("cookie", &vera);
    assert_eq!(members.send().await.unwrap().status(), 200);
    assert_eq!(
        sent(&desk, &vera, "/theme", &[("theme", "red"), ("back", "/")])
            .await
            .0,
        303
    );
    let ben = cookie(&desk, "ben@example.org", PASSWORD).await.unwrap();
    desk.app.clock.advance(TimeDelta::minutes(31));
    assert_eq!(
        sent(&desk, &ben, "/members/2/promote", &[]).await.0,
        403,
        "no officer is no officer"
    );
    assert_eq!(sent(&desk, &vera, "/prove", &[]).await.0, 404);
    assert_eq!(
        sent(&desk, "", "/members/2/promote", &[]).await.0,
        303,
        "to the sign-in"
    );
}

#[tokio::test]
async fn an_officer_turns_a_second_step_off_and_the_member_is_told() {
    let (desk, vera) = club().await;
    let off = "/members/2/second-step-off";
    let proof = [("proof_password", PASSWORD)];
    let (status, page) = sent(&desk, &vera, off, &proof).await;
    assert!(
        status == 422 && page.contains("has no second step to turn off"),
        "{page}"
    );
    turn_on(&desk, "ben@example.org").await;
    let (_, page) = sent(&desk, &vera, "/members/1/demote", &[]).await;
    assert!(
        page.contains(off),
        "the way is offered to who has one: {page}"
    );
    assert_eq!(sent(&desk, &vera, off, &[]).await.0, 303);
    const LEFT: &str =
        "select (select count(*) from second_steps) + (select count(*) from recovery_codes)";
    assert_eq!(count(&desk.app, LEFT).await, 0);
    const TOLD: &str = "select count(*) from outbox where address = 'ben@example.org' and payload ->> 'letter' = 'second_step_off'";
    assert_eq!(count(&desk.app, TOLD).await, 1);
    const RECORDED: &str =
        "select count(*) from audit where act = 'member.second-step-off' and about_id = 2";
    assert_eq!(count(&desk.app, RECORDED).await, 1);
    // The password alone lets in again.
    assert!(cookie(&desk, "ben@example.org", PASSWORD).await.is_some());
}
