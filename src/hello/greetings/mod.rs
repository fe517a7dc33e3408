//! The letter to a member on the birthday, at nine in the morning where the member is.

use futures::future::BoxFuture;
use utoipa_axum::router::OpenApiRouter;

use crate::platform::outbox::{Composed, Order};
use crate::platform::{App, Result};

/// The kind of such letters in the outbox.
pub const KIND: &str = "birthday";

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}

/// Composes a greeting.
pub fn compose(_app: App, _order: Order) -> BoxFuture<'static, Result<Composed>> {
    Box::pin(async { Ok(Composed::Nothing("not written yet".into())) })
}
