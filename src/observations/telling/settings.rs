//! The page of a member as an observer: the AAVSO's code, and what to hear of others' observations.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;

use super::store::{self, Observer};
use crate::accounts::SignedIn;
use crate::platform::error::FieldFault;
use crate::platform::web::extract::{Form, Query};
use crate::platform::web::form::{Faults, Field};
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Result};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/observations/settings", get(show).post(change))
}

/// `/observations/settings`
#[derive(Template)]
#[template(path = "observations/telling/settings.html")]
struct Page {
    viewer: Viewer,
    code: Field,
    told: bool,
    saved: bool,
    faulty: bool,
}

/// What was sent.
#[derive(Debug, Default, Deserialize)]
struct Sent {
    #[serde(default)]
    aavso_code: String,
    #[serde(default)]
    tell: String,
}

#[derive(Deserialize)]
struct Done {
    done: Option<String>,
}

impl Page {
    fn new(viewer: Viewer, code: &str, told: bool, faults: &[FieldFault]) -> Self {
        let field = Field::new("aavso_code", "AAVSO observer code").value(code);
        let field = field.hint("As the AAVSO gave it to you, such as TST01. Without it, files for the AAVSO say XXX in its place, which the AAVSO refuses.");
        Self {
            viewer,
            code: field.judged(faults),
            told,
            saved: false,
            faulty: !faults.is_empty(),
        }
    }
}

/// The AAVSO's code in capitals; none where nothing was typed. Codes are two to five letters and digits.
fn code(text: &str) -> Result<Option<String>, String> {
    let code = text.trim().to_ascii_uppercase();
    let plain = code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let lettered = code.bytes().any(|byte| byte.is_ascii_alphabetic());
    match code.len() {
        0 => Ok(None),
        2..=5 if plain && lettered => Ok(Some(code)),
        _ => Err("must be two to five letters and digits".into()),
    }
}

impl Sent {
    fn checked(&self) -> Result<Observer, Vec<FieldFault>> {
        let mut faults = Faults::default();
        let aavso_code = faults.take("aavso_code", code(&self.aavso_code)).flatten();
        let told = self.tell != "none";
        faults.checked(Observer { aavso_code, told })
    }
}

/// GET /observations/settings
async fn show(
    State(app): State<App>,
    viewer: Viewer,
    SignedIn(member): SignedIn,
    Query(done): Query<Done>,
) -> Result<Html<Page>> {
    let chosen = app
        .db
        .read(move |conn| store::observer(conn, member.id))
        .await?;
    let code = chosen.aavso_code.unwrap_or_default();
    let page = Page::new(viewer, &code, chosen.told, &[]);
    Ok(Html(Page {
        saved: done.done.is_some(),
        ..page
    }))
}

/// POST /observations/settings
async fn change(
    State(app): State<App>,
    viewer: Viewer,
    SignedIn(member): SignedIn,
    Form(sent): Form<Sent>,
) -> Result<Response> {
    let chosen = match sent.checked() {
        Ok(chosen) => chosen,
        Err(faults) => {
            let page = Page::new(viewer, &sent.aavso_code, sent.tell != "none", &faults);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response());
        }
    };
    app.db
        .write(move |tx| store::save(tx, member.id, &chosen))
        .await?;
    Ok(Redirect::to("/observations/settings?done=saved").into_response())
}
