//! Compares the sky with astropy and healpy, and looks at what is drawn. The oracles' answers come from `tests/fixtures/sky/make.py`.

use proptest::prelude::*;

use super::contour;
use super::outline::Outline;
use super::projection::{Gnomonic, Mollweide};
use super::*;

const MAP: Mollweide = Mollweide { middle: 180.0, at: (500.0, 250.0), radius: 240.0 };

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

macro_rules! fixture {
    (text $name:literal) => {
        include_str!(concat!("../../tests/fixtures/sky/", $name))
    };
    ($name:literal) => {
        include_bytes!(concat!("../../tests/fixtures/sky/", $name)).as_slice()
    };
}

const BANANA: &[u8] = fixture!("banana.multiorder.fits.gz");
const SMALL: &[u8] = fixture!("small.fits");

#[test]
fn galactic_coordinates_are_those_of_astropy() {
    for row in rows(fixture!(text "galactic.csv")) {
        let [ra, dec, l, b] = numbers(&row)[..] else { panic!("{row:?}") };
        let (our_l, our_b) = at(ra, dec).galactic();
        let distance = at(our_l, our_b).separation(at(l, b)) * 3600.0;
        assert!(distance < 0.1, "{row:?} is off by {distance}″");
        assert!(Equatorial::from_galactic(our_l, our_b).separation(at(ra, dec)) < 1e-6);
    }
}

#[test]
fn separations_and_position_angles_are_those_of_astropy() {
    for row in rows(fixture!(text "separation.csv")) {
        let [ra1, dec1, ra2, dec2, separation, angle] = numbers(&row)[..] else { panic!("{row:?}") };
        let (a, b) = (at(ra1, dec1), at(ra2, dec2));
        assert!((a.separation(b) - separation).abs() < 1e-9, "{row:?}");
        assert!(apart(a.bearing(b), angle) < 1e-4, "{row:?}: {}", a.bearing(b));
        assert!(a.offset(separation, a.bearing(b)).separation(b) < 1e-8, "{row:?}");
    }
}

#[test]
fn constellations_are_those_of_astropy() {
    let rows: Vec<_> = rows(fixture!(text "constellations.csv")).collect();
    assert!(rows.len() > 1400);
    for row in rows {
        let [ra, dec] = numbers(&row)[..] else { panic!("{row:?}") };
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
    let text = |error| { let (ra, dec) = boat.sexagesimal(error); format!("{ra} {dec}") };
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
    for (angle, words) in [(0.05, "3′"), (0.0014, "5″"), (23.2, "23°"), (3.35, "3.4°"), (0.0167, "1′"), (1.0, "1°"), (0.999, "1°"), (0.0, "0″"), (0.204, "12′"), (0.0001, "0.4″")] {
        assert_eq!(angle_words(angle), words, "{angle}");
    }
    assert_eq!(angle_words(f64::NAN), "—");
}

#[test]
fn areas_of_credible_regions_are_those_of_healpy_to_a_pixel() {
    let files = [fixture!("gaussian-ring.fits.gz"), fixture!("gaussian-nested.fits.gz"), SMALL, BANANA];
    for (row, file) in rows(fixture!(text "areas.csv")).zip(files) {
        let [area_50, area_90, pixel, ra, dec] = numbers(&row)[..] else { panic!("{row:?}") };
        let map = CredibleMap::from_fits(file).unwrap();
        assert!((map.area_50() - area_50).abs() <= pixel * 1.01, "{row:?}: {}", map.area_50());
        assert!((map.area_90() - area_90).abs() <= pixel * 1.01, "{row:?}: {}", map.area_90());
        // Where several pixels are the densest, either will do.
        assert!(map.best_position().separation(at(ra, dec)) < pixel.sqrt() * 1.5, "{row:?}: {:?}", map.best_position());
        assert!(map.half_contains(map.best_position()));
    }
}

#[test]
fn drawn_borders_hold_the_area_they_should() {
    for file in [fixture!("gaussian-ring.fits.gz"), BANANA] {
        let map = CredibleMap::from_fits(file).unwrap();
        for (coverage, area) in [(&map.half, map.area_50()), (&map.most, map.area_90())] {
            let drawn = contour::outline(coverage).filled(&MAP).iter().map(|piece| signed_area(piece).abs()).sum::<f64>();
            let drawn = drawn / (std::f64::consts::PI * 240.0 * 480.0) * WHOLE_SKY;
            assert!((drawn / area - 1.0).abs() < 0.04, "{drawn} deg² drawn for {area}");
        }
    }
}

fn signed_area(polygon: &[(f64, f64)]) -> f64 {
    let next = polygon.iter().cycle().skip(1);
    polygon.iter().zip(next).map(|(a, b)| (a.0 * b.1 - b.0 * a.1) / 2.0).sum()
}

#[test]
fn a_region_is_the_same_after_the_database() {
    for region in [Region::circle(at(288.26, 19.77), 0.05), Region::from_map(BANANA).unwrap(), Region::from_map(SMALL).unwrap()] {
        let text = region.to_text();
        assert!(text.len() < 8000 && !text.contains('\n'));
        assert_eq!(Region::from_text(&text), Ok(region));
    }
}

#[test]
fn other_programs_can_read_the_stored_cells() {
    let Region::Map(map) = Region::from_map(BANANA).unwrap() else { panic!("not a map") };
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
    for dec in [-89.999, -89.0, -80.0, -45.0, -1.0, 0.0, 0.001, 30.0, 66.6, 85.0, 89.9] {
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
    for (center, radius) in [(at(180.0, 0.0), 10.0), (at(10.0, 0.0), 20.0), (at(350.0, 75.0), 23.0), (at(80.0, -85.0), 30.0), (at(100.0, -30.0), 60.0), (at(100.0, 20.0), 130.0)] {
        let pieces = Outline::circle(center, radius).filled(&MAP);
        // Added up by the even-odd rule: the whole map less a hole counts as the difference.
        let whole = std::f64::consts::PI * 240.0 * 480.0;
        let areas: Vec<f64> = pieces.iter().map(|p| signed_area(p).abs()).collect();
        let with_map = areas.iter().any(|a| *a > whole * 0.999);
        let drawn = if with_map { areas.iter().fold(0.0_f64, |left, a| (left - a).abs()) } else { areas.iter().sum() };
        let wanted = (1.0 - f64::to_radians(radius).cos()) / 2.0;
        assert!((drawn / whole - wanted).abs() < 0.002, "{center:?} {radius}: {} instead of {wanted}", drawn / whole);
    }
}

#[test]
fn no_line_runs_across_the_map() {
    for (center, radius) in [(at(359.0, -5.0), 12.0), (at(350.0, 75.0), 23.0), (at(1.0, 89.0), 1.0), (at(0.0, -90.0), 40.0), (at(80.0, -30.0), 60.0)] {
        for stroke in Outline::circle(center, radius).strokes(&MAP) {
            let longest = stroke.windows(2).map(|s| (s[0].0 - s[1].0).hypot(s[0].1 - s[1].1)).fold(0.0, f64::max);
            assert!(longest < 60.0, "{center:?} {radius} has a streak of {longest}");
        }
    }
}

#[test]
fn the_star_table_holds_the_sky() {
    assert_eq!(stars::brighter_than(9.0).count(), 41_411);
    let sirius = stars::brighter_than(-1.0).collect::<Vec<_>>();
    assert_eq!(sirius.len(), 1);
    assert!(sirius[0].position.separation(at(101.2872, -16.7161)) * 3600.0 < 2.0 && (sirius[0].magnitude + 1.44).abs() < 0.03);
    assert_eq!(stars::names(&sirius)[0].1, stars::Name { designation: "α", proper: "Sirius" });
    for center in [at(0.1, 0.0), at(359.9, 89.0), at(120.0, -89.5), at(84.0, 0.0)] {
        let slow = stars::brighter_than(9.0).filter(|s| s.position.separation(center) <= 3.0).count();
        assert_eq!(stars::around(center, 3.0, 9.0).count(), slow);
    }
    assert_eq!((stars::messier().count(), stars::constellation_labels().count()), (110, 89));
    assert_eq!(stars::FIGURES.iter().map(Vec::len).sum::<usize>(), 893);
}

/// Parses a drawing and holds it against the rules for drawings.
fn inspect(drawing: &str, what: &str) {
    use quick_xml::{Reader, events::Event};
    assert!(drawing.len() <= 120_000, "{what} has {} bytes", drawing.len());
    assert!(!drawing.contains("NaN") && !drawing.contains("inf "), "{what} holds what is no number");
    let (mut reader, mut depth, mut titles) = (Reader::from_str(drawing), 0, 0);
    loop {
        let (element, opens) = match reader.read_event().unwrap() {
            Event::Start(element) => (element, 1),
            Event::Empty(element) => (element, 0),
            Event::End(_) => { depth -= 1; continue }
            Event::Eof => break,
            _ => continue,
        };
        depth += opens;
        let name = element.name().as_ref().to_owned();
        titles += u8::from(name == "title");
        assert!(!["style", "script", "foreignObject", "image", "use", "a"].contains(&name.as_str()), "{what} has <{name}>");
        for attribute in element.attributes() {
            let attribute = attribute.unwrap();
            let key = attribute.key.as_ref();
            assert!(key != "style" && key != "id" && !key.starts_with("on") && !key.contains("href"), "{what} has {key}");
        }
    }
    assert_eq!((depth, titles), (0, 1), "{what}");
}

/// Both drawings of one burst.
fn draw(title: &str, position: Equatorial, region: Option<&Region>, field: Option<f64>) -> [String; 2] {
    let earlier = [Mark { position: position.offset(3.0, 120.0), radius: 2.0, label: "<earlier & \"other\">" }];
    let moon = Moon { position: at(20.0, 9.0), illuminated: 0.3 };
    [
        chart(&ChartSpec { title, position, region, earlier: &earlier, sun: Some(at(196.0, -6.8)), moon: Some(moon) }),
        finder(&FinderSpec { title, position, region, field, earlier: &earlier }),
    ]
}

#[test]
fn drawings_keep_the_rules_everywhere() {
    for (ra, dec) in [(288.26, 19.77), (0.0, 90.0), (0.0, -90.0), (359.99, 0.0), (180.0, 45.0), (266.4, -29.0), (350.0, 75.0)] {
        for radius in [0.0, 0.0001, 0.05, 3.0, 15.0, 23.0, 60.0, 90.0, 130.0, 180.0] {
            let region = Region::circle(at(ra, dec), radius);
            let [sky, near] = draw("GRB <221009A> & \u{1}'co'", at(ra, dec), Some(&region), None);
            inspect(&sky, &format!("chart {ra} {dec} {radius}"));
            inspect(&near, &format!("finder {ra} {dec} {radius}"));
        }
    }
}

#[test]
fn drawings_of_maps_keep_the_rules() {
    for (name, file) in [("banana", BANANA), ("small", SMALL), ("gaussian", fixture!("gaussian-nested.fits.gz"))] {
        let region = Region::from_map(file).unwrap();
        for field in [None, Some(0.5), Some(60.0), Some(f64::NAN), Some(1e9)] {
            for drawing in draw("S250505ab", region.best_position(), Some(&region), field) {
                inspect(&drawing, name);
            }
        }
    }
}

#[test]
fn the_smallest_circle_is_seen_and_said() {
    let region = Region::circle(at(288.26, 19.77), 0.05);
    let [sky, near] = draw("GRB 221009A", at(288.26, 19.77), Some(&region), None);
    assert!(sky.contains(r#"class="target""#) && sky.contains("in Sagitta; 90 % of the probability lies within 3′"));
    assert!(sky.contains(r#"r="9""#) && near.contains("Sagitta · 90 % within 3′ · field 4°") && near.contains(r#"class="region-90-line""#));
    let [alone, _] = draw("GRB 221009A", at(288.26, 19.77), None, None);
    assert!(!alone.contains("region-90"));
}

/// A FITS file with one table; cards are `KEY     = value`, padded here.
fn fits(cards: &[&str], data: &[u8]) -> Vec<u8> {
    let block = |cards: &[&str]| {
        let mut text: String = cards.iter().chain(&["END"]).map(|card| format!("{card:<80}")).collect();
        text += &" ".repeat(text.len().next_multiple_of(2880) - text.len());
        text.into_bytes()
    };
    let mut file = block(&["SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    0"]);
    file.extend(block(cards));
    file.extend(data);
    file.resize(file.len().next_multiple_of(2880), 0);
    file
}

/// A multi-order map of the given UNIQ numbers and densities, with some of its cards changed.
fn multi_order(cells: &[(i64, f64)], changed: &[(&str, &str)]) -> Vec<u8> {
    let rows = cells.len().to_string();
    let standard = [("XTENSION", "'BINTABLE'"), ("BITPIX", "8"), ("NAXIS", "2"), ("NAXIS1", "16"), ("NAXIS2", &rows), ("PCOUNT", "0"), ("GCOUNT", "1"), ("TFIELDS", "2"), ("TTYPE1", "'UNIQ'"), ("TFORM1", "'K'"), ("TTYPE2", "'PROBDENSITY'"), ("TFORM2", "'D'"), ("ORDERING", "'NUNIQ'"), ("COORDSYS", "'C'")];
    let cards = standard.map(|(key, value)| format!("{key:<8}= {}", changed.iter().find(|c| c.0 == key).map_or(value, |c| c.1)));
    let data: Vec<u8> = cells.iter().flat_map(|(uniq, density)| [uniq.to_be_bytes(), density.to_be_bytes()].concat()).collect();
    fits(&cards.each_ref().map(String::as_str), &data)
}

#[test]
fn odd_cells_are_refused_or_borne() {
    let read = |cells: &[(i64, f64)]| CredibleMap::from_fits(&multi_order(cells, &[]));
    assert!((read(&[(4, 1.0)]).unwrap().area_90() - WHOLE_SKY / 12.0).abs() < 1e-6);
    assert_eq!(read(&[(4, f64::NAN), (5, -1.6375e30), (6, 0.0)]), Err(MapFault::Empty));
    for uniq in [-1, 0, 1, 2, 3, i64::MAX] {
        assert!(matches!(read(&[(uniq, 1.0)]), Err(MapFault::NotHealpix(_))), "{uniq}");
    }
    // The same place twice, and a cell inside another.
    assert!(read(&[(4, 1.0), (4, 2.0), (16, 3.0), (4_611_686_018_427_387_904 / 4, 1.0)]).is_ok());
    assert_eq!(read(&[(4, f64::MAX), (5, f64::MAX)]), Err(MapFault::Empty));
}

#[test]
fn lying_headers_are_refused() {
    let lies = [("NAXIS1", "0"), ("NAXIS1", "15"), ("NAXIS1", "99999999999999999999"), ("NAXIS2", "18446744073709551615"), ("NAXIS2", "-1"), ("NAXIS", "999"), ("TFIELDS", "65"), ("TFORM1", "'9999999999999999999K'"), ("TFORM2", "'PD(3)'"), ("TFORM1", "''"), ("ORDERING", "'RING'"), ("COORDSYS", "'G'"), ("BITPIX", "'"), ("TTYPE1", "'PIXEL'")];
    for lie in lies {
        let answer = CredibleMap::from_fits(&multi_order(&[(4, 1.0)], &[lie]));
        assert!(answer.is_err(), "{lie:?} passed");
    }
}

#[test]
fn floods_are_turned_away() {
    assert_eq!(CredibleMap::from_fits(fixture!("bomb.fits.gz")), Err(MapFault::TooLarge));
    assert_eq!(CredibleMap::from_fits(&vec![b' '; skymap::LARGEST_FILE + 1]), Err(MapFault::TooLarge));
    assert_eq!(CredibleMap::from_fits(&[]), Err(MapFault::NotFits));
    assert_eq!(CredibleMap::from_fits(&[0x1f, 0x8b, 8]), Err(MapFault::NotFits));
    assert_eq!(Region::from_text("map 1 2 3 4 | 11/0-50331647 | 0/"), Err(MapFault::NotRegion));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn broken_maps_are_refused_or_drawn(
        places in prop::collection::vec((0_usize..SMALL.len(), any::<u8>()), 0..40),
        header in prop::collection::vec((2880_usize..5000, prop::sample::select(b"0123456789'EDJK /=".to_vec())), 0..12),
        length in 0_usize..=SMALL.len(),
        whole in any::<bool>(),
    ) {
        let mut file = SMALL.to_vec();
        for (place, byte) in places.into_iter().chain(header) {
            file[place] = byte;
        }
        if !whole {
            file.truncate(length);
        }
        if let Ok(region) = Region::from_map(&file) {
            prop_assert_eq!(Region::from_text(&region.to_text()), Ok(region.clone()));
            inspect(&draw("broken", region.best_position(), Some(&region), None)[0], "broken");
        }
    }

    #[test]
    fn broken_gzip_is_borne(places in prop::collection::vec((0_usize..12_000, any::<u8>()), 1..8)) {
        let mut file = fixture!("gaussian-nested.fits.gz").to_vec();
        for (place, byte) in places {
            file[place] = byte;
        }
        let _ = Region::from_map(&file);
    }

    #[test]
    fn any_cells_can_be_drawn(cells in prop::collection::vec((0_u8..=29, any::<u64>(), 1e-6_f64..1.0), 1..60)) {
        let uniq = |order: u8, index: u64| (4_u64 << (2 * order)) + index % (12 << (2 * order));
        let cells: Vec<(i64, f64)> = cells.into_iter().map(|(order, index, density)| (i64::try_from(uniq(order, index)).unwrap(), density)).collect();
        let region = Region::from_map(&multi_order(&cells, &[])).unwrap();
        prop_assert!(region.contains(region.best_position()));
        for drawing in draw("cells", region.best_position(), Some(&region), None) {
            inspect(&drawing, "cells");
        }
    }

    #[test]
    fn any_circle_can_be_drawn(ra in 0.0..360.0, dec in -90.0..=90.0, radius in 0.0..=180.0) {
        let region = Region::circle(at(ra, dec), radius);
        for drawing in draw("circle", at(ra, dec), Some(&region), None) {
            inspect(&drawing, "circle");
        }
    }

    #[test]
    fn any_text_is_refused_or_a_region(text in "(map|circle)( -?[0-9]{1,3}(\\.[0-9])?){3,5}( \\| ?[0-9/ -]{0,12}){0,3}") {
        if let Ok(region) = Region::from_text(&text) {
            inspect(&draw("text", region.best_position(), Some(&region), None)[0], "text");
        }
    }
}
