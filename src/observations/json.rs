//! An observation as JSON.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::model::{Image, Observation, System};

/// What a member saw of a burst, and its pictures.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Observation)]
pub(super) struct ObservationJson {
    #[serde(flatten)]
    pub facts: FactsJson,
    /// Why an officer took it from sight; only its owner and officers ever see such a one.
    pub hidden: Option<String>,
    pub images: Vec<ImageJson>,
}

/// What an observation says; each change keeps what it said before. Angles are degrees.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ObservationFacts)]
pub(super) struct FactsJson {
    pub id: i64,
    pub burst_id: i64,
    pub observer: String,
    pub revision: i64,
    pub site: Option<String>,
    /// ICRS.
    pub ra: f64,
    /// ICRS.
    pub dec: f64,
    /// As the member wrote it, in `coordinate_system`.
    pub coordinates: String,
    pub coordinate_system: System,
    pub instrument: String,
    /// Diameter of the field of view.
    pub field_deg: Option<f64>,
    /// When the exposure began.
    pub observed_time: DateTime<Utc>,
    pub exposure_s: Option<f64>,
    pub filter: Option<String>,
    pub magnitude: Option<f64>,
    pub magnitude_error: Option<f64>,
    pub limiting_magnitude: Option<f64>,
    pub magnitude_system: Option<String>,
    pub comparison_stars: Option<String>,
    pub notes: Option<String>,
    /// In the middle of the exposure.
    pub airmass: Option<f64>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Image)]
pub(super) struct ImageJson {
    pub id: i64,
    /// What the file was: jpeg, png, gif, webp, fits.
    pub kind: String,
    pub width: u32,
    pub height: u32,
    /// Address of the whole picture, WebP.
    pub url: String,
    /// Address of the small one, WebP.
    pub thumb_url: String,
}

impl From<&Observation> for ObservationJson {
    fn from(observation: &Observation) -> Self {
        let images = observation.images.iter();
        Self {
            facts: observation.into(),
            hidden: observation.hidden.as_ref().map(|hidden| hidden.why.clone()),
            images: images
                .map(|image| ImageJson::new(observation.id, image))
                .collect(),
        }
    }
}

impl From<&Observation> for FactsJson {
    fn from(observation: &Observation) -> Self {
        let photometry = &observation.photometry;
        Self {
            id: observation.id,
            burst_id: observation.burst_id,
            observer: observation.observer.clone(),
            revision: observation.revision,
            site: observation.site.clone(),
            ra: observation.position.ra,
            dec: observation.position.dec,
            coordinates: observation.coordinates.clone(),
            coordinate_system: observation.system,
            instrument: observation.instrument.clone(),
            field_deg: observation.field_deg,
            observed_time: observation.start,
            exposure_s: observation.exposure,
            filter: observation.filter.clone(),
            magnitude: photometry.magnitude,
            magnitude_error: photometry.error,
            limiting_magnitude: photometry.limit,
            magnitude_system: photometry.system.clone(),
            comparison_stars: observation.comparison_stars.clone(),
            notes: observation.notes.clone(),
            airmass: observation.airmass,
            created_at: observation.created_at,
            updated_at: observation.updated_at,
        }
    }
}

impl ImageJson {
    pub(super) fn new(observation: i64, image: &Image) -> Self {
        let address = format!("/observations/{observation}/images/{}", image.id);
        Self {
            id: image.id,
            kind: image.kind.clone(),
            width: image.width,
            height: image.height,
            thumb_url: format!("{address}/thumb.webp"),
            url: format!("{address}/full.webp"),
        }
    }
}
