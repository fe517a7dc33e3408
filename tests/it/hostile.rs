//! Two hundred hostile uploads to a program of its own: all refused with the reason, nothing kept, and no more memory taken.

use std::io::Write as _;

use grb_app::accounts::{Notify, fields::Email, model::NewMember, password, store};
use grb_app::platform::{App, Clock};
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::commands::Serving;
use crate::common::config;
use crate::uploads::{observe, post};

const COUNT: usize = 200;

/// Each may send sixty in an hour.
const MEMBERS: [&str; 4] = [
    "a@example.org",
    "b@example.org",
    "c@example.org",
    "d@example.org",
];
const PASSWORD: &str = "seven quiet owls over Pic du Midi";

/// What all of them together may add to the memory that the program has used at its peak, MiB: one body in hand, and what
/// the allocator keeps.
const ROOM: u64 = 24;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("tests/fixtures/pictures/{name}")).unwrap()
}

/// Whole pictures of every kind.
const WHOLE: [&str; 7] = [
    "gps.jpg",
    "progressive.jpg",
    "deep.png",
    "interlaced.png",
    "animated.gif",
    "lossy.webp",
    "wcs-cd.fits",
];

/// Makes one of the hostile files; the same `random` gives the same file.
type Maker = fn(&mut StdRng) -> Vec<u8>;

const MAKERS: [(&str, Maker); 13] = [
    ("cut off", cut_off),
    ("with something behind", with_something_behind),
    ("with a script in a comment", with_a_script_inside),
    ("a renamed program", a_program),
    ("markup", markup),
    ("an archive", an_archive),
    ("too many pixels", too_many_pixels),
    ("a FITS header that asks for too much", greedy_fits),
    ("a FITS header without end", endless_fits),
    ("a FITS without a picture", empty_fits),
    ("noise that begins well", noise),
    ("damaged where it matters", damaged),
    ("a PNG that says less than it holds", crooked_png),
];

fn pick<T: Clone>(random: &mut StdRng, from: &[T]) -> T {
    from[random.random_range(0..from.len())].clone()
}

fn any(random: &mut StdRng, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    random.fill_bytes(&mut bytes);
    bytes
}

fn cut_off(random: &mut StdRng) -> Vec<u8> {
    let mut file = fixture(pick(random, &WHOLE));
    file.truncate(random.random_range(0..file.len() / 2));
    file
}

const SECOND: [&[u8]; 9] = [
    b"PK\x03\x04\x14\0\0\0\x08\0",
    b"%PDF-1.7\n1 0 obj",
    b"\x7fELF\x02\x01\x01\0",
    b"MZ\x90\0\x03\0\0\0",
    b"<script>fetch('//evil.example')</script>",
    b"<?php system($_GET['c']); ?>",
    b"<!DOCTYPE html><body onload=alert(1)>",
    b"#!/bin/sh\nrm -rf ~\n",
    b"Rar!\x1a\x07\x01\0",
];

fn with_something_behind(random: &mut StdRng) -> Vec<u8> {
    let (file, second) = (fixture(pick(random, &WHOLE)), pick(random, &SECOND));
    let padding = vec![0; random.random_range(0..100)];
    let rest = any(random, 300);
    [file, padding, second.to_vec(), rest].concat()
}

fn with_a_script_inside(random: &mut StdRng) -> Vec<u8> {
    let script = pick(random, &SECOND[..3]).to_vec();
    let script = [any(random, 20), script, b"<script>".to_vec()].concat();
    if random.random() {
        let jpeg = fixture("progressive.jpg");
        let length = u16::try_from(script.len() + 2).unwrap().to_be_bytes();
        return [&jpeg[..2], b"\xff\xfe", &length, &script, &jpeg[2..]].concat();
    }
    let png = fixture("deep.png");
    [&png[..33], &chunk(*b"tEXt", &script), &png[33..]].concat()
}

/// A chunk whose checksum nobody looks at, as it is skipped.
fn chunk(name: [u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length, &name[..], data, &[0; 4]].concat()
}

fn a_program(random: &mut StdRng) -> Vec<u8> {
    if random.random_range(0..8) == 0 {
        let mut own = std::fs::read(env!("CARGO_BIN_EXE_grb-app")).unwrap();
        own.truncate(2_000_000);
        return own;
    }
    let begin = pick(
        random,
        &[
            &b"\x7fELF\x02\x01\x01"[..],
            b"MZ\x90\0",
            b"#!/usr/bin/env python3\n",
            b"\xcf\xfa\xed\xfe",
            b"\0asm\x01\0\0\0",
            b"\xca\xfe\xba\xbe",
        ],
    );
    let length = random.random_range(10..5000);
    [begin.to_vec(), any(random, length)].concat()
}

fn markup(random: &mut StdRng) -> Vec<u8> {
    let texts = [
        "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><svg>&b;</svg>",
        "<html><script>alert(1)</script></html>",
        "%PDF-1.7\n%\u{e2}\u{e3}",
        "P6\n99999 99999\n255\n",
        "GIF89",
        "BM",
        "data:image/png;base64,iVBORw0KGgo=",
    ];
    let before = " ".repeat(random.random_range(0..4));
    format!("{before}{}", pick(random, &texts)).into_bytes()
}

fn an_archive(random: &mut StdRng) -> Vec<u8> {
    let mut file = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let name = format!("{}.png", random.random::<u32>());
    file.start_file(name, zip::write::SimpleFileOptions::default())
        .unwrap();
    file.write_all(&vec![0; random.random_range(1..20) << 20])
        .unwrap();
    let zip = file.finish().unwrap().into_inner();
    match random.random_range(0..3) {
        0 => [b"\x1f\x8b\x08\0".to_vec(), zip].concat(),
        _ => zip,
    }
}

fn too_many_pixels(random: &mut StdRng) -> Vec<u8> {
    let side = random.random_range(8_200..u16::MAX).to_be_bytes();
    match random.random_range(0..5) {
        0 => fixture("bomb.png"),
        1 => fixture("bomb.gif"),
        2 => {
            let mut jpeg = fixture(pick(random, &["gps.jpg", "progressive.jpg", "cmyk.jpg"]));
            let frame = jpeg
                .windows(2)
                .position(|two| matches!(two, [0xff, 0xc0 | 0xc2]))
                .unwrap();
            jpeg[frame + 5..frame + 7].copy_from_slice(&side);
            jpeg[frame + 7..frame + 9].copy_from_slice(&side);
            jpeg
        }
        3 => {
            let mut gif = fixture("animated.gif");
            let side = [side[1], side[0] | 0x40];
            gif[6..8].copy_from_slice(&side);
            gif[8..10].copy_from_slice(&side);
            gif
        }
        _ => {
            let mut webp = fixture("alpha.webp");
            // The canvas of a VP8X, less one, in three bytes.
            webp[24..30].copy_from_slice(&[0xff, 0x3f, 0x00, 0xff, 0x3f, 0x00]);
            webp
        }
    }
}

fn cards(texts: &[String]) -> Vec<u8> {
    let mut file: Vec<u8> = texts
        .iter()
        .flat_map(|text| format!("{text:<80}").into_bytes())
        .collect();
    file.resize(file.len().next_multiple_of(2880), b' ');
    file
}

fn fits_of(lines: &[&str]) -> Vec<u8> {
    let begin = std::iter::once("SIMPLE  =                    T").chain(lines.iter().copied());
    cards(&begin.chain(["END"]).map(str::to_owned).collect::<Vec<_>>())
}

fn greedy_fits(random: &mut StdRng) -> Vec<u8> {
    let bits = pick(
        random,
        &[
            "8",
            "16",
            "-64",
            "64",
            "9223372036854775807",
            "-9223372036854775808",
            "x",
        ],
    );
    let sides = [
        "9000",
        "100000",
        "4294967297",
        "9223372036854775807",
        "18446744073709551615",
    ];
    let (width, height) = (pick(random, &sides), pick(random, &sides));
    let axes = pick(random, &["2", "3", "9", "999", "18446744073709551615"]);
    let lines = [
        format!("BITPIX  = {bits}"),
        format!("NAXIS   = {axes}"),
        format!("NAXIS1  = {width}"),
        format!("NAXIS2  = {height}"),
        format!("NAXIS3  = {}", random.random::<u32>()),
        format!("PCOUNT  = {}", random.random::<u64>()),
    ];
    let file = fits_of(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    [file, vec![0; 2880]].concat()
}

fn endless_fits(random: &mut StdRng) -> Vec<u8> {
    let mut texts = vec!["SIMPLE  =                    T".to_owned()];
    let lines = random.random_range(10..60_000);
    texts.extend((0..lines).map(|line| format!("HISTORY {line}")));
    cards(&texts)
}

fn empty_fits(random: &mut StdRng) -> Vec<u8> {
    let empty = fits_of(&["BITPIX  = 8", "NAXIS   = 0"]);
    let table = cards(
        &[
            "XTENSION= 'BINTABLE'",
            "BITPIX  = 8",
            "NAXIS   = 2",
            "NAXIS1  = 0",
            "NAXIS2  = 0",
            "PCOUNT  = 0",
            "ZIMAGE  = T",
            "END",
        ]
        .map(str::to_owned),
    );
    let row = cards(
        &[
            "XTENSION= 'IMAGE   '",
            "BITPIX  = 8",
            "NAXIS   = 1",
            "NAXIS1  = 9",
            "END",
        ]
        .map(str::to_owned),
    );
    let row = [row, vec![7; 2880]].concat();
    let more = std::iter::repeat_with(|| pick(random, &[table.clone(), row.clone()])).take(90);
    std::iter::once(empty)
        .chain(more.collect::<Vec<_>>())
        .flatten()
        .collect()
}

fn noise(random: &mut StdRng) -> Vec<u8> {
    let begin = pick(
        random,
        &[
            &b"\xff\xd8\xff\xe0"[..],
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            b"GIF89a",
            b"GIF87a\x10\0\x10\0\x91\0\0",
            b"RIFF\x24\0\0\0WEBPVP8 ",
            b"RIFF\xff\xff\xff\xffWEBPVP8X",
            b"SIMPLE  =                    T",
        ],
    );
    let length = random.random_range(0..20_000);
    [begin.to_vec(), any(random, length), b"\xff\xd9".to_vec()].concat()
}

fn damaged(random: &mut StdRng) -> Vec<u8> {
    match random.random_range(0..4) {
        // Pixels whose checksum is wrong.
        0 => {
            let mut png = fixture("deep.png");
            let data = png.windows(4).position(|name| name == b"IDAT").unwrap() + 8;
            png[data] ^= 1 << random.random_range(0..8);
            png
        }
        // Without the tables that its pixels need, or without its frame.
        1 => {
            let mut jpeg = fixture("gps.jpg");
            let wanted = pick(random, &[0xc4, 0xdb, 0xc0]);
            let places: Vec<usize> = (0..jpeg.len() - 1)
                .filter(|at| jpeg[*at] == 0xff && jpeg[*at + 1] == wanted)
                .collect();
            places.into_iter().for_each(|at| jpeg[at + 1] = 0xee);
            jpeg
        }
        2 => {
            let mut webp = fixture("lossy.webp");
            let frame = webp
                .windows(3)
                .position(|begin| begin == b"\x9d\x01\x2a")
                .unwrap();
            webp[frame] = random.random_range(0..0x9d);
            webp
        }
        _ => {
            let mut gif = fixture("animated.gif");
            // Codes of more bits than LZW has.
            let first = gif.iter().position(|byte| *byte == 0x2c).unwrap();
            gif[first + 10] = random.random_range(13..255);
            gif
        }
    }
}

fn crooked_png(random: &mut StdRng) -> Vec<u8> {
    let mut png = fixture("deep.png");
    // Depth, colour, compression, filter or interlacing that does not exist; its checksum is wrong as well.
    let place = random.random_range(24..29);
    png[place] = random.random_range(17..255);
    png
}

/// The program's memory at its peak, MiB.
fn peak(desk: &Serving) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", desk.process.id())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

async fn club(folder: &std::path::Path) -> Vec<i64> {
    let app = App::open(config(folder), Clock::system()).unwrap();
    let hash = password::hash(PASSWORD.into()).await.unwrap();
    let now = app.clock.now();
    for address in MEMBERS {
        let new = NewMember {
            email: Email::parse(address).unwrap(),
            full_name: address.into(),
            password: Some(hash.clone()),
            notify: Notify::None,
            officer: false,
            confirmed: true,
        };
        app.db
            .write(move |tx| store::insert(tx, now, &new))
            .await
            .unwrap();
    }
    let mut observations = Vec::new();
    for address in MEMBERS {
        observations.push(observe(&app, address).await);
    }
    app.db.close().await;
    observations
}

#[tokio::test]
async fn two_hundred_hostile_uploads_are_refused_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let observations = club(folder.path()).await;
    let desk = Serving::start(folder.path());
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder()
        .tls_certs_only([])
        .build()
        .unwrap();
    let mut tokens = Vec::new();
    for address in MEMBERS {
        let login = client
            .post(format!("http://{}/api/users/token", desk.address))
            .json(&json!({ "username": address, "password": PASSWORD }));
        let access: Value = login.send().await.unwrap().json().await.unwrap();
        tokens.push(access["access_token"].as_str().unwrap().to_owned());
    }
    let before = peak(&desk);
    let mut wrong = Vec::new();
    for number in 0..COUNT {
        let (what, make) = MAKERS[number % MAKERS.len()];
        let file = make(&mut StdRng::seed_from_u64(number as u64));
        let member = number % MEMBERS.len();
        let answer = post(
            &client,
            &desk.address,
            &tokens[member],
            observations[member],
            &[("file", &file)],
        )
        .await;
        let status = answer.status().as_u16();
        let problem: Value = answer.json().await.unwrap();
        if status != 422 || problem["errors"][0]["field"] != "image" {
            wrong.push(format!("{number}, {what}: {status} {problem}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let after = peak(&desk);
    println!("{before} MiB at the peak before, {after} MiB after.");
    assert!(
        after < before + ROOM,
        "{before} MiB before, {after} MiB after"
    );
    // It is well, and takes a good one.
    let good = fixture("gps.jpg");
    let answer = post(
        &client,
        &desk.address,
        &tokens[0],
        observations[0],
        &[("file", &good)],
    )
    .await;
    assert_eq!(answer.status(), 201);
    let health = client
        .get(format!("http://{}/health/readiness", desk.address))
        .send()
        .await
        .unwrap();
    assert_eq!(health.status(), 200);
    drop(desk);
    let app = App::open(config(folder.path()), Clock::system()).unwrap();
    assert_eq!(
        crate::common::count(&app, "select count(*) from observation_images").await,
        1
    );
}
