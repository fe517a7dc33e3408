//! Every recorded notice is read as an independent reader found it, or refused for a known reason.

use std::path::Path;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;

use super::recorded;
use crate::notices::{Kind, Notice, NoticeError, Suppressed, read, split};

/// Trigger times where the notice's own is no date: what day and second of the packet say, or none.
const BROKEN_TIMES: &[(&str, Option<&str>)] = &[
    (
        "4pisky__IPN_Raw_2022-01-00",
        Some("2021-12-31T07:00:30.49Z"),
    ),
    (
        "4pisky__Fermi_GBM_SubThresh_2022-01-00",
        Some("2021-12-31T20:13:04.023999Z"),
    ),
    (
        "4pisky__KONUS_Lightcurve_2022-01-00",
        Some("2021-12-31T07:00:30.49Z"),
    ),
];

/// Files in which the independent reader's position is another one than the event's.
const OTHER_POSITION: &[(&str, f64, f64)] = &[
    // It took the first C1 and C2, which are the longitude and latitude of the telescope.
    ("tracet__Antares_1439919723.xml", 27.815, -54.201),
];

fn time(text: &str) -> Option<DateTime<Utc>> {
    let zoned = DateTime::parse_from_rfc3339(text).map(|t| t.to_utc());
    let bare = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|t| t.and_utc());
    zoned.or(bare).ok()
}

fn expected() -> Option<(std::path::PathBuf, Vec<Value>)> {
    let folder = recorded()?;
    let lines = std::fs::read_to_string(folder.join("expected-voevent.jsonl")).unwrap();
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    Some((folder, lines.collect()))
}

#[test]
fn every_voevent_reads_as_the_independent_reader_found_it() {
    let Some((folder, lines)) = expected() else {
        return;
    };
    assert_eq!(lines.len(), 226);
    let mut wrong = Vec::new();
    for line in &lines {
        let file = line["file"].as_str().unwrap();
        let body = std::fs::read(folder.join("voevent").join(file)).unwrap();
        match read(&body) {
            // Unbound prefix, which a reader of namespaces refuses: nothing to compare with.
            Ok(notice) if line["plain"] == false => {
                assert_eq!(notice.trigger_id.as_deref(), Some("1149250"));
            }
            Ok(notice) => wrong.extend(differences(file, line, &notice)),
            // An earthquake.
            Err(NoticeError::NotAVoevent(root)) if file == "skyportal__quakeml.xml" => {
                assert_eq!(root, "quakeml");
            }
            Err(why) => wrong.push(format!("{file}: {why}")),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differences:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn differences(file: &str, line: &Value, notice: &Notice) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut same = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            wrong.push(format!("{file}: {what} is {ours}, expected {theirs}"));
        }
    };
    let text = |key: &str| line[key].as_str().map(str::to_owned);
    same(
        "packet",
        format!("{:?}", notice.packet_type.map(u64::from)),
        format!("{:?}", line["packet_type"].as_u64()),
    );
    let role = text("role")
        .unwrap()
        .replace("observe", "observation")
        .replace("observationation", "observation");
    same("role", notice.role.as_str().to_owned(), role);
    same(
        "ivorn",
        format!("{:?}", notice.ivorn),
        format!("{:?}", text("ivorn")),
    );
    if let Some(id) = text("trigger_id") {
        same(
            "trigger id",
            format!("{:?}", notice.trigger_id),
            format!("{:?}", Some(id)),
        );
    }
    let theirs = text("time").and_then(|t| time(&t)).or_else(|| {
        let row = BROKEN_TIMES.iter().find(|row| file.starts_with(row.0))?;
        row.1.and_then(time)
    });
    same(
        "time",
        format!("{:?}", notice.trigger_time),
        format!("{theirs:?}"),
    );
    let date = text("notice_date").and_then(|t| time(&t));
    same(
        "notice time",
        format!("{:?}", notice.notice_time),
        format!("{date:?}"),
    );
    let cites = notice
        .citations
        .iter()
        .map(|c| format!("[{:?},{:?}]", c.cite.as_str(), c.ivorn));
    let theirs = line["citations"].as_array().unwrap().iter();
    let theirs = theirs.filter(|c| c[1] != "").map(Value::to_string);
    same("citations", cites.collect(), theirs.collect());
    let lost = line["star_tracker_lost_lock"] == "true";
    same(
        "lost lock",
        (notice.suppressed == Some(Suppressed::LostLock)).to_string(),
        lost.to_string(),
    );
    wrong.extend(displacement(file, line, notice));
    wrong
}

fn displacement(file: &str, line: &Value, notice: &Notice) -> Option<String> {
    let place = notice.localization.as_ref();
    let other = OTHER_POSITION.iter().find(|row| row.0 == file);
    let theirs = other.map(|row| (row.1, row.2)).or_else(|| {
        let (ra, dec) = (line["ra"].as_f64()?, line["dec"].as_f64()?);
        // GCN's ways to say "nowhere".
        let nowhere = (ra == 0.0 && dec == 0.0) || (ra == -1.0 && dec == -1.0);
        (!nowhere).then_some((ra, dec))
    });
    let ours = place.map(|p| (p.position.ra, p.position.dec));
    let near = match (ours, theirs) {
        (Some(a), Some(b)) => (a.0 - b.0).abs() < 1e-4 && (a.1 - b.1).abs() < 1e-4,
        (None, None) => true,
        _ => false,
    };
    if !near {
        return Some(format!("{file}: position is {ours:?}, expected {theirs:?}"));
    }
    let radius = place.and_then(|p| p.error_radius);
    // Zero, −1 and INTEGRAL's negative radii of withdrawn triggers are no radii.
    let stated = line["error_deg"]
        .as_f64()
        .filter(|r| *r > 0.0 && theirs.is_some());
    let near = match (radius, stated) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-4,
        (None, None) => true,
        _ => false,
    };
    (!near).then(|| format!("{file}: radius is {radius:?}, expected {stated:?}"))
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries.collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    paths
        .iter()
        .map(|path| (name(path), std::fs::read(path).unwrap()))
        .collect()
}

#[test]
fn every_other_file_reads_or_is_refused_for_a_reason() {
    let Some(folder) = recorded() else {
        return;
    };
    // Parts of the schema, which are no notices: neither a time nor an id.
    let refused = [
        "schema__Localization.example.json",
        "schema__Pointing.example.json",
        "schema__Reporter.example.json",
        "schema__Statistics.example.json",
    ];
    let mut read_count = 0;
    for area in ["text", "json", "circulars"] {
        for (name, file) in files(&folder.join(area)) {
            for body in split(&file) {
                match read(&body) {
                    Ok(_) => read_count += 1,
                    Err(why) => assert!(refused.contains(&name.as_str()), "{area}/{name}: {why}"),
                }
            }
        }
    }
    assert_eq!(read_count, 6 + 31 + 31 + 508);
}

#[test]
fn what_is_recorded_of_withdrawals_is_understood() {
    let Some(folder) = recorded() else {
        return;
    };
    let notices = files(&folder.join("voevent"));
    let notices: Vec<Notice> = notices
        .iter()
        .filter_map(|(_, body)| read(body).ok())
        .collect();
    let count = |is: &dyn Fn(&Notice) -> bool| notices.iter().filter(|n| is(n)).count();
    assert_eq!(notices.len(), 228);
    assert_eq!(
        count(&|n| n.kind == Kind::Retraction && n.packet_type == Some(219)),
        2
    );
    assert_eq!(
        count(&|n| n.packet_type == Some(164)),
        count(&|n| n.kind == Kind::Retraction) - 2
    );
    assert_eq!(count(&|n| n.suppressed == Some(Suppressed::LostLock)), 3);
    assert!(
        notices
            .iter()
            .all(|n| n.packet_type != Some(71) || !n.locates_burst())
    );
    assert!(
        notices
            .iter()
            .all(|n| n.packet_type != Some(131) || !n.test)
    );
}
