//! A photograph of ten megabytes on its way in, and what others notice of it.

use std::io::Cursor;
use std::time::{Duration, Instant};

use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::program::{Program, client, p99};
use crate::{Row, club, observed};

const RUNS: usize = 7;
const AT_ONCE: u32 = 4;
const PAGE: &str = "/";

pub(crate) async fn measure() -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    club::found(folder.path(), AT_ONCE, AT_ONCE).await;
    // One of each member, numbered from 1.
    observed::post(folder.path(), AT_ONCE, AT_ONCE).await;
    let photographs: Vec<Vec<u8>> = (0..RUNS as u64).map(photograph).collect();
    let sizes: Vec<f64> = photographs
        .iter()
        .map(|file| file.len() as f64 / 1e6)
        .collect();
    let program = Program::start(folder.path(), &[]);
    let idle = program.memory("VmRSS");
    let mut tokens = Vec::new();
    for member in 0..AT_ONCE {
        tokens.push(token(&program.address, member).await);
    }
    let alone = p99(
        &program.address,
        &[PAGE],
        Duration::from_secs(5),
        &CancellationToken::new(),
    )
    .await;
    let (mut took, mut meanwhile) = (Vec::new(), Vec::new());
    for file in &photographs {
        let done = CancellationToken::new();
        let sending = async {
            let seconds = send(&program.address, &tokens[0], 1, file).await;
            done.cancel();
            seconds
        };
        let (seconds, others) = tokio::join!(
            sending,
            p99(&program.address, &[PAGE], Duration::from_secs(60), &done)
        );
        took.push(seconds);
        meanwhile.push(others);
    }
    let one = program.memory("VmHWM");
    let mut all = Vec::new();
    let done = CancellationToken::new();
    let sending = async {
        let each = (0..AT_ONCE).map(|member| {
            let (address, token, file) = (
                program.address.clone(),
                tokens[member as usize].clone(),
                photographs[member as usize].clone(),
            );
            tokio::spawn(async move { send(&address, &token, i64::from(member) + 1, &file).await })
        });
        for one in each.collect::<Vec<_>>() {
            all.push(one.await.unwrap());
        }
        done.cancel();
    };
    let ((), beside) = tokio::join!(
        sending,
        p99(&program.address, &[PAGE], Duration::from_secs(60), &done)
    );
    let peak = program.memory("VmHWM");
    println!(
        "Photographs of 6000 × 4000 pixels, {:.1} to {:.1} MB; {PAGE} asked for a hundred times a second. {idle:.1} MiB before, {one:.1} MiB at most with one upload at a time, {:.1} MiB in the end; {AT_ONCE} at once took {all:.1?} s, p99 of {PAGE} beside them {beside:.1} ms. {:?}",
        sizes.iter().copied().fold(f64::MAX, f64::min),
        sizes.iter().copied().fold(0.0, f64::max),
        program.memory("VmRSS"),
        program.busy_threads()
    );
    vec![
        Row::new(
            "upload of a 10 MB photograph of 24 million pixels, s",
            took,
            "≤ 2",
        ),
        Row::new("p99 of GET / meanwhile, ms", meanwhile, "< 50"),
        Row::new("p99 of GET / without uploads, ms", vec![alone], ""),
        Row::new(
            "most memory with four such uploads at once, MiB",
            vec![peak],
            "≤ 200",
        ),
    ]
}

/// A night sky of 24 million pixels with a camera's noise, about 10 MB as JPEG.
fn photograph(seed: u64) -> Vec<u8> {
    const NOISE: f64 = 29.0;
    let (mut random, mut bytes) = (StdRng::seed_from_u64(seed), vec![0; 6000 * 4000 * 3]);
    random.fill_bytes(&mut bytes);
    let sky = RgbImage::from_fn(6000, 4000, |x, y| {
        let at = (y as usize * 6000 + x as usize) * 3;
        let glow =
            30.0 + 20.0 * ((f64::from(x) / 500.0).sin() + (f64::from(y) / 300.0).cos()).abs();
        let star = if (x % 97).pow(2) + (y % 83).pow(2) < 9 {
            150.0
        } else {
            0.0
        };
        Rgb([0, 1, 2].map(|channel| {
            let noise = (f64::from(bytes[at + channel]) / 255.0 - 0.5) * NOISE;
            shade(glow + star + noise)
        }))
    });
    let mut file = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut file, 88)
        .encode_image(&sky)
        .unwrap();
    file.into_inner()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float outside saturates"
)]
fn shade(value: f64) -> u8 {
    value as u8
}

async fn token(address: &str, member: u32) -> String {
    let login = json!({ "username": club::address(member), "password": club::PASSWORD });
    let answer = client()
        .post(format!("http://{address}/api/users/token"))
        .json(&login)
        .send()
        .await
        .unwrap();
    let access: serde_json::Value = answer.json().await.unwrap();
    access["access_token"].as_str().unwrap().to_owned()
}

/// Seconds from the first byte out to the answer.
async fn send(address: &str, token: &str, observation: i64, file: &[u8]) -> f64 {
    let head =
        b"--line\r\nContent-Disposition: form-data; name=\"file\"; filename=\"sky.jpg\"\r\n\r\n";
    let body = [&head[..], file, b"\r\n--line--\r\n"].concat();
    let post = client()
        .post(format!(
            "http://{address}/api/observations/{observation}/images"
        ))
        .header("content-type", "multipart/form-data; boundary=line")
        .bearer_auth(token)
        .body(body);
    let began = Instant::now();
    let answer = post.send().await.unwrap();
    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    began.elapsed().as_secs_f64()
}
