//! Times, names and what holds the notices of one burst together.

use super::{utc, voevent};
use crate::notices::{Notice, gbm_name, read};

fn fermi(params: &[(&str, &str)], time: &str) -> Notice {
    read(&voevent(110, params, time, None)).unwrap()
}

#[test]
fn the_time_of_a_sound_notice_is_as_written() {
    let table = [
        ("2026-02-07T05:42:33.65", "2026-02-07T05:42:33.65Z"),
        ("2019-04-25T08:18:05.017147", "2019-04-25T08:18:05.017147Z"),
        ("2023-05-18T12:59:08Z", "2023-05-18T12:59:08Z"),
        ("2026-05-10T13:28:09+00:00", "2026-05-10T13:28:09Z"),
        ("2026-05-10T13:28:09+02:00", "2026-05-10T11:28:09Z"),
        ("2024-09-18 07:19:03.5", "2024-09-18T07:19:03.5Z"),
        ("2016-12-31T23:59:60", "2017-01-01T00:00:00Z"),
    ];
    for (written, expected) in table {
        let notice = fermi(&[("TrigID", "1")], written);
        assert_eq!(notice.trigger_time, Some(utc(expected)), "{written}");
    }
}

#[test]
fn a_broken_time_is_taken_from_the_rest_of_the_packet() {
    // 2026-03-01 is day 21100 after 1968-05-24; 36000 s of it are 10:00. Fermi counts 794,008,805 s to then:
    // 9190 days since 2001-01-01, 10 hours and 5 leap seconds.
    let day = [("Burst_TJD", "21100"), ("Burst_SOD", "36000.25")];
    let met = ("TrigID", "794052005");
    for broken in [
        "2026-03-00T10:00:00.25",
        "2026-512--1079702840T22:07:39.59",
        "2026-01--4918T15:38:49.35",
        "2026-03-01T262:52:05",
        "",
    ] {
        let notice = fermi(&[met, day[0], day[1]], broken);
        assert_eq!(
            notice.trigger_time,
            Some(utc("2026-03-01T10:00:00.25Z")),
            "{broken}"
        );
        let notice = fermi(&[met], broken);
        assert_eq!(
            notice.trigger_time,
            Some(utc("2026-03-01T10:00:00Z")),
            "{broken}"
        );
        // Days that contradict the trigger number are not believed.
        let notice = fermi(
            &[met, ("Burst_TJD", "11910"), ("Burst_SOD", "0.00")],
            broken,
        );
        assert_eq!(
            notice.trigger_time,
            Some(utc("2026-03-01T10:00:00Z")),
            "{broken}"
        );
    }
    let hopeless = fermi(
        &[("TrigID", "-5"), ("Burst_TJD", "31447"), ("Burst_SOD", "1")],
        "nonsense",
    );
    assert_eq!(hopeless.trigger_time, None);
    assert_eq!(hopeless.notice_time, Some(utc("2026-03-01T10:00:30Z")));
}

#[test]
fn gbm_names_its_triggers_by_the_rounded_thousandth_of_the_day() {
    // 44392 s / 86.4 = 513.80; 20553 / 86.4 = 237.88; 43 / 86.4 = 0.498, 44 / 86.4 = 0.509.
    let table = [
        ("2025-11-17T12:19:52.14Z", "bn251117514"),
        ("2026-02-07T05:42:33.65Z", "bn260207238"),
        ("2026-02-07T00:00:43.99Z", "bn260207000"),
        ("2026-02-07T00:00:44.00Z", "bn260207001"),
        ("2026-02-07T00:03:36.00Z", "bn260207003"), // 216 / 86.4 = 2.5
        ("2026-02-07T23:59:59.99Z", "bn260207999"),
    ];
    for (time, name) in table {
        assert_eq!(gbm_name(utc(time)), name);
    }
}

#[test]
fn a_name_in_the_notice_goes_before_a_computed_one() {
    let address = "http://heasarc.gsfc.nasa.gov/FTP/fermi/data/gbm/triggers/2026/bn260301999/quicklook/glg_lc_medres34_bn260301999.gif";
    let notice = fermi(
        &[("TrigID", "794052005"), ("LightCurve_URL", address)],
        "2026-03-01T10:00:00.00",
    );
    assert_eq!(notice.name.as_deref(), Some("bn260301999"));
    assert_eq!(
        notice.links["light_curve"],
        address.replace("http:", "https:")
    );
    let notice = fermi(&[("TrigID", "794052005")], "2026-03-01T10:00:00.00");
    assert_eq!(notice.name.as_deref(), Some("bn260301417")); // 36000 / 86.4 = 416.67
    assert_eq!(
        fermi(&[("TrigID", "99999")], "2026-03-01T10:00:00.00").name,
        None
    );
    let swift = read(&voevent(
        61,
        &[("TrigID", "1234567")],
        "2026-03-01T10:00:00.00",
        None,
    ))
    .unwrap();
    assert_eq!(swift.name, None);
}

#[test]
fn only_web_addresses_become_links() {
    let link = |address: &str| {
        fermi(
            &[("TrigID", "1"), ("LC_URL", address)],
            "2026-03-01T10:00:00",
        )
        .links
    };
    assert!(link("javascript:alert(1)").is_empty());
    assert!(link("data/LALInference.fits.gz").is_empty());
    assert!(link("https://example.org/a b").is_empty());
    assert!(link("https://example.org/&quot;onload").is_empty());
    assert_eq!(
        link("http://gcn.gsfc.nasa.gov/x.gif")["light_curve"],
        "http://gcn.gsfc.nasa.gov/x.gif"
    );
}

#[test]
fn the_healpix_map_of_a_final_position_lies_beside_its_picture() {
    let picture = "http://heasarc.gsfc.nasa.gov/FTP/fermi/data/gbm/triggers/2026/bn260210760/quicklook/glg_locplot_all_bn260210760.png";
    let params = [("TrigID", "792440051"), ("LocationMap_URL", picture)];
    let notice = read(&voevent(
        115,
        &params,
        "2026-02-10T18:14:06.13",
        Some(("6", "-48", "10")),
    ))
    .unwrap();
    assert_eq!(
        notice.links["healpix"],
        "https://heasarc.gsfc.nasa.gov/FTP/fermi/data/gbm/triggers/2026/bn260210760/quicklook/glg_healpix_all_bn260210760.fit"
    );
}

#[test]
fn notices_of_one_burst_share_a_key_and_others_do_not() {
    let key = |packet, params: &[(&str, &str)], time| {
        read(&voevent(packet, params, time, None))
            .unwrap()
            .burst_key()
    };
    let ten = "2026-03-01T10:00:00.00";
    assert_eq!(key(110, &[("TrigID", "794052005")], ten), "794052005");
    // INTEGRAL: 75607 = 10071 + 65536, the second message of the trigger.
    assert_eq!(
        key(54, &[("TrigID", "75607")], ten),
        key(53, &[("TrigID", "10071")], ten)
    );
    assert_eq!(
        key(119, &[("TrigID", "99999")], ten),
        "99999@2026-03-01T10:00:00Z"
    );
    let gecam = |mission, time| key(188, &[("Trigger_Number", "40"), ("MISSION", mission)], time);
    assert_eq!(gecam("B", ten), gecam("B", "2026-03-01T10:00:07.5"));
    assert_ne!(gecam("B", ten), gecam("C", ten));
    assert_ne!(gecam("B", ten), gecam("B", "2026-04-01T10:00:00.00"));
    let svom = |packet| key(packet, &[("Burst_Id", "sb25082402")], ten);
    assert_eq!(svom(201), svom(209));
    assert_eq!(key(61, &[], ten), "ivo://example/test#1");
    let rows = "TITLE: GCN/AMON NOTICE\nNOTICE_TYPE: ICECUBE Astrotrack Gold\nRUN_NUM: 134191\nEVENT_NUM: 17593623\n";
    let text = read(rows.as_bytes()).unwrap().burst_key();
    assert_eq!(text, key(173, &[("AMON_ID", "13419117593623")], ten));
}

#[test]
fn a_json_notice_without_id_is_known_by_its_time() {
    let key = |time: &str| {
        let json = format!(r#"{{"instrument":"WXT","trigger_time":"{time}"}}"#);
        read(json.as_bytes()).unwrap().burst_key()
    };
    assert_eq!(key("2026-03-01T10:00:00Z"), "WXT@2026-03-01T10:00:00Z");
    assert_ne!(key("2026-03-01T10:00:00Z"), key("2026-03-01T10:00:01Z"));
}
