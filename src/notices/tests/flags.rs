//! Tests, withdrawals, false alarms and classes.

use super::voevent;
use crate::notices::{
    Class, Format, Kind, Mission, Notice, Suppressed, packet, packet_titled, read,
};

const TIME: &str = "2026-03-01T10:00:00.00";

fn flagged(packet: u16, params: &[(&str, &str)]) -> Notice {
    let mut all = vec![("TrigID", "1234567")];
    all.extend_from_slice(params);
    read(&voevent(
        packet,
        &all,
        TIME,
        Some(("10.5", "-20.25", "0.05")),
    ))
    .unwrap()
}

#[test]
fn a_flag_suppresses_only_where_it_means_it() {
    let table = [
        (61, vec![], None),
        (
            61,
            vec![("StarTrack_Lost_Lock", "true"), ("GRB_Identified", "true")],
            Some(Suppressed::LostLock),
        ),
        (
            61,
            vec![
                ("StarTrack_Lost_Lock", "true"),
                ("Target_in_Gnd_Catalog", "true"),
            ],
            Some(Suppressed::LostLock),
        ),
        (
            61,
            vec![("Def_NOT_a_GRB", "true")],
            Some(Suppressed::NotAGrb),
        ),
        (
            61,
            vec![("GRB_Identified", "false")],
            Some(Suppressed::NotAGrb),
        ),
        (
            61,
            vec![
                ("GRB_Identified", "false"),
                ("Target_in_Flt_Catalog", "true"),
            ],
            Some(Suppressed::KnownSource),
        ),
        (81, vec![("GRB_Identified", "false")], None), // UVOT's own flag
        (89, vec![("GRB_Identified", "false")], None),
        (67, vec![("Cosmic_Ray", "true")], None), // set for clean positions too
        (111, vec![("Most_Likely_Index", "4")], None),
        (111, vec![("Most_Likely_Index", "1")], None), // unreliable: wait
        (
            111,
            vec![("Most_Likely_Index", "2")],
            Some(Suppressed::Particles),
        ),
        (
            111,
            vec![("Most_Likely_Index", "7")],
            Some(Suppressed::Particles),
        ),
        (
            111,
            vec![("Most_Likely_Index", "8")],
            Some(Suppressed::SolarFlare),
        ),
        (
            111,
            vec![("Most_Likely_Index", "19")],
            Some(Suppressed::TerrestrialFlash),
        ),
        (
            111,
            vec![("Most_Likely_Index", "10")],
            Some(Suppressed::KnownSource),
        ), // SGR 1806-20
        (135, vec![], Some(Suppressed::KnownSource)),
        (203, vec![], Some(Suppressed::KnownSource)),
    ];
    for (packet, params, expected) in table {
        assert_eq!(
            flagged(packet, &params).suppressed,
            expected,
            "packet {packet} {params:?}"
        );
    }
}

#[test]
fn tests_are_told_from_real_notices() {
    let real = |packet, params: &[(&str, &str)]| !flagged(packet, params).test;
    assert!(real(61, &[]));
    assert!(real(131, &[]));
    for packet in [82, 119, 124, 136] {
        assert!(!real(packet, &[]), "packet {packet}");
    }
    assert!(!real(61, &[("Test_Submission", "true")]));
    assert!(!real(53, &[("Test_Notice", "true")]));
    assert!(!real(173, &[("InternalTest", "true")]));
    let test_id = voevent(111, &[("TrigID", "99999")], TIME, None);
    assert!(read(&test_id).unwrap().test);
    let mock = voevent(150, &[("GraceID", "MS260301a")], TIME, None);
    assert!(read(&mock).unwrap().test);
}

#[test]
fn a_role_of_test_counts_except_for_sub_threshold_triggers() {
    let with_role = |packet: u16, role: &str| {
        let xml = String::from_utf8(voevent(packet, &[("TrigID", "1")], TIME, None)).unwrap();
        read(
            xml.replace("role=\"observation\"", &format!("role=\"{role}\""))
                .as_bytes(),
        )
        .unwrap()
    };
    assert!(with_role(61, "test").test);
    assert!(with_role(103, "utility").test);
    assert!(!with_role(61, "observe").test); // H.E.S.S. writes so
    assert!(!with_role(131, "test").test); // as they were sent until September 2023
}

#[test]
fn the_tense_of_a_json_notice_tells_a_test() {
    for (tense, test) in [
        ("current", false),
        ("test", true),
        ("injection", true),
        ("commanded", true),
    ] {
        let json = format!(
            r#"{{"mission":"Swift","id":["7"],"alert_tense":"{tense}","trigger_time":"2026-03-01T10:00:00Z"}}"#
        );
        assert_eq!(read(json.as_bytes()).unwrap().test, test, "{tense}");
    }
}

#[test]
fn withdrawals_of_every_mission_are_seen() {
    let json = |text: &str| read(text.as_bytes()).unwrap();
    let chime = json(
        r#"{"$schema":"https://gcn.nasa.gov/schema/main/gcn/notices/chime/frb.schema.json","id":"4","alert_type":"retraction"}"#,
    );
    let lvk = json(
        r#"{"alert_type":"RETRACTION","superevent_id":"S260301a","time_created":"2026-03-01T10:00:00Z","event":null}"#,
    );
    let notices = [
        flagged(219, &[]),
        flagged(164, &[]),
        flagged(173, &[("Retraction", "true")]),
        flagged(172, &[("retraction", "1")]),
        chime,
        lvk,
    ];
    for notice in notices {
        assert!(
            notice.retraction && notice.kind == Kind::Retraction,
            "{:?}",
            notice.mission
        );
    }
    let integral = flagged(55, &[("Def_NOT_a_GRB", "true")]);
    assert!(integral.retraction);
    assert_eq!(
        (integral.kind, integral.suppressed),
        (Kind::Update, Some(Suppressed::NotAGrb))
    );
    assert!(!flagged(55, &[]).retraction);
    assert!(!flagged(152, &[("Retraction", "false")]).retraction);
}

#[test]
fn comments_of_a_text_suppress() {
    let read_with = |comment: &str| {
        let text = format!(
            "TITLE: GCN/SWIFT NOTICE\nNOTICE_TYPE: Swift-BAT GRB Position\nTRIGGER_NUM: 1234567, Seg_Num: 0\nCOMMENTS: {comment}\n"
        );
        read(text.as_bytes()).unwrap().suppressed
    };
    assert_eq!(read_with("This is a GRB."), None);
    assert_eq!(
        read_with("This does not match any source in the ground catalog."),
        None
    );
    assert_eq!(read_with("This is not a GRB."), Some(Suppressed::NotAGrb));
    assert_eq!(
        read_with("This matches a source in the on-board catalog."),
        Some(Suppressed::KnownSource)
    );
    assert_eq!(
        read_with("The StarTracker had lost lock."),
        Some(Suppressed::LostLock)
    );
}

#[test]
fn classes_have_their_probability() {
    let notice = flagged(
        111,
        &[("Most_Likely_Index", "4"), ("Most_Likely_Prob", "72")],
    );
    let class = notice.classification.unwrap();
    assert_eq!(
        (class.most_likely, class.probability),
        (Class::Grb, Some(0.72))
    );
    let text = b"TITLE: GCN/FERMI NOTICE\nNOTICE_TYPE: Fermi-GBM Flight Position\nMOST_LIKELY:      67%  Below horizon\n";
    let class = read(text).unwrap().classification.unwrap();
    assert_eq!(
        (class.most_likely, class.probability),
        (Class::BelowHorizon, Some(0.67))
    );
    let json = br#"{"mission":"Fermi","instrument":"GBM","id":"1","classification":{"GENERIC_SGR":0.2,"UNRELIABLE_LOCATION":0.8}}"#;
    let class = read(json).unwrap().classification.unwrap();
    assert_eq!(
        (class.most_likely, class.probability),
        (Class::UnreliableLocation, Some(0.8))
    );
}

#[test]
fn every_word_that_is_shown_is_understood_again() {
    for number in 1..=219 {
        let Some(packet) = packet(number) else {
            continue;
        };
        assert_eq!(
            packet_titled(packet.title),
            Some(packet.clone()),
            "{}",
            packet.title
        );
        assert_eq!(Kind::parse(packet.kind.as_str()), Some(packet.kind));
        assert_eq!(Mission::parse(packet.mission.as_str()), packet.mission);
        assert_eq!(
            serde_json::to_value(packet.kind).unwrap(),
            packet.kind.as_str()
        );
    }
    let why = Suppressed::LostLock;
    assert_eq!(why.to_string(), "Swift's star tracker had lost lock");
    assert_eq!(Suppressed::parse(why.as_str()), Some(why));
    assert_eq!(
        Class::parse("terrestrial gamma-ray flash"),
        Class::TerrestrialFlash
    );
    assert_eq!(Class::parse("NSBH"), Class::Other("NSBH".to_owned()));
    assert_eq!(Mission::parse("SWIFT"), Mission::Swift);
    assert_eq!(
        Mission::parse("Hubble"),
        Mission::Other("Hubble".to_owned())
    );
    assert_eq!(Format::parse("voevent"), Some(Format::Voevent));
}
