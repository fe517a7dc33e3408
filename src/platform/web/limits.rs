//! How much one visitor, or one account, may do in a time.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use futures::future::{Either, Ready, ready};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter, clock::Clock as _};
use tower::Service;
use tower::layer::{Layer, layer_fn};

use super::Person;
use super::visitor::Visitor;
use crate::platform::config::Rates;
use crate::platform::{Clock, Error, Result};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Passwords for one account that may be tried at once; by one visitor, half as many.
const SIGN_IN_BURST: NonZeroU32 = NonZeroU32::new(20).expect("twenty");
const GUESS_BURST: NonZeroU32 = NonZeroU32::new(10).expect("ten");

/// The part of an account's turns that one visitor may use up: somebody who guesses does not shut its owner out.
const SHARE: u32 = 4;

/// Letters that strangers can have sent to one address in an hour.
const LETTERS: NonZeroU32 = NonZeroU32::new(5).expect("five");

/// Pictures that a member may send in an hour.
const PICTURES: NonZeroU32 = NonZeroU32::new(60).expect("sixty");

/// Keys are folded into so many slots: however many addresses come, a table holds no more. That two share one is rare.
const SLOTS: u64 = 1 << 18;

/// Every limit there is.
#[derive(Clone)]
pub struct Limits {
    /// Requests that only look, by visitor and by member.
    pub reads: Limit,
    /// Changing requests, by visitor and by member.
    pub writes: Limit,
    /// Passwords tried by strangers, by account.
    pub sign_ins: Limit,
    /// Passwords and codes tried, by account and who tries: a visitor, a known device, or the member signed in.
    pub guesses: Limit,
    /// Passwords tried, by visitor.
    pub knocks: Limit,
    /// Sign-ups and forgotten passwords, by visitor.
    pub sign_ups: Limit,
    /// Letters that anyone may cause, by the address that gets them.
    pub letters: Limit,
    /// Pictures sent, by member.
    pub pictures: Limit,
}

impl Limits {
    pub fn new(rates: &Rates, clock: &Clock) -> Self {
        let none = || Limit::none(clock.clone());
        let limits = Self {
            reads: none(),
            writes: none(),
            sign_ins: none(),
            guesses: none(),
            knocks: none(),
            sign_ups: none(),
            letters: none(),
            pictures: none(),
        };
        limits.set(rates);
        limits
    }

    /// Counts anew, by these rates.
    pub fn set(&self, rates: &Rates) {
        let guesses = NonZeroU32::new(rates.sign_ins.get() / SHARE).unwrap_or(NonZeroU32::MIN);
        let guess_burst = GUESS_BURST.min(rates.sign_ins);
        let sign_in_burst = SIGN_IN_BURST.min(rates.sign_ins);
        if let Some(reads) = rates.reads {
            self.reads.allow(reads, MINUTE, reads);
        } else {
            self.reads.lift();
        }
        self.writes.allow(rates.writes, MINUTE, rates.writes);
        self.sign_ins.allow(rates.sign_ins, HOUR, sign_in_burst);
        self.guesses.allow(guesses, HOUR, guess_burst);
        self.knocks.allow(rates.knocks, MINUTE, rates.knocks);
        self.sign_ups.allow(rates.sign_ups, HOUR, rates.sign_ups);
        self.letters.allow(LETTERS, HOUR, LETTERS);
        self.pictures.allow(PICTURES, HOUR, PICTURES);
    }

    /// Counts a request that only looks against whoever sent it.
    pub(super) fn look(&self, request: &Request) -> Result<()> {
        match is_counted(request) && request.method().is_safe() {
            true => self.reads.take(&Visitor::of(request.extensions()).house()),
            false => Ok(()),
        }
    }

    /// Counts a request against the member who is signed in, from wherever it comes.
    pub(super) fn of_member(&self, request: &Request) -> Result<()> {
        let person = request.extensions().get::<Person>();
        let Some(person) = person.filter(|_| is_counted(request)) else {
            return Ok(());
        };
        match request.method().is_safe() {
            true => self.reads.take(&("member", person.id)),
            false => self.writes.take(&("member", person.id)),
        }
    }
}

/// Not what a page brings along, and not the stream: browsers come back to it by themselves, and take a refusal for good.
fn is_counted(request: &Request) -> bool {
    let path = request.uri().path();
    !path.starts_with("/assets/") && !path.ends_with("/stream")
}

/// So many in a time, for each of many keys.
#[derive(Clone)]
pub struct Limit(Arc<Table>);

struct Table {
    clock: Clock,
    /// `None` where nothing is counted.
    limiter: RwLock<Option<Limiter>>,
    hash: RandomState,
    /// When keys that have all their allowance back were last dropped, s.
    swept: AtomicU64,
}

type Limiter = RateLimiter<u64, DefaultKeyedStateStore<u64>, Ticks, NoOpMiddleware<Duration>>;

/// Our clock, as governor reads one.
#[derive(Clone)]
struct Ticks(Clock);

impl governor::clock::Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Limit {
    /// `burst` at once, and `count` in every `time`, evenly.
    pub fn new(count: NonZeroU32, time: Duration, burst: NonZeroU32, clock: Clock) -> Self {
        let limit = Self::none(clock);
        limit.allow(count, time, burst);
        limit
    }

    /// As many as come.
    fn none(clock: Clock) -> Self {
        Self(Arc::new(Table {
            clock,
            limiter: RwLock::new(None),
            hash: RandomState::new(),
            swept: AtomicU64::new(0),
        }))
    }

    fn allow(&self, count: NonZeroU32, time: Duration, burst: NonZeroU32) {
        let each = (time / count.get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(each).map(|quota| quota.allow_burst(burst));
        let quota = quota.unwrap_or_else(|| Quota::per_second(count));
        let ticks = Ticks(self.0.clock.clone());
        let limiter = RateLimiter::new(quota, DefaultKeyedStateStore::default(), ticks);
        *self
            .0
            .limiter
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(limiter);
    }

    fn lift(&self) {
        *self
            .0
            .limiter
            .write()
            .unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Counts one for `key`; [`Error::TooFast`] where that is too many.
    pub fn take(&self, key: &impl Hash) -> Result<()> {
        let table = &self.0;
        let limiter = table.limiter.read().unwrap_or_else(PoisonError::into_inner);
        let Some(limiter) = &*limiter else {
            return Ok(());
        };
        let now = limiter.clock().now();
        table.sweep(limiter, now);
        let slot = table.hash.hash_one(key) % SLOTS;
        limiter.check_key(&slot).map_err(|until| Error::TooFast {
            after: until.wait_time_from(now).as_secs() + 1,
        })
    }

    /// Keys in the table.
    pub fn len(&self) -> usize {
        let limiter = self.0.limiter.read();
        let limiter = limiter.unwrap_or_else(PoisonError::into_inner);
        limiter.as_ref().map_or(0, RateLimiter::len)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Table {
    fn sweep(&self, limiter: &Limiter, now: Duration) {
        let last = self.swept.load(Ordering::Relaxed);
        let due = now.as_secs().saturating_sub(last) >= MINUTE.as_secs();
        let mine = || {
            let (order, now) = (Ordering::Relaxed, now.as_secs());
            self.swept.compare_exchange(last, now, order, order)
        };
        if due && mine().is_ok() {
            limiter.retain_recent();
        }
    }
}

/// Who asks, as it is counted.
pub fn visitor(parts: &Parts) -> IpAddr {
    Visitor::of(&parts.extensions).house()
}

/// Lets no visitor change more than `limit`; who only looks passes.
pub fn slow_down<S>(limit: &Limit) -> impl Layer<S, Service = SlowDown<S>> + Clone + use<S> {
    let limit = limit.clone();
    layer_fn(move |inner| SlowDown {
        inner,
        limit: limit.clone(),
    })
}

/// Routes behind [`slow_down`].
#[derive(Clone)]
pub struct SlowDown<S> {
    inner: S,
    limit: Limit,
}

impl<S: Service<Request, Response = Response>> Service<Request> for SlowDown<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let taken = match request.method().is_safe() {
            true => Ok(()),
            false => self.limit.take(&Visitor::of(request.extensions()).house()),
        };
        match taken {
            Ok(()) => Either::Left(self.inner.call(request)),
            Err(error) => Either::Right(ready(Ok(error.into_response()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Clock {
        Clock::fixed("2026-11-20T22:00:00Z".parse().unwrap())
    }

    fn count(n: u32) -> NonZeroU32 {
        NonZeroU32::new(n).unwrap()
    }

    #[test]
    fn an_hour_of_guesses_lets_through_the_burst_and_the_rate() {
        let clock = clock();
        let limit = Limit::new(count(100), HOUR, count(10), clock.clone());
        let mut through = 0;
        for _ in 0..10_000 {
            through += u32::from(limit.take(&"somebody@example.org").is_ok());
            clock.advance(chrono::TimeDelta::milliseconds(360));
        }
        assert!((100..=110).contains(&through), "{through}");
    }

    #[test]
    fn one_is_not_held_up_by_another_and_hears_how_long() {
        let limit = Limit::new(count(60), MINUTE, count(2), clock());
        assert!(limit.take(&1).is_ok() && limit.take(&1).is_ok());
        assert!(matches!(
            limit.take(&1),
            Err(Error::TooFast { after: 1..=2 })
        ));
        assert!(limit.take(&2).is_ok());
    }

    #[test]
    fn keys_are_forgotten_and_never_more_than_the_slots() {
        let clock = clock();
        let limit = Limit::new(count(60), MINUTE, count(2), clock.clone());
        for key in 0..5_000 {
            limit.take(&key).unwrap_or_default();
        }
        assert!(limit.len() > 4_000);
        clock.advance(chrono::TimeDelta::minutes(5));
        limit.take(&0).unwrap();
        assert!(limit.len() < 10, "{} keys are left", limit.len());
    }
}
