//! Other systems against astropy and ERFA (`examples/make_frame_fixtures.py`), and coordinates as people write them.

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::{at, rows};
use crate::sky::Frame;

fn frame(name: &str, time: &str) -> Frame {
    match name {
        "fk5_j2000" => Frame::Fk5,
        "b1950" => Frame::B1950,
        "galactic" => Frame::Galactic,
        "current_equinox" => Frame::OfDate(time.parse().unwrap()),
        other => panic!("{other}"),
    }
}

#[test]
fn positions_in_other_systems_are_those_of_erfa() {
    let places = include_str!("../../../tests/fixtures/frames/places.csv");
    let mut worst = std::collections::BTreeMap::<&str, f64>::new();
    for row in rows(places) {
        let [name, time, longitude, latitude, ra, dec] = row[..] else {
            panic!("{row:?}")
        };
        let number = |text: &str| text.parse::<f64>().unwrap();
        let ours = frame(name, time).to_icrs(number(longitude), number(latitude));
        let off = ours.unwrap().separation(at(number(ra), number(dec))) * 3600.0;
        // FK5 lies only 0.02″ off.
        let most = if name == "b1950" { 0.1 } else { 0.001 };
        assert!(off < most, "{row:?}: {ours:?} is off by {off}″");
        let known = worst.entry(name).or_default();
        *known = known.max(off);
    }
    assert_eq!(worst.len(), 4, "{worst:?}");
}

#[test]
fn what_is_no_direction_is_refused() {
    for (longitude, latitude) in [(f64::NAN, 0.0), (0.0, f64::INFINITY), (10.0, 90.001)] {
        assert_eq!(Frame::B1950.to_icrs(longitude, latitude), None);
    }
}

#[test]
fn coordinates_are_read_as_people_write_them() {
    let (ra, dec) = (288.264_583_333, 19.773_333_333);
    for text in [
        "19h13m03.5s +19d46m24s",
        "19h13m03.5s, +19°46′24″",
        "19h13m03s.5 +19°46'24''",
        "19ʰ13ᵐ03.5ˢ +19° 46’ 24”",
        "19:13:03.5 +19:46:24",
        "19:13:03.5+19:46:24",
        "19 13 03.5 +19 46 24",
        "19 13 03.5 19 46 24",
        "J2000 19 13 03.5 +19 46 24",
        "19:13:03.5 +19:46:24 (J2000)",
        "RA 19h 13m 03.5s  Dec +19d 46m 24s",
        "RA=19:13:03.5, Dec=+19:46:24",
        "α = 19h13m03.5s; δ = +19°46′24″",
        "19:13:03,5; +19:46:24",
        "(288.26458333, 19.77333333)",
        "288.26458333 +19.77333333",
        "288.26458333+19.77333333",
        "288.26458333,19.77333333",
        "288,26458333; 19,77333333",
        "288,26458333 19,77333333",
        "ra: 288.26458333° dec: 19.77333333°",
        "288.26458333 / +19.77333333",
        "288d15m52.5s +19:46:24",
        "19.2176388889h 19.7733333d",
    ] {
        let read = Frame::Icrs.read(text).unwrap_or_else(|| panic!("{text}"));
        assert!(
            at(ra, dec).separation(at(read.0, read.1)) < 1e-6,
            "{text}: {read:?}"
        );
    }
    assert_eq!(Frame::Icrs.read("10:00:00 −00:30:00"), Some((150.0, -0.5)));
    assert_eq!(Frame::Icrs.read("0 –90"), Some((0.0, -90.0)));
    assert_eq!(Frame::B1950.read("B1950 10h −5d30m"), Some((150.0, -5.5)));
    for text in [
        "l=31.25, b=-2.4",
        "31.25 −2.4",
        "l = 31.25 b = -2.4",
        "31,25;-2,4",
        "l=31.25,b=-2.4",
    ] {
        assert_eq!(Frame::Galactic.read(text), Some((31.25, -2.4)), "{text}");
    }
}

#[test]
fn what_is_unclear_or_out_of_range_is_not_guessed() {
    for text in [
        "",
        "19",
        "19:13:03.5",
        "somewhere",
        "19 13 19 46",
        "19 13 03 19 46",
        "24:00:00 +10",
        "19:60:00 +10:00:00",
        "19:13:03.5 +19:46:60",
        "361 +10",
        "-10 +10",
        "10 +90.01",
        "19.5h13m +10",
        "19h13m 288 +10",
        "19h13m03s +10h",
        "NaN NaN",
        "1e400 10",
        "10 1e2",
        "B1950 10h −5d30m",
        "19:13:03.5 +19:46:24 extra",
        "10 20; 30 40; 50 60",
        "१० २०",
    ] {
        assert_eq!(Frame::Icrs.read(text), None, "{text}");
    }
    for text in [
        "l=31:15:00 b=-2:24:00",
        "2h -2.4",
        "31.25 -90.5",
        "-181 0",
        "J2000 31.25 -2.4",
    ] {
        assert_eq!(Frame::Galactic.read(text), None, "{text}");
    }
}

fn sixtieths(value: f64) -> (u32, u32, f64) {
    let hundredths = (value * 360_000.0).round();
    let whole = |x: f64| format!("{x:.0}").parse().unwrap();
    (
        whole((hundredths / 360_000.0).floor()),
        whole((hundredths / 6000.0).floor() % 60.0),
        hundredths % 6000.0 / 100.0,
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(ra in 0.0..359.99_f64, dec in -89.99..89.99_f64, notation in 0..6_usize) {
        let (h, m, s) = sixtieths(ra / 15.0);
        let (d, dm, ds) = sixtieths(dec.abs());
        let sign = if dec < 0.0 { '−' } else { '+' };
        let text = match notation {
            0 => format!("{h:02}h{m:02}m{s:05.2}s {sign}{d:02}d{dm:02}m{ds:05.2}s"),
            1 => format!("{h:02}:{m:02}:{s:05.2} {sign}{d:02}:{dm:02}:{ds:05.2}"),
            2 => format!("{h} {m} {s:.2} {sign}{d} {dm} {ds:.2}"),
            3 => format!("{ra:.6} {dec:+.6}"),
            4 => format!("{ra:.6}; {dec:.6}").replace('.', ","),
            _ => format!("{h}h {m}′ {s:.2}″, {sign}{d}° {dm}′ {ds:.2}″"),
        };
        let (r, b) = Frame::Icrs.read(&text).ok_or_else(|| TestCaseError::fail(text.clone()))?;
        prop_assert!(at(ra, dec).separation(at(r, b)) * 3600.0 < 0.1, "{}", text);
    }

    #[test]
    fn no_text_makes_reading_fall(text in "\\PC{0,60}") {
        for frame in [Frame::Icrs, Frame::Galactic, Frame::OfDate(DateTime::<Utc>::UNIX_EPOCH)] {
            if let Some((longitude, latitude)) = frame.read(&text) {
                prop_assert!(frame.to_icrs(longitude, latitude).is_some());
            }
        }
    }
}
