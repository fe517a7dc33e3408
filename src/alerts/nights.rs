//! The nights of members' sites, computed once for each site and night.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::decide::Watcher;
use super::standing::{Standing, State};
use crate::accounts::sites::Site;
use crate::bursts::Demands;
use crate::sky::{self, Almanac, Darkness, Observer, SiteNight};

/// Sites whose nights are kept, at some hundred bytes a night; with more, all begin anew.
const MOST: usize = 20_000;

/// Nights by site, and the almanac that they share.
#[derive(Default)]
pub struct Nights(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    almanac: Option<(DateTime<Utc>, Arc<Almanac>)>,
    sites: HashMap<i64, OfSite>,
}

/// The present night over a site and the two after it.
struct OfSite {
    place: sky::Site,
    nights: Vec<Arc<SiteNight>>,
}

impl Nights {
    /// The night over a site that holds `at`.
    fn holding(&self, site: &Site, at: DateTime<Utc>) -> Arc<SiteNight> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = &mut *kept;
        if kept.sites.len() >= MOST {
            kept.sites.clear();
        }
        let known = kept.sites.entry(site.id).or_insert_with(|| OfSite {
            place: site.place.clone(),
            nights: Vec::new(),
        });
        if known.place != site.place {
            known.place = site.place.clone();
            known.nights.clear();
        }
        let holds = |night: &&Arc<SiteNight>| (night.noon()..night.next_noon()).contains(&at);
        if let Some(night) = known.nights.iter().find(holds) {
            return night.clone();
        }
        let almanac = almanac(&mut kept.almanac, at);
        let night = Arc::new(SiteNight::of(&Observer::with(&almanac, &site.place, at)));
        known.nights.truncate(2);
        known.nights.insert(0, night.clone());
        night
    }

    /// The ids of those of a member's sites from which a burst can be pointed at and observed before it is too old for them,
    /// in the night at hand or the next: where its page says now, tonight, or the next night.
    pub fn seen(&self, burst: &Standing, member: &Watcher, now: DateTime<Utc>) -> BTreeSet<i64> {
        let sites = member.sites.iter();
        let seen = sites.filter(|site| self.sees(burst, member, site, now));
        seen.map(|site| site.id).collect()
    }

    fn sees(&self, burst: &Standing, member: &Watcher, site: &Site, now: DateTime<Utc>) -> bool {
        let (State::Burst, Some(position), Some(radius)) =
            (burst.state, burst.position, burst.error_radius_90)
        else {
            return false;
        };
        let demands = Demands::of(&member.preferences, site);
        if radius > demands.largest_error {
            return false;
        }
        let limits = demands.limits;
        let too_old = burst.begun + member.latest_age();
        let tonight = self.at_hand(site, now, limits.darkness);
        let opens = tonight.opens(position, now, &limits).or_else(|| {
            let begins_in_time = tonight.next_noon() < too_old;
            let next = begins_in_time.then(|| self.after(site, &tonight))?;
            next.opens(position, now, &limits)
        });
        opens.is_some_and(|opens| opens < too_old)
    }

    /// The night at hand, as [`Observer::tonight`] takes it.
    fn at_hand(&self, site: &Site, now: DateTime<Utc>, darkness: Darkness) -> Arc<SiteNight> {
        let night = self.holding(site, now);
        if night.is_over(now, darkness) {
            self.after(site, &night)
        } else {
            night
        }
    }

    fn after(&self, site: &Site, night: &SiteNight) -> Arc<SiteNight> {
        // Two almanacs may be a millisecond apart about noon.
        self.holding(site, night.next_noon() + TimeDelta::minutes(1))
    }
}

/// The almanac that is kept, where it is good for that time: a day to either side of its epoch; else a new one.
fn almanac(kept: &mut Option<(DateTime<Utc>, Arc<Almanac>)>, at: DateTime<Utc>) -> Arc<Almanac> {
    if let Some((epoch, almanac)) = kept
        && (at - *epoch).abs() < TimeDelta::days(1)
    {
        return almanac.clone();
    }
    let new = Arc::new(Almanac::around(at));
    *kept = Some((at, new.clone()));
    new
}
