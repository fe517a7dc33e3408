//! The page with a circular's draft: to be read, copied, and taken to GCN's own form.

use askama::Template;
use utoipa_axum::router::OpenApiRouter;

use super::circular::Draft;
use super::harvest::Harvest;
use crate::platform::App;
use crate::platform::web::{Html, Viewer, escaped};

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
async fn show(viewer: Viewer, harvest: Harvest) -> Html<Page> {
    let draft = Draft::of(&harvest);
    let (form, subject_only) = form(&draft);
    Html(Page {
        viewer,
        id: harvest.burst.id,
        name: harvest.burst.name(),
        lines: draft.whole().lines().count(),
        subject: draft.subject,
        body: draft.body,
        any: !harvest.observations.is_empty(),
        form,
        subject_only,
        own: harvest.observer.is_some(),
    })
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
