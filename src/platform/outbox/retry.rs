//! When to try again: a letter by its ladder of pauses, a relay by a breaker that spares it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::random;

/// A letter that could not be handed over for so long is given up.
const LIMIT: TimeDelta = TimeDelta::hours(48);

/// Failures of the relay in a row before it is left alone for a while.
const TRIP: u32 = 5;

/// No two waiters should come back at once.
const SPREAD: f64 = 0.2;

/// The pauses between a letter's attempts; the last one repeats.
#[derive(Debug, Clone)]
pub struct Ladder(Vec<TimeDelta>);

impl Ladder {
    /// `None` without a single pause.
    pub fn new(pauses: Vec<TimeDelta>) -> Option<Self> {
        (!pauses.is_empty()).then_some(Self(pauses))
    }

    /// How long to wait after the given number of attempts, before jitter; `None` where 48 hours have gone.
    pub fn pause(&self, attempts: u32) -> Option<TimeDelta> {
        let done = attempts.saturating_sub(1);
        let steps = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let climbed: TimeDelta = self.0.iter().take(done as usize).sum();
        let repeated = i32::try_from(done.saturating_sub(steps)).unwrap_or(i32::MAX);
        let gone = climbed + self.last() * repeated;
        (gone < LIMIT).then(|| *self.0.get(done as usize).unwrap_or(&self.last()))
    }

    /// How long a relay that failed is first left alone.
    pub(super) fn first_rest(&self) -> TimeDelta {
        self.0[0] / 2
    }

    /// How long it is left alone at most.
    fn longest_rest(&self) -> TimeDelta {
        self.0[(self.0.len() - 1).min(2)]
    }

    fn last(&self) -> TimeDelta {
        self.0[self.0.len() - 1]
    }
}

/// `pause`, a little longer or shorter.
pub(super) fn jittered(pause: TimeDelta) -> TimeDelta {
    crate::platform::clock::seconds(pause.as_seconds_f64() * random::jitter(SPREAD))
}

/// Leaves a relay alone that fails again and again: half the first pause, doubled up to the third.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<Row>);

#[derive(Debug, Default)]
struct Row {
    failures: u32,
    open_until: Option<DateTime<Utc>>,
}

impl Breaker {
    /// Notes a failure of the relay, and says until when it is best left alone.
    pub(super) fn failed(&self, now: DateTime<Utc>, ladder: &Ladder) -> DateTime<Utc> {
        let mut row = self.row();
        // Connections that were under way when it opened say nothing new.
        if let Some(until) = row.open_until.filter(|until| *until > now) {
            return until;
        }
        row.failures += 1;
        let doublings = row.failures.saturating_sub(TRIP).min(16);
        let rest = (ladder.first_rest() * (1 << doublings)).min(ladder.longest_rest());
        let until = now + jittered(rest);
        row.open_until = (row.failures >= TRIP).then_some(until);
        until
    }

    /// The relay took a letter, or at least spoke about one.
    pub(super) fn well(&self) {
        *self.row() = Row::default();
    }

    /// Until when nothing is to be tried.
    pub(super) fn open_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.row().open_until.filter(|until| *until > now)
    }

    /// The rest is over, and one letter is to show whether the relay is well again.
    pub(super) fn is_probing(&self) -> bool {
        self.row().failures >= TRIP
    }

    fn row(&self) -> MutexGuard<'_, Row> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
