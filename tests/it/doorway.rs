//! The door as strangers, proxies and crowds meet it.

use grb_app::platform::config::Config;
use grb_app::platform::{App, Clock};
use reqwest::Method;
use serde_json::json;

use crate::common::{NOW, Served, TestApp, config};

/// A served desk whose settings are changed by `change`.
async fn desk_with(change: impl FnOnce(&mut Config)) -> Served {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let mut config = config(folder.path());
    change(&mut config);
    let app = App::open(config, Clock::fixed(*NOW)).unwrap();
    TestApp { app, folder }.served().await
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
