//! What the made-up members saw: each looks when the burst stands in their own dark sky, and sees what their telescope reaches.
//!
//! Positions, and magnitudes of afterglows at one moment, are those of the bursts' facts; how fast an afterglow fades is
//! assumed, and everything measured here is made up from that.

use chrono::{DateTime, Utc};

use super::chance::Chance;
use crate::accounts::{Site, Telescope};
use crate::observations::airmass_told;
use crate::observations::model::{Observation, Photometry};
use crate::platform::clock::seconds;
use crate::sky::{Equatorial, Observer};

/// When observers look, s after the trigger.
const LOOKS: [f64; 10] = [
    420.0, 900.0, 2_400.0, 5_400.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0, 172_800.0, 302_400.0,
];

/// As high as a burst must stand, deg.
const LEAST_ALTITUDE: f64 = 22.0;

/// How long after its end an observation is measured and posted, s.
const WORK: f64 = 300.0;

/// What there was for telescopes to see of an event.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// The trigger under which observers looked, and when it was, s after the event's start.
    pub trigger: (&'static str, f64),
    /// From when on they knew where, s after the trigger.
    pub known_after: f64,
    pub position: Equatorial,
    /// They looked within so many deg of it.
    pub radius: f64,
    pub light: Option<Light>,
}

/// A light that fades as a power of time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Light {
    /// s after the trigger.
    after: f64,
    /// In R, then.
    magnitude: f64,
    slope: f64,
}

/// A light of this magnitude in R, `after` s after the trigger, that fades as time to the power of minus `slope`.
pub(super) fn fading(after: f64, magnitude: f64, slope: f64) -> Option<Light> {
    Some(Light {
        after,
        magnitude,
        slope,
    })
}

impl Light {
    /// Magnitude in R, so many s after the trigger.
    pub(super) fn at(self, after: f64) -> f64 {
        self.magnitude + 2.5 * self.slope * (after / self.after).log10()
    }
}

/// An observation to be posted, of the burst with this trigger.
#[derive(Debug, Clone)]
pub(super) struct Report {
    pub at: DateTime<Utc>,
    pub trigger: &'static str,
    /// `burst_id` is not known yet.
    pub observation: Observation,
    /// The camera's picture comes with it.
    pub pictured: bool,
}

/// What the members at these sites see of a field, of an event that starts at `start`.
pub(super) fn reports(start: DateTime<Utc>, field: &Field, sites: &[Site]) -> Vec<Report> {
    let trigger = start + seconds(field.trigger.1);
    let looks = LOOKS
        .into_iter()
        .filter(|after| *after > field.known_after + 120.0);
    let mut reports: Vec<Report> = looks
        .flat_map(|after| {
            let seen_by = sites
                .iter()
                .filter_map(move |site| look(field, site, trigger, after));
            seen_by.collect::<Vec<_>>()
        })
        .collect();
    let pictured = reports
        .iter_mut()
        .filter(|report| report.observation.photometry.magnitude.is_some());
    for report in pictured.take(2) {
        report.pictured = true;
    }
    reports
}

/// One look, if it is night there and the burst is up.
fn look(field: &Field, site: &Site, trigger: DateTime<Utc>, after: f64) -> Option<Report> {
    let telescope = site.telescopes.first()?;
    let mut chance = Chance::of(field.trigger.0, site.id, after);
    let begun = after * (1.0 + 0.2 * chance.even());
    let start = trigger + seconds(begun.round());
    let position = field
        .position
        .offset(field.radius * chance.even().sqrt(), 360.0 * chance.even());
    let observer = Observer::at(&site.place, start);
    let altitude = observer.horizontal(position, start).altitude;
    if altitude < LEAST_ALTITUDE || observer.sun(start).altitude > -12.0 {
        return None;
    }
    let exposure = if begun < 3_000.0 { 300.0 } else { 1_800.0 };
    let photometry = measure(
        field.light,
        telescope,
        begun + exposure / 2.0,
        site.id,
        &mut chance,
    );
    Some(Report {
        at: start + seconds(exposure + WORK),
        trigger: field.trigger.0,
        observation: Observation {
            airmass: airmass_told(altitude),
            exposure: Some(exposure),
            start,
            photometry,
            ..blank(site, telescope, position)
        },
        pictured: false,
    })
}

/// What a telescope makes of a light, so many s after the trigger: a magnitude, or a limit where it is too faint.
fn measure(
    light: Option<Light>,
    telescope: &Telescope,
    after: f64,
    site: i64,
    chance: &mut Chance,
) -> Photometry {
    let reach = telescope.limiting_magnitude.unwrap_or(15.0) - 0.4 * chance.even();
    let tenths = |magnitude: f64| (magnitude * 10.0).round() / 10.0;
    let hundredths = |magnitude: f64| (magnitude * 100.0).round() / 100.0;
    let true_one = light.map(|light| light.at(after) + band(site).1);
    let system = Some("Vega".into());
    match true_one.filter(|magnitude| *magnitude < reach - 0.3) {
        None => Photometry {
            limit: Some(tenths(reach)),
            system,
            ..Photometry::default()
        },
        Some(magnitude) => {
            // Three sigma at the limit, and never better than two hundredths.
            let error = (0.33 * 10f64.powf(0.4 * (magnitude - reach))).max(0.02);
            Photometry {
                magnitude: Some(hundredths(magnitude + error * chance.spread())),
                error: Some(hundredths(error)),
                limit: None,
                system,
            }
        }
    }
}

/// The filter that a site uses, and how much fainter than in R an afterglow is in it.
fn band(site: i64) -> (&'static str, f64) {
    match site.rem_euclid(5) {
        0 => ("CR", 0.0),
        1 => ("R", 0.0),
        2 => ("V", 0.4),
        3 => ("B", 0.8),
        _ => ("I", -0.4),
    }
}

fn blank(site: &Site, telescope: &Telescope, position: Equatorial) -> Observation {
    let (ra, dec) = position.sexagesimal(0.0);
    Observation {
        site_id: Some(site.id),
        site: Some(site.name.clone()),
        position,
        coordinates: format!("{ra} {dec}"),
        instrument: telescope.name.clone(),
        field_deg: Some(telescope.fov_deg),
        filter: Some(band(site.id).0.into()),
        comparison_stars: Some("Gaia DR3".into()),
        ..Observation::blank(0, site.member_id)
    }
}
