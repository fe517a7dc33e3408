//! Times as notices write them, broken ones included, and the clocks of the missions.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeDelta, Utc};

/// The time of an ISO 8601 text, with `T` or a blank between date and time, with or without a zone (none is UTC).
/// `None` where the date does not exist, as in `2022-01-00T23:16:14.46`.
pub(super) fn iso(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let (date, rest) = text.split_once(['T', ' '])?;
    let date = ymd(date)?;
    let (clock, ahead) = zone(rest)?;
    let since = since_midnight(clock)?;
    at(date, since)?.checked_sub_signed(ahead)
}

fn ymd(text: &str) -> Option<NaiveDate> {
    let mut parts = text.splitn(3, '-');
    let year = digits(parts.next()?, 4)?;
    let month = digits(parts.next()?, 2)?;
    let day = digits(parts.next()?, 2)?;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

fn digits(text: &str, count: usize) -> Option<u32> {
    let whole = text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    whole.then(|| text.parse().ok()).flatten()
}

/// Splits `08:51:55+00:00` into its clock and how far the zone is ahead of UTC.
fn zone(text: &str) -> Option<(&str, TimeDelta)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, TimeDelta::zero()));
    }
    let Some(sign) = text.rfind(['+', '-']) else {
        return Some((text, TimeDelta::zero()));
    };
    let offset = text[sign + 1..].replace(':', "");
    let hours = digits(offset.get(..2)?, 2)?;
    let minutes = offset.get(2..4).map_or(Some(0), |m| digits(m, 2))?;
    let ahead = Duration::minutes(i64::from(hours * 60 + minutes));
    let east = text[sign..].starts_with('+');
    Some((&text[..sign], if east { ahead } else { -ahead }))
}

/// Hours, minutes and seconds as a span. Up to 24:00:00 and a leap second; `262:52:05` is no time of day.
fn since_midnight(clock: &str) -> Option<TimeDelta> {
    let mut parts = clock.splitn(3, ':');
    let hours = digits(parts.next()?, 2)?;
    let minutes = digits(parts.next()?, 2)?;
    let seconds = micros(parts.next().unwrap_or("0"))?;
    let whole = hours <= 24 && minutes < 60 && (0..=60_999_999).contains(&seconds);
    let since =
        Duration::minutes(i64::from(hours * 60 + minutes)) + Duration::microseconds(seconds);
    (whole && since <= Duration::seconds(86_401)).then_some(since)
}

fn at(date: NaiveDate, since: TimeDelta) -> Option<DateTime<Utc>> {
    date.and_time(NaiveTime::MIN)
        .and_utc()
        .checked_add_signed(since)
}

/// A decimal number of seconds in microseconds, without passing through floating point.
pub(super) fn micros(text: &str) -> Option<i64> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let plain = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || !plain(whole) || !plain(fraction) {
        return None;
    }
    let six: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let rounded = i64::from(fraction.as_bytes().get(6).is_some_and(|d| *d >= b'5'));
    Some(whole.parse::<i64>().ok()? * 1_000_000 + six.parse::<i64>().ok()? + rounded)
}

/// A truncated Julian day (0 is 1968-05-24) and the seconds of that day, UTC.
pub(super) fn tjd(day: &str, seconds: &str) -> Option<DateTime<Utc>> {
    let day: i64 = day.trim().parse().ok()?;
    let since = micros(seconds).filter(|s| *s <= 86_401_000_000)?;
    let zero = NaiveDate::from_ymd_opt(1968, 5, 24)?;
    let date = zero.checked_add_signed(Duration::try_days(day)?)?;
    at(date, Duration::microseconds(since))
}

/// A date as the classic texts write it, `25/11/17`, and the span since its midnight.
pub(super) fn yymmdd(date: &str, since: TimeDelta) -> Option<DateTime<Utc>> {
    let mut parts = date.trim().splitn(3, '/');
    let year = digits(parts.next()?, 2)?;
    let month = digits(parts.next()?, 2)?;
    let day = digits(parts.next()?.get(..2)?, 2)?;
    let century = if year < 68 { 2000 } else { 1900 };
    at(
        NaiveDate::from_ymd_opt(century + i32::try_from(year).ok()?, month, day)?,
        since,
    )
}

/// The time a Fermi trigger number stands for: seconds since 2001-01-01 UTC, and five leap seconds since
/// (measured on 944 triggers; the fraction of the second is not in the number).
pub(super) fn fermi_met(trigger_id: &str) -> Option<DateTime<Utc>> {
    let met: i64 = trigger_id.trim().parse().ok()?;
    let launched = 234_316_801; // 2008-06-04: no trigger is older
    let zero = NaiveDate::from_ymd_opt(2001, 1, 1)?;
    (met > launched).then(|| at(zero, Duration::try_seconds(met - 5)?))?
}

/// Takes the first of several readings of one time that can be true: not after the notice (a day of slack for
/// clocks) and not more than a year before it.
pub(super) fn plausible(
    notice: Option<DateTime<Utc>>,
    readings: impl IntoIterator<Item = Option<DateTime<Utc>>>,
) -> Option<DateTime<Utc>> {
    let fits = |time: &DateTime<Utc>| {
        notice.is_none_or(|n| {
            let age = n.signed_duration_since(time);
            age > Duration::days(-1) && age < Duration::days(400)
        })
    };
    readings.into_iter().flatten().find(fits)
}

/// The date line of a classic text: `Mon 17 Nov 25 12:19:53 UT`.
pub(super) fn text_date(text: &str) -> Option<DateTime<Utc>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [_, day, month, year, clock, ..] = words[..] else {
        return None;
    };
    let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month = months.iter().position(|m| *m == month)? + 1;
    yymmdd(
        &format!("{year}/{month:02}/{day:0>2}"),
        since_midnight(clock)?,
    )
}
