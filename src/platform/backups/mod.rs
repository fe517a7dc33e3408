//! When copies of the database are made by themselves, what they are called, and which of them are kept.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, Days, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::config::Sources;
use super::error::Exit;

/// A copy's name: `grb-app-2026-11-21T220000Z.db`.
const NAME: &str = "grb-app-%Y-%m-%dT%H%M%SZ.db";

/// One is made every day; an older one is worth a warning.
const OLD: TimeDelta = TimeDelta::hours(26);

/// The settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backups {
    /// Where copies lie.
    pub folder: PathBuf,
    /// The time of day, the club's, of the daily copy; `None` where none is wanted.
    pub at: Option<NaiveTime>,
    pub keep: Keep,
    /// A program and its arguments that carry a copy away; `{}` stands for the file, which comes last where it does not.
    pub command: Vec<String>,
}

impl Backups {
    pub(super) fn understand(sources: &Sources, data_dir: &Path) -> anyhow::Result<Self> {
        let at = sources.text("backup_at").map(|text| {
            NaiveTime::parse_from_str(&text, "%H:%M")
                .map_err(|_| sources.fault("backup_at", "it must be a time such as 04:30"))
        });
        let command = sources.text("backup_command").unwrap_or_default();
        Ok(Self {
            folder: sources
                .text("backup_folder")
                .map_or_else(|| data_dir.join("backups"), PathBuf::from),
            at: at.transpose()?,
            keep: sources.parse("backup_keep")?.unwrap_or_default(),
            command: command.split_whitespace().map(str::to_owned).collect(),
        })
    }
}

/// How many copies are kept: the newest of each of the last days, weeks and months that have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    pub days: usize,
    pub weeks: usize,
    pub months: usize,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            days: 7,
            weeks: 4,
            months: 12,
        }
    }
}

impl FromStr for Keep {
    type Err = &'static str;

    /// Reads `7d 4w 12m`, in any order; what is not named is 0, and all 0 is refused.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "it must say how many daily, weekly and monthly copies to keep, as 7d 4w 12m, and at least one";
        let mut keep = Self {
            days: 0,
            weeks: 0,
            months: 0,
        };
        for word in text.split_whitespace() {
            let (count, unit) = word.split_at_checked(word.len() - 1).ok_or(WRONG)?;
            let count: u16 = count.parse().map_err(|_| WRONG)?;
            let place = match unit {
                "d" => &mut keep.days,
                "w" => &mut keep.weeks,
                "m" => &mut keep.months,
                _ => return Err(WRONG),
            };
            *place = count.into();
        }
        match keep.days + keep.weeks + keep.months {
            0 => Err(WRONG),
            _ => Ok(keep),
        }
    }
}

/// A copy that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    pub at: DateTime<Utc>,
    pub path: PathBuf,
    pub bytes: u64,
}

impl Copy {
    /// Whether it is of the last day, with two hours of grace. One of the future was made while the clock was wrong.
    pub fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        (TimeDelta::zero()..=OLD).contains(&(now - self.at))
    }
}

/// Where a copy made `now` goes. The folder of copies within the data folder is made where it is not there; another must be there
/// (69): made anew while its disk is missing, it would lie on the wrong one.
pub fn place(data_dir: &Path, folder: &Path, now: DateTime<Utc>) -> anyhow::Result<PathBuf> {
    if folder.parent() == Some(data_dir) {
        super::db::make_private(folder)?;
    }
    if !folder.is_dir() {
        let at = folder.display();
        let words = format!(
            "The folder of copies {at} is not there. Bring the disk that it lies on, or make it for the desk's user: \
             install -d -m 700 -o grb-app {at}"
        );
        return Err(Exit::unavailable(words).into());
    }
    Ok(folder.join(now.format(NAME).to_string()))
}

/// The copies in `folder`, the oldest first. A file that has its name is whole and was checked: only then does it get it.
pub fn copies(folder: &Path) -> Vec<Copy> {
    let copy = |entry: std::fs::DirEntry| {
        let name = entry.file_name();
        let at = NaiveDateTime::parse_from_str(name.to_str()?, NAME).ok()?;
        let bytes = entry.metadata().ok()?.len();
        Some(Copy {
            at: at.and_utc(),
            path: entry.path(),
            bytes,
        })
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut copies: Vec<Copy> = entries.filter_map(copy).collect();
    copies.sort_by_key(|copy| copy.at);
    copies
}

/// The newest copy in `folder`. One of the future was made while the clock was wrong, and counts only where there is no other.
pub fn newest(folder: &Path, now: DateTime<Utc>) -> Option<Copy> {
    let copies = copies(folder);
    let newest = copies.iter().rfind(|copy| copy.at <= now);
    newest.or(copies.last()).cloned()
}

/// Whether a copy has to be made: the last time of day for one has passed, and no copy is younger than that.
pub fn is_due(at: NaiveTime, zone: Tz, made: &[DateTime<Utc>], now: DateTime<Utc>) -> bool {
    let slot = last(at, zone, now);
    // One of the future was made while the clock was wrong; it says nothing of today.
    !made.iter().any(|made| (slot..=now).contains(made))
}

/// When it was last `at` in `zone`. On a day whose clocks leap over it, an hour later by the clock.
fn last(at: NaiveTime, zone: Tz, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = now.with_timezone(&zone).date_naive();
    let on = |back: u64| {
        let local = (today - Days::new(back)).and_time(at);
        let either = |local: NaiveDateTime| local.and_local_timezone(zone).earliest();
        either(local).or_else(|| either(local + TimeDelta::hours(1)))
    };
    let slots = (0..3).filter_map(on).map(|slot| slot.with_timezone(&Utc));
    slots.filter(|slot| *slot <= now).max().unwrap_or(now)
}

/// Those of `made` that need not be kept `now`. The newest always is; and those of the future, made while the clock was wrong, are
/// left alone and take no other's place.
pub fn superfluous(
    made: &[DateTime<Utc>],
    keep: Keep,
    zone: Tz,
    now: DateTime<Utc>,
) -> BTreeSet<DateTime<Utc>> {
    let past = made.iter().filter(|at| **at <= now);
    let mut newest_first: Vec<DateTime<Utc>> = past.copied().collect();
    newest_first.sort_by_key(|at| std::cmp::Reverse(*at));
    let local = |at: &DateTime<Utc>| at.with_timezone(&zone).date_naive();
    let days = newest_of(&newest_first, keep.days, |at| {
        local(at).num_days_from_ce().into()
    });
    let weeks = newest_of(&newest_first, keep.weeks, |at| {
        let week = local(at).iso_week();
        i64::from(week.year()) * 100 + i64::from(week.week())
    });
    let months = newest_of(&newest_first, keep.months, |at| {
        i64::from(local(at).year()) * 100 + i64::from(local(at).month())
    });
    let kept: BTreeSet<_> = days.chain(weeks).chain(months).collect();
    let rest = newest_first.iter().filter(|at| !kept.contains(at));
    rest.copied().collect()
}

/// The newest of each of the last `count` periods that have any.
fn newest_of(
    newest_first: &[DateTime<Utc>],
    count: usize,
    period: impl Fn(&DateTime<Utc>) -> i64,
) -> impl Iterator<Item = DateTime<Utc>> {
    let mut newest = newest_first.to_vec();
    newest.dedup_by_key(|at| period(at));
    newest.into_iter().take(count)
}
