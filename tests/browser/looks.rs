//! What the eye meets: nothing sticks out, nothing complains, and all text can be read, in every theme.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::desk::Desk;
use crate::driver::Browser;
use crate::night::rich;
use crate::observer;

/// Each theme, and what the system prefers meanwhile.
const THEMES: [(&str, &str); 5] = [
    ("auto", "light"),
    ("auto", "dark"),
    ("light", "dark"),
    ("dark", "light"),
    ("red", "light"),
];

/// Elements that reach out of the window, by name and by how far.
const STICKS_OUT: &str = "
    const width = WIDTH;
    if (document.documentElement.scrollWidth <= width) return '';
    const out = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > width + 0.5);
    return `scrollWidth ${document.documentElement.scrollWidth}: ` + out.slice(0, 8).map((e) =>
      `${e.tagName}.${e.getAttribute('class')} to ${Math.round(e.getBoundingClientRect().right)}`).join(', ');";

/// Texts whose contrast is below 4.5 (3 for large ones, as in WCAG 1.4.3); text in charts lies on the chart's field.
const HARD_TO_READ: &str = "
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (colour) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      return [r, g, b, a / 255];
    };
    const over = (top, below) => top.slice(0, 3).map((c, i) => c * top[3] + below[i] * (1 - top[3])).concat(1);
    const ground = (e) => {
      const own = e.closest('svg.sky-chart') ? rgba(getComputedStyle(document.documentElement).getPropertyValue('--sky')) : null;
      if (own) return own;
      const layers = [];
      for (let at = e; at; at = at.parentElement) layers.unshift(rgba(getComputedStyle(at).backgroundColor));
      return layers.reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
    };
    const light = (colour) => colour.slice(0, 3).map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
      .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const opacity = (e) => { let all = 1; for (let at = e; at; at = at.parentElement) all *= getComputedStyle(at).opacity; return all; };
    const found = new Map();
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const e = walk.currentNode.parentElement;
      const style = getComputedStyle(e);
      if (!walk.currentNode.data.trim() || !e.getClientRects().length || style.visibility === 'hidden') continue;
      if (e.closest('.unseen, .skip, script, style, title, desc, option')) continue;
      const back = ground(e);
      const ink = rgba(e instanceof SVGElement ? style.fill : style.color);
      ink[3] *= opacity(e) * (e instanceof SVGElement ? style.fillOpacity : 1);
      const [a, b] = [light(over(ink, back)), light(back)].sort((x, y) => y - x);
      const ratio = (a + 0.05) / (b + 0.05);
      const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
      const name = `${e.parentElement.tagName}.${e.parentElement.getAttribute('class')} > ${e.tagName}.${e.getAttribute('class')}`;
      if (ratio < (large ? 3 : 4.5)) found.set(name, `${name} '${walk.currentNode.data.trim().slice(0, 24)}' has ${ratio.toFixed(2)}`);
    }
    for (const e of document.querySelectorAll('[placeholder]:placeholder-shown')) {
      if (!e.getClientRects().length) continue;
      const style = getComputedStyle(e, '::placeholder'), back = ground(e), ink = rgba(style.color);
      ink[3] *= style.opacity;
      const [a, b] = [light(over(ink, back)), light(back)].sort((x, y) => y - x);
      const ratio = (a + 0.05) / (b + 0.05);
      if (ratio < 4.5) found.set(e.id, `placeholder of ${e.name} has ${ratio.toFixed(2)}`);
    }
    return [...found.values()].join('\\n');";

async fn pages(desk: &Desk) -> Vec<String> {
    let bursts = desk.bursts().await;
    for tier in ["A", "B", "C", "D"] {
        assert!(
            bursts.iter().any(|burst| burst["tier"] == tier),
            "the night has no burst of tier {tier}"
        );
    }
    assert!(
        bursts.iter().any(|burst| !burst["withdrawn"].is_null()),
        "the night has no withdrawn burst"
    );
    // The last ones pushed have everything; those before are alerts that all look alike.
    let kinds = bursts
        .iter()
        .filter_map(|burst| burst["id"].as_i64())
        .filter(|id| *id >= 24);
    let fixed = [
        "/",
        "/bursts",
        "/bursts?tier=A&mission=Swift",
        "/bursts?mission=Nobody",
        "/status",
        "/api/docs",
    ];
    fixed
        .into_iter()
        .map(str::to_owned)
        .chain(kinds.map(|id| format!("/bursts/{id}")))
        .collect()
}

/// Looks at the pages in every theme and collects what `look` finds.
async fn everywhere(
    browser: &Browser,
    desk: &Desk,
    pages: &[String],
    look: impl AsyncFn(&Browser) -> String,
) -> String {
    let mut found = String::new();
    browser.go(&desk.url("/")).await;
    for (theme, scheme) in THEMES {
        browser.system_prefers(scheme).await;
        browser.theme(theme).await;
        for page in pages {
            browser.go(&desk.url(page)).await;
            observer::settled(browser).await;
            let faults = look(browser).await;
            if !faults.is_empty() {
                let _ = writeln!(found, "{page} in {theme} ({scheme} system):\n{faults}");
            }
        }
    }
    found
}

async fn overflow_and_complaints(browser: &Browser) -> String {
    let mut faults = browser.complaints().await;
    for width in [360, 768, 1600] {
        browser.size(width).await;
        let out = browser
            .text(&STICKS_OUT.replace("WIDTH", &width.to_string()))
            .await;
        faults.extend((!out.is_empty()).then(|| format!("at {width} px: {out}")));
    }
    faults.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_about_observations_overflows_complains_or_is_hard_to_read() {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let desk = Desk::demo();
    observer::sign_in(&browser, &desk).await;
    browser.complaints().await;
    let pages = observer::pages(&desk).await;
    let found = everywhere(&browser, &desk, &pages, async |browser| {
        let faults = overflow_and_complaints(browser).await;
        let dim = browser.text(HARD_TO_READ).await;
        format!("{faults}\n{dim}").trim().to_owned()
    })
    .await;
    assert!(found.is_empty(), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_overflows_or_complains_in_any_theme() {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let desk = Desk::start();
    desk.push_all(&rich()).await;
    let found = everywhere(
        &browser,
        &desk,
        &pages(&desk).await,
        overflow_and_complaints,
    )
    .await;
    assert!(found.is_empty(), "{found}");
    browser.size(360).await;
    browser.go(&desk.url("/nothing/here")).await;
    assert_eq!(browser.text(&STICKS_OUT.replace("WIDTH", "360")).await, "");
    browser.complaints().await;
    browser
        .run("document.body.setAttribute('style', 'color: red')")
        .await;
    assert_eq!(
        browser.complaints().await.len(),
        1,
        "a breach of the policy is not heard here, so the silence above proves nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_text_can_be_read_in_every_theme() {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let desk = Desk::start();
    desk.push_all(&rich()).await;
    let found = everywhere(&browser, &desk, &pages(&desk).await, async |browser| {
        browser.text(HARD_TO_READ).await
    })
    .await;
    assert!(found.is_empty(), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_white_picture_is_red_in_the_red_theme_before_it_is_sent() {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let desk = Desk::demo();
    observer::sign_in(&browser, &desk).await;
    browser.theme("red").await;
    browser.go(&desk.url("/bursts/12/observe")).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("white.png");
    let white = image::GrayImage::from_pixel(300, 200, image::Luma([255]));
    white.save(&path).unwrap();
    browser.attach("#image", &path).await;
    let drawn = "document.querySelector('.chosen canvas')?.width > 0";
    browser.wait(5.0, drawn).await;
    browser
        .run("document.querySelector('.chosen').scrollIntoView({ behavior: 'instant' })")
        .await;
    let shot = browser
        .devtools("Page.captureScreenshot", json!({ "format": "png" }))
        .await;
    let png = STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
    let seen = image::load_from_memory(&png).unwrap().to_rgb8();
    let most = |channel: usize| seen.pixels().map(|pixel| pixel.0[channel]).max().unwrap();
    assert!(most(0) > 200, "nothing is shown at all");
    assert!(most(1) < 40 && most(2) < 40, "more than red is shown");
}
