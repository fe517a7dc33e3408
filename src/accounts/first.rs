//! The first officer: made by a link that only the one who started the program sees, never by a default password.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;

use super::links::{self, Purpose};
use super::model::NewMember;
use super::pages::{FormPage, new_password, refused};
use super::people::{self, Moment};
use super::preferences::Notify;
use super::sign_up::{self, Wish};
use super::store;
use crate::platform::audit::{self, About};
use crate::platform::error::FieldFault;
use crate::platform::web::extract::{Form, Path};
use crate::platform::web::form::{Faults, Field};
use crate::platform::web::{Html, Viewer};
use crate::platform::{Actor, App, Bus, Error, Result, Tx};

pub(super) fn router() -> OpenApiRouter<App> {
    let pages = get(officer_page).post(officer_now);
    OpenApiRouter::new().route("/first-officer/{token}", pages)
}

/// The address at which the first officer is made, where there is none yet. Each call voids the address before.
pub async fn invitation(app: &App) -> Result<Option<String>> {
    let wall = app.clock.wall();
    let token = app.db.write(move |tx| match store::officers(tx)? {
        0 => links::make(tx, wall, Purpose::Officer, None, None).map(Some),
        _ => Ok(None),
    });
    let base = app.config.base_url();
    Ok(token
        .await?
        .map(|token| format!("{base}/first-officer/{token}")))
}

/// [`Error::NotFound`] where the link does not work, or there is an officer by now.
pub(super) fn look(conn: &Connection, wall: DateTime<Utc>, token: &str) -> Result<()> {
    links::look(conn, wall, Purpose::Officer, token)?;
    match store::officers(conn)? {
        0 => Ok(()),
        _ => Err(Error::NotFound("link any more")),
    }
}

/// Makes the first officer.
pub(super) fn make(tx: &Tx, bus: &Bus, at: Moment, token: &str, new: &NewMember) -> Result<()> {
    look(tx, at.wall, token)?;
    links::take(tx, at.wall, Purpose::Officer, token)?;
    let officer = NewMember {
        officer: true,
        confirmed: true,
        ..new.clone()
    };
    let made = store::member(tx, people::add(tx, bus, at, &officer)?)?;
    let (actor, about) = (Actor::from(&made), About::from(&made));
    audit::note(tx, at.now, &actor, "member.first", &about, &json!({}))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OfficerForm {
    email: String,
    full_name: String,
    password: String,
    password_confirmation: String,
}

fn officer_form(
    viewer: Viewer,
    token: &str,
    form: &OfficerForm,
    faults: &[FieldFault],
) -> FormPage {
    let [password, again] = new_password();
    let fields = [
        Field::new("full_name", "Name")
            .kind("text", "name")
            .value(&form.full_name),
        Field::new("email", "Mail address")
            .kind("email", "username")
            .value(&form.email),
        Field {
            label: "Password",
            ..password
        },
        again,
    ];
    FormPage {
        lead: "This desk has no officer yet. Officers see the members and the outbox; you can make more of them later.".into(),
        fields: fields.into_iter().map(|field| field.judged(faults)).collect(),
        button: "Become the first officer",
        ..FormPage::new(viewer, "The first officer", format!("/first-officer/{token}"))
    }
}

async fn officer_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(token): Path<String>,
) -> Result<Html<FormPage>> {
    let (wall, looked) = (app.clock.wall(), token.clone());
    app.db.read(move |conn| look(conn, wall, &looked)).await?;
    Ok(Html(officer_form(
        viewer,
        &token,
        &OfficerForm::default(),
        &[],
    )))
}

async fn officer_now(
    State(app): State<App>,
    viewer: Viewer,
    Path(token): Path<String>,
    Form(form): Form<OfficerForm>,
) -> Result<Response> {
    let (wall, looked) = (app.clock.wall(), token.clone());
    app.db.read(move |conn| look(conn, wall, &looked)).await?;
    let wish = Wish {
        email: form.email.clone(),
        full_name: form.full_name.clone(),
        password: form.password.clone(),
        again: form.password_confirmation.clone(),
        notify: Notify::default(),
    };
    let (at, bus, taken) = (Moment::of(&app), app.bus.clone(), token.clone());
    let made = match sign_up::understood(wish, Faults::default()).await {
        Ok(new) => {
            app.db
                .write(move |tx| make(tx, &bus, at, &taken, &new))
                .await
        }
        Err(error) => Err(error),
    };
    match made {
        Ok(()) => Ok(Redirect::to("/sign-in?said=officer").into_response()),
        Err(Error::Invalid(faults)) => Ok(refused(officer_form(viewer, &token, &form, &faults))),
        Err(other) => Err(other),
    }
}
