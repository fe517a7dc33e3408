//! Whom the database is asked for, and where a day ends.

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use super::due::{days, kept_at};
use crate::accounts::Birthday;
use crate::alerts::due::end_of;
use crate::platform::config::LeapDay;

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn whoever_has_birthday_anywhere_is_asked_for() {
    let zones = [
        Tz::Etc__GMTPlus12,
        Tz::UTC,
        Tz::Asia__Kathmandu,
        Tz::Etc__GMTMinus14,
    ];
    let (mut now, end) = (time("2026-12-30T00:30:00Z"), time("2029-01-03T00:00:00Z"));
    let mut leap_days = 0;
    while now < end {
        let asked = days(now);
        for (zone, leap) in zones
            .into_iter()
            .flat_map(|zone| [(zone, LeapDay::February28), (zone, LeapDay::March1)])
        {
            let today = now.with_timezone(&zone).date_naive();
            let own = Birthday::new(None, today.month(), today.day()).unwrap();
            assert_eq!(kept_at(own, zone, leap, now), Some(today));
            assert!(
                asked.contains(&today.format("%m-%d").to_string()),
                "{now} {zone}"
            );
            let leap_day = Birthday::new(None, 2, 29).unwrap();
            if kept_at(leap_day, zone, leap, now).is_some() {
                leap_days += 1;
                assert!(asked.contains(&"02-29".to_owned()), "{now} {zone}");
            }
        }
        now += TimeDelta::hours(1);
    }
    assert_eq!(
        leap_days,
        4 * 2 * 2 * 24,
        "a day in each year, zone and manner"
    );
}

#[test]
fn a_day_ends_when_clocks_say_so() {
    for (day, zone, ends) in [
        ("2027-05-17", Tz::Europe__Paris, "2027-05-17T22:00:00Z"),
        (
            "2027-12-31",
            Tz::Pacific__Kiritimati,
            "2027-12-31T10:00:00Z",
        ),
        // Midnight is left out: after 23:59:59 comes 01:00.
        ("2027-04-29", Tz::Africa__Cairo, "2027-04-29T22:00:00Z"),
        // It comes twice: the day is over at the first.
        ("2027-11-06", Tz::America__Havana, "2027-11-07T04:00:00Z"),
    ] {
        let day: NaiveDate = day.parse().unwrap();
        assert_eq!(end_of(day, zone), time(ends), "{day} in {zone}");
    }
}
