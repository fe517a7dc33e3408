//! What is handed on, against the rules of each format.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt as _;
use tokio::sync::Semaphore;

use super::archive::pieces;
use super::ascii::ascii;
use super::circular::Draft;
use super::columns::{COLUMNS, Cell};
use super::harvest::{Harvest, julian_date};
use super::{aavso, csv, votable};
use crate::bursts::Burst;
use crate::notices::{Format, Kind, Mission, Notice};
use crate::observations::model::{Observation, Photometry};
use crate::sky::Equatorial;

fn trigger() -> DateTime<Utc> {
    "2026-08-25T20:15:30.250Z".parse().unwrap()
}

fn burst() -> Burst {
    let mut notice = Notice::new(Format::Voevent, Mission::Fermi, Kind::Alert);
    notice.instrument = Some("GBM".into());
    notice.trigger_id = Some("785074797".into());
    notice.trigger_time = Some(trigger());
    let mut burst = Burst::begin(&notice, trigger()).with(&notice, trigger());
    burst.id = 17;
    burst.official_name = Some("GRB 260825A".into());
    burst
}

/// A limit of 19.5 in R, an hour after the trigger, by member 5.
fn limit(id: i64) -> Observation {
    Observation {
        id,
        observer: "Vera Lind".into(),
        site: Some("Orion Hill".into()),
        position: Equatorial {
            ra: 210.5,
            dec: -12.25,
        },
        coordinates: "14 02 00 -12 15 00".into(),
        instrument: "RC8 + CCD".into(),
        field_deg: Some(0.8),
        start: trigger() + TimeDelta::hours(1),
        exposure: Some(600.0),
        filter: Some("R".into()),
        photometry: Photometry {
            limit: Some(19.5),
            ..Photometry::default()
        },
        airmass: Some(1.25),
        ..Observation::blank(17, 5)
    }
}

fn detection(id: i64, magnitude: f64, error: f64) -> Observation {
    let photometry = Photometry {
        magnitude: Some(magnitude),
        error: Some(error),
        ..Photometry::default()
    };
    Observation {
        photometry,
        ..limit(id)
    }
}

fn harvest(observations: Vec<Observation>) -> Harvest {
    Harvest {
        burst: burst(),
        observer: None,
        observations,
        codes: BTreeMap::from([(5, "LVE".to_owned())]),
        circulars: vec![41_000],
        club: "Orion Hill Astronomical Society".into(),
        base_url: "https://desk.example.org".into(),
    }
}

/// As astropy.time has it: examples/make_export_fixtures.py.
#[test]
fn julian_dates_are_astropys() {
    let fixture = include_str!("../../../tests/fixtures/julian_dates.csv");
    let mut count = 0;
    for line in fixture.lines().filter(|line| !line.starts_with('#')) {
        let (time, day) = line.split_once(',').unwrap();
        let off = julian_date(time.parse().unwrap()) - day.parse::<f64>().unwrap();
        assert!(off.abs() < 1e-9, "{time}: {off}");
        count += 1;
    }
    assert!(count > 20);
}

#[test]
fn text_becomes_ascii() {
    assert_eq!(
        ascii("Société  d’astronomie\tÅlesund – «ß»\u{202e}", 80),
        "Societe d'astronomie Alesund - \"ss\""
    );
    assert_eq!(ascii("e\u{301}té 5″ ±0.1 星", 80), "ete 5\" +/-0.1 ?");
    assert_eq!(ascii("12345 7", 6), "12345");
}

#[test]
fn a_spreadsheet_takes_no_text_for_a_formula_and_numbers_stay_numbers() {
    let mut one = detection(1, -1.5, 0.25);
    one.instrument = "=HYPERLINK(\"http://evil.example\",\"x\")".into();
    one.notes = Some("+1\r\n\"quoted\", too".into());
    one.observer = "  @SUM(A1)".into();
    one.comparison_stars = Some("－2".into());
    let file = csv::csv(&harvest(vec![one]));
    assert!(
        file.contains(",\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"x\"\")\","),
        "{file}"
    );
    assert!(
        file.contains(",\"'  @SUM(A1)\",") || file.contains(",'  @SUM(A1),"),
        "{file}"
    );
    assert!(
        file.contains(",'－2,\"'+1\r\n\"\"quoted\"\", too\"\r\n"),
        "{file}"
    );
    assert!(file.contains(",-1.5,0.25,"), "{file}");
    assert!(file.contains(",-12.25,"), "{file}");
}

#[test]
fn the_table_says_times_as_they_are() {
    let file = csv::csv(&harvest(vec![limit(1)]));
    let mut lines = file.split("\r\n");
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let values: Vec<&str> = lines.next().unwrap().split(',').collect();
    let value = |name: &str| values[names.iter().position(|one| *one == name).unwrap()];
    assert_eq!(value("start_time_utc"), "2026-08-25T21:15:30.250Z");
    assert_eq!(value("mid_time_utc"), "2026-08-25T21:20:30.250Z");
    assert_eq!(value("start_since_trigger_s"), "3600.000");
    assert_eq!(value("mid_since_trigger_s"), "3900.000");
    assert_eq!(value("limiting_magnitude_mag"), "19.5");
    assert_eq!(value("magnitude_mag"), "");
    let empty = csv::csv(&harvest(Vec::new()));
    assert_eq!(empty.matches("\r\n").count(), 1);
    assert_eq!(empty.trim_end().split(',').count(), COLUMNS.len());
}

#[test]
fn the_aavso_line_is_as_its_rules_say() {
    let mut clear = detection(2, 18.0, 0.1);
    clear.filter = Some("Luminance, broad".into());
    clear.notes = Some("haze | Moon, 5°\nsecond line".into());
    clear.comparison_stars = Some("APASS".into());
    clear.photometry.system = Some("AB".into());
    clear.photometry.limit = Some(19.25);
    let mut nothing = limit(3);
    nothing.photometry = Photometry::default();
    let file = aavso::aavso(&harvest(vec![limit(1), clear, nothing]));
    let rows: Vec<&str> = file.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        rows,
        [
            "GRB 260825A,2461278.389239,<19.5,na,R,NO,STD,na,na,na,na,1.25,na,na,EXPTIME=600s",
            "GRB 260825A,2461278.389239,18.0,0.1,O,NO,STD,ENSEMBLE,na,na,na,1.25,na,na,\
             EXPTIME=600s|FILTER=Luminance; broad|MAGSYS=AB|LIMIT=19.25|COMP=APASS|haze / Moon; 5 deg second line",
        ]
    );
}

#[test]
fn who_has_no_code_gets_a_place_for_it() {
    let other = Observation {
        member_id: 6,
        observer: "Ada = Owl".into(),
        ..limit(2)
    };
    let file = aavso::aavso(&harvest(vec![other.clone(), limit(1)]));
    assert_eq!(file.matches("\nGRB 260825A,").count(), 2);
    let theirs = file.find("#OBSCODE=LVE\nGRB 260825A,");
    let others = file.find("#OBSCODE=XXX\nGRB 260825A,");
    assert!(theirs.is_some() && others.is_some(), "{file}");
    assert!(
        file.contains("#XXX stands for the code of Ada - Owl,"),
        "{file}"
    );
}

/// A text without its line ends.
fn flowing(text: &str) -> String {
    text.replace('\n', " ")
}

/// Every circular: its own lines and rules.
fn judged(harvest: &Harvest) -> String {
    let whole = Draft::of(harvest).whole();
    assert!(whole.lines().count() < 60, "{}", whole.lines().count());
    assert!(
        whole
            .lines()
            .all(|line| line.len() <= 78 || line.starts_with("SUBJECT: ")),
        "{whole}"
    );
    assert!(
        whole
            .bytes()
            .all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)),
        "{whole}"
    );
    whole
}

#[test]
fn a_circular_of_limits_claims_nothing() {
    let whole = judged(&harvest(vec![limit(1)]));
    assert!(
        whole.starts_with(
            "SUBJECT: GRB 260825A: Orion Hill Astronomical Society optical upper limit\n\n"
        ),
        "{whole}"
    );
    assert!(flowing(&whole).contains("(Fermi GBM trigger 785074797; GCN Circ. 41000)"));
    assert!(
        flowing(&whole).contains("2026-08-25 21:15:30 UT, 60.0 min after the trigger."),
        "{whole}"
    );
    assert!(
        whole.contains("    65.0 min     600 s  R             > 19.5       -  Vera Lind"),
        "{whole}"
    );
    assert!(flowing(&whole).contains("in the Vega system and not"));
    let lower = whole.to_lowercase();
    for claim in ["candidate", "detect a", "afterglow", "we measured"] {
        assert!(!lower.contains(claim), "{claim}: {whole}");
    }
    let two = judged(&harvest(vec![limit(1), limit(2)]));
    assert!(two.contains("optical upper limits\n"));
}

#[test]
fn a_circular_of_magnitudes_leaves_the_claim_to_its_author() {
    let mut seen = detection(1, 18.3, 0.08);
    seen.comparison_stars = Some("APASS DR10".into());
    seen.filter = Some("r'".into());
    let whole = judged(&harvest(vec![seen, limit(2)]));
    assert!(
        flowing(&whole).contains("in the AB system (r') and the Vega system (R) and not"),
        "{whole}"
    );
    assert!(whole.contains("optical observations\n"));
    assert!(whole.contains("18.30    0.08  Vera Lind"), "{whole}");
    assert!(
        flowing(&whole).contains("compared with APASS DR10."),
        "{whole}"
    );
    let claim = whole.find("candidate").unwrap();
    assert!(
        whole[..claim].rfind('[') > whole[..claim].rfind(']'),
        "{whole}"
    );
}

#[test]
fn a_circular_without_a_name_or_numbers_says_what_is_missing() {
    let mut unnamed = harvest(vec![limit(1)]);
    unnamed.burst.official_name = None;
    unnamed.circulars.clear();
    unnamed.burst.trigger_time = None;
    unnamed.observations[0].photometry = Photometry::default();
    let whole = judged(&unnamed);
    for missing in [
        "SUBJECT: GRB [name]:",
        "[how long] after",
        "[GCN Circ. of the discovery]",
        "[No magnitude",
    ] {
        assert!(flowing(&whole).contains(missing), "{missing}: {whole}");
    }
    let empty = judged(&harvest(Vec::new()));
    assert!(empty.contains("[No observation of GRB 260825A has been posted yet.]"));
}

#[test]
fn a_circular_of_five_hundred_is_still_short() {
    let many = (0..500).map(|id| {
        let mut one = match id % 3 {
            0 => limit(id),
            _ => detection(
                id,
                17.0 + 0.01 * f64::from(u32::try_from(id).unwrap()),
                0.01 + 0.001 * f64::from(u32::try_from(id % 97).unwrap()),
            ),
        };
        one.start += TimeDelta::minutes(id);
        one.observer = format!("A very long name of an observer, number {id} Wŏńderful");
        one.instrument =
            format!("An instrument with a name that is long as well, number {id}\t\r\n");
        one.comparison_stars = Some(format!("Catalogue number {id} {}", "x".repeat(300)));
        one
    });
    let mut harvest = harvest(many.collect());
    harvest.club = "A society whose name is as long as names of societies are".into();
    harvest.burst.retracted = Some(crate::bursts::Withdrawal {
        at: trigger(),
        why: "It was a flare of a magnetar, as a circular said that had many words. ".repeat(3),
    });
    let whole = judged(&harvest);
    // As long as it may be: the table has taken what room there was.
    assert!(whole.lines().count() > 56, "{whole}");
    assert!(whole.contains("of 500 measurements"), "{whole}");
    assert!(
        whole.contains("https://desk.example.org/bursts/17"),
        "{whole}"
    );
    assert!(whole.matches("> 19.5").count() >= 3, "{whole}");
    // The first, and the most precise.
    assert!(
        whole.contains("60.0 min") && whole.contains("0.011"),
        "{whole}"
    );
}

#[test]
fn the_votable_says_what_the_csv_says() {
    let mut one = detection(1, 18.31, 0.08);
    one.notes = Some("a < b & c > \"d\" \u{1} ]]> é".into());
    let harvest = harvest(vec![one, limit(2)]);
    let table = votable::votable(&harvest);
    let mut reader = quick_xml::Reader::from_str(&table);
    let (mut fields, mut cells, mut inside) = (Vec::new(), Vec::new(), false);
    loop {
        use quick_xml::events::Event;
        match reader.read_event().unwrap() {
            Event::Start(tag) if tag.name().as_ref() == "FIELD" => {
                let name = tag.try_get_attribute("name").unwrap().unwrap();
                fields.push(name.value.into_owned());
            }
            Event::Empty(tag) if tag.name().as_ref() == "TD" => cells.push(String::new()),
            Event::Start(tag) if tag.name().as_ref() == "TD" => {
                inside = true;
                cells.push(String::new());
            }
            Event::End(tag) if tag.name().as_ref() == "TD" => inside = false,
            Event::Text(text) if inside => cells.last_mut().unwrap().push_str(&text),
            Event::GeneralRef(entity) if inside => {
                let c = match &*entity {
                    "lt" => '<',
                    "gt" => '>',
                    "amp" => '&',
                    "quot" => '"',
                    other => panic!("{other}"),
                };
                cells.last_mut().unwrap().push(c);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
    assert_eq!(fields, names);
    let expected: Vec<String> = harvest
        .observations
        .iter()
        .flat_map(|one| COLUMNS.iter().map(|column| (column.cell)(&harvest, one)))
        .map(|cell: Cell| cell.written().replace('\u{1}', ""))
        .collect();
    assert_eq!(cells, expected);
}

#[test]
fn files_are_named_for_the_burst_and_for_nothing_else() {
    let mut harvest = harvest(Vec::new());
    assert_eq!(harvest.file_stem(), "grb-260825a");
    harvest.burst.official_name = Some("GRB \"1\"\r\n/../é".into());
    assert_eq!(harvest.file_stem(), "grb-1");
    harvest.burst.official_name = Some("…".into());
    assert_eq!(harvest.file_stem(), "burst-17");
}

/// A megabyte to be read, and a reader's room.
fn megabyte() -> std::fs::File {
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, &vec![7; 1024 * 1024]).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    file
}

#[tokio::test]
async fn an_archive_takes_room_until_it_is_read_or_its_reader_gives_up() {
    static ROOM: Semaphore = Semaphore::const_new(1);
    let patience = Duration::from_millis(300);
    let taken = || ROOM.try_acquire().is_err();
    let read = pieces(megabyte(), ROOM.try_acquire().unwrap(), patience);
    assert!(taken());
    let all: Vec<_> = read.map(Result::unwrap).collect().await;
    assert_eq!(all.concat(), vec![7; 1024 * 1024]);

    drop(pieces(megabyte(), ROOM.acquire().await.unwrap(), patience));
    // Held, and not read.
    let mut held = Box::pin(pieces(megabyte(), ROOM.acquire().await.unwrap(), patience));
    assert!(held.next().await.is_some() && taken());
    drop(ROOM.acquire().await.unwrap());
    assert!(held.count().await < 4);
}
