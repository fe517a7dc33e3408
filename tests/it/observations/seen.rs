//! Who sees what of observations: the stream, what is hidden, the search.

use std::time::Duration;

use grb_app::notices::Kind;
use reqwest::Method;
use serde_json::json;

use super::{officer, seen, with_burst};
use crate::common::{Served, TestApp, count, frames, gbm};
use crate::sites::{Caller, named};

#[tokio::test]
async fn browsers_hear_of_each_change_and_of_nothing_that_was_undone() {
    let desk = TestApp::serve().await;
    let burst = with_burst(&desk).await;
    let ada = Caller::new(&desk, "ada@example.org").await;
    let path = format!("/api/bursts/{burst}/observations");
    let mut stream = desk.get("/api/stream?topics=observations").await;
    ada.json(Method::POST, &path, json!({})).await;
    let (_, made) = ada.json(Method::POST, &path, seen()).await;
    let at = format!("/api/observations/{}", made["id"]);
    ada.json(Method::PUT, &at, json!({"magnitude": 99})).await;
    ada.json(Method::PUT, &at, json!({"magnitude": 17.5})).await;
    ada.ask(Method::DELETE, &at).send().await.unwrap();
    let mut text = String::new();
    while !text.contains("observation.deleted") {
        let chunk = tokio::time::timeout(Duration::from_secs(10), stream.chunk()).await;
        text += &String::from_utf8_lossy(&chunk.unwrap().unwrap().unwrap());
    }
    let heard = frames(&text[..text.rfind("\n\n").unwrap() + 2]);
    let names: Vec<&str> = heard.iter().map(|(_, name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "observation.new",
            "observation.updated",
            "observation.deleted"
        ]
    );
    assert_eq!(heard[0].2["data"], made);
    assert_eq!(heard[1].2["data"]["magnitude"], 17.5);
    assert_eq!(
        heard[2].2["data"],
        json!({"id": made["id"], "burst_id": burst})
    );
}

/// What the stream replays to a stranger.
async fn replayed(desk: &Served) -> String {
    let mut stream = desk.get("/api/stream?topics=observations&since=0").await;
    let mut text = String::new();
    while let Ok(chunk) = tokio::time::timeout(Duration::from_secs(1), stream.chunk()).await {
        text += &String::from_utf8_lossy(&chunk.unwrap().unwrap());
    }
    text
}

#[tokio::test]
async fn the_stream_does_not_replay_what_was_hidden_deleted_or_left_with_its_member() {
    let desk = TestApp::serve().await;
    let burst = with_burst(&desk).await;
    let (ada, eve) = (
        Caller::new(&desk, "ada@example.org").await,
        Caller::new(&desk, "eve@example.org").await,
    );
    let vera = officer(&desk, "vera@example.org").await;
    let path = format!("/api/bursts/{burst}/observations");
    let mut ids = Vec::new();
    for (caller, notes) in [
        (&ada, "hidden"),
        (&ada, "deleted"),
        (&eve, "left"),
        (&ada, "stays"),
    ] {
        let mut given = seen();
        given["notes"] = json!(format!("word-{notes}"));
        let (_, made) = caller.json(Method::POST, &path, given).await;
        ids.push(made["id"].as_i64().unwrap());
    }
    let why = [("why", "It shows M 57")];
    vera.post(&format!("/observations/{}/hide", ids[0]), &why)
        .await;
    let deleted = format!("/api/observations/{}", ids[1]);
    ada.ask(Method::DELETE, &deleted).send().await.unwrap();
    let leave = |tx: &grb_app::platform::Tx<'_>| {
        let eve = "delete from members where email = 'eve@example.org'";
        Ok(tx.execute(eve, [])?)
    };
    desk.app.db.write(leave).await.unwrap();

    let text = replayed(&desk).await;
    for gone in ["word-hidden", "word-deleted", "word-left"] {
        assert!(!text.contains(gone), "{text}");
    }
    assert!(text.contains("word-stays"), "{text}");
    let told = frames(&text);
    assert_eq!(told.len(), 6, "{text}");
    assert_eq!(
        told[0].2,
        json!({"type": "observation.new", "data": {"id": ids[0], "burst_id": burst}})
    );
    vera.post(&format!("/observations/{}/show", ids[0]), &[])
        .await;
    assert!(replayed(&desk).await.contains("word-hidden"));
}

#[tokio::test]
async fn a_hidden_one_is_there_for_its_owner_and_officers_alone() {
    let desk = TestApp::serve().await;
    let burst = with_burst(&desk).await;
    let (ada, eve) = (
        Caller::new(&desk, "ada@example.org").await,
        Caller::new(&desk, "eve@example.org").await,
    );
    let vera = officer(&desk, "vera@example.org").await;
    let path = format!("/api/bursts/{burst}/observations");
    let (_, made) = ada.json(Method::POST, &path, seen()).await;
    let (at, page) = (
        format!("/api/observations/{}", made["id"]),
        format!("/observations/{}", made["id"]),
    );

    let report = async |caller: &Caller<'_>, why: &str| {
        caller
            .post(&format!("{page}/report"), &[("why", why)])
            .await
    };
    assert_eq!(report(&ada, "mine").await.0, 422);
    assert_eq!(report(&eve, " ").await.0, 422);
    assert_eq!(report(&eve, "This is M 57, not a burst.").await.0, 303);
    let (status, text) = report(&eve, "And again.").await;
    assert!(status == 422 && text.contains("reported this one already"));
    assert_eq!(ada.page("/observations/reports").await.0, 403);
    let (_, open) = vera.page("/observations/reports").await;
    assert!(open.contains("This is M 57, not a burst."), "{open}");

    assert_eq!(
        eve.post(&format!("{page}/hide"), &[("why", "I say so")])
            .await
            .0,
        403
    );
    assert_eq!(
        vera.post(&format!("{page}/hide"), &[("why", "")]).await.0,
        422
    );
    assert_eq!(
        vera.post(&format!("{page}/hide"), &[("why", "It shows M 57")])
            .await
            .0,
        303
    );
    for address in [at.as_str(), page.as_str()] {
        assert_eq!(desk.get(address).await.status(), 404);
        assert_eq!(eve.get(address).await.0, 404);
    }
    assert_eq!(
        eve.json(Method::PUT, &at, json!({"filter": "V"})).await.0,
        404
    );
    for list in [path.as_str(), "/api/observations"] {
        assert_eq!(eve.get(list).await.1["items"], json!([]));
        assert_eq!(ada.get(list).await.1["items"][0]["hidden"], "It shows M 57");
        assert_eq!(
            vera.get(list).await.1["items"][0]["hidden"],
            "It shows M 57"
        );
    }
    let (_, own) = ada.page(&page).await;
    assert!(own.contains("It shows M 57."), "{own}");
    assert!(
        !desk
            .page(&format!("/bursts/{burst}/observations"))
            .await
            .1
            .contains("17.32")
    );
    // Browsers do not hear of what its owner does with it.
    assert_eq!(
        ada.json(Method::PUT, &at, json!({"filter": "V"})).await.0,
        200
    );
    let told = "select count(*) from events where name = 'observation.updated'";
    assert_eq!(count(&desk.app, told).await, 0);
    assert_eq!(
        count(
            &desk.app,
            "select count(*) from events where name = 'observation.deleted'"
        )
        .await,
        1
    );

    assert_eq!(vera.post(&format!("{page}/show"), &[]).await.0, 303);
    assert_eq!(desk.get(&at).await.status(), 200);
    assert_eq!(count(&desk.app, told).await, 1);
    assert_eq!(
        vera.post("/observations/reports/1/settle", &[]).await.0,
        303
    );
    assert!(
        vera.page("/observations/reports")
            .await
            .1
            .contains("Nothing is open")
    );
    assert_eq!(
        vera.post("/observations/reports/9/settle", &[]).await.0,
        404
    );
}

#[tokio::test]
async fn the_search_finds_by_word_date_brightness_filter_observer_and_cone() {
    let desk = TestApp::serve().await;
    let burst = with_burst(&desk).await;
    desk.take(&gbm(1003, Kind::Alert, 5)).await;
    let (ada, eve) = (
        Caller::new(&desk, "ada@example.org").await,
        Caller::new(&desk, "eve@example.org").await,
    );
    let path = format!("/api/bursts/{burst}/observations");
    for (who, time, ra, magnitude, instrument, filter) in [
        (&ada, "2026-11-20T21:59:10Z", 10.0, 15.0, "Refractor", "V"),
        (
            &ada,
            "2026-11-20T21:59:20Z",
            20.0,
            16.0,
            "100% mirror",
            "r'",
        ),
        (&eve, "2026-11-20T21:59:30Z", 30.0, 17.0, "Refractor", "R"),
    ] {
        let given = json!({"ra": ra, "dec": 5, "observed_time": time, "magnitude": magnitude, "instrument": instrument, "filter": filter});
        assert_eq!(who.json(Method::POST, &path, given).await.0, 201);
    }
    let limit = json!({"ra": 359.9, "dec": 89, "observed_time": "2026-11-21T21:00:00Z", "time_meant": true, "limiting_magnitude": 19, "instrument": "Schmidt"});
    assert_eq!(eve.json(Method::POST, &path, limit).await.0, 201);
    let found = async |query: &str| -> Vec<f64> {
        let (status, found) = ada.get(&format!("/api/observations?{query}")).await;
        assert_eq!(status, 200, "{query}: {found}");
        let items = found["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|one| {
                one["magnitude"]
                    .as_f64()
                    .or(one["limiting_magnitude"].as_f64())
                    .unwrap()
            })
            .collect()
    };
    let rename = "update members set full_name = 'Eve' where email = 'eve@example.org'";
    desk.app
        .db
        .write(move |tx| Ok(tx.execute(rename, [])?))
        .await
        .unwrap();
    assert_eq!(found("").await, [19.0, 17.0, 16.0, 15.0]);
    assert_eq!(found("text=refractor+eve").await, [17.0]);
    assert_eq!(found("text=100%25").await, [16.0]);
    assert_eq!(found("text=1001").await.len(), 4);
    assert_eq!(found("from=2026-11-21").await, [19.0]);
    assert_eq!(found("to=2026-11-20").await, [17.0, 16.0, 15.0]);
    assert_eq!(
        found("from=2026-11-20T21:59:20Z&to=2026-11-20T21:59:30Z").await,
        [16.0]
    );
    assert_eq!(found("brightest=16&faintest=18").await, [17.0, 16.0]);
    assert_eq!(found("instrument=refr").await, [17.0, 15.0]);
    assert_eq!(found("filter=Sloan+r").await, [16.0]);
    assert_eq!(found("observer=me").await, [16.0, 15.0]);
    assert_eq!(
        found(&format!("burst={}", burst + 1)).await,
        Vec::<f64>::new()
    );
    assert_eq!(found("ra=25&dec=5&radius=5.1").await, [17.0, 16.0]);
    assert_eq!(found("ra=180&dec=89.5&radius=2").await, [19.0]);
    let (_, first) = ada.get("/api/observations?limit=3").await;
    let next = first["next"].as_str().unwrap();
    assert_eq!(found(&format!("limit=3&after={next}")).await, [15.0]);
    let (status, problem) = ada
        .get("/api/observations?from=soon&brightest=x&ra=1&limit=0&observer=x&after=1")
        .await;
    assert_eq!(status, 422);
    assert_eq!(
        named(&problem),
        ["after", "brightest", "from", "limit", "observer", "radius"]
    );
    let (status, page) = desk.page("/observations?from=soon").await;
    assert!(status == 422 && page.contains("value=\"soon\""));
    let (_, page) = desk.page("/observations?text=schmidt").await;
    assert!(
        page.contains("fainter than</span> 19.0") && !page.contains("Refractor"),
        "{page}"
    );
}
