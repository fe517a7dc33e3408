//! Where and when a star can be seen from a site: now, tonight, or in which month again.

use chrono::{DateTime, TimeDelta, Utc};

use super::table::Star;
use crate::accounts::Site;
use crate::accounts::sites::picture::compass;
use crate::accounts::sites::times::clock;
use crate::sky::{
    AltitudeSpec, Darkness, Equatorial, Limits, Observer, SiteNight, Visibility, Window,
    altitude_chart, visibility,
};

/// What the eye asks: 10° above the horizon, where the air no longer dims much, and nautical darkness.
const LIMITS: Limits = Limits {
    min_altitude: 10.0,
    darkness: Darkness::Nautical,
};
/// A shorter time is not worth going out for.
const WORTH_IT: TimeDelta = TimeDelta::minutes(30);
/// Between two nights that are tried, days.
const STEP: i64 = 5;

/// One star over one site in the night at hand; once its dark is over, in the coming one.
#[derive(Debug, Clone)]
pub struct Tonight {
    pub seen: Visibility,
    /// Whether it can be seen now, tonight, or not.
    pub when: When,
    /// Where to look and from when to when, in sentences.
    pub words: Vec<String>,
    pub observer: Observer,
}

/// When a star can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = StarTonight)]
pub enum When {
    Now,
    Tonight,
    /// In another month.
    Later,
    /// Not from there.
    Never,
}

/// A star from a site as of `now`.
pub fn tonight(star: &Star, site: &Site, now: DateTime<Utc>) -> Tonight {
    let observer = Observer::tonight(&site.place, now, LIMITS.darkness);
    let seen = visibility(star.position, None, &observer, now, &LIMITS);
    let time = |at| clock(at, site.time_zone, seen.night.midnight);
    let (when, words) = if let Some(window) = seen.at_hand() {
        let until = format!(
            "Until {} it can be seen{}.",
            time(window.to),
            highest(window, now, &time)
        );
        let look = format!(
            "Look now: it stands {:.0}° high in the {}.",
            seen.altitude,
            compass(seen.azimuth)
        );
        (When::Now, vec![look, until])
    } else if let Some(window) = &seen.window {
        let from = format!(
            "From {} to {}{}.",
            time(window.from),
            time(window.to),
            highest(window, now, &time)
        );
        (When::Tonight, vec![from])
    } else {
        another_night(star, site, &seen, now)
    };
    Tonight {
        when,
        words,
        observer,
        seen,
    }
}

/// `, highest at 01:10, 46° up in the south`; nothing once it is past that.
fn highest(window: &Window, now: DateTime<Utc>, time: &dyn Fn(DateTime<Utc>) -> String) -> String {
    let place = format!(
        "{:.0}° up in the {}",
        window.altitude,
        compass(window.azimuth)
    );
    match window.best > now {
        true => format!(", highest at {}, {place}", time(window.best)),
        false => String::new(),
    }
}

/// Words for a star that this night does not show.
fn another_night(
    star: &Star,
    site: &Site,
    seen: &Visibility,
    now: DateTime<Utc>,
) -> (When, Vec<String>) {
    let nights = (0..=366 / STEP).map(|step| now + TimeDelta::days(step * STEP));
    let found = nights.skip(1).find_map(|night| {
        let observer = Observer::at(&site.place, night);
        let coming = SiteNight::of(&observer);
        let window = coming.window(star.position, coming.noon(), &LIMITS)?;
        let midnight = coming.noon() + (coming.next_noon() - coming.noon()) / 2;
        (window.to - window.from >= WORTH_IT).then_some((window, midnight))
    });
    if let Some((window, midnight)) = found {
        let hours = match (window.from > midnight, window.to < midnight) {
            (true, _) => ", before dawn",
            (_, true) => ", in the evening",
            _ => "",
        };
        let why = match seen.night.dark(LIMITS.darkness).sun {
            crate::sky::Course::StaysAbove => "It does not get dark enough tonight.",
            _ => "Not tonight: while it is up, the Sun is too near.",
        };
        let local = window.best.with_timezone(&site.time_zone);
        let again = format!(
            "It can be seen from about {}{hours}.",
            part_of_month(&local)
        );
        return (When::Later, vec![why.into(), again]);
    }
    (When::Never, never(star.position, site))
}

/// `mid-January`.
fn part_of_month(date: &impl chrono::Datelike) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let part = match date.day() {
        1..=10 => "early",
        11..=20 => "mid",
        _ => "late",
    };
    let month = MONTHS
        .into_iter()
        .nth(date.month0() as usize)
        .unwrap_or_default();
    match part {
        "mid" => format!("mid-{month}"),
        part => format!("{part} {month}"),
    }
}

fn never(place: Equatorial, site: &Site) -> Vec<String> {
    let top = 90.0 - (site.place.latitude - place.dec).abs();
    let low = match top {
        below if below < 0.0 => "It never rises there.".to_owned(),
        up if up < LIMITS.min_altitude => format!(
            "It never comes more than {:.0}° above the horizon there.",
            up.ceil()
        ),
        _ => "The horizon there hides it all the year.".to_owned(),
    };
    // Where it comes to the least altitude when it is highest.
    let reach = 90.0 - LIMITS.min_altitude;
    let (edge, way) = match place.dec < site.place.latitude {
        true => (place.dec + reach, "south"),
        false => (place.dec - reach, "north"),
    };
    let side = if edge < 0.0 { "S" } else { "N" };
    let from = format!(
        "It is well up from {:.0}° {side} and all places {way} of that.",
        edge.abs()
    );
    match top < LIMITS.min_altitude {
        true => vec![low, from],
        false => vec![low],
    }
}

impl Tonight {
    /// How high it stands through the night.
    pub fn chart(&self, star: &Star, site: &Site, now: DateTime<Utc>) -> String {
        altitude_chart(&AltitudeSpec {
            title: star.title(),
            target: star.position,
            observer: &self.observer,
            limits: &LIMITS,
            now: Some(now),
            zone: site.time_zone,
        })
    }
}
