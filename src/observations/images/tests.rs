//! Pictures of every kind, whole and broken.

use std::io::Cursor;

use axum::body::Bytes;
use image::{DynamicImage, GrayImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

use super::Ready;
use super::decode::decode;
use super::kind::{Kind, kind};
use crate::observations::Footprint;
use crate::sky::Equatorial;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pictures");

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{FIXTURES}/{name}")).unwrap()
}

/// A picture whose quarters differ: red and green above, blue and white below.
fn quarters(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        match (x < width / 2, y < height / 2) {
            (true, true) => Rgb([220, 20, 20]),
            (false, true) => Rgb([20, 200, 20]),
            (true, false) => Rgb([20, 20, 220]),
            (false, false) => Rgb([240, 240, 240]),
        }
    })
}

fn ready(file: &[u8], quota_mb: u32) -> Result<Ready, String> {
    super::ready(Bytes::copy_from_slice(file), quota_mb)
}

fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.into().write_to(&mut file, format).unwrap();
    file.into_inner()
}

fn made(file: &[u8]) -> Ready {
    ready(file, 250).unwrap()
}

/// What is kept, as another decoder sees it.
fn kept(file: &[u8]) -> RgbImage {
    let ready = made(file);
    let kept = image::load_from_memory_with_format(&ready.full, ImageFormat::WebP)
        .unwrap()
        .into_rgb8();
    assert_eq!(kept.dimensions(), (ready.width, ready.height));
    kept
}

/// The colours in the middles of the quarters, each named by what it is nearest to.
fn corners(picture: &RgbImage) -> String {
    let (width, height) = picture.dimensions();
    let places = [(1, 1), (3, 1), (1, 3), (3, 3)];
    places
        .map(|(x, y)| name(*picture.get_pixel(width * x / 4, height * y / 4)))
        .concat()
}

fn name(Rgb(pixel): Rgb<u8>) -> &'static str {
    let names = [
        ([220, 20, 20], "R"),
        ([20, 200, 20], "G"),
        ([20, 20, 220], "B"),
        ([240, 240, 240], "W"),
        ([0, 0, 0], "-"),
    ];
    let near = |colour: [u8; 3]| colour.iter().zip(pixel).all(|(a, b)| a.abs_diff(b) < 25);
    names
        .into_iter()
        .find(|(colour, _)| near(*colour))
        .map_or("?", |(_, name)| name)
}

fn why(file: &[u8]) -> String {
    ready(file, 250).expect_err("a file that should have been refused")
}

#[test]
fn every_kind_comes_out_as_it_went_in() {
    let formats = [
        (ImageFormat::Png, "png"),
        (ImageFormat::Jpeg, "jpeg"),
        (ImageFormat::Gif, "gif"),
        (ImageFormat::WebP, "webp"),
    ];
    // Odd sides too: colour is kept for two rows and columns at a time.
    for (width, height) in [(64, 48), (65, 47), (1, 1), (640, 3)] {
        for (format, name) in formats {
            let file = encoded(quarters(width, height), format);
            let ready = made(&file);
            assert_eq!(
                (ready.kind, ready.width, ready.height),
                (name, width, height)
            );
            assert_eq!(ready.footprint, None);
            if width.min(height) > 40 {
                assert_eq!(corners(&kept(&file)), "RGBW", "{name}");
            }
        }
    }
}

#[test]
fn the_smaller_picture_is_as_long_as_it_should_be_and_shows_the_same() {
    for ((width, height), thumb) in [
        ((1920, 1080), (480, 270)),
        ((300, 1000), (144, 480)),
        ((200, 100), (200, 100)),
        ((3000, 2), (480, 1)),
    ] {
        let ready = made(&encoded(quarters(width, height), ImageFormat::Png));
        assert_eq!((ready.thumb_width, ready.thumb_height), thumb);
        let small = image::load_from_memory_with_format(&ready.thumb, ImageFormat::WebP)
            .unwrap()
            .into_rgb8();
        assert_eq!(small.dimensions(), thumb);
        if height > 40 {
            assert_eq!(corners(&small), "RGBW");
        }
    }
}

#[test]
fn what_is_longer_than_webp_allows_is_made_smaller() {
    let ready = made(&encoded(
        GrayImage::from_pixel(20_000, 40, image::Luma([90])),
        ImageFormat::Png,
    ));
    assert_eq!((ready.width, ready.height), (16_383, 32));
}

#[test]
fn what_is_transparent_lets_black_through() {
    let mut picture = RgbaImage::from_pixel(64, 64, Rgba([255, 255, 255, 0]));
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        if x < 32 {
            *pixel = Rgba([220, 20, 20, 255]);
        } else if y < 32 {
            *pixel = Rgba([255, 255, 255, 128]);
        }
    }
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let kept = kept(&encoded(picture.clone(), format));
        assert_eq!(name(*kept.get_pixel(16, 32)), "R");
        assert_eq!(name(*kept.get_pixel(48, 48)), "-");
        let half = kept.get_pixel(48, 16).0;
        assert!(half.iter().all(|value| value.abs_diff(128) < 6), "{half:?}");
    }
}

#[test]
fn all_ways_to_hold_a_camera_come_out_upright() {
    // As Pillow writes them, each turned so that its orientation puts it right again.
    for orientation in 1..=8 {
        let file = fixture(&format!("orientation-{orientation}.jpg"));
        let kept = kept(&file);
        assert_eq!(kept.dimensions(), (48, 32), "orientation {orientation}");
        assert_eq!(corners(&kept), "RGBW", "orientation {orientation}");
    }
}

#[test]
fn nothing_of_the_metadata_is_kept() {
    let file = fixture("gps.jpg");
    let secret = b"48.8583";
    let holds = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(holds(&file, secret) && holds(&file, b"Exif"));
    let ready = made(&file);
    for kept in [&ready.full, &ready.thumb] {
        assert!(
            !holds(kept, secret)
                && !holds(kept, b"Exif")
                && !holds(kept, b"EXIF")
                && !holds(kept, b"XMP")
        );
        // A simple WebP: one chunk, which holds the pixels.
        assert_eq!(&kept[12..16], b"VP8 ");
        let length = u32::from_le_bytes(kept[16..20].try_into().unwrap()) as usize;
        assert_eq!(20 + length.next_multiple_of(2), kept.len());
    }
}

#[test]
fn print_colours_progressive_deep_and_interlaced_files_are_read() {
    for name in [
        "cmyk.jpg",
        "progressive.jpg",
        "deep.png",
        "interlaced.png",
        "palette.png",
        "animated.gif",
        "animated.webp",
        "lossy.webp",
        "alpha.webp",
    ] {
        assert_eq!(corners(&kept(&fixture(name))), "RGBW", "{name}");
    }
    let grey = kept(&fixture("grey.jpg"));
    assert!(
        grey.get_pixel(36, 24)
            .0
            .iter()
            .all(|value| value.abs_diff(240) < 6)
    );
    let deep = kept(&fixture("deep-grey.png"));
    assert!(
        deep.get_pixel(8, 8)
            .0
            .iter()
            .all(|value| value.abs_diff(0x40) < 5),
        "{:?}",
        deep.get_pixel(8, 8)
    );
}

#[test]
fn a_type_is_known_by_content_and_others_are_told_what_to_do() {
    let png = encoded(quarters(8, 8), ImageFormat::Png);
    assert_eq!(kind(&png), Ok(Kind::Png));
    let cases: [(&[u8], &str); 12] = [
        (b"", "is empty"),
        (
            b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            "SVG",
        ),
        (b"<svg onload=\"alert(1)\"/>", "SVG"),
        (b"\x7fELF\x02\x01\x01", "a program"),
        (b"MZ\x90\0", "a program"),
        (b"#!/bin/sh\n", "a script"),
        (b"PK\x03\x04rest", "zip"),
        (b"%PDF-1.7", "PDF"),
        (b"II*\0\x08\0\0\0", "TIFF"),
        (b"\0\0\0\x18ftypheic", "HEIC"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"just some words", "JPEG, PNG, GIF, WebP and FITS"),
    ];
    for (file, words) in cases {
        let why = why(file);
        assert!(why.contains(words), "{why}");
    }
}

#[test]
fn a_file_that_ends_early_is_refused_wherever_it_ends() {
    let mut files: Vec<Vec<u8>> = [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Gif,
        ImageFormat::WebP,
    ]
    .map(|format| encoded(quarters(40, 30), format))
    .into();
    files.push(fixture("wcs-cd.fits"));
    for file in files {
        // The padding of a FITS may be missing, its data not.
        let whole = if file.starts_with(b"SIMPLE") {
            file.len() - 2880
        } else {
            file.len()
        };
        for end in (0..whole).step_by(7) {
            assert!(ready(&file[..end], 250).is_err(), "{end} of {}", file.len());
        }
    }
}

#[test]
fn a_second_file_in_a_picture_is_refused_and_padding_is_not() {
    let second: [&[u8]; 8] = [
        b"PK\x03\x04\x14\0",
        b"\x7fELF\x02",
        b"%PDF-1.4",
        b"<script>alert(1)</script>",
        b"<?php system($_GET[0]);",
        b"MZ\x90\0\x03",
        b"  <!DOCTYPE html>",
        b"\0\0\0#!/bin/sh",
    ];
    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Gif,
        ImageFormat::WebP,
    ] {
        let file = encoded(quarters(40, 30), format);
        for second in second {
            let both = [&file[..], second].concat();
            assert!(
                why(&both).contains("hidden in it"),
                "{format:?} {}",
                String::from_utf8_lossy(second)
            );
        }
        for padding in [
            &[0_u8; 512][..],
            &[0xff; 30],
            b"\r\n",
            b"SEFT camera's own words",
            &file,
        ] {
            assert!(
                ready(&[&file[..], padding].concat(), 250).is_ok(),
                "{format:?}"
            );
        }
    }
    // In a comment, before the pixels.
    let jpeg = encoded(quarters(40, 30), ImageFormat::Jpeg);
    let script = b"<ScRiPt src=//x></script>";
    let length = u16::try_from(script.len() + 2).unwrap().to_be_bytes();
    let commented = [&jpeg[..2], b"\xff\xfe", &length, script, &jpeg[2..]].concat();
    assert!(why(&commented).contains("script"));
    let kindly = b"taken by the light of the Moon..";
    let length = u16::try_from(kindly.len() + 2).unwrap().to_be_bytes();
    assert!(
        ready(
            &[&jpeg[..2], b"\xff\xfe", &length, kindly, &jpeg[2..]].concat(),
            250
        )
        .is_ok()
    );
}

#[test]
fn too_many_pixels_are_refused_before_any_is_unpacked() {
    for name in ["bomb.png", "bomb.gif"] {
        let why = why(&fixture(name));
        assert!(why.contains("64 million"), "{name}: {why}");
    }
}

/// A JPEG whose frame is said to be progressive and so large.
fn progressive(width: u16, height: u16) -> Vec<u8> {
    let mut file = encoded(quarters(64, 48), ImageFormat::Jpeg);
    let frame = file.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    file[frame + 1] = 0xc2;
    file[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    file[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    file
}

#[test]
fn of_kinds_that_are_unpacked_several_times_over_fewer_pixels_are_taken() {
    assert!(why(&progressive(8000, 3001)).contains("24 million"));
    assert_eq!(made(&progressive(800, 300)).width, 800);
    let large = encoded(RgbaImage::new(8000, 3001), ImageFormat::WebP);
    assert!(why(&large).contains("24 million"));
}

fn near(a: Equatorial, b: &serde_json::Value, arcsec: f64) -> bool {
    let b = Equatorial::new(b[0].as_f64().unwrap(), b[1].as_f64().unwrap()).unwrap();
    a.separation(b) * 3600.0 < arcsec
}

#[test]
fn a_picture_lies_on_the_sky_where_astropy_puts_it() {
    let wanted: serde_json::Value = serde_json::from_slice(&fixture("wcs.json")).unwrap();
    let wanted = wanted.as_object().unwrap();
    assert!(wanted.len() >= 8);
    for (name, wanted) in wanted {
        let Footprint { centre, corners } = made(&fixture(name))
            .footprint
            .unwrap_or_else(|| panic!("{name} has no footprint"));
        assert!(
            near(centre, &wanted["centre"], 0.01),
            "{name}: {centre:?}, not {}",
            wanted["centre"]
        );
        for (corner, wanted) in corners.iter().zip(wanted["corners"].as_array().unwrap()) {
            assert!(
                near(*corner, wanted, 0.01),
                "{name}: {corner:?}, not {wanted}"
            );
        }
    }
    for name in ["plain-8.fits", "b1950.fits"] {
        assert_eq!(made(&fixture(name)).footprint, None, "{name}");
    }
}

#[test]
fn every_way_to_write_a_number_gives_the_same_picture() {
    // One sky, whose star stands to the left of the middle in the upper half.
    let wanted = kept(&fixture("sky-f32.fits"));
    let star = wanted.get_pixel(16, 12).0[0];
    let corner = image::imageops::crop_imm(&wanted, 40, 4, 16, 40).to_image();
    let sum: u32 = corner.pixels().map(|pixel| u32::from(pixel.0[0])).sum();
    let sky = sum / (corner.width() * corner.height());
    assert!(
        star > 200 && (25..45).contains(&sky),
        "star {star}, sky {sky}"
    );
    for name in [
        "sky-i16.fits",
        "sky-u16.fits",
        "sky-i32.fits",
        "sky-f64.fits",
        "sky-extension.fits",
        "sky-cube.fits",
        "sky-holes.fits",
        "sky-top-down.fits",
    ] {
        let kept = kept(&fixture(name));
        let far = wanted
            .pixels()
            .zip(kept.pixels())
            .filter(|(a, b)| a.0[0].abs_diff(b.0[0]) > 24)
            .count();
        assert!(far < 30, "{name}: {far} pixels differ");
    }
    assert_eq!(corners(&kept(&fixture("plain-8-colour.fits"))), "RGBW");
}

#[test]
fn hostile_headers_are_refused() {
    let card = |text: &str| format!("{text:<80}");
    let file = |cards: &[&str], blocks: usize| {
        let mut file = cards
            .iter()
            .map(|text| card(text))
            .collect::<String>()
            .into_bytes();
        file.resize(file.len().next_multiple_of(2880), b' ');
        file.resize(file.len() + blocks * 2880, 0);
        file
    };
    let begin = "SIMPLE  =                    T";
    let cases = [
        file(
            &[
                begin,
                "BITPIX  = 16",
                "NAXIS   = 2",
                "NAXIS1  = 1000000",
                "NAXIS2  = 1000000",
                "END",
            ],
            1,
        ),
        file(&[begin, "BITPIX  = 16", "NAXIS   = 999", "END"], 1),
        file(
            &[
                begin,
                "BITPIX  = -9223372036854775808",
                "NAXIS   = 1",
                "NAXIS1  = 2",
                "END",
            ],
            1,
        ),
        file(
            &[
                begin,
                "BITPIX  = 16",
                "NAXIS   = 2",
                "NAXIS1  = 18446744073709551615",
                "NAXIS2  = 18446744073709551615",
                "END",
            ],
            1,
        ),
        file(
            &[
                begin,
                "BITPIX  = 8",
                "NAXIS   = 2",
                "NAXIS1  = 0",
                "NAXIS2  = 4",
                "PCOUNT  = 9",
                "END",
            ],
            1,
        ),
        file(&[begin, "BITPIX  = 8", "NAXIS   = 0", "END"], 0),
        file(
            &[
                begin,
                "BITPIX  = 7",
                "NAXIS   = 2",
                "NAXIS1  = 4",
                "NAXIS2  = 4",
                "END",
            ],
            1,
        ),
        file(
            &[
                begin,
                "BITPIX  = 8",
                "NAXIS   = 2",
                "NAXIS1  = -4",
                "NAXIS2  = 4",
                "END",
            ],
            1,
        ),
        file(&vec![begin; 36 * 300], 0),
    ];
    for (number, case) in cases.iter().enumerate() {
        assert!(ready(case, 250).is_err(), "case {number}");
    }
}

/// Random damage to whole files: whatever comes of it, nothing panics.
#[test]
fn damage_never_brings_a_decoder_down() {
    let names = [
        "gps.jpg",
        "progressive.jpg",
        "cmyk.jpg",
        "deep.png",
        "interlaced.png",
        "animated.gif",
        "animated.webp",
        "lossy.webp",
        "alpha.webp",
        "wcs-cd.fits",
        "sky-extension.fits",
        "sky-cube.fits",
    ];
    let rounds: u64 = std::env::var("ROUNDS").map_or(60, |rounds| rounds.parse().unwrap());
    for name in names {
        let whole = fixture(name);
        for seed in 0..rounds {
            let file = damaged(&whole, seed);
            let done = std::panic::catch_unwind(|| {
                kind(&file)
                    .and_then(|kind| decode(kind, Bytes::from(file.clone())))
                    .is_ok()
            });
            assert!(done.is_ok(), "{name} with seed {seed}");
        }
    }
}

fn damaged(whole: &[u8], seed: u64) -> Vec<u8> {
    use rand::{RngExt as _, SeedableRng as _};
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    let mut file = whole.to_vec();
    for _ in 0..random.random_range(1..12) {
        let at = random.random_range(0..file.len());
        match random.random_range(0..5) {
            0 => file[at] = random.random(),
            1 => file[at] ^= 1 << random.random_range(0..8),
            2 => file[at] = [0, 0xff, 0x7f, 0x80, b'9'][random.random_range(0..5)],
            3 => drop(file.drain(at..(at + random.random_range(1..9)).min(file.len()))),
            _ => file.insert(at, random.random()),
        }
    }
    file
}

/// Pixels that come all at once are read from below, those of a PNG from above; the picture is the same.
#[test]
fn from_below_is_as_from_above() {
    for (width, height) in [(40, 30), (41, 31), (7, 2), (2, 7), (1, 1)] {
        let shades = RgbImage::from_fn(width, height, |x, y| {
            let shade = |n: u32| u8::try_from((x * 37 + y * 101 * n) % 256).unwrap();
            Rgb([shade(1), shade(2), shade(3)])
        });
        let above = decode(Kind::Png, encoded(shades.clone(), ImageFormat::Png).into()).unwrap();
        let below = decode(Kind::WebP, encoded(shades, ImageFormat::WebP).into()).unwrap();
        assert_eq!(above, below, "{width} × {height}");
    }
}
