//! Who hears of a new observation: those who follow the burst.

use chrono::{DateTime, Utc};
use utoipa_axum::router::OpenApiRouter;

use super::model::Observation;
use crate::platform::{App, Result, Tx};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}

/// Those who follow the burst will hear of this observation.
pub(super) fn expect(_tx: &Tx, _now: DateTime<Utc>, _observation: &Observation) -> Result<()> {
    Ok(())
}
