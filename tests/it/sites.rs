//! Sites, preferences and channels, through the API and through the pages.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::common::{Served, TestApp, count};

/// A member of a served desk, with a token.
pub(crate) struct Caller<'a> {
    desk: &'a Served,
    token: String,
}

impl<'a> Caller<'a> {
    pub(crate) async fn new(desk: &'a Served, address: &'static str) -> Self {
        let token = crate::people::member(desk, address).await;
        Self { desk, token }
    }

    /// Signs in again, since a token lasts for some weeks only.
    pub(crate) async fn return_as(&mut self, address: &str) {
        self.token = crate::people::bearer(self.desk, address).await;
    }

    pub(crate) fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let asked = self.desk.client.request(method, self.desk.url(path));
        asked.bearer_auth(&self.token)
    }

    pub(crate) async fn json(
        &self,
        method: Method,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let answer = self.ask(method, path).json(&body).send().await.unwrap();
        let status = answer.status();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        let answer = self.ask(Method::GET, path).send().await.unwrap();
        let status = answer.status();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    /// A form without files.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let asked = self.ask(Method::POST, path).header("accept", "text/html");
        let answer = asked.form(fields).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    pub(crate) async fn page(&self, path: &str) -> (StatusCode, String) {
        let asked = self.ask(Method::GET, path).header("accept", "text/html");
        let answer = asked.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }
}

/// The fields that a refusal names, in order.
pub(crate) fn named(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().unwrap();
    let mut fields: Vec<&str> = errors
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    fields.sort_unstable();
    fields
}

#[tokio::test]
async fn a_site_is_made_changed_and_removed() {
    let desk = TestApp::serve().await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    let wanted = json!({
        "name": "Garden", "latitude": 43.95, "longitude": "5°42′36″ E", "elevation_m": 650, "time_zone": "Europe/Paris",
        "horizon": [[0, 5], [90, 12.5], [180, 8], [270, 20]],
        "telescopes": [{"name": "200 mm", "fov_deg": 1.2, "limiting_magnitude": 18.5}, {"name": "Lens", "fov_deg": 9}]
    });
    let (status, made) = ada.json(Method::POST, "/api/sites", wanted).await;
    assert_eq!(status, 201, "{made}");
    assert!((made["longitude"].as_f64().unwrap() - 5.71).abs() < 1e-9);
    assert_eq!(
        made["horizon"],
        json!([[0.0, 5.0], [90.0, 12.5], [180.0, 8.0], [270.0, 20.0]])
    );
    assert_eq!(made["min_altitude"], Value::Null);
    assert_eq!(made["delivery"], "member");
    assert_eq!(
        made["telescopes"][1],
        json!({"name": "Lens", "fov_deg": 9.0, "limiting_magnitude": null})
    );

    let path = format!("/api/sites/{}", made["id"]);
    let change = json!({"min_altitude": 15, "delivery": "digest"});
    let (status, changed) = ada.json(Method::PUT, &path, change).await;
    assert_eq!(status, 200);
    assert_eq!(changed["min_altitude"], 15.0);
    assert_eq!(changed["horizon"], Value::Null);
    assert_eq!(changed["name"], "Garden");
    assert_eq!(changed["telescopes"], made["telescopes"]);

    // What was answered can be sent back as it is.
    let (status, same) = ada.json(Method::PUT, &path, changed.clone()).await;
    assert_eq!((status, &same), (StatusCode::OK, &changed));
    let (_, listed) = ada.get("/api/sites").await;
    assert_eq!(listed, json!({"items": [changed], "next": null}));

    let gone = ada.ask(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(gone.status(), 204);
    assert_eq!(ada.get("/api/sites").await.1["items"], json!([]));
    let again = ada.ask(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(again.status(), 404);
}

#[tokio::test]
async fn lists_are_paged_by_key() {
    let desk = TestApp::serve().await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    for name in ["one", "two", "three"] {
        let site = json!({"name": name, "latitude": 1, "longitude": 1});
        assert_eq!(ada.json(Method::POST, "/api/sites", site).await.0, 201);
    }
    let (_, first) = ada.get("/api/sites?limit=2").await;
    assert_eq!(first["items"][1]["name"], "two");
    let next = first["next"].as_str().unwrap();
    let (_, rest) = ada.get(&format!("/api/sites?limit=2&after={next}")).await;
    assert_eq!(rest["items"][0]["name"], "three");
    assert_eq!(rest["next"], Value::Null);
    assert_eq!(ada.get("/api/sites?limit=0").await.0, 422);
}

#[tokio::test]
async fn every_faulty_field_of_a_site_is_named_at_once() {
    let desk = TestApp::serve().await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    let wrong = json!({
        "name": " ", "latitude": 90.01, "longitude": "200 E", "elevation_m": "NaN", "time_zone": "Mars/Olympus",
        "horizon": [[0, 5], [40, 5]], "delivery": "pigeon",
        "telescopes": [{"name": "a\r\nBcc: b", "fov_deg": 0}, {"limiting_magnitude": "deep"}]
    });
    let (status, problem) = ada.json(Method::POST, "/api/sites", wrong).await;
    assert_eq!(status, 422);
    assert_eq!(
        named(&problem),
        [
            "delivery",
            "elevation_m",
            "horizon",
            "latitude",
            "longitude",
            "name",
            "telescopes[0].fov_deg",
            "telescopes[0].name",
            "telescopes[1].fov_deg",
            "telescopes[1].limiting_magnitude",
            "telescopes[1].name",
            "time_zone"
        ]
    );
    let (status, problem) = ada.json(Method::POST, "/api/sites", json!({})).await;
    assert_eq!(status, 422);
    assert_eq!(named(&problem), ["latitude", "longitude", "name"]);
    for horizon in [
        json!([]),
        json!([[0]]),
        json!("0 5"),
        json!(7),
        json!([[0, 91], [90, 1], [180, 1], [270, 1]]),
    ] {
        let site = json!({"name": "x", "latitude": 0, "longitude": 0, "horizon": horizon});
        let (status, problem) = ada.json(Method::POST, "/api/sites", site).await;
        assert_eq!(
            (status.as_u16(), named(&problem)),
            (422, vec!["horizon"]),
            "{horizon}"
        );
    }
    let both =
        json!({"name": "x", "latitude": 0, "longitude": 0, "horizon": "0 5", "min_altitude": 5});
    assert_eq!(
        named(&ada.json(Method::POST, "/api/sites", both).await.1),
        ["min_altitude"]
    );
    let many: Vec<Value> = vec![json!({"name": "x", "fov_deg": 1}); 21];
    let many = json!({"name": "x", "latitude": 0, "longitude": 0, "telescopes": many});
    assert_eq!(
        named(&ada.json(Method::POST, "/api/sites", many).await.1),
        ["telescopes"]
    );
    assert_eq!(ada.get("/api/sites").await.1["items"], json!([]));
}

#[tokio::test]
async fn nobody_reaches_anothers_site() {
    let desk = TestApp::serve().await;
    let (ada, eve) = (
        Caller::new(&desk, "ada@example.org").await,
        Caller::new(&desk, "eve@example.org").await,
    );
    let site = json!({"name": "Garden", "latitude": 43.95, "longitude": 5.71});
    let (_, made) = ada.json(Method::POST, "/api/sites", site).await;
    let path = format!("/api/sites/{}", made["id"]);
    assert_eq!(
        eve.json(Method::PUT, &path, json!({"name": "Mine"}))
            .await
            .0,
        404
    );
    assert_eq!(
        eve.ask(Method::DELETE, &path)
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
    let page = format!("/sites/{}", made["id"]);
    assert_eq!(eve.page(&page).await.0, 404);
    assert_eq!(eve.page(&format!("{page}/delete")).await.0, 404);
    assert_eq!(
        eve.ask(Method::POST, &format!("{page}/delete"))
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
    assert_eq!(ada.get("/api/sites").await.1["items"][0]["name"], "Garden");
    assert_eq!(desk.get("/api/sites").await.status(), 401);
    assert_eq!(desk.get("/api/channels").await.status(), 401);
}

#[tokio::test]
async fn twenty_sites_are_the_most() {
    let desk = TestApp::serve().await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    let site = json!({"name": "x", "latitude": 0, "longitude": 0});
    for _ in 0..20 {
        assert_eq!(
            ada.json(Method::POST, "/api/sites", site.clone()).await.0,
            201
        );
    }
    assert_eq!(ada.json(Method::POST, "/api/sites", site).await.0, 422);
}

/// A form's parts as a browser sends them; a part's name may hold `"; filename="…`.
pub(crate) fn parts(fields: &[(&str, &str)]) -> String {
    let part = |(name, value): &(&str, &str)| {
        format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    fields.iter().map(part).collect::<String>() + "--X--\r\n"
}

impl Caller<'_> {
    pub(crate) async fn send(
        &self,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> (StatusCode, String, String) {
        let asked = self
            .ask(Method::POST, path)
            .header("accept", "text/html")
            .header("content-type", "multipart/form-data; boundary=X")
            .body(body);
        let answer = asked.send().await.unwrap();
        let to = answer.headers().get("location");
        let to = to
            .map(|to| to.to_str().unwrap().to_owned())
            .unwrap_or_default();
        (answer.status(), to, answer.text().await.unwrap())
    }
}

const SITE: [(&str, &str); 5] = [
    ("name", "Garden"),
    ("coordinates", "43°57′00″ N 5°42′36″ E"),
    ("elevation_m", "650"),
    ("time_zone", "Europe/Paris"),
    ("horizon_kind", "flat"),
];

#[tokio::test]
async fn a_site_is_made_by_the_form_alone() {
    let desk = TestApp::serve().await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    let (_, invited) = ada.page("/sites").await;
    assert!(invited.contains("A site is where your telescope stands"));
    let mut fields = SITE.to_vec();
    fields.extend([
        ("min_altitude", "12,5"),
        ("telescope_name", "200 mm"),
        ("telescope_fov", "45′"),
        ("telescope_limit", ""),
        ("telescope_name", ""),
        ("telescope_fov", ""),
        ("telescope_limit", ""),
        ("do", "save"),
    ]);
    let (status, to, page) = ada.send("/sites/new", parts(&fields)).await;
    assert_eq!(status, 303, "{page}");
    let (_, list) = ada.page(&to).await;
    assert!(list.contains("Garden is saved."), "{list}");
    assert!(list.contains("43.9500° N, 5.7100° E"));
    let site = ada.get("/api/sites").await.1["items"][0].clone();
    assert_eq!(site["min_altitude"], 12.5);
    assert_eq!(
        site["telescopes"],
        json!([{"name": "200 mm", "fov_deg": 0.75, "limiting_magnitude": null}])
    );

    let edit = format!("/sites/{}", site["id"]);
    let (_, page) = ada.page(&edit).await;
    assert!(page.contains(r#"value="43.9500° N, 5.7100° E""#));
    assert!(
        ada.page(&format!("{edit}/delete"))
            .await
            .1
            .contains("Delete Garden?")
    );
    let gone = ada
        .ask(Method::POST, &format!("{edit}/delete"))
        .send()
        .await
        .unwrap();
    assert_eq!(gone.status(), 303);
    assert_eq!(ada.get("/api/sites").await.1["items"], json!([]));
}

#[tokio::test]
async fn a_faulty_form_comes_back_as_it_was_with_each_fault_beside_its_field() {
    let desk = TestApp::serve().await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    let fields = [
        ("name", "<b>Garden"),
        ("coordinates", "somewhere nice"),
        ("time_zone", "Europe/Atlantis"),
        ("horizon_kind", "drawn"),
        ("horizon", "0 5\n90 ten"),
        ("telescope_name", ""),
        ("telescope_fov", "-1"),
        ("telescope_limit", ""),
        ("do", "save"),
    ];
    let (status, _, page) = ada.send("/sites/new", parts(&fields)).await;
    assert_eq!(status, 422);
    for kept in [
        "&#60;b&#62;Garden",
        "somewhere nice",
        "Europe/Atlantis",
        "90 ten",
        r#"value="-1""#,
    ] {
        assert!(page.contains(kept), "{kept}: {page}");
    }
    for fault in [
        "coordinates-fault",
        "zone-fault",
        "horizon-fault",
        "telescope-0-fault",
        "fov-0-fault",
    ] {
        assert!(
            page.contains(&format!(r#"id="{fault}""#)),
            "{fault}: {page}"
        );
    }
    assert!(!page.contains("name-fault"), "{page}");
    assert_eq!(ada.get("/api/sites").await.1["items"], json!([]));
}

#[tokio::test]
async fn buttons_of_the_form_change_it_and_save_nothing() {
    let desk = TestApp::serve().await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    let rows = |button| {
        let mut fields = SITE.to_vec();
        for name in ["first", "second"] {
            fields.extend([
                ("telescope_name", name),
                ("telescope_fov", "1"),
                ("telescope_limit", ""),
            ]);
        }
        fields.push(("do", button));
        parts(&fields)
    };
    let (status, _, page) = ada.send("/sites/new", rows("add")).await;
    assert_eq!(
        (
            status.as_u16(),
            page.matches("name=\"telescope_name\"").count()
        ),
        (200, 3)
    );
    let (_, _, page) = ada.send("/sites/new", rows("remove-0")).await;
    assert!(
        page.contains("second") && !page.contains("first\""),
        "{page}"
    );
    assert_eq!(
        ada.send("/sites/new", rows("remove-9")).await.0,
        303,
        "an unknown button saves"
    );
    assert_eq!(
        ada.get("/api/sites").await.1["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_horizon_file_is_shown_and_then_saved() {
    let desk = TestApp::serve().await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    let file = "# made in the garden\r\n0 5\r\n45 18,5\r\n90 10\r\n134 12\r\n200 7\r\n290 3\r\n";
    let with = |file: &str, button: &str| {
        let mut fields = SITE.to_vec();
        let name = "horizon_file\"; filename=\"garden.hrz";
        fields.extend([(name, file), ("do", button)]);
        parts(&fields)
    };
    let (status, _, page) = ada.send("/sites/new", with(file, "read")).await;
    assert_eq!(status, 200);
    assert!(page.contains("Read from garden.hrz"), "{page}");
    assert!(
        page.contains("6 points, from 3° to 18.5° in the north-east"),
        "{page}"
    );
    assert_eq!(ada.get("/api/sites").await.1["items"], json!([]));

    let (status, _, page) = ada.send("/sites/new", with("0 5\n180 5", "save")).await;
    assert_eq!(status, 422);
    assert!(page.contains("garden.hrz was not used"), "{page}");
    let (status, ..) = ada
        .send("/sites/new", with(&"0".repeat(256 * 1024 + 1), "save"))
        .await;
    assert_eq!(status, 413);

    assert_eq!(ada.send("/sites/new", with(file, "save")).await.0, 303);
    let site = ada.get("/api/sites").await.1["items"][0].clone();
    assert_eq!(site["horizon"][1], json!([45.0, 18.5]));
    assert_eq!(site["horizon"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn coordinates_are_read_back_while_they_are_typed() {
    let desk = TestApp::serve().await;
    let (_, read) = desk
        .page("/sites/reading?coordinates=33%C2%B052%27S%20151%C2%B012%27E")
        .await;
    assert!(read.contains("33.8667° S, 151.2000° E"), "{read}");
    let (_, unclear) = desk.page("/sites/reading?coordinates=91,5").await;
    assert!(unclear.contains("does not read as"), "{unclear}");
    assert_eq!(
        desk.page("/sites/reading?coordinates=").await,
        (200, String::new())
    );
}

#[tokio::test]
async fn preferences_are_one_choice_and_finer_ones() {
    let desk = TestApp::serve().await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    let (_, page) = ada.page("/preferences").await;
    assert!(page.contains("about 5 a week") && page.contains("about 1 a week"));
    let send = |body: &'static str| {
        let asked = ada
            .ask(Method::POST, "/preferences")
            .header("accept", "text/html");
        asked
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
    };
    let wanted = "notify=observable&missions=Swift&missions=SVOM&tiers=A&tiers=B&largest_error_deg=&min_altitude_deg=25&latest_age_h=6&quiet_from=23%3A00&quiet_to=06%3A30&daily_cap=4";
    // Officers hear of every change, however it is made, and of nothing that changes nothing.
    let heard = "select count(*) from events where name = 'user.updated'";
    let before = count(&desk.app, heard).await;
    for _ in 0..2 {
        assert_eq!(send(wanted).await.unwrap().status(), 303);
        let heard = count(&desk.app, heard).await;
        assert_eq!(heard - before, 1);
    }
    let kept = desk
        .app
        .db
        .read(|conn| {
            Ok(conn.query_row(
                "select notify || ' ' || preferences from members",
                [],
                |row| row.get::<_, String>(0),
            )?)
        })
        .await
        .unwrap();
    let (notify, preferences) = kept.split_once(' ').unwrap();
    let preferences: Value = serde_json::from_str(preferences).unwrap();
    assert_eq!(notify, "observable");
    assert_eq!(preferences["missions"], json!(["SVOM", "Swift"]));
    assert_eq!(preferences["tiers"], json!([]), "both is all");
    assert_eq!(preferences["only_when_dark"], false);
    assert_eq!(preferences["quiet_from"], "23:00:00");
    assert_eq!(preferences["daily_cap"], 4);

    // None of them is not all of them.
    let rest = "notify=every&largest_error_deg=&min_altitude_deg=20&latest_age_h=12&quiet_from=&quiet_to=&daily_cap=";
    let none = send(rest).await.unwrap();
    assert_eq!(none.status(), 422);
    let page = none.text().await.unwrap();
    assert_eq!(page.matches("Choose at least one").count(), 2);
    let ticked = |name: &str| {
        let boxes = page.split("<input type=\"checkbox\"").skip(1);
        let boxes = boxes.filter_map(|rest| rest.split('>').next());
        boxes
            .filter(|one| one.contains(name) && one.contains(" checked"))
            .count()
    };
    assert_eq!((ticked("missions"), ticked("tiers")), (0, 0));

    let faulty = send("notify=sometimes&min_altitude_deg=steep&latest_age_h=6&quiet_from=23%3A00")
        .await
        .unwrap();
    assert_eq!(faulty.status(), 422);
    let page = faulty.text().await.unwrap();
    assert!(
        page.contains("steep") && page.contains("high-fault") && page.contains("Choose one."),
        "{page}"
    );
}

#[tokio::test]
async fn a_webhooks_secret_is_shown_once() {
    let desk = TestApp::serve().await;
    let (ada, eve) = (
        Caller::new(&desk, "ada@example.org").await,
        Caller::new(&desk, "eve@example.org").await,
    );
    let hook = json!({"kind": "webhook", "url": "https://example.org/hook"});
    let (status, made) = ada.json(Method::POST, "/api/channels", hook.clone()).await;
    assert_eq!(status, 201);
    assert_eq!(made["secret"].as_str().unwrap().len(), 64);
    let (_, listed) = ada.get("/api/channels").await;
    assert_eq!(listed["items"][0]["url"], "https://example.org/hook");
    assert_eq!(listed["items"][0].get("secret"), None);
    assert_eq!(
        ada.json(Method::POST, "/api/channels", hook).await.0,
        422,
        "it is there already"
    );
    let topic = json!({"kind": "ntfy", "url": "https://ntfy.sh/bursts"});
    assert_eq!(
        ada.json(Method::POST, "/api/channels", topic)
            .await
            .1
            .get("secret"),
        None
    );
    let wrong = json!({"kind": "fax", "url": "http://example.org"});
    assert_eq!(
        named(&ada.json(Method::POST, "/api/channels", wrong).await.1),
        ["kind", "url"]
    );

    let page = ada
        .ask(Method::POST, "/preferences/channels")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("kind=webhook&url=https%3A%2F%2Fexample.org%2Fsecond")
        .send()
        .await
        .unwrap();
    assert_eq!(page.headers()["cache-control"], "no-store");
    assert!(page.text().await.unwrap().contains("shown this once"));

    let path = format!("/api/channels/{}", made["id"]);
    assert_eq!(
        eve.ask(Method::DELETE, &path)
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
    assert_eq!(
        eve.ask(
            Method::POST,
            &format!("/preferences/channels/{}/test", made["id"])
        )
        .send()
        .await
        .unwrap()
        .status(),
        404
    );
    assert_eq!(
        ada.ask(Method::DELETE, &path)
            .send()
            .await
            .unwrap()
            .status(),
        204
    );
}

#[tokio::test]
async fn a_test_goes_once_a_minute() {
    let desk = TestApp::serve().await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    let topic = json!({"kind": "ntfy", "url": "https://ntfy.sh/bursts"});
    let (_, made) = ada.json(Method::POST, "/api/channels", topic).await;
    let test = format!("/preferences/channels/{}/test", made["id"]);
    let mut to = Vec::new();
    for _ in 0..2 {
        let answer = ada.ask(Method::POST, &test).send().await.unwrap();
        to.push(answer.headers()["location"].to_str().unwrap().to_owned());
    }
    assert_eq!(
        to,
        [
            "/preferences?done=sent#channels",
            "/preferences?done=again#channels"
        ]
    );
    let waiting = "select count(*) from outbox where kind = 'channel-test' and channel = 'ntfy' and address = 'https://ntfy.sh/bursts'";
    assert_eq!(count(&desk.app, waiting).await, 1);
}

/// Swift's position of a burst, as if it had just been sent.
pub(crate) async fn swift(desk: &Served, (ra, dec): (f64, f64), radius: f64) -> i64 {
    use grb_app::notices::{Format, Kind, Localization, Mission, Notice, Role};
    let mut notice = Notice::new(Format::Voevent, Mission::Swift, Kind::Position);
    notice.instrument = Some("BAT".into());
    notice.packet_type = Some(61);
    notice.role = Role::Observation;
    notice.trigger_id = Some("1187463".into());
    notice.trigger_time = Some(crate::common::triggered());
    notice.notice_time = notice.trigger_time;
    notice.ivorn = Some("ivo://nasa.gsfc.gcn/SWIFT#BAT_GRB_Pos_1187463-000".into());
    notice.localization = Some(Localization {
        position: grb_app::sky::Equatorial::new(ra, dec).unwrap(),
        error_radius: Some(radius),
        error_radius_90: None,
    });
    desk.take(&notice).await;
    desk.json("/api/bursts/latest").await["items"][0]["id"]
        .as_i64()
        .unwrap()
}

#[tokio::test]
async fn anyone_asks_what_can_be_seen_from_a_place() {
    let desk = TestApp::serve().await;
    // Polaris, at 22:00 UTC: as high as the latitude, wherever and whenever that is.
    let id = swift(&desk, (37.95, 89.26), 0.05).await;
    let seen = desk
        .json(&format!("/api/bursts/{id}/visibility?lat=43.95&lon=5.71"))
        .await;
    assert!(
        (seen["altitude"].as_f64().unwrap() - 43.95).abs() < 0.8,
        "{seen}"
    );
    assert_eq!(seen["up"], true);
    assert_eq!(seen["dark"], true);
    assert_eq!(seen["set"], Value::Null);
    assert_eq!(seen["verdict"], "now");
    assert_eq!(seen["time_zone"], "UTC");
    assert_eq!(seen["constellation"], "Ursa Minor");
    assert!(
        seen["answer"].as_str().unwrap().starts_with("Up now, 4"),
        "{seen}"
    );
    let airmass = seen["airmass"].as_f64().unwrap();
    assert!((airmass - 1.44).abs() < 0.03, "sec(46°): {airmass}");
    assert!(
        seen["window"]["to"]
            .as_str()
            .unwrap()
            .starts_with("2026-11-21T05:32:3"),
        "{seen}"
    );
    let south = desk
        .json(&format!(
            "/api/bursts/{id}/visibility?lat=33%C2%B052%27S&lon=151.2%20E"
        ))
        .await;
    assert_eq!(
        (&south["up"], &south["verdict"]),
        (&json!(false), &json!("never"))
    );
    assert_eq!(south["airmass"], Value::Null);
}

#[tokio::test]
async fn a_place_that_cannot_be_understood_is_named_field_by_field() {
    let desk = TestApp::serve().await;
    let id = swift(&desk, (37.95, 89.26), 0.05).await;
    let cases = [
        ("", vec!["lat", "lon"]),
        ("lat=91&lon=181", vec!["lat", "lon"]),
        ("lat=NaN&lon=0", vec!["lat"]),
        ("lat=1&lon=1&elevation_m=inf", vec!["elevation_m"]),
        ("lat=1", vec!["lon"]),
        ("site=x", vec!["site"]),
    ];
    for (query, fields) in cases {
        let answer = desk
            .get(&format!("/api/bursts/{id}/visibility?{query}"))
            .await;
        assert_eq!(answer.status(), 422, "{query}");
        assert_eq!(named(&answer.json().await.unwrap()), fields, "{query}");
    }
    assert_eq!(
        desk.get("/api/bursts/999/visibility?lat=1&lon=1")
            .await
            .status(),
        404
    );
}

#[tokio::test]
async fn a_site_is_asked_for_by_its_owner_alone() {
    let desk = TestApp::serve().await;
    let id = swift(&desk, (37.95, 89.26), 0.05).await;
    let (ada, eve) = (
        Caller::new(&desk, "ada@example.org").await,
        Caller::new(&desk, "eve@example.org").await,
    );
    let site = json!({"name": "Garden", "latitude": 43.95, "longitude": 5.71, "time_zone": "Europe/Paris", "min_altitude": 60});
    let (_, made) = ada.json(Method::POST, "/api/sites", site).await;
    let path = format!("/api/bursts/{id}/visibility?site={}", made["id"]);
    let (status, seen) = ada.get(&path).await;
    assert_eq!(status, 200);
    assert_eq!(seen["site"]["name"], "Garden");
    assert_eq!(
        (&seen["up"], &seen["verdict"]),
        (&json!(false), &json!("never")),
        "a horizon of 60° hides it"
    );
    assert_eq!(eve.get(&path).await.0, 404);
    assert_eq!(desk.get(&path).await.status(), 404);

    let page = format!("/bursts/{id}/visibility");
    let (_, mine) = ada.page(&page).await;
    assert!(
        mine.contains("Garden") && mine.contains("<strong>No</strong>"),
        "{mine}"
    );
    let (_, invited) = eve.page(&page).await;
    assert!(invited.contains("Add your site") && !invited.contains("Garden"));
    let (_, visitor) = desk
        .page(&format!("{page}?coordinates=43.95%2C%205.71"))
        .await;
    assert!(
        visitor.contains("<strong>Yes</strong> Up now, 4"),
        "{visitor}"
    );
    assert!(
        visitor.contains(r#"value="43.95, 5.71""#),
        "what was typed stays"
    );
    let (_, unclear) = desk.page(&format!("{page}?coordinates=%3Cb%3E")).await;
    assert!(
        unclear.contains("does not read as") && !unclear.contains("<b>"),
        "{unclear}"
    );
}

#[tokio::test]
async fn the_burst_page_asks_for_this_part_by_its_address() {
    let desk = TestApp::serve().await;
    let id = swift(&desk, (37.95, 89.26), 0.05).await;
    let part = format!("/bursts/{id}/visibility");
    let (_, page) = desk.page(&format!("/bursts/{id}")).await;
    assert!(page.contains(&format!(r#"hx-get="{part}""#)) && page.contains("Can I see it?"));
    let asked = desk
        .client
        .get(desk.url(&part))
        .header("hx-request", "true")
        .send()
        .await
        .unwrap();
    assert_eq!(asked.headers()["vary"], "hx-request");
    assert!(!asked.text().await.unwrap().contains("<html"));
    assert!(desk.page(&part).await.1.contains("<html"));
}
