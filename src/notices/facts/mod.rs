//! The facts worth showing beside the position: which field of which format is what, in plain words with units.

mod tables;

use super::classes;

pub(super) use tables::{JSON, TEXT, VOEVENT};

/// One field and how it is shown.
#[derive(Debug)]
pub(super) struct Fact {
    pub field: &'static str,
    pub label: &'static str,
    pub unit: &'static str,
    pub shape: Shape,
    /// The packet types for which the field means this; empty for all.
    pub packets: &'static [u16],
}

/// How the raw text of a field becomes the shown one, and back.
#[derive(Debug)]
pub(super) enum Shape {
    /// A number other than zero, shown as it stands.
    Number,
    /// Magnitudes times a hundred, as UVOT sends them.
    Hundredths,
    /// A probability 0…1.
    Percent,
    /// False alarms per second.
    Rate,
    Text,
    Words(&'static [(&'static str, &'static str)]),
    /// The lower end of a range; the upper end is in the other field.
    Band(&'static str),
    /// GBM's second most likely class; its probability in percent is in the other field.
    Guess(&'static str),
    /// A hexadecimal mask of GBM's fourteen detectors.
    Mask,
}

/// GBM's detectors in the order of its flags.
const DETECTORS: [&str; 14] = [
    "n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9", "na", "nb", "b0", "b1",
];

const YEAR: f64 = 365.25 * 86_400.0;

/// The fact that a field of a notice with this packet type is.
pub(super) fn of_field(
    table: &'static [Fact],
    field: &str,
    packet: Option<u16>,
) -> Option<&'static Fact> {
    table.iter().find(|f| f.field == field && f.holds(packet))
}

/// The fact in which a label is written for a notice with this packet type, so that reading gives `shown` again.
pub(super) fn of_label(
    table: &'static [Fact],
    (label, shown): (&str, &str),
    packet: Option<u16>,
) -> Option<&'static Fact> {
    let mut labelled = table.iter().filter(|f| f.label == label);
    labelled.find(|f| f.holds(packet) && f.raw(shown).is_some())
}

impl Fact {
    fn holds(&self, packet: Option<u16>) -> bool {
        self.packets.is_empty() || packet.is_some_and(|p| self.packets.contains(&p))
    }

    /// The other field that belongs to it.
    pub(super) fn partner(&self) -> Option<&'static str> {
        match self.shape {
            Shape::Band(partner) | Shape::Guess(partner) => Some(partner),
            _ => None,
        }
    }

    /// What is shown for the raw text, unit included; `None` where it says nothing.
    pub(super) fn shown(&self, raw: &str, partner: Option<&str>) -> Option<String> {
        let raw = raw.trim();
        if raw.is_empty() {
            return None;
        }
        let text = match &self.shape {
            Shape::Number => number(raw).map(|_| raw.to_owned()),
            Shape::Hundredths => number(raw).map(|n| format!("{:.2}", n / 100.0)),
            Shape::Percent => number(raw).map(percent),
            Shape::Rate => number(raw).and_then(period),
            Shape::Text => Some(raw.to_owned()),
            Shape::Words(words) => {
                let word = words.iter().find(|w| w.0.eq_ignore_ascii_case(raw))?;
                Some(word.1.to_owned())
            }
            Shape::Band(_) => {
                let high = partner.filter(|high| number(high).is_some())?.trim();
                Some(format!("{raw}–{high}"))
            }
            Shape::Guess(_) => guess(raw, partner?),
            Shape::Mask => detectors(raw),
        }?;
        Some(if self.unit.is_empty() {
            text
        } else {
            format!("{text} {}", self.unit)
        })
    }

    /// The raw text, and the partner's, from which [`Fact::shown`] makes `shown`; `None` where there is none.
    pub(super) fn raw(&self, shown: &str) -> Option<(String, Option<String>)> {
        let text = match self.unit {
            "" => shown,
            unit => shown.strip_suffix(unit)?.strip_suffix(' ')?,
        };
        let (raw, partner) = match &self.shape {
            Shape::Number | Shape::Text => (text.to_owned(), None),
            Shape::Hundredths => (format!("{:.0}", text.parse::<f64>().ok()? * 100.0), None),
            Shape::Percent => {
                let percent: f64 = text.strip_suffix(" %")?.parse().ok()?;
                (format!("{:.4}", percent / 100.0), None)
            }
            Shape::Rate => (rate(text)?, None),
            Shape::Words(words) => (words.iter().find(|w| w.1 == text)?.0.to_owned(), None),
            Shape::Band(_) => {
                let (low, high) = text.split_once('–')?;
                (low.to_owned(), Some(high.to_owned()))
            }
            Shape::Guess(_) => unguess(text)?,
            Shape::Mask => (mask(text)?, None),
        };
        let again = self.shown(&raw, partner.as_deref());
        (again.as_deref() == Some(shown)).then_some((raw, partner))
    }
}

fn number(text: &str) -> Option<f64> {
    let number: f64 = text.trim().parse().ok()?;
    (number.is_finite() && number != 0.0).then_some(number)
}

/// A probability as `82.8 %`.
pub(super) fn percent(probability: f64) -> String {
    let tenths = format!("{:.1}", probability * 100.0);
    format!("{} %", tenths.strip_suffix(".0").unwrap_or(&tenths))
}

/// A rate per second as the time in which one false alarm comes by: `one in 98.5 years`.
fn period(per_second: f64) -> Option<String> {
    let seconds = 1.0 / per_second;
    let units = [
        ("years", YEAR),
        ("days", 86_400.0),
        ("hours", 3600.0),
        ("minutes", 60.0),
    ];
    let (unit, length) = units.into_iter().find(|u| seconds >= u.1)?;
    let count = seconds / length;
    let count = if count >= 1e6 {
        format!("{:.1e}", count)
    } else {
        three_digits(count)
    };
    Some(format!("one in {count} {unit}"))
}

fn three_digits(number: f64) -> String {
    match number {
        n if n >= 100.0 => format!("{n:.0}"),
        n if n >= 10.0 => format!("{n:.1}"),
        n => format!("{n:.2}"),
    }
}

fn rate(shown: &str) -> Option<String> {
    let (count, unit) = shown.strip_prefix("one in ")?.split_once(' ')?;
    let length = match unit {
        "years" => YEAR,
        "days" => 86_400.0,
        "hours" => 3600.0,
        "minutes" => 60.0,
        _ => return None,
    };
    let per_second = 1.0 / (count.parse::<f64>().ok()? * length);
    Some(format!("{per_second:e}"))
}

fn guess(index: &str, probability: &str) -> Option<String> {
    let class = classes::of_index(index.parse().ok()?);
    let probability = number(probability)?;
    Some(format!("{class}, {probability} %"))
}

fn unguess(text: &str) -> Option<(String, Option<String>)> {
    let (class, probability) = text.rsplit_once(", ")?;
    let index = classes::index(&super::Class::parse(class));
    let probability = probability.strip_suffix(" %")?.to_owned();
    Some((index.to_string(), Some(probability)))
}

fn detectors(mask: &str) -> Option<String> {
    let digits = mask.strip_prefix("0x").or(mask.strip_prefix("0X"))?;
    let bits = u32::from_str_radix(digits, 16).ok()?;
    flagged((0..14).map(|n| bits & (1 << n) != 0))
}

/// The names of the GBM detectors whose flags are set.
pub(super) fn flagged(flags: impl IntoIterator<Item = bool>) -> Option<String> {
    let lit = DETECTORS.iter().zip(flags).filter(|(_, on)| *on);
    let names: Vec<&str> = lit.map(|(name, _)| *name).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The flags of the GBM detectors named in `shown`; `None` where one is no detector.
pub(super) fn flags(shown: &str) -> Option<[bool; 14]> {
    let mut flags = [false; 14];
    for name in shown.split(", ") {
        let place = DETECTORS.iter().position(|d| *d == name)?;
        *flags.get_mut(place)? = true;
    }
    Some(flags)
}

fn mask(shown: &str) -> Option<String> {
    let flags = flags(shown)?.into_iter().enumerate();
    let bits = flags.fold(0_u32, |bits, (n, on)| bits | (u32::from(on) << n));
    Some(format!("0x{bits:x}"))
}
