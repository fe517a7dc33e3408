//! Draws sound, odd and broken regions and holds the drawings against their rules.

use proptest::prelude::*;

use super::*;

/// Parses a drawing and holds it against the rules for drawings.
pub(super) fn inspect(drawing: &str, what: &str) {
    use quick_xml::{Reader, events::Event};
    assert!(
        drawing.len() <= 120_000,
        "{what} has {} bytes",
        drawing.len()
    );
    assert!(
        !drawing.contains("NaN") && !drawing.contains("inf "),
        "{what} holds what is no number"
    );
    let (mut reader, mut depth, mut titles) = (Reader::from_str(drawing), 0, 0);
    loop {
        let (element, opens) = match reader.read_event().unwrap() {
            Event::Start(element) => (element, 1),
            Event::Empty(element) => (element, 0),
            Event::End(_) => {
                depth -= 1;
                continue;
            }
            Event::Eof => break,
            _ => continue,
        };
        depth += opens;
        let name = element.name().as_ref().to_owned();
        titles += u8::from(name == "title");
        assert!(
            !["style", "script", "foreignObject", "image", "use", "a"].contains(&name.as_str()),
            "{what} has <{name}>"
        );
        for attribute in element.attributes() {
            let attribute = attribute.unwrap();
            let key = attribute.key.as_ref();
            assert!(
                key != "style" && key != "id" && !key.starts_with("on") && !key.contains("href"),
                "{what} has {key}"
            );
        }
    }
    assert_eq!((depth, titles), (0, 1), "{what}");
}

/// Both drawings of one burst.
fn draw(
    title: &str,
    position: Equatorial,
    region: Option<&Region>,
    field: Option<f64>,
) -> [String; 2] {
    let earlier = [Mark {
        position: position.offset(3.0, 120.0),
        radius: 2.0,
        label: "<earlier & \"other\">",
    }];
    let moon = Moon {
        position: at(20.0, 9.0),
        illuminated: 0.3,
    };
    let zenith = position.offset(70.0, 200.0);
    let horizon: Vec<Equatorial> = (0..72)
        .map(|i| zenith.offset(85.0, f64::from(i) * 5.0))
        .collect();
    [
        chart(&ChartSpec {
            title,
            position,
            region,
            earlier: &earlier,
            fields: &[],
            sun: Some(at(196.0, -6.8)),
            moon: Some(moon),
            view: Some(View {
                horizon: &horizon,
                zenith,
            }),
        }),
        finder(&FinderSpec {
            title,
            position,
            off: region.map_or(0.0, Region::radius),
            region,
            field,
            earlier: &earlier,
            fields: &[],
        }),
    ]
}

#[test]
fn drawings_keep_the_rules_everywhere() {
    for (ra, dec) in [
        (288.26, 19.77),
        (0.0, 90.0),
        (0.0, -90.0),
        (359.99, 0.0),
        (180.0, 45.0),
        (266.4, -29.0),
        (350.0, 75.0),
    ] {
        for radius in [0.0, 0.0001, 0.05, 3.0, 15.0, 23.0, 60.0, 90.0, 130.0, 180.0] {
            let region = Region::circle(at(ra, dec), radius);
            let [sky, near] = draw(
                "GRB <221009A> & \u{1}'co'",
                at(ra, dec),
                Some(&region),
                None,
            );
            inspect(&sky, &format!("chart {ra} {dec} {radius}"));
            inspect(&near, &format!("finder {ra} {dec} {radius}"));
        }
    }
}

#[test]
fn drawings_of_maps_keep_the_rules() {
    for (name, file) in [
        ("banana", BANANA),
        ("small", SMALL),
        ("gaussian", fixture!("gaussian-nested.fits.gz")),
    ] {
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
    assert!(
        sky.contains(r#"class="target""#)
            && sky.contains("in Sagitta; 90 % of the probability lies within 3′")
    );
    assert!(
        sky.contains(r#"r="9""#)
            && near.contains("Sagitta · 90 % within 3′ · field 4°")
            && near.contains(r#"class="region-90-line""#)
    );
    let [alone, _] = draw("GRB 221009A", at(288.26, 19.77), None, None);
    assert!(!alone.contains("region-90"));
}

/// A FITS file with one table; cards are `KEY     = value`, padded here.
fn fits(cards: &[&str], data: &[u8]) -> Vec<u8> {
    let block = |cards: &[&str]| {
        let mut text: String = cards
            .iter()
            .chain(&["END"])
            .map(|card| format!("{card:<80}"))
            .collect();
        text += &" ".repeat(text.len().next_multiple_of(2880) - text.len());
        text.into_bytes()
    };
    let mut file = block(&[
        "SIMPLE  =                    T",
        "BITPIX  =                    8",
        "NAXIS   =                    0",
    ]);
    file.extend(block(cards));
    file.extend(data);
    file.resize(file.len().next_multiple_of(2880), 0);
    file
}

/// A multi-order map of the given UNIQ numbers and densities, with some of its cards changed.
fn multi_order(cells: &[(i64, f64)], changed: &[(&str, &str)]) -> Vec<u8> {
    let rows = cells.len().to_string();
    let standard = [
        ("XTENSION", "'BINTABLE'"),
        ("BITPIX", "8"),
        ("NAXIS", "2"),
        ("NAXIS1", "16"),
        ("NAXIS2", &rows),
        ("PCOUNT", "0"),
        ("GCOUNT", "1"),
        ("TFIELDS", "2"),
        ("TTYPE1", "'UNIQ'"),
        ("TFORM1", "'K'"),
        ("TTYPE2", "'PROBDENSITY'"),
        ("TFORM2", "'D'"),
        ("ORDERING", "'NUNIQ'"),
        ("COORDSYS", "'C'"),
    ];
    let cards = standard.map(|(key, value)| {
        format!(
            "{key:<8}= {}",
            changed.iter().find(|c| c.0 == key).map_or(value, |c| c.1)
        )
    });
    let data: Vec<u8> = cells
        .iter()
        .flat_map(|(uniq, density)| [uniq.to_be_bytes(), density.to_be_bytes()].concat())
        .collect();
    fits(&cards.each_ref().map(String::as_str), &data)
}

#[test]
fn odd_cells_are_refused_or_borne() {
    let read = |cells: &[(i64, f64)]| CredibleMap::from_fits(&multi_order(cells, &[]));
    assert!((read(&[(4, 1.0)]).unwrap().area_90() - WHOLE_SKY / 12.0).abs() < 1e-6);
    assert_eq!(
        read(&[(4, f64::NAN), (5, -1.6375e30), (6, 0.0)]),
        Err(MapFault::Empty)
    );
    for uniq in [-1, 0, 1, 2, 3, i64::MAX] {
        assert!(
            matches!(read(&[(uniq, 1.0)]), Err(MapFault::NotHealpix(_))),
            "{uniq}"
        );
    }
    // The same place twice, and a cell inside another.
    assert!(
        read(&[
            (4, 1.0),
            (4, 2.0),
            (16, 3.0),
            (4_611_686_018_427_387_904 / 4, 1.0)
        ])
        .is_ok()
    );
    assert_eq!(read(&[(4, f64::MAX), (5, f64::MAX)]), Err(MapFault::Empty));
}

#[test]
fn a_map_of_noise_still_makes_a_chart() {
    let noise = |i: i64| f64::from(u16::try_from((i * 7919 + i * i * 31) % 1009).unwrap() + 1);
    let cells: Vec<(i64, f64)> = (0..12 << 12).map(|i| ((4 << 12) + i, noise(i))).collect();
    let region = Region::from_map(&multi_order(&cells, &[])).unwrap();
    assert!(
        region.to_text().len() < 40_000,
        "{}",
        region.to_text().len()
    );
    for drawing in draw("noise", region.best_position(), Some(&region), None) {
        inspect(&drawing, "noise");
    }
}

#[test]
fn lying_headers_are_refused() {
    let lies = [
        ("NAXIS1", "0"),
        ("NAXIS1", "15"),
        ("NAXIS1", "99999999999999999999"),
        ("NAXIS2", "18446744073709551615"),
        ("NAXIS2", "-1"),
        ("NAXIS", "999"),
        ("TFIELDS", "65"),
        ("TFORM1", "'9999999999999999999K'"),
        ("TFORM2", "'PD(3)'"),
        ("TFORM1", "''"),
        ("ORDERING", "'RING'"),
        ("COORDSYS", "'G'"),
        ("BITPIX", "'"),
        ("TTYPE1", "'PIXEL'"),
    ];
    for lie in lies {
        let answer = CredibleMap::from_fits(&multi_order(&[(4, 1.0)], &[lie]));
        assert!(answer.is_err(), "{lie:?} passed");
    }
}

#[test]
fn floods_are_turned_away() {
    assert_eq!(
        CredibleMap::from_fits(fixture!("bomb.fits.gz")),
        Err(MapFault::TooLarge)
    );
    assert_eq!(
        CredibleMap::from_fits(&vec![b' '; skymap::LARGEST_FILE + 1]),
        Err(MapFault::TooLarge)
    );
    assert_eq!(CredibleMap::from_fits(&[]), Err(MapFault::NotFits));
    assert_eq!(
        CredibleMap::from_fits(&[0x1f, 0x8b, 8]),
        Err(MapFault::NotFits)
    );
    assert_eq!(
        Region::from_text("map 1 2 3 4 | 11/0-50331647 | 0/"),
        Err(MapFault::NotRegion)
    );
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
