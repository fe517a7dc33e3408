//! Circulars: what observers write to each other in prose, and what can be told from it about bursts.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use regex::Regex;
use serde_json::Value;

use super::model::{Circular, Format, Kind, Mission, Notice};
use super::{NoticeError, times};

/// GCN's own pattern for burst names, but with all digits, so that other lengths are told apart.
static BURST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\bGRB[.\s_-]*([0-9]+)(?:([a-z])(?:[^a-z]|$)|\.([0-9]+))?").ok()
});
/// "trigger" and the numbers right after it.
static TRIGGER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\btrig(?:ger)?s?\.?\s*(?:ID|No\.?|Num(?:ber)?s?\.?)?\s*[=#:]?\s*((?:bn)?[0-9][0-9.]*(?:\s*(?:[,/&-]|and|,\s*and)\s*(?:bn)?[0-9][0-9.]*)*)").ok()
});
static NUMBER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(-\s*)?(bn)?([0-9]+)(?:\.[0-9]*)?").ok());
/// SVOM's burst ids stand by themselves: sb26040203.
static SVOM: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?i)\bsb[0-9]{8}\b").ok());
static NOT_A_GRB: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^[^:?]*\b(?:trigger|GRB)s?\b[^:?]*\b(?:is|are|was|were)\s+(?:also\s+)?not\s+(?:an?\s+|due\s+to\s+an?\s+)?(?:GRBs?|gamma[- ]ray\s+bursts?|(?:an\s+)?astrophysical)\b[^?]*$").ok()
});
static RETRACTED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^retraction\s+of\s+(?:GRB\s*[0-9]{6}[A-Z]?|(?:Swift|Fermi|IBAS|INTEGRAL)(?:[- /](?:GBM|BAT))?\s+trigger\s+[0-9]+)\s*\.?$").ok()
});

/// A circular as the JSON of `gcn.circulars`, where the object is one.
pub(super) fn of_json(json: &Value) -> Option<Notice> {
    let text = |key: &str| json.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(header) = json.get("header") {
        return of_header(header, text("body")?);
    }
    let circular = Circular {
        id: json
            .get("circularId")
            .and_then(Value::as_u64)
            .and_then(|id| u32::try_from(id).ok()),
        subject: text("subject")?,
        submitter: text("submitter"),
        body: text("body")?,
    };
    let created = json.get("createdOn").and_then(Value::as_i64);
    Some(notice(
        circular,
        created.and_then(DateTime::from_timestamp_millis),
    ))
}

/// The form in which hop-client passes circulars on.
fn of_header(header: &Value, body: String) -> Option<Notice> {
    let text = |key: &str| header.get(key).and_then(Value::as_str);
    let circular = Circular {
        id: text("number").and_then(|n| n.trim().parse().ok()),
        subject: text("subject")?.to_owned(),
        submitter: text("from").map(str::to_owned),
        body,
    };
    Some(notice(circular, text("date").and_then(date)))
}

/// A circular as plain text: `TITLE:`, `NUMBER:`, `SUBJECT:`, `DATE:`, `FROM:`, an empty line and the body.
pub(super) fn read_text(text: &str) -> Result<Notice, NoticeError> {
    let text = text.trim_start();
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let field = |key: &str| {
        let mut lines = head.lines().skip_while(|line| !line.starts_with(key));
        let first = lines.next()?.strip_prefix(key)?.trim().to_owned();
        let wrapped = lines.take_while(|line| line.starts_with(' '));
        let whole = wrapped.fold(first, |whole, line| format!("{whole} {}", line.trim()));
        Some(whole).filter(|value| !value.is_empty())
    };
    let circular = Circular {
        id: field("NUMBER:").and_then(|n| n.parse().ok()),
        subject: field("SUBJECT:").ok_or(NoticeError::Unknown)?,
        submitter: field("FROM:"),
        body: body.trim_matches('\n').to_owned(),
    };
    Ok(notice(circular, field("DATE:").and_then(|d| date(&d))))
}

/// `20/01/29 17:07:21 GMT`.
fn date(text: &str) -> Option<DateTime<Utc>> {
    let mut words = text.split_whitespace();
    let (day, clock) = (words.next()?, words.next()?);
    let century = if day < "68" { "20" } else { "19" };
    times::iso(&format!("{century}{}T{clock}", day.replace('/', "-")))
}

fn notice(circular: Circular, created: Option<DateTime<Utc>>) -> Notice {
    let mission = Mission::Other("GCN Circulars".to_owned());
    let mut notice = Notice::new(Format::Circular, mission, Kind::Circular);
    notice.notice_time = created;
    if let Some(id) = circular.id {
        let page = format!("https://gcn.nasa.gov/circulars/{id}");
        notice.links.insert("event_page".to_owned(), page);
    }
    notice.circular = Some(circular);
    notice
}

impl Circular {
    /// The bursts that the subject names, as `GRB 221009A`, `GRB 230827.256` or, without a letter, `GRB 230812`.
    pub fn burst_names(&self) -> Vec<String> {
        let Some(pattern) = BURST.as_ref() else {
            return Vec::new();
        };
        let mut names: Vec<String> = Vec::new();
        for found in pattern.captures_iter(&self.subject) {
            let letter = found.get(2).map(|l| l.as_str().to_ascii_uppercase());
            let fraction = found.get(3).map(|f| format!(".{}", f.as_str()));
            let end = letter.or(fraction).unwrap_or_default();
            let name = match &found[1] {
                day if day.len() == 6 => format!("GRB {day}{end}"),
                // Fermi's nine digits, and a year in full.
                fermi if fermi.len() == 9 => format!("GRB {}.{}", &fermi[..6], &fermi[6..]),
                day if day.len() == 8 && day.starts_with("20") => format!("GRB {}{end}", &day[2..]),
                _ => continue,
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The triggers that the subject or the body names by number. The number's size tells the mission, provided the
    /// circular speaks of that mission at all: nine digits Fermi, six or seven Swift, four or five INTEGRAL.
    pub fn triggers(&self) -> Vec<(Mission, String)> {
        let text = format!("{}\n{}", self.subject, self.body);
        let Some(pattern) = TRIGGER.as_ref() else {
            return Vec::new();
        };
        let mut triggers: Vec<(Mission, String)> = Vec::new();
        for found in pattern.captures_iter(&text) {
            let before = found.get(0).map_or(0, |m| m.start());
            for number in numbers(&found[1]) {
                let Some(mission) = mission_of(number, &text, before) else {
                    continue;
                };
                let trigger = (mission, number.to_string());
                if !triggers.contains(&trigger) {
                    triggers.push(trigger);
                }
            }
        }
        for found in SVOM.iter().flat_map(|pattern| pattern.find_iter(&text)) {
            let trigger = (Mission::Svom, found.as_str().to_lowercase());
            if !triggers.contains(&trigger) {
                triggers.push(trigger);
            }
        }
        triggers
    }

    /// True where the subject withdraws a trigger: "Swift Trigger 1186908 is not a GRB". The body is not asked, as it
    /// may weigh the question; nor is a subject that does.
    pub fn says_not_a_grb(&self) -> bool {
        let subject = self.subject.trim();
        [&NOT_A_GRB, &RETRACTED]
            .into_iter()
            .any(|pattern| pattern.as_ref().is_some_and(|p| p.is_match(subject)))
    }
}

/// The numbers of a list like `1192480, 1192481 and 1192483`, with a range `1186294-1186304` filled up.
fn numbers(list: &str) -> Vec<u64> {
    let Some(pattern) = NUMBER.as_ref() else {
        return Vec::new();
    };
    let mut numbers: Vec<u64> = Vec::new();
    for found in pattern.captures_iter(list) {
        let Some(number) = found[3]
            .parse::<u64>()
            .ok()
            .filter(|_| found.get(2).is_none())
        else {
            continue;
        };
        match numbers.last().copied() {
            Some(first) if found.get(1).is_some() && number > first && number - first < 100 => {
                numbers.extend(first + 1..=number);
            }
            _ => numbers.push(number),
        }
    }
    numbers
}

fn mission_of(number: u64, text: &str, before: usize) -> Option<Mission> {
    let speaks_of = |names: &[&str]| names.iter().any(|name| text.contains(name));
    match number {
        // Fermi counts seconds; below this, nine digits are the day and its fraction, as in bn230807868.
        300_000_000..=1_199_999_999 if speaks_of(&["Fermi", "GBM"]) => Some(Mission::Fermi),
        100_000..=9_999_999 if speaks_of(&["Swift", "SWIFT", "BAT"]) => Some(Mission::Swift),
        1_000..=99_999 => {
            let head = text.get(..before)?;
            let near = head.char_indices().rev().nth(60).map_or(0, |(at, _)| at);
            let near = head[near..].to_ascii_lowercase();
            (near.contains("ibas") || near.contains("integral")).then_some(Mission::Integral)
        }
        _ => None,
    }
}
