//! The form by which an observation is posted or changed.

use askama::Template;
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};
use rusqlite::Connection;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;

use super::form::{BODY_LIMIT, Form, for_people};
use crate::accounts::sites;
use crate::accounts::{Member, SignedIn, Site, Telescope};
use crate::bursts;
use crate::bursts::Burst;
use crate::bursts::view::When;
use crate::observations::filters::{FILTERS, Filter};
use crate::observations::images::{self, MOST_OF_ONE, Ready};
use crate::observations::input::{self, Around};
use crate::observations::model::{Observation, System};
use crate::observations::posting::{self, Added};
use crate::observations::{news, store};
use crate::platform::error::FieldFault;
use crate::platform::web::extract::{Path, Query};
use crate::platform::web::form::sentence;
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Error, Result, Tx};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/bursts/{id}/observe", get(new).post(post))
        .route("/observations/{id}/edit", get(edit).post(change))
        // The words, and the boundaries between the fields.
        .layer(DefaultBodyLimit::max(BODY_LIMIT + 256 * 1024))
}

/// `/bursts/{id}/observe` and `/observations/{id}/edit`
#[derive(Template)]
#[template(path = "observations/pages/form.html")]
struct FormPage {
    viewer: Viewer,
    burst: i64,
    name: String,
    /// None: a new one.
    id: Option<i64>,
    trigger: Option<When>,
    /// A time as it may be written.
    example: String,
    /// The burst's position is filled in.
    placed: bool,
    sites: Vec<(i64, String)>,
    telescopes: Vec<Choice>,
    form: Form,
    faults: Vec<FieldFault>,
    /// Pictures were chosen and came, but are not kept: browsers do not choose them again.
    lost: usize,
}

/// A telescope to choose.
struct Choice {
    id: i64,
    label: String,
    site: i64,
    instrument: String,
    field: f64,
    chosen: bool,
}

impl FormPage {
    fn action(&self) -> String {
        match self.id {
            Some(id) => format!("/observations/{id}/edit"),
            None => format!("/bursts/{}/observe", self.burst),
        }
    }

    fn fault(&self, field: &str) -> Option<String> {
        let own = self.faults.iter().filter(|fault| fault.field == field);
        let said: Vec<String> = own.map(|fault| sentence(&fault.message)).collect();
        Some(said.join(" ")).filter(|said| !said.is_empty())
    }

    /// Fields of which one has a fault.
    fn any_fault(&self, fields: &[&str]) -> bool {
        fields.iter().any(|field| self.fault(field).is_some())
    }

    fn asked_about_time(&self) -> bool {
        let asked = |fault: &FieldFault| {
            fault.field == "observed_time" && fault.message.contains("tick the box")
        };
        self.form.meant || self.faults.iter().any(asked)
    }

    fn where_open(&self) -> bool {
        let pointed =
            !self.placed || self.id.is_some() || self.form.system != System::IcrsJ2000.as_str();
        pointed || self.any_fault(&["coordinates", "coordinate_system", "field_deg"])
    }

    fn more_open(&self) -> bool {
        let form = &self.form;
        let filled = [&form.comparison_stars, &form.notes]
            .into_iter()
            .any(|text| !text.trim().is_empty());
        filled || self.any_fault(&["magnitude_system", "comparison_stars", "notes", "site"])
    }

    /// None of the telescopes is the one that is filled in.
    fn other_instrument(&self) -> bool {
        !self.telescopes.iter().any(|choice| choice.chosen)
    }

    /// The site's name, where the site itself has been deleted: it stays unless another is chosen.
    fn former_site(&self) -> bool {
        let there = |(id, _): &(i64, String)| self.form.site == id.to_string();
        !self.form.site.is_empty() && !self.sites.iter().any(there)
    }

    fn systems(&self) -> [System; 5] {
        System::ALL
    }

    fn filters(&self) -> &'static [Filter] {
        &FILTERS
    }

    /// A system of magnitudes that is neither of the usual ones.
    fn odd_system(&self) -> bool {
        !["", "Vega", "AB"].contains(&self.form.magnitude_system.as_str())
    }
}

/// What the form is about.
struct Scene {
    burst: Burst,
    sites: Vec<Site>,
}

impl Scene {
    fn read(conn: &Connection, burst: i64, observer: i64) -> Result<Self> {
        Ok(Self {
            burst: bursts::store::burst(conn, burst)?,
            sites: sites::store::of_member(conn, observer)?,
        })
    }

    fn page(&self, viewer: Viewer, id: Option<i64>, form: Form, now: DateTime<Utc>) -> FormPage {
        let choices = self.sites.iter().flat_map(|site| {
            let chosen = |telescope: &Telescope| {
                form.site == site.id.to_string() && form.instrument == telescope.name
            };
            site.telescopes
                .iter()
                .map(move |telescope| Choice {
                    id: telescope.id,
                    label: format!("{}, {}", telescope.name, site.name),
                    site: site.id,
                    instrument: telescope.name.clone(),
                    field: telescope.fov_deg,
                    chosen: chosen(telescope),
                })
                .collect::<Vec<_>>()
        });
        FormPage {
            viewer,
            burst: self.burst.id,
            name: self.burst.name(),
            id,
            trigger: self.burst.trigger_time.map(|at| When::new(at, now)),
            example: now.format("%Y-%m-%d %H:%M:%S").to_string(),
            placed: input::well_known(&self.burst).is_some(),
            telescopes: choices.collect(),
            sites: self
                .sites
                .iter()
                .map(|site| (site.id, site.name.clone()))
                .collect(),
            form,
            faults: Vec::new(),
            lost: 0,
        }
    }

    /// What can be filled in before a word is typed: the telescope asked for, that of last time, or the first; and the burst's position.
    fn prefilled(&self, with: Option<i64>, last: Option<&Observation>) -> Form {
        let mut form = Form {
            system: System::IcrsJ2000.as_str().into(),
            ..Form::default()
        };
        if let Some(last) = last {
            form.site = last.site_id.map(|id| id.to_string()).unwrap_or_default();
            form.instrument.clone_from(&last.instrument);
            form.field = last
                .field_deg
                .map(|field| field.to_string())
                .unwrap_or_default();
        } else if let Some(site) = self.sites.first() {
            form.site = site.id.to_string();
        }
        let all = || {
            self.sites.iter().flat_map(|site| {
                site.telescopes
                    .iter()
                    .map(move |telescope| (site, telescope))
            })
        };
        let asked = all().find(|(_, telescope)| Some(telescope.id) == with);
        let first = || all().next().filter(|_| last.is_none());
        if let Some((site, telescope)) = asked.or_else(first) {
            form.site = site.id.to_string();
            form.instrument.clone_from(&telescope.name);
            form.field = telescope.fov_deg.to_string();
        }
        if let Some(place) = input::well_known(&self.burst) {
            form.coordinates = input::pair(place.ra, place.dec);
        }
        form
    }
}

#[derive(Debug, Default, Deserialize)]
struct With {
    /// Id of one of the member's telescopes; anything else is none.
    #[serde(default)]
    with: String,
}

/// GET /bursts/{id}/observe
async fn new(
    State(app): State<App>,
    viewer: Viewer,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
    Query(with): Query<With>,
) -> Result<Html<FormPage>> {
    let now = app.clock.now();
    let read = move |conn: &Connection| {
        Ok((
            Scene::read(conn, id, member.id)?,
            store::last_of(conn, member.id)?,
        ))
    };
    let (scene, last) = app.db.read(read).await?;
    let form = scene.prefilled(with.with.parse().ok(), last.as_ref());
    Ok(Html(scene.page(viewer, None, form, now)))
}

/// POST /bursts/{id}/observe
async fn post(
    State(app): State<App>,
    viewer: Viewer,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
    sent: Multipart,
) -> Result<Response> {
    let observer = member.id;
    let scene = app
        .db
        .read(move |conn| Scene::read(conn, id, observer))
        .await?;
    let mut form = Form::receive(&app, &member, sent).await?;
    let now = app.clock.now();
    let around = Around {
        burst: &scene.burst,
        sites: &scene.sites,
        now,
    };
    let checked = form
        .given(now)
        .checked(&Observation::blank(id, member.id), &around);
    let saved = match settled(&mut form, checked) {
        Ok((new, ready)) => insert(&app, now, new, ready).await,
        Err(error) => Err(error),
    };
    answer(viewer, &scene, None, form, now, saved)
}

async fn insert(app: &App, now: DateTime<Utc>, new: Observation, ready: Vec<Ready>) -> Result<i64> {
    let write = {
        let app = app.clone();
        move |tx: &Tx| {
            let (observation, fresh) = match posting::add(tx, now, &new)? {
                Added::New(observation) => (observation, true),
                Added::Already(observation) => (observation, false),
            };
            attach(tx, now, &observation, &ready)?;
            match fresh {
                true => news::posted(&app, tx, now, &store::one(tx, observation.id)?)?,
                false if ready.is_empty() => {}
                false => drop(posting::changed(&app, tx, now, observation.id)?),
            }
            Ok(observation.id)
        }
    };
    app.db.write(write).await
}

fn attach(tx: &Tx, now: DateTime<Utc>, observation: &Observation, ready: &[Ready]) -> Result<()> {
    for picture in ready {
        images::attach(tx, now, observation, picture)?;
    }
    Ok(())
}

/// The observation and its pictures, once neither has a fault.
fn settled(
    form: &mut Form,
    checked: Result<Observation, Vec<FieldFault>>,
) -> Result<(Observation, Vec<Ready>)> {
    let came = std::mem::take(&mut form.faults);
    match checked {
        Ok(observation) if came.is_empty() => Ok((observation, std::mem::take(&mut form.pictures))),
        Ok(_) => Err(Error::Invalid(came)),
        Err(faults) => {
            let mut faults = for_people(faults);
            faults.extend(came);
            Err(Error::Invalid(faults))
        }
    }
}

/// To the observation where all went well, else the form with what is wrong.
fn answer(
    viewer: Viewer,
    scene: &Scene,
    id: Option<i64>,
    form: Form,
    now: DateTime<Utc>,
    saved: Result<i64>,
) -> Result<Response> {
    match saved {
        Ok(saved) => {
            let said = if id.is_some() { "changed" } else { "posted" };
            Ok(Redirect::to(&format!("/observations/{saved}?said={said}")).into_response())
        }
        Err(Error::Invalid(faults)) => {
            let page = FormPage {
                faults,
                lost: form.files,
                ..scene.page(viewer, id, form, now)
            };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
        }
        Err(other) => Err(other),
    }
}

async fn to_edit(app: &App, id: i64, member: Member) -> Result<(Observation, Scene)> {
    let read = move |conn: &Connection| {
        let before = posting::own(conn, id, &member)?;
        let scene = Scene::read(conn, before.burst_id, before.member_id)?;
        Ok((before, scene))
    };
    app.db.read(read).await
}

/// GET /observations/{id}/edit
async fn edit(
    State(app): State<App>,
    viewer: Viewer,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
) -> Result<Html<FormPage>> {
    let (before, scene) = to_edit(&app, id, member).await?;
    let form = Form::of(&before);
    Ok(Html(scene.page(viewer, Some(id), form, app.clock.now())))
}

/// POST /observations/{id}/edit
async fn change(
    State(app): State<App>,
    viewer: Viewer,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
    sent: Multipart,
) -> Result<Response> {
    let (before, scene) = to_edit(&app, id, member.clone()).await?;
    let mut form = Form::receive(&app, &member, sent).await?;
    let now = app.clock.now();
    let around = Around {
        burst: &scene.burst,
        sites: &scene.sites,
        now,
    };
    let checked = form.given(now).checked(&before, &around);
    // Who has been told of it may mean it.
    form.revision = before.revision.to_string();
    let saved = match settled(&mut form, checked) {
        Ok((after, ready)) => update(&app, now, member, after, ready).await,
        Err(error) => Err(error),
    };
    answer(viewer, &scene, Some(id), form, now, saved.map(|()| id))
}

async fn update(
    app: &App,
    now: DateTime<Utc>,
    member: Member,
    after: Observation,
    ready: Vec<Ready>,
) -> Result<()> {
    let write = {
        let app = app.clone();
        move |tx: &Tx| {
            let before = posting::own(tx, after.id, &member)?;
            let words = posting::replace(tx, now, (&before, &after), &member)?;
            attach(tx, now, &before, &ready)?;
            if words || !ready.is_empty() {
                posting::changed(&app, tx, now, after.id)?;
            }
            Ok(())
        }
    };
    app.db.write(write).await
}
