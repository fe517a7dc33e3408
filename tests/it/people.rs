//! People: signing up and in, what nobody may learn, who may do what, and how often.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use grb_app::notices::{Class, Kind};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::common::{Served, TestApp, count, gbm_at};
use crate::handing_on;

pub(crate) const PASSWORD: &str = "seven quiet owls over Pic du Midi";

/// What a letter's link carries, newest letter first.
pub(crate) async fn letter(
    desk: &Served,
    address: &'static str,
    kind: &'static str,
) -> Option<String> {
    let read = move |conn: &rusqlite::Connection| {
        let sql = "select payload ->> 'token' from outbox where address = ?1 and payload ->> 'letter' = ?2 order by id desc limit 1";
        let found = conn.query_row(sql, [address, kind], |row| row.get(0));
        Ok(rusqlite::OptionalExtension::optional(found)?)
    };
    desk.app.db.read(read).await.unwrap()
}

fn wish(email: &str) -> Value {
    json!({ "email": email, "full_name": "Ada Owl", "password": PASSWORD, "password_confirmation": PASSWORD, "receive_notification": true })
}

pub(crate) async fn sign_up(desk: &Served, email: &str) -> Response {
    let post = desk.client.post(desk.url("/api/users"));
    post.json(&wish(email)).send().await.unwrap()
}

/// A page's form, as a browser of this site sends it.
pub(crate) fn form(
    desk: &Served,
    path: &str,
    cookie: &str,
    fields: &[(&str, &str)],
) -> RequestBuilder {
    let post = desk.client.post(desk.url(path)).form(fields);
    let post = post
        .header("origin", desk.url(""))
        .header("accept", "text/html");
    match cookie.is_empty() {
        true => post,
        false => post.header("cookie", cookie),
    }
}

async fn confirm(desk: &Served, address: &'static str) {
    let token = letter(desk, address, "confirm").await.unwrap();
    let done = form(desk, &format!("/confirm/{token}"), "", &[])
        .send()
        .await
        .unwrap();
    assert_eq!(done.status(), 303);
}

pub(crate) async fn knock(desk: &Served, email: &str, password: &str) -> Response {
    let post = desk.client.post(desk.url("/api/users/token"));
    post.json(&json!({ "username": email, "password": password }))
        .send()
        .await
        .unwrap()
}

pub(crate) async fn bearer(desk: &Served, email: &str) -> String {
    let answer = knock(desk, email, PASSWORD).await;
    assert_eq!(answer.status(), 200);
    let access: Value = answer.json().await.unwrap();
    assert_eq!(access["token_type"], "Bearer");
    access["access_token"].as_str().unwrap().to_owned()
}

pub(crate) async fn member(desk: &Served, address: &'static str) -> String {
    assert_eq!(sign_up(desk, address).await.status(), 202);
    confirm(desk, address).await;
    bearer(desk, address).await
}

pub(crate) async fn officer(desk: &Served, address: &'static str) -> String {
    let token = member(desk, address).await;
    let promote = move |tx: &grb_app::platform::Tx<'_>| {
        Ok(tx.execute("update members set officer = 1 where email = ?1", [address])?)
    };
    desk.app.db.write(promote).await.unwrap();
    token
}

/// Signs in through the page; the cookie.
pub(crate) async fn cookie(desk: &Served, email: &str, password: &str) -> Option<String> {
    let fields = [("email", email), ("password", password)];
    let answer = form(desk, "/sign-in", "", &fields).send().await.unwrap();
    let cookie = answer
        .headers()
        .get("set-cookie")?
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    Some(cookie.split(';').next()?.to_owned())
}

async fn asked(desk: &Served, method: Method, path: &str, token: &str, body: &Value) -> Response {
    let request = desk
        .client
        .request(method, desk.url(path))
        .bearer_auth(token);
    request.json(body).send().await.unwrap()
}

#[tokio::test]
async fn a_member_signs_up_confirms_by_a_button_and_signs_in() {
    let desk = TestApp::serve().await;
    assert_eq!(sign_up(&desk, "Ada@Example.org").await.status(), 202);
    assert_eq!(
        knock(&desk, "ada@example.org", PASSWORD).await.status(),
        401
    );
    let token = letter(&desk, "Ada@Example.org", "confirm").await.unwrap();
    let path = format!("/confirm/{token}");
    // A program that looks for harmful mail opens the link; that must not act.
    assert_eq!(desk.page(&path).await.0, 200);
    assert_eq!(
        knock(&desk, "ada@example.org", PASSWORD).await.status(),
        401
    );
    confirm(&desk, "Ada@Example.org").await;
    let access = bearer(&desk, "ADA@example.org").await;
    let me: Value = asked(&desk, Method::GET, "/api/users/me", &access, &json!({}))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(me["email"], "Ada@Example.org");
    assert_eq!(
        (&me["email_confirmed"], &me["officer"], &me["notify"]),
        (&true.into(), &false.into(), &"every".into())
    );
    assert_eq!(desk.page(&path).await.0, 404, "a link works once");
    let kept = "select count(*) from links where hash like '%' || (select payload ->> 'token' from outbox limit 1) || '%'";
    assert_eq!(count(&desk.app, kept).await, 0);
}

#[tokio::test]
async fn every_fault_of_a_sign_up_is_named_at_once() {
    let desk = TestApp::serve().await;
    let wrong = json!({ "email": "ada@", "full_name": " \n", "password": "password1", "password_confirmation": "other", "notify": "often" });
    let answer = desk
        .client
        .post(desk.url("/api/users"))
        .json(&wrong)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 422);
    let problem: Value = answer.json().await.unwrap();
    let mut fields: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["field"].as_str().unwrap())
        .collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "email",
            "full_name",
            "notify",
            "password",
            "password_confirmation"
        ]
    );
    let typed = json!({ "email": 5 });
    let answer = desk
        .client
        .post(desk.url("/api/users"))
        .json(&typed)
        .send()
        .await
        .unwrap();
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["errors"][0]["field"], "email");
    let hints = json!({ "email": "ada@example.org", "full_name": "Ada Owlington", "password": "AdaOwlington1", "password_confirmation": "AdaOwlington1" });
    assert_eq!(
        desk.client
            .post(desk.url("/api/users"))
            .json(&hints)
            .send()
            .await
            .unwrap()
            .status(),
        422,
        "a name is no password"
    );
}

#[tokio::test]
async fn no_answer_tells_whether_an_address_is_known() {
    let desk = TestApp::serve().await;
    member(&desk, "known@example.org").await;
    sign_up(&desk, "unconfirmed@example.org").await;
    member(&desk, "disabled@example.org").await;
    let disable = |tx: &grb_app::platform::Tx<'_>| {
        Ok(tx.execute(
            "update members set disabled_at = 1 where email like 'disabled%'",
            [],
        )?)
    };
    desk.app.db.write(disable).await.unwrap();

    let mut answers = Vec::new();
    for (email, password) in [
        ("nobody@example.org", PASSWORD),
        ("known@example.org", "wrong wrong wrong"),
        ("unconfirmed@example.org", PASSWORD),
        ("disabled@example.org", PASSWORD),
    ] {
        let answer = knock(&desk, email, password).await;
        answers.push((answer.status().as_u16(), answer.text().await.unwrap()));
        let page = form(
            &desk,
            "/sign-in",
            "",
            &[("email", email), ("password", password)],
        )
        .send()
        .await
        .unwrap();
        let text = page.text().await.unwrap().replace(email, "");
        // The page's own clock is the only other thing that differs.
        assert!(text.contains("do not belong together"), "{email}");
    }
    assert!(
        answers
            .iter()
            .all(|answer| answer.0 == 401 && *answer == answers[0]),
        "{answers:?}"
    );

    let new = sign_up(&desk, "new@example.org").await;
    let taken = sign_up(&desk, "KNOWN@example.org").await;
    assert_eq!(
        (new.status(), new.text().await.unwrap()),
        (taken.status(), taken.text().await.unwrap())
    );
    assert!(letter(&desk, "known@example.org", "taken").await.is_some());

    for email in ["known@example.org", "nobody@example.org"] {
        let answer = form(&desk, "/forgotten", "", &[("email", email)])
            .send()
            .await
            .unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["location"]),
            (303, &"/forgotten/done".parse().unwrap())
        );
    }
    assert_eq!(
        count(
            &desk.app,
            "select count(*) from outbox where payload ->> 'letter' = 'reset'"
        )
        .await,
        1
    );
}

#[tokio::test]
async fn an_unknown_address_costs_as_much_work_as_a_wrong_password() {
    let desk = TestApp::serve().await;
    member(&desk, "known@example.org").await;
    sign_up(&desk, "unconfirmed@example.org").await;
    // Argon2 is what takes the time. Wall times differ by chance where the cores are busy; how often it ran does not.
    let counters = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let shown = counters.handle();
    let _here = metrics::set_default_local_recorder(&counters);
    for (at, email) in ["known@", "nobody@", "unconfirmed@", "nobody at all"]
        .into_iter()
        .enumerate()
    {
        let email = format!("{email}example.org");
        let answer = knock(&desk, &email, "wrong wrong wrong").await;
        assert_eq!(answer.status(), 401);
        let judged = format!("grb_passwords_judged_total {}", at + 1);
        let all = shown.render();
        assert!(all.lines().any(|line| line == judged), "{email}: {all}");
    }
}

/// A client whose connections come from another address of this machine.
fn elsewhere(last: u8) -> reqwest::Client {
    let from = std::net::IpAddr::from([127, 0, 0, last]);
    let client = reqwest::Client::builder().tls_certs_only([]);
    client.local_address(from).build().unwrap()
}

#[tokio::test]
async fn ten_thousand_guesses_in_an_hour_are_hardly_evaluated_and_shut_nobody_out() {
    let desk = TestApp::serve().await;
    member(&desk, "known@example.org").await;
    desk.app.clock.advance(TimeDelta::hours(2));
    let strangers: Vec<reqwest::Client> = (2..=9).map(elsewhere).collect();
    let guess = async |stranger: &reqwest::Client, n: usize, pause: i64| {
        let post = stranger.post(desk.url("/api/users/token"));
        let guess = json!({ "username": "known@example.org", "password": format!("guess {n}") });
        let answer = post.json(&guess).send().await.unwrap();
        desk.app.clock.advance(TimeDelta::milliseconds(pause));
        match answer.status().as_u16() {
            401 => 1,
            status => {
                assert_eq!(status, 429);
                assert!(answer.headers().contains_key("retry-after"));
                0
            }
        }
    };
    // One stranger, for an hour; the owner comes from another address in the middle of it.
    let mut evaluated = 0;
    for n in 0..1_000 {
        evaluated += guess(&strangers[0], n, 3_600).await;
        if n == 500 {
            let owner = knock(&desk, "known@example.org", PASSWORD).await;
            assert_eq!(owner.status(), 200);
        }
    }
    assert!((20..=33).contains(&evaluated), "{evaluated} evaluated");
    // Many strangers, for another: together no more than the account allows.
    desk.app.clock.advance(TimeDelta::hours(1));
    let mut evaluated = 0;
    for n in 0..10_000 {
        evaluated += guess(&strangers[n % strangers.len()], n, 360).await;
    }
    assert!((90..=110).contains(&evaluated), "{evaluated} evaluated");
}

#[tokio::test]
async fn writes_of_one_visitor_are_counted() {
    let desk = TestApp::serve().await;
    let token = member(&desk, "known@example.org").await;
    let mut last = 0;
    for _ in 0..700 {
        last = asked(&desk, Method::PUT, "/api/users/me", &token, &json!({}))
            .await
            .status()
            .as_u16();
        if last != 200 {
            break;
        }
    }
    assert_eq!(last, 429);
    assert_eq!(
        asked(&desk, Method::GET, "/api/users/me", &token, &json!({}))
            .await
            .status(),
        200,
        "looking is free"
    );
}

/// Who may do what. Every route of members is in this table: one that is forgotten fails the test below.
const ROLES: [(&str, &str, [u16; 3]); 10] = [
    ("GET", "/api/users", [401, 403, 200]),
    ("GET", "/api/users/me", [401, 200, 200]),
    ("PUT", "/api/users/me", [401, 200, 200]),
    ("DELETE", "/api/users/me", [401, 422, 422]),
    ("GET", "/api/users/{id}", [401, 403, 200]),
    ("PUT", "/api/users/{id}", [401, 403, 200]),
    ("DELETE", "/api/users/{id}", [401, 403, 204]),
    ("GET", "/members", [303, 403, 200]),
    ("GET", "/account", [303, 200, 200]),
    ("GET", "/account/export", [303, 200, 200]),
];

#[tokio::test]
async fn everybody_may_do_what_their_role_says() {
    let desk = TestApp::serve().await;
    let member = member(&desk, "member@example.org").await;
    let officer = officer(&desk, "officer@example.org").await;
    sign_up(&desk, "other@example.org").await;
    for (method, path, wanted) in ROLES {
        for (token, wanted) in ["", &member, &officer].into_iter().zip(wanted) {
            let path = path.replace("{id}", "3");
            let method: Method = method.parse().unwrap();
            let request = desk.client.request(method.clone(), desk.url(&path));
            let request = match token.is_empty() {
                true => request,
                false => request.bearer_auth(token),
            };
            let status = request.json(&json!({})).send().await.unwrap().status();
            assert_eq!(status.as_u16(), wanted, "{method} {path} as {token:.4}");
        }
    }
    let api = desk.json("/api/openapi.json").await;
    for (path, methods) in api["paths"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(path, _)| path.starts_with("/api/users"))
    {
        for method in methods
            .as_object()
            .unwrap()
            .keys()
            .map(|method| method.to_uppercase())
        {
            let open = [("POST", "/api/users"), ("POST", "/api/users/token")];
            let known = ROLES
                .iter()
                .map(|(method, path, _)| (*method, *path))
                .chain(open);
            assert!(
                known
                    .into_iter()
                    .any(|known| known == (method.as_str(), path.as_str())),
                "{method} {path} is in no table"
            );
        }
    }
}

#[tokio::test]
async fn a_page_asks_who_it_is_and_comes_back_but_never_leaves_the_site() {
    let desk = TestApp::serve().await;
    member(&desk, "known@example.org").await;
    let asked = desk.get("/members?q=a b").await;
    assert_eq!(
        asked.headers()["location"],
        "/sign-in?next=/members%3Fq%3Da%2520b"
    );
    for (next, wanted) in [
        ("/account?x=1", "/account?x=1"),
        ("//elsewhere.example", "/"),
        ("https://elsewhere.example", "/"),
        ("/\\elsewhere.example", "/"),
        ("", "/"),
    ] {
        let fields = [
            ("email", "known@example.org"),
            ("password", PASSWORD),
            ("next", next),
        ];
        let answer = form(&desk, "/sign-in", "", &fields).send().await.unwrap();
        assert_eq!(answer.headers()["location"], wanted);
        desk.app.clock.advance(TimeDelta::minutes(1));
    }
}

#[tokio::test]
async fn another_site_can_neither_act_nor_sign_a_visitor_in() {
    let desk = TestApp::serve().await;
    member(&desk, "known@example.org").await;
    let fields = [("email", "known@example.org"), ("password", PASSWORD)];
    for (name, value) in [
        ("origin", "https://elsewhere.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let post = desk.client.post(desk.url("/sign-in")).header(name, value);
        let answer = post.form(&fields).send().await.unwrap();
        assert_eq!(answer.status(), 403);
        assert!(answer.headers().get("set-cookie").is_none());
    }
    // A mail service that ends a subscription says nothing of where it comes from, and has no cookie.
    assert_ne!(
        desk.client
            .post(desk.url("/forgotten"))
            .form(&[("email", "a@example.org")])
            .send()
            .await
            .unwrap()
            .status(),
        403
    );
}

#[tokio::test]
async fn sessions_are_listed_revoked_and_end_with_the_password_and_with_time() {
    let desk = TestApp::serve().await;
    member(&desk, "known@example.org").await;
    let here = cookie(&desk, "known@example.org", PASSWORD).await.unwrap();
    let there = cookie(&desk, "known@example.org", PASSWORD).await.unwrap();
    assert_ne!(here, there);
    let open = async |cookie: &str| {
        let get = desk
            .client
            .get(desk.url("/account"))
            .header("cookie", cookie);
        get.send().await.unwrap().status().as_u16()
    };
    assert_eq!((open(&here).await, open(&there).await), (200, 200));
    // One cookie more than what is kept, hashed.
    let bare = here.split('=').nth(1).unwrap().to_owned();
    let seen = desk.app.db.read(move |conn| {
        Ok(conn.query_row(
            "select count(*) from sessions where hash = ?1",
            [bare],
            |row| row.get::<_, i64>(0),
        )?)
    });
    assert_eq!(seen.await.unwrap(), 0);

    let new = "eleven grey herons at low tide";
    let fields = [
        ("current", "wrong wrong wrong"),
        ("password", new),
        ("password_confirmation", new),
    ];
    assert_eq!(
        form(&desk, "/account/password", &here, &fields)
            .send()
            .await
            .unwrap()
            .status(),
        422
    );
    let fields = [
        ("current", PASSWORD),
        ("password", new),
        ("password_confirmation", new),
    ];
    assert_eq!(
        form(&desk, "/account/password", &here, &fields)
            .send()
            .await
            .unwrap()
            .status(),
        303
    );
    assert_eq!((open(&here).await, open(&there).await), (200, 303));
    desk.app.clock.advance(TimeDelta::days(8));
    assert_eq!(open(&here).await, 303, "a week unused");

    let mut used = cookie(&desk, "known@example.org", new).await.unwrap();
    for _ in 0..5 {
        desk.app.clock.advance(TimeDelta::days(5));
        assert_eq!(open(&used).await, 200);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    desk.app.clock.advance(TimeDelta::days(5));
    assert_eq!(
        open(&used).await,
        303,
        "thirty days, however much it is used"
    );

    used = cookie(&desk, "known@example.org", new).await.unwrap();
    assert_eq!(
        form(&desk, "/sign-out", &used, &[])
            .send()
            .await
            .unwrap()
            .status(),
        303
    );
    assert_eq!(open(&used).await, 303);
}

#[tokio::test]
async fn a_forgotten_password_is_set_by_a_link_that_works_once_for_half_an_hour() {
    let desk = TestApp::serve().await;
    let old = member(&desk, "known@example.org").await;
    let forget = async || {
        form(&desk, "/forgotten", "", &[("email", "KNOWN@example.org")])
            .send()
            .await
            .unwrap();
        letter(&desk, "known@example.org", "reset").await.unwrap()
    };
    let late = forget().await;
    desk.app.clock.advance(TimeDelta::minutes(31));
    assert_eq!(desk.page(&format!("/reset/{late}")).await.0, 404);
    let path = format!("/reset/{}", forget().await);
    let weak = [
        ("password", "password1"),
        ("password_confirmation", "password1"),
    ];
    assert_eq!(
        form(&desk, &path, "", &weak).send().await.unwrap().status(),
        422
    );
    let new = "eleven grey herons at low tide";
    let good = [("password", new), ("password_confirmation", new)];
    assert_eq!(
        form(&desk, &path, "", &good).send().await.unwrap().status(),
        303
    );
    assert_eq!(
        form(&desk, &path, "", &good).send().await.unwrap().status(),
        404
    );
    assert_eq!(
        knock(&desk, "known@example.org", PASSWORD).await.status(),
        401
    );
    assert_eq!(knock(&desk, "known@example.org", new).await.status(), 200);
    assert_eq!(
        asked(&desk, Method::GET, "/api/users/me", &old, &json!({}))
            .await
            .status(),
        401,
        "signed out everywhere"
    );
}

#[tokio::test]
async fn an_address_changes_once_the_new_one_confirms_and_the_old_one_is_told() {
    let desk = TestApp::serve().await;
    let token = member(&desk, "old@example.org").await;
    member(&desk, "taken@example.org").await;
    let change = async |email: &str, password: &str| {
        let body = json!({ "email": email, "current_password": password });
        asked(&desk, Method::PUT, "/api/users/me", &token, &body)
            .await
            .status()
            .as_u16()
    };
    assert_eq!(change("new@example.org", "wrong wrong wrong").await, 422);
    assert_eq!(change("new@example.org", PASSWORD).await, 200);
    assert!(
        letter(&desk, "old@example.org", "address_asked")
            .await
            .is_some()
    );
    let link = letter(&desk, "new@example.org", "address").await.unwrap();
    assert_eq!(
        knock(&desk, "new@example.org", PASSWORD).await.status(),
        401
    );
    assert_eq!(
        form(&desk, &format!("/address/{link}"), "", &[])
            .send()
            .await
            .unwrap()
            .status(),
        303
    );
    assert_eq!(
        knock(&desk, "new@example.org", PASSWORD).await.status(),
        200
    );
    assert_eq!(
        change("taken@example.org", PASSWORD).await,
        200,
        "nobody learns that it is taken"
    );
    assert!(
        letter(&desk, "taken@example.org", "taken").await.is_some()
            && letter(&desk, "taken@example.org", "address")
                .await
                .is_none()
    );
}

#[tokio::test]
async fn nobody_slips_a_header_into_a_letter() {
    let desk = TestApp::serve().await;
    let breaks = [
        "\r\n",
        "\n",
        "\r",
        "\0",
        "\u{85}",
        "\u{2028}",
        "\u{2029}",
        "\u{b}",
        "\u{c}",
        "%0d%0a\r\n",
    ];
    let headers = [
        "Bcc: spy@example.org",
        "Subject: other",
        "From: boss@example.org",
        "Content-Type: text/html",
        "X-A: b\r\n\r\nbody",
    ];
    let mut tried = 0;
    for (at, brk) in breaks.into_iter().enumerate() {
        for header in headers {
            for (email, name) in [
                (
                    format!("ada@example.org{brk}{header}"),
                    "Ada Owl".to_owned(),
                ),
                (format!("ada{at}@example.org"), format!("Ada{brk}{header}")),
            ] {
                let body = json!({ "email": email, "full_name": name, "password": PASSWORD, "password_confirmation": PASSWORD });
                let answer = desk
                    .client
                    .post(desk.url("/api/users"))
                    .json(&body)
                    .send()
                    .await
                    .unwrap();
                assert_eq!(answer.status(), 422, "{email:?} {name:?}");
                tried += 1;
            }
            desk.app.clock.advance(TimeDelta::hours(1));
        }
    }
    assert_eq!(tried, 100);
    assert_eq!(count(&desk.app, "select count(*) from outbox").await, 0);
}

#[tokio::test]
async fn the_page_to_sign_up_keeps_what_was_typed_and_robots_out() {
    let desk = TestApp::serve().await;
    let (_, page) = desk.page("/sign-up").await;
    let shown = page
        .split("name=\"shown\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let send = async |over: &[(&str, &str)]| {
        let mut fields = std::collections::BTreeMap::from([
            ("email", "ada@example.org"),
            ("full_name", "Ada Owl"),
            ("password", PASSWORD),
            ("password_confirmation", PASSWORD),
            ("notify", "observable"),
            ("consent", "yes"),
            ("shown", &shown),
        ]);
        fields.extend(over.iter().copied());
        let fields: Vec<(&str, &str)> = fields.into_iter().collect();
        let answer = form(&desk, "/sign-up", "", &fields).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    // A fixed clock stands still: it must be past the soonest moment, or every answer waits.
    desk.app.clock.advance(TimeDelta::seconds(10));
    let (status, text) = send(&[("email", "ada@"), ("consent", "")]).await;
    assert_eq!(status, 422);
    assert!(
        text.contains("value=\"Ada Owl\"")
            && text.contains("value=\"ada@\"")
            && text.contains("email-fault")
            && text.contains("consent-fault")
    );
    assert!(text.contains("value=\"observable\" checked") && !text.contains(PASSWORD));
    assert_eq!(send(&[("shown", "1.x.00")]).await.0, 422);
    assert_eq!(send(&[("website", "https://robot.example")]).await.0, 303);
    assert_eq!(count(&desk.app, "select count(*) from members").await, 0);
    assert_eq!(send(&[]).await.0, 303);
    assert_eq!(
        count(
            &desk.app,
            "select count(*) from members where notify = 'observable'"
        )
        .await,
        1
    );
    desk.app.clock.advance(TimeDelta::hours(25));
    let (status, text) = send(&[]).await;
    assert!(
        status == 422
            && text.contains("more than a day")
            && text.contains("value=\"ada@example.org\"")
    );
}

#[tokio::test]
async fn the_second_step_asks_a_code_that_works_once() {
    let desk = TestApp::serve().await;
    member(&desk, "known@example.org").await;
    let here = cookie(&desk, "known@example.org", PASSWORD).await.unwrap();
    form(
        &desk,
        "/account/second-step/start",
        &here,
        &[("current", PASSWORD)],
    )
    .send()
    .await
    .unwrap();
    let secret = desk
        .app
        .db
        .read(|conn| {
            Ok(
                conn.query_row("select secret from second_steps", [], |row| {
                    row.get::<_, String>(0)
                })?,
            )
        })
        .await
        .unwrap();
    let code = |desk: &Served| {
        let secret = totp_rs::Secret::try_from_base32(&secret).unwrap();
        let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
        totp.generate(desk.app.clock.wall().timestamp().try_into().unwrap())
            .to_string()
    };
    let page = desk
        .client
        .get(desk.url("/account/second-step"))
        .header("cookie", &here)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("<svg") && !page.contains("<?xml"));
    assert_eq!(
        form(&desk, "/account/second-step", &here, &[("code", "000000")])
            .send()
            .await
            .unwrap()
            .status(),
        422
    );
    assert_eq!(
        knock(&desk, "known@example.org", PASSWORD).await.status(),
        200,
        "not on before it is proved"
    );
    let codes = form(
        &desk,
        "/account/second-step",
        &here,
        &[("code", &code(&desk))],
    )
    .send()
    .await
    .unwrap()
    .text()
    .await
    .unwrap();
    let recovery = codes
        .split("<li><code>")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap()
        .to_owned();

    let enter = async |code: &str| {
        let post = desk.client.post(desk.url("/api/users/token"));
        post.json(&json!({ "username": "known@example.org", "password": PASSWORD, "code": code }))
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    let without = knock(&desk, "known@example.org", PASSWORD).await;
    assert_eq!(without.status(), 401);
    assert!(without.text().await.unwrap().contains("second step"));
    let wrong = knock(&desk, "known@example.org", "wrong wrong wrong").await;
    assert!(
        !wrong.text().await.unwrap().contains("second step"),
        "only the password's owner learns of it"
    );
    assert_eq!(
        enter(&code(&desk)).await,
        401,
        "the code that turned it on is used up"
    );
    desk.app.clock.advance(TimeDelta::minutes(10));
    assert_eq!(enter(&code(&desk)).await, 200);
    assert_eq!(enter(&code(&desk)).await, 401);
    assert_eq!((enter(&recovery).await, enter(&recovery).await), (200, 401));
    desk.app.clock.advance(TimeDelta::minutes(10));
    let asked = form(
        &desk,
        "/sign-in",
        "",
        &[("email", "known@example.org"), ("password", PASSWORD)],
    )
    .send()
    .await
    .unwrap();
    assert!(asked.headers().get("set-cookie").is_none());
    let page = asked.text().await.unwrap();
    let ticket = page
        .split("name=\"ticket\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let entered = form(
        &desk,
        "/sign-in/code",
        "",
        &[("ticket", ticket), ("code", &code(&desk))],
    )
    .send()
    .await
    .unwrap();
    assert!(entered.status() == 303 && entered.headers().contains_key("set-cookie"));
    let forged = ticket.replace(".1.", ".2.");
    let refused = form(
        &desk,
        "/sign-in/code",
        "",
        &[("ticket", &forged), ("code", "1")],
    )
    .send()
    .await
    .unwrap();
    assert_eq!(refused.headers()["location"], "/sign-in");
}

#[tokio::test]
async fn a_deleted_member_leaves_nothing() {
    let desk = TestApp::serve().await;
    let token = member(&desk, "known@example.org").await;
    let here = cookie(&desk, "known@example.org", PASSWORD).await.unwrap();
    form(
        &desk,
        "/account/tokens",
        &here,
        &[("token_name", "dome"), ("current", PASSWORD)],
    )
    .send()
    .await
    .unwrap();
    form(
        &desk,
        "/account/second-step/start",
        &here,
        &[("current", PASSWORD)],
    )
    .send()
    .await
    .unwrap();
    let site = json!({ "name": "Garden", "latitude": 43.95, "longitude": 5.71, "telescopes": [{ "name": "Lens", "fov_deg": 9 }] });
    let channel = json!({ "kind": "webhook", "url": "https://hooks.example.org/grb" });
    for (path, body) in [("/api/sites", site), ("/api/channels", channel)] {
        let made = asked(&desk, Method::POST, path, &token, &body).await;
        assert_eq!(made.status(), 201, "{path}");
    }
    let burst = gbm_at(
        1,
        Kind::Flight,
        20,
        (10.0, 20.0, 3.0),
        Some((Class::Grb, 0.9)),
    );
    desk.take(&burst).await;
    grb_app::alerts::settle(&desk.app).await.unwrap();
    handing_on::observe(&desk.app, handing_on::limit(1, 1)).await;
    handing_on::run(
        &desk.app,
        "insert into observers (member_id, aavso_code) values (1, 'ADA');
         insert into observation_history (observation_id, revision, changed_by, changed_at, before) values (1, 1, 1, 0, '{}');
         insert into observation_images (observation_id, member_id, sha256, kind, width, height, thumb_width, thumb_height, bytes, created_at, thumb, full)
             values (1, 1, '00', 'png', 1, 1, 1, 1, 2, 0, x'00', x'00')",
    )
    .await;
    // What is not there before proves nothing when it is not there after.
    let owned = rows_of_members(&desk).await;
    for table in [
        "api_tokens",
        "channels",
        "follows",
        "observation_history",
        "observation_images",
        "observations",
        "observers",
        "outbox",
        "second_steps",
        "sessions",
        "sites",
        "telescopes",
        "told",
    ] {
        assert!(owned[table] > 0, "{table} is empty: {owned:?}");
    }
    let bursts = "select count(*) from outbox where kind = 'burst' and channel = 'mail'";
    assert_eq!(count(&desk.app, bursts).await, 1);
    let export = desk
        .client
        .get(desk.url("/account/export"))
        .header("cookie", &here)
        .send()
        .await
        .unwrap();
    assert!(
        export.headers()["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment")
    );
    let export: Value = export.json().await.unwrap();
    assert_eq!(export["member"]["email"], "known@example.org");
    assert_eq!(export["tables"]["api_tokens"][0]["name"], "dome");
    assert_eq!(export["tables"]["observations"][0]["instrument"], "RC8");
    assert_eq!(export["tables"]["observation_images"][0]["full"], "1 bytes");
    let text = export.to_string();
    assert!(
        !text.contains("argon2") && !text.contains("\"hash\"") && !text.contains("\"payload\"")
    );

    assert_eq!(
        asked(
            &desk,
            Method::DELETE,
            "/api/users/me",
            &token,
            &json!({ "password": "wrong" })
        )
        .await
        .status(),
        422
    );
    assert_eq!(
        asked(
            &desk,
            Method::DELETE,
            "/api/users/me",
            &token,
            &json!({ "password": PASSWORD })
        )
        .await
        .status(),
        204
    );
    let left = rows_of_members(&desk).await;
    assert!(left.values().all(|rows| *rows == 0), "{left:?}");
    let members = "select count(*) from members";
    assert_eq!(count(&desk.app, members).await, 0);
    let events = "select count(*) from events where data like '%known@%'";
    assert_eq!(count(&desk.app, events).await, 0);
}

/// How many rows each table has that are a member's, or belong to such a row.
async fn rows_of_members(desk: &Served) -> BTreeMap<String, i64> {
    let read = |conn: &rusqlite::Connection| {
        let mut tables = conn.prepare(
            "select distinct t.name, 'member_id is not null' from sqlite_schema t join pragma_table_info(t.name) c
             where t.type = 'table' and c.name = 'member_id'
             union all select 'telescopes', 'true' union all select 'observation_history', 'true'",
        )?;
        let tables = tables.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let tables: Vec<(String, String)> = tables.collect::<Result<_, _>>()?;
        let count = |(table, whose): (String, String)| {
            let sql = format!("select count(*) from {table} where {whose}");
            Ok((table, conn.query_row(&sql, [], |row| row.get(0))?))
        };
        tables.into_iter().map(count).collect()
    };
    desk.app.db.read(read).await.unwrap()
}

#[tokio::test]
async fn the_club_keeps_an_officer_and_officers_hear_of_members() {
    let desk = TestApp::serve().await;
    let plain = member(&desk, "member@example.org").await;
    let officer = officer(&desk, "officer@example.org").await;
    for body in [json!({ "officer": false }), json!({ "disabled": true })] {
        assert_eq!(
            asked(&desk, Method::PUT, "/api/users/2", &officer, &body)
                .await
                .status(),
            422
        );
    }
    assert_eq!(
        asked(&desk, Method::DELETE, "/api/users/2", &officer, &json!({}))
            .await
            .status(),
        422
    );
    assert_eq!(
        asked(
            &desk,
            Method::PUT,
            "/api/users/1",
            &officer,
            &json!({ "officer": true })
        )
        .await
        .status(),
        200
    );
    assert_eq!(
        asked(
            &desk,
            Method::PUT,
            "/api/users/2",
            &officer,
            &json!({ "officer": false })
        )
        .await
        .status(),
        200
    );
    assert_eq!(
        asked(&desk, Method::GET, "/api/users", &officer, &json!({}))
            .await
            .status(),
        403
    );
    let listen = async |path: &str, token: &str| {
        let get = desk.client.get(desk.url(path));
        let get = if token.is_empty() {
            get
        } else {
            get.bearer_auth(token)
        };
        get.send().await.unwrap().status().as_u16()
    };
    for path in [
        "/api/stream?topics=users&since=0",
        "/api/events/users/stream?since=0",
    ] {
        assert_eq!(listen(path, "").await, 401, "{path}");
        assert_eq!(listen(path, &officer).await, 403, "{path}");
        assert_eq!(listen(path, &plain).await, 200, "{path}");
    }
    // Shut out is shut out at once.
    assert_eq!(
        asked(
            &desk,
            Method::PUT,
            "/api/users/2",
            &plain,
            &json!({ "disabled": true })
        )
        .await
        .status(),
        200
    );
    assert_eq!(
        asked(&desk, Method::GET, "/api/users/me", &officer, &json!({}))
            .await
            .status(),
        401
    );
}

#[tokio::test]
async fn a_member_cannot_make_an_officer_of_themselves() {
    let desk = TestApp::serve().await;
    let token = member(&desk, "member@example.org").await;
    let body = json!({ "officer": true, "id": 9, "email_confirmed": true, "preferences": { "min_altitude_deg": 33.0 } });
    let me: Value = asked(&desk, Method::PUT, "/api/users/me", &token, &body)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (
            &me["officer"],
            &me["id"],
            &me["preferences"]["min_altitude_deg"]
        ),
        (&false.into(), &1.into(), &33.0.into())
    );
}

#[tokio::test]
async fn the_first_officer_is_made_by_a_link_that_works_once() {
    let desk = TestApp::serve().await;
    let old = grb_app::accounts::invitation(&desk.app)
        .await
        .unwrap()
        .unwrap();
    let link = grb_app::accounts::invitation(&desk.app)
        .await
        .unwrap()
        .unwrap();
    let path = |link: &str| format!("/first-officer/{}", link.rsplit('/').next().unwrap());
    assert_eq!(
        desk.page(&path(&old)).await.0,
        404,
        "a new start voids the old link"
    );
    assert_eq!(desk.page(&path(&link)).await.0, 200);
    let fields = [
        ("email", "ada@example.org"),
        ("full_name", "Ada Owl"),
        ("password", PASSWORD),
        ("password_confirmation", PASSWORD),
    ];
    assert_eq!(
        form(&desk, &path(&link), "", &fields)
            .send()
            .await
            .unwrap()
            .status(),
        303
    );
    let token = bearer(&desk, "ada@example.org").await;
    assert_eq!(
        asked(&desk, Method::GET, "/api/users", &token, &json!({}))
            .await
            .status(),
        200
    );
    assert_eq!(
        form(&desk, &path(&link), "", &fields)
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
    assert_eq!(
        grb_app::accounts::invitation(&desk.app).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_letter_s_link_leads_to_the_public_address_whatever_the_request_said() {
    use grb_app::platform::outbox::{Channel, Composed, Order};
    let desk = TestApp::serve().await;
    let post = desk
        .client
        .post(desk.url("/api/users"))
        .header("x-forwarded-host", "evil.example");
    post.json(&wish("ada@example.org")).send().await.unwrap();
    let read = |conn: &rusqlite::Connection| {
        Ok(conn.query_row("select payload from outbox", [], |row| {
            row.get::<_, String>(0)
        })?)
    };
    let payload = serde_json::from_str(&desk.app.db.read(read).await.unwrap()).unwrap();
    let at = desk.app.clock.now();
    let order = |payload: Value| Order {
        id: 1,
        key: "k".into(),
        channel: Channel::Mail,
        address: "ada@example.org".into(),
        member: Some(1),
        payload,
        created_at: at,
        at,
    };
    let Composed::Letter(letter) =
        grb_app::accounts::letters::compose(desk.app.clone(), order(payload))
            .await
            .unwrap()
    else {
        panic!("no letter");
    };
    let link = format!("{}/confirm/", desk.app.config.base_url());
    assert!(
        letter.text.contains(&link) && letter.html.contains(&link) && !letter.html.contains("evil")
    );
    assert!(letter.text.lines().all(|line| line.len() < 998) && letter.html.contains("Ada Owl"));
    let gone = grb_app::accounts::letters::compose(desk.app.clone(), order(json!({})))
        .await
        .unwrap();
    assert!(matches!(gone, Composed::Nothing(_)));
}

/// What a page shows once: the first of its secrets.
async fn secret(page: Response) -> String {
    let text = page.text().await.unwrap();
    let after = text.split("<li><code>").nth(1).unwrap_or_default();
    after.split('<').next().unwrap_or_default().to_owned()
}

async fn status_of(desk: &Served, token: &str) -> u16 {
    let me = asked(desk, Method::GET, "/api/users/me", token, &json!({})).await;
    me.status().as_u16()
}

#[tokio::test]
async fn what_changes_while_a_change_waits_stays_changed() {
    let desk = TestApp::serve().await;
    let plain = member(&desk, "member@example.org").await;
    let officer = officer(&desk, "officer@example.org").await;
    for (path, token) in [("/api/users/1", &officer), ("/api/users/me", &plain)] {
        let (release, held) = std::sync::mpsc::channel::<()>();
        let app = desk.app.clone();
        let meanwhile = tokio::spawn(async move {
            app.db
                .write(move |tx| {
                    held.recv_timeout(Duration::from_secs(20)).unwrap();
                    Ok(tx.execute("update members set notify = 'digest' where id = 1", [])?)
                })
                .await
        });
        let body = json!({ "full_name": "Ada Heron" });
        let change = asked(&desk, Method::PUT, path, token, &body);
        let let_go = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            release.send(()).unwrap();
        };
        let (answer, ()) = tokio::join!(change, let_go);
        meanwhile.await.unwrap().unwrap();
        let kept: Value = answer.json().await.unwrap();
        assert_eq!(
            (&kept["full_name"], &kept["notify"]),
            (&"Ada Heron".into(), &"digest".into()),
            "{path}"
        );
        let back = json!({ "full_name": "Ada Owl", "notify": "every" });
        asked(&desk, Method::PUT, path, token, &back).await;
    }
}

#[tokio::test]
async fn tokens_end_with_a_forgotten_password_and_with_a_changed_one_if_asked() {
    let desk = TestApp::serve().await;
    member(&desk, "known@example.org").await;
    let token = async |password: &str| {
        let here = cookie(&desk, "known@example.org", password).await.unwrap();
        let fields = [("token_name", "dome"), ("current", password)];
        let made = form(&desk, "/account/tokens", &here, &fields);
        (secret(made.send().await.unwrap()).await, here)
    };
    let change = async |here: &str, old: &str, new: &str, more: &[(&str, &str)]| {
        let fields = [
            ("current", old),
            ("password", new),
            ("password_confirmation", new),
        ];
        let fields = [&fields[..], more].concat();
        let set = form(&desk, "/account/password", here, &fields);
        assert_eq!(set.send().await.unwrap().status(), 303);
    };
    let new = "eleven grey herons at low tide";
    let (dome, here) = token(PASSWORD).await;
    change(&here, PASSWORD, new, &[]).await;
    assert_eq!(status_of(&desk, &dome).await, 200);
    change(&here, new, PASSWORD, &[("revoke", "yes")]).await;
    assert_eq!(status_of(&desk, &dome).await, 401);

    let (dome, _) = token(PASSWORD).await;
    form(&desk, "/forgotten", "", &[("email", "known@example.org")])
        .send()
        .await
        .unwrap();
    let link = letter(&desk, "known@example.org", "reset").await.unwrap();
    let good = [("password", new), ("password_confirmation", new)];
    let reset = form(&desk, &format!("/reset/{link}"), "", &good);
    assert_eq!(reset.send().await.unwrap().status(), 303);
    assert_eq!(status_of(&desk, &dome).await, 401);
}

#[tokio::test]
async fn a_token_lasts_as_long_as_was_asked_or_is_not_made() {
    let desk = TestApp::serve().await;
    member(&desk, "known@example.org").await;
    let here = cookie(&desk, "known@example.org", PASSWORD).await.unwrap();
    let make = async |lasts: &str| {
        let fields = [
            ("token_name", "dome"),
            ("lasts", lasts),
            ("current", PASSWORD),
        ];
        let made = form(&desk, "/account/tokens", &here, &fields);
        let page = made.send().await.unwrap();
        (page.status().as_u16(), page.text().await.unwrap())
    };
    for wrong in ["0", "-7", "9999", "abc", "99999999999999999999"] {
        let (status, page) = make(wrong).await;
        assert_eq!(status, 422, "{wrong}");
        assert!(page.contains("lasts-fault") && page.contains("value=\"dome\""));
    }
    assert_eq!(count(&desk.app, "select count(*) from api_tokens").await, 0);
    assert_eq!((make("").await.0, make("30").await.0), (200, 200));
    let lasts = "select expires_at - created_at from api_tokens order by id";
    let read = move |conn: &rusqlite::Connection| {
        let mut select = conn.prepare(lasts)?;
        let lasts = select.query_map([], |row| row.get(0))?;
        Ok(lasts.collect::<Result<Vec<Option<i64>>, _>>()?)
    };
    let month = TimeDelta::days(30).num_microseconds();
    assert_eq!(desk.app.db.read(read).await.unwrap(), [None, month]);
}

#[tokio::test]
async fn a_letter_whose_link_is_void_does_not_leave() {
    let desk = TestApp::serve().await;
    member(&desk, "known@example.org").await;
    let waiting =
        "select count(*) from outbox where state = 'waiting' and payload ->> 'letter' = 'reset'";
    let mut links = Vec::new();
    for _ in 0..2 {
        let forgotten = form(&desk, "/forgotten", "", &[("email", "known@example.org")]);
        forgotten.send().await.unwrap();
        links.push(letter(&desk, "known@example.org", "reset").await.unwrap());
        assert_eq!(count(&desk.app, waiting).await, 1);
    }
    assert_eq!(desk.page(&format!("/reset/{}", links[0])).await.0, 404);
    assert_eq!(desk.page(&format!("/reset/{}", links[1])).await.0, 200);
    // Somebody who is shut out gets no way in by a letter that was still waiting.
    let disable = json!({ "disabled": true });
    let officer = officer(&desk, "officer@example.org").await;
    asked(&desk, Method::PUT, "/api/users/1", &officer, &disable).await;
    assert_eq!(count(&desk.app, waiting).await, 0);
}

#[tokio::test]
async fn members_are_found_by_their_names_in_any_writing() {
    let desk = TestApp::serve().await;
    let officer = officer(&desk, "officer@example.org").await;
    let name = json!({ "full_name": "Zoë Çelik" });
    asked(&desk, Method::PUT, "/api/users/1", &officer, &name).await;
    for (words, wanted) in [
        ("%C3%87elik", 1),
        ("%C3%87ELIK", 1),
        ("zo%C3%8B", 1),
        ("Officer@", 1),
        ("", 1),
        ("celik", 0),
    ] {
        let path = format!("/api/users?q={words}");
        let found = asked(&desk, Method::GET, &path, &officer, &json!({})).await;
        let found: Value = found.json().await.unwrap();
        assert_eq!(found["items"].as_array().unwrap().len(), wanted, "{words}");
    }
}
