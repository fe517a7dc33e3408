//! The nights of members' sites, computed once for each site and night.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::decide::Watcher;
use super::standing::{Standing, State};
use crate::accounts::sites::Site;
use crate::bursts::model::POINTABLE;
use crate::sky::{self, Almanac, Darkness, Limits, Observer, SiteNight};

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

/// The present night over a site and the next.
struct OfSite {
    place: sky::Site,
    nights: Vec<Arc<SiteNight>>,
}

impl Nights {
    /// The night over a site that holds `at`.
    fn night(&self, site: &Site, at: DateTime<Utc>) -> Arc<SiteNight> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let almanac = kept.almanac(at);
        if kept.sites.len() >= MOST {
            kept.sites.clear();
        }
        let kept = kept.sites.entry(site.id).or_insert_with(|| OfSite {
            place: site.place.clone(),
            nights: Vec::new(),
        });
        if kept.place != site.place {
            kept.place = site.place.clone();
            kept.nights.clear();
        }
        let holds = |night: &&Arc<SiteNight>| (night.noon()..night.next_noon()).contains(&at);
        if let Some(night) = kept.nights.iter().find(holds) {
            return night.clone();
        }
        let night = Arc::new(SiteNight::of(&Observer::with(&almanac, &site.place, at)));
        kept.nights.truncate(1);
        kept.nights.insert(0, night.clone());
        night
    }

    /// The ids of those of a member's sites from which a burst can be pointed at and observed, in this night or the next
    /// and before it is too old for them.
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
        let preferences = &member.preferences;
        let half_field = || site.widest_field().map(|field| field / 2.0);
        let largest = preferences.largest_error_deg.or_else(half_field);
        if radius > largest.unwrap_or(POINTABLE) {
            return false;
        }
        let limits = Limits {
            min_altitude: preferences.min_altitude_deg,
            darkness: if preferences.only_when_dark {
                Darkness::Nautical
            } else {
                Darkness::Civil
            },
        };
        let too_old = burst.begun + member.latest_age();
        let in_time = |night: &SiteNight| {
            let window = night.window(position, now, &limits);
            window.is_some_and(|window| window.from < too_old)
        };
        let tonight = self.night(site, now);
        let next = tonight.next_noon();
        in_time(&tonight) || next < too_old && in_time(&self.night(site, next))
    }
}

impl Kept {
    /// An almanac is good for a day to either side of its epoch.
    fn almanac(&mut self, at: DateTime<Utc>) -> Arc<Almanac> {
        if let Some((epoch, almanac)) = &self.almanac
            && (at - *epoch).abs() < TimeDelta::hours(12)
        {
            return almanac.clone();
        }
        let almanac = Arc::new(Almanac::around(at));
        self.almanac = Some((at, almanac.clone()));
        almanac
    }
}
