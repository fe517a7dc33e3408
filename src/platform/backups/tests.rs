use proptest::prelude::*;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn half_past_four() -> NaiveTime {
    NaiveTime::from_hms_opt(4, 30, 0).unwrap()
}

#[test]
fn a_copy_is_due_once_after_its_time_of_day_in_the_clubs_zone() {
    // Half past four in Paris is 03:30 UTC in winter.
    let due = |made: &[&str], now: &str| {
        let made: Vec<_> = made.iter().map(|made| at(made)).collect();
        is_due(half_past_four(), chrono_tz::Europe::Paris, &made, at(now))
    };
    assert!(due(&[], "2026-11-21T12:00:00Z"), "a desk without any copy");
    let yesterday = "2026-11-20T03:30:20Z";
    assert!(!due(&[yesterday], "2026-11-21T03:29:59Z"));
    assert!(due(&[yesterday], "2026-11-21T03:30:00Z"));
    assert!(!due(
        &[yesterday, "2026-11-21T03:30:10Z"],
        "2026-11-21T23:00:00Z"
    ));
    assert!(
        due(&["2026-11-01T03:30:00Z"], "2026-11-21T01:00:00Z"),
        "made up for after a stop"
    );
    assert!(
        due(&["2030-01-01T00:00:00Z"], "2026-11-21T04:00:00Z"),
        "a copy from when the clock was wrong does not count"
    );
}

#[test]
fn a_day_whose_clocks_leap_over_the_time_has_its_copy_an_hour_later() {
    let half_past_two = NaiveTime::from_hms_opt(2, 30, 0).unwrap();
    let leap = |now: &str| last(half_past_two, chrono_tz::Europe::Paris, at(now));
    assert_eq!(leap("2026-03-29T01:29:00Z"), at("2026-03-28T01:30:00Z"));
    assert_eq!(
        leap("2026-03-29T01:31:00Z"),
        at("2026-03-29T01:30:00Z"),
        "03:30 of the new time"
    );
    // When clocks go back, the first of the two counts.
    assert_eq!(leap("2026-10-25T12:00:00Z"), at("2026-10-25T00:30:00Z"));
}

#[test]
fn what_to_keep_is_read_or_refused() {
    let keep = |text: &str| text.parse::<Keep>();
    assert_eq!(keep("7d 4w 12m"), Ok(Keep::default()));
    assert_eq!(
        keep("3m 2d").map(|keep| (keep.days, keep.weeks, keep.months)),
        Ok((2, 0, 3))
    );
    for wrong in ["0d", "0d 0w 0m", "7", "7y", "d", "-1d", "7 d", "é"] {
        assert!(keep(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn after_two_years_of_nights_there_are_seven_days_four_weeks_and_twelve_months() {
    let mut kept: Vec<DateTime<Utc>> = Vec::new();
    for night in 0..730 {
        kept.push(at("2025-01-01T04:30:00Z") + TimeDelta::days(night));
        let gone = superfluous(&kept, Keep::default(), Tz::UTC, at("2030-01-01T00:00:00Z"));
        kept.retain(|made| !gone.contains(made));
    }
    let days: Vec<String> = kept
        .iter()
        .map(|made| made.format("%m-%d").to_string())
        .collect();
    // 31 December 2026 is a Thursday: its week is the newest, and those before it end on Sundays.
    let months = [
        "01-31", "02-28", "03-31", "04-30", "05-31", "06-30", "07-31", "08-31", "09-30", "10-31",
        "11-30",
    ];
    let weeks = ["12-13", "12-20"];
    let last = [
        "12-25", "12-26", "12-27", "12-28", "12-29", "12-30", "12-31",
    ];
    assert_eq!(days, [&months[..], &weeks, &last].concat());
}

#[test]
fn a_clock_that_was_wrong_costs_no_copy() {
    let one = "1d".parse().unwrap();
    let gone = |made: &[&str], now| {
        let made: Vec<_> = made.iter().map(|made| at(made)).collect();
        superfluous(&made, one, Tz::UTC, at(now))
    };
    let (ahead, today, before) = (
        "2030-01-01T04:30:00Z",
        "2026-11-21T04:30:00Z",
        "2026-11-20T04:30:00Z",
    );
    // It went back to what is right, and the copy that was just made stays.
    assert_eq!(
        gone(&[ahead, today, before], today),
        [at(before)].into(),
        "one of the future takes nobody's place"
    );
    // It went back to what is wrong, as without a battery: nothing of before is touched.
    let long_ago = "1970-01-01T00:01:00Z";
    assert!(gone(&[today, before, long_ago], long_ago).is_empty());
}

#[test]
fn the_newest_copy_is_one_that_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let newest = || newest(folder.path(), at("2026-11-21T12:00:00Z")).map(|copy| copy.at);
    let make = |name: &str| std::fs::write(folder.path().join(name), "").unwrap();
    assert_eq!(newest(), None);
    make("grb-app-2030-01-01T000000Z.db");
    assert_eq!(
        newest(),
        Some(at("2030-01-01T00:00:00Z")),
        "better than none"
    );
    make("grb-app-2026-11-21T043000Z.db");
    make("grb-app-2026-11-20T043000Z.db");
    assert_eq!(newest(), Some(at("2026-11-21T04:30:00Z")));
}

#[test]
fn a_folder_elsewhere_is_not_made_while_its_disk_is_missing() {
    let data = tempfile::tempdir().unwrap();
    let stick = data.path().join("stick/copies");
    let now = at("2026-11-21T12:00:00Z");
    let refused = place(data.path(), &stick, now).unwrap_err();
    assert_eq!(refused.downcast_ref::<Exit>().unwrap().code, 69);
    assert!(!stick.exists());
    std::fs::create_dir_all(&stick).unwrap();
    assert!(place(data.path(), &stick, now).is_ok());
    let own = data.path().join("backups");
    assert!(place(data.path(), &own, now).is_ok() && own.is_dir());
}

proptest! {
    #[test]
    fn the_newest_stays_no_more_stay_than_asked_for_and_to_thin_again_takes_nothing(
        hours in prop::collection::btree_set(0_i64..30_000, 1..80),
        days in 0_usize..9, weeks in 0_usize..6, months in 0_usize..14,
    ) {
        prop_assume!(days + weeks + months > 0);
        let keep = Keep { days, weeks, months };
        let zone = chrono_tz::America::St_Johns;
        let made: Vec<_> = hours.iter().map(|hour| at("2025-01-01T00:30:00Z") + TimeDelta::hours(*hour)).collect();
        let now = *made.last().unwrap_or(&DateTime::UNIX_EPOCH);
        let gone = superfluous(&made, keep, zone, now);
        let kept: Vec<_> = made.iter().copied().filter(|made| !gone.contains(made)).collect();
        prop_assert_eq!(kept.last(), made.last());
        prop_assert!(kept.len() <= days + weeks + months);
        prop_assert!(superfluous(&kept, keep, zone, now).is_empty());
        // With room for every day, nothing goes but the older ones of a day.
        let all = superfluous(&made, Keep { days: 1300, ..keep }, zone, now);
        let day = |made: &DateTime<Utc>| made.with_timezone(&zone).date_naive();
        for gone in all {
            prop_assert!(made.iter().any(|other| *other > gone && day(other) == day(&gone)));
        }
    }
}
