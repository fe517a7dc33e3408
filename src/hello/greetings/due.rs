//! When a member is greeted: on the birthday as the member's own calendar has it, from nine in the morning to midnight.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;

use crate::accounts::{Birthday, Preferences};
use crate::alerts::due::after_quiet;
use crate::platform::config::LeapDay;

const NINE: NaiveTime = NaiveTime::from_hms_opt(9, 0, 0).expect("a time of day");

/// Every birthday, as `MM-DD`, that may be kept at `now` somewhere on Earth, where it is one of three days.
pub(super) fn days(now: DateTime<Utc>) -> Vec<String> {
    let today = now.date_naive();
    let three = [today - Days::new(1), today, today + Days::new(1)];
    let mut days = three.map(|day| day.format("%m-%d").to_string()).to_vec();
    // In common years it is kept on one of its neighbours.
    if days.iter().any(|day| day == "02-28" || day == "03-01") {
        days.push("02-29".into());
    }
    days
}

/// The day in `zone` at `now`, if this birthday is kept on it.
pub(super) fn kept_at(
    birthday: Birthday,
    zone: Tz,
    leap: LeapDay,
    now: DateTime<Utc>,
) -> Option<NaiveDate> {
    let today = now.with_timezone(&zone).date_naive();
    (birthday.in_year(today.year(), leap) == today).then_some(today)
}

/// The same from nine in the morning on.
pub(super) fn greeted_at(
    birthday: Birthday,
    zone: Tz,
    leap: LeapDay,
    now: DateTime<Utc>,
) -> Option<NaiveDate> {
    let late_enough = now.with_timezone(&zone).time() >= NINE;
    kept_at(birthday, zone, leap, now).filter(|_| late_enough)
}

/// When a letter that is ready at `now` leaves: after the member's quiet hours if the day is not over by then, else at once.
pub(super) fn leaves(now: DateTime<Utc>, zone: Tz, preferences: &Preferences) -> DateTime<Utc> {
    let day = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
    let quiet_over = after_quiet(now, zone, preferences);
    if day(quiet_over) == day(now) {
        quiet_over
    } else {
        now
    }
}
