//! An observer on a phone: posting a picture and a magnitude, while somebody else looks at the burst's page; and handing it on.

use std::path::PathBuf;

use reqwest::{Client, Response};
use serde_json::{Value, json};

#[path = "../rules/aavso.rs"]
mod rules;

use crate::desk::Desk;
use crate::driver::Browser;
use crate::member::{arrive, fill, press};

const OFFICER: &str = "vera@orion-hill.example";
const PASSWORD: &str = "night-desk";

#[tokio::test(flavor = "multi_thread")]
async fn an_observation_is_posted_from_a_phone_and_handed_on() {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let desk = Desk::demo();
    let burst = burst(&desk).await;
    sign_in(&browser, &desk).await;
    browser.new_window().await;
    browser.size(1280).await;
    browser.go(&desk.url(&format!("/bursts/{burst}"))).await;
    browser
        .wait(10.0, "document.querySelector('#observations .observed')")
        .await;

    browser.window(0).await;
    let id = post(&browser, &desk, burst).await;
    browser.window(1).await;
    let row = format!("document.getElementById('observation-{id}')");
    let shown = browser.wait(10.0, &row).await;
    println!(
        "The other window shows it {:.1} s later.",
        shown.as_secs_f64()
    );
    browser.run(&format!("{row}.scrollIntoView()")).await;
    browser
        .wait(
            5.0,
            &format!("{row}.closest('li').querySelector('img').naturalWidth > 0"),
        )
        .await;
    assert!(browser.shown("#observations").await.contains("16.24"));

    browser.window(0).await;
    edit(&browser, &desk, id).await;
    browser.window(1).await;
    browser
        .wait(
            10.0,
            &format!("{row}.closest('li').textContent.includes('16.31')"),
        )
        .await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    hand_on(&desk, burst).await;
}

/// The pages about observations, as the demonstration's officer meets them.
pub(crate) async fn pages(desk: &Desk) -> Vec<String> {
    let burst = burst(desk).await;
    let of_burst = [
        "",
        "/observations",
        "/observe",
        "/circular",
        "/light-curve?curve=linear",
    ];
    let list = [
        "/observations",
        "/observations?observer=me",
        "/observations?text=nobody-saw-this",
        "/observations/reports",
        "/observations/settings",
        "/preferences",
        "/account",
        "/birthdays",
        "/birthday-star",
        "/birthday-star?born=1986-11-21&lat=44&lon=5",
        "/outbox",
    ];
    let (mine, pictured) = (of(desk, "Vera", "").await, of(desk, "", "/images/").await);
    let of_one = [
        format!("{mine}/edit"),
        format!("{mine}/delete"),
        mine,
        pictured,
    ];
    list.into_iter()
        .map(str::to_owned)
        .chain(of_burst.map(|path| format!("/bursts/{burst}{path}")))
        // A region wide enough for a chart of what was covered.
        .chain(["/bursts/5/observations".to_owned()])
        .chain(of_one)
        .collect()
}

/// The page of one observation by this observer that has such a picture.
async fn of(desk: &Desk, observer: &str, picture: &str) -> String {
    let http = Client::builder().tls_certs_only([]).build().unwrap();
    let asked = http.get(desk.url("/api/observations?limit=100"));
    let listed: Value = asked.send().await.unwrap().json().await.unwrap();
    let items = listed["items"].as_array().unwrap();
    let fits = |one: &&Value| {
        let (text, name) = (one["images"].to_string(), one["observer"].to_string());
        text.contains(picture) && name.contains(observer)
    };
    let found = items
        .iter()
        .find(fits)
        .unwrap_or_else(|| panic!("{listed}"));
    format!("/observations/{}", found["id"])
}

/// Waits until the parts that come after the page have come.
pub(crate) async fn settled(browser: &Browser) {
    let whole = "document.readyState === 'complete' && !document.querySelector('[hx-trigger=\"load\"] > p:only-child > a[href]:only-child') \
        && [...document.querySelectorAll('figure[data-curve]')].every((figure) => figure.querySelector('.plot canvas'))";
    browser.wait(10.0, whole).await;
}

/// Swift's trigger of GRB 130427A, which the demonstration knows from its first moment on.
async fn burst(desk: &Desk) -> i64 {
    let bursts = desk.bursts().await;
    let known = bursts.iter().find(|burst| burst["trigger_id"] == "554620");
    known.unwrap()["id"].as_i64().unwrap()
}

pub(crate) async fn sign_in(browser: &Browser, desk: &Desk) {
    browser.size(360).await;
    browser.go(&desk.url("/sign-in?next=/bursts")).await;
    fill(browser, "email", OFFICER).await;
    fill(browser, "password", PASSWORD).await;
    press(browser, "form.form button.main").await;
    arrive(browser, "location.pathname === '/bursts'").await;
}

/// Posts from the burst's page; gives the observation's id.
async fn post(browser: &Browser, desk: &Desk, burst: i64) -> i64 {
    browser.go(&desk.url(&format!("/bursts/{burst}"))).await;
    let button = format!("#observe-{burst}");
    browser
        .wait(10.0, &format!("document.querySelector('{button}')"))
        .await;
    press(browser, &button).await;
    arrive(browser, "document.querySelector('form[data-observe]')").await;
    assert_eq!(
        browser
            .run("return document.documentElement.scrollWidth <= innerWidth")
            .await,
        true,
        "the form is wider than the phone"
    );
    fill(browser, "magnitude", "16.24").await;
    fill(browser, "magnitude_error", "0.05").await;
    press(browser, "[data-now]").await;
    fill(browser, "exposure_s", "300").await;
    browser.choose("#filter", "R").await;
    let folder = tempfile::tempdir().unwrap();
    browser.attach("#image", &picture(folder.path())).await;
    browser
        .wait(
            5.0,
            "document.querySelector('[data-chosen] canvas')?.width > 0",
        )
        .await;
    press(browser, "form[data-observe] button.main").await;
    arrive(browser, "/^.observations.[0-9]+$/.test(location.pathname)").await;
    let page = browser.shown("main").await;
    assert!(page.contains("16.24"), "{page}");
    assert!(browser.count("figure img").await == 1, "{page}");
    let path = browser.text("return location.pathname").await;
    path.rsplit('/').next().unwrap().parse().unwrap()
}

/// A picture as a camera takes it: a few stars on a dark sky.
fn picture(folder: &std::path::Path) -> PathBuf {
    let mut sky = image::GrayImage::from_pixel(640, 480, image::Luma([18]));
    for star in 0..40_u32 {
        sky.put_pixel(star * 97 % 640, star * 61 % 480, image::Luma([220]));
    }
    let path = folder.join("field.jpg");
    sky.save(&path).unwrap();
    path
}

async fn edit(browser: &Browser, desk: &Desk, id: i64) {
    browser
        .go(&desk.url(&format!("/observations/{id}/edit")))
        .await;
    fill(browser, "magnitude", "16.31").await;
    press(browser, "form[data-observe] button.main").await;
    arrive(
        browser,
        &format!("location.pathname === '/observations/{id}'"),
    )
    .await;
    let page = browser.shown("main").await;
    assert!(page.contains("16.31"), "{page}");
    // What it said before stands in its history.
    assert!(page.contains("16.24"), "{page}");
}

/// Every export is there, and what the world's archives ask of it is so.
async fn hand_on(desk: &Desk, burst: i64) {
    let csv = text(desk, burst, "observations.csv").await;
    assert!(csv.lines().count() >= 2 && csv.contains("16.31"), "{csv}");

    let aavso = text(desk, burst, "observations.aavso.txt").await;
    assert_eq!(rules::faults(&aavso), Vec::<String>::new(), "{aavso}");
    assert!(
        rules::rows(&aavso)
            .iter()
            .any(|(_, row)| row.iter().any(|field| field == "16.31")),
        "{aavso}"
    );

    let circular = text(desk, burst, "circular.txt").await;
    let lines = circular.lines().count();
    assert!(
        lines < 60 && !circular.contains('\t'),
        "{lines} lines:\n{circular}"
    );
    assert!(circular.contains("GRB 130427A"), "{circular}");
    println!("The circular has {lines} lines.");

    let votable = text(desk, burst, "observations.vot").await;
    assert!(
        votable.contains("<VOTABLE") && votable.contains("16.31"),
        "{votable}"
    );

    let zip = get(desk, burst, "observations.zip")
        .await
        .bytes()
        .await
        .unwrap();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
    let names: Vec<String> = zip
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect();
    assert!(
        names.iter().any(|name| name.ends_with(".webp")),
        "{names:?}"
    );
    for at in 0..zip.len() {
        // Reading to the end checks the sum.
        std::io::copy(&mut zip.by_index(at).unwrap(), &mut std::io::sink()).unwrap();
    }
    println!("The zip holds {names:?}.");

    let listed: Value = get(desk, burst, "observations").await.json().await.unwrap();
    assert_ne!(listed["items"], json!([]));
}

async fn text(desk: &Desk, burst: i64, file: &str) -> String {
    get(desk, burst, file).await.text().await.unwrap()
}

async fn get(desk: &Desk, burst: i64, file: &str) -> Response {
    let http = Client::builder().tls_certs_only([]).build().unwrap();
    let answer = http
        .get(desk.url(&format!("/api/bursts/{burst}/{file}")))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200, "{file}");
    answer
}
