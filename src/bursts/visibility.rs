//! What can be seen of a burst from a site: as JSON, and as a part of the burst's page.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{self, Burst};
use super::outlook::{Outlook, Verdict};
use super::sight::Sight;
use super::store;
use super::view::Fragment;
use crate::accounts::extract::MaybeSignedIn;
use crate::accounts::sites::{self, Site, picture};
use crate::accounts::{Member, Preferences};
use crate::platform::error::FieldFault;
use crate::platform::web::extract::{Json, Path, Query};
use crate::platform::web::problem::Problem;
use crate::platform::web::{Html, Viewer, escaped};
use crate::platform::{App, Error, Result};
use crate::sky::{self, AltitudeSpec, Region, Visibility, Window, altitude_chart, place};

/// A page with more charts than this is slow to look at.
const MOST_CHARTS: usize = 4;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(seen_from))
        .route("/bursts/{id}/visibility", get(part))
}

/// The burst page's part about visibility; none where there is nothing in the sky.
pub(super) fn fragment(burst: &Burst) -> Option<Fragment> {
    let there = matches!(
        burst.verdict(),
        model::Verdict::Burst | model::Verdict::Context
    );
    there.then(|| Fragment {
        id: "visibility".into(),
        heading: "Can I see it?".into(),
        url: format!("/bursts/{}/visibility", burst.id),
    })
}

/// From where: coordinates, or one of the caller's own sites.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct From {
    /// Geodetic latitude, deg, or text in any usual notation.
    #[param(value_type = String, required = false, example = "42.9365")]
    lat: Option<String>,
    /// Longitude, deg, east positive, or text in any usual notation.
    #[param(value_type = String, required = false, example = "0.1426")]
    lon: Option<String>,
    /// Above the ellipsoid, m; 0 unless given.
    #[param(value_type = f64, required = false, minimum = -500, maximum = 9000)]
    elevation_m: Option<String>,
    /// Id of one of the caller's own sites, instead of coordinates.
    #[param(value_type = i64, required = false)]
    site: Option<i64>,
}

impl From {
    /// The place that the coordinates name: open to the horizon, by UTC.
    fn place(&self) -> Result<Site, Vec<FieldFault>> {
        let mut faults = Vec::new();
        let mut angle =
            |field: &str, text: Option<&String>, read: fn(&str) -> Option<f64>, must: &str| {
                let angle = text.and_then(|text| read(text));
                if angle.is_none() {
                    faults.push(FieldFault {
                        field: field.into(),
                        message: format!("must be {must}"),
                    });
                }
                angle.unwrap_or_default()
            };
        let latitude = angle(
            "lat",
            self.lat.as_ref(),
            place::latitude,
            "a latitude from −90° to 90°",
        );
        let longitude = angle(
            "lon",
            self.lon.as_ref(),
            place::longitude,
            "a longitude from −180° to 180°, east positive",
        );
        let zero = "0".to_owned();
        let elevation = angle(
            "elevation_m",
            Some(self.elevation_m.as_ref().unwrap_or(&zero)),
            elevation,
            "a height in metres from −500 to 9000",
        );
        if faults.is_empty() {
            Ok(anywhere(latitude, longitude, elevation))
        } else {
            Err(faults)
        }
    }
}

fn elevation(text: &str) -> Option<f64> {
    let metres: f64 = text.trim().parse().ok()?;
    (-500.0..=9000.0).contains(&metres).then_some(metres)
}

/// A place that is nobody's site.
fn anywhere(latitude: f64, longitude: f64, elevation: f64) -> Site {
    let mut site = Site::unknown(0, Tz::UTC);
    site.place.latitude = latitude;
    site.place.longitude = longitude;
    site.place.elevation = elevation;
    site
}

/// Where a burst lies, as far as it is known.
struct Target {
    burst: Burst,
    map: Option<Region>,
}

impl Target {
    fn read(conn: &Connection, id: i64) -> Result<Self> {
        Ok(Self {
            burst: store::burst(conn, id)?,
            map: store::region(conn, id)?,
        })
    }

    fn from(&self, site: Site, preferences: &Preferences, now: DateTime<Utc>) -> Sight {
        Sight::of(&self.burst, self.map.as_ref(), site, preferences, now)
    }

    /// How high it stands through the night.
    fn chart(&self, sight: &Sight) -> Option<String> {
        Some(altitude_chart(&AltitudeSpec {
            title: &self.burst.name(),
            target: self.burst.best.as_ref()?.position,
            observer: &sight.observer,
            limits: &sight.limits,
            now: Some(sight.at),
            zone: sight.site.time_zone,
        }))
    }
}

/// What can be seen of a burst from a place. Angles are degrees, without refraction.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Visibility)]
struct VisibilityJson {
    burst_id: i64,
    /// As of when.
    at: DateTime<Utc>,
    site: Option<NamedSite>,
    latitude: f64,
    longitude: f64,
    elevation_m: f64,
    time_zone: &'static str,
    verdict: Verdict,
    /// The answer in words; times by the clock of `time_zone`.
    answer: String,
    altitude: Option<f64>,
    /// From north through east.
    azimuth: Option<f64>,
    /// Null below the horizon.
    airmass: Option<f64>,
    /// Above the site's horizon.
    up: Option<bool>,
    /// The Sun is 12° below the horizon, or 6° for a caller who observes in twilight too.
    dark: Option<bool>,
    /// High enough for the caller, and dark.
    observable: Option<bool>,
    sun_altitude: Option<f64>,
    moon: Option<MoonJson>,
    rise: Option<DateTime<Utc>>,
    set: Option<DateTime<Utc>>,
    /// When it is highest next.
    culmination: Option<DateTime<Utc>>,
    culmination_altitude: Option<f64>,
    /// Of the night at hand, which lasts from noon to noon; once its dark is over, of the coming one.
    twilights: Option<TwilightsJson>,
    /// The longest stretch left in the night at hand in which it can be observed.
    window: Option<WindowJson>,
    /// The same for the night after.
    next_window: Option<WindowJson>,
    galactic_latitude: Option<f64>,
    constellation: Option<&'static str>,
    /// How much of its region can be observed now, and at one time or another from now to the end of the night; 0…1.
    share_observable: Option<f64>,
    share_observable_tonight: Option<f64>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct NamedSite {
    id: i64,
    name: String,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct MoonJson {
    altitude: f64,
    /// Lit part of the disc, 0…1.
    illuminated: f64,
    /// Distance from the burst.
    separation: f64,
    phase: &'static str,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct TwilightsJson {
    sunset: Option<DateTime<Utc>>,
    civil_dusk: Option<DateTime<Utc>>,
    nautical_dusk: Option<DateTime<Utc>>,
    astronomical_dusk: Option<DateTime<Utc>>,
    astronomical_dawn: Option<DateTime<Utc>>,
    nautical_dawn: Option<DateTime<Utc>>,
    civil_dawn: Option<DateTime<Utc>>,
    sunrise: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct WindowJson {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// When it is highest.
    best: DateTime<Utc>,
    altitude: f64,
    azimuth: f64,
    airmass: f64,
    moon_separation: f64,
}

impl VisibilityJson {
    fn new(burst: i64, sight: &Sight) -> Self {
        let place = &sight.site.place;
        let view = sight.seen.as_ref();
        let share = view.and_then(|view| view.share);
        Self {
            burst_id: burst,
            at: sight.at,
            site: (sight.site.id != 0).then(|| NamedSite {
                id: sight.site.id,
                name: sight.site.name.clone(),
            }),
            latitude: place.latitude,
            longitude: place.longitude,
            elevation_m: place.elevation,
            time_zone: sight.site.time_zone.name(),
            verdict: sight.outlook.verdict,
            answer: sight.outlook.answer.clone(),
            altitude: view.map(|view| view.altitude),
            azimuth: view.map(|view| view.azimuth),
            airmass: view.and_then(|view| view.airmass),
            up: view.map(|view| view.altitude > place.horizon.altitude(view.azimuth)),
            dark: view.map(|view| view.dark),
            observable: view.map(Visibility::observable),
            sun_altitude: view.map(|view| view.sun_altitude),
            moon: view.map(|view| MoonJson {
                altitude: view.moon.altitude,
                illuminated: view.moon.illuminated,
                separation: view.moon.separation,
                phase: view.moon.phase,
            }),
            rise: view.and_then(|view| view.rise),
            set: view.and_then(|view| view.set),
            culmination: view.map(|view| view.culmination),
            culmination_altitude: view.map(|view| view.culmination_altitude),
            twilights: view.map(|view| TwilightsJson::new(&view.night)),
            window: view
                .and_then(|view| view.window.as_ref())
                .map(WindowJson::new),
            next_window: view
                .and_then(|view| view.next_window.as_ref())
                .map(WindowJson::new),
            galactic_latitude: view.map(|view| view.galactic_latitude),
            constellation: view.map(|view| view.constellation.name),
            share_observable: share.map(|share| share.now),
            share_observable_tonight: share.map(|share| share.tonight),
        }
    }
}

impl TwilightsJson {
    fn new(night: &sky::Night) -> Self {
        Self {
            sunset: night.sunset,
            civil_dusk: night.civil.dusk,
            nautical_dusk: night.nautical.dusk,
            astronomical_dusk: night.astronomical.dusk,
            astronomical_dawn: night.astronomical.dawn,
            nautical_dawn: night.nautical.dawn,
            civil_dawn: night.civil.dawn,
            sunrise: night.sunrise,
        }
    }
}

impl WindowJson {
    fn new(window: &Window) -> Self {
        Self {
            from: window.from,
            to: window.to,
            best: window.best,
            altitude: window.altitude,
            azimuth: window.azimuth,
            airmass: window.airmass,
            moon_separation: window.moon_separation,
        }
    }
}

/// What can be seen of a burst, from `lat` and `lon` by anyone, from one of the caller's own sites by `site`.
///
/// A window wants a dark sky (the Sun 12° down) and the burst 20° up, or what the caller's preferences say.
#[utoipa::path(get, path = "/api/bursts/{id}/visibility", tag = "bursts", params(("id" = i64, Path), From), responses((status = 200, body = VisibilityJson), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn seen_from(
    State(app): State<App>,
    MaybeSignedIn(member): MaybeSignedIn,
    Path(id): Path<i64>,
    Query(from): Query<From>,
) -> Result<Json<VisibilityJson>> {
    let now = app.clock.now();
    let preferences = preferences(member.as_ref());
    let shown = move |conn: &Connection| {
        let target = Target::read(conn, id)?;
        let site = match (from.site, &member) {
            (Some(site), Some(member)) => sites::store::one(conn, member.id, site)?,
            (Some(_), None) => return Err(Error::NotFound("site")),
            (None, _) => from.place().map_err(Error::Invalid)?,
        };
        let sight = target.from(site, &preferences, now);
        Ok(VisibilityJson::new(id, &sight))
    };
    Ok(Json(app.db.read(shown).await?))
}

fn preferences(member: Option<&Member>) -> Preferences {
    member
        .map(|member| member.preferences.clone())
        .unwrap_or_default()
}

/// `/bursts/{id}/visibility`, whole or as a part of the burst's page.
#[derive(Template)]
#[template(path = "bursts/visibility_page.html")]
struct PartPage {
    viewer: Viewer,
    name: String,
    part: Part,
}

#[derive(Template)]
#[template(path = "bursts/visibility.html")]
struct Part {
    id: i64,
    /// With which this part asks for itself again.
    query: String,
    sites: Vec<Card>,
    signed_in: bool,
    /// What a visitor typed.
    coordinates: String,
    fault: Option<&'static str>,
}

struct Card {
    /// None: a place that somebody typed.
    id: Option<i64>,
    heading: String,
    outlook: Outlook,
    chart: Option<String>,
    clock: &'static str,
}

impl Card {
    fn state(&self) -> &'static str {
        match self.outlook.verdict {
            Verdict::Now => "yes",
            Verdict::Tonight => "later",
            _ => "no",
        }
    }
}

#[derive(Debug, Default, Deserialize)]
struct Typed {
    #[serde(default)]
    coordinates: String,
}

/// GET /bursts/{id}/visibility
async fn part(
    State(app): State<App>,
    viewer: Viewer,
    MaybeSignedIn(member): MaybeSignedIn,
    headers: HeaderMap,
    Path(id): Path<i64>,
    Query(typed): Query<Typed>,
) -> Result<Response> {
    let now = app.clock.now();
    let shown = move |conn: &Connection| {
        let target = Target::read(conn, id)?;
        let part = written(conn, &target, member.as_ref(), &typed, now)?;
        Ok((target.burst.name(), part))
    };
    let (name, part) = app.db.read(shown).await?;
    let mut answer = if headers.contains_key("hx-request") {
        Html(part).into_response()
    } else {
        Html(PartPage { viewer, name, part }).into_response()
    };
    // The same address gives a page or a part of one.
    let varies = HeaderValue::from_static("hx-request");
    answer.headers_mut().insert(header::VARY, varies);
    Ok(answer)
}

/// The part for whoever asks: the member's sites, or the coordinates that were typed.
fn written(
    conn: &Connection,
    target: &Target,
    member: Option<&Member>,
    typed: &Typed,
    now: DateTime<Utc>,
) -> Result<Part> {
    let text = typed.coordinates.trim();
    let read = place::coordinates(text);
    let places = match (read, member) {
        (Some((latitude, longitude)), _) => vec![anywhere(latitude, longitude, 0.0)],
        (None, Some(member)) => sites::store::of_member(conn, member.id)?,
        (None, None) => Vec::new(),
    };
    let preferences = preferences(member);
    let card = |(index, site): (usize, Site)| {
        let sight = target.from(site, &preferences, now);
        let chart = (index < MOST_CHARTS).then(|| target.chart(&sight));
        Card {
            id: Some(sight.site.id).filter(|id| *id != 0),
            heading: if sight.site.id == 0 {
                picture::reading(sight.site.place.latitude, sight.site.place.longitude)
            } else {
                sight.site.name.clone()
            },
            clock: sight.site.time_zone.name(),
            chart: chart.flatten(),
            outlook: sight.outlook,
        }
    };
    Ok(Part {
        id: target.burst.id,
        query: query(text),
        sites: places.into_iter().enumerate().map(card).collect(),
        signed_in: member.is_some(),
        coordinates: text.to_owned(),
        fault: (read.is_none() && !text.is_empty()).then_some(
            "This does not read as latitude and longitude. Try 43.95, 5.71 or 43°57′ N 5°42′ E.",
        ),
    })
}

fn query(coordinates: &str) -> String {
    if coordinates.is_empty() {
        return String::new();
    }
    format!("?coordinates={}", escaped(coordinates))
}
