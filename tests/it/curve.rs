//! The light curve and the covered region, through their addresses.

use chrono::TimeDelta;
use grb_app::notices::Kind;
use grb_app::observations::model::{Observation, Photometry};
use grb_app::observations::store;
use grb_app::sky::Equatorial;
use serde_json::Value;

use crate::common::{Served, TestApp, gbm_at, triggered};
use crate::people;

/// A desk with one burst (1) within 5° and one member (1).
async fn desk() -> Served {
    let desk = TestApp::serve().await;
    desk.take(&gbm_at(
        812_345_678,
        Kind::Ground,
        40,
        (120.0, 30.0, 3.0),
        None,
    ))
    .await;
    people::member(&desk, "vera@example.org").await;
    desk
}

fn observation(after: i64, photometry: Photometry) -> Observation {
    let start = triggered() + TimeDelta::seconds(after);
    Observation {
        position: Equatorial::new(120.0, 30.0).unwrap(),
        coordinates: "120 30".into(),
        instrument: "C11 <at night>".into(),
        field_deg: Some(2.0),
        start,
        exposure: Some(60.0),
        filter: Some("R".into()),
        photometry,
        ..Observation::blank(1, 1)
    }
}

async fn post(desk: &Served, observation: Observation) -> i64 {
    let now = desk.app.clock.now();
    desk.app
        .db
        .write(move |tx| store::insert(tx, now, &observation))
        .await
        .unwrap()
}

/// As an officer does it.
async fn hide(desk: &Served, id: i64) {
    let hide = "update observations set hidden_at = 1, hidden_why = 'wrong' where id = ?1";
    desk.app
        .db
        .write(move |tx| Ok(tx.execute(hide, [id])?))
        .await
        .unwrap();
}

fn seen(magnitude: f64) -> Photometry {
    Photometry {
        magnitude: Some(magnitude),
        error: Some(0.1),
        limit: None,
        system: Some("Vega".into()),
    }
}

fn limit(magnitude: f64) -> Photometry {
    Photometry {
        limit: Some(magnitude),
        system: Some("Vega".into()),
        ..Photometry::default()
    }
}

#[tokio::test]
async fn a_curve_is_given_as_json_as_a_drawing_and_as_a_page() {
    let desk = desk().await;
    post(&desk, observation(570, seen(16.2))).await;
    post(&desk, observation(3570, limit(18.5))).await;
    let json = desk.json("/api/bursts/1/light-curve").await;
    assert_eq!(json["scale"], "log");
    assert_eq!(json["magnitude_axis"], "magnitude (Vega)");
    let point = &json["points"][0];
    assert_eq!(
        (&point["seconds"], &point["half_exposure_s"]),
        (&Value::from(600.0), &Value::from(30.0))
    );
    assert_eq!(
        (&point["magnitude"], &point["error"], &point["limit"]),
        (&Value::from(16.2), &Value::from(0.1), &Value::Null)
    );
    assert_eq!(
        (&json["points"][1]["limit"], &json["points"][1]["magnitude"]),
        (&Value::from(18.5), &Value::Null)
    );
    assert_eq!(json["guide"]["seconds"], 600.0);
    assert_eq!(json["filters"][0]["label"], "R");

    let svg = desk.get("/api/bursts/1/light-curve.svg?scale=linear").await;
    assert_eq!(svg.headers()["content-type"], "image/svg+xml");
    let svg = svg.text().await.unwrap();
    assert!(
        svg.starts_with("<svg") && svg.contains("C11 &lt;at night&gt;"),
        "{svg}"
    );
    assert_ne!(
        svg,
        desk.get("/api/bursts/1/light-curve.svg")
            .await
            .text()
            .await
            .unwrap()
    );

    let (status, page) = desk.page("/bursts/1/light-curve").await;
    assert_eq!(status, 200);
    assert!(
        page.contains("1 detection and 1 limit by")
            && page.contains("16.2 ± 0.1")
            && page.contains("18.5")
    );
    assert!(page.contains(r#"data-scale="log""#) && !page.contains("style=\""));
    let (_, linear) = desk.page("/bursts/1/light-curve?curve=linear").await;
    assert!(linear.contains(r#"data-scale="linear""#));
}

#[tokio::test]
async fn what_an_officer_hid_is_nowhere() {
    let desk = desk().await;
    post(&desk, observation(600, limit(17.0))).await;
    let wrong = post(&desk, observation(900, seen(3.25))).await;
    assert_eq!(
        desk.json("/api/bursts/1/coverage").await["fields"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    hide(&desk, wrong).await;
    let json = desk.json("/api/bursts/1/light-curve").await;
    assert_eq!(json["points"].as_array().unwrap().len(), 1);
    for path in ["/api/bursts/1/light-curve.svg", "/bursts/1/light-curve"] {
        let text = desk.get(path).await.text().await.unwrap();
        assert!(text.contains("17.0") && !text.contains("3.25"), "{path}");
    }
    assert_eq!(
        desk.json("/api/bursts/1/coverage").await["fields"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn without_points_there_is_nothing_to_draw_but_a_page_that_says_so() {
    let desk = desk().await;
    let json = desk.json("/api/bursts/1/light-curve").await;
    assert_eq!(
        (json["points"].as_array().unwrap().len(), &json["origin"]),
        (0, &Value::Null)
    );
    assert_eq!(
        desk.get("/api/bursts/1/light-curve.svg").await.status(),
        404
    );
    assert_eq!(desk.get("/api/bursts/1/coverage.svg").await.status(), 404);
    let (status, page) = desk.page("/bursts/1/light-curve").await;
    assert!(status == 200 && page.contains("Nobody has posted a magnitude"));
    let coverage = desk.json("/api/bursts/1/coverage").await;
    assert_eq!(
        (&coverage["share"], &coverage["words"]),
        (&Value::Null, &Value::Null)
    );
    for path in ["light-curve", "light-curve.svg", "coverage", "coverage.svg"] {
        assert_eq!(
            desk.get(&format!("/api/bursts/99/{path}")).await.status(),
            404,
            "{path}"
        );
    }
    assert_eq!(desk.page("/bursts/99/light-curve").await.0, 404);
}

#[tokio::test]
async fn a_scale_that_is_none_is_named() {
    let desk = desk().await;
    let answer = desk.get("/api/bursts/1/light-curve.svg?scale=cubic").await;
    assert_eq!(answer.status(), 422);
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["errors"][0]["field"], "scale");
}

#[tokio::test]
async fn coverage_gives_the_share_and_its_fields() {
    let desk = desk().await;
    post(&desk, observation(600, limit(17.0))).await;
    let coverage = desk.json("/api/bursts/1/coverage").await;
    let share = coverage["share"].as_f64().unwrap();
    assert!(share > 0.01 && share < 0.5, "{coverage}");
    let field = &coverage["fields"][0];
    assert_eq!(
        (&field["ra"], &field["radius"], &field["measured"]),
        (&Value::from(120.0), &Value::from(1.0), &Value::from(false))
    );
    assert!(
        coverage["words"]
            .as_str()
            .unwrap()
            .contains("% of the region, in one field, 10 min after the trigger"),
        "{coverage}"
    );
    let svg = desk
        .get("/api/bursts/1/coverage.svg")
        .await
        .text()
        .await
        .unwrap();
    assert!(svg.contains(r#"class="seen""#));
}
