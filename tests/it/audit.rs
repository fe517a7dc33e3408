//! What officers do is put on record: every act there is, on pages, as JSON and at the terminal; and nothing takes it out again.

use std::collections::BTreeSet;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use chrono::TimeDelta;
use grb_app::notices::{Class, Kind};
use reqwest::Method;
use serde_json::{Value, json};
use tower::util::ServiceExt as _;

use crate::common::{SECRET, Served, TestApp, count, gbm_at};
use crate::handing_on::{limit, observe, run};
use crate::people::{PASSWORD, bearer, cookie, form, member, officer};
use crate::routes;

const ROWS: &str = "select count(*) from audit";

/// What an officer can do on a page or as JSON: the route, where and with what it is asked, and what is put on record.
const ACTS: &[(&str, &str, &str, &[&str])] = &[
    (
        "POST /members/{id}/{deed}",
        "/members/2/promote",
        "",
        &["member.promote"],
    ),
    (
        "POST /members/{id}/{deed}",
        "/members/2/demote",
        "",
        &["member.demote"],
    ),
    (
        "POST /members/{id}/{deed}",
        "/members/2/doubt",
        "",
        &["member.doubt"],
    ),
    (
        "POST /members/{id}/{deed}",
        "/members/2/resend",
        "",
        &["member.resend"],
    ),
    (
        "POST /members/{id}/{deed}",
        "/members/2/confirm",
        "",
        &["member.confirm"],
    ),
    (
        "POST /members/{id}/{deed}",
        "/members/2/second-step-off",
        "",
        &["member.second-step-off"],
    ),
    (
        "POST /members/{id}/{deed}",
        "/members/2/disable",
        "",
        &["member.disable"],
    ),
    (
        "POST /members/{id}/{deed}",
        "/members/2/enable",
        "",
        &["member.enable"],
    ),
    (
        "PUT /api/users/{id}",
        "/api/users/2",
        r#"{"full_name": "Benedict", "officer": true, "disabled": false}"#,
        &["member.change", "member.promote", "member.enable"],
    ),
    (
        "PUT /api/observations/{id}",
        "/api/observations/1",
        r#"{"notes": "a moth"}"#,
        &["observation.change"],
    ),
    (
        "DELETE /api/observations/{id}/images/{image_id}",
        "/api/observations/1/images/1",
        "",
        &["observation.picture"],
    ),
    (
        "POST /observations/{id}/images/{image}/delete",
        "/observations/1/images/2/delete",
        "",
        &["observation.picture"],
    ),
    (
        "DELETE /api/observations/{id}",
        "/api/observations/2",
        "",
        &["observation.delete"],
    ),
    (
        "POST /observations/{id}/delete",
        "/observations/3/delete",
        "",
        &["observation.delete"],
    ),
    (
        "POST /observations/{id}/hide",
        "/observations/1/hide",
        "why=blurred",
        &["observation.hide"],
    ),
    (
        "POST /observations/{id}/show",
        "/observations/1/show",
        "",
        &["observation.show"],
    ),
    (
        "POST /observations/reports/{id}/settle",
        "/observations/reports/1/settle",
        "",
        &["report.settle"],
    ),
    (
        "POST /asides/{id}/again",
        "/asides/1/again",
        "",
        &["aside.again"],
    ),
    (
        "POST /asides/{id}/forget",
        "/asides/1/forget",
        "",
        &["aside.forget"],
    ),
    (
        "POST /outbox/{id}/retry",
        "/outbox/1/retry",
        "",
        &["letter.retry"],
    ),
    (
        "POST /outbox/{id}/lift",
        "/outbox/1/lift",
        "address=ben@example.org",
        &["letter.lift"],
    ),
    (
        "POST /bursts/{id}/by-hand/{deed}",
        "/bursts/1/by-hand/retract",
        "why=a+glint",
        &["burst.retract"],
    ),
    (
        "POST /bursts/{id}/by-hand/{deed}",
        "/bursts/1/by-hand/stand",
        "",
        &["burst.stand"],
    ),
    (
        "POST /bursts/{id}/by-hand/{deed}",
        "/bursts/1/by-hand/merge",
        "other=2",
        &["burst.merge"],
    ),
    (
        "POST /bursts/{id}/by-hand/{deed}",
        "/bursts/1/by-hand/part",
        "other=2",
        &["burst.part"],
    ),
    (
        "POST /members/{id}/{deed}",
        "/members/3/delete",
        "",
        &["member.delete"],
    ),
    (
        "DELETE /api/users/{id}",
        "/api/users/4",
        "",
        &["member.delete"],
    ),
];

/// The same at the terminal; what only looks, or is no officer's act, puts nothing on record.
const TYPED: &[(&str, &str, &str, &[&str])] = &[
    (
        "POST /people",
        "/people",
        r#"{"email": "dora@example.org", "name": "Dora", "password": "nine loud owls over Pic du Midi", "confirmed": true}"#,
        &["member.create"],
    ),
    ("POST /people/list", "/people/list", "{}", &[]),
    (
        "POST /people/{verb}",
        "/people/show",
        r#"{"email": "ben@example.org"}"#,
        &[],
    ),
    (
        "POST /people/{verb}",
        "/people/promote",
        r#"{"email": "ben@example.org"}"#,
        &["member.promote"],
    ),
    (
        "POST /people/{verb}",
        "/people/password",
        r#"{"email": "ben@example.org", "password": "eight quiet owls over Pic du Midi"}"#,
        &["member.password"],
    ),
    (
        "POST /people/{verb}",
        "/people/delete",
        r#"{"email": "cleo@example.org"}"#,
        &["member.delete"],
    ),
    (
        "POST /people/tokens/{verb}",
        "/people/tokens/create",
        r#"{"email": "ben@example.org", "name": "dome"}"#,
        &["token.create"],
    ),
    (
        "POST /people/tokens/{verb}",
        "/people/tokens/list",
        r#"{"email": "ben@example.org"}"#,
        &[],
    ),
    (
        "POST /people/tokens/{verb}",
        "/people/tokens/revoke",
        r#"{"email": "ben@example.org", "id": 1}"#,
        &["token.revoke"],
    ),
    (
        "POST /outbox/retry",
        "/outbox/retry",
        r#"{"ids": null}"#,
        &["letter.retry"],
    ),
    (
        "POST /hello/show",
        "/hello/show",
        r#"{"name": "pepe"}"#,
        &[],
    ),
    (
        "POST /hello/forget",
        "/hello/forget",
        r#"{"name": "pepe"}"#,
        &["hello.forget"],
    ),
    (
        "POST /bursts/{id}/{deed}",
        "/bursts/1/retract",
        r#"{"why": "a glint"}"#,
        &["burst.retract"],
    ),
];

/// Reads recorded notices in; an officer's act no more than hearing them is.
const NOT_ACTS: [&str; 1] = ["POST /replay"];

/// Vera (1), an officer; Ben, Cleo and Dan; two bursts, an observation of Ben's that is reported, a notice set aside.
async fn club() -> Served {
    let desk = TestApp::serve().await;
    officer(&desk, "vera@example.org").await;
    for address in ["ben@example.org", "cleo@example.org", "dan@example.org"] {
        member(&desk, address).await;
        desk.app.clock.advance(TimeDelta::hours(1));
    }
    for (trigger, ra) in [(785_074_797, 120.0), (785_074_800, 300.0)] {
        let grb = Some((Class::Grb, 0.9));
        desk.take(&gbm_at(trigger, Kind::Flight, 30, (ra, 30.0, 3.0), grb))
            .await;
    }
    for _ in 0..3 {
        observe(&desk.app, limit(1, 2)).await;
    }
    run(
        &desk.app,
        "insert into observation_images (observation_id, member_id, sha256, kind, width, height, thumb_width, thumb_height, bytes, created_at, thumb, full)
         values (1, 2, 'a', 'png', 1, 1, 1, 1, 1, 1, x'00', x'00'), (1, 2, 'b', 'png', 1, 1, 1, 1, 1, 1, x'00', x'00');
         insert into observation_reports (observation_id, member_id, why, at) values (1, 3, 'blurred', 1);
         insert into aside (hash, topic, reason, body, received_at) values (zeroblob(32), 'gcn.test', 'odd', x'00', 1);",
    )
    .await;
    desk
}

async fn acts_on_record(desk: &Served) -> Vec<String> {
    let read = |conn: &rusqlite::Connection| {
        let mut select = conn.prepare("select act from audit order by id")?;
        let rows = select.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    desk.app.db.read(read).await.unwrap()
}

/// What officers may ask for anew without changing anything.
const LOOKS: [&str; 2] = ["POST /api/admin/doctor", "POST /doctor"];

/// The routes that only officers may use to change something, found by asking as a member.
async fn guarded(desk: &Served) -> BTreeSet<String> {
    let commands = grb_app::serve::commands(desk.app.clone());
    let braces = regex::Regex::new(r"\{[^}]+\}").unwrap();
    let mut found = BTreeSet::new();
    for route in routes::all() {
        if route.local || route.method == "GET" {
            continue;
        }
        // A new one each time: some of the routes sign out, and revoke.
        let dan = r#"{"email": "dan@example.org", "name": "walk"}"#;
        let (_, made) = typed(&commands, "/people/tokens/create", dan).await;
        let made: Value = serde_json::from_str(&made).unwrap();
        let token = made["token"].as_str().unwrap();
        let method: Method = route.method.parse().unwrap();
        let url = desk.url(&braces.replace_all(&route.path, "1"));
        let (kind, body) = match route.path.starts_with("/api/") {
            true => ("application/json", "{}"),
            false => ("application/x-www-form-urlencoded", ""),
        };
        let asked = desk.client.request(method, url).bearer_auth(token);
        let asked = asked.header("content-type", kind).body(body);
        let answer = asked.send().await.unwrap();
        let refused = answer.status() == 403;
        if refused
            && answer
                .text()
                .await
                .unwrap()
                .contains("officers of the club")
        {
            found.insert(format!("{} {}", route.method, route.path));
        }
        // Nobody is slowed down.
        desk.app.clock.advance(TimeDelta::minutes(1));
    }
    found
}

#[tokio::test]
async fn every_act_of_an_officer_is_put_on_record() {
    let known: BTreeSet<String> = ACTS.iter().map(|(route, ..)| (*route).to_owned()).collect();
    let mut found = guarded(&club().await).await;
    found.retain(|route| !LOOKS.contains(&route.as_str()));
    assert_eq!(found, known, "a route without an act in the table");
    let desk = club().await;
    let vera = cookie(&desk, "vera@example.org", PASSWORD).await.unwrap();
    run(
        &desk.app,
        "insert into second_steps (member_id, secret, confirmed_at) values (2, 'A', 1)",
    )
    .await;
    let mut expected = Vec::new();
    for (route, path, given, acts) in ACTS {
        let method: Method = route.split(' ').next().unwrap().parse().unwrap();
        let request = desk.client.request(method, desk.url(path));
        let request = request
            .header("cookie", &vera)
            .header("origin", desk.url(""));
        let kind = match given.starts_with('{') {
            true => "application/json",
            false => "application/x-www-form-urlencoded",
        };
        let answer = request
            .header("content-type", kind)
            .body(*given)
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().as_u16() < 400,
            "{path}: {}",
            answer.text().await.unwrap()
        );
        expected.extend(acts.iter().map(|act| (*act).to_owned()));
        assert_eq!(acts_on_record(&desk).await, expected, "{path}");
    }
    let whose =
        "select count(*) from audit where member_id = 1 and member_name = 'Ada Owl' and at > 0";
    assert_eq!(
        count(&desk.app, whose).await,
        i64::try_from(expected.len()).unwrap()
    );
}

#[tokio::test]
async fn every_command_that_changes_something_is_put_on_record() {
    let known: BTreeSet<String> = TYPED
        .iter()
        .map(|(route, ..)| (*route).to_owned())
        .collect();
    let local = routes::all()
        .into_iter()
        .filter(|route| route.local && route.method != "GET");
    let local = local.map(|route| format!("{} {}", route.method, route.path));
    let local: BTreeSet<String> = local
        .filter(|route| !NOT_ACTS.contains(&route.as_str()))
        .collect();
    assert_eq!(local, known, "a command without an act in the table");
    let desk = club().await;
    let born = json!({ "dateOfBirth": "1990-05-17" });
    desk.client
        .put(desk.url("/hello/pepe"))
        .json(&born)
        .send()
        .await
        .unwrap();
    let commands = grb_app::serve::commands(desk.app.clone());
    let mut expected = Vec::new();
    for (_, path, given, acts) in TYPED {
        let (status, answer) = typed(&commands, path, given).await;
        assert!(status < 400, "{path}: {answer}");
        expected.extend(acts.iter().map(|act| (*act).to_owned()));
        assert_eq!(acts_on_record(&desk).await, expected, "{path}");
    }
    let whose = "select count(*) from audit where member_id is null and member_name = 'terminal'";
    assert_eq!(
        count(&desk.app, whose).await,
        i64::try_from(expected.len()).unwrap()
    );
    let pepe = "select count(*) from audit where about_name || details like '%pepe%'";
    assert_eq!(
        count(&desk.app, pepe).await,
        0,
        "what is forgotten is forgotten here too"
    );
}

async fn typed(commands: &Router, path: &str, given: &'static str) -> (u16, String) {
    let request = Request::post(path).header("content-type", "application/json");
    let request = request.body(Body::from(given)).unwrap();
    let answer = commands.clone().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20)
        .await
        .unwrap();
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn what_an_officer_does_to_somebody_elses_observation_is_on_record_and_what_its_owner_does_is_not()
 {
    let desk = club().await;
    let (ben, vera) = (
        bearer(&desk, "ben@example.org").await,
        bearer(&desk, "vera@example.org").await,
    );
    for (token, notes, rows) in [(&ben, "mine", 0), (&vera, "corrected", 1)] {
        let put = desk
            .client
            .put(desk.url("/api/observations/1"))
            .bearer_auth(token);
        let answer = put.json(&json!({ "notes": notes })).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(count(&desk.app, ROWS).await, rows, "{notes}");
    }
    let gone = desk
        .client
        .delete(desk.url("/api/observations/1"))
        .bearer_auth(&vera);
    assert_eq!(gone.send().await.unwrap().status(), 204);
    assert_eq!(
        acts_on_record(&desk).await,
        ["observation.change", "observation.delete"]
    );
}

#[tokio::test]
async fn the_log_is_only_added_to() {
    let desk = club().await;
    let vera = cookie(&desk, "vera@example.org", PASSWORD).await.unwrap();
    let promote = form(&desk, "/members/2/promote", &vera, &[]);
    assert_eq!(promote.send().await.unwrap().status(), 303);
    for sql in [
        "update audit set member_name = 'nobody'",
        "delete from audit",
        "insert or replace into audit select id, at, member_id, 'nobody', act, about, about_id, about_name, details from audit",
    ] {
        let tampered = desk.app.db.write(move |tx| Ok(tx.execute(sql, [])?)).await;
        assert!(
            tampered.unwrap_err().to_string().contains("only added to"),
            "{sql}"
        );
    }
    // What is older than two years goes; and members go, whatever they did.
    run(
        &desk.app,
        "insert into audit (at, member_name, act, about, about_name, details) values (1, 'terminal', 'burst.part', 'burst', 'old', '{}')",
    )
    .await;
    let now = desk.app.clock.now();
    desk.app
        .db
        .write(move |tx| grb_app::platform::audit::forget_old(tx, now))
        .await
        .unwrap();
    assert_eq!(acts_on_record(&desk).await, ["member.promote"]);
    run(&desk.app, "delete from members").await;
    assert_eq!(
        count(
            &desk.app,
            "select count(*) from audit where about_name = 'Ada Owl'"
        )
        .await,
        1
    );
}

#[tokio::test]
async fn an_act_that_fails_leaves_nothing_on_record() {
    let desk = club().await;
    let vera = cookie(&desk, "vera@example.org", PASSWORD).await.unwrap();
    // The last officer stays one.
    for (path, status) in [
        ("/members/1/demote", 422),
        ("/members/77/promote", 404),
        ("/bursts/1/by-hand/stand", 422),
    ] {
        let answer = form(&desk, path, &vera, &[]).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
    assert_eq!(count(&desk.app, ROWS).await, 0);
}

#[tokio::test]
async fn officers_read_it_page_by_page_and_by_member() {
    let desk = club().await;
    let vera = cookie(&desk, "vera@example.org", PASSWORD).await.unwrap();
    run(
        &desk.app,
        "update members set full_name = '<b>Ben</b> Kestrel' where id = 2",
    )
    .await;
    for path in [
        "/members/2/promote",
        "/members/3/disable",
        "/members/2/demote",
    ] {
        assert_eq!(
            form(&desk, path, &vera, &[]).send().await.unwrap().status(),
            303
        );
    }
    let token = bearer(&desk, "vera@example.org").await;
    let asked = async |query: &str| -> Value {
        let get = desk
            .client
            .get(desk.url(&format!("/api/admin/audit{query}")));
        get.bearer_auth(&token)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    };
    let acts = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|one| one["act"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = asked("?limit=2").await;
    assert_eq!(acts(&first), ["member.demote", "member.disable"]);
    let next = asked(&format!(
        "?limit=2&after={}",
        first["next"].as_str().unwrap()
    ))
    .await;
    assert_eq!(
        (acts(&next), &next["next"]),
        (vec!["member.promote".to_owned()], &Value::Null)
    );
    assert_eq!(
        acts(&asked("?member=kestrel").await),
        ["member.demote", "member.promote"]
    );
    assert_eq!(acts(&asked("?member=3").await), ["member.disable"]);
    assert_eq!(
        asked("?limit=x&after=y").await["errors"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let page = desk
        .client
        .get(desk.url("/audit"))
        .header("cookie", &vera)
        .header("accept", "text/html");
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(
        page.contains("&#60;b&#62;Ben") && !page.contains("<b>Ben"),
        "{page}"
    );
    assert!(!page.contains(SECRET));
    let dan = bearer(&desk, "dan@example.org").await;
    for (token, status) in [(dan.as_str(), 403), ("nobody", 401)] {
        let get = desk
            .client
            .get(desk.url("/api/admin/audit"))
            .bearer_auth(token);
        assert_eq!(get.send().await.unwrap().status(), status);
    }
}
