//! Everything within reach of keys and of fingers.

use crate::desk::Desk;
use crate::driver::Browser;
use crate::night::rich;
use crate::observer;

const TAB: char = '\u{E004}';
const ENTER: char = '\u{E007}';
const ESCAPE: char = '\u{E00C}';
const HOME: char = '\u{E011}';

/// Smallest side of what a finger should hit, CSS pixels.
const TOUCH: &str = "
    const targets = document.querySelectorAll('.masthead a, .masthead summary, button, select, summary, input:not([type=hidden], [type=radio], [type=checkbox]), .option, .pages a, .more a, .ways a, .hand-on a');
    return [...targets].filter((e) => e.checkVisibility() && !e.closest('.website')).map((e) => [e, e.getBoundingClientRect()]).filter(([, box]) => box.height < 43.99)
      .map(([e, box]) => `${e.tagName} ${e.name ?? ''} ${e.textContent.trim()} is ${box.height.toFixed(1)} px high`).join(', ');";

/// What has the focus, and whether that can be seen on it or on the row that it stands for.
const FOCUSED: &str = "
    const e = document.activeElement;
    if (e === document.body) return 'body';
    const seen = [e, e.closest('.burst, .seen, .option')].filter(Boolean).map((at) => getComputedStyle(at)).some((style) =>
      (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== 'none');
    e.dataset.reached = '';
    return `${seen ? 'seen' : 'UNSEEN'} ${e.tagName} ${e.id} ${e.textContent.trim().slice(0, 30)}`;";

const UNREACHED: &str = "
    const all = [...document.querySelectorAll('a[href], button, select, input:not([type=radio]:not(:checked)), textarea, summary, [tabindex=\"0\"]')];
    return all.filter((e) => e.type !== 'hidden' && e.checkVisibility() && !('reached' in e.dataset))
      .map((e) => `${e.tagName} ${e.textContent.trim().slice(0, 30)}`).join(', ');";

#[tokio::test(flavor = "multi_thread")]
async fn the_theme_is_chosen_by_keys_alone_and_stays() {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let desk = Desk::start();
    desk.push_all(&rich()).await;
    browser.go(&desk.url("/bursts?tier=B")).await;
    for theme in ["red", "light", "dark", "auto"] {
        tab_to(
            &browser,
            &format!("document.activeElement.value === '{theme}'"),
        )
        .await;
        browser.press(ENTER).await;
        let chosen = format!(
            "document.documentElement.dataset.theme === '{theme}' && document.querySelector('.themes [value={theme}]')?.ariaPressed === 'true'"
        );
        browser.wait(3.0, &chosen).await;
        browser.reload().await;
        assert_eq!(
            browser.run(&format!("return {chosen}")).await,
            true,
            "{theme} was forgotten"
        );
        assert_eq!(browser.url().await, desk.url("/bursts?tier=B"));
    }
}

/// Presses Tab until the expression is true.
async fn tab_to(browser: &Browser, expression: &str) {
    for _ in 0..80 {
        if browser.run(&format!("return {expression}")).await == true {
            return;
        }
        browser.press(TAB).await;
    }
    panic!("80 steps of Tab do not reach {expression}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_tab_offers_to_skip_to_the_content() {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let desk = Desk::start();
    desk.push_all(&rich()).await;
    for page in ["/", "/bursts", "/bursts/25", "/status"] {
        browser.go(&desk.url(page)).await;
        browser.press(TAB).await;
        let offered = "document.activeElement.matches('.skip') && document.activeElement.getBoundingClientRect().top >= 0";
        assert_eq!(
            browser.run(&format!("return {offered}")).await,
            true,
            "{page}"
        );
        browser.press(ENTER).await;
        browser
            .wait(2.0, "document.activeElement.matches('main')")
            .await;
        browser.press(TAB).await;
        let inside = browser
            .run("return Boolean(document.activeElement.closest('main, footer'))")
            .await;
        assert_eq!(
            inside, true,
            "{page}: Tab went elsewhere than into the content"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_control_is_reached_by_tab_and_shows_its_focus() {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let desk = Desk::start();
    desk.push_all(&rich()).await;
    for page in ["/", "/bursts", "/bursts/25", "/bursts/26", "/status"] {
        browser.go(&desk.url(page)).await;
        tab_through(&browser, page).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_control_about_observations_is_reached_by_tab_and_by_finger() {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let desk = Desk::demo();
    observer::sign_in(&browser, &desk).await;
    for page in observer::pages(&desk).await {
        browser.size(360).await;
        browser.go(&desk.url(&page)).await;
        observer::settled(&browser).await;
        assert_eq!(browser.text(TOUCH).await, "", "{page}");
        browser.size(1280).await;
        tab_through(&browser, &page).await;
    }
}

/// Presses Tab from the page's start to its end.
async fn tab_through(browser: &Browser, page: &str) {
    for _ in 0..160 {
        browser.press(TAB).await;
        let focused = browser.text(FOCUSED).await;
        assert!(
            !focused.starts_with("UNSEEN"),
            "{page}: the focus cannot be seen on {focused}"
        );
        if focused == "body" {
            break;
        }
    }
    assert_eq!(
        browser.text(UNREACHED).await,
        "",
        "{page}: Tab does not reach these"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_one_button_opens_the_ways() {
    if let Some(browser) = Browser::open().await {
        open_the_ways(&browser).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_one_button_opens_the_ways_without_javascript() {
    if let Some(browser) = Browser::without_javascript().await {
        open_the_ways(&browser).await;
    }
}

async fn open_the_ways(browser: &Browser) {
    let desk = Desk::start();
    browser.size(360).await;
    browser.go(&desk.url("/")).await;
    assert_eq!(browser.shown("#ways").await, "");
    browser.click(".menu").await;
    assert!(browser.shown("#ways").await.contains("Observations"));
    browser.press(ESCAPE).await;
    assert_eq!(browser.shown("#ways").await, "");
    // The button has the focus again.
    browser.press(ENTER).await;
    assert!(browser.shown("#ways").await.contains("Sign in"));
    browser.follow("#ways a[href='/bursts']", "h1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_curve_that_is_read_stays_under_the_reader_when_news_come() {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let desk = Desk::demo();
    browser.go(&desk.url("/bursts/5/observations")).await;
    observer::settled(&browser).await;
    browser
        .run("document.querySelector('.plot-area').focus()")
        .await;
    for key in [HOME, '+'] {
        browser.press(key).await;
    }
    let read = browser.shown(".plot-read").await;
    assert!(read.contains("Elin"), "{read}");
    browser
        .run("window.before = document.querySelector('.observed'); htmx.trigger(before, 'refresh')")
        .await;
    browser
        .wait(
            5.0,
            "!before.isConnected && document.querySelector('.plot canvas')",
        )
        .await;
    let focused = "return document.activeElement.className";
    assert_eq!(browser.text(focused).await, "plot-area");
    assert_eq!(browser.shown(".plot-read").await, read);
}

#[tokio::test(flavor = "multi_thread")]
async fn fingers_hit_what_they_aim_at_on_a_phone() {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let desk = Desk::start();
    desk.push_all(&rich()).await;
    browser.size(360).await;
    for page in ["/", "/bursts", "/bursts/25", "/status", "/api/docs"] {
        browser.go(&desk.url(page)).await;
        assert_eq!(browser.text(TOUCH).await, "", "{page}");
    }
}
