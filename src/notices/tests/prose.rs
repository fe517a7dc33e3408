//! What can be told from circulars, and from files of several.

use super::recorded;
use crate::notices::{Circular, Format, Mission, read, split};

fn circular(subject: &str, body: &str) -> Circular {
    Circular {
        id: Some(1),
        subject: subject.to_owned(),
        submitter: None,
        body: body.to_owned(),
    }
}

#[test]
fn the_subject_names_bursts_in_many_spellings() {
    let table = [
        ("GRB 221009A: Swift detection", vec!["GRB 221009A"]),
        ("GRB221009a optical", vec!["GRB 221009A"]),
        ("Swift GRB230913.70: report", vec!["GRB 230913.70"]),
        ("Fermi GRB 230827256", vec!["GRB 230827.256"]),
        ("GRB 20230812B: afterglow", vec!["GRB 230812B"]),
        (
            "GRB 230827B / GRB 230827256: observation",
            vec!["GRB 230827B", "GRB 230827.256"],
        ),
        (
            "GRB 990123 and GRB_990510",
            vec!["GRB 990123", "GRB 990510"],
        ),
        ("IceCube-230914A: nothing", vec![]),
        ("GRB 12345: too short", vec![]),
        (
            "GRB 1\u{664}\u{664}\u{664}\u{664}: digits of another script",
            vec![],
        ),
    ];
    for (subject, names) in table {
        assert_eq!(
            circular(subject, "GRB 111111A").burst_names(),
            names,
            "{subject}"
        );
    }
}

#[test]
fn triggers_are_known_by_their_numbers() {
    type Row = (
        &'static str,
        &'static str,
        &'static [(Mission, &'static str)],
    );
    let table: [Row; 9] = [
        (
            "x",
            "Fermi trigger 785074797 was seen",
            &[(Mission::Fermi, "785074797")],
        ),
        (
            "Swift Trigger 1186908 is not a GRB",
            "",
            &[(Mission::Swift, "1186908")],
        ),
        (
            "x",
            "Swift located GRB 260301A (trigger=1126853).",
            &[(Mission::Swift, "1126853")],
        ),
        (
            "x",
            "The Fermi GBM (trigger 631337028 / 210104452)",
            &[(Mission::Fermi, "631337028")],
        ),
        (
            "Swift Triggers 11, 1192480 and 1192481 are",
            "",
            &[(Mission::Swift, "1192480"), (Mission::Swift, "1192481")],
        ),
        (
            "Swift triggers 1186294-1186296 are",
            "",
            &[
                (Mission::Swift, "1186294"),
                (Mission::Swift, "1186295"),
                (Mission::Swift, "1186296"),
            ],
        ),
        (
            "IBAS trigger 10375 is not a GRB",
            "",
            &[(Mission::Integral, "10375")],
        ),
        (
            "x",
            "the BAT trigger (Evans et al., GCN 34286), 32 s after trigger time at 2023-08-03",
            &[],
        ),
        ("x", "CALET (Trigger Num. 1378226327)", &[]),
    ];
    for (subject, body, triggers) in table {
        let found = circular(subject, body).triggers();
        let found: Vec<(Mission, &str)> = found
            .iter()
            .map(|(m, id)| (m.clone(), id.as_str()))
            .collect();
        assert_eq!(found, triggers, "{subject} {body}");
    }
}

#[test]
fn only_a_plain_withdrawal_is_one() {
    let says = |subject: &str| circular(subject, "It is not a GRB.").says_not_a_grb();
    assert!(says("Swift Trigger 1186908 is not a GRB"));
    assert!(says(
        "Swift Triggers 1192234, 1192235 and 1192236 are not astrophysical events"
    ));
    assert!(says(
        "Fermi Gamma-ray Burst Monitor trigger 717299390/230925076 is not a GRB"
    ));
    assert!(says("GRB 230904B is not a GRB"));
    assert!(says("Retraction of GRB 260301A"));
    assert!(!says("GRB 221009A: discussion"));
    assert!(!says("GRB 221009A: this is not a GRB?"));
    assert!(!says("Is GRB 221009A not a GRB?"));
    assert!(!says("GRB 230728A: NOT optical observations"));
    assert!(!says(
        "The Fermi GBM Trigger 713134237 / 230807868 is not associated with S230807f."
    ));
    assert!(!says(
        "LIGO/Virgo/KAGRA S230731an: not observable by Fermi-GBM"
    ));
    assert!(!says("Retraction of GRB 260301A optical counterpart"));
}

#[test]
fn the_recorded_circulars_withdraw_what_their_editors_filed_so() {
    let Some(folder) = recorded() else {
        return;
    };
    let file = std::fs::read(folder.join("circulars/gcn_seed_508_circulars.json")).unwrap();
    let (mut filed, mut ours, mut both) = (0, 0, 0);
    for body in split(&file) {
        let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let types = json["eventType"].to_string();
        let notice = read(&body).unwrap();
        assert_eq!(notice.format, Format::Circular);
        let says = notice.circular.unwrap().says_not_a_grb();
        filed += i32::from(types.contains("Retraction") && !types.contains("GW"));
        ours += i32::from(says);
        both += i32::from(says && types.contains("Retraction"));
    }
    assert_eq!((filed, ours, both), (23, 23, 23));
}

#[test]
fn a_file_of_several_is_cut_at_their_bounds() {
    let one = br#"{"subject":"GRB 260301A: a \"}{\" b","body":"[","circularId":1}"#.to_vec();
    let two = br#"{"subject":"GRB 260301A","body":"}","circularId":2}"#.to_vec();
    let join = |head: &str, separator: &str, tail: &str| {
        [
            head.as_bytes(),
            &one,
            separator.as_bytes(),
            &two,
            tail.as_bytes(),
        ]
        .concat()
    };
    for file in [
        join("[", ",\n ", "]"),
        join("", "\n", "\n"),
        join("\u{feff} [ ", " , ", " ] "),
        join("{\"circulars\": [", ",", "]}"),
    ] {
        let bodies = split(&file);
        assert_eq!(bodies.len(), 2, "{}", String::from_utf8_lossy(&file));
        assert_eq!(bodies[0], one);
        assert_eq!(bodies[1], two);
    }
    for whole in [
        &one[..],
        b"<voe:VOEvent/>",
        b"",
        b"[1, 2]",
        b"[{\"a\":1}",
        b"TITLE: GCN/X NOTICE\n",
    ] {
        let bodies = split(whole);
        assert_eq!(bodies.len(), 1);
        assert!(matches!(&bodies[0], body if body.as_ref() == whole));
    }
    let text = b"TITLE:   GCN CIRCULAR\nSUBJECT: a\n\nx\nTITLE:   GCN CIRCULAR\nSUBJECT: b\n\ny\n";
    assert_eq!(split(text).len(), 2);
}
