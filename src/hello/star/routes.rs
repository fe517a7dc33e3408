//! `/birthday-star` as a page, and `/api/birthday-star` as JSON.

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::asked::{self, Asked};
use super::choice::Choice;
use super::page::{self, Page};
use super::table::Star;
use super::tonight::{Tonight, When, tonight};
use super::words;
use crate::accounts::extract::MaybeSignedIn;
use crate::accounts::{Member, Site};
use crate::platform::web::extract::{Json, Query};
use crate::platform::web::form::Faults;
use crate::platform::web::problem::Problem;
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Error, Result};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(star))
        .route("/birthday-star", get(page))
}

/// The choice for a date as of `now`, which is read by the clock of the place.
pub(super) fn chosen(
    born: NaiveDate,
    site: Option<&Site>,
    app: &App,
    now: DateTime<Utc>,
) -> Result<Choice> {
    let zone = site.map_or(app.config.time_zone, |site| site.time_zone);
    let today = now.with_timezone(&zone).date_naive();
    let none = || Error::Internal(anyhow::anyhow!("the table of stars is empty"));
    Choice::new(born, today.max(born)).ok_or_else(none)
}

/// The birthday star of a date.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = BirthdayStar)]
struct BirthdayStarJson {
    born: NaiveDate,
    today: NaiveDate,
    /// How far the light of that day has come, light-years: days / 365.25.
    travelled_ly: f64,
    /// The star of the birth; where `fits` is false, only the nearest to it.
    star: StarJson,
    /// Whether the star's light left it at the birth, as far as can be told.
    fits: bool,
    /// How long before the birth the star's light left it, years; negative where it left after.
    early_years: f64,
    /// Other bright stars of which the same may be said.
    others: Vec<StarJson>,
    /// The star that the light of the birth reaches next.
    next: Option<NextJson>,
    /// The same in sentences.
    words: Vec<String>,
    /// From the place asked about; null without one.
    tonight: Option<TonightJson>,
}

/// A star that the eye sees. Angles in deg, ICRS, epoch J1991.25.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = NearStar)]
struct StarJson {
    hip: u32,
    /// A name of its own, if it has one.
    name: Option<&'static str>,
    designation: &'static str,
    constellation: &'static str,
    ra: f64,
    dec: f64,
    magnitude: f64,
    distance_ly: f64,
    /// Standard error that is typical at this distance, not the star's own.
    distance_error_ly: f64,
    /// How many stars the eye sees as this one.
    stars: u8,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct NextJson {
    star: StarJson,
    /// In which month, as the distance has it; good to `error_years`.
    month: String,
    error_years: f64,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct TonightJson {
    when: When,
    words: Vec<String>,
    time_zone: &'static str,
    altitude: f64,
    /// From north through east.
    azimuth: f64,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    /// When it is highest between the two.
    best: Option<DateTime<Utc>>,
    best_altitude: Option<f64>,
    best_azimuth: Option<f64>,
}

impl From<&Star> for StarJson {
    fn from(star: &Star) -> Self {
        Self {
            hip: star.hip,
            name: Some(star.name).filter(|name| !name.is_empty()),
            designation: star.designation,
            constellation: star.constellation.name,
            ra: star.position.ra,
            dec: star.position.dec,
            magnitude: star.magnitude,
            distance_ly: star.distance,
            distance_error_ly: star.sigma,
            stars: star.count,
        }
    }
}

impl BirthdayStarJson {
    fn new(choice: &Choice, tonight: Option<TonightJson>) -> Self {
        let said = [
            Some(words::lead(choice)),
            words::others(choice),
            words::next(choice),
        ];
        Self {
            born: choice.born,
            today: choice.today,
            travelled_ly: choice.travelled,
            star: choice.star.into(),
            fits: choice.fits,
            early_years: choice.early(choice.star),
            others: choice
                .others
                .iter()
                .map(|star| StarJson::from(*star))
                .collect(),
            next: choice.next.map(|next| NextJson {
                star: next.into(),
                month: choice.reaches(next).format("%Y-%m").to_string(),
                error_years: next.sigma,
            }),
            words: said.into_iter().flatten().collect(),
            tonight,
        }
    }
}

impl TonightJson {
    fn new(site: &Site, tonight: Tonight) -> Self {
        let window = tonight.seen.window.as_ref();
        Self {
            when: tonight.when,
            time_zone: site.time_zone.name(),
            altitude: tonight.seen.altitude,
            azimuth: tonight.seen.azimuth,
            from: window.map(|window| window.from),
            to: window.map(|window| window.to),
            best: window.map(|window| window.best),
            best_altitude: window.map(|window| window.altitude),
            best_azimuth: window.map(|window| window.azimuth),
            words: tonight.words,
        }
    }
}

/// The star whose light left it when somebody was born: from `lat` and `lon` by anyone, from one of the caller's own sites by `site`.
#[utoipa::path(get, path = "/api/birthday-star", tag = "birthdays", params(Asked), responses((status = 200, body = BirthdayStarJson), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn star(
    State(app): State<App>,
    MaybeSignedIn(member): MaybeSignedIn,
    Query(asked): Query<Asked>,
) -> Result<Json<BirthdayStarJson>> {
    let now = app.clock.now();
    let mut faults = Faults::default();
    let born = asked.born(&mut faults, now);
    if asked.born.trim().is_empty() {
        faults.add("born", "is needed: a date such as 1990-05-17");
    }
    let typed = asked.place(&mut faults, app.config.time_zone);
    faults.done()?;
    let Some(born) = born else {
        return Err(Error::invalid("born", "is needed"));
    };
    let site = match typed {
        Some(site) => Some(site),
        None => sites(&app, member, asked.site).await?.1,
    };
    let choice = chosen(born, site.as_ref(), &app, now)?;
    let seen = site.map(|site| {
        let seen = tonight(choice.star, &site, now);
        TonightJson::new(&site, seen)
    });
    Ok(Json(BirthdayStarJson::new(&choice, seen)))
}

/// The caller's sites, and the one that is meant; without a member, one that is asked for is not found.
async fn sites(
    app: &App,
    member: Option<Member>,
    wanted: Option<i64>,
) -> Result<(Vec<Site>, Option<Site>)> {
    if member.is_none() && wanted.is_some() {
        return Err(Error::NotFound("site"));
    }
    app.db
        .read(move |conn| asked::own_site(conn, member.as_ref(), wanted))
        .await
}

/// GET /birthday-star
async fn page(
    State(app): State<App>,
    viewer: Viewer,
    MaybeSignedIn(member): MaybeSignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let now = app.clock.now();
    let mut faults = Faults::default();
    let born = asked.born(&mut faults, now);
    let typed = asked.place(&mut faults, app.config.time_zone);
    let faults = asked::all(faults);
    let own = member.as_ref().and_then(|member| member.birthday?.born());
    let signed_in = member.is_some();
    let (sites, first) = sites(&app, member, asked.site).await?;
    let status = match faults.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let site = typed.or(first);
    let result = match born {
        Some(born) => {
            let choice = chosen(born, site.as_ref(), &app, now)?;
            Some(page::Result::new(&choice, site.as_ref(), now))
        }
        None => None,
    };
    let page = Page::new(viewer, &asked, &faults, own, signed_in, &sites, result);
    let mut answer = (status, Html(page)).into_response();
    // The address holds somebody's date of birth.
    let kept_out = HeaderValue::from_static("noindex");
    answer
        .headers_mut()
        .insert(HeaderName::from_static("x-robots-tag"), kept_out);
    Ok(answer)
}
