//! The pages of a member's sites.

use askama::Template;
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use chrono_tz::{TZ_VARIANTS, Tz};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;

use super::form::{Form, LARGEST_FILE};
use super::model::{Delivery, Site};
use super::tonight::{Tonight, tonight};
use super::{picture, store};
use crate::accounts::extract::SignedIn;
use crate::platform::error::FieldFault;
use crate::platform::web::extract::{Path, Query};
use crate::platform::web::form::sentence;
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Error, Result};
use crate::sky::place;

/// The file, and the fields beside it.
const BODY_LIMIT: usize = LARGEST_FILE + 128 * 1024;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/sites", get(list))
        .route("/sites/reading", get(reading))
        .route("/sites/new", get(new).post(create))
        .route("/sites/{id}", get(edit).post(change))
        .route("/sites/{id}/delete", get(ask).post(remove))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}

/// `/sites`
#[derive(Template)]
#[template(path = "accounts/sites/list.html")]
struct ListPage {
    viewer: Viewer,
    sites: Vec<Row>,
    /// What was just done, to which site.
    done: Option<String>,
    more: bool,
}

struct Row {
    id: i64,
    name: String,
    reading: String,
    panorama: String,
    horizon: String,
    tonight: Tonight,
    telescopes: Vec<String>,
    delivery: Option<&'static str>,
}

/// `/sites/new` and `/sites/{id}`
#[derive(Template)]
#[template(path = "accounts/sites/edit.html")]
struct EditPage {
    viewer: Viewer,
    /// None: a new one.
    id: Option<i64>,
    form: Form,
    faults: Vec<FieldFault>,
    /// What was read from a file.
    read: Option<String>,
    reading: ReadingPart,
    panorama: Option<String>,
    zones: Vec<&'static str>,
    /// This member has no site yet.
    first: bool,
}

/// What coordinates were understood to be.
#[derive(Template)]
#[template(path = "accounts/sites/reading.html")]
struct ReadingPart {
    understood: Option<Understood>,
    /// Something was typed that is no pair of coordinates.
    unclear: bool,
}

struct Understood {
    decimal: String,
    sexagesimal: String,
    dome: String,
    height: String,
    side: &'static str,
}

/// `/sites/{id}/delete`
#[derive(Template)]
#[template(path = "accounts/sites/delete.html")]
struct DeletePage {
    viewer: Viewer,
    id: i64,
    name: String,
    telescopes: usize,
}

impl EditPage {
    /// Where the form is sent.
    fn action(&self) -> String {
        match self.id {
            Some(id) => format!("/sites/{id}"),
            None => "/sites/new".into(),
        }
    }

    fn fault(&self, field: &str) -> Option<String> {
        let fault = self.faults.iter().find(|fault| fault.field == field)?;
        Some(sentence(&fault.message))
    }

    fn telescope_fault(&self, index: &usize, field: &str) -> Option<String> {
        self.fault(&format!("telescopes[{index}].{field}"))
    }

    fn delivery(&self) -> [(&'static str, &'static str); 4] {
        Delivery::ALL.map(|one| (one.as_str(), in_words(one)))
    }
}

fn in_words(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Member => "As my preferences say",
        Delivery::Immediate => "At once",
        Delivery::Digest => "In the morning",
        Delivery::Off => "Not at all",
    }
}

impl ReadingPart {
    fn of(text: &str) -> Self {
        let understood = place::coordinates(text).map(|(latitude, longitude)| Understood {
            decimal: picture::reading(latitude, longitude),
            sexagesimal: picture::sexagesimal(latitude, longitude),
            dome: picture::dome(latitude),
            height: format!("{:.0}°", latitude.abs()),
            side: if latitude < 0.0 { "south" } else { "north" },
        });
        Self {
            unclear: understood.is_none() && !text.trim().is_empty(),
            understood,
        }
    }
}

#[derive(Deserialize)]
struct Done {
    saved: Option<i64>,
    deleted: Option<String>,
}

/// GET /sites
async fn list(
    State(app): State<App>,
    viewer: Viewer,
    SignedIn(member): SignedIn,
    Query(done): Query<Done>,
) -> Result<Html<ListPage>> {
    let sites = of_member(&app, member.id).await?;
    let saved = done
        .saved
        .and_then(|id| sites.iter().find(|site| site.id == id));
    let done = match (saved, done.deleted) {
        (Some(site), _) => Some(format!("{} is saved.", site.name)),
        (None, Some(_)) => Some("The site is deleted.".to_owned()),
        (None, None) => None,
    };
    let now = app.clock.now();
    let row = |site: &Site| Row {
        id: site.id,
        name: site.name.clone(),
        reading: picture::reading(site.place.latitude, site.place.longitude),
        panorama: picture::panorama(&site.place.horizon),
        horizon: picture::spoken(&site.place.horizon),
        tonight: tonight(site, now),
        telescopes: site
            .telescopes
            .iter()
            .map(|telescope| {
                format!(
                    "{}, {}",
                    telescope.name,
                    crate::sky::angle_words(telescope.fov_deg)
                )
            })
            .collect(),
        delivery: match site.delivery {
            Delivery::Member => None,
            Delivery::Immediate => Some("at once"),
            Delivery::Digest => Some("in the morning"),
            Delivery::Off => Some("of nothing"),
        },
    };
    Ok(Html(ListPage {
        viewer,
        more: (sites.len() as i64) < store::MOST_SITES,
        sites: sites.iter().map(row).collect(),
        done,
    }))
}

/// GET /sites/new
async fn new(
    State(app): State<App>,
    viewer: Viewer,
    SignedIn(member): SignedIn,
) -> Result<Html<EditPage>> {
    let first = of_member(&app, member.id).await?.is_empty();
    let form = Form::empty(app.config.time_zone);
    Ok(Html(EditPage {
        first,
        ..page(viewer, None, form, Vec::new())
    }))
}

/// GET /sites/{id}
async fn edit(
    State(app): State<App>,
    viewer: Viewer,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
) -> Result<Html<EditPage>> {
    let site = app
        .db
        .read(move |conn| store::one(conn, member.id, id))
        .await?;
    Ok(Html(page(viewer, Some(id), Form::of(&site), Vec::new())))
}

/// POST /sites/new
async fn create(
    State(app): State<App>,
    viewer: Viewer,
    SignedIn(member): SignedIn,
    sent: Multipart,
) -> Result<Response> {
    let unknown = Site::unknown(member.id, app.config.time_zone);
    let now = app.clock.now();
    let form = match settled(Form::receive(sent).await?) {
        Ok(form) => form,
        Err(again) => return Ok(again.shown(viewer, None)),
    };
    let saved = match form.checked(unknown) {
        Ok(site) => app.db.write(move |tx| store::insert(tx, now, &site)).await,
        Err(faults) => Err(Error::Invalid(faults)),
    };
    answer(viewer, None, form, saved)
}

/// POST /sites/{id}
async fn change(
    State(app): State<App>,
    viewer: Viewer,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
    sent: Multipart,
) -> Result<Response> {
    let before = app
        .db
        .read(move |conn| store::one(conn, member.id, id))
        .await?;
    let now = app.clock.now();
    let form = match settled(Form::receive(sent).await?) {
        Ok(form) => form,
        Err(again) => return Ok(again.shown(viewer, Some(id))),
    };
    let saved = match form.checked(before) {
        Ok(site) => {
            let write = app.db.write(move |tx| store::update(tx, now, &site)).await;
            write.map(|()| id)
        }
        Err(faults) => Err(Error::Invalid(faults)),
    };
    answer(viewer, Some(id), form, saved)
}

/// GET /sites/{id}/delete: nothing is deleted without being asked about.
async fn ask(
    State(app): State<App>,
    viewer: Viewer,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
) -> Result<Html<DeletePage>> {
    let site = app
        .db
        .read(move |conn| store::one(conn, member.id, id))
        .await?;
    Ok(Html(DeletePage {
        viewer,
        id,
        name: site.name,
        telescopes: site.telescopes.len(),
    }))
}

/// POST /sites/{id}/delete
async fn remove(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
) -> Result<Redirect> {
    app.db
        .write(move |tx| store::delete(tx, member.id, id))
        .await?;
    Ok(Redirect::to("/sites?deleted=1"))
}

#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    coordinates: String,
}

/// GET /sites/reading: what coordinates are understood to be, while they are typed.
async fn reading(Query(typed): Query<Typed>) -> Html<ReadingPart> {
    Html(ReadingPart::of(&typed.coordinates))
}

/// The form once more, nothing saved.
struct Again {
    form: Form,
    faults: Vec<FieldFault>,
    read: Option<String>,
}

/// The form to be saved; or, where another button was pressed, what that made of it.
fn settled(mut form: Form) -> Result<Form, Box<Again>> {
    let (mut faults, mut read) = (Vec::new(), None);
    match form.read_file() {
        None => {}
        Some(Ok(words)) => read = Some(words),
        Some(Err(fault)) => faults.push(fault),
    }
    let button = std::mem::take(&mut form.button);
    let row = button
        .strip_prefix("remove-")
        .and_then(|index| index.parse().ok())
        .filter(|index| *index < form.telescopes.len());
    match (button.as_str(), row) {
        (_, Some(row)) => drop(form.telescopes.remove(row)),
        ("add", _) => form.telescopes.push(super::form::TelescopeRow::default()),
        ("read", _) => {}
        // A file that was not used must not be lost silently.
        _ if faults.is_empty() => {
            form.tidy();
            return Ok(form);
        }
        _ => {}
    }
    Err(Box::new(Again { form, faults, read }))
}

impl Again {
    fn shown(self, viewer: Viewer, id: Option<i64>) -> Response {
        let status = if self.faults.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        let page = EditPage {
            read: self.read,
            ..page(viewer, id, self.form, self.faults)
        };
        (status, Html(page)).into_response()
    }
}

/// Back to the list where all went well, else the form with what is wrong.
fn answer(viewer: Viewer, id: Option<i64>, form: Form, saved: Result<i64>) -> Result<Response> {
    match saved {
        Ok(id) => Ok(Redirect::to(&format!("/sites?saved={id}")).into_response()),
        Err(Error::Invalid(faults)) => {
            let page = page(viewer, id, form, faults);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
        }
        Err(other) => Err(other),
    }
}

fn page(viewer: Viewer, id: Option<i64>, form: Form, faults: Vec<FieldFault>) -> EditPage {
    EditPage {
        viewer,
        id,
        reading: ReadingPart::of(&form.coordinates),
        panorama: form.horizon().as_ref().map(picture::panorama),
        form,
        faults,
        read: None,
        zones: zones(),
        first: false,
    }
}

/// The names that people look for: places, not the tables' old abbreviations.
fn zones() -> Vec<&'static str> {
    let places = TZ_VARIANTS.iter().map(|zone: &Tz| zone.name());
    places
        .filter(|name| name.contains('/') && !name.starts_with("Etc/") || *name == "UTC")
        .collect()
}

async fn of_member(app: &App, member: i64) -> Result<Vec<Site>> {
    app.db
        .read(move |conn| store::of_member(conn, member))
        .await
}
