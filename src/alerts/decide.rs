//! Who is told of a burst's change, and why: the rules, without a database and without a clock.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::reason::Reason;
use super::standing::{Standing, State};
use crate::accounts::sites::{Delivery, Site};
use crate::accounts::{Notify, Preferences};
use crate::bursts::Tier;

/// A member, with what the decision needs to know.
#[derive(Debug, Clone)]
pub struct Watcher {
    pub id: i64,
    pub notify: Notify,
    pub preferences: Preferences,
    /// The first of them gives the member's time.
    pub sites: Vec<Site>,
    /// What they have been told of this burst, or of it as another mission saw it.
    pub told: Option<Told>,
    /// Bursts that they were told of in the 24 h before.
    pub told_today: u32,
    /// The sites from which it could be observed as it stood before.
    pub seen_before: BTreeSet<i64>,
    /// The sites from which it can be observed as it stands now.
    pub seen: BTreeSet<i64>,
}

/// What a member knows of a burst.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The burst as which the member first heard of it.
    pub thread: i64,
    /// Bursts of the group that a letter has left about, and that were not withdrawn since.
    pub of: BTreeSet<i64>,
    /// A letter waits for the end of quiet hours, the morning or the relay; it will say what is known by then.
    pub waiting: bool,
    pub reasons: BTreeSet<Reason>,
    /// The best tier they heard of.
    pub tier: Tier,
    /// The radius they heard of last, 90 %, deg.
    pub error_radius_90: Option<f64>,
}

/// Why `member` is to be told at `now` that a burst stands as `after`, having stood as `before`; `None` where not at all.
pub fn decide(
    before: Option<&Standing>,
    after: &Standing,
    member: &Watcher,
    now: DateTime<Utc>,
) -> Option<Reason> {
    let told = member.told.as_ref();
    let reason = match after.state {
        _ if member.notify == Notify::None => None,
        State::Withdrawn => {
            return told
                .is_some_and(|told| told.of.contains(&after.burst))
                .then_some(Reason::Withdrawn);
        }
        State::Never | State::Waiting | State::Doubtful => None,
        State::Burst if !member.wants(after) || member.is_late(after, now) => None,
        State::Burst => match told {
            None if member.is_full() => None,
            None => Some(first(before, member)),
            Some(told) => told.again(after),
        },
    }?;
    match member.delivery(told.is_some())? {
        Pace::AtOnce => Some(reason),
        Pace::Morning => Some(Reason::Digest),
    }
}

/// Why somebody hears of a burst for the first time.
fn first(before: Option<&Standing>, member: &Watcher) -> Reason {
    match before.map(|before| before.state) {
        Some(State::Doubtful | State::Withdrawn) => Reason::Classified,
        Some(State::Burst) if !member.seen.is_empty() && member.seen_before.is_empty() => {
            match member.notify {
                Notify::Observable => Reason::Observable,
                Notify::Every | Notify::Digest | Notify::None => Reason::New,
            }
        }
        _ => Reason::New,
    }
}

/// When a letter leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Pace {
    Morning,
    AtOnce,
}

impl Watcher {
    /// True where the finer preferences let such a burst through.
    fn wants(&self, burst: &Standing) -> bool {
        let Preferences {
            missions, tiers, ..
        } = &self.preferences;
        let of_mission = missions.iter().any(|one| burst.missions.contains(one));
        let of_tier = tiers.iter().any(|one| one == burst.tier.letter());
        (missions.is_empty() || of_mission) && (tiers.is_empty() || of_tier)
    }

    /// True where the burst is older than what this member wants to hear of.
    fn is_late(&self, burst: &Standing, now: DateTime<Utc>) -> bool {
        now > burst.begun + self.latest_age()
    }

    /// The oldest burst that is told.
    pub fn latest_age(&self) -> TimeDelta {
        crate::platform::clock::seconds(self.preferences.latest_age_h * 3600.0)
    }

    fn is_full(&self) -> bool {
        let cap = self.preferences.daily_cap;
        cap.is_some_and(|cap| self.told_today >= cap)
    }

    /// The soonest pace of the sites that the burst concerns. Once told, a member also hears that it is no longer to be seen.
    fn delivery(&self, told: bool) -> Option<Pace> {
        if self.sites.is_empty() {
            return pace(self.notify, told);
        }
        let at = |site: &Site| pace(self.choice(site)?, told || self.seen.contains(&site.id));
        self.sites.iter().filter_map(at).max()
    }

    /// The member's choice as it is for one site.
    fn choice(&self, site: &Site) -> Option<Notify> {
        match (site.delivery, self.notify) {
            (Delivery::Member, notify) => Some(notify),
            (Delivery::Immediate, Notify::Every) => Some(Notify::Every),
            (Delivery::Immediate, _) => Some(Notify::Observable),
            (Delivery::Digest, _) => Some(Notify::Digest),
            (Delivery::Off, _) => None,
        }
    }
}

fn pace(choice: Notify, observable: bool) -> Option<Pace> {
    match choice {
        Notify::Every => Some(Pace::AtOnce),
        Notify::Observable => observable.then_some(Pace::AtOnce),
        Notify::Digest => Some(Pace::Morning),
        Notify::None => None,
    }
}

impl Told {
    /// A member who hears of a burst for the first time, as `thread`.
    pub fn begin(thread: i64, tier: Tier) -> Self {
        Self {
            thread,
            of: BTreeSet::new(),
            waiting: false,
            reasons: BTreeSet::new(),
            tier,
            error_radius_90: None,
        }
    }

    /// What the member knows after a letter; one that waits says nothing yet.
    pub fn hear(
        &mut self,
        burst: i64,
        reason: Reason,
        (tier, error_radius_90): (Tier, Option<f64>),
        waits: bool,
    ) {
        self.reasons.insert(reason);
        if reason == Reason::Withdrawn {
            self.of.remove(&burst);
            return;
        }
        self.tier = self.tier.min(tier);
        self.error_radius_90 = error_radius_90.or(self.error_radius_90);
        self.waiting |= waits;
        if !waits {
            self.of.insert(burst);
        }
    }

    /// Why somebody who knows of a burst is told of it again.
    fn again(&self, burst: &Standing) -> Option<Reason> {
        if self.waiting {
            return None;
        }
        if self.of.is_empty() {
            let classified = self.reasons.contains(&Reason::Classified);
            return (!classified).then_some(Reason::Classified);
        }
        let halved_twice = self
            .error_radius_90
            .zip(burst.error_radius_90)
            .is_some_and(|(then, now)| now <= then / 4.0);
        (burst.tier < self.tier || halved_twice).then_some(Reason::Better)
    }
}
