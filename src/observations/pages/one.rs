//! One observation: everything about it, and what may be done with it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;

use crate::accounts::{Acting, MaybeSignedIn, Member, SignedIn};
use crate::bursts;
use crate::bursts::Burst;
use crate::bursts::view::{When, after, from_trigger};
use crate::observations::filters;
use crate::observations::history::{self, Change};
use crate::observations::input;
use crate::observations::json::{ImageJson, ObservationJson};
use crate::observations::model::{Observation, System};
use crate::observations::words::{band, brightness, in_filter, magnitude, printed, seconds};
use crate::observations::{images, moderation, posting, store};
use crate::platform::web::extract::{Form, Path, Query};
use crate::platform::web::form::sentence;
use crate::platform::web::{Html, Viewer};
use crate::platform::{Actor, App, Error, Result, Tx, audit};
use crate::sky::angle_words;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/observations/{id}", get(page))
        .route("/observations/{id}/delete", get(ask).post(remove))
        .route(
            "/observations/{id}/images/{image}/delete",
            post(remove_picture),
        )
        .route("/observations/{id}/report", post(report))
        .route("/observations/{id}/hide", post(hide))
        .route("/observations/{id}/show", post(show))
}

/// `/observations/{id}`
#[derive(Template)]
#[template(path = "observations/pages/one.html")]
struct OnePage {
    viewer: Viewer,
    id: i64,
    burst: i64,
    name: String,
    heading: String,
    /// Who, with what, how long after the trigger.
    story: String,
    notice: Option<&'static str>,
    hidden: Option<(String, When)>,
    pictures: Vec<ImageJson>,
    start: When,
    after: Option<String>,
    /// Labels and values.
    facts: Vec<(&'static str, String)>,
    /// ICRS: sexagesimal and in degrees.
    places: [String; 2],
    /// As it was given, where that is something else.
    given: Option<(String, &'static str)>,
    comparison_stars: Option<String>,
    notes: Option<String>,
    changed: Option<When>,
    /// May change and delete it.
    own: bool,
    officer: bool,
    /// May report it.
    may_report: bool,
    reported: bool,
    /// What was typed into the report's or the officer's form, and why it was not taken.
    why: String,
    fault: Option<String>,
    history: Vec<Step>,
}

/// A change, and how each field read before it.
struct Step {
    when: When,
    by: String,
    /// Field, before, after.
    fields: Vec<(&'static str, String, String)>,
}

/// `/observations/{id}/delete`
#[derive(Template)]
#[template(path = "observations/pages/delete.html")]
struct DeletePage {
    viewer: Viewer,
    id: i64,
    burst: i64,
    name: String,
    observer: String,
    pictures: usize,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    said: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Why {
    why: String,
}

/// What the page is made of.
struct Known {
    observation: Observation,
    burst: Burst,
    history: Vec<Change>,
    reported: bool,
}

fn known(conn: &Connection, id: i64, member: Option<&Member>) -> Result<Known> {
    let observation = posting::visible(conn, id, member)?;
    let own = member.is_some_and(|member| observation.is_of(member));
    let reported = member.map(|member| moderation::has_reported(conn, id, member.id));
    Ok(Known {
        burst: bursts::store::burst(conn, observation.burst_id)?,
        history: if own {
            history::of(conn, id)?
        } else {
            Vec::new()
        },
        reported: reported.transpose()?.unwrap_or_default(),
        observation,
    })
}

/// GET /observations/{id}
async fn page(
    State(app): State<App>,
    viewer: Viewer,
    MaybeSignedIn(member): MaybeSignedIn,
    Path(id): Path<i64>,
    Query(said): Query<Said>,
) -> Result<Html<OnePage>> {
    let notice = match said.said.as_str() {
        "posted" => Some("It is posted. Thank you."),
        "changed" => Some("It is changed."),
        "reported" => Some("The officers have your words. Thank you."),
        "removed" => Some("The picture is gone."),
        "hidden" => Some("Only its observer and the officers see it now."),
        "shown" => Some("Everybody sees it again."),
        _ => None,
    };
    let page = laid_out(&app, viewer, member, id).await?;
    Ok(Html(OnePage { notice, ..page }))
}

async fn laid_out(app: &App, viewer: Viewer, member: Option<Member>, id: i64) -> Result<OnePage> {
    let who = member.clone();
    let known = app
        .db
        .read(move |conn| known(conn, id, who.as_ref()))
        .await?;
    let now = app.clock.now();
    let seen = &known.observation;
    let when = |at| When::new(at, now);
    let after = known
        .burst
        .trigger_time
        .map(|trigger| after(seen.start, trigger));
    let own = member.as_ref().is_some_and(|member| seen.is_of(member));
    let owner = member
        .as_ref()
        .is_some_and(|member| seen.member_id == member.id);
    let officer = member.as_ref().is_some_and(|member| member.officer);
    let error_radius = 0.0;
    let (ra, dec) = seen.position.sexagesimal(error_radius);
    let decimal = input::pair(seen.position.ra, seen.position.dec);
    let places = [
        format!("{ra} {dec}"),
        printed(&format!(
            "{:.5} {:+.5}",
            seen.position.ra, seen.position.dec
        )),
    ];
    Ok(OnePage {
        viewer,
        id,
        burst: known.burst.id,
        name: known.burst.name(),
        heading: heading(seen),
        story: story(seen, &known.burst),
        notice: None,
        hidden: seen
            .hidden
            .as_ref()
            .map(|hidden| (sentence(&hidden.why), when(hidden.at))),
        pictures: seen
            .images
            .iter()
            .map(|image| ImageJson::new(id, image))
            .collect(),
        start: when(seen.start),
        after,
        facts: facts(seen),
        given: Some((seen.coordinates.clone(), seen.system.label())).filter(|(text, _)| {
            let said = places
                .iter()
                .any(|place| place.replace('−', "-") == text.replace('−', "-"));
            seen.system != System::IcrsJ2000 || (*text != decimal && !said)
        }),
        places,
        comparison_stars: seen.comparison_stars.clone(),
        notes: seen.notes.clone(),
        changed: (seen.revision > 1).then(|| when(seen.updated_at)),
        own,
        officer,
        // Reports go to the officers.
        may_report: member.is_some() && !owner && !officer,
        reported: known.reported,
        why: String::new(),
        fault: None,
        history: steps(&known.history, seen, &when)?,
    })
}

/// `r′ 17.32 ± 0.08`, `Fainter than 18.3 in R`, `A picture`.
fn heading(seen: &Observation) -> String {
    let measured = seen.photometry.magnitude.is_some();
    let Some(light) = brightness(&seen.photometry) else {
        let what = if seen.images.is_empty() {
            "An observation"
        } else {
            "A picture"
        };
        return what.into();
    };
    let light = if measured {
        light
    } else {
        format!("Fainter than {light}")
    };
    match seen.filter.as_deref() {
        None if measured => format!("Magnitude {light}"),
        Some(code) if measured && code != "Clear" => format!("{} {light}", band(code)),
        code => light + &in_filter(code),
    }
}

fn story(seen: &Observation, burst: &Burst) -> String {
    let when = burst
        .trigger_time
        .map(|trigger| format!(", {}", from_trigger(seen.start, trigger)))
        .unwrap_or_default();
    let site = seen
        .site
        .as_ref()
        .map(|site| format!(" at {site}"))
        .unwrap_or_default();
    format!(
        "{} looked at {}{when}, with {}{site}.",
        seen.observer,
        burst.name(),
        seen.instrument
    )
}

fn facts(seen: &Observation) -> Vec<(&'static str, String)> {
    let light = &seen.photometry;
    let filter = seen
        .filter
        .as_deref()
        .map(|code| match filters::known(code) {
            Some(known) => known.label.to_owned(),
            None => code.to_owned(),
        });
    let all = [
        ("Exposure", seen.exposure.map(seconds)),
        ("Filter", filter),
        (
            "Magnitude",
            brightness(light).filter(|_| light.magnitude.is_some()),
        ),
        (
            "Limiting magnitude",
            light.limit.map(|limit| magnitude(limit, None)),
        ),
        ("System of magnitudes", light.system.clone()),
        (
            "Airmass",
            seen.airmass.map(|airmass| format!("{airmass:.2}")),
        ),
        ("Field", seen.field_deg.map(angle_words)),
    ];
    all.into_iter()
        .filter_map(|(label, value)| Some((label, value?)))
        .collect()
}

/// Fields that a history speaks of, by their names in JSON.
const FIELDS: [(&str, &str); 15] = [
    ("coordinates", "Coordinates"),
    ("coordinate_system", "In the system"),
    ("site", "Site"),
    ("instrument", "Instrument"),
    ("field_deg", "Field, °"),
    ("observed_time", "Start"),
    ("exposure_s", "Exposure, s"),
    ("filter", "Filter"),
    ("magnitude", "Magnitude"),
    ("magnitude_error", "Error"),
    ("limiting_magnitude", "Limit"),
    ("magnitude_system", "System of magnitudes"),
    ("airmass", "Airmass"),
    ("comparison_stars", "Comparison stars"),
    ("notes", "Notes"),
];

/// Each change against what came after it.
fn steps(
    changes: &[Change],
    seen: &Observation,
    when: &impl Fn(chrono::DateTime<chrono::Utc>) -> When,
) -> Result<Vec<Step>> {
    let mut after = serde_json::to_value(ObservationJson::from(seen))?;
    let mut steps = Vec::new();
    for change in changes {
        let fields = FIELDS
            .iter()
            .filter(|(name, _)| change.before[name] != after[name]);
        steps.push(Step {
            when: when(change.changed_at),
            by: change
                .changed_by
                .clone()
                .unwrap_or_else(|| "somebody who has left".into()),
            fields: fields
                .map(|(name, label)| (*label, plain(&change.before[name]), plain(&after[name])))
                .collect(),
        });
        after = change.before.clone();
    }
    Ok(steps)
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// GET /observations/{id}/delete: nothing is deleted without being asked about.
async fn ask(
    State(app): State<App>,
    viewer: Viewer,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
) -> Result<Html<DeletePage>> {
    let read = move |conn: &Connection| {
        let observation = posting::own(conn, id, &member)?;
        let burst = bursts::store::burst(conn, observation.burst_id)?;
        Ok((observation, burst))
    };
    let (observation, burst) = app.db.read(read).await?;
    Ok(Html(DeletePage {
        viewer,
        id,
        burst: burst.id,
        name: burst.name(),
        pictures: observation.images.len(),
        observer: observation.observer,
    }))
}

/// POST /observations/{id}/delete
async fn remove(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    acting: Result<Acting, Response>,
    Path(id): Path<i64>,
) -> Result<Redirect, Response> {
    posting::to_remove(&app, id, &member, acting).await?;
    let now = app.clock.now();
    let write = {
        let app = app.clone();
        move |tx: &Tx| {
            let observation = posting::own(tx, id, &member)?;
            posting::take_away(&app, tx, now, &observation, &member)?;
            Ok(observation.burst_id)
        }
    };
    let burst = app.db.write(write).await;
    let burst = burst.map_err(IntoResponse::into_response)?;
    Ok(Redirect::to(&format!("/bursts/{burst}#observations")))
}

/// POST /observations/{id}/images/{image}/delete
async fn remove_picture(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path((id, image)): Path<(i64, i64)>,
) -> Result<Redirect> {
    let now = app.clock.now();
    let write = {
        let app = app.clone();
        move |tx: &Tx| {
            let observation = posting::own(tx, id, &member)?;
            images::remove(tx, &observation, image)?;
            posting::overruled(tx, now, &observation, &member, "observation.picture")?;
            posting::changed(&app, tx, now, id)
        }
    };
    app.db.write(write).await?;
    Ok(Redirect::to(&format!("/observations/{id}?said=removed")))
}

/// The words of a report or a hiding.
fn reason(why: &str) -> Result<String> {
    let text = input::prose(&Value::from(why), 500).filter(|text| !text.is_empty());
    text.ok_or_else(|| Error::invalid("why", "say why, in up to 500 characters"))
}

/// POST /observations/{id}/report
async fn report(
    State(app): State<App>,
    viewer: Viewer,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
    Form(given): Form<Why>,
) -> Result<Response> {
    let now = app.clock.now();
    let (who, why) = (member.clone(), given.why.clone());
    let write = move |tx: &Tx| {
        let observation = posting::visible(tx, id, Some(&who))?;
        if observation.member_id == who.id {
            return Err(Error::invalid(
                "why",
                "it is your own: change or delete it instead",
            ));
        }
        moderation::report(tx, now, id, &who, &reason(&why)?)
    };
    let written = app.db.write(write).await;
    answer(
        &app,
        viewer,
        member,
        id,
        given.why,
        written.map(|()| "reported"),
    )
    .await
}

/// POST /observations/{id}/hide
async fn hide(
    State(app): State<App>,
    viewer: Viewer,
    Acting(member): Acting,
    Path(id): Path<i64>,
    Form(given): Form<Why>,
) -> Result<Response> {
    let now = app.clock.now();
    let write = {
        let (app, why, actor) = (app.clone(), given.why.clone(), Actor::from(&member));
        move |tx: &Tx| {
            let (observation, why) = (store::one(tx, id)?, reason(&why)?);
            let (about, details) = (observation.about(), json!({ "why": why }));
            audit::note(tx, now, &actor, "observation.hide", &about, &details)?;
            moderation::hide(&app, tx, now, &observation, &why)
        }
    };
    let written = app.db.write(write).await;
    answer(
        &app,
        viewer,
        member,
        id,
        given.why,
        written.map(|()| "hidden"),
    )
    .await
}

/// POST /observations/{id}/show
async fn show(State(app): State<App>, acting: Acting, Path(id): Path<i64>) -> Result<Redirect> {
    let (now, actor) = (app.clock.now(), acting.actor());
    let write = {
        let app = app.clone();
        move |tx: &Tx| {
            let observation = store::one(tx, id)?;
            let about = observation.about();
            audit::note(tx, now, &actor, "observation.show", &about, &json!({}))?;
            moderation::show(&app, tx, now, &observation)
        }
    };
    app.db.write(write).await?;
    Ok(Redirect::to(&format!("/observations/{id}?said=shown")))
}

/// Back to the observation, with the words that were typed where they were not taken.
async fn answer(
    app: &App,
    viewer: Viewer,
    member: Member,
    id: i64,
    why: String,
    written: Result<&str>,
) -> Result<Response> {
    match written {
        Ok(said) => Ok(Redirect::to(&format!("/observations/{id}?said={said}")).into_response()),
        Err(Error::Invalid(faults)) => {
            let page = laid_out(app, viewer, Some(member), id).await?;
            let fault = faults.first().map(|fault| sentence(&fault.message));
            let page = OnePage { why, fault, ..page };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
        }
        Err(other) => Err(other),
    }
}
