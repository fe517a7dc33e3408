//! What time it is: the system's time, a test's, or that of a demonstration's night.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// The source of the current time, handed in so that tests and demonstrations can have their own.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
enum Source {
    System,
    Fixed(Mutex<DateTime<Utc>>),
    Night(Night),
}

/// A night that begins when the program starts, runs faster than real time, and goes on at the ordinary pace when it is over.
#[derive(Debug)]
struct Night {
    began: Instant,
    start: DateTime<Utc>,
    length: TimeDelta,
    rate: f64,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Arc::new(Source::System))
    }

    /// A clock that stands at `at` until it is [advanced](Clock::advance).
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self(Arc::new(Source::Fixed(Mutex::new(at))))
    }

    /// A clock that shows `start` now and runs `rate` times as fast as real time for `length` of its own time.
    pub fn night(start: DateTime<Utc>, length: TimeDelta, rate: f64) -> Self {
        Self(Arc::new(Source::Night(Night {
            began: Instant::now(),
            start,
            length,
            rate,
        })))
    }

    /// The club's time, UTC.
    pub fn now(&self) -> DateTime<Utc> {
        match &*self.0 {
            Source::System => self.wall(),
            Source::Fixed(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
            Source::Night(night) => night.now(),
        }
    }

    /// The time of the world outside, UTC, also in a demonstration: for what other machines have stamped.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that others ask"
    )]
    pub fn wall(&self) -> DateTime<Utc> {
        match &*self.0 {
            Source::Fixed(_) => self.now(),
            Source::System | Source::Night(_) => Utc::now(),
        }
    }

    /// How long this clock has been going, as a count that never runs back: for limits per time.
    pub fn elapsed(&self) -> Duration {
        static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
        match &*self.0 {
            Source::Fixed(_) => {
                let micros = self.now().timestamp_micros();
                Duration::from_micros(micros.try_into().unwrap_or_default())
            }
            Source::System | Source::Night(_) => BEGAN.elapsed(),
        }
    }

    /// How many seconds pass on this clock in one real second.
    pub fn rate(&self) -> f64 {
        match &*self.0 {
            Source::System => 1.0,
            Source::Fixed(_) => 0.0,
            Source::Night(night) => night.rate_now(),
        }
    }

    /// Moves a fixed clock on; other clocks move by themselves.
    pub fn advance(&self, by: TimeDelta) {
        if let Source::Fixed(at) = &*self.0 {
            *at.lock().unwrap_or_else(PoisonError::into_inner) += by;
        }
    }

    /// Waits until the clock shows `at`.
    pub async fn sleep_until(&self, at: DateTime<Utc>) {
        loop {
            let left = (at - self.now()).as_seconds_f64();
            if left <= 0.0 {
                return;
            }
            let pause = (left / self.rate().max(1e-3)).clamp(0.001, 3600.0);
            tokio::time::sleep(Duration::from_secs_f64(pause)).await;
        }
    }
}

impl Night {
    fn now(&self) -> DateTime<Utc> {
        let real = self.began.elapsed().as_secs_f64();
        let length = self.length.as_seconds_f64();
        let night = (real * self.rate).min(length);
        let morning = (real - length / self.rate).max(0.0);
        self.start + seconds(night + morning)
    }

    fn rate_now(&self) -> f64 {
        let over = self.began.elapsed().as_secs_f64() * self.rate >= self.length.as_seconds_f64();
        if over { 1.0 } else { self.rate }
    }
}

/// A span of `s` seconds, to the microsecond.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a night has far fewer microseconds than i64 holds"
)]
pub fn seconds(s: f64) -> TimeDelta {
    TimeDelta::microseconds((s * 1e6).round() as i64)
}
