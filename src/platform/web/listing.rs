//! Lists that are asked for in an address: narrowed by its fields, and read a page at a time.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::escaped;
use super::form::Faults;

/// Items on a page, unless asked for otherwise.
const PAGE: usize = 20;
const LARGEST_PAGE: usize = 200;

/// A page of a list; `next` goes into `after` for the page that follows.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Listed<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

/// Which page of a list, of how many items.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
pub struct Paged {
    /// 1…200, 20 unless given
    #[param(value_type = u16, minimum = 1, maximum = 200)]
    pub limit: String,
    /// `next` of the page before
    pub after: String,
}

/// Where a page of a list that is sorted by time ends: the time, in microseconds since 1970, and the id of its last item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageKey {
    pub time: i64,
    pub id: i64,
}

impl PageKey {
    /// `TIME-ID`, as it stands in addresses.
    pub fn parse(text: &str) -> Option<Self> {
        let (time, id) = text.rsplit_once('-')?;
        Some(Self {
            time: time.parse().ok()?,
            id: id.parse().ok()?,
        })
    }
}

impl std::fmt::Display for PageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.time, self.id)
    }
}

/// What is wrong with a list's address. In all of these an empty field counts as not given.
impl Faults {
    /// The field as `understand` has it.
    pub fn parse<T>(
        &mut self,
        field: &str,
        text: &str,
        understand: impl Fn(&str) -> Option<T>,
        must: &str,
    ) -> Option<T> {
        let understood = understand(filled(text)?).ok_or_else(|| format!("must be {must}"));
        self.take(field, understood)
    }

    /// A number within `range`; `what` it is a number of, in the plural.
    pub fn within(
        &mut self,
        field: &str,
        text: &str,
        range: RangeInclusive<f64>,
        what: &str,
    ) -> Option<f64> {
        let must = format!("{what} from {} to {}", range.start(), range.end());
        let number = |text: &str| text.replace('−', "-").replace(',', ".").parse().ok();
        let within = |text: &str| number(text).filter(|number| range.contains(number));
        self.parse(field, text, within, &must)
    }

    /// How many items a page may have.
    pub fn limit(&mut self, text: &str) -> usize {
        let within = |text: &str| {
            let limit = text.parse().ok();
            limit.filter(|limit| (1..=LARGEST_PAGE).contains(limit))
        };
        self.parse("limit", text, within, "a number from 1 to 200")
            .unwrap_or(PAGE)
    }

    /// The `next` that an earlier page gave.
    pub fn after<T>(&mut self, text: &str, key: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.parse("after", text, key, "the next of an earlier page")
    }
}

/// The text of a field, unless nothing was written into it.
pub fn filled(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// A list's address with the fields that hold something.
pub fn address(path: &str, fields: &[(&str, &str)]) -> String {
    let filled = fields
        .iter()
        .filter_map(|(name, text)| Some((name, filled(text)?)));
    let query: Vec<String> = filled
        .map(|(name, text)| format!("{name}={}", escaped(text)))
        .collect();
    match query.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", query.join("&")),
    }
}
