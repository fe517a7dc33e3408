//! The door as strangers, proxies and crowds meet it.

mod crowds;
mod handed;
mod reload;
mod tls;

use grb_app::platform::config::Config;
use grb_app::platform::{App, Clock};
use reqwest::Method;
use serde_json::json;

use crate::common::{NOW, Served, TestApp, config};

/// A served desk whose settings are changed by `change`.
async fn desk_with(change: impl FnOnce(&mut Config)) -> Served {
    app_with(change).served().await
}

fn app_with(change: impl FnOnce(&mut Config)) -> TestApp {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let mut config = config(folder.path());
    change(&mut config);
    let app = App::open(config, Clock::fixed(*NOW)).unwrap();
    TestApp { app, folder }
}

/// Signs up with a broken address, as somebody for whom `chain` was forwarded.
async fn write_for(desk: &Served, chain: &str) -> u16 {
    let post = desk.client.request(Method::POST, desk.url("/api/users"));
    let post = post.header("x-forwarded-for", chain.to_owned());
    let answer = post.json(&json!({ "email": "" })).send().await.unwrap();
    answer.status().as_u16()
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_visitor_has_an_allowance() {
    let desk = desk_with(|config| {
        config.trusted_proxies = "127.0.0.1".parse().unwrap();
        config.rates.writes = 2.try_into().unwrap();
    })
    .await;
    for chain in ["192.0.2.1", "198.51.100.1, 192.0.2.1"] {
        assert_eq!(write_for(&desk, chain).await, 422);
    }
    assert_eq!(write_for(&desk, "198.51.100.2, 192.0.2.1").await, 429);
    assert_eq!(write_for(&desk, "192.0.2.2").await, 422);
}

#[tokio::test]
async fn a_stranger_gains_nothing_by_naming_others() {
    let desk = desk_with(|config| config.rates.writes = 2.try_into().unwrap()).await;
    for chain in ["192.0.2.1", "192.0.2.2"] {
        assert_eq!(write_for(&desk, chain).await, 422);
    }
    assert_eq!(write_for(&desk, "192.0.2.3").await, 429);
}

/// What the desk answers to GET `path` under the name `host`.
async fn under(desk: &Served, host: &str, path: &str) -> reqwest::Response {
    let get = desk.client.get(desk.url(path)).header("host", host);
    get.send().await.unwrap()
}

#[tokio::test]
async fn a_name_that_is_not_the_desk_s_leads_nowhere() {
    let public = |config: &mut Config| config.public_url = Some("https://Desk.example.org".into());
    let desk = desk_with(public).await;
    for host in [
        "desk.example.org",
        "DESK.example.org:443",
        "127.0.0.1:1",
        "[::1]",
        "pi:80",
    ] {
        assert_eq!(under(&desk, host, "/bursts").await.status(), 200, "{host}");
    }
    for host in [
        "evil.example",
        "desk.example.org.evil.example",
        "127.0.0.1.evil.example",
    ] {
        let answer = under(&desk, host, "/api/bursts").await;
        assert_eq!(answer.status(), 421, "{host}");
        assert!(answer.headers().contains_key("content-security-policy"));
        let problem: serde_json::Value = answer.json().await.unwrap();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("https://Desk.example.org"), "{detail}");
        for path in ["/health", "/health/ready"] {
            assert_eq!(under(&desk, host, path).await.status(), 200, "{path}");
        }
    }
    let page = desk
        .client
        .get(desk.url("/"))
        .header("host", "evil.example");
    let page = page.header("accept", "text/html").send().await.unwrap();
    assert_eq!(page.status(), 421);
    let page = page.text().await.unwrap();
    assert!(
        page.contains("<a href=\"https://Desk.example.org\">"),
        "it leads there: {page}"
    );
    let sheet = page
        .split_once("<link rel=\"stylesheet\" href=\"")
        .unwrap()
        .1;
    let sheet = sheet.split_once('"').unwrap().0;
    assert_eq!(
        under(&desk, "evil.example", sheet).await.status(),
        200,
        "and is dressed like every other"
    );
}

#[tokio::test]
async fn without_a_public_address_every_name_is_answered() {
    let desk = TestApp::serve().await;
    assert_eq!(under(&desk, "pi.local", "/bursts").await.status(), 200);
}

#[tokio::test]
async fn the_public_address_is_ours_whatever_host_a_proxy_asks_for() {
    let public = |config: &mut Config| config.public_url = Some("https://desk.example.org".into());
    let desk = desk_with(public).await;
    for (origin, status) in [
        ("https://desk.example.org", 303),
        ("https://evil.example", 403),
    ] {
        let post = desk
            .client
            .post(desk.url("/theme"))
            .header("origin", origin);
        let answer = post.form(&[("theme", "red"), ("back", "/")]).send().await;
        assert_eq!(answer.unwrap().status(), status, "{origin}");
    }
}
