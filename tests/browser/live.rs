//! Pages that change by themselves: the first page, a burst's page, and both over a lost connection.

use std::time::Duration;

use grb_app::notices::{Class, Kind};

use crate::desk::Desk;
use crate::driver::Browser;
use crate::night::{TRIGGER, ago, at, gbm, gbm_sequence, taken_for};

const LIVE: &str = "document.querySelector('[data-line]').textContent === 'live'";
/// A page that was not loaded anew still has this.
const MARK: &str = "window.mark = 'not reloaded'";
const MARKED: &str = "window.mark === 'not reloaded'";

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_fills_by_itself_in_every_window() {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let desk = Desk::start();
    browser.go(&desk.url("/")).await;
    browser.wait(5.0, LIVE).await;
    browser.run(MARK).await;
    assert_eq!(
        browser
            .text("return document.querySelector('h1').textContent")
            .await,
        "Nothing heard yet"
    );
    let time = ago(1);
    let [alert, flight, ..] = gbm_sequence(TRIGGER, time);

    desk.push(&alert).await;
    let name = desk.bursts().await[0]["name"].as_str().unwrap().to_owned();
    let named = format!("document.querySelector('.headline h1')?.textContent === '{name}'");
    let took = browser.wait(3.0, &named).await;
    println!(
        "The first page named the burst {} ms after the push.",
        took.as_millis()
    );
    let story = "document.querySelector('.headline .lead').textContent";
    let before = browser.text(&format!("return {story}")).await;
    assert!(before.contains("not known yet"), "{before}");

    desk.push(&flight).await;
    let took = browser
        .wait(
            3.0,
            "document.querySelector('.headline figure.chart svg.sky-chart')",
        )
        .await;
    println!(
        "The first page drew the sky {} ms after the push.",
        took.as_millis()
    );
    let after = browser.text(&format!("return {story}")).await;
    assert!(
        after.contains("caught a gamma-ray burst") && after.contains("rough look"),
        "{after}"
    );

    desk.push(&taken_for(
        Class::Grb,
        0.9,
        at(
            (80.0, 5.0, 6.0),
            gbm(TRIGGER + 900, ago(0), Kind::Flight, 20),
        ),
    ))
    .await;
    browser
        .wait(
            3.0,
            "document.querySelector('#newest')?.getAttribute('href') === '/bursts/2'",
        )
        .await;
    for burst in [1, 2] {
        assert_eq!(
            browser
                .run(&format!(
                    "return document.querySelectorAll('main a[href=\"/bursts/{burst}\"]').length"
                ))
                .await,
            1
        );
    }
    assert_eq!(browser.run(&format!("return {MARKED}")).await, true);
    let shown = "return document.querySelector('#latest').innerText.replaceAll(/just now|[0-9]+ (s|min) ago/g, '')";
    let here = browser.text(shown).await;
    browser.new_window().await;
    browser.go(&desk.url("/")).await;
    assert_eq!(browser.text(shown).await, here);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bursts_page_follows_its_burst_and_no_other() {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let desk = Desk::start();
    let [alert, flight, ground, last] = gbm_sequence(TRIGGER, ago(10));
    desk.push_all(&[alert, flight]).await;
    browser.go(&desk.url("/bursts/1")).await;
    browser.wait(5.0, LIVE).await;
    browser.run(MARK).await;
    let radius = "document.querySelector('.measures > div:nth-child(2) strong').textContent";
    let steps = "document.querySelectorAll('.timeline li').length";
    let mut known = browser.text(&format!("return {radius}")).await;
    for (notice, count) in [(ground, 3), (last, 4)] {
        desk.push(&notice).await;
        let took = browser
            .wait(
                3.0,
                &format!("{steps} === {count} && {radius} !== '{known}'"),
            )
            .await;
        println!(
            "The burst's page followed {} ms after the push.",
            took.as_millis()
        );
        known = browser.text(&format!("return {radius}")).await;
    }
    browser
        .run("window.swaps = 0; document.addEventListener('htmx:afterSwap', () => window.swaps++)")
        .await;
    desk.push_all(&gbm_sequence(TRIGGER + 5000, ago(2))).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(
        browser.run("return window.swaps").await,
        0,
        "another burst's news reloaded this page"
    );
    assert_eq!(browser.run(&format!("return {MARKED}")).await, true);
    browser.reload().await;
    assert_eq!(browser.text(&format!("return {radius}")).await, known);
    assert_eq!(browser.run(&format!("return {steps}")).await, 4);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_said_and_caught_up() {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let mut desk = Desk::start();
    let [alert, flight, ground, _] = gbm_sequence(TRIGGER, ago(5));
    desk.push(&alert).await;
    browser.go(&desk.url("/bursts/1")).await;
    browser.wait(5.0, LIVE).await;
    browser.new_window().await;
    browser.go(&desk.url("/")).await;
    browser.wait(5.0, LIVE).await;
    browser.run(MARK).await;

    desk.stop();
    let took = browser
        .wait(
            5.0,
            "document.querySelector('[data-line]').textContent === 'reconnecting…'",
        )
        .await;
    println!(
        "The page said that it reconnects {} ms after the stop.",
        took.as_millis()
    );
    desk.replay(&flight);
    tokio::time::sleep(Duration::from_secs(2)).await;
    desk.start_again();
    let took = browser
        .wait(
            20.0,
            &format!("{LIVE} && document.querySelector('.headline figure.chart')"),
        )
        .await;
    println!(
        "The first page had caught up {} ms after the start.",
        took.as_millis()
    );
    desk.push(&ground).await;
    browser
        .wait(
            3.0,
            "document.querySelector('.headline .lead').textContent.includes('within')",
        )
        .await;
    assert_eq!(browser.run(&format!("return {MARKED}")).await, true);
    browser.window(0).await;
    browser
        .wait(
            20.0,
            &format!("{LIVE} && document.querySelectorAll('.timeline li').length === 3"),
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_many_pages_never_waits_for_a_free_connection() {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let desk = Desk::start();
    for burst in 0..10 {
        desk.push_all(&gbm_sequence(
            TRIGGER + 1000 * burst,
            ago(3 + 10 * i64::from(burst)),
        ))
        .await;
    }
    for burst in 1..=10 {
        browser.go(&desk.url(&format!("/bursts/{burst}"))).await;
        browser.wait(5.0, LIVE).await;
    }
    // The way back leads to a page that is live again, and shows what came meanwhile.
    desk.push(&gbm(TRIGGER + 8000, ago(83), Kind::Final, 3000))
        .await;
    browser.post("/back", serde_json::json!({})).await;
    browser.wait(5.0, &format!("{LIVE} && location.pathname === '/bursts/9' && document.querySelectorAll('.timeline li').length === 5")).await;
}
