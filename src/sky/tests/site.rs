//! Reads places and horizons as people write them, and refuses what is none.

use proptest::prelude::*;

use super::place::{coordinates, latitude, longitude};
use super::*;

fn near(found: Option<f64>, expected: f64) -> bool {
    found.is_some_and(|found| (found - expected).abs() < 1e-9)
}

#[test]
fn latitudes_are_read_in_any_usual_notation() {
    for text in [
        "43.95",
        "43,95",
        "+43.95",
        " 43.95 ",
        "43.95°",
        "43.95 N",
        "43.95N",
        "N43.95",
        "n 43,95",
        "43°57′00″N",
        "43°57'00\"N",
        "43° 57’ 0” N",
        "43°57'00''N",
        "43 57 00 N",
        "43 57 00",
        "N 43 57 00",
        "43d57m00s",
        "43d 57m 00s N",
        "43:57:00",
        "43:57",
        "43°57′",
        "43°57.0'N",
        "43d57m",
        "43 57.00 N",
        "43.95 Nord",
        "North 43.95",
        "43º57′",
        "43.95\u{a0}N",
    ] {
        assert!(near(latitude(text), 43.95), "{text}: {:?}", latitude(text));
    }
    for text in [
        "-43.95",
        "−43.95",
        "–43,95",
        "43.95 S",
        "S43.95",
        "43°57′00″S",
        "43 57 00 s",
        "43d57m00s S",
        "43:57:00S",
        "43.95 sud",
        "-43 57 00",
    ] {
        assert!(near(latitude(text), -43.95), "{text}: {:?}", latitude(text));
    }
    assert!(
        near(latitude("-0 30"), -0.5)
            && near(latitude("0°30′S"), -0.5)
            && near(latitude("90"), 90.0)
    );
}

#[test]
fn longitudes_are_read_in_any_usual_notation() {
    for (text, expected) in [
        ("5°42'51.2\" E", 5.714_222_222_222_222),
        ("5,71", 5.71),
        ("−5.7", -5.7),
        ("5.7 W", -5.7),
        ("5.7 O", -5.7),
        ("5°42′ Ouest", -5.7),
        ("5°42′ est", 5.7),
        ("E 5 42", 5.7),
        ("W005°42'00\"", -5.7),
        ("171.7667W", -171.7667),
        ("180", 180.0),
        ("-180", -180.0),
    ] {
        assert!(
            near(longitude(text), expected),
            "{text}: {:?}",
            longitude(text)
        );
    }
}

#[test]
fn what_is_no_angle_is_refused() {
    for text in [
        "",
        " ",
        "N",
        "abc",
        "43.95 E",
        "90.001",
        "-91",
        "43 60 00",
        "43 57 60",
        "43.5 30",
        "43 57.5 10",
        "-43 S",
        "N43S",
        "N 43 N",
        "1e1",
        "inf",
        "NaN",
        "43..5",
        "43,9,5",
        "43 57 00 00",
        "--43",
        "43°57°",
        "4395",
        "٤٣",
    ] {
        assert_eq!(latitude(text), None, "{text}");
    }
    for text in ["180.1", "5 N", "-5 W", "5 S", "360"] {
        assert_eq!(longitude(text), None, "{text}");
    }
}

#[test]
fn pairs_are_read_as_maps_give_them() {
    for text in [
        "43.95, 5.71",
        "43.95,5.71",
        "43.95 5.71",
        "43,95 5,71",
        "43,95; 5,71",
        "43,95, 5,71",
        "43,95,5,71",
        "(43.95, 5.71)",
        "geo:43.95,5.71",
        "geo:43.95,5.71;u=35",
        "geo:43.95,5.71,650?z=12",
        "43.95/5.71",
        "43.95 N 5.71 E",
        "43.95N, 5.71E",
        "N43.95 E5.71",
        "5.71 E, 43.95 N",
        "43°57'00.0\"N 5°42'36.0\"E",
        "43° 57' 0\" N, 5° 42' 36\" E",
        "43 57 00 N 5 42 36 E",
        "43d57m00s 5d42m36s",
        "43.95\t5.71",
        "43:57:00 5:42:36",
        "E 5.71, N 43.95",
    ] {
        let read = coordinates(text);
        assert!(
            near(read.map(|r| r.0), 43.95) && near(read.map(|r| r.1), 5.71),
            "{text}: {read:?}"
        );
    }
    assert_eq!(
        coordinates("-29.2567, -70.7377"),
        Some((-29.2567, -70.7377))
    );
    assert_eq!(
        coordinates("33.8688 S 151.2093 E"),
        Some((-33.8688, 151.2093))
    );
    for text in [
        "",
        "43.95",
        "43 57 5 42",
        "95, 200",
        "95.0, 43.0",
        "geo:43.95",
        "geo:91,0",
        "43.95, 5.71, 650",
        "Paris",
        "E 5, E 6",
    ] {
        assert_eq!(coordinates(text), None, "{text}");
    }
}

#[test]
fn a_horizon_is_straight_between_its_points_all_the_way_round() {
    let horizon = Horizon::profile(&[
        (350.0, 10.0),
        (20.0, 40.0),
        (100.0, 0.0),
        (180.0, 8.0),
        (270.0, 8.0),
    ])
    .unwrap();
    for (azimuth, altitude) in [
        (350.0, 10.0),
        (20.0, 40.0),
        (5.0, 25.0),
        (0.0, 20.0),
        (360.0, 20.0),
        (-10.0, 10.0),
        (355.0, 15.0),
        (60.0, 20.0),
        (225.0, 8.0),
        (380.0, 40.0),
    ] {
        assert!(
            (horizon.altitude(azimuth) - altitude).abs() < 1e-9,
            "{azimuth}: {}",
            horizon.altitude(azimuth)
        );
    }
    assert_eq!(horizon.points()[0], (20.0, 40.0));
    assert_eq!(
        (horizon.level(), Horizon::flat(3.5).level()),
        (None, Some(3.5))
    );
    assert_eq!(
        [0.0, 123.0, 359.9].map(|a| Horizon::flat(3.5).altitude(a)),
        [3.5; 3]
    );
    assert_eq!(Horizon::flat(f64::NAN), Horizon::flat(0.0));
}

#[test]
fn faulty_horizons_are_refused_with_the_reason() {
    let square = [(0.0, 5.0), (90.0, 5.0), (180.0, 5.0), (270.0, 5.0)];
    let with = |more: &[(f64, f64)]| {
        Horizon::profile(&[&square, more].concat()).map_err(|fault| fault.to_string())
    };
    assert!(with(&[]).is_ok() && with(&[(360.0, 5.0)]).is_ok());
    for (more, words) in [
        (
            (360.1, 5.0),
            "the azimuth 360.1° does not lie between 0 and 360",
        ),
        (
            (-1.0, 5.0),
            "the azimuth -1° does not lie between 0 and 360",
        ),
        (
            (10.0, 91.0),
            "the altitude 91° does not lie between −10 and 90",
        ),
        (
            (10.0, f64::NAN),
            "the altitude NaN° does not lie between −10 and 90",
        ),
        ((90.0, 6.0), "the azimuth 90° has two altitudes"),
        ((360.0, 6.0), "the azimuth 0° has two altitudes"),
    ] {
        assert_eq!(with(&[more]).unwrap_err(), words);
    }
    let gap =
        Horizon::profile(&[(10.0, 1.0), (95.0, 1.0), (180.0, 1.0), (260.0, 1.0)]).unwrap_err();
    assert_eq!(gap, HorizonFault::Gap(260.0, 10.0));
    assert_eq!(
        Horizon::profile(&square[..3]).unwrap_err(),
        HorizonFault::Gap(180.0, 0.0)
    );
    assert_eq!(Horizon::profile(&[]).unwrap_err(), HorizonFault::Empty);
    let many: Vec<(f64, f64)> = (0..1001).map(|i| (f64::from(i) * 0.3, 1.0)).collect();
    assert_eq!(Horizon::profile(&many).unwrap_err(), HorizonFault::TooMany);
}

#[test]
fn horizon_files_are_read_in_any_dress() {
    let expected =
        Horizon::profile(&[(0.0, 5.0), (90.0, 12.5), (180.0, -1.0), (270.0, 3.0)]).unwrap();
    for text in [
        "0 5\n90 12.5\n180 -1\n270 3\n",
        "# made by hand\r\n0 5\r\n\r\n90 12,5\r\n180 −1\r\n  270 3\r\n360 5",
        "\u{feff}0\t5\n90\t12.5\n180\t-1\n270\t3",
        "0;5\n90;12,5\n180;-1\n270;3",
        "0,5\n90,12.5\n180,-1\n270,3",
        "0.0, 5.0\n90.0, 12.5\n180.0, -1.0\n270.0, 3.0",
        "0,0,5,0\n90,0,12,5\n180,0,-1,0\n270,0,3,0",
    ] {
        assert_eq!(Horizon::from_hrz(text).as_ref(), Ok(&expected), "{text}");
    }
    for (text, words) in [
        (
            "0 5\n90 hill\n",
            "line 2: “90 hill” is not an azimuth and an altitude",
        ),
        (
            "# x\n\n0 5 7\n",
            "line 3: “0 5 7” is not an azimuth and an altitude",
        ),
        (
            "0 5\n400 1\n",
            "line 2: the azimuth 400° does not lie between 0 and 360",
        ),
        (
            "0 5\n180 5\n",
            "nothing is known between the azimuths 180° and 0°; points must be at most 90° apart",
        ),
        ("# nothing\n", "the horizon has no points"),
    ] {
        assert_eq!(Horizon::from_hrz(text).unwrap_err().to_string(), words);
    }
}

proptest! {
    #[test]
    fn any_text_is_a_place_in_range_or_none(text in "[-+−0-9nsewoNSEWOdm°:'\"., ;/()]{0,24}|\\PC{0,24}") {
        prop_assert!(latitude(&text).is_none_or(|l| l.abs() <= 90.0));
        prop_assert!(longitude(&text).is_none_or(|l| l.abs() <= 180.0));
        prop_assert!(coordinates(&text).is_none_or(|(b, l)| b.abs() <= 90.0 && l.abs() <= 180.0));
        let _ = Horizon::from_hrz(&text);
    }

    #[test]
    fn what_is_written_is_read(degrees in -89_i32..=89, minutes in 0_u32..60, seconds in 0.0_f64..59.9) {
        let size = f64::from(degrees.abs()) + f64::from(minutes) / 60.0 + seconds / 3600.0;
        let letter = if degrees < 0 { 'S' } else { 'N' };
        let text = format!("{}°{minutes:02}′{seconds:.4}″{letter}", degrees.abs());
        let read = latitude(&text).unwrap();
        prop_assert!((read.abs() - size).abs() < 1e-7 && (read < 0.0) == (degrees < 0));
    }

    #[test]
    fn any_profile_stays_between_its_neighbours(points in prop::collection::vec((0.0..360.0, -10.0..90.0), 0..40), azimuth in -720.0..720.0) {
        if let Ok(horizon) = Horizon::profile(&points) {
            let all = horizon.points().iter().map(|p| p.1);
            let (low, high) = all.fold((f64::MAX, f64::MIN), |(low, high), a| (low.min(a), high.max(a)));
            let altitude = horizon.altitude(azimuth);
            prop_assert!(low - 1e-9 <= altitude && altitude <= high + 1e-9);
        }
    }
}
