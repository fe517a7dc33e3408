//! Screenshots for the documentation: `GRB_SCREENSHOTS=folder cargo test --test browser screenshots`.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::desk::Desk;
use crate::driver::Browser;
use crate::night::{TRIGGER, rich};

#[tokio::test(flavor = "multi_thread")]
async fn screenshots_are_taken_where_asked_for() {
    let Some(folder) = std::env::var_os("GRB_SCREENSHOTS").map(PathBuf::from) else {
        return;
    };
    let Some(browser) = Browser::open().await else {
        return;
    };
    let desk = Desk::start();
    desk.push_all(&rich()).await;
    std::fs::create_dir_all(&folder).unwrap();
    let bursts = desk.bursts().await;
    let trigger = TRIGGER.to_string();
    let burst = bursts
        .iter()
        .find(|burst| burst["trigger_id"] == trigger.as_str())
        .unwrap();
    browser.go(&desk.url("/")).await;
    for theme in ["light", "dark", "red"] {
        browser.theme(theme).await;
        for (page, path) in [
            ("latest", "/".to_owned()),
            ("bursts", "/bursts".to_owned()),
            ("burst", format!("/bursts/{}", burst["id"])),
        ] {
            for width in [1600, 360] {
                browser.size(width).await;
                browser.go(&desk.url(&path)).await;
                browser
                    .wait(3.0, "document.fonts.status === 'loaded'")
                    .await;
                let picture = browser
                    .devtools(
                        "Page.captureScreenshot",
                        json!({ "format": "png", "captureBeyondViewport": width < 600 }),
                    )
                    .await;
                let png = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
                std::fs::write(folder.join(format!("{page}-{theme}-{width}.png")), png).unwrap();
            }
        }
    }
}
