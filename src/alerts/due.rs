//! When a letter may leave: not in a member's quiet hours, the morning's letter in the morning, and never too late.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::decide::Watcher;
use super::reason::Reason;
use super::standing::Standing;
use crate::accounts::Preferences;

/// When the morning's letter leaves, in the member's own time.
const MORNING: NaiveTime = NaiveTime::from_hms_opt(8, 0, 0).expect("a time of day");

/// The morning's letter is worth reading until the evening.
const MORNING_LASTS: TimeDelta = TimeDelta::hours(12);

/// How long it matters that a burst was none.
const WITHDRAWAL_LASTS: TimeDelta = TimeDelta::days(2);

/// From when a letter may leave, and when it is worth nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
}

impl Due {
    /// For a letter decided at `now`; `None` where the burst would be too old by the time it may leave. `club` is the
    /// zone of members without a site.
    pub(super) fn of(
        reason: Reason,
        burst: &Standing,
        member: &Watcher,
        club: Tz,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let zone = member.sites.first().map_or(club, |site| site.time_zone);
        let (at, expires_at) = match reason {
            Reason::Withdrawn => (now, now + WITHDRAWAL_LASTS),
            Reason::Digest => {
                let at = next(now, zone, MORNING);
                (at, at + MORNING_LASTS)
            }
            Reason::New | Reason::Better | Reason::Classified | Reason::Observable => (
                after_quiet(now, zone, &member.preferences),
                burst.begun + member.latest_age(),
            ),
        };
        (at < expires_at).then_some(Self { at, expires_at })
    }
}

/// The end of the quiet hours that hold `now`, else `now`.
fn after_quiet(now: DateTime<Utc>, zone: Tz, preferences: &Preferences) -> DateTime<Utc> {
    let (Some(from), Some(to)) = (preferences.quiet_from, preferences.quiet_to) else {
        return now;
    };
    let time = now.with_timezone(&zone).time();
    let quiet = if from <= to {
        (from..to).contains(&time)
    } else {
        time >= from || time < to
    };
    if quiet { next(now, zone, to) } else { now }
}

/// The next time after `now` at which clocks in `zone` show `time`.
fn next(now: DateTime<Utc>, zone: Tz, time: NaiveTime) -> DateTime<Utc> {
    let today = now.with_timezone(&zone).date_naive();
    let days = (0..3).filter_map(|days| instant(today + Days::new(days), zone, time));
    days.into_iter().find(|at| *at > now).unwrap_or(now)
}

/// The instant at which clocks show this; where the hour is left out in spring, an hour later.
fn instant(day: NaiveDate, zone: Tz, time: NaiveTime) -> Option<DateTime<Utc>> {
    let shown = day.and_time(time);
    let at = |shown: NaiveDateTime| shown.and_local_timezone(zone).earliest();
    let at = at(shown).or_else(|| at(shown + TimeDelta::hours(1)));
    at.map(|at| at.to_utc())
}
