//! Which birthdays come when, and in what words that is said.

use chrono::NaiveDate;

use crate::accounts::Birthday;
use crate::platform::config::LeapDay;

/// Days that make the week: today and the six after it.
pub(super) const WEEK: i64 = 7;

/// Names in one sentence; more are counted.
const FEW: usize = 3;

/// A member who shows their birthday.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    pub member: i64,
    pub name: String,
    /// Without the year, which nobody is shown.
    pub birthday: Birthday,
}

/// A birthday, the next time that it is kept.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Coming {
    pub shown: Shown,
    pub on: NaiveDate,
    /// From today; 0 on the day itself.
    pub days: i64,
}

/// All of a year from `today` on, the next first.
pub(super) fn coming(shown: Vec<Shown>, today: NaiveDate, leap: LeapDay) -> Vec<Coming> {
    let mut coming: Vec<Coming> = shown
        .into_iter()
        .map(|shown| Coming {
            on: shown.birthday.next(today, leap),
            days: shown.birthday.days_until(today, leap),
            shown,
        })
        .collect();
    coming.sort_by_cached_key(|one| (one.days, one.shown.name.to_lowercase(), one.shown.member));
    coming
}

impl Coming {
    /// `today`, `tomorrow`, `in 3 days`.
    pub(super) fn when(&self) -> String {
        match self.days {
            0 => "today".into(),
            1 => "tomorrow".into(),
            days => format!("in {days} days"),
        }
    }

    /// `29 February, kept on the 28th`, where it is not kept on its own day.
    pub(super) fn moved(&self) -> Option<&'static str> {
        match (
            self.shown.birthday.day() == 29,
            self.on.format("%m-%d").to_string().as_str(),
        ) {
            (true, "02-28") => Some("29 February, kept on the 28th"),
            (true, "03-01") => Some("29 February, kept on 1 March"),
            _ => None,
        }
    }
}

/// `17 May`.
pub(super) fn day(birthday: Birthday) -> String {
    birthday
        .in_year(2000, LeapDay::default())
        .format("%-d %B")
        .to_string()
}

/// Whose birthday it is today, as said to the member `own`; `None` where it is nobody's.
pub(super) fn today(coming: &[Coming], own: i64) -> Option<String> {
    let today = || coming.iter().filter(|one| one.days == 0);
    let names: Vec<&str> = today()
        .filter(|one| one.shown.member != own)
        .map(|one| one.shown.name.as_str())
        .collect();
    match (today().any(|one| one.shown.member == own), names.as_slice()) {
        (false, []) => None,
        (true, []) => Some("Today is your birthday. Clear skies!".into()),
        (true, names) => Some(format!(
            "Today is your birthday, and that of {}.",
            listed(names)
        )),
        (false, [name]) => Some(format!("Today is {name}’s birthday.")),
        (false, names) => Some(format!("Today is the birthday of {}.", listed(names))),
    }
}

/// Whose birthday it is today or, where it is nobody's, in the six days after; as said to the member `own`.
pub(super) fn this_week(coming: &[Coming], own: i64) -> Option<String> {
    let named = |one: &Coming| {
        let name = match one.shown.member == own {
            true => "you",
            false => one.shown.name.as_str(),
        };
        format!("{name} on {}", one.on.format("%A"))
    };
    let week: Vec<String> = coming
        .iter()
        .filter(|one| one.days < WEEK)
        .map(named)
        .collect();
    let week: Vec<&str> = week.iter().map(String::as_str).collect();
    let soon = || format!("Birthdays this week: {}.", listed(&week));
    today(coming, own).or_else(|| (!week.is_empty()).then(soon))
}

/// `A`, `A and B`, `A, B and C`, `A, B, C and 2 others`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] if names.len() <= FEW => format!("{} and {last}", first.join(", ")),
        _ => {
            let (said, left) = names.split_at(FEW);
            let others = match left.len() {
                1 => "1 other".to_owned(),
                count => format!("{count} others"),
            };
            format!("{} and {others}", said.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAPS: [LeapDay; 2] = [LeapDay::February28, LeapDay::March1];

    fn on(today: &str, leap: LeapDay, birthdays: &[(&str, &str)]) -> Vec<Coming> {
        let shown = birthdays
            .iter()
            .zip(1..)
            .map(|((name, birthday), member)| Shown {
                member,
                name: (*name).into(),
                birthday: birthday.parse().unwrap(),
            });
        coming(shown.collect(), today.parse().unwrap(), leap)
    }

    fn said(coming: &[Coming]) -> Vec<String> {
        let one = |one: &Coming| format!("{} {} {}", one.shown.name, one.on, one.when());
        coming.iter().map(one).collect()
    }

    #[test]
    fn the_next_comes_first_also_over_new_year() {
        let few = [
            ("Ada", "--01-02"),
            ("Ben", "--12-31"),
            ("Cleo", "--12-30"),
            ("Dan", "--01-06"),
        ];
        for leap in LEAPS {
            assert_eq!(
                said(&on("2026-12-31", leap, &few)),
                [
                    "Ben 2026-12-31 today",
                    "Ada 2027-01-02 in 2 days",
                    "Dan 2027-01-06 in 6 days",
                    "Cleo 2027-12-30 in 364 days"
                ]
            );
        }
    }

    #[test]
    fn a_leap_day_is_said_kindly() {
        let moved = |today, leap| {
            let coming = on(today, leap, &[("Ada", "--02-29")]);
            (coming[0].on.to_string(), coming[0].moved())
        };
        assert_eq!(
            moved("2027-02-27", LEAPS[0]),
            ("2027-02-28".into(), Some("29 February, kept on the 28th"))
        );
        assert_eq!(
            moved("2027-02-27", LEAPS[1]),
            ("2027-03-01".into(), Some("29 February, kept on 1 March"))
        );
        for leap in LEAPS {
            assert_eq!(moved("2028-02-27", leap), ("2028-02-29".into(), None));
        }
        for own in ["--02-28", "--03-01", "--01-29"] {
            assert_eq!(on("2027-01-01", LEAPS[0], &[("Ada", own)])[0].moved(), None);
        }
        assert_eq!(day("--02-29".parse().unwrap()), "29 February");
    }

    #[test]
    fn one_sentence_says_whose_day_it_is() {
        let heard = |names: &[&str], own: i64| {
            let all: Vec<(&str, &str)> = names.iter().map(|name| (*name, "--05-17")).collect();
            today(&on("2027-05-17", LEAPS[0], &all), own).unwrap_or_default()
        };
        assert_eq!(heard(&[], 1), "");
        assert_eq!(heard(&["Ada"], 9), "Today is Ada’s birthday.");
        assert_eq!(heard(&["Ada"], 1), "Today is your birthday. Clear skies!");
        assert_eq!(
            heard(&["Ada", "Ben"], 1),
            "Today is your birthday, and that of Ben."
        );
        assert_eq!(
            heard(&["Ada", "Ben"], 9),
            "Today is the birthday of Ada and Ben."
        );
        assert_eq!(
            heard(&["Ada", "Ben", "Cleo"], 9),
            "Today is the birthday of Ada, Ben and Cleo."
        );
        assert_eq!(
            heard(&["Ada", "Ben", "Cleo", "Dan"], 9),
            "Today is the birthday of Ada, Ben, Cleo and 1 other."
        );
        assert_eq!(
            heard(&["Ada", "Ben", "Cleo", "Dan", "Eva"], 9),
            "Today is the birthday of Ada, Ben, Cleo and 2 others."
        );
    }

    #[test]
    fn the_week_is_today_and_six_days() {
        let heard = |today| {
            let all = [("Ada", "--01-02"), ("Ben", "--01-03")];
            this_week(&on(today, LEAPS[0], &all), 2)
        };
        assert_eq!(heard("2026-12-26"), None);
        assert_eq!(
            heard("2026-12-27").unwrap(),
            "Birthdays this week: Ada on Saturday."
        );
        assert_eq!(
            heard("2026-12-28").unwrap(),
            "Birthdays this week: Ada on Saturday and you on Sunday."
        );
        assert_eq!(heard("2027-01-02").unwrap(), "Today is Ada’s birthday.");
        assert_eq!(heard("2027-01-04"), None);
    }
}
