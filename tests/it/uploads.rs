//! Pictures posted, looked at and taken away, as members, strangers and broken networks do it.

use std::io::Cursor;
use std::time::Duration;

use grb_app::notices::Kind;
use grb_app::observations::{Observation, images, store};
use grb_app::platform::App;
use grb_app::sky::Equatorial;
use image::{ImageFormat, Rgb, RgbImage};
use reqwest::{Client, Response};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::common::{NOW, Served, TestApp, count, gbm_at, take_in};
use crate::people::member;

const BOUNDARY: &str = "a-line-between-files";
const KEPT: &str = "select count(*) from observation_images";
const OWNER: &str = "ada@example.org";

/// The id of a new observation of `owner`'s, of the first burst.
pub(crate) async fn observe(app: &App, owner: &'static str) -> i64 {
    if count(app, "select count(*) from bursts").await == 0 {
        take_in(
            app,
            &gbm_at(785_074_797, Kind::Final, 560, (54.5, -26.9, 3.0), None),
        )
        .await;
    }
    let writing = app.db.write(move |tx| {
        let member_id =
            tx.query_row("select id from members where email = ?1", [owner], |row| {
                row.get(0)
            })?;
        let burst_id = tx.query_row("select min(id) from bursts", [], |row| row.get(0))?;
        let observation = Observation {
            position: Equatorial::new(54.5, -26.9).unwrap(),
            coordinates: "54.5 -26.9".into(),
            instrument: "200 mm".into(),
            start: *NOW,
            exposure: Some(60.0),
            ..Observation::blank(burst_id, member_id)
        };
        store::insert(tx, *NOW, &observation)
    });
    writing.await.unwrap()
}

/// Files as a browser's form sends them. Names and types of the files say nothing true.
pub(crate) fn form(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (field, file) in files {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"holiday.tiff\"\r\nContent-Type: text/plain\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

pub(crate) async fn post(
    client: &Client,
    address: &str,
    token: &str,
    observation: i64,
    files: &[(&str, &[u8])],
) -> Response {
    let post = client
        .post(format!(
            "http://{address}/api/observations/{observation}/images"
        ))
        .header(
            "content-type",
            format!("multipart/form-data; boundary={BOUNDARY}"),
        );
    post.bearer_auth(token)
        .body(form(files))
        .send()
        .await
        .unwrap()
}

async fn send(desk: &Served, token: &str, observation: i64, file: &[u8]) -> (u16, Value) {
    let answer = post(
        &desk.client,
        &desk.address.to_string(),
        token,
        observation,
        &[("file", file)],
    )
    .await;
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap())
}

/// A small picture that no other number gives.
fn picture(number: u8) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    RgbImage::from_fn(40, 30, |x, y| {
        Rgb([
            number,
            u8::try_from(x * 6).unwrap(),
            u8::try_from(y * 8).unwrap(),
        ])
    })
    .write_to(&mut file, ImageFormat::Png)
    .unwrap();
    file.into_inner()
}

fn fault(problem: &Value) -> &str {
    assert_eq!(problem["errors"][0]["field"], "image", "{problem}");
    problem["errors"][0]["message"].as_str().unwrap()
}

#[tokio::test]
async fn a_picture_is_added_seen_and_taken_away() {
    let desk = TestApp::serve().await;
    let ada = member(&desk, OWNER).await;
    let id = observe(&desk.app, OWNER).await;
    let (status, answer) = send(&desk, &ada, id, &picture(1)).await;
    assert_eq!(status, 201, "{answer}");
    let image = &answer["images"][0];
    assert_eq!(
        (
            image["kind"].as_str(),
            image["width"].as_u64(),
            image["height"].as_u64()
        ),
        (Some("png"), Some(40), Some(30))
    );
    for (name, address) in [("full", "url"), ("thumb", "thumb_url")] {
        let address = image[address].as_str().unwrap();
        assert!(address.ends_with(&format!("{name}.webp")));
        let shown = desk.get(address).await;
        let header = |name: &str| shown.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(shown.status(), 200);
        assert_eq!(header("content-type"), "image/webp");
        assert_eq!(
            header("cache-control"),
            "private, max-age=31536000, immutable"
        );
        assert_eq!(header("content-security-policy"), "default-src 'none'");
        assert_eq!(header("x-content-type-options"), "nosniff");
        let bytes = shown.bytes().await.unwrap();
        let read = image::load_from_memory_with_format(&bytes, ImageFormat::WebP).unwrap();
        assert_eq!((read.width(), read.height()), (40, 30));
    }
    let alone = format!("/observations/{id}/images/{}", image["id"]);
    let (status, page) = desk.page(&alone).await;
    assert!(
        status == 200 && page.contains("40 × 30 pixels, from a PNG file"),
        "{page}"
    );
    assert_eq!(desk.page(&format!("{alone}9")).await.0, 404);
    let told = "select count(*) from events where name = 'observation.updated'";
    assert_eq!(count(&desk.app, told).await, 1);
    let remove = desk
        .client
        .delete(desk.url(&format!("/api/observations/{id}/images/{}", image["id"])));
    assert_eq!(remove.bearer_auth(&ada).send().await.unwrap().status(), 204);
    assert_eq!(count(&desk.app, KEPT).await, 0);
    assert_eq!(count(&desk.app, told).await, 2);
    assert_eq!(desk.get(image["url"].as_str().unwrap()).await.status(), 404);
}

#[tokio::test]
async fn several_come_in_one_form_and_the_same_file_is_kept_once() {
    let desk = TestApp::serve().await;
    let ada = member(&desk, OWNER).await;
    let id = observe(&desk.app, OWNER).await;
    let (one, two) = (picture(1), picture(2));
    let files: [(&str, &[u8]); 4] = [
        ("file", &one),
        ("title", b"no file"),
        ("image", &two),
        ("file", &one),
    ];
    let answer: Value = post(&desk.client, &desk.address.to_string(), &ada, id, &files)
        .await
        .json()
        .await
        .unwrap();
    let ids: Vec<_> = answer["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| image["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids.len(), 3);
    assert!(ids[0] == ids[2] && ids[0] != ids[1], "{ids:?}");
    let (status, again) = send(&desk, &ada, id, &two).await;
    assert_eq!(
        (status, again["images"][0]["id"].as_i64()),
        (201, Some(ids[1]))
    );
    assert_eq!(count(&desk.app, KEPT).await, 2);
    // One bad file among good ones: nothing of them is kept.
    let (three, bad) = (picture(3), b"MZ\x90\0");
    let files: [(&str, &[u8]); 2] = [("file", &three), ("file", bad)];
    assert_eq!(
        post(&desk.client, &desk.address.to_string(), &ada, id, &files)
            .await
            .status(),
        422
    );
    assert_eq!(count(&desk.app, KEPT).await, 2);
}

#[tokio::test]
async fn only_the_owner_and_officers_add_and_take_away() {
    let desk = TestApp::serve().await;
    let (ada, ben) = (
        member(&desk, OWNER).await,
        member(&desk, "ben@example.org").await,
    );
    let id = observe(&desk.app, OWNER).await;
    let file = picture(1);
    assert_eq!(send(&desk, &ben, id, &file).await.0, 403);
    assert_eq!(send(&desk, &ada, id + 1, &file).await.0, 404);
    assert_eq!(
        post(
            &desk.client,
            &desk.address.to_string(),
            "",
            id,
            &[("file", &file)]
        )
        .await
        .status(),
        401
    );
    assert_eq!(count(&desk.app, KEPT).await, 0);
    let (_, answer) = send(&desk, &ada, id, &file).await;
    let image = answer["images"][0]["id"].as_i64().unwrap();
    let remove = |token: &str, id: i64| {
        let path = desk.url(&format!("/api/observations/{id}/images/{image}"));
        let request = desk.client.delete(path).bearer_auth(token);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(remove(&ben, id).await, 403);
    // Another observation of hers, without that picture.
    let other = observe(&desk.app, OWNER).await;
    assert_eq!(remove(&ada, other).await, 404);
    let promote = |tx: &grb_app::platform::Tx<'_>| {
        Ok(tx.execute(
            "update members set officer = 1 where email = 'ben@example.org'",
            [],
        )?)
    };
    desk.app.db.write(promote).await.unwrap();
    assert_eq!(send(&desk, &ben, id, &picture(2)).await.0, 201);
    assert_eq!(remove(&ben, id).await, 204);
}

#[tokio::test]
async fn pictures_of_hidden_observations_are_for_the_owner_and_officers() {
    let desk = TestApp::serve().await;
    let (ada, ben) = (
        member(&desk, OWNER).await,
        member(&desk, "ben@example.org").await,
    );
    let id = observe(&desk.app, OWNER).await;
    let (_, answer) = send(&desk, &ada, id, &picture(1)).await;
    let address = desk.url(answer["images"][0]["url"].as_str().unwrap());
    let hide = move |tx: &grb_app::platform::Tx<'_>| {
        Ok(tx.execute(
            "update observations set hidden_at = 1, hidden_why = 'a lens flare' where id = ?1",
            [id],
        )?)
    };
    desk.app.db.write(hide).await.unwrap();
    let look = |token: &str| desk.client.get(&address).bearer_auth(token).send();
    assert_eq!(look("").await.unwrap().status(), 404);
    assert_eq!(look(&ben).await.unwrap().status(), 404);
    let own = look(&ada).await.unwrap();
    assert_eq!(
        (
            own.status().as_u16(),
            own.headers()["cache-control"].to_str().unwrap()
        ),
        (200, "no-store")
    );
    assert_eq!(send(&desk, &ben, id, &picture(2)).await.0, 404);
}

#[tokio::test]
async fn what_is_no_picture_too_large_or_no_form_is_refused_with_the_reason() {
    let desk = TestApp::serve().await;
    let ada = member(&desk, OWNER).await;
    let id = observe(&desk.app, OWNER).await;
    let (status, problem) = send(&desk, &ada, id, b"<svg onload='alert(1)'></svg>").await;
    assert_eq!(status, 422);
    assert!(fault(&problem).contains("SVG"), "{problem}");
    let large = [picture(1), vec![0; images::LARGEST_FILE]].concat();
    assert_eq!(send(&desk, &ada, id, &large).await.0, 413);
    let far_larger = vec![0; 3 * images::LARGEST_FILE];
    assert_eq!(send(&desk, &ada, id, &far_larger).await.0, 413);
    let address = desk.address.to_string();
    let none = post(&desk.client, &address, &ada, id, &[("title", b"no file")]).await;
    assert_eq!(none.status(), 422);
    let json = desk
        .client
        .post(desk.url(&format!("/api/observations/{id}/images")))
        .bearer_auth(&ada)
        .json("a picture");
    assert_eq!(json.send().await.unwrap().status(), 415);
    assert_eq!(count(&desk.app, KEPT).await, 0);
}

#[tokio::test]
async fn there_is_room_for_eight_and_for_so_many_megabytes_and_so_many_an_hour() {
    let desk = TestApp::serve().await;
    let ada = member(&desk, OWNER).await;
    let id = observe(&desk.app, OWNER).await;
    for number in 0..8 {
        assert_eq!(send(&desk, &ada, id, &picture(number)).await.0, 201);
    }
    let (status, problem) = send(&desk, &ada, id, &picture(8)).await;
    assert_eq!(status, 422);
    assert!(fault(&problem).contains("8 pictures"), "{problem}");
    // One that is there already is not one more.
    assert_eq!(send(&desk, &ada, id, &picture(3)).await.0, 201);
    let other = observe(&desk.app, OWNER).await;
    let fill = |tx: &grb_app::platform::Tx<'_>| {
        Ok(tx.execute("update observation_images set bytes = 31 * 1024 * 1024 + 500 * 1024 where id = (select min(id) from observation_images) or id > 1", [])?)
    };
    desk.app.db.write(fill).await.unwrap();
    let (status, problem) = send(&desk, &ada, other, &picture(9)).await;
    assert_eq!(status, 422);
    assert!(fault(&problem).contains("252 of 250 MB"), "{problem}");
    for _ in 0..60 {
        if send(&desk, &ada, other, b"no picture").await.0 == 429 {
            assert_eq!(count(&desk.app, KEPT).await, 8);
            return;
        }
    }
    panic!("more than sixty in an hour");
}

#[tokio::test]
async fn a_cut_connection_leaves_nothing_behind() {
    let desk = TestApp::serve().await;
    let ada = member(&desk, OWNER).await;
    let id = observe(&desk.app, OWNER).await;
    let body = form(&[("file", &picture(1))]);
    // More than can send at once, each cut at another place; the last only after everything has gone out.
    for cut in (0..24).map(|part| body.len() * part / 23) {
        let mut stream = tokio::net::TcpStream::connect(desk.address).await.unwrap();
        let head = format!(
            "POST /api/observations/{id}/images HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer {ada}\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body[..cut]).await.unwrap();
        if cut == body.len() {
            // Heard out: this one is answered.
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"HTTP/1.1 201");
        }
        drop(stream);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(count(&desk.app, KEPT).await, 1);
    // Nobody holds a turn any more.
    for number in 2..8 {
        assert_eq!(send(&desk, &ada, id, &picture(number)).await.0, 201);
    }
}

#[tokio::test]
async fn a_fits_keeps_its_place_on_the_sky() {
    let desk = TestApp::serve().await;
    let ada = member(&desk, OWNER).await;
    let id = observe(&desk.app, OWNER).await;
    let file = std::fs::read("tests/fixtures/pictures/wcs-cd.fits").unwrap();
    assert_eq!(send(&desk, &ada, id, &file).await.0, 201);
    let images = desk
        .app
        .db
        .read(move |conn| Ok(store::one(conn, id)?.images))
        .await
        .unwrap();
    let footprint = images[0].footprint.as_ref().unwrap();
    assert_eq!(images[0].kind, "fits");
    assert!(
        footprint
            .centre
            .separation(Equatorial::new(54.5, -26.94).unwrap())
            < 0.01
    );
    assert_eq!(footprint.corners.len(), 4);
}
