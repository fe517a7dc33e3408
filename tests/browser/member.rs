//! A newcomer's first evening: signing up, the letter that confirms, a site, and a letter about the next burst of the night.

use std::time::Duration;

use crate::desk::Desk;
use crate::driver::Browser;

const ADDRESS: &str = "ida@newcomer.example";
const PASSWORD: &str = "quiet lantern over basalt";

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_signs_up_and_is_told_of_the_next_burst() {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let desk = Desk::demo();
    sign_up(&browser, &desk).await;
    confirm(&browser, &desk).await;
    sign_in(&browser, &desk).await;
    add_site(&browser, &desk).await;
    let letter = letter_about_a_burst(&browser, &desk).await;
    agree(&browser, &letter).await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

async fn sign_up(browser: &Browser, desk: &Desk) {
    browser.go(&desk.url("/sign-up")).await;
    fill(browser, "full_name", "Ida Newcomer").await;
    fill(browser, "email", ADDRESS).await;
    fill(browser, "password", PASSWORD).await;
    fill(browser, "password_confirmation", PASSWORD).await;
    browser
        .run("document.querySelector('#consent').click()")
        .await;
    press(browser, "form.form button.main").await;
    arrive(browser, "!location.pathname.startsWith('/sign-up') || document.querySelector('h1').textContent !== 'Sign up'").await;
}

/// Reads the confirmation in the outbox, follows its link and presses the button.
async fn confirm(browser: &Browser, desk: &Desk) {
    let link = "a[href*='/confirm/']";
    newest_letter(browser, desk).await;
    let text = browser.shown("pre.letter-text").await;
    assert!(text.contains("/confirm/"), "{text}");
    browser
        .run(&format!(
            "document.querySelector(\"pre.letter-text {link}\").click()"
        ))
        .await;
    arrive(browser, "location.pathname.startsWith('/confirm/')").await;
    press(browser, "main form button").await;
    arrive(browser, "!location.pathname.startsWith('/confirm/')").await;
}

async fn sign_in(browser: &Browser, desk: &Desk) {
    browser.go(&desk.url("/sign-in?next=/sites/new")).await;
    fill(browser, "email", ADDRESS).await;
    fill(browser, "password", PASSWORD).await;
    press(browser, "form.form button.main").await;
    arrive(browser, "location.pathname === '/sites/new'").await;
}

async fn add_site(browser: &Browser, desk: &Desk) {
    fill(browser, "name", "Mas du Ciel").await;
    fill(browser, "coordinates", "43°57′ N 5°42′ E").await;
    fill(browser, "time_zone", "Europe/Paris").await;
    press(browser, "form[data-site] button[value='save']").await;
    arrive(browser, "location.pathname !== '/sites/new'").await;
    browser.go(&desk.url("/sites")).await;
    let sites = browser.shown("main").await;
    assert!(sites.contains("Mas du Ciel"), "{sites}");
}

/// Waits for a letter about a burst; the address of its page in the outbox.
async fn letter_about_a_burst(browser: &Browser, desk: &Desk) -> String {
    for _ in 0..90 {
        newest_letter(browser, desk).await;
        if browser
            .text("return document.querySelector('pre.letter-text')?.textContent ?? ''")
            .await
            .contains("/bursts/")
        {
            return browser.url().await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("no letter about a burst came within a minute and a half");
}

/// The letter says what the burst's page says. A minute of the night passes in a second, so both are read again until they were read in the same one.
async fn agree(browser: &Browser, letter: &str) {
    let mut said = (String::new(), String::new());
    for _ in 0..15 {
        browser.go(letter).await;
        let text = browser.shown("pre.letter-text").await;
        let burst = browser
            .text("return document.querySelector('pre.letter-text a[href*=\"/bursts/\"]').pathname")
            .await;
        let origin = browser.text("return location.origin").await;
        browser.go(&format!("{origin}{burst}/visibility")).await;
        let page = browser.shown(".outlook .verdict").await;
        if says(&text, &page) {
            println!("Both say: {page}");
            return;
        }
        said = (text, page);
    }
    panic!(
        "the letter says\n{}\nand the burst's page\n{}",
        said.0, said.1
    );
}

/// True where the page's words stand in the letter, whatever its full stops and line breaks.
fn says(letter: &str, page: &str) -> bool {
    let flat = |text: &str| {
        let text = text.replace('.', "");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    flat(letter).contains(&flat(page))
}

async fn newest_letter(browser: &Browser, desk: &Desk) {
    let mine = format!("/outbox?address={}", ADDRESS.replace('@', "%40"));
    browser.go(&desk.url(&mine)).await;
    let first = "main a[href^='/outbox/']";
    browser
        .wait(10.0, &format!("document.querySelector(\"{first}\")"))
        .await;
    let path = browser.attribute(first, "href").await;
    browser.go(&desk.url(&path)).await;
}

pub(crate) async fn fill(browser: &Browser, field: &str, value: &str) {
    browser
        .run(&format!(
            "document.getElementById('{field}').value = '{value}'"
        ))
        .await;
}

pub(crate) async fn press(browser: &Browser, css: &str) {
    browser
        .run(&format!("document.querySelector(\"{css}\").click()"))
        .await;
}

/// Waits until a new page is there of which `expression` is true.
pub(crate) async fn arrive(browser: &Browser, expression: &str) {
    browser
        .wait(
            15.0,
            &format!("document.readyState === 'complete' && ({expression})"),
        )
        .await;
}
