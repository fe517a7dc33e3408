//! Compares the sky with astropy and healpy, and looks at what is drawn. The oracles' answers come from `tests/fixtures/sky/make.py`.

use super::contour;
use super::outline::Outline;
use super::projection::{Gnomonic, Mollweide};
use super::*;

/// A file that `make.py` made: bytes, or text.
macro_rules! fixture {
    (text $name:literal) => {
        include_str!(concat!("../../../tests/fixtures/sky/", $name))
    };
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/fixtures/sky/", $name)).as_slice()
    };
}

mod drawing;
mod fields;
mod frames;
mod night;
mod site;
mod visibility;

const MAP: Mollweide = Mollweide {
    middle: 180.0,
    at: (500.0, 250.0),
    radius: 240.0,
};

fn at(ra: f64, dec: f64) -> Equatorial {
    Equatorial::new(ra, dec).unwrap()
}

/// The lines of a fixture after its heading.
fn rows(csv: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    csv.lines().skip(1).map(|line| line.split(',').collect())
}

fn numbers(row: &[&str]) -> Vec<f64> {
    row.iter().filter_map(|word| word.parse().ok()).collect()
}

/// Difference of two angles, deg.
fn apart(a: f64, b: f64) -> f64 {
    coordinates::half_turned(a - b).abs()
}

const BANANA: &[u8] = fixture!("banana.multiorder.fits.gz");
const SMALL: &[u8] = fixture!("small.fits");

#[test]
fn galactic_coordinates_are_those_of_astropy() {
    for row in rows(fixture!(text "galactic.csv")) {
        let [ra, dec, l, b] = numbers(&row)[..] else {
            panic!("{row:?}")
        };
        let (our_l, our_b) = at(ra, dec).galactic();
        let distance = at(our_l, our_b).separation(at(l, b)) * 3600.0;
        assert!(distance < 0.1, "{row:?} is off by {distance}″");
        assert!(Equatorial::from_galactic(our_l, our_b).separation(at(ra, dec)) < 1e-6);
    }
}

#[test]
fn separations_and_position_angles_are_those_of_astropy() {
    for row in rows(fixture!(text "separation.csv")) {
        let [ra1, dec1, ra2, dec2, separation, angle] = numbers(&row)[..] else {
            panic!("{row:?}")
        };
        let (a, b) = (at(ra1, dec1), at(ra2, dec2));
        assert!((a.separation(b) - separation).abs() < 1e-9, "{row:?}");
        assert!(
            apart(a.bearing(b), angle) < 1e-4,
            "{row:?}: {}",
            a.bearing(b)
        );
        assert!(
            a.offset(separation, a.bearing(b)).separation(b) < 1e-8,
            "{row:?}"
        );
    }
}

#[test]
fn places_of_1875_are_those_of_astropy_to_half_an_arcsecond() {
    for row in rows(fixture!(text "b1875.csv")) {
        let [ra, dec, old_ra, old_dec] = numbers(&row)[..] else {
            panic!("{row:?}")
        };
        let distance =
            constellations::at_1875(at(ra, dec)).separation(at(old_ra, old_dec)) * 3600.0;
        assert!(distance < 0.5, "{row:?} is off by {distance}″");
    }
}

#[test]
fn constellations_are_those_of_astropy() {
    let rows: Vec<_> = rows(fixture!(text "constellations.csv")).collect();
    assert!(rows.len() > 1400);
    for row in rows {
        let [ra, dec] = numbers(&row)[..] else {
            panic!("{row:?}")
        };
        assert_eq!(constellation(at(ra, dec)).abbreviation, row[2], "{row:?}");
    }
    assert_eq!(constellation(at(288.26, 19.77)).genitive, "Sagittae");
    assert_eq!(constellation(at(0.0, -90.0)).name, "Octans");
    assert_eq!(constellation(at(0.0, 90.0)).name, "Ursa Minor");
}

#[test]
fn the_ecliptic_pole_lies_in_draco() {
    let pole = Equatorial::from_ecliptic(0.0, 90.0);
    assert!(pole.separation(at(270.0, 66.5607)) < 1e-3);
    assert_eq!(constellation(pole).abbreviation, "Dra");
}

#[test]
fn positions_are_written_no_finer_than_they_are_known() {
    let boat = at(288.264_58, 19.773_33);
    let text = |error| {
        let (ra, dec) = boat.sexagesimal(error);
        format!("{ra} {dec}")
    };
    assert_eq!(text(0.05), "19h13m03.5s +19°46′24″");
    assert_eq!(text(3.0), "19h13m +19°46′");
    assert_eq!(text(0.2), "19h13m03s +19°46′24″");
    assert_eq!(text(0.0001), "19h13m03.50s +19°46′24.0″");
    let (ra, dec) = at(359.999_999_9, -0.000_001).sexagesimal(0.05);
    assert_eq!((ra.as_str(), dec.as_str()), ("00h00m00.0s", "+00°00′00″"));
    assert_eq!(at(0.0, -89.999_99).sexagesimal(0.05).1, "−90°00′00″");
    assert_eq!(at(0.0, -0.5).sexagesimal(1.0).1, "−00°30′");
}

#[test]
fn angles_are_said_to_two_figures() {
    for (angle, words) in [
        (0.05, "3′"),
        (0.0014, "5″"),
        (23.2, "23°"),
        (3.35, "3.4°"),
        (0.0167, "1′"),
        (1.0, "1°"),
        (0.999, "1°"),
        (0.0, "0″"),
        (0.204, "12′"),
        (0.0001, "0.4″"),
    ] {
        assert_eq!(angle_words(angle), words, "{angle}");
    }
    assert_eq!(angle_words(f64::NAN), "—");
}

#[test]
fn areas_of_credible_regions_are_those_of_healpy_to_a_pixel() {
    let files = [
        fixture!("gaussian-ring.fits.gz"),
        fixture!("gaussian-nested.fits.gz"),
        SMALL,
        BANANA,
    ];
    for (row, file) in rows(fixture!(text "areas.csv")).zip(files) {
        let [area_50, area_90, pixel, ra, dec] = numbers(&row)[..] else {
            panic!("{row:?}")
        };
        let map = CredibleMap::from_fits(file).unwrap();
        assert!(
            (map.area_50() - area_50).abs() <= pixel * 1.01,
            "{row:?}: {}",
            map.area_50()
        );
        assert!(
            (map.area_90() - area_90).abs() <= pixel * 1.01,
            "{row:?}: {}",
            map.area_90()
        );
        // Where several pixels are the densest, either will do.
        assert!(
            map.best_position().separation(at(ra, dec)) < pixel.sqrt() * 1.5,
            "{row:?}: {:?}",
            map.best_position()
        );
        assert!(map.half_contains(map.best_position()));
    }
}

#[test]
fn drawn_borders_hold_the_area_they_should() {
    for file in [fixture!("gaussian-ring.fits.gz"), BANANA] {
        let map = CredibleMap::from_fits(file).unwrap();
        for (coverage, area) in [(&map.half, map.area_50()), (&map.most, map.area_90())] {
            let drawn = contour::outline(coverage)
                .filled(&MAP)
                .iter()
                .map(|piece| signed_area(piece).abs())
                .sum::<f64>();
            let drawn = drawn / (std::f64::consts::PI * 240.0 * 480.0) * WHOLE_SKY;
            assert!(
                (drawn / area - 1.0).abs() < 0.04,
                "{drawn} deg² drawn for {area}"
            );
        }
    }
}

fn signed_area(polygon: &[(f64, f64)]) -> f64 {
    let next = polygon.iter().cycle().skip(1);
    polygon
        .iter()
        .zip(next)
        .map(|(a, b)| (a.0 * b.1 - b.0 * a.1) / 2.0)
        .sum()
}

#[test]
fn a_region_is_the_same_after_the_database() {
    for region in [
        Region::circle(at(288.26, 19.77), 0.05),
        Region::from_map(BANANA).unwrap(),
        Region::from_map(SMALL).unwrap(),
    ] {
        let text = region.to_text();
        assert!(text.len() < 8000 && !text.contains('\n'));
        assert_eq!(Region::from_text(&text), Ok(region));
    }
}

#[test]
fn other_programs_can_read_the_stored_cells() {
    let Region::Map(map) = Region::from_map(BANANA).unwrap() else {
        panic!("not a map")
    };
    let text = Region::Map(map.clone()).to_text();
    let stored = text.rsplit('|').next().unwrap().trim();
    let read = moc::deser::ascii::from_ascii_ivoa::<u64, moc::qty::Hpx<u64>>(stored).unwrap();
    use moc::moc::{CellOrCellRangeMOCIntoIterator, CellOrCellRangeMOCIterator, RangeMOCIterator};
    let read = read.into_cellcellrange_moc_iter().ranges().into_range_moc();
    assert!(read.eq_without_depth(&map.most));
}

#[test]
fn circles_know_their_area_and_content() {
    let circle = Region::circle(at(350.0, 75.0), 23.0);
    assert!((circle.area() - WHOLE_SKY * (1.0 - 23_f64.to_radians().cos()) / 2.0).abs() < 1e-9);
    assert!(circle.contains(at(170.0, 83.0)) && !circle.contains(at(170.0, 81.0)));
    assert!(Region::circle(at(0.0, 0.0), f64::NAN).radius() == 0.0);
    let map = Region::from_map(fixture!("gaussian-ring.fits.gz")).unwrap();
    assert!(map.contains(at(350.0, 75.0)) && !map.contains(at(350.0, 50.0)));
    assert!((map.radius() - 12.87).abs() < 0.05, "{}", map.radius());
}

#[test]
fn projections_lead_back() {
    for dec in [
        -89.999, -89.0, -80.0, -45.0, -1.0, 0.0, 0.001, 30.0, 66.6, 85.0, 89.9,
    ] {
        for ra in [0.5, 90.0, 179.0, 181.0, 355.0] {
            let place = at(ra, dec);
            let back = MAP.unproject(MAP.project(place)).unwrap();
            assert!(back.separation(place) < 1e-5, "{place:?} became {back:?}");
            let plane = Gnomonic::new(at(ra + 3.0, dec * 0.97), 20.0, (384.0, 384.0), 768.0);
            assert!(plane.unproject(plane.project(place)).separation(place) < 1e-9);
        }
    }
    let (x, y) = Gnomonic::new(at(10.0, 0.0), 10.0, (384.0, 384.0), 768.0).project(at(11.0, 1.0));
    assert!(x < 384.0 && y < 384.0, "east is left and north is up");
}

#[test]
fn mollweide_keeps_areas() {
    for (center, radius) in [
        (at(180.0, 0.0), 10.0),
        (at(10.0, 0.0), 20.0),
        (at(350.0, 75.0), 23.0),
        (at(80.0, -85.0), 30.0),
        (at(100.0, -30.0), 60.0),
        (at(100.0, 20.0), 130.0),
    ] {
        let pieces = Outline::circle(center, radius).filled(&MAP);
        // Added up by the even-odd rule: the whole map less a hole counts as the difference.
        let whole = std::f64::consts::PI * 240.0 * 480.0;
        let areas: Vec<f64> = pieces.iter().map(|p| signed_area(p).abs()).collect();
        let with_map = areas.iter().any(|a| *a > whole * 0.999);
        let drawn = if with_map {
            areas.iter().fold(0.0_f64, |left, a| (left - a).abs())
        } else {
            areas.iter().sum()
        };
        let wanted = (1.0 - f64::to_radians(radius).cos()) / 2.0;
        assert!(
            (drawn / whole - wanted).abs() < 0.002,
            "{center:?} {radius}: {} instead of {wanted}",
            drawn / whole
        );
    }
}

#[test]
fn no_line_runs_across_the_map() {
    for (center, radius) in [
        (at(359.0, -5.0), 12.0),
        (at(350.0, 75.0), 23.0),
        (at(1.0, 89.0), 1.0),
        (at(0.0, -90.0), 40.0),
        (at(80.0, -30.0), 60.0),
    ] {
        for stroke in Outline::circle(center, radius).strokes(&MAP) {
            let longest = stroke
                .windows(2)
                .map(|s| (s[0].0 - s[1].0).hypot(s[0].1 - s[1].1))
                .fold(0.0, f64::max);
            assert!(
                longest < 60.0,
                "{center:?} {radius} has a streak of {longest}"
            );
        }
    }
}

#[test]
fn the_star_table_holds_the_sky() {
    assert_eq!(stars::brighter_than(9.0).count(), 41_411);
    let sirius = stars::brighter_than(-1.0).collect::<Vec<_>>();
    assert_eq!(sirius.len(), 1);
    assert!(
        sirius[0].position.separation(at(101.2872, -16.7161)) * 3600.0 < 2.0
            && (sirius[0].magnitude + 1.44).abs() < 0.03
    );
    assert_eq!(
        stars::names(&sirius)[0].1,
        stars::Name {
            designation: "α",
            proper: "Sirius"
        }
    );
    for center in [
        at(0.1, 0.0),
        at(359.9, 89.0),
        at(120.0, -89.5),
        at(84.0, 0.0),
    ] {
        let slow = stars::brighter_than(9.0)
            .filter(|s| s.position.separation(center) <= 3.0)
            .count();
        assert_eq!(stars::around(center, 3.0, 9.0).count(), slow);
    }
    assert_eq!(
        (
            stars::messier().count(),
            stars::constellation_labels().count()
        ),
        (110, 89)
    );
    assert_eq!(stars::FIGURES.iter().map(Vec::len).sum::<usize>(), 893);
}
