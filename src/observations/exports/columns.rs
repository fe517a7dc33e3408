//! The columns of a table of observations, once for every format that is one.

use chrono::{DateTime, SecondsFormat, Utc};

use super::harvest::{Harvest, julian_date};
use crate::observations::Observation;

/// What stands in a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Empty,
    Whole(i64),
    Number(f64),
    /// A number that is written with so many decimals.
    Fixed(f64, usize),
    Text(String),
    Time(DateTime<Utc>),
}

/// What sort of cells a column has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Whole,
    Number,
    Text,
    Time,
    /// A Julian date.
    Julian,
}

/// One column: its name with the unit in it, and what a VOTable says of it (UCD1+ words).
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) unit: Option<&'static str>,
    pub(super) ucd: &'static str,
    pub(super) words: &'static str,
    pub(super) cell: fn(&Harvest, &Observation) -> Cell,
}

impl Cell {
    /// As it is written in every format, before the format's own quoting; times as RFC 3339.
    pub(super) fn written(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Whole(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Fixed(number, decimals) => format!("{number:.decimals$}"),
            Self::Text(text) => text.clone(),
            Self::Time(at) => at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        }
    }
}

fn number(value: Option<f64>) -> Cell {
    value
        .filter(|value| value.is_finite())
        .map_or(Cell::Empty, Cell::Number)
}

fn text(value: Option<&String>) -> Cell {
    let value = value.filter(|text| !text.trim().is_empty());
    value.map_or(Cell::Empty, |text| Cell::Text(text.clone()))
}

fn since_trigger(harvest: &Harvest, at: DateTime<Utc>) -> Cell {
    let seconds = harvest.since_trigger(at);
    seconds.map_or(Cell::Empty, |seconds| Cell::Fixed(seconds, 3))
}

const fn column(
    name: &'static str,
    kind: Kind,
    unit: Option<&'static str>,
    ucd: &'static str,
    words: &'static str,
    cell: fn(&Harvest, &Observation) -> Cell,
) -> Column {
    Column {
        name,
        kind,
        unit,
        ucd,
        words,
        cell,
    }
}

/// In the order in which they are written.
pub(super) const COLUMNS: [Column; 24] = [
    column(
        "observation",
        Kind::Whole,
        None,
        "meta.id;meta.main",
        "Number of the observation at this desk",
        |_, one| Cell::Whole(one.id),
    ),
    column(
        "burst",
        Kind::Text,
        None,
        "meta.id;src",
        "Name of the burst",
        |harvest, _| Cell::Text(harvest.burst.name()),
    ),
    column(
        "observer",
        Kind::Text,
        None,
        "meta.id;obs.observer",
        "Who observed",
        |_, one| Cell::Text(one.observer.clone()),
    ),
    column(
        "site",
        Kind::Text,
        None,
        "meta.id;instr.obsty",
        "Name of the observing site",
        |_, one| text(one.site.as_ref()),
    ),
    column(
        "instrument",
        Kind::Text,
        None,
        "meta.id;instr",
        "Telescope and camera",
        |_, one| Cell::Text(one.instrument.clone()),
    ),
    column(
        "start_time_utc",
        Kind::Time,
        None,
        "time.start;obs.exposure",
        "Beginning of the exposure",
        |_, one| Cell::Time(one.start),
    ),
    column(
        "mid_time_utc",
        Kind::Time,
        None,
        "time.epoch;obs.exposure",
        "Middle of the exposure",
        |_, one| Cell::Time(one.middle()),
    ),
    column(
        "mid_time_jd_utc",
        Kind::Julian,
        Some("d"),
        "time.epoch",
        "Middle of the exposure, Julian date",
        |_, one| Cell::Fixed(julian_date(one.middle()), 6),
    ),
    column(
        "start_since_trigger_s",
        Kind::Number,
        Some("s"),
        "time.duration",
        "From the trigger to the beginning of the exposure",
        |harvest, one| since_trigger(harvest, one.start),
    ),
    column(
        "mid_since_trigger_s",
        Kind::Number,
        Some("s"),
        "time.duration",
        "From the trigger to the middle of the exposure",
        |harvest, one| since_trigger(harvest, one.middle()),
    ),
    column(
        "exposure_s",
        Kind::Number,
        Some("s"),
        "time.duration;obs.exposure",
        "From the first to the last photon",
        |_, one| number(one.exposure),
    ),
    column(
        "ra_icrs_deg",
        Kind::Number,
        Some("deg"),
        "pos.eq.ra;meta.main",
        "Where the telescope pointed, right ascension",
        |_, one| number(Some(one.position.ra)),
    ),
    column(
        "dec_icrs_deg",
        Kind::Number,
        Some("deg"),
        "pos.eq.dec;meta.main",
        "Where the telescope pointed, declination",
        |_, one| number(Some(one.position.dec)),
    ),
    column(
        "coordinates_as_given",
        Kind::Text,
        None,
        "meta.note",
        "The position as the observer wrote it",
        |_, one| Cell::Text(one.coordinates.clone()),
    ),
    column(
        "coordinate_system_as_given",
        Kind::Text,
        None,
        "pos.frame",
        "In which system the observer wrote it",
        |_, one| Cell::Text(one.system.as_str().into()),
    ),
    column(
        "field_deg",
        Kind::Number,
        Some("deg"),
        "pos.angDistance;instr.fov",
        "Diameter of the field of view",
        |_, one| number(one.field_deg),
    ),
    column(
        "filter",
        Kind::Text,
        None,
        "meta.id;instr.filter",
        "Passband",
        |_, one| text(one.filter.as_ref()),
    ),
    column(
        "magnitude_mag",
        Kind::Number,
        Some("mag"),
        "phot.mag;em.opt",
        "Magnitude of the source",
        |_, one| number(one.photometry.magnitude),
    ),
    column(
        "magnitude_error_mag",
        Kind::Number,
        Some("mag"),
        "stat.error;phot.mag",
        "Its standard deviation",
        |_, one| number(one.photometry.error),
    ),
    column(
        "limiting_magnitude_mag",
        Kind::Number,
        Some("mag"),
        "phot.mag;stat.max",
        "What would just have been seen; without a magnitude nothing was",
        |_, one| number(one.photometry.limit),
    ),
    column(
        "magnitude_system",
        Kind::Text,
        None,
        "meta.note;phot.mag",
        "Vega, AB, or what the observer wrote",
        |_, one| text(one.photometry.system.as_ref()),
    ),
    column(
        "airmass",
        Kind::Number,
        None,
        "obs.airMass",
        "In the middle of the exposure",
        |_, one| number(one.airmass),
    ),
    column(
        "comparison_stars",
        Kind::Text,
        None,
        "meta.note",
        "What the magnitudes were compared with",
        |_, one| text(one.comparison_stars.as_ref()),
    ),
    column(
        "notes",
        Kind::Text,
        None,
        "meta.note",
        "What the observer noted",
        |_, one| text(one.notes.as_ref()),
    ),
];
