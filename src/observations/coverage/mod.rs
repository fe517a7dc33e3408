//! What the club has covered of a burst's region.

mod routes;
#[cfg(test)]
mod tests;

use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};

use super::model::Observation;
use crate::bursts::Burst;
use crate::bursts::view::span;
use crate::sky::{self, ChartSpec, Covered, Equatorial, Field, FinderSpec, Region};

pub(super) use routes::router;

/// A wider region does not fit a finding chart.
const WIDEST_NEAR: f64 = 12.0;
/// More outlines than this nobody tells apart; the widest say most.
const MOST_DRAWN: usize = 80;
/// The finding chart's least width, deg.
const LEAST_WIDTH: f64 = 0.5;

/// The covered part as a part of a page, HTML; `None` where there is nothing to draw.
pub(super) fn part(
    burst: &Burst,
    region: Option<&Region>,
    observations: &[Observation],
) -> Option<String> {
    let coverage = Coverage::of(burst, region, observations)?;
    let part = Part {
        svg: coverage.is_worth_drawing().then(|| coverage.drawn()),
        words: coverage.words(),
        near: coverage.is_near(),
    };
    part.render().ok()
}

#[derive(Template)]
#[template(path = "observations/coverage/part.html")]
struct Part {
    svg: Option<String>,
    words: String,
    near: bool,
}

/// The fields of all observations that could have seen a burst, and what they hold of its region.
pub(super) struct Coverage {
    name: String,
    position: Equatorial,
    region: Region,
    trigger: Option<DateTime<Utc>>,
    looks: Vec<Look>,
    covered: Covered,
}

/// One observation's field.
struct Look {
    observation: i64,
    observer: String,
    start: DateTime<Utc>,
    field: Field,
    /// From the picture itself, not from what the member wrote.
    measured: bool,
}

impl Coverage {
    /// `None` without a position or without a field. What ended before the trigger saw nothing of the burst and does not count.
    pub(super) fn of(
        burst: &Burst,
        region: Option<&Region>,
        observations: &[Observation],
    ) -> Option<Self> {
        let position = burst.best.as_ref()?.position;
        let region = region.cloned().or_else(|| burst.circle());
        let region = region.unwrap_or_else(|| Region::circle(position, 0.0));
        let after = |observation: &&Observation| {
            burst
                .trigger_time
                .is_none_or(|trigger| end(observation) > trigger)
        };
        let looks: Vec<Look> = observations.iter().filter(after).flat_map(looks).collect();
        if looks.is_empty() {
            return None;
        }
        let fields: Vec<Field> = looks.iter().map(|look| look.field.clone()).collect();
        Some(Self {
            name: burst.name(),
            position,
            covered: sky::covered(&region, &fields),
            region,
            trigger: burst.trigger_time,
            looks,
        })
    }

    /// The region and the fields on a finding chart, or on the whole sky if the region is wide.
    pub(super) fn drawn(&self) -> String {
        let fields = self.distinct();
        if self.is_near() {
            return sky::finder(&FinderSpec {
                title: &self.name,
                position: self.position,
                off: self.region.radius(),
                region: Some(&self.region),
                field: Some(self.width()),
                earlier: &[],
                fields: &fields,
            });
        }
        sky::chart(&ChartSpec {
            title: &self.name,
            position: self.position,
            region: Some(&self.region),
            earlier: &[],
            fields: &fields,
            sun: None,
            moon: None,
            view: None,
        })
    }

    /// Such as `The club has covered 62 % of the region, in 4 fields, the first 35 minutes after the trigger.`
    pub(super) fn words(&self) -> String {
        let what = if self.is_point() {
            "position"
        } else {
            "region"
        };
        let reaching = self.reaching().count();
        let Some(first) = self.reaching().map(|look| look.start).min() else {
            let fields = match self.looks.len() {
                1 => "One field has".to_owned(),
                n => format!("{n} fields have"),
            };
            return format!("{fields} been looked at, but none that holds the {what}.");
        };
        let share = match self.covered.share {
            _ if self.is_point() => "the position".to_owned(),
            whole if whole > 0.9999 => "the whole region".to_owned(),
            share => format!("{} of the region", percent(share)),
        };
        let fields = match reaching {
            1 => "one field".to_owned(),
            n => format!("{n} fields"),
        };
        let when = self.trigger.map(|trigger| since(first - trigger, reaching));
        format!(
            "The club has covered {share}, in {fields}{}.",
            when.unwrap_or_default()
        )
    }

    /// Nothing is known of its size.
    fn is_point(&self) -> bool {
        matches!(self.region, Region::Circle { radius, .. } if radius <= 0.0)
    }

    /// A dot inside every field says no more than the words.
    fn is_worth_drawing(&self) -> bool {
        let narrowest = self
            .reaching()
            .map(|look| look.field.radius())
            .fold(f64::INFINITY, f64::min);
        self.covered.share < 0.9999 || self.region.radius() > narrowest / 10.0
    }

    fn is_near(&self) -> bool {
        self.region.radius() <= WIDEST_NEAR
    }

    /// The looks whose fields hold any of the region.
    fn reaching(&self) -> impl Iterator<Item = &Look> {
        let reached = self.looks.iter().zip(&self.covered.reached);
        reached
            .filter(|(_, reached)| **reached)
            .map(|(look, _)| look)
    }

    /// Width of a chart that holds the region and the fields that reach it, deg.
    fn width(&self) -> f64 {
        let reach =
            |look: &Look| look.field.center().separation(self.position) + look.field.radius();
        let farthest = self
            .reaching()
            .map(reach)
            .fold(self.region.radius(), f64::max);
        (2.3 * farthest).clamp(LEAST_WIDTH, 60.0)
    }

    /// The fields without those that would be drawn where another is; of very many the widest.
    fn distinct(&self) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::new();
        for look in &self.looks {
            if !fields.iter().any(|known| known.resembles(&look.field)) {
                fields.push(look.field.clone());
            }
        }
        fields.sort_by(|a, b| b.radius().total_cmp(&a.radius()));
        fields.truncate(MOST_DRAWN);
        fields
    }
}

/// Pictures know best where they lie; without one that does, it is the circle around the given position.
fn looks(observation: &Observation) -> Vec<Look> {
    let look = |field, measured| Look {
        observation: observation.id,
        observer: observation.observer.clone(),
        start: observation.start,
        field,
        measured,
    };
    let pictures = observation.images.iter().filter_map(|image| {
        let footprint = image.footprint.as_ref()?;
        Field::polygon(footprint.centre, &footprint.corners)
    });
    let pictures: Vec<Look> = pictures.map(|field| look(field, true)).collect();
    if !pictures.is_empty() {
        return pictures;
    }
    let radius = observation.field_deg.map(|width| width / 2.0);
    let circle = radius.and_then(|radius| Field::circle(observation.position, radius));
    circle.map(|field| look(field, false)).into_iter().collect()
}

fn end(observation: &Observation) -> DateTime<Utc> {
    // The middle lies half an exposure after the start.
    observation.middle() + (observation.middle() - observation.start)
}

fn percent(share: f64) -> String {
    match share * 100.0 {
        little if little < 1.0 => "less than 1 %".to_owned(),
        much if much > 99.0 => "more than 99 %".to_owned(),
        share => format!("{share:.0} %"),
    }
}

/// How long after the trigger the first field was taken.
fn since(gone: TimeDelta, fields: usize) -> String {
    let first = if fields == 1 { ", " } else { ", the first " };
    if gone <= TimeDelta::zero() {
        return format!("{first}as it triggered");
    }
    let words = match gone.num_hours() {
        48.. => format!("{} days", gone.num_days()),
        _ => span(gone),
    };
    format!("{first}{words} after the trigger")
}
