//! Times as they are read at a site: by its own clock.

use chrono::{DateTime, LocalResult, NaiveDate, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

/// `05:12`, by the clock of `zone`, to the nearest minute; with the date where it is not in the night at hand, which lasts from noon to noon:
/// `05:12 on 23 Nov`. In the hour that a clock shows twice, with the zone's letters: `02:30 CET`.
pub fn clock(at: DateTime<Utc>, zone: Tz, now: DateTime<Utc>) -> String {
    let local = (at + TimeDelta::seconds(30)).with_timezone(&zone);
    let twice = matches!(
        zone.from_local_datetime(&local.naive_local()),
        LocalResult::Ambiguous(..)
    );
    let time = local.format(if twice { "%H:%M %Z" } else { "%H:%M" });
    if night_of(at, zone) == night_of(now, zone) {
        time.to_string()
    } else {
        format!("{time} on {}", local.format("%-d %b"))
    }
}

/// The date on which the night began that holds an instant.
fn night_of(at: DateTime<Utc>, zone: Tz) -> NaiveDate {
    (at.with_timezone(&zone).naive_local() - TimeDelta::hours(12)).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(at: &str, zone: Tz, now: &str) -> String {
        clock(at.parse().unwrap(), zone, now.parse().unwrap())
    }

    #[test]
    fn a_night_needs_no_date_and_any_other_does() {
        let paris = Tz::Europe__Paris;
        let evening = "2026-11-21T20:00:00Z";
        assert_eq!(said("2026-11-21T22:40:00Z", paris, evening), "23:40");
        assert_eq!(said("2026-11-22T04:12:00Z", paris, evening), "05:12");
        assert_eq!(
            said("2026-11-22T17:30:00Z", paris, evening),
            "18:30 on 22 Nov"
        );
        let before_dawn = "2026-11-22T03:00:00Z";
        assert_eq!(said("2026-11-22T04:12:00Z", paris, before_dawn), "05:12");
        assert_eq!(
            said("2026-11-22T17:30:00Z", paris, before_dawn),
            "18:30 on 22 Nov"
        );
    }

    #[test]
    fn the_hour_that_comes_twice_says_which_it_is() {
        let paris = Tz::Europe__Paris;
        let evening = "2026-10-24T20:00:00Z";
        assert_eq!(said("2026-10-25T00:30:00Z", paris, evening), "02:30 CEST");
        assert_eq!(said("2026-10-25T01:30:00Z", paris, evening), "02:30 CET");
        assert_eq!(said("2026-10-25T02:30:00Z", paris, evening), "03:30");
        // The hour that is left out in spring.
        let spring = "2026-03-28T20:00:00Z";
        assert_eq!(said("2026-03-29T00:59:29Z", paris, spring), "01:59");
        assert_eq!(said("2026-03-29T01:00:00Z", paris, spring), "03:00");
    }

    #[test]
    fn dates_are_those_of_the_site_on_either_side_of_the_date_line() {
        // The same instant, on two days.
        let now = "2026-11-21T11:00:00Z";
        let later = "2026-11-22T05:30:00Z";
        assert_eq!(said(later, Tz::Pacific__Apia, now), "18:30 on 22 Nov");
        assert_eq!(said(later, Tz::Pacific__Pago_Pago, now), "18:30 on 21 Nov");
        assert_eq!(
            said("2026-11-21T16:30:00Z", Tz::Pacific__Apia, now),
            "05:30"
        );
    }
}
