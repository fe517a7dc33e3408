//! Observations posted, changed and taken away through the API.

use chrono::TimeDelta;
use grb_app::notices::{Format, Kind, Localization, Mission, Notice};
use grb_app::sky::Equatorial;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{FORM, officer, png, seen, with_burst, with_files};
use crate::common::{TestApp, count, triggered};
use crate::sites::{Caller, named, parts};

#[tokio::test]
async fn an_observation_is_posted_read_changed_and_deleted() {
    let desk = TestApp::serve().await;
    let burst = with_burst(&desk).await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    let path = format!("/api/bursts/{burst}/observations");
    assert_eq!(desk.json(&path).await, json!({"items": [], "next": null}));

    let answer = ada
        .ask(Method::POST, &path)
        .json(&seen())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let made: Value = answer.json().await.unwrap();
    assert_eq!(location, format!("/api/observations/{}", made["id"]));
    assert_eq!(made["filter"], "r'");
    assert_eq!(made["magnitude_system"], "AB");
    assert_eq!(made["magnitude_error"], 0.08);
    assert_eq!(made["notes"], "Thin cloud.\nSeeing 3″.");
    assert_eq!(made["observed_time"], "2026-11-20T21:59:40Z");
    assert_eq!(made["airmass"], Value::Null);
    assert_eq!(made["coordinates"], "19h13m03.5s +19d46m24s");
    assert!((made["ra"].as_f64().unwrap() - 288.264_583_333).abs() < 1e-6);
    assert_eq!(desk.json(&location).await, made);
    assert_eq!(desk.json(&path).await["items"], json!([made]));

    // What is given is changed, null empties, the rest stays.
    let change = json!({"magnitude": null, "magnitude_error": null, "limiting_magnitude": 18.5, "coordinate_system": "fk5_j2000", "time_meant": null});
    let (status, changed) = ada.json(Method::PUT, &location, change).await;
    assert_eq!(status, 200, "{changed}");
    assert_eq!(
        (&changed["magnitude"], &changed["limiting_magnitude"]),
        (&Value::Null, &json!(18.5))
    );
    assert_eq!(
        (&changed["revision"], &changed["instrument"]),
        (&json!(2), &made["instrument"])
    );
    assert_ne!(changed["ra"], made["ra"]);

    // What was answered can be sent back as it is, and changes nothing.
    let (status, same) = ada.json(Method::PUT, &location, changed.clone()).await;
    assert_eq!((status, &same), (StatusCode::OK, &changed));

    let (_, history) = ada.get(&format!("{location}/history")).await;
    let steps = history["items"].as_array().unwrap();
    assert_eq!(steps.len(), 1);
    assert_eq!(
        (&steps[0]["revision"], &steps[0]["before"]["magnitude"]),
        (&json!(1), &json!(17.32))
    );
    assert_eq!(steps[0]["changed_by"], made["observer"]);

    let gone = ada.ask(Method::DELETE, &location).send().await.unwrap();
    assert_eq!(gone.status(), 204);
    assert_eq!(desk.get(&location).await.status(), 404);
    assert_eq!(
        count(&desk.app, "select count(*) from observation_history").await,
        0
    );
}

#[tokio::test]
async fn every_faulty_field_is_named_at_once() {
    let desk = TestApp::serve().await;
    let burst = with_burst(&desk).await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    let path = format!("/api/bursts/{burst}/observations");
    let refused = async |wrong: Value| {
        let (status, problem) = ada.json(Method::POST, &path, wrong.clone()).await;
        assert_eq!(status, 422, "{wrong}: {problem}");
        named(&problem)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let wrong = json!({
        "coordinates": "here", "coordinate_system": "moon", "instrument": "a\u{0}b", "observed_time": "yesterday", "exposure_s": -1,
        "filter": "x".repeat(41), "magnitude": 35.01, "magnitude_error": 5.1, "limiting_magnitude": "NaN", "magnitude_system": "a\nb",
        "comparison_stars": "x".repeat(401), "notes": "x".repeat(4001), "site": 17, "field_deg": 0, "time_meant": "perhaps"
    });
    let every = [
        "comparison_stars",
        "coordinate_system",
        "coordinates",
        "exposure_s",
        "field_deg",
        "filter",
        "instrument",
        "limiting_magnitude",
        "magnitude",
        "magnitude_error",
        "magnitude_system",
        "notes",
        "observed_time",
        "site",
        "time_meant",
    ];
    assert_eq!(refused(wrong).await, every);
    assert_eq!(
        refused(json!({})).await,
        ["coordinates", "instrument", "observed_time"]
    );
    for (field, value) in [
        ("magnitude", json!(-2.1)),
        ("magnitude", json!("1e400")),
        ("exposure_s", json!("∞")),
        ("notes", json!("bell \u{7}")),
        ("instrument", json!("x".repeat(121))),
        ("instrument", json!(null)),
        ("observed_time", json!("0001-01-01T00:00:00Z")),
        ("observed_time", json!(1_763_676_000)),
        ("coordinates", json!("19 13 19 46")),
        ("field_deg", json!([1])),
    ] {
        let mut wrong = seen();
        wrong[field] = value.clone();
        assert_eq!(refused(wrong).await, [field], "{value}");
    }
    let mut limit = seen();
    (limit["magnitude"], limit["limiting_magnitude"]) = (Value::Null, json!(18));
    assert_eq!(refused(limit).await, ["magnitude_error"]);
    let numbers = |ra: Value, dec: Value| {
        let mut given = seen();
        (given["coordinates"], given["ra"], given["dec"]) = (Value::Null, ra, dec);
        given
    };
    assert_eq!(
        refused(numbers(json!(360.5), json!(91))).await,
        ["dec", "ra"]
    );
    assert_eq!(refused(numbers(json!(10), Value::Null)).await, ["dec"]);
    let mut two = seen();
    (two["ra"], two["dec"]) = (json!(10), json!(20));
    assert_eq!(refused(two).await, ["ra"]);
    let bare = ada
        .ask(Method::POST, &path)
        .body("{")
        .header("content-type", "application/json");
    assert_eq!(bare.send().await.unwrap().status(), 422);
    let text = ada
        .ask(Method::POST, &path)
        .body("hello")
        .send()
        .await
        .unwrap();
    assert_eq!(text.status(), 415);
    assert_eq!(
        count(&desk.app, "select count(*) from observations").await,
        0
    );

    let (status, made) = ada
        .json(
            Method::POST,
            &path,
            numbers(json!("288.2646"), json!(19.7734)),
        )
        .await;
    assert_eq!(
        (status.as_u16(), &made["coordinates"]),
        (201, &json!("288.2646 +19.7734"))
    );
}

#[tokio::test]
async fn an_odd_time_is_asked_about_and_taken_once_it_is_meant() {
    let desk = TestApp::serve().await;
    let burst = with_burst(&desk).await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    let path = format!("/api/bursts/{burst}/observations");
    for (time, words) in [
        (
            "2026-11-20T20:46:00Z",
            "1 h 13 min before the trigger (2026-11-20 21:59:00 UTC)",
        ),
        ("2026-11-20T22:05:01Z", "5 min 01 s in the future"),
        ("2027-11-20T22:05:01+01:00", "364 days in the future"),
    ] {
        let mut odd = seen();
        odd["observed_time"] = json!(time);
        let (status, problem) = ada.json(Method::POST, &path, odd.clone()).await;
        assert_eq!(status, 422);
        assert_eq!(named(&problem), ["observed_time"]);
        let message = problem["errors"][0]["message"].as_str().unwrap();
        assert!(
            message.contains(words) && message.contains("time_meant: true"),
            "{message}"
        );
        odd["time_meant"] = json!(true);
        let (status, made) = ada.json(Method::POST, &path, odd).await;
        assert_eq!(status, 201, "{made}");
        // A change of something else does not ask again; another odd time does.
        let at = format!("/api/observations/{}", made["id"]);
        assert_eq!(
            ada.json(Method::PUT, &at, json!({"filter": "V"})).await.0,
            200
        );
        let later = json!({"observed_time": "2020-01-01T00:00:00Z"});
        assert_eq!(ada.json(Method::PUT, &at, later).await.0, 422);
    }
    for usual in [
        "2026-11-20T22:04:59Z",
        "2026-11-20 21:59",
        "2026-11-20T22:59:30+01:00",
    ] {
        let mut given = seen();
        given["observed_time"] = json!(usual);
        assert_eq!(ada.json(Method::POST, &path, given).await.0, 201, "{usual}");
    }
}

#[tokio::test]
async fn a_well_known_burst_lends_its_position() {
    let desk = TestApp::serve().await;
    let mut notice = Notice::new(Format::Voevent, Mission::Swift, Kind::Position);
    notice.instrument = Some("XRT".into());
    notice.packet_type = Some(67);
    notice.trigger_id = Some("1002".into());
    notice.trigger_time = Some(triggered());
    notice.ivorn = Some("ivo://nasa.gsfc.gcn/SWIFT#XRT_Pos_1002".into());
    notice.localization = Some(Localization {
        position: Equatorial::new(10.5, -20.25).unwrap(),
        error_radius: Some(0.001),
        error_radius_90: None,
    });
    desk.take(&notice).await;
    let burst = &desk.json("/api/bursts").await["items"][0];
    let ada = Caller::new(&desk, "ada@example.org").await;
    let mut bare = seen();
    bare.as_object_mut().unwrap().remove("coordinates");
    let path = format!("/api/bursts/{}/observations", burst["id"]);
    let (status, made) = ada.json(Method::POST, &path, bare).await;
    assert_eq!(
        (status.as_u16(), &made["coordinates"]),
        (201, &json!("10.5 -20.25")),
        "{made}"
    );
}

#[tokio::test]
async fn the_airmass_comes_from_the_site_whose_place_is_given_to_nobody() {
    let desk = TestApp::serve().await;
    let burst = with_burst(&desk).await;
    let (ada, eve) = (
        Caller::new(&desk, "ada@example.org").await,
        Caller::new(&desk, "eve@example.org").await,
    );
    let site = json!({"name": "Garden", "latitude": 43.951234, "longitude": 5.715678});
    let (_, site) = ada.json(Method::POST, "/api/sites", site).await;
    let mut given = seen();
    given["site"] = site["id"].clone();
    let path = format!("/api/bursts/{burst}/observations");
    assert_eq!(
        named(&eve.json(Method::POST, &path, given.clone()).await.1),
        ["site"]
    );
    given["observed_time"] = json!("2026-11-20T21:59:40Z");
    given["coordinates"] = json!("1h00m00s +41d00m00s");
    let (status, made) = ada.json(Method::POST, &path, given).await;
    assert_eq!((status.as_u16(), &made["site"]), (201, &json!("Garden")));
    // By astropy it stands at 74.895° in the middle of the exposure; Pickering's formula makes 1.0356 of that. With all its digits
    // it would say where the garden is.
    assert_eq!(made["airmass"], 1.04);
    for path in [
        path.clone(),
        "/api/observations".into(),
        format!("/bursts/{burst}/observations"),
        format!("/observations/{}", made["id"]),
    ] {
        let text = desk.get(&path).await.text().await.unwrap();
        assert!(
            text.contains("Garden") || path.starts_with("/bursts"),
            "{path}"
        );
        assert!(!text.contains("43.95") && !text.contains("5.71"), "{path}");
    }
    // The site goes, its name and the airmass stay.
    let at = format!("/api/sites/{}", site["id"]);
    assert_eq!(
        ada.ask(Method::DELETE, &at).send().await.unwrap().status(),
        204
    );
    let at = format!("/api/observations/{}", made["id"]);
    let (_, kept) = ada
        .json(Method::PUT, &at, json!({"notes": "Without the garden."}))
        .await;
    assert_eq!(
        (&kept["site"], &kept["airmass"]),
        (&json!("Garden"), &made["airmass"])
    );
    let page = format!("/observations/{}/edit", made["id"]);
    let (_, edit) = ada.page(&page).await;
    assert!(
        edit.contains("<option value=\"Garden\" selected>"),
        "{edit}"
    );
}

#[tokio::test]
async fn who_may_do_what_is_kept() {
    let desk = TestApp::serve().await;
    let burst = with_burst(&desk).await;
    let (ada, eve) = (
        Caller::new(&desk, "ada@example.org").await,
        Caller::new(&desk, "eve@example.org").await,
    );
    let vera = officer(&desk, "vera@example.org").await;
    let path = format!("/api/bursts/{burst}/observations");
    let nobody = desk
        .client
        .post(desk.url(&path))
        .json(&seen())
        .send()
        .await
        .unwrap();
    assert_eq!(nobody.status(), 401);
    assert_eq!(
        ada.json(Method::POST, "/api/bursts/999/observations", seen())
            .await
            .0,
        404
    );
    assert_eq!(desk.get("/api/bursts/999/observations").await.status(), 404);
    let (_, made) = ada.json(Method::POST, &path, seen()).await;
    let at = format!("/api/observations/{}", made["id"]);
    let patch = json!({"filter": "V"});
    assert_eq!(
        desk.client
            .put(desk.url(&at))
            .json(&patch)
            .send()
            .await
            .unwrap()
            .status(),
        401
    );
    assert_eq!(eve.json(Method::PUT, &at, patch.clone()).await.0, 403);
    assert_eq!(
        eve.ask(Method::DELETE, &at).send().await.unwrap().status(),
        403
    );
    assert_eq!(eve.get(&format!("{at}/history")).await.0, 403);
    assert_eq!(
        ada.json(Method::PUT, "/api/observations/999", patch.clone())
            .await
            .0,
        404
    );
    assert_eq!(ada.get("/api/observations/x").await.0, 404);
    let page = format!("/observations/{}", made["id"]);
    for path in ["edit", "delete"] {
        assert_eq!(eve.page(&format!("{page}/{path}")).await.0, 403);
    }
    let (status, changed) = vera.json(Method::PUT, &at, patch).await;
    assert_eq!(
        (status.as_u16(), &changed["observer"]),
        (200, &made["observer"])
    );
    assert_eq!(
        vera.get(&format!("{at}/history")).await.1["items"][0]["changed_by"],
        "Vera"
    );
    assert_eq!(
        vera.ask(Method::DELETE, &at).send().await.unwrap().status(),
        204
    );
}

#[tokio::test]
async fn the_same_twice_within_an_hour_is_one() {
    let desk = TestApp::serve().await;
    let burst = with_burst(&desk).await;
    let (ada, eve) = (
        Caller::new(&desk, "ada@example.org").await,
        Caller::new(&desk, "eve@example.org").await,
    );
    let path = format!("/api/bursts/{burst}/observations");
    let (first, again) = tokio::join!(
        ada.json(Method::POST, &path, seen()),
        ada.json(Method::POST, &path, seen())
    );
    let mut statuses = [first.0.as_u16(), again.0.as_u16()];
    statuses.sort_unstable();
    assert_eq!((statuses, &first.1), ([200, 201], &again.1));
    assert_eq!(eve.json(Method::POST, &path, seen()).await.0, 201);
    let mut other = seen();
    other["magnitude"] = json!(17.4);
    assert_eq!(ada.json(Method::POST, &path, other).await.0, 201);
    assert_eq!(
        count(
            &desk.app,
            "select count(*) from events where name = 'observation.new'"
        )
        .await,
        3
    );
    // Somebody's network failed while pictures were sent, and they send the form again.
    desk.app.clock.advance(TimeDelta::minutes(50));
    assert_eq!(ada.json(Method::POST, &path, seen()).await.0, 200);
    desk.app.clock.advance(TimeDelta::minutes(11));
    assert_eq!(ada.json(Method::POST, &path, seen()).await.0, 201);
}

#[tokio::test]
async fn the_same_is_what_says_so_now() {
    let desk = TestApp::serve().await;
    let burst = with_burst(&desk).await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    let path = format!("/api/bursts/{burst}/observations");
    let (_, first) = ada.json(Method::POST, &path, seen()).await;
    let at = format!("/api/observations/{}", first["id"]);
    let mut mended = seen();
    mended["magnitude"] = json!(17.1);
    let (_, changed) = ada.json(Method::PUT, &at, mended.clone()).await;
    assert_eq!(
        ada.json(Method::POST, &path, mended).await,
        (StatusCode::OK, changed)
    );
    assert_eq!(ada.json(Method::POST, &path, seen()).await.0, 201);
}

#[tokio::test]
async fn the_same_twice_is_one_however_fine_its_time() {
    let desk = TestApp::serve().await;
    let burst = with_burst(&desk).await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    let path = format!("/api/bursts/{burst}/observations");
    let mut given = seen();
    for time in ["2026-11-20T21:59:40.123456789Z", "2016-12-31T23:59:60Z"] {
        given["observed_time"] = json!(time);
        given["time_meant"] = json!(true);
        let (first, made) = ada.json(Method::POST, &path, given.clone()).await;
        let (again, same) = ada.json(Method::POST, &path, given.clone()).await;
        assert_eq!((first.as_u16(), again.as_u16()), (201, 200), "{time}");
        assert_eq!(made, same);
    }
}

#[tokio::test]
async fn who_changes_what_somebody_else_has_changed_meanwhile_is_told() {
    let desk = TestApp::serve().await;
    let burst = with_burst(&desk).await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    let path = format!("/api/bursts/{burst}/observations");
    let (_, made) = ada.json(Method::POST, &path, seen()).await;
    let (at, edit) = (
        format!("/api/observations/{}", made["id"]),
        format!("/observations/{}/edit", made["id"]),
    );
    let (_, page) = ada.page(&edit).await;
    assert!(page.contains("name=\"revision\" value=\"1\""), "{page}");
    let mut first = made.clone();
    first["magnitude"] = json!(17.4);
    assert_eq!(ada.json(Method::PUT, &at, first).await.0, 200);

    // A script that sends back what it read before.
    let mut second = made.clone();
    second["notes"] = json!("From the other window");
    let (status, problem) = ada.json(Method::PUT, &at, second).await;
    assert_eq!(status, 422, "{problem}");
    assert_eq!(named(&problem), ["revision"]);

    // The other window: told once, with its words kept; saved again it counts.
    let mut fields = FORM.to_vec();
    fields.extend([("revision", "1"), ("notes", "From the other window")]);
    let (status, _, page) = ada.send(&edit, parts(&fields)).await;
    assert_eq!(status, 422);
    for said in [
        "changed meanwhile",
        "From the other window",
        "name=\"revision\" value=\"2\"",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert_eq!(ada.get(&at).await.1["magnitude"], 17.4);
    let last = fields.len() - 2;
    fields[last].1 = "2";
    assert_eq!(ada.send(&edit, parts(&fields)).await.0, 303);
    assert_eq!(ada.get(&at).await.1["notes"], "From the other window");
    // The button pressed twice.
    assert_eq!(ada.send(&edit, parts(&fields)).await.0, 303);
    // Who says nothing of a revision changes what is there.
    let (status, _) = ada.json(Method::PUT, &at, json!({"filter": "V"})).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn words_of_a_search_may_not_be_endless() {
    let desk = TestApp::serve().await;
    with_burst(&desk).await;
    for field in ["text", "instrument"] {
        let long = "x".repeat(5_100);
        for path in ["/api/observations", "/observations"] {
            let answer = desk.get(&format!("{path}?{field}={long}")).await;
            assert_eq!(answer.status(), 422, "{path}, {field}");
            let endless = desk
                .get(&format!("{path}?{field}={}", long.repeat(2)))
                .await;
            assert_eq!(endless.status(), 414, "{path}, {field}");
        }
    }
}

#[tokio::test]
async fn one_form_takes_as_many_pictures_as_one_observation() {
    let desk = TestApp::serve().await;
    let burst = with_burst(&desk).await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    let picture = png();
    let files = [("m57.png", picture.as_slice()); 9];
    let (status, _, page) = ada
        .send(
            &format!("/bursts/{burst}/observe"),
            with_files(&FORM, &files),
        )
        .await;
    assert_eq!(status, 422);
    assert!(page.contains("8 pictures at once"), "{page}");
}
