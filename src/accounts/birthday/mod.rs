//! A birthday: a day of the year, and the year where it is told.

mod input;
mod page;

pub(super) use input::{Given, within_a_life};
pub(super) use page::{Section, router};

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike as _, NaiveDate};

use crate::platform::App;
use crate::platform::config::LeapDay;

/// Before it nobody who reads this was born.
pub const EARLIEST: NaiveDate = NaiveDate::from_ymd_opt(1900, 1, 1).expect("a date");

/// A day and month that the calendar has, 29 February among them, and the year of birth where it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Birthday {
    month: u32,
    day: u32,
    year: Option<i32>,
}

impl Birthday {
    /// `None` where there is no such date.
    pub fn new(year: Option<i32>, month: u32, day: u32) -> Option<Self> {
        // In a leap year every day of the calendar is there.
        NaiveDate::from_ymd_opt(year.unwrap_or(2000), month, day)?;
        Some(Self { month, day, year })
    }

    pub fn month(self) -> u32 {
        self.month
    }

    pub fn day(self) -> u32 {
        self.day
    }

    /// The day of birth, where the year is known.
    pub fn born(self) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(self.year?, self.month, self.day)
    }

    /// The same without the year.
    #[must_use]
    pub fn of_the_year(self) -> Self {
        Self { year: None, ..self }
    }

    /// When it is kept in `year`: on its own day, and 29 February in common years as the club has it.
    pub fn in_year(self, year: i32, leap: LeapDay) -> NaiveDate {
        let own = NaiveDate::from_ymd_opt(year, self.month, self.day);
        let (month, day) = match leap {
            LeapDay::February28 => (2, 28),
            LeapDay::March1 => (3, 1),
        };
        own.or(NaiveDate::from_ymd_opt(year, month, day))
            .unwrap_or(NaiveDate::MAX)
    }

    /// When it is kept next: `today` or later.
    pub fn next(self, today: NaiveDate, leap: LeapDay) -> NaiveDate {
        let this_year = self.in_year(today.year(), leap);
        match this_year >= today {
            true => this_year,
            false => self.in_year(today.year() + 1, leap),
        }
    }

    /// Days until it is kept next; 0 on the day itself.
    pub fn days_until(self, today: NaiveDate, leap: LeapDay) -> i64 {
        (self.next(today, leap) - today).num_days()
    }
}

impl From<NaiveDate> for Birthday {
    fn from(born: NaiveDate) -> Self {
        Self {
            month: born.month(),
            day: born.day(),
            year: Some(born.year()),
        }
    }
}

impl fmt::Display for Birthday {
    /// `1990-05-17`, or `--05-17` without the year (vCard 4, RFC 6350 §4.3.1, with hyphens).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.year {
            Some(year) => write!(f, "{year:04}")?,
            None => f.write_str("-")?,
        }
        write!(f, "-{:02}-{:02}", self.month, self.day)
    }
}

impl FromStr for Birthday {
    type Err = String;

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "must be a date such as 1990-05-17, or --05-17 without the year".to_owned();
        let (year, rest) = match text.strip_prefix("--") {
            Some(rest) => (None, rest),
            None => {
                let (year, rest) = text.split_once('-').ok_or_else(wrong)?;
                (Some(digits(year, 4).ok_or_else(wrong)?), rest)
            }
        };
        let (month, day) = rest.split_once('-').ok_or_else(wrong)?;
        let part = |text| digits(text, 2).ok_or_else(wrong);
        Self::new(year, part(month)?, part(day)?).ok_or_else(|| "is a day that there is not".into())
    }
}

/// A date of birth of exactly the form `YYYY-MM-DD`, from [`EARLIEST`] on; or what is wrong with it.
pub fn date_of_birth(text: &str) -> Result<NaiveDate, String> {
    let wrong = || "must be a date such as 1990-05-17".to_owned();
    let [year, month, day] = text
        .splitn(3, '-')
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| wrong())?;
    let parts = (digits(year, 4), digits(month, 2), digits(day, 2));
    let (Some(year), Some(month), Some(day)) = parts else {
        return Err(wrong());
    };
    match NaiveDate::from_ymd_opt(year, month, day) {
        None => Err("is a day that the calendar does not have".into()),
        Some(day) if day < EARLIEST => Err(format!("must not be before {EARLIEST}")),
        Some(day) => Ok(day),
    }
}

/// Today, by the club's calendar.
pub fn today(app: &App) -> NaiveDate {
    let now = app.clock.now().with_timezone(&app.config.time_zone);
    now.date_naive()
}

/// A number of exactly so many digits.
fn digits<T: FromStr>(text: &str, count: usize) -> Option<T> {
    let plain = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn both_ways_of_writing_it_are_read_back() {
        for text in [
            "1990-05-17",
            "--05-17",
            "2000-02-29",
            "--02-29",
            "1900-01-01",
        ] {
            assert_eq!(text.parse::<Birthday>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "-",
            "--",
            "1990",
            "1990-5-17",
            "90-05-17",
            "05-17",
            "--02-30",
            "1990-02-29",
            "1990-05-17 ",
            "+990-05-17",
            "--5-17",
            "1990-05-17T00:00",
        ] {
            assert!(text.parse::<Birthday>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_leap_day_is_kept_every_year() {
        let born = Birthday::from(date("2000-02-29"));
        let on = |year, leap| born.in_year(year, leap).to_string();
        assert_eq!(on(2027, LeapDay::February28), "2027-02-28");
        assert_eq!(on(2027, LeapDay::March1), "2027-03-01");
        assert_eq!(on(2028, LeapDay::February28), "2028-02-29");
        assert_eq!(on(2028, LeapDay::March1), "2028-02-29");
        assert_eq!(on(2100, LeapDay::March1), "2100-03-01");
        let until = |today, leap| born.days_until(date(today), leap);
        assert_eq!(until("2027-02-28", LeapDay::February28), 0);
        assert_eq!(until("2027-02-28", LeapDay::March1), 1);
        assert_eq!(until("2027-03-01", LeapDay::February28), 365);
        assert_eq!(until("2027-03-02", LeapDay::March1), 364);
        assert_eq!(until("2028-02-28", LeapDay::February28), 1);
    }
}
