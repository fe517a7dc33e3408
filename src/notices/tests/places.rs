//! Where a notice places a burst, and how surely.

use super::voevent;
use crate::notices::{Format, Kind};
use crate::notices::{Notice, read, show, write};

fn placed(packet: u16, place: (&str, &str, &str)) -> Notice {
    read(&voevent(
        packet,
        &[("TrigID", "1")],
        "2026-03-01T10:00:00.00",
        Some(place),
    ))
    .unwrap()
}

fn radius_90(notice: &Notice) -> Option<f64> {
    notice.localization.as_ref().and_then(|l| l.error_radius_90)
}

#[test]
fn each_missions_radius_becomes_one_of_90_percent() {
    // Worked out by hand: 1.42 · 10 = 14.2; √(10² + 3.7²) = 10.66255, · 1.42 = 15.14082.
    let table = [
        (111, "10.0", 14.2),       // GBM flight, systematic included
        (119, "5.8", 8.236),       // GBM test: the same
        (112, "10.0", 15.140_82),  // GBM ground
        (115, "1.0", 5.442_51),    // GBM final: √(1 + 13.69) = 3.832754, · 1.42
        (131, "16.13", 23.499_47), // GBM sub-threshold, as ground: √(260.1769 + 13.69) = 16.548925
        (120, "0.5", 0.71),        // LAT on board, 1 σ
        (128, "0.35", 0.35),       // LAT offline, 90 %
        (61, "0.05", 0.05),        // Swift BAT 3′
        (67, "0.0013", 0.0013),    // Swift XRT
        (202, "0.1057", 0.1057),   // ECLAIRs R90
        (134, "1.0", 1.0),         // MAXI
        (173, "0.92", 0.92),       // IceCube, 90 %
        (188, "2.0", 2.84),        // GECAM, 1 σ
        (53, "0.0464", 0.0464),    // INTEGRAL
    ];
    for (packet, radius, expected) in table {
        let notice = placed(packet, ("10.5", "-20.25", radius));
        let found = radius_90(&notice).unwrap();
        assert!(
            (found - expected).abs() < 1e-5,
            "packet {packet}: {found}, expected {expected}"
        );
        let given: f64 = radius.parse().unwrap();
        assert_eq!(
            notice.localization.unwrap().error_radius,
            Some(given),
            "packet {packet}"
        );
    }
}

#[test]
fn nu_em_states_its_radius_of_90_percent_apart() {
    let params = [
        ("Event_ID", "73310"),
        ("src_err_90", "40.20"),
        ("src_err_50", "22.20"),
    ];
    let notice = read(&voevent(
        172,
        &params,
        "2026-03-01T10:00:00",
        Some(("162.34", "19.46", "0.37")),
    ))
    .unwrap();
    assert_eq!(radius_90(&notice), Some(0.67)); // 40.2′
}

#[test]
fn a_stated_containment_is_converted_as_a_gaussian() {
    let json = |rest: &str| {
        let text = format!(
            r#"{{"mission":"MAXI","id":"5","trigger_time":"2026-03-01T10:00:00Z","ra":10,"dec":20,{rest}}}"#
        );
        radius_90(&read(text.as_bytes()).unwrap()).unwrap()
    };
    let near = |a: f64, b: f64| (a - b).abs() < 1e-4;
    assert!(near(json(r#""ra_dec_error":1.5"#), 1.5)); // the schema's default is 0.9
    assert!(near(
        json(r#""ra_dec_error":1,"containment_probability":0.68"#),
        1.4216
    )); // √(2.302585 / 1.139434)
    assert!(near(
        json(r#""ra_dec_error":1,"containment_probability":0.95"#),
        0.8767
    )); // √(2.302585 / 2.995732)
    assert!(near(
        json(r#""ra_dec_error":[0.22,0.3,153],"containment_probability":0.9"#),
        0.3
    ));
}

#[test]
fn a_json_notice_of_gbm_follows_the_rule_of_gbm() {
    let json = |subtype: &str, systematic: bool| {
        let text = format!(
            r#"{{"mission":"Fermi","instrument":"GBM","subtype":"{subtype}","id":["745121685","bn240812094"],
                "trigger_time":"2024-08-24T02:14:40.43","ra":236.783,"dec":66.633,"ra_dec_error":10,
                "containment_probability":0.68,"systematic_included":{systematic}}}"#
        );
        read(text.as_bytes()).unwrap()
    };
    let flight = json("FLIGHT_POSITION", true);
    assert_eq!(
        (flight.kind, radius_90(&flight)),
        (Kind::Flight, Some(14.2))
    );
    assert_eq!(
        (flight.trigger_id.as_deref(), flight.name.as_deref()),
        (Some("745121685"), Some("bn240812094"))
    );
    let last = json("FINAL_POSITION", false);
    assert!((radius_90(&last).unwrap() - 15.140_82).abs() < 1e-5);
}

#[test]
fn units_of_a_text_are_those_in_its_bracket() {
    let table = [
        ("3.00 [arcmin radius, statistical only]", 0.05),
        ("4.68 [arcsec radius, statistical plus systematic]", 0.0013),
        ("0.25 [deg radius]", 0.25),
    ];
    for (error, expected) in table {
        let text = format!(
            "TITLE:       GCN/SWIFT NOTICE\nNOTICE_DATE: Sun 01 Mar 26 10:00:30 UT\nNOTICE_TYPE: Swift-XRT Position\n\
             TRIGGER_NUM: 1234567,   Seg_Num: 0\nGRB_RA:      10.5000d {{+00h 42m 00s}} (J2000),\n             10.9d (current)\n\
             GRB_DEC:     -20.2500d {{-20d 15' 00\"}} (J2000),\nGRB_ERROR:   {error}\n\
             GRB_DATE:    21100 TJD;    60 DOY;   26/03/01\nGRB_TIME:    36000.00 SOD {{10:00:00.00}} UT\n"
        );
        let notice = read(text.as_bytes()).unwrap();
        let place = notice.localization.unwrap();
        assert_eq!((place.position.ra, place.position.dec), (10.5, -20.25));
        assert_eq!(place.error_radius, Some(expected));
        assert_eq!(
            notice.trigger_time,
            Some(super::utc("2026-03-01T10:00:00Z"))
        );
        assert_eq!(notice.trigger_id.as_deref(), Some("1234567"));
    }
}

#[test]
fn no_position_is_none() {
    for place in [
        ("0.0", "0.0", "0.0"),
        ("-1.0", "-1.0", "-1.0"),
        ("0.0", "0.0", "360.0"),
    ] {
        assert_eq!(placed(110, place).localization, None, "{place:?}");
    }
    assert_eq!(placed(61, ("10.0", "95.0", "0.05")).localization, None);
    assert_eq!(placed(61, ("nan", "20.0", "0.05")).localization, None);
    let withdrawn = placed(55, ("62.9", "60.8", "-0.0547"));
    assert_eq!(withdrawn.localization.as_ref().unwrap().error_radius, None);
    assert!(!withdrawn.locates_burst());
}

#[test]
fn only_positions_of_the_burst_place_it() {
    let place = ("10.5", "-20.25", "0.05");
    for packet in [61, 67, 81, 97, 111, 112, 115, 120, 128, 134, 173, 202, 209] {
        assert!(placed(packet, place).locates_burst(), "packet {packet}");
    }
    for packet in [
        46, 47, 51, 63, 64, 65, 66, 71, 72, 83, 89, 103, 126, 129, 219,
    ] {
        let notice = placed(packet, place);
        assert!(!notice.locates_burst(), "packet {packet}");
        // What the file says is shown all the same.
        assert_eq!(show("f", &notice)["ra"], 10.5, "packet {packet}");
    }
}

#[test]
fn show_prints_the_keys_of_the_contract_in_their_order() {
    let notice = placed(111, ("163.8167", "-35.4", "13.2667"));
    let shown = show("a.xml", &notice);
    let keys: Vec<&String> = shown.as_object().unwrap().keys().collect();
    let expected = "file format mission instrument kind packet_type trigger_id role trigger_time notice_time ra dec \
                    error_radius_deg error_radius_90_deg classification retraction test suppressed links name";
    assert_eq!(keys, expected.split_whitespace().collect::<Vec<_>>());
    assert_eq!(shown["kind"], "flight");
    assert_eq!(shown["mission"], "Fermi");
    assert_eq!(shown["trigger_time"], "2026-03-01T10:00:00Z");
    assert!(shown["links"].is_object());
    assert_eq!(read(&write(&notice, Format::Voevent)), Ok(notice));
}
