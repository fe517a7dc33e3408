//! Observations as JSON.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::filters;
use super::history::{self, Change};
use super::input::{self, Around, Given};
use super::json::ObservationJson;
use super::list::{self, PageKey, Wanted};
use super::model::Observation;
use super::news;
use super::posting::{self, Added, own, visible};
use crate::accounts::sites;
use crate::accounts::{MaybeSignedIn, Member, SignedIn};
use crate::bursts;
use crate::bursts::json::Listed;
use crate::platform::web::extract::{Json, Path, Query};
use crate::platform::web::form::Faults;
use crate::platform::web::problem::Problem;
use crate::platform::{App, Error, Result, Tx};
use crate::sky::Equatorial;

const PAGE: usize = 20;
const LARGEST_PAGE: usize = 200;

/// Characters that are looked for.
const LONGEST_SEARCH: usize = 200;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(of_burst, post))
        .routes(routes!(search))
        .routes(routes!(one, change, remove))
        .routes(routes!(changes))
}

/// Which observations to list; everything that the caller may see, unless a field says otherwise.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
pub(super) struct Asked {
    /// Words that all stand in observer, site, instrument, filter, comparison stars, notes or the burst's name.
    pub(super) text: String,
    /// Exposures that began at or after this time or day (RFC 3339, UTC unless said).
    pub(super) from: String,
    /// Exposures that began before this time, or on this day at the latest.
    pub(super) to: String,
    /// Magnitude or limit at least …
    pub(super) brightest: String,
    /// … and at most.
    pub(super) faintest: String,
    /// A part of the instrument's name.
    pub(super) instrument: String,
    pub(super) filter: String,
    /// Id of the observer, or `me`.
    pub(super) observer: String,
    /// Id of the burst.
    pub(super) burst: String,
    /// Centre of a cone, deg, ICRS; ra, dec and radius go together.
    pub(super) ra: String,
    pub(super) dec: String,
    pub(super) radius: String,
    /// 1…200, 20 unless given
    pub(super) limit: String,
    /// `next` of the page before
    pub(super) after: String,
}

impl Asked {
    /// What is wanted by this caller and how many; every faulty field is named.
    pub(super) fn understand(&self, caller: Option<&Member>) -> Result<(Wanted, usize)> {
        let mut faults = Faults::default();
        let wanted = Wanted {
            text: searched(&mut faults, "text", &self.text),
            burst: read(
                &mut faults,
                "burst",
                &self.burst,
                |text| text.parse().ok(),
                "the id of a burst",
            ),
            observer: read(
                &mut faults,
                "observer",
                &self.observer,
                |text| observer(text, caller),
                "the id of a member, or me once you are signed in",
            ),
            from: read(
                &mut faults,
                "from",
                &self.from,
                |text| moment(text, TimeDelta::zero()),
                "a day or a time, such as 2026-11-20",
            ),
            to: read(
                &mut faults,
                "to",
                &self.to,
                |text| moment(text, TimeDelta::days(1)),
                "a day or a time, such as 2026-11-21",
            ),
            brightest: angle(&mut faults, "brightest", &self.brightest, -30.0..=40.0),
            faintest: angle(&mut faults, "faintest", &self.faintest, -30.0..=40.0),
            instrument: searched(&mut faults, "instrument", &self.instrument),
            filter: filled(&self.filter).map(|text| {
                filters::known(text)
                    .map_or(text, |known| known.code)
                    .to_owned()
            }),
            cone: self.cone(&mut faults),
            member: caller.map(|member| member.id),
            officer: caller.is_some_and(|member| member.officer),
            after: read(
                &mut faults,
                "after",
                &self.after,
                PageKey::parse,
                "the next of an earlier page",
            ),
        };
        let limit = limit(&mut faults, &self.limit);
        faults.done().map(|()| (wanted, limit))
    }

    fn cone(&self, faults: &mut Faults) -> Option<(Equatorial, f64)> {
        let given = [&self.ra, &self.dec, &self.radius];
        let given = given
            .into_iter()
            .filter(|text| filled(text).is_some())
            .count();
        let ra = angle(faults, "ra", &self.ra, 0.0..=360.0);
        let dec = angle(faults, "dec", &self.dec, -90.0..=90.0);
        let radius = angle(faults, "radius", &self.radius, 0.0..=180.0);
        if given == 1 || given == 2 {
            faults.add("radius", "ra, dec and radius go together");
        }
        Some((Equatorial::new(ra?, dec?)?, radius?))
    }
}

fn filled(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// The field understood; an empty one counts as not given.
fn read<T>(
    faults: &mut Faults,
    field: &str,
    text: &str,
    understand: impl Fn(&str) -> Option<T>,
    must: &str,
) -> Option<T> {
    let understood = understand(filled(text)?).ok_or_else(|| format!("must be {must}"));
    faults.take(field, understood)
}

fn searched(faults: &mut Faults, field: &str, text: &str) -> Option<String> {
    let must = format!("at most {LONGEST_SEARCH} characters");
    let short = |text: &str| text.chars().count() <= LONGEST_SEARCH;
    let short = |text: &str| short(text).then(|| text.to_owned());
    read(faults, field, text, short, &must)
}

fn angle(
    faults: &mut Faults,
    field: &str,
    text: &str,
    range: std::ops::RangeInclusive<f64>,
) -> Option<f64> {
    let must = format!("a number from {} to {}", range.start(), range.end());
    let number = |text: &str| text.replace('−', "-").replace(',', ".").parse().ok();
    let within = |text: &str| number(text).filter(|number| range.contains(number));
    read(faults, field, text, within, &must)
}

fn limit(faults: &mut Faults, text: &str) -> usize {
    let within = |text: &str| {
        let limit = text.parse().ok();
        limit.filter(|limit| (1..=LARGEST_PAGE).contains(limit))
    };
    read(faults, "limit", text, within, "a number from 1 to 200").unwrap_or(PAGE)
}

fn observer(text: &str, caller: Option<&Member>) -> Option<i64> {
    match text {
        "me" => caller.map(|member| member.id),
        id => id.parse().ok(),
    }
}

/// A time, or a day's beginning moved on by `later`. A plus sign that was not escaped arrives as a blank.
fn moment(text: &str, later: TimeDelta) -> Option<DateTime<Utc>> {
    let day = |text| input::instant(&format!("{text} 00:00")).map(|day| day + later);
    input::instant(text)
        .or_else(|| input::instant(&text.replace(' ', "+")))
        .or_else(|| day(text))
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
struct Paged {
    /// 1…200, 20 unless given
    limit: String,
    /// `next` of the page before
    after: String,
}

/// A burst's observations, the latest exposure first.
#[utoipa::path(get, path = "/api/bursts/{id}/observations", tag = "observations", params(("id" = i64, Path), Paged), responses((status = 200, body = Listed<ObservationJson>), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn of_burst(
    State(app): State<App>,
    MaybeSignedIn(member): MaybeSignedIn,
    Path(id): Path<i64>,
    Query(paged): Query<Paged>,
) -> Result<Json<Listed<ObservationJson>>> {
    let asked = Asked {
        burst: id.to_string(),
        limit: paged.limit,
        after: paged.after,
        ..Asked::default()
    };
    let (wanted, limit) = asked.understand(member.as_ref())?;
    let found = move |conn: &Connection| {
        bursts::store::burst(conn, id)?;
        list::list(conn, &wanted, limit)
    };
    app.db.read(found).await.map(listed)
}

fn listed((found, next): (Vec<Observation>, Option<PageKey>)) -> Json<Listed<ObservationJson>> {
    Json(Listed {
        items: found.iter().map(ObservationJson::from).collect(),
        next: next.map(|key| key.to_string()),
    })
}

/// Observations of all bursts, the latest exposure first.
#[utoipa::path(get, path = "/api/observations", tag = "observations", params(Asked), responses((status = 200, body = Listed<ObservationJson>), (status = 422, body = Problem)))]
async fn search(
    State(app): State<App>,
    MaybeSignedIn(member): MaybeSignedIn,
    Query(asked): Query<Asked>,
) -> Result<Json<Listed<ObservationJson>>> {
    let (wanted, limit) = asked.understand(member.as_ref())?;
    let found = move |conn: &Connection| list::list(conn, &wanted, limit);
    app.db.read(found).await.map(listed)
}

/// A new observation of a burst. The very same from the same member within an hour is the one that is there already, and answered with 200.
#[utoipa::path(post, path = "/api/bursts/{id}/observations", tag = "observations", params(("id" = i64, Path)), request_body = Given, responses((status = 201, body = ObservationJson), (status = 200, body = ObservationJson), (status = 401, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn post(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
    Json(given): Json<Given>,
) -> Result<Response> {
    let now = app.clock.now();
    let checked = move |conn: &Connection| {
        let burst = bursts::store::burst(conn, id)?;
        let sites = sites::store::of_member(conn, member.id)?;
        let around = Around {
            burst: &burst,
            sites: &sites,
            now,
        };
        given
            .checked(&Observation::blank(id, member.id), &around)
            .map_err(Error::Invalid)
    };
    let new = app.db.read(checked).await?;
    let write = {
        let app = app.clone();
        move |tx: &Tx| match posting::add(tx, now, &new)? {
            Added::New(observation) => {
                news::posted(&app, tx, now, &observation)?;
                Ok((StatusCode::CREATED, observation))
            }
            Added::Already(observation) => Ok((StatusCode::OK, observation)),
        }
    };
    let (status, observation) = app.db.write(write).await?;
    let location = format!("/api/observations/{}", observation.id);
    let json = Json(ObservationJson::from(&observation));
    Ok((status, [(header::LOCATION, location)], json).into_response())
}

/// One observation.
#[utoipa::path(get, path = "/api/observations/{id}", tag = "observations", params(("id" = i64, Path)), responses((status = 200, body = ObservationJson), (status = 404, body = Problem)))]
async fn one(
    State(app): State<App>,
    MaybeSignedIn(member): MaybeSignedIn,
    Path(id): Path<i64>,
) -> Result<Json<ObservationJson>> {
    let found = app
        .db
        .read(move |conn| visible(conn, id, member.as_ref()))
        .await?;
    Ok(Json(ObservationJson::from(&found)))
}

/// Changes what is given and leaves the rest; null empties a field. For its owner and for officers.
#[utoipa::path(put, path = "/api/observations/{id}", tag = "observations", params(("id" = i64, Path)), request_body = Given, responses((status = 200, body = ObservationJson), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
    Json(given): Json<Given>,
) -> Result<Json<ObservationJson>> {
    let now = app.clock.now();
    let write = {
        let app = app.clone();
        move |tx: &Tx| {
            let before = own(tx, id, &member)?;
            let after = posting::revised(tx, now, &given, &before)?;
            match posting::replace(tx, now, (&before, &after), &member)? {
                true => posting::changed(&app, tx, now, id),
                false => Ok(before),
            }
        }
    };
    let written = app.db.write(write).await?;
    Ok(Json(ObservationJson::from(&written)))
}

/// Removes an observation with its pictures and its history. For its owner and for officers.
#[utoipa::path(delete, path = "/api/observations/{id}", tag = "observations", params(("id" = i64, Path)), responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn remove(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
) -> Result<StatusCode> {
    let now = app.clock.now();
    let write = {
        let app = app.clone();
        move |tx: &Tx| posting::take_away(&app, tx, now, &own(tx, id, &member)?)
    };
    app.db.write(write).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ObservationHistory)]
struct Changes {
    items: Vec<Change>,
    /// Always null: an observation is changed a few times.
    next: Option<String>,
}

/// What an observation said before each change, the latest change first. For its owner and for officers.
#[utoipa::path(get, path = "/api/observations/{id}/history", tag = "observations", params(("id" = i64, Path)), responses((status = 200, body = Changes), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn changes(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
) -> Result<Json<Changes>> {
    let found = move |conn: &Connection| {
        own(conn, id, &member)?;
        history::of(conn, id)
    };
    let items = app.db.read(found).await?;
    Ok(Json(Changes { items, next: None }))
}
