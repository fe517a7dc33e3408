//! The page with a circular's draft: to be read, copied, and taken to GCN's own form.

use askama::Template;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;

use super::circular::Draft;
use super::harvest::Harvest;
use super::routes::{Asked, asked_observer};
use crate::accounts::extract::MaybeSignedIn;
use crate::platform::web::extract::{Path, Query};
use crate::platform::web::{Html, Viewer, escaped};
use crate::platform::{App, Result};

/// GCN's form for a new circular, which takes its fields from the address.
const FORM: &str = "https://gcn.nasa.gov/circulars/new";

/// A longer address is refused by some browsers and servers on its way.
const LONGEST: usize = 6000;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/bursts/{id}/circular", axum::routing::get(show))
}

/// `/bursts/{id}/circular`
#[derive(Template)]
#[template(path = "observations/exports/circular.html")]
struct Page {
    viewer: Viewer,
    id: i64,
    name: String,
    subject: String,
    body: String,
    lines: usize,
    /// Whether anything has been observed.
    any: bool,
    /// GCN's form, filled in.
    form: String,
    /// The form got the subject only.
    subject_only: bool,
    /// Only the reader's own observations.
    own: bool,
}

/// GET /bursts/{id}/circular
async fn show(
    State(app): State<App>,
    viewer: Viewer,
    member: MaybeSignedIn,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Result<Html<Page>> {
    let observer = asked_observer(&asked, member)?;
    let harvest = Harvest::of(&app, id, observer).await?;
    let draft = Draft::of(&harvest);
    let (form, subject_only) = form(&draft);
    Ok(Html(Page {
        viewer,
        id,
        name: harvest.burst.name(),
        lines: draft.whole().lines().count(),
        subject: draft.subject,
        body: draft.body,
        any: !harvest.observations.is_empty(),
        form,
        subject_only,
        own: observer.is_some(),
    }))
}

/// The address of GCN's form with the draft in it; with the subject alone, and `true`, where it would be too long.
fn form(draft: &Draft) -> (String, bool) {
    let subject = format!("{FORM}?subject={}", escaped(&draft.subject));
    let whole = format!("{subject}&body={}", escaped(&draft.body));
    match whole.len() > LONGEST {
        true => (subject, true),
        false => (whole, false),
    }
}
