//! When a letter may leave: not in a member's quiet hours, the morning's letter in the morning, and never too late.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::decide::Watcher;
use super::reason::Reason;
use super::standing::Standing;
use crate::accounts::{Preferences, Site};

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
        let zone = zone(&member.sites, club);
        let (at, expires_at) = match reason {
            Reason::Withdrawn => (now, now + WITHDRAWAL_LASTS),
            Reason::Digest => return Some(Self::morning(now, zone)),
            Reason::New | Reason::Better | Reason::Classified | Reason::Observable => (
                after_quiet(now, zone, &member.preferences),
                burst.begun + member.latest_age(),
            ),
        };
        (at < expires_at).then_some(Self { at, expires_at })
    }

    /// For the first morning's letter after `now`.
    pub(super) fn morning(now: DateTime<Utc>, zone: Tz) -> Self {
        let at = next(now, zone, MORNING);
        Self {
            at,
            expires_at: at + MORNING_LASTS,
        }
    }
}

/// The zone that a member lives in: that of the first site, else the club's.
pub fn zone(sites: &[Site], club: Tz) -> Tz {
    sites.first().map_or(club, |site| site.time_zone)
}

/// The end of the quiet hours that hold `now`, else `now`.
pub fn after_quiet(now: DateTime<Utc>, zone: Tz, preferences: &Preferences) -> DateTime<Utc> {
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
    let mut shown = (0..3).flat_map(|days| instants(today + Days::new(days), zone, time));
    shown.find(|at| *at > now).unwrap_or(now)
}

/// When `day` is over in `zone`.
pub fn end_of(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = NaiveTime::MIN;
    let ends = instants(day + Days::new(1), zone, midnight).next();
    ends.unwrap_or_else(|| (day + Days::new(1)).and_time(midnight).and_utc())
}

/// The instants at which clocks show this: two where an hour comes twice in autumn; an hour later where it is left out in
/// spring.
fn instants(day: NaiveDate, zone: Tz, time: NaiveTime) -> impl Iterator<Item = DateTime<Utc>> {
    let at = |shown: NaiveDateTime| {
        let found = shown.and_local_timezone(zone);
        found.earliest().zip(found.latest())
    };
    let shown = day.and_time(time);
    let found = at(shown).or_else(|| at(shown + TimeDelta::hours(1)));
    found
        .into_iter()
        .flat_map(|(first, second)| [first.to_utc(), second.to_utc()])
}
