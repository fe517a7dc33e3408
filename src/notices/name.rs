//! The names GBM gives its triggers, `bnYYMMDDfff`: the day and the thousandth of the day.

use std::sync::LazyLock;

use chrono::{DateTime, Datelike, Timelike, Utc};
use regex::Regex;

static BN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\bbn([0-9]{9})(?:[^0-9]|$)").ok());

/// The name in an address or a text, where there is one.
pub(super) fn find(text: &str) -> Option<String> {
    let found = BN.as_ref()?.captures(text)?;
    Some(format!("bn{}", &found[1]))
}

/// GBM's name of a trigger: the fraction is the whole second of the day over 86.4, rounded half up. So it is in all
/// 1,019 names measured; taking the fractions of the second along misses seven of them.
pub fn gbm(trigger_time: DateTime<Utc>) -> String {
    let second = trigger_time.num_seconds_from_midnight();
    let fraction = ((second * 10 + 432) / 864).min(999);
    let year = trigger_time.year().rem_euclid(100);
    let (month, day) = (trigger_time.month(), trigger_time.day());
    format!("bn{year:02}{month:02}{day:02}{fraction:03}")
}
