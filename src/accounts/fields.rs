//! What people type about themselves, understood once.

use std::ops::RangeInclusive;
use std::str::FromStr as _;

use serde_json::Value;

/// The longest address that mail can carry (RFC 5321 §4.5.3.1.3), characters.
const LONGEST_ADDRESS: usize = 254;
const LONGEST_NAME: usize = 100;

/// A mail address that letters can be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// The words of an error say what an address must be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let fits = !text.is_empty() && text.chars().count() <= LONGEST_ADDRESS;
        let clean = !text.contains(char::is_control) && !text.contains(char::is_whitespace);
        let address = lettre::Address::from_str(text);
        match address {
            Ok(_) if fits && clean => Ok(Self(text.to_owned())),
            _ => Err("must be a mail address such as ada@example.org".into()),
        }
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same for every way of writing it.
    pub fn key(&self) -> String {
        key(&self.0)
    }
}

/// What an address, even one that is none, is looked up and counted by.
pub fn key(address: &str) -> String {
    address.trim().to_lowercase()
}

/// A name as it may stand in a letter and on a page.
pub fn full_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    let fits = (1..=LONGEST_NAME).contains(&name.chars().count());
    match fits && !name.contains(is_unseemly) {
        true => Ok(name.to_owned()),
        false => Err("must be 1 to 100 characters on one line".into()),
    }
}

/// A finite number within `range`, given as one or as its text, with a point or a comma.
pub fn number(value: &Value, range: RangeInclusive<f64>) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => {
            let text = text.trim().replace('−', "-").replace(',', ".");
            text.parse().ok()?
        }
        _ => return None,
    };
    (number.is_finite() && range.contains(&number)).then_some(number)
}

/// Text of 1 to `most` characters on one line, trimmed: it may stand in a letter's subject.
pub fn words(value: &Value, most: usize) -> Option<String> {
    let text = value.as_str()?.trim();
    let fits = (1..=most).contains(&text.chars().count()) && !text.contains(is_unseemly);
    fits.then(|| text.to_owned())
}

/// Control characters, line and paragraph separators, and those that turn the direction of writing.
fn is_unseemly(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
