//! The birthday in the profile: on the page, as JSON, and who does not see it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Served, TestApp};
use crate::handing_on::run;
use crate::people::{PASSWORD, cookie, form, member};

const ADA: &str = "ada@example.org";

async fn ask(desk: &Served, method: Method, path: &str, token: &str, body: &Value) -> (u16, Value) {
    let request = desk.client.request(method, desk.url(path));
    let answer = request.bearer_auth(token).json(body).send().await.unwrap();
    (
        answer.status().as_u16(),
        answer.json().await.unwrap_or_default(),
    )
}

async fn put(desk: &Served, token: &str, body: Value) -> (u16, Value) {
    ask(desk, Method::PUT, "/api/users/me", token, &body).await
}

async fn me(desk: &Served, token: &str) -> [Value; 3] {
    let (status, me) = ask(desk, Method::GET, "/api/users/me", token, &Value::Null).await;
    assert_eq!(status, 200);
    ["birthday", "birthday_shown", "birthday_letter"].map(|field| me[field].clone())
}

fn faulty(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().unwrap().iter();
    errors
        .map(|error| error["field"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn it_is_told_by_json_in_any_part_and_taken_back_by_null() {
    let desk = TestApp::serve().await;
    let ada = member(&desk, ADA).await;
    assert_eq!(
        me(&desk, &ada).await,
        [Value::Null, json!(false), json!(true)],
        "private unless the member says otherwise"
    );
    for (given, birthday) in [
        ("1990-05-17", "1990-05-17"),
        ("--05-17", "--05-17"),
        ("--02-29", "--02-29"),
        ("2000-02-29", "2000-02-29"),
        ("1900-01-01", "1900-01-01"),
        // The club is in UTC; it is 22:00 on the 20th.
        ("2026-11-19", "2026-11-19"),
        ("--11-21", "--11-21"),
    ] {
        let (status, answer) = put(&desk, &ada, json!({ "birthday": given })).await;
        assert_eq!((status, &answer["birthday"]), (200, &json!(birthday)));
        assert_eq!(answer["email"], ADA);
    }
    let (status, _) = put(&desk, &ada, json!({ "birthday_shown": true })).await;
    assert_eq!(status, 200);
    let (status, _) = put(&desk, &ada, json!({ "birthday_letter": false })).await;
    assert_eq!(status, 200);
    let told = [json!("--11-21"), json!(true), json!(false)];
    assert_eq!(me(&desk, &ada).await, told);
    let (_, renamed) = put(&desk, &ada, json!({ "full_name": "Ada Lovelace" })).await;
    assert_eq!(renamed["birthday"], "--11-21");
    let nulls = json!({ "birthday": null, "birthday_shown": null, "birthday_letter": null });
    assert_eq!(put(&desk, &ada, nulls).await.0, 200);
    assert_eq!(
        me(&desk, &ada).await,
        [Value::Null, json!(false), json!(true)]
    );
}

#[tokio::test]
async fn every_fault_is_named_at_once_and_nothing_is_kept() {
    let desk = TestApp::serve().await;
    let ada = member(&desk, ADA).await;
    assert_eq!(
        put(&desk, &ada, json!({ "birthday": "1990-05-17" }))
            .await
            .0,
        200
    );
    for wrong in [
        json!("2026-11-20"),
        json!("2027-01-01"),
        json!("1899-12-31"),
        json!("1990-02-29"),
        json!("1990-04-31"),
        json!("--02-30"),
        json!("1990-05-17T00:00:00Z"),
        json!("17.5.1990"),
        json!(""),
        json!(19_900_517),
        json!(["1990-05-17"]),
    ] {
        let (status, problem) = put(&desk, &ada, json!({ "birthday": wrong })).await;
        assert_eq!(status, 422, "{wrong}");
        assert_eq!(faulty(&problem), ["birthday"], "{wrong}");
    }
    let body =
        json!({ "full_name": "", "birthday": "x", "birthday_shown": 1, "birthday_letter": "no" });
    let (status, problem) = put(&desk, &ada, body).await;
    assert_eq!(status, 422);
    let all = ["full_name", "birthday", "birthday_shown", "birthday_letter"];
    assert_eq!(faulty(&problem), all);
    let kept = [json!("1990-05-17"), json!(false), json!(true)];
    assert_eq!(me(&desk, &ada).await, kept);
}

#[tokio::test]
async fn officers_neither_see_nor_change_it() {
    let desk = TestApp::serve().await;
    let ada = member(&desk, ADA).await;
    let token = member(&desk, "vera@example.org").await;
    run(
        &desk.app,
        "update members set officer = 1 where email = 'vera@example.org'",
    )
    .await;
    assert_eq!(
        put(
            &desk,
            &ada,
            json!({ "birthday": "1987-05-17", "birthday_shown": true })
        )
        .await
        .0,
        200
    );
    let vera = "vera@example.org";
    for path in ["/api/users", "/api/users/1"] {
        let (status, seen) = ask(&desk, Method::GET, path, &token, &Value::Null).await;
        let seen = seen.to_string();
        assert!(status == 200 && seen.contains(ADA), "{seen}");
        assert!(
            !seen.contains("birthday") && !seen.contains("05-17"),
            "{seen}"
        );
    }
    let (status, changed) = ask(
        &desk,
        Method::PUT,
        "/api/users/1",
        &token,
        &json!({ "full_name": "Ada L" }),
    )
    .await;
    assert_eq!(status, 200);
    assert!(!changed.to_string().contains("birthday"), "{changed}");
    let (status, problem) = ask(
        &desk,
        Method::PUT,
        "/api/users/1",
        &token,
        &json!({ "birthday": "1990-01-01", "birthday_shown": true, "birthday_letter": false }),
    )
    .await;
    assert_eq!(status, 422);
    assert_eq!(
        faulty(&problem),
        ["birthday", "birthday_shown", "birthday_letter"]
    );
    let cookie = cookie(&desk, vera, PASSWORD).await.unwrap();
    let listed = page(&desk, &cookie, "/members").await;
    assert!(listed.contains(ADA), "{listed}");
    assert!(
        !listed.contains("1987") && !listed.contains("17 May"),
        "{listed}"
    );
    // Nor what the greeting says of it.
    run(
        &desk.app,
        "update members set birthday = '1987-11-20' where id = 1",
    )
    .await;
    super::greet(&desk.app).await;
    let id = "select id from outbox where kind = 'birthday'";
    let letter = format!("/outbox/{}", crate::common::count(&desk.app, id).await);
    let read = page(&desk, &cookie, &letter).await;
    assert!(read.contains("its reader alone"), "{read}");
    assert!(!read.contains("Happy birthday"), "{read}");
    let html = page(&desk, &cookie, &format!("{letter}/letter.html")).await;
    assert!(!html.contains("Happy birthday"), "{html}");
    let events = "select count(*) from events where data like '%05-17%' or data like '%birthday%'";
    assert_eq!(crate::common::count(&desk.app, events).await, 0);
}

/// The account's page, with Ada's cookie.
async fn page(desk: &Served, cookie: &str, path: &str) -> String {
    let get = desk.client.get(desk.url(path)).header("cookie", cookie);
    get.header("accept", "text/html")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap()
}

#[tokio::test]
async fn the_page_takes_it_with_or_without_the_year_and_forgets_it() {
    let desk = TestApp::serve().await;
    let ada = member(&desk, ADA).await;
    let cookie = cookie(&desk, ADA, PASSWORD).await.unwrap();
    let send = async |fields: &[(&str, &str)]| {
        let answer = form(&desk, "/account/birthday", &cookie, fields);
        let answer = answer.send().await.unwrap();
        let to = answer.headers().get("location").cloned();
        let to = to.map(|to| to.to_str().unwrap().to_owned());
        (answer.status().as_u16(), to)
    };
    let first = page(&desk, &cookie, "/account").await;
    assert!(!first.contains("/birthday-star?born="), "{first}");
    assert!(!first.contains("Forget it"), "{first}");
    let saved = (303, Some("/account?said=birthday".to_owned()));
    let whole = [
        ("day", "7"),
        ("month", "5"),
        ("year", "1990"),
        ("shown", "yes"),
    ];
    assert_eq!(send(&whole).await, saved);
    assert_eq!(
        me(&desk, &ada).await,
        [json!("1990-05-07"), json!(true), json!(false)]
    );
    let kept = page(&desk, &cookie, "/account?said=birthday").await;
    for part in [
        "Your birthday is saved.",
        r#"href="/birthday-star?born=1990-05-07""#,
        r#"name="day" value="7""#,
        r#"<option value="5" selected>May"#,
        r#"name="year" value="1990""#,
        r#"name="shown" value="yes" checked"#,
        r#"name="letter" value="yes">"#,
        "Forget it",
    ] {
        assert!(kept.contains(part), "{part}: {kept}");
    }
    let leap = [
        ("day", "29"),
        ("month", "2"),
        ("year", ""),
        ("letter", "yes"),
    ];
    assert_eq!(send(&leap).await, saved);
    assert_eq!(
        me(&desk, &ada).await,
        [json!("--02-29"), json!(false), json!(true)]
    );
    let kept = page(&desk, &cookie, "/account").await;
    assert!(!kept.contains("/birthday-star?born="), "{kept}");
    // What was agreed to of this birthday is forgotten with it, whatever the boxes say.
    let forget = [
        ("day", "29"),
        ("month", "2"),
        ("shown", "yes"),
        ("forget", "yes"),
    ];
    let forgotten = (303, Some("/account?said=forgotten".to_owned()));
    assert_eq!(send(&forget).await, forgotten);
    assert_eq!(
        me(&desk, &ada).await,
        [Value::Null, json!(false), json!(true)]
    );
    assert_eq!(send(&leap).await, saved);
    assert_eq!(send(&[("day", " "), ("letter", "yes")]).await, forgotten);
    assert_eq!(
        me(&desk, &ada).await,
        [Value::Null, json!(false), json!(true)]
    );
}

#[tokio::test]
async fn the_page_gives_back_what_was_typed_with_each_fault() {
    let desk = TestApp::serve().await;
    let ada = member(&desk, ADA).await;
    let cookie = cookie(&desk, ADA, PASSWORD).await.unwrap();
    for (day, month, year, faults) in [
        (
            "0",
            "",
            "90",
            &[
                "The day must be a number from 1 to 31.",
                "Choose a month.",
                "The year must have four digits",
            ][..],
        ),
        ("32", "13", "", &["The day must be", "Choose a month."]),
        ("", "5", "1990", &["The day must be"]),
        ("31", "4", "", &["April has no day 31."]),
        (
            "31",
            "4",
            "90",
            &["April has no day 31.", "The year must have"],
        ),
        ("30", "2", "1990", &["February has no day 30."]),
        ("29", "2", "1990", &["1990 had no 29 February."]),
        (
            "1",
            "1",
            "1899",
            &["Must be a day from 1 January 1900 to yesterday."],
        ),
        (
            "20",
            "11",
            "2026",
            &["Must be a day from 1 January 1900 to yesterday."],
        ),
        ("\"><b>", "1", "", &["The day must be"]),
    ] {
        let fields = [
            ("day", day),
            ("month", month),
            ("year", year),
            ("shown", "yes"),
        ];
        let answer = form(&desk, "/account/birthday", &cookie, &fields);
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status(), 422, "{fields:?}");
        let page = answer.text().await.unwrap();
        assert_eq!(
            page.matches("class=\"fault\"").count(),
            faults.len(),
            "{fields:?}: {page}"
        );
        for fault in faults {
            assert!(page.contains(fault), "{fault}: {page}");
        }
        assert!(
            page.contains(&format!(r#"name="year" value="{year}""#)),
            "{page}"
        );
        assert!(
            page.contains(r#"name="shown" value="yes" checked"#),
            "{page}"
        );
        assert!(!page.contains("<b>"), "{page}");
    }
    assert_eq!(me(&desk, &ada).await[0], Value::Null);
}

#[tokio::test]
async fn a_member_takes_it_along() {
    let desk = TestApp::serve().await;
    let ada = member(&desk, ADA).await;
    assert_eq!(
        put(&desk, &ada, json!({ "birthday": "1990-05-17" }))
            .await
            .0,
        200
    );
    let cookie = cookie(&desk, ADA, PASSWORD).await.unwrap();
    let all = page(&desk, &cookie, "/account/export").await;
    let all: Value = serde_json::from_str(&all).unwrap();
    assert_eq!(all["member"]["birthday"], "1990-05-17");
    assert_eq!(all["member"]["email"], ADA);
    assert!(all["tables"]["greetings"].is_array(), "{all}");
}

#[tokio::test]
async fn the_description_says_who_sees_it() {
    let desk = TestApp::serve().await;
    let api = desk.json("/api/openapi.json").await;
    let schemas = &api["components"]["schemas"];
    assert!(!schemas["Member"].to_string().contains("birthday"));
    assert!(schemas["Me"].to_string().contains("birthday_letter"));
    let changes = &schemas["Changes"]["properties"]["birthday"];
    assert_eq!(changes["type"], json!(["string", "null"]), "{changes}");
    let seen = &api["paths"]["/api/users/me"]["get"]["responses"]["200"];
    assert!(seen.to_string().contains("/schemas/Me\""), "{seen}");
}
