//! What a burst is to one site: yes or no, a sentence, and the facts behind it. Pages and letters say it in these words.

use chrono::{DateTime, TimeDelta, Utc};

use super::model::{self, Burst, POINTABLE};
use super::view::Fact;
use crate::accounts::sites::picture::compass;
use crate::accounts::sites::times::clock;
use crate::accounts::{Preferences, Site};
use crate::sky::{Course, Darkness, Limits, Twilight, Visibility, Window, angle_words};

/// Closer to the plane of the Milky Way than this, deg, its dust dims a burst's afterglow.
const DUSTY: f64 = 10.0;

/// The answer for one site at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    pub verdict: Verdict,
    /// `Up now, 64°, dark until 05:12`, without a full stop: it serves as a letter's subject too.
    pub answer: String,
    /// Label and value, the most useful first.
    pub facts: Vec<Fact>,
}

/// Whether there is something to point a telescope at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OutlookVerdict)]
pub enum Verdict {
    /// Now: high enough, and dark.
    Now,
    /// Later in this night.
    Tonight,
    /// Not in this night, but in the next.
    NextNight,
    /// In neither.
    Never,
    /// It may be up, but nobody can point at so wide a place.
    Wide,
    /// Its place is not known yet.
    Unknown,
    /// It was none.
    Over,
}

impl Verdict {
    /// `Yes`, `Later`, `No`: before anything else.
    pub fn word(self) -> &'static str {
        match self {
            Self::Now => "Yes",
            Self::Tonight => "Later",
            Self::NextNight => "Not tonight",
            Self::Never | Self::Wide | Self::Over => "No",
            Self::Unknown => "Not yet",
        }
    }
}

/// What a member asks of a burst before a telescope is pointed at it from one of their sites.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demands {
    /// Largest 90 % radius, deg.
    pub largest_error: f64,
    /// Least altitude and darkness; the site's horizon counts besides.
    pub limits: Limits,
}

impl Demands {
    /// What a member chose; where no radius is chosen, half the widest field of the site's telescopes, or 1°. Who does not
    /// ask for the dark observes from the end of civil twilight.
    pub fn of(preferences: &Preferences, site: &Site) -> Self {
        let fits = site.widest_field().map(|field| field / 2.0);
        let largest_error = preferences.largest_error_deg.or(fits);
        Self {
            largest_error: largest_error.unwrap_or(POINTABLE),
            limits: Limits {
                min_altitude: preferences.min_altitude_deg,
                darkness: if preferences.only_when_dark {
                    Darkness::Nautical
                } else {
                    Darkness::Civil
                },
            },
        }
    }
}

/// The answer for `site` at `now`. `seen` is what can be seen of the burst's place from there; `None` where that is not known.
pub fn outlook(
    burst: &Burst,
    site: &Site,
    demands: &Demands,
    seen: Option<&Visibility>,
    now: DateTime<Utc>,
) -> Outlook {
    let Some(seen) = seen else {
        return Outlook {
            verdict: Verdict::Unknown,
            answer: "It is not known yet where it was".into(),
            facts: Vec::new(),
        };
    };
    let words = Words {
        site,
        demands,
        seen,
        now,
    };
    let radius = burst.best.as_ref().and_then(|best| best.error_radius_90);
    let over = over(burst);
    let wide = radius.is_none_or(|radius| radius > demands.largest_error);
    let (verdict, answer) = match (over, wide) {
        (Some(over), _) => (Verdict::Over, over),
        (None, true) => (Verdict::Wide, words.wide(radius)),
        (None, false) => words.when(),
    };
    Outlook {
        verdict,
        answer,
        facts: words.facts(radius),
    }
}

/// Why there is nothing to look for.
fn over(burst: &Burst) -> Option<String> {
    match burst.verdict() {
        model::Verdict::Test => Some("A test: there is nothing in the sky".into()),
        model::Verdict::Withdrawn(_) => Some("Withdrawn: there is nothing to look for".into()),
        model::Verdict::Unlikely(class) => Some(format!(
            "Most likely {}: there is nothing to look for",
            model::class_in_words(&class)
        )),
        model::Verdict::Burst | model::Verdict::Context => None,
    }
}

/// The window of tonight that matters: the one at hand, else the longest. Where it stays dark at noon, the next night is
/// still this one.
pub fn tonight<'a>(seen: &'a Visibility, limits: &Limits) -> Option<&'a Window> {
    let goes_on = seen.night.dark(limits.darkness).goes_on();
    let tonight = seen.at_hand().or(seen.window.as_ref());
    tonight.or_else(|| seen.next_window.as_ref().filter(|_| goes_on))
}

/// Speaks for one site at one time.
struct Words<'a> {
    site: &'a Site,
    demands: &'a Demands,
    seen: &'a Visibility,
    now: DateTime<Utc>,
}

impl Words<'_> {
    /// The date is said where it is not in the night at hand.
    fn time(&self, at: DateTime<Utc>) -> String {
        clock(at, self.site.time_zone, self.seen.night.midnight)
    }

    fn twilight(&self) -> Twilight {
        self.seen.night.dark(self.demands.limits.darkness)
    }

    /// `Cannot be pointed at: 23° across, 40 % of it up from your site`
    fn wide(&self, radius: Option<f64>) -> String {
        let Some(radius) = radius else {
            return "Cannot be pointed at: how well its place is known was not said".into();
        };
        let across = angle_words((2.0 * radius).min(360.0));
        let reach = match self.seen.share {
            Some(share) if share.now >= 0.995 => "all of it up from your site".into(),
            Some(share) if share.now >= 0.005 => {
                format!("{:.0} % of it up from your site", share.now * 100.0)
            }
            Some(share) if share.tonight >= 0.995 => "all of it comes up tonight".into(),
            Some(share) if share.tonight >= 0.005 => {
                format!("{:.0} % of it comes up tonight", share.tonight * 100.0)
            }
            _ => "none of it up in your dark sky tonight".to_owned(),
        };
        format!("Cannot be pointed at: {across} across, {reach}")
    }

    /// Now, later, or why not.
    fn when(&self) -> (Verdict, String) {
        let seen = self.seen;
        let tonight = tonight(seen, &self.demands.limits);
        match (tonight, &seen.next_window) {
            (Some(window), _) if seen.observable() => (Verdict::Now, self.now_until(window)),
            (Some(window), _) => (Verdict::Tonight, self.later(window)),
            (None, Some(next)) => (
                Verdict::NextNight,
                format!("The next night {}", self.best(next)),
            ),
            (None, None) => (Verdict::Never, self.never()),
        }
    }

    fn now_until(&self, window: &Window) -> String {
        // A window that meets noon in the dark goes on behind it.
        let behind = self.seen.next_window.filter(|next| next.from == window.to);
        let to = behind.map_or(window.to, |next| next.to);
        let (altitude, until) = (self.seen.altitude, self.time(to));
        if near(self.twilight().dawn, to) {
            format!("Up now, {altitude:.0}°, dark until {until}")
        } else {
            format!("Up now, {altitude:.0}°, until {until}")
        }
    }

    fn later(&self, window: &Window) -> String {
        let from = self.time(window.from);
        let opening = if near(self.twilight().dusk, window.from) {
            format!("Up when it gets dark, {from}")
        } else {
            format!("Rises {from}")
        };
        if window.best - window.from < TimeDelta::minutes(5) {
            let until = self.time(window.to);
            format!("{opening}, at {}, until {until}", height(window))
        } else {
            let best = self.time(window.best);
            format!("{opening}, best {best} at {}", height(window))
        }
    }

    /// `from 19:10, best 21:00 at 58°, airmass 1.18`: the date once.
    fn best(&self, window: &Window) -> String {
        let best = clock(window.best, self.site.time_zone, window.from);
        let from = self.time(window.from);
        format!("from {from}, best {best} at {}", height(window))
    }

    fn never(&self) -> String {
        let seen = self.seen;
        if self.twilight().sun == Course::StaysAbove {
            return "It does not get dark at your site these nights".into();
        }
        if seen.course == Course::StaysBelow {
            return "Never above your horizon".into();
        }
        if seen.culmination_altitude < self.demands.limits.min_altitude {
            let high = seen.culmination_altitude.max(0.0);
            return format!("Never higher than {high:.0}° at your site");
        }
        "Never above your horizon in the dark, tonight or tomorrow".into()
    }

    fn facts(&self, radius: Option<f64>) -> Vec<Fact> {
        let seen = self.seen;
        let mut facts = vec![fact("Now", standing(seen))];
        if let Some(window) = tonight(seen, &self.demands.limits) {
            facts.push(fact("Window", self.window(window)));
        } else if let Some(window) = &seen.next_window {
            facts.push(fact("Next night", self.window(window)));
        }
        facts.push(fact("Sun", self.sun()));
        facts.push(fact("Moon", moon(seen)));
        if let Some(radius) = radius {
            facts.push(fact("Error", self.fit(radius)));
        }
        if seen.galactic_latitude.abs() < DUSTY {
            facts.push(fact(
                "Milky Way",
                format!(
                    "{:.0}° from its plane: dust dims the afterglow",
                    seen.galactic_latitude.abs()
                ),
            ));
        }
        facts
    }

    fn window(&self, window: &Window) -> String {
        // The date once, where it is another night's.
        let time = |at| clock(at, self.site.time_zone, window.from);
        format!(
            "{} to {}, best {} at {}, Moon {:.0}° away",
            self.time(window.from),
            time(window.to),
            time(window.best),
            height(window),
            window.moon_separation
        )
    }

    fn sun(&self) -> String {
        let twilight = self.twilight();
        let altitude = self.seen.sun_altitude;
        let stands = if altitude >= 0.0 {
            format!("{altitude:.0}° up")
        } else {
            format!("{:.0}° below the horizon", altitude.abs())
        };
        let next = |time: Option<DateTime<Utc>>| time.filter(|time| *time > self.now);
        match (self.seen.dark, next(twilight.dawn), next(twilight.dusk)) {
            (true, Some(dawn), _) => format!("{stands}, dark until {}", self.time(dawn)),
            (true, None, _) => format!("{stands}, dark"),
            (false, _, Some(dusk)) => format!("{stands}, dark from {}", self.time(dusk)),
            (false, ..) => format!("{stands}, not dark"),
        }
    }

    /// `3′ radius, fits the 200 mm (1.2°), not the Newton (20′)`
    fn fit(&self, radius: f64) -> String {
        let known = format!("{} radius", angle_words(radius));
        let named = |fits: bool| {
            let telescopes = self.site.telescopes.iter();
            let these = telescopes.filter(|telescope| (telescope.fov_deg >= 2.0 * radius) == fits);
            let words: Vec<String> = these
                .map(|telescope| format!("{} ({})", telescope.name, angle_words(telescope.fov_deg)))
                .collect();
            words.join(", ")
        };
        match (named(true).as_str(), named(false).as_str()) {
            ("", "") => known,
            ("", wider) => format!("{known}, wider than {wider}"),
            (fits, "") => format!("{known}, fits {fits}"),
            (fits, wider) => format!("{known}, fits {fits}, wider than {wider}"),
        }
    }
}

/// `58°, airmass 1.18`
fn height(window: &Window) -> String {
    format!("{:.0}°, airmass {:.2}", window.altitude, window.airmass)
}

/// `64° up in the south-east, airmass 1.11`
fn standing(seen: &Visibility) -> String {
    match seen.airmass {
        Some(airmass) => format!(
            "{:.0}° up in the {}, airmass {airmass:.2}",
            seen.altitude,
            compass(seen.azimuth)
        ),
        None => format!("{:.0}° below the horizon", seen.altitude.abs()),
    }
}

/// `waning gibbous, 87 % lit, 63° away, not up`
fn moon(seen: &Visibility) -> String {
    let moon = &seen.moon;
    let up = if moon.altitude > 0.0 {
        format!("{:.0}° up", moon.altitude)
    } else {
        "not up".into()
    };
    format!(
        "{}, {:.0} % lit, {:.0}° away, {up}",
        moon.phase,
        moon.illuminated * 100.0,
        moon.separation
    )
}

/// True where the one is the other, to a minute.
fn near(twilight: Option<DateTime<Utc>>, at: DateTime<Utc>) -> bool {
    twilight.is_some_and(|twilight| (twilight - at).abs() < TimeDelta::seconds(60))
}

fn fact(label: &str, value: String) -> Fact {
    Fact {
        label: label.into(),
        value,
    }
}

#[cfg(test)]
mod tests;
