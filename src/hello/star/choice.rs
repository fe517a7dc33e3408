//! Chooses the star whose light left it when somebody was born, and the star that the light of the birth reaches next.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::table::{Star, stars};
use crate::accounts::birthday::date_of_birth;

/// Days in a year of light: a light-year is the way of light in a Julian year.
const YEAR: f64 = 365.25;
/// So near to the day, in years, a star fits whatever its uncertainty.
const HALF_A_YEAR: f64 = 0.5;
/// Measures that differ by no more than this part of the uncertainty are taken for equal.
const TOO_CLOSE_TO_TELL: f64 = 0.25;
/// Other stars that are named.
const OTHERS: usize = 2;

/// What the light of a birth has come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    pub born: NaiveDate,
    pub today: NaiveDate,
    /// How far the light of that day has come, light-years.
    pub travelled: f64,
    /// A star's measure is the root of the squares of its difference from the day and of its uncertainty, so that of two stars that
    /// are equally near to the day the surer one comes first. Of the stars that fit, and whose measure is within a quarter of an
    /// uncertainty of the smallest, the brightest is taken: such a star is at most 0.75 of its uncertainty off where another is off by
    /// nothing, and so its distance is at least three quarters as likely to be the true one, exp(−0.75² / 2). Nobody can tell them
    /// apart honestly, but whoever looks up finds the brighter one. Where no star fits, the one with the smallest measure.
    pub star: &'static Star,
    /// Whether its light left it then: not more than half a year from the day, or within twice its uncertainty.
    pub fits: bool,
    /// The brightest of the others of which that may be said as well: within half a year, or their uncertainty.
    pub others: Vec<&'static Star>,
    /// The star that the light of that day reaches next: the nearest of those beyond it.
    pub next: Option<&'static Star>,
}

impl Choice {
    /// For a day up to `today`; a later one counts as `today`.
    pub fn new(born: NaiveDate, today: NaiveDate) -> Option<Self> {
        let days = (today - born).num_days().max(0);
        let travelled = days as f64 / YEAR;
        let difference = |star: &Star| (star.distance - travelled).abs();
        let fits = |star: &Star| difference(star) <= HALF_A_YEAR.max(2.0 * star.sigma);
        let measure = |star: &Star| difference(star).hypot(star.sigma);
        let first = stars()
            .iter()
            .min_by(|a, b| measure(a).total_cmp(&measure(b)))?;
        let limit = measure(first) + TOO_CLOSE_TO_TELL * first.sigma;
        let star = stars()
            .iter()
            .filter(|star| fits(first) && fits(star) && measure(star) <= limit)
            .min_by(|a, b| a.magnitude.total_cmp(&b.magnitude))
            .unwrap_or(first);
        let mut others: Vec<&Star> = stars()
            .iter()
            .filter(|other| other.hip != star.hip)
            .filter(|other| difference(other) <= other.sigma.max(HALF_A_YEAR))
            .collect();
        others.sort_by(|a, b| a.magnitude.total_cmp(&b.magnitude));
        others.truncate(OTHERS);
        Some(Self {
            born,
            today,
            travelled,
            star,
            fits: fits(star),
            others,
            next: stars().iter().find(|next| next.distance > travelled),
        })
    }

    /// How long before the birth the light left that a star shows today, years; negative where it left after.
    pub fn early(&self, star: &Star) -> f64 {
        star.distance - self.travelled
    }

    /// True for a child whose light has come to no star yet, and whose birth no star shows.
    pub fn is_under_way(&self) -> bool {
        !self.fits
            && stars()
                .first()
                .is_some_and(|first| first.distance > self.travelled)
    }

    /// The day, as the star's distance has it, on which the light of the birth reaches a star; good to its uncertainty only.
    pub fn reaches(&self, star: &Star) -> NaiveDate {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "at most 200 years, in days"
        )]
        let days = (star.distance * YEAR).round() as i64;
        self.born
            .checked_add_signed(TimeDelta::days(days))
            .unwrap_or(NaiveDate::MAX)
    }
}

/// A date of birth that is not later than it is anywhere on the Earth at `now`; or what is wrong with it.
pub fn born(text: &str, now: DateTime<Utc>) -> Result<NaiveDate, String> {
    let latest = (now + TimeDelta::hours(14)).date_naive();
    match date_of_birth(text)? {
        day if day > latest => Err("is still to come; its light has not left yet".into()),
        day => Ok(day),
    }
}
