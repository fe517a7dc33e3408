//! An observation in words, as lists and its own page show it.

use chrono::{DateTime, Utc};

use crate::bursts::view::{When, after};
use crate::observations::json::ImageJson;
use crate::observations::model::{Image, Observation};
use crate::observations::words::{band, brightness, seconds};

/// One observation in a list.
pub(super) struct Row {
    pub(super) id: i64,
    /// Grows with every change: it tells the browser what is news.
    pub(super) revision: i64,
    pub(super) thumb: Option<Thumb>,
    /// Id and name, where the list is not one burst's.
    pub(super) burst: Option<(i64, String)>,
    pub(super) observer: String,
    pub(super) instrument: String,
    pub(super) filter: Option<String>,
    /// `17.32 ± 0.08`; of a limit the limit alone.
    pub(super) brightness: Option<String>,
    /// Nothing was seen down to that.
    pub(super) limit: bool,
    pub(super) start: When,
    /// Since the trigger: `+2 h 05 min`.
    pub(super) after: Option<String>,
    pub(super) exposure: Option<String>,
    pub(super) hidden: bool,
}

pub(super) struct Thumb {
    pub(super) url: String,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Pictures besides this one.
    pub(super) more: usize,
}

impl Row {
    pub(super) fn of(
        observation: &Observation,
        trigger: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Self {
        let first = observation.images.first();
        Self {
            id: observation.id,
            revision: observation.revision,
            thumb: first.map(|image| Thumb::of(observation, image)),
            burst: None,
            observer: observation.observer.clone(),
            instrument: observation.instrument.clone(),
            filter: observation.filter.as_deref().map(band),
            brightness: brightness(&observation.photometry),
            limit: observation.photometry.magnitude.is_none(),
            start: When::new(observation.start, now),
            after: trigger.map(|trigger| after(observation.start, trigger)),
            exposure: observation.exposure.map(seconds),
            hidden: observation.hidden.is_some(),
        }
    }
}

impl Thumb {
    fn of(observation: &Observation, image: &Image) -> Self {
        Self {
            url: ImageJson::new(observation.id, image).thumb_url,
            width: image.thumb_width,
            height: image.thumb_height,
            more: observation.images.len() - 1,
        }
    }
}
