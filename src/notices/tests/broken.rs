//! Broken, hostile and odd bodies are read or refused, and nothing worse.

use proptest::prelude::*;

use super::canonical::{
    Draw, JSONS, TEXTS, VOEVENTS, circular, draws, of_igwn, of_packet, of_schema,
};
use super::voevent;
use crate::notices::{Format, LARGEST, NoticeError, read, sky_map, split, write};

const TIME: &str = "2026-03-01T10:00:00.00";

fn plain() -> String {
    String::from_utf8(voevent(
        61,
        &[("TrigID", "1234567")],
        TIME,
        Some(("10.5", "-20.25", "0.05")),
    ))
    .unwrap()
}

#[test]
fn a_document_type_is_refused() {
    let bomb = format!(
        "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>{}",
        plain()
    );
    assert_eq!(read(bomb.as_bytes()), Err(NoticeError::Dtd));
    let unknown = plain().replace("1234567", "&b;");
    assert!(matches!(read(unknown.as_bytes()), Err(NoticeError::Xml(_))));
}

#[test]
fn bounds_are_kept() {
    assert_eq!(
        read(&vec![b' '; LARGEST + 1]),
        Err(NoticeError::TooLarge(LARGEST + 1))
    );
    assert_eq!(read(b" \n"), Err(NoticeError::Empty));
    let deep = format!("<VOEvent>{}", "<a>".repeat(100_000));
    assert_eq!(read(deep.as_bytes()), Err(NoticeError::TooDeep));
    let deep = format!("{{\"id\":{}", "[".repeat(100_000));
    assert!(matches!(read(deep.as_bytes()), Err(NoticeError::Json(_))));
    let many = plain().replace(
        "<What>",
        &format!("<What>{}", "<Param name=\"a\"/>".repeat(5000)),
    );
    assert_eq!(read(many.as_bytes()), Err(NoticeError::TooDeep));
}

#[test]
fn what_is_no_notice_is_named() {
    let said = |body: &[u8]| read(body).unwrap_err().to_string();
    assert_eq!(
        said(b"<quakeml/>"),
        "It is XML, but a \"quakeml\" instead of a VOEvent."
    );
    assert_eq!(
        said(b"[{\"id\":1},{\"id\":2}]"),
        "It holds 2 notices where one is read at a time."
    );
    assert!(said(b"hello").starts_with("It is neither XML, nor JSON"));
    assert!(said(&plain().as_bytes()[..400]).starts_with("It is cut off"));
    assert!(said(b"{\"ra\": 1}").contains("neither a time nor an id"));
    assert!(said(b"{").starts_with("Its JSON is broken"));
    assert!(said(plain().replace("</Who>", "</What>").as_bytes()).starts_with("Its XML is broken"));
}

#[test]
fn encodings_prefixes_and_marks_do_not_matter() {
    let expected = read(plain().as_bytes()).unwrap();
    let marked = format!(
        "\u{feff}<?xml version='1.0' encoding='UTF-8'?>\n{}",
        plain()
    );
    let bare = plain()
        .replace("v:VOEvent", "VOEvent")
        .replace("xmlns:v=", "xmlns=");
    let unbound = plain().replace(
        " xmlns:v=\"http://www.ivoa.net/xml/VOEvent/v2.0\"",
        " xsi:schemaLocation=\"x\"",
    );
    for xml in [marked, bare, unbound, plain().replace("><", ">\r\n<")] {
        assert_eq!(read(xml.as_bytes()), Ok(expected.clone()), "{xml}");
    }
    let wide: Vec<u8> = plain().encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(
        read(&[&[0xFF, 0xFE], &wide[..]].concat()),
        Ok(expected.clone())
    );
    let latin = plain().replace(
        "<Who>",
        "<Who><Author><shortName>\u{fc}</shortName></Author>",
    );
    let latin: Vec<u8> = latin
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let head = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>";
    assert_eq!(read(&[head, &latin[..]].concat()), Ok(expected));
}

#[test]
fn the_map_inside_a_notice_comes_out() {
    let with = |map: &str| format!(r#"{{"superevent_id":"S1","event":{{"skymap":"{map}"}}}}"#);
    assert_eq!(
        sky_map(with("U0lNUExFICA9").as_bytes()).as_deref(),
        Some(&b"SIMPLE  ="[..])
    );
    assert_eq!(
        sky_map(br#"{"healpix_file":"H4sIAAAAAAAAAw=="}"#).as_deref(),
        Some(&[0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3][..])
    );
    assert_eq!(sky_map(with("aGVsbG8=").as_bytes()), None); // no FITS
    assert_eq!(sky_map(with("%%").as_bytes()), None);
    assert_eq!(sky_map(b"<VOEvent/>"), None);
}

/// One of every sort of body that is read.
fn bodies(draw: &Draw) -> Vec<Vec<u8>> {
    let voevents = VOEVENTS
        .iter()
        .map(|p| (of_packet(*p, Format::Voevent, draw), Format::Voevent));
    let texts = TEXTS
        .iter()
        .map(|p| (of_packet(*p, Format::Text, draw), Format::Text));
    let jsons = JSONS.iter().map(|m| (of_schema(m, draw), Format::Json));
    let rest = [
        (of_igwn(draw), Format::Json),
        (circular(draw), Format::Json),
        (circular(draw), Format::Text),
    ];
    let all = voevents.chain(texts).chain(jsons).chain(rest);
    all.map(|(notice, format)| write(&notice, format)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn no_damage_makes_it_panic(
        draw in draws(),
        cut in any::<prop::sample::Index>(),
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        for mut body in bodies(&draw) {
            for (at, byte) in &hits {
                let at = at.index(body.len());
                body[at] = *byte;
            }
            prop_assert!(survives(&body));
            body.truncate(cut.index(body.len()));
            prop_assert!(survives(&body));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        body in prop::collection::vec(any::<u8>(), 0..400),
        head in prop::sample::select(vec!["", "<", "{", "[{", "TITLE: GCN\nNOTICE_TYPE: ", "<VOEvent ", "{\"id\":"]),
    ) {
        prop_assert!(survives(&[head.as_bytes(), &body].concat()));
    }
}

/// Every way in; a panic is the only failure.
fn survives(body: &[u8]) -> bool {
    for part in split(body) {
        if let Ok(notice) = read(&part) {
            let _ = (notice.burst_key(), notice.locates_burst());
            if let Some(circular) = &notice.circular {
                let _ = (
                    circular.triggers(),
                    circular.burst_names(),
                    circular.says_not_a_grb(),
                );
            }
            for format in [
                Format::Voevent,
                Format::Text,
                Format::Json,
                Format::Circular,
            ] {
                let _ = write(&notice, format);
            }
        }
        let _ = sky_map(&part);
    }
    true
}
