//! Faults of posting observations and their images.

use grb_app::notices::Kind;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::with_token;
use crate::common::{Served, TestApp, count, gbm_at};
use crate::people::{cookie, member, sign_up};

/// A desk with a burst, and a member's token.
async fn desk() -> (Served, String) {
    let desk = TestApp::serve().await;
    desk.take(&gbm_at(
        785_074_797,
        Kind::Ground,
        30,
        (288.26, 19.77, 3.0),
        None,
    ))
    .await;
    let token = member(&desk, "ada@example.org").await;
    (desk, token)
}

/// An observation a minute after the trigger's minute, as the API takes it.
fn wish() -> Value {
    json!({ "coordinates": "19h13m03.5s +19d46m24s", "coordinate_system": "icrs_j2000", "instrument": "200 mm f/5",
        "observed_time": "2026-11-20T21:59:30Z", "exposure_s": 20, "filter": "R", "limiting_magnitude": 17.5 })
}

async fn post(desk: &Served, token: &str, wish: Value) -> (u16, Value) {
    with_token(
        desk,
        Method::POST,
        "/api/bursts/1/observations",
        token,
        wish,
    )
    .await
}

/// One file, in the only field of a form.
async fn send(desk: &Served, token: &str, observation: i64, file: &[u8]) -> (StatusCode, Value) {
    let mut body = b"--x\r\ncontent-disposition: form-data; name=\"image\"; filename=\"../../a.png\"\r\ncontent-type: image/png\r\n\r\n".to_vec();
    body.extend(file);
    body.extend(b"\r\n--x--\r\n");
    let post = desk
        .client
        .post(desk.url(&format!("/api/observations/{observation}/images")));
    let post = post
        .bearer_auth(token)
        .header("content-type", "multipart/form-data; boundary=x");
    let answer = post.body(body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap_or(Value::Null))
}

/// A grey picture.
fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_deflate_compression(png::DeflateCompression::Level(9));
    let mut writer = encoder.write_header().unwrap();
    let grey = vec![7; usize::try_from(width).unwrap() * usize::try_from(height).unwrap()];
    writer.write_image_data(&grey).unwrap();
    writer.finish().unwrap();
    bytes
}

fn named(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect()
}

const PICTURES: &str = "select count(*) from observation_images";

/// "500 for bad enum, missing field, unknown alert_id".
#[tokio::test]
async fn a_faulty_observation_is_refused_with_every_field_named() {
    let (desk, token) = desk().await;
    let mut wrong = wish();
    wrong["coordinate_system"] = json!("ecliptic");
    wrong["observed_time"] = json!("yesterday");
    wrong["limiting_magnitude"] = json!("bright");
    let (status, problem) = post(&desk, &token, wrong).await;
    assert_eq!(status, 422, "{problem}");
    for field in ["coordinate_system", "observed_time", "limiting_magnitude"] {
        assert!(named(&problem).contains(&field), "{field}: {problem}");
    }
    let (status, problem) = post(&desk, &token, json!({})).await;
    assert_eq!(status, 422);
    for field in ["instrument", "observed_time"] {
        assert!(named(&problem).contains(&field), "{field}: {problem}");
    }
    for (path, status) in [
        ("/api/bursts/77/observations", 404),
        ("/api/bursts/x/observations", 404),
    ] {
        assert_eq!(
            with_token(&desk, Method::POST, path, &token, wish())
                .await
                .0,
            status,
            "{path}"
        );
    }
    assert_eq!(
        count(&desk.app, "select count(*) from observations").await,
        0
    );
}

/// "Coordinate typo": `coordinate_sytem` was sent and read, so that every position became an ICRS one.
#[tokio::test]
async fn the_chosen_coordinate_system_is_the_one_that_is_kept() {
    let (desk, token) = desk().await;
    // The pole of the Galaxy, in its own system and, by the definition of ICRS, in that.
    let galactic = json!({ "coordinates": "0 +90", "coordinate_system": "galactic", "instrument": "x", "observed_time": "2026-11-20T21:59:30Z" });
    let (status, kept) = post(&desk, &token, galactic).await;
    assert_eq!(status, 201, "{kept}");
    assert_eq!(kept["coordinate_system"], "galactic");
    assert_eq!(kept["coordinates"], "0 +90");
    assert!(
        (kept["ra"].as_f64().unwrap() - 192.859_48).abs() < 1e-3,
        "{kept}"
    );
    assert!(
        (kept["dec"].as_f64().unwrap() - 27.128_25).abs() < 1e-3,
        "{kept}"
    );
    for system in ["icrs_j2000", "fk5_j2000", "b1950", "current_equinox"] {
        let mut one = wish();
        one["coordinate_system"] = json!(system);
        let (status, kept) = post(&desk, &token, one).await;
        assert_eq!(
            (status, &kept["coordinate_system"]),
            (201, &json!(system)),
            "{kept}"
        );
    }
    // The page's own form, too.
    let jar = cookie(&desk, "ada@example.org", crate::people::PASSWORD)
        .await
        .unwrap();
    let page = desk
        .client
        .get(desk.url("/bursts/1/observe"))
        .header("cookie", jar)
        .header("accept", "text/html");
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(
        page.contains("name=\"coordinate_system\"") && !page.contains("coordinate_sytem"),
        "{page}"
    );
}

/// "List crash without image": one observation without an image, and the burst's whole list was a 500.
#[tokio::test]
async fn a_list_holds_observations_without_images_beside_those_with() {
    let (desk, token) = desk().await;
    let (_, first) = post(&desk, &token, wish()).await;
    let mut other = wish();
    other["instrument"] = json!("another");
    post(&desk, &token, other).await;
    let (status, sent) = send(
        &desk,
        &token,
        first["id"].as_i64().unwrap(),
        &picture(40, 30),
    )
    .await;
    assert_eq!(status, 201, "{sent}");
    let listed = desk.json("/api/bursts/1/observations").await;
    let mut images: Vec<usize> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["images"].as_array().unwrap().len())
        .collect();
    images.sort_unstable();
    assert_eq!(images, [0, 1]);
    for path in ["/bursts/1", "/bursts/1/observations", "/observations"] {
        assert_eq!(desk.page(path).await.0, 200, "{path}");
    }
}

/// "Observations are anonymous", and posted by whoever had no confirmed address.
#[tokio::test]
async fn an_observation_is_somebodys() {
    let (desk, token) = desk().await;
    let anonymous = desk
        .client
        .post(desk.url("/api/bursts/1/observations"))
        .json(&wish())
        .send()
        .await
        .unwrap();
    assert_eq!(anonymous.status(), 401);
    sign_up(&desk, "eve@example.org").await;
    let (_, kept) = post(&desk, &token, wish()).await;
    assert_eq!(kept["observer"], "Ada Owl");
    assert_eq!(
        count(
            &desk.app,
            "select count(*) from observations where member_id = 1"
        )
        .await,
        1
    );
}

/// "No ownership": any member could add images to any observation, and nobody could correct or delete their own.
#[tokio::test]
async fn only_its_owner_changes_an_observation() {
    let (desk, token) = desk().await;
    let (_, kept) = post(&desk, &token, wish()).await;
    let id = kept["id"].as_i64().unwrap();
    let path = format!("/api/observations/{id}");
    let eve = member(&desk, "eve@example.org").await;
    assert_eq!(
        with_token(
            &desk,
            Method::PUT,
            &path,
            &eve,
            json!({"instrument": "mine"})
        )
        .await
        .0,
        403
    );
    assert_eq!(
        with_token(&desk, Method::DELETE, &path, &eve, Value::Null)
            .await
            .0,
        403
    );
    assert_eq!(send(&desk, &eve, id, &picture(4, 4)).await.0, 403);
    assert_eq!(count(&desk.app, PICTURES).await, 0);
    let (status, changed) = with_token(
        &desk,
        Method::PUT,
        &path,
        &token,
        json!({"instrument": "250 mm"}),
    )
    .await;
    assert_eq!(
        (status, &changed["instrument"]),
        (200, &json!("250 mm")),
        "{changed}"
    );
    assert_eq!(
        with_token(&desk, Method::DELETE, &path, &token, Value::Null)
            .await
            .0,
        204
    );
}

/// "500 unknown observation (file already written = orphan)".
#[tokio::test]
async fn an_image_for_no_observation_leaves_nothing() {
    let (desk, token) = desk().await;
    let files = || fs_files(&desk);
    let before = files();
    assert_eq!(send(&desk, &token, 77, &picture(40, 30)).await.0, 404);
    assert_eq!(count(&desk.app, PICTURES).await, 0);
    assert_eq!(files(), before);
}

fn fs_files(desk: &Served) -> usize {
    std::fs::read_dir(&desk.app.config.data_dir)
        .unwrap()
        .count()
}

/// "No size or decompression-bomb limits": what is no picture, is too long, or swells, is refused and leaves nothing.
#[tokio::test]
async fn a_file_that_is_no_picture_or_a_bomb_is_refused() {
    let (desk, token) = desk().await;
    let (_, kept) = post(&desk, &token, wish()).await;
    let id = kept["id"].as_i64().unwrap();
    let bomb = picture(20_000, 20_000);
    assert!(bomb.len() < 10 << 20);
    let refused: [(&str, &[u8]); 4] = [
        ("text", b"hello"),
        ("executable", b"\x7fELF\x02\x01\x01\0"),
        ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("bomb", &bomb),
    ];
    for (what, file) in refused {
        let (status, problem) = send(&desk, &token, id, file).await;
        assert_eq!(status, 422, "{what}: {problem}");
        assert_eq!(named(&problem), ["image"], "{what}");
    }
    let long = vec![0xff; (10 << 20) + 1];
    let (status, _) = send(&desk, &token, id, &long).await;
    assert!([413, 422].contains(&status.as_u16()), "{status}");
    assert_eq!(count(&desk.app, PICTURES).await, 0);
}

/// "First frame only, EXIF not handled, the file's own name": nothing of the sender's file is kept but its picture.
#[tokio::test]
async fn a_kept_image_is_webp_without_the_senders_name() {
    let (desk, token) = desk().await;
    let (_, kept) = post(&desk, &token, wish()).await;
    let (status, sent) = send(
        &desk,
        &token,
        kept["id"].as_i64().unwrap(),
        &picture(40, 30),
    )
    .await;
    assert_eq!(status, 201, "{sent}");
    let url = sent["images"][0]["url"].as_str().unwrap();
    assert!(!sent.to_string().contains("a.png"), "{sent}");
    let image = desk.get(url).await;
    assert_eq!(image.headers()["content-type"], "image/webp");
    let bytes = image.bytes().await.unwrap();
    assert!(bytes.starts_with(b"RIFF") && &bytes[8..12] == b"WEBP");
    for chunk in [b"EXIF", b"XMP "] {
        assert!(!bytes.windows(4).any(|part| part == chunk));
    }
}

/// "Observed_time str (free text)", `Invalid Date`: a time is a time, and one that cannot be is asked about.
#[tokio::test]
async fn a_time_before_the_burst_is_asked_about() {
    let (desk, token) = desk().await;
    let mut early = wish();
    early["observed_time"] = json!("2026-11-20T20:00:00Z");
    let (status, problem) = post(&desk, &token, early.clone()).await;
    assert_eq!(status, 422, "{problem}");
    assert!(problem.to_string().contains("time_meant"), "{problem}");
    early["time_meant"] = json!(true);
    assert_eq!(post(&desk, &token, early).await.0, 201);
}

/// A form that was sent in two requests could end half done, and the person was told that all was well.
#[tokio::test]
async fn a_faulty_form_comes_back_with_what_was_typed() {
    let (desk, _) = desk().await;
    let jar = cookie(&desk, "ada@example.org", crate::people::PASSWORD)
        .await
        .unwrap();
    let typed = [
        ("instrument", "My own telescope"),
        ("coordinates", "nowhere"),
        ("coordinate_system", "galactic"),
    ];
    let part = |(name, value): &(&str, &str)| {
        format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = typed.iter().map(part).collect::<String>() + "--x--\r\n";
    let post = desk.client.post(desk.url("/bursts/1/observe")).body(body);
    let post = post.header("cookie", jar).header("origin", desk.url(""));
    let post = post.header("content-type", "multipart/form-data; boundary=x");
    let answer = post.header("accept", "text/html").send().await.unwrap();
    let status = answer.status();
    let page = answer.text().await.unwrap();
    assert_eq!(status, 422, "{page}");
    assert!(
        page.contains("My own telescope") && page.contains("nowhere"),
        "{page}"
    );
    assert_eq!(
        count(&desk.app, "select count(*) from observations").await,
        0
    );
}
