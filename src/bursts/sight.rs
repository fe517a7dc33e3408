//! A burst from one site at one time. The burst's page, the letters and the choice of who is told all go by it.

use chrono::{DateTime, Utc};

use super::model::Burst;
use super::outlook::{self, Demands, Outlook, outlook};
use crate::accounts::sites::times::clock;
use crate::accounts::{Preferences, Site};
use crate::sky::{Limits, Observer, Region, Visibility, Window, visibility};

/// What one site sees of a burst, by what its member asks.
#[derive(Debug, Clone)]
pub struct Sight {
    pub site: Site,
    /// The night at hand; once its dark is over, the coming one.
    pub observer: Observer,
    pub limits: Limits,
    /// None while it is not known where the burst is.
    pub seen: Option<Visibility>,
    pub outlook: Outlook,
    pub at: DateTime<Utc>,
}

impl Sight {
    /// The burst from `site` as of `at`. `region` is its map of probability, where there is one; else it lies in the circle of
    /// its radius.
    pub fn of(
        burst: &Burst,
        region: Option<&Region>,
        site: Site,
        preferences: &Preferences,
        at: DateTime<Utc>,
    ) -> Self {
        let demands = Demands::of(preferences, &site);
        let limits = demands.limits;
        let observer = Observer::tonight(&site.place, at, limits.darkness);
        let circle = burst.circle();
        let region = region.or(circle.as_ref());
        let place = burst.best.as_ref().map(|best| best.position);
        let seen = place.map(|place| visibility(place, region, &observer, at, &limits));
        Self {
            outlook: outlook(burst, &site, &demands, seen.as_ref(), at),
            site,
            observer,
            limits,
            seen,
            at,
        }
    }

    /// The window of tonight: the one at hand, else the longest.
    pub fn window(&self) -> Option<&Window> {
        outlook::tonight(self.seen.as_ref()?, &self.limits)
    }

    /// A time by the clock of the site, with its date where it is not in the night at hand.
    pub fn time(&self, at: DateTime<Utc>) -> String {
        let night = self.seen.as_ref().map(|seen| seen.night.midnight);
        clock(at, self.site.time_zone, night.unwrap_or(self.at))
    }
}
