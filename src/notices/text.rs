//! Reads classic text notices: `KEY: value`, as mailed since the days of BATSE.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use regex::Regex;

use super::containment::Stated;
use super::model::{Classification, Format, Kind, Mission, Notice, Role, Suppressed};
use super::{NoticeError, circular, classes, facts, links, name, packets, rules, times};

/// A field begins with its key at the start of a line.
static KEY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^([A-Za-z0-9][A-Za-z0-9_/-]*):(?:[ \t]|$)").ok());
/// Where the line breaks of a notice were lost, keys are the words in capitals.
static INLINE_KEY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r" ((?:2nd_)?[A-Z][A-Z0-9_]{3,}:) ").ok());

/// Reads a text notice, or a circular as plain text.
pub(super) fn read(body: &[u8]) -> Result<Notice, NoticeError> {
    let text = decode(body);
    let fields = Fields::of(&text);
    if fields.get("SUBJECT").is_some() && fields.get("NOTICE_TYPE").is_none() {
        return circular::read_text(&text);
    }
    let title = fields.get("NOTICE_TYPE").ok_or(NoticeError::Unknown)?;
    let packet = packets::packet_titled(title);
    let mut notice = match &packet {
        Some(packet) => Notice::new(Format::Text, packet.mission.clone(), packet.kind),
        None => Notice::new(Format::Text, sender(&fields), Kind::Other),
    };
    notice.packet_type = packet.as_ref().map(|p| p.number);
    notice.instrument = match (&notice.mission, fields.get("MISSION")) {
        (Mission::Gecam, Some(letter)) => Some(format!("GECAM-{letter}")),
        _ => packet
            .as_ref()
            .and_then(|p| p.instrument)
            .map(str::to_owned),
    };
    let test = packet.is_some_and(|p| p.test) || title.to_ascii_lowercase().contains("test");
    if test {
        notice.role = Role::Test;
    }
    notice.trigger_id = trigger_id(&fields, notice.packet_type);
    notice.notice_time = fields.get("NOTICE_DATE").and_then(times::text_date);
    notice.trigger_time = time(&fields, &notice);
    comments(&fields, &mut notice);
    place(&fields, &mut notice);
    notice.classification = classification(&fields, &notice);
    fill_in(&fields, &mut notice);
    rules::settle(&mut notice, test);
    Ok(notice)
}

/// UTF-8, or Latin-1 where it is not; with plain blanks and line ends.
fn decode(body: &[u8]) -> String {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let text = match std::str::from_utf8(body) {
        Ok(text) => text.to_owned(),
        Err(_) => body.iter().map(|b| char::from(*b)).collect(),
    };
    text.replace('\u{a0}', " ")
        .replace("\r\n", "\n")
        .replace('\r', "\n")
}

struct Fields(Vec<(String, String)>);

impl Fields {
    fn of(text: &str) -> Self {
        let lost = !text.contains("\nNOTICE_TYPE:") && text.contains(" NOTICE_TYPE: ");
        match INLINE_KEY.as_ref().filter(|_| lost) {
            // Twice, as matches that share a blank are not found in one go.
            Some(key) => Self::lines(&key.replace_all(&key.replace_all(text, "\n$1 "), "\n$1 ")),
            None => Self::lines(text),
        }
    }

    fn lines(text: &str) -> Self {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            let key = KEY.as_ref().and_then(|key| key.captures(line));
            if let Some(key) = key {
                let value = line[key[0].len()..].trim().to_owned();
                fields.push((key[1].to_owned(), value));
            } else if let Some((_, value)) = fields.last_mut().filter(|_| !line.trim().is_empty()) {
                value.push(' ');
                value.push_str(line.trim());
            }
        }
        Self(fields)
    }

    fn get(&self, key: &str) -> Option<&str> {
        let field = self.0.iter().find(|(k, _)| k == key)?;
        Some(field.1.as_str()).filter(|v| !v.is_empty())
    }

    /// The first field whose key ends so; notices name the same thing GRB_RA, SRC_RA, EVENT_RA.
    fn ending(&self, end: &str) -> Option<&str> {
        let field = self.0.iter().find(|(key, _)| key.ends_with(end))?;
        Some(&field.1)
    }
}

fn sender(fields: &Fields) -> Mission {
    let title = fields.get("TITLE").unwrap_or_default();
    let name = title.trim_start_matches("GCN/").split_whitespace().next();
    Mission::parse(name.unwrap_or("unknown"))
}

fn trigger_id(fields: &Fields, packet: Option<u16>) -> Option<String> {
    let first = |value: &str| value.split([',', ' ']).next().map(str::to_owned);
    let keys = [
        "TRIGGER_NUM",
        "TRANS_NUM",
        "EVENT_ID_NUM",
        "SRC_ID_NUM",
        "TRIGGER_ID_NUM",
    ];
    if let Some(value) = keys.into_iter().find_map(|key| fields.get(key)) {
        return first(value).filter(|id| !id.is_empty());
    }
    let event = first(fields.get("EVENT_NUM")?)?;
    match fields.get("RUN_NUM").and_then(first) {
        Some(run) if packet != Some(172) => Some(format!("{run}_{event}")),
        _ => Some(event),
    }
}

/// The leading number of a value like `44392.14 SOD {12:19:52.14} UT` or `-35.000d {-35d 00' 00"}`.
fn leading(value: &str) -> Option<&str> {
    let value = value.trim_start();
    let odd = |(at, c): (usize, char)| {
        let exponent = at > 0 && (c == 'e' || c == 'E');
        let signed = (c == '-' || c == '+') && (at == 0 || value[..at].ends_with(['e', 'E']));
        !(c.is_ascii_digit() || c == '.' || signed || exponent)
    };
    let end = value
        .char_indices()
        .find(|at| odd(*at))
        .map_or(value.len(), |(at, _)| at);
    Some(value[..end].trim_end_matches(['e', 'E'])).filter(|number| !number.is_empty())
}

fn number(value: &str) -> Option<f64> {
    leading(value)?.parse().ok()
}

/// The time of the first `…_DATE` that counts in truncated Julian days, with the `…_TIME` that belongs to it.
fn time(fields: &Fields, notice: &Notice) -> Option<DateTime<Utc>> {
    let dated = fields.0.iter().find(|(key, value)| {
        key.ends_with("_DATE") && key != "NOTICE_DATE" && value.contains("TJD")
    });
    let readings = dated.and_then(|(key, date)| {
        let clock = fields.get(&key.replace("_DATE", "_TIME"))?;
        let seconds = leading(clock)?;
        let since = chrono::Duration::microseconds(times::micros(seconds)?);
        let day = date.rsplit(';').next().unwrap_or_default();
        let named = times::yymmdd(day, since).filter(|_| since <= chrono::Duration::days(1));
        Some([named, times::tjd(leading(date)?, seconds)])
    });
    let met = notice
        .trigger_id
        .as_deref()
        .filter(|_| notice.mission == Mission::Fermi);
    let met = met.and_then(times::fermi_met);
    let [named, counted] = readings.unwrap_or_default();
    times::plausible(notice.notice_time, [named, counted, met])
}

fn comments(fields: &Fields, notice: &mut Notice) {
    let comments = fields.0.iter().filter(|(key, _)| key == "COMMENTS");
    let all: Vec<String> = comments
        .map(|(_, value)| value.to_ascii_lowercase())
        .collect();
    let says = |phrase: &str| all.iter().any(|comment| comment.contains(phrase));
    let star_tracker = all
        .iter()
        .any(|c| c.contains("star") && c.contains("track"));
    notice.suppressed =
        if star_tracker && (says("lost") || says("loss of lock") || says("not locked")) {
            Some(Suppressed::LostLock)
        } else if says("definitely not a grb") || says("this is not a grb") {
            Some(Suppressed::NotAGrb)
        } else if says("this matches a source") {
            Some(Suppressed::KnownSource)
        } else {
            None
        };
    if says("retraction")
        || says("retracted")
        || fields
            .get("NOTICE_TYPE")
            .is_some_and(|t| t.contains("Retract"))
    {
        notice.retraction = true;
        notice.kind = Kind::Retraction;
    }
}

fn place(fields: &Fields, notice: &mut Notice) {
    let (Some(ra), Some(dec)) = (
        fields.ending("_RA").and_then(number),
        fields.ending("_DEC").and_then(number),
    ) else {
        return;
    };
    let error = fields.ending("_ERROR").unwrap_or_default();
    let radius = number(error).map(|r| in_degrees(r, error));
    notice.localization = rules::localization(notice, (ra, dec), radius, stated(notice, error));
}

/// A radius in the unit that its bracket names: `3.00 [arcmin radius, statistical only]`.
fn in_degrees(radius: f64, error: &str) -> f64 {
    let parts = match error {
        e if e.contains("arcmin") => 60.0,
        e if e.contains("arcsec") => 3600.0,
        _ => return radius,
    };
    // What the text had as a decimal stays one: 4.68 arcsec are 0.0013 deg.
    (radius / parts * 1e9).round() / 1e9
}

fn stated(notice: &Notice, error: &str) -> Option<Stated> {
    if notice.instrument.as_deref() == Some("GBM") {
        let systematic = error.contains("statistical plus systematic");
        let known = systematic || error.contains("statistical only");
        return known.then_some(Stated {
            containment: 0.68,
            systematic: Some(systematic),
        });
    }
    let percent = error
        .split('%')
        .next()
        .filter(|_| error.contains("% containment"))?;
    let percent: f64 = percent.rsplit([' ', ',']).next()?.parse().ok()?;
    Some(Stated {
        containment: percent / 100.0,
        systematic: None,
    })
}

fn classification(fields: &Fields, notice: &Notice) -> Option<Classification> {
    if let Some(likely) = fields.get("MOST_LIKELY") {
        let (percent, class) = likely.split_once('%')?;
        let percent: Option<f64> = percent.trim().parse().ok();
        return Some(Classification {
            most_likely: classes::of_words(class),
            probability: percent
                .map(|p| p / 100.0)
                .filter(|p| (0.0..=1.0).contains(p)),
        });
    }
    let class = match fields
        .get("SRC_CLASS")
        .filter(|_| notice.mission == Mission::Gecam)
    {
        Some(class) => Some(classes::of_words(class)),
        None => notice.packet_type.and_then(classes::grade),
    };
    class.map(|most_likely| Classification {
        most_likely,
        probability: None,
    })
}

fn fill_in(fields: &Fields, notice: &mut Notice) {
    for (key, value) in &fields.0 {
        if let Some(link) = links::link_of(key) {
            if notice.name.is_none() && notice.mission == Mission::Fermi {
                notice.name = name::find(value);
            }
            links::keep(&mut notice.links, link, value);
        } else if let Some(fact) = facts::of_field(facts::TEXT, key, notice.packet_type) {
            let shown = raw(key, value).and_then(|raw| fact.shown(&raw, None));
            if let Some(shown) = shown {
                notice.details.push((fact.label.to_owned(), shown));
            }
        }
    }
    rules::derive_healpix(notice);
}

/// What a field says without its unit; the three that are lists are put into the words of the other formats.
fn raw(key: &str, value: &str) -> Option<String> {
    match key {
        "DETECTORS" => {
            let flags = value.split(',').map(str::trim).filter(|f| !f.is_empty());
            facts::flagged(flags.map(|f| f == "1"))
        }
        "2nd_MOST_LIKELY" => {
            let (percent, class) = value.split_once('%')?;
            Some(format!(
                "{}, {} %",
                classes::of_words(class),
                percent.trim()
            ))
        }
        "E_RANGE" => {
            let (channels, _) = value.split_once("[keV]")?;
            let (low, high) = channels.split_whitespace().last()?.split_once('-')?;
            Some(format!("{low}–{high} keV"))
        }
        _ => {
            let bare = value.split(" [").next().unwrap_or_default().trim();
            Some(bare.to_owned())
        }
    }
}
