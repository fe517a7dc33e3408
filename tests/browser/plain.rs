//! Reading, searching and choosing without JavaScript.

use crate::desk::Desk;
use crate::driver::Browser;
use crate::night::rich;

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_read_searched_and_chosen_without_javascript() {
    let Some(browser) = Browser::without_javascript().await else {
        return;
    };
    let desk = Desk::start();
    desk.push_all(&rich()).await;

    browser.go(&desk.url("/")).await;
    assert_eq!(
        browser.attribute("[data-line]", "data-line").await,
        "",
        "scripts ran"
    );
    assert!(!browser.shown(".headline h1").await.is_empty());
    assert!(!browser.shown(".headline .lead").await.is_empty());

    browser
        .follow(".masthead nav a[href='/bursts']", ".filters")
        .await;
    assert_eq!(browser.count(".bursts > li").await, 20);
    let first = browser.shown(".bursts > li:first-child a").await;
    browser.follow("a[rel=next]", ".pages a:not([rel])").await;
    assert!(browser.url().await.contains("after="));
    assert_eq!(
        browser.count(".bursts > li").await,
        desk.bursts().await.len() - 20
    );
    assert_ne!(browser.shown(".bursts > li:first-child a").await, first);
    browser.follow(".pages a:not([rel])", ".pages a[rel]").await;
    assert_eq!(browser.shown(".bursts > li:first-child a").await, first);

    browser.click("select[name=tier] option[value=A]").await;
    browser.follow(".filters button", ".said").await;
    assert!(browser.url().await.contains("tier=A"));
    assert_eq!(browser.count(".bursts > li").await, 1);
    assert!(browser.shown(".bursts .by").await.contains("Swift"));

    let list = browser.url().await;
    browser
        .follow(".themes button[value=red]", "[data-theme=red] .said")
        .await;
    assert_eq!(
        browser.url().await,
        list,
        "the choice of a theme leads back to the same page"
    );

    browser
        .follow(".bursts > li:first-child a", ".timeline")
        .await;
    assert!(browser.shown("h1").await.contains("Swift 1286514"));
    assert!(
        browser
            .shown(".lead")
            .await
            .contains("caught a gamma-ray burst")
    );
    assert!(browser.count(".timeline li").await >= 2);
    assert_eq!(
        (
            browser.count("figure.chart > svg").await,
            browser.count("figure.near > svg").await
        ),
        (1, 1)
    );
    assert!(!browser.shown("time[data-ago]").await.is_empty());
}
