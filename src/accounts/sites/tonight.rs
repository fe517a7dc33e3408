//! What the coming night looks like at a site, in words.

use chrono::{DateTime, Utc};

use super::model::Site;
use super::times::clock;
use crate::sky::{Course, Darkness, Night, Observer};

/// Dark from when to when, and the Moon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tonight {
    /// `Dark from 18:10 to 06:31.`
    pub dark: String,
    /// `Waxing gibbous, 87 % lit, sets 03:12`
    pub moon: String,
}

/// The night at hand; once its dark is over, the coming one. Dark means that the Sun is 12° below the horizon.
pub fn tonight(site: &Site, now: DateTime<Utc>) -> Tonight {
    let observer = Observer::tonight(&site.place, now, Darkness::Nautical);
    let night = observer.night();
    let phase = observer.phase(night.midnight);
    Tonight {
        dark: dark(site, &night),
        moon: format!(
            "{}, {:.0} % lit, {}",
            capital(phase.name),
            phase.illuminated * 100.0,
            moon(site, &night)
        ),
    }
}

fn dark(site: &Site, night: &Night) -> String {
    let time = |at| clock(at, site.time_zone, night.midnight);
    let twilight = night.dark(Darkness::Nautical);
    match (twilight.dusk, twilight.dawn, twilight.sun) {
        (Some(dusk), Some(dawn), _) => format!("Dark from {} to {}", time(dusk), time(dawn)),
        (Some(dusk), None, _) => format!("Dark from {}", time(dusk)),
        (None, Some(dawn), _) => format!("Dark until {}", time(dawn)),
        (None, None, Course::StaysBelow) => "Dark all day".into(),
        (None, None, _) => format!(
            "It does not get dark: the Sun stays above {:.0}°",
            night.lowest_sun.floor()
        ),
    }
}

/// What the Moon does between dusk and dawn.
fn moon(site: &Site, night: &Night) -> String {
    let time = |at| clock(at, site.time_zone, night.midnight);
    let (from, to) = (
        night.sunset.unwrap_or(night.noon),
        night.sunrise.unwrap_or(night.next_noon),
    );
    let events: Vec<String> = night
        .moon_events
        .iter()
        .filter(|event| (from..=to).contains(&event.at))
        .map(|event| {
            let does = if event.rising { "rises" } else { "sets" };
            format!("{does} {}", time(event.at))
        })
        .collect();
    if !events.is_empty() {
        return events.join(", ");
    }
    // Without an event in between, the last one before says where it is.
    let before = night.moon_events.iter().rfind(|event| event.at < from);
    let after = night.moon_events.iter().find(|event| event.at > to);
    let up = match (before, after) {
        (Some(event), _) => event.rising,
        (None, Some(event)) => !event.rising,
        (None, None) => night.moon == Course::StaysAbove,
    };
    if up { "up all night" } else { "not up" }.into()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;
    use crate::sky::{self, Horizon};

    fn site(latitude: f64, longitude: f64, zone: Tz) -> Site {
        Site {
            place: sky::Site {
                latitude,
                longitude,
                elevation: 0.0,
                horizon: Horizon::flat(0.0),
            },
            ..Site::unknown(1, zone)
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn by_day_the_coming_night_is_told() {
        // PyEphem 4.2.1, Sun's centre at −12° without refraction, 43.95 N 5.71 E: 17:13:00 and 05:33:44 UTC.
        let here = site(43.95, 5.71, Tz::Europe__Paris);
        for now in [
            "2026-11-21T10:00:00Z",
            "2026-11-21T21:00:00Z",
            "2026-11-22T05:00:00Z",
        ] {
            assert_eq!(
                tonight(&here, at(now)).dark,
                "Dark from 18:13 to 06:34",
                "{now}"
            );
        }
    }

    #[test]
    fn far_north_says_what_there_is() {
        let tromso = site(69.65, 18.96, Tz::Europe__Oslo);
        let summer = tonight(&tromso, at("2026-06-21T20:00:00Z"));
        assert!(
            summer
                .dark
                .starts_with("It does not get dark: the Sun stays above 3"),
            "{summer:?}"
        );
        // The south pole in winter.
        let pole = site(-89.9, 0.0, Tz::UTC);
        assert_eq!(
            tonight(&pole, at("2026-06-21T20:00:00Z")).dark,
            "Dark all day"
        );
    }
}
