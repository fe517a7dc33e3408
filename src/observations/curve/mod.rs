//! The light curve: how a burst's afterglow faded, from all members' observations.

use utoipa_axum::router::OpenApiRouter;

use super::model::Observation;
use crate::bursts::Burst;
use crate::platform::App;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}

/// The curve as a part of a page, HTML; `None` without anything to draw.
pub fn part(_burst: &Burst, _observations: &[Observation]) -> Option<String> {
    None
}
