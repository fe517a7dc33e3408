//! What the club has covered of a burst's region.

use utoipa_axum::router::OpenApiRouter;

use super::model::Observation;
use crate::bursts::Burst;
use crate::platform::App;
use crate::sky::Region;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}

/// The covered part as a part of a page, HTML; `None` where there is nothing to draw.
pub fn part(
    _burst: &Burst,
    _region: Option<&Region>,
    _observations: &[Observation],
) -> Option<String> {
    None
}
