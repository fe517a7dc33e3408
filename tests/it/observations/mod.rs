//! Observations through the API and through the pages.

mod pages;
mod posting;
mod seen;

use grb_app::notices::Kind;
use serde_json::{Value, json};

use crate::common::{Served, gbm_at};
use crate::sites::{Caller, parts};

/// A desk with a burst at RA 288.2646 Dec +19.7734, triggered at 21:59:00, whose 90 % radius is wide; gives its id.
pub(super) async fn with_burst(desk: &Served) -> i64 {
    let notice = gbm_at(1001, Kind::Ground, 30, (288.2646, 19.7734, 4.0), None);
    desk.take(&notice).await;
    desk.json("/api/bursts").await["items"][0]["id"]
        .as_i64()
        .unwrap()
}

pub(super) fn seen() -> Value {
    json!({
        "coordinates": "19h13m03.5s +19d46m24s", "instrument": "200 mm f/5", "observed_time": "2026-11-20T21:59:40Z",
        "exposure_s": 12, "filter": "Sloan r", "magnitude": 17.32, "magnitude_error": "0,08", "notes": "Thin cloud.\r\nSeeing 3″."
    })
}

pub(super) async fn officer<'a>(desk: &'a Served, address: &'static str) -> Caller<'a> {
    let caller = Caller::new(desk, address).await;
    let promote = move |tx: &grb_app::platform::Tx<'_>| {
        let vera = "update members set officer = 1, full_name = 'Vera' where email = ?1";
        Ok(tx.execute(vera, [address])?)
    };
    desk.app.db.write(promote).await.unwrap();
    caller
}

pub(super) const FORM: [(&str, &str); 7] = [
    ("magnitude", "17,32"),
    ("magnitude_error", "0.08"),
    ("filter", "r'"),
    ("observed_time", "2026-11-20 21:59:40"),
    ("exposure_s", "12"),
    ("instrument", "200 mm f/5"),
    ("coordinates", "19:13:03.5 +19:46:24"),
];

/// A picture of one colour, PNG.
pub(super) fn png() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 64, 48);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[90; 64 * 48 * 3]).unwrap();
    writer.finish().unwrap();
    bytes
}

/// The form with files behind its words.
pub(super) fn with_files(fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Vec<u8> {
    let words = parts(fields);
    let mut body = words.strip_suffix("--X--\r\n").unwrap().as_bytes().to_vec();
    for (name, bytes) in files {
        let head = format!(
            "--X\r\nContent-Disposition: form-data; name=\"image\"; filename=\"{name}\"\r\n\r\n"
        );
        body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
    }
    body.extend(b"--X--\r\n");
    body
}
