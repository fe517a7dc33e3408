//! What a member wants to be told, and when.

mod input;
mod page;

pub use input::MISSIONS;
pub(super) use page::router;

use chrono::{NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};

/// The longest latest age that a member may choose.
pub const OLDEST: TimeDelta = TimeDelta::days(7);

/// The one choice made at sign-up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Notify {
    /// Every burst, about 5 a week: one letter as soon as it is recognised as one, wide regions too.
    #[default]
    Every,
    /// What can be observed from the member's sites, about 1 a week.
    Observable,
    /// One letter in the morning of a day on which there was something.
    Digest,
    None,
}

/// The finer choices behind it. Each has a default that needs no thought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Preferences {
    /// Missions to hear of, as `notices::Mission` writes them; empty: all.
    pub missions: Vec<String>,
    /// Tiers to hear of, A and B; empty: both.
    pub tiers: Vec<String>,
    /// Largest 90 % radius, deg, that counts as observable. None: half the widest field of the site's telescopes, or 1°.
    pub largest_error_deg: Option<f64>,
    /// Lowest useful altitude, deg; the site's horizon counts as well.
    pub min_altitude_deg: f64,
    /// Only what can be seen in a dark sky (Sun below −12°).
    pub only_when_dark: bool,
    /// Oldest burst, h since its trigger, that is still told.
    pub latest_age_h: f64,
    /// In the time of the member's first site, without one in the club's: nothing is sent between these two, but for
    /// withdrawals; it waits.
    #[schema(value_type = Option<String>)]
    pub quiet_from: Option<NaiveTime>,
    #[schema(value_type = Option<String>)]
    pub quiet_to: Option<NaiveTime>,
    /// Most bursts told in 24 h; withdrawals are not counted.
    pub daily_cap: Option<u32>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            missions: Vec::new(),
            tiers: Vec::new(),
            largest_error_deg: None,
            min_altitude_deg: 20.0,
            only_when_dark: true,
            latest_age_h: 12.0,
            quiet_from: None,
            quiet_to: None,
            daily_cap: None,
        }
    }
}

/// A [`Notify`] as the pages offer it.
pub(super) struct Choice {
    pub value: &'static str,
    pub words: &'static str,
    /// How many letters it brings.
    pub rate: &'static str,
    pub meaning: &'static str,
    pub chosen: bool,
}

impl Notify {
    pub const ALL: [Self; 4] = [Self::Every, Self::Observable, Self::Digest, Self::None];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Every => "every",
            Self::Observable => "observable",
            Self::Digest => "digest",
            Self::None => "none",
        }
    }

    /// The four, `self` being chosen.
    pub(super) fn choices(self) -> [Choice; 4] {
        Self::ALL.map(|one| {
            let (words, rate, meaning) = one.in_words();
            Choice {
                value: one.as_str(),
                words,
                rate,
                meaning,
                chosen: one == self,
            }
        })
    }

    /// What it is called, how many letters it brings, and what that means.
    fn in_words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Every => (
                "Every burst",
                "about 5 a week",
                "A letter as soon as it is recognised as a burst, wide regions too, with what you can see of it.",
            ),
            Self::Observable => (
                "What I can observe",
                "about 1 a week",
                "Only what is up from one of your sites, in the dark, and known well enough to point at.",
            ),
            Self::Digest => (
                "One letter in the morning",
                "at most 1 a day",
                "After a night in which there was something.",
            ),
            Self::None => (
                "Nothing",
                "no letters",
                "The pages here still show every burst.",
            ),
        }
    }

    /// From the word of [`Notify::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}
