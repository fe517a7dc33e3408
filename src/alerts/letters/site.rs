//! A burst as one site sees it: the answer for a subject, for a letter's first lines, and the facts behind it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::plain::plain;
use super::words::{NIGHT, Row, Section};
use crate::accounts::sites::picture::compass;
use crate::bursts::Sight;
use crate::bursts::outlook::Verdict;

impl Sight {
    /// The lower, the better.
    pub(super) fn rank(&self) -> f64 {
        let seen = self.seen.as_ref();
        let share = seen.and_then(|seen| seen.share);
        match self.outlook.verdict {
            Verdict::Now => -seen.map_or(0.0, |seen| seen.altitude),
            Verdict::Tonight => {
                1e3 + self
                    .window()
                    .map_or(0.0, |window| self.hours_to(window.from))
            }
            Verdict::Wide => 2e3 - share.map_or(0.0, |share| 10.0 * share.now + share.tonight),
            Verdict::NextNight => 3e3,
            Verdict::Never | Verdict::Unknown | Verdict::Over => 4e3,
        }
    }

    /// True where somebody could point a telescope at it tonight.
    pub(super) fn is_observable(&self) -> bool {
        matches!(self.outlook.verdict, Verdict::Now | Verdict::Tonight)
    }

    /// For a subject: `up now from Pic du Midi, 64°`.
    pub(super) fn in_short(&self) -> String {
        let site = plain(&self.site.name, 60);
        let (Some(seen), verdict) = (&self.seen, self.outlook.verdict) else {
            return "where it is is not known yet".into();
        };
        let dusk = seen.night.dark(self.limits.darkness).dusk;
        match (verdict, self.window()) {
            (Verdict::Now, _) => format!("up now from {site}, {:.0}°", seen.altitude),
            (Verdict::Tonight, Some(window)) => {
                let at_dusk =
                    dusk.is_some_and(|dusk| (window.from - dusk).num_seconds().abs() < 60);
                let from = self.time(window.from);
                if at_dusk {
                    format!("up when it gets dark, {from}, at {site}")
                } else {
                    format!("rises {from} at {site}")
                }
            }
            (Verdict::Wide, _) => {
                let words = self.outlook.answer.replace("your site", &site);
                uncapitalised(&words)
            }
            _ => format!("not observable tonight from {site}"),
        }
    }

    /// `Yes. Up now, 64°, dark until 05:12.`
    pub(super) fn sentence(&self) -> String {
        format!("{}. {}.", self.outlook.verdict.word(), self.outlook.answer)
    }

    /// `Pic du Midi, times in CET`
    pub(super) fn label(&self) -> String {
        let site = plain(&self.site.name, 80);
        format!(
            "{site}, times in {}",
            zone_letters(self.at, self.site.time_zone)
        )
    }

    /// The facts that the burst's page gives, and the azimuth; none where there is nothing to look for.
    pub(super) fn section(&self) -> Option<Section> {
        let seen = self.seen.as_ref()?;
        if !self.is_observable() && self.outlook.verdict != Verdict::Wide {
            return None;
        }
        let mut rows: Vec<Row> = self
            .outlook
            .facts
            .iter()
            .map(|fact| Row::new(&fact.label, plain(&fact.value, 300)))
            .collect();
        let azimuth = format!(
            "{:.0}°, {}",
            seen.azimuth.round() % 360.0,
            compass(seen.azimuth)
        );
        rows.insert(1.min(rows.len()), Row::new("Azimuth", azimuth));
        let what = match self.outlook.verdict {
            Verdict::Wide => "The middle of its place, from",
            _ => "From",
        };
        Some(Section {
            heading: format!("{what} {}", plain(&self.site.name, 80)),
            rows,
            picture: Some(NIGHT),
            ..Section::default()
        })
    }

    fn hours_to(&self, time: DateTime<Utc>) -> f64 {
        (time - self.at).as_seconds_f64() / 3600.0
    }
}

/// The zone's letters at a time: `CEST`; for zones without any, `UTC−03`.
pub(super) fn zone_letters(at: DateTime<Utc>, zone: Tz) -> String {
    let name = at.with_timezone(&zone).format("%Z").to_string();
    if name.starts_with(['+', '-']) {
        format!("UTC{}", name.replace('-', "−"))
    } else {
        name
    }
}

fn uncapitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_lowercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
