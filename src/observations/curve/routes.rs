//! The light curve as a page of its own, as JSON and as SVG.

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::axes::Scale;
use super::points::{Band, Curve, Observer, Point, Value};
use super::{Part, Size, drawing, words};
use crate::bursts::{self, Burst};
use crate::observations::store;
use crate::platform::web::extract::{Json, Path, Query};
use crate::platform::web::problem::Problem;
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Error, Result};

pub(in crate::observations) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(light_curve))
        .routes(routes!(svg))
        .route("/bursts/{id}/light-curve", get(page))
}

/// How a burst's brightness changed, from all members' observations.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LightCurve)]
struct CurveJson {
    burst_id: i64,
    name: String,
    trigger_time: Option<DateTime<Utc>>,
    /// Seconds count from here: the trigger, or the start of the first exposure where that is not known. Null without points.
    origin: Option<DateTime<Utc>>,
    /// The axis that shows every point best: `log` or `linear`.
    scale: &'static str,
    /// Whether a logarithmic axis can be had.
    log: bool,
    time_axis: &'static str,
    magnitude_axis: String,
    /// From blue to red.
    filters: Vec<FilterJson>,
    observers: Vec<ObserverJson>,
    /// By time.
    points: Vec<PointJson>,
    /// The first detection after the trigger: a line of F ∝ t^−1 goes through it.
    guide: Option<ThroughJson>,
    fits: Vec<FitJson>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LightCurveFilter)]
struct FilterJson {
    label: String,
    /// blue, green, red, infrared, clear
    colour: &'static str,
    /// SVG path data of its mark, about one unit in each direction.
    mark: &'static str,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LightCurveObserver)]
struct ObserverJson {
    name: String,
    /// How the marks are filled: solid, hollow, dotted, barred
    style: &'static str,
}

/// Either a magnitude or a limit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LightCurvePoint)]
struct PointJson {
    observation_id: i64,
    /// Index in `filters`.
    filter: usize,
    /// Index in `observers`.
    observer: usize,
    instrument: String,
    /// The middle of the exposure.
    time: DateTime<Utc>,
    /// The same from the origin.
    seconds: f64,
    half_exposure_s: f64,
    magnitude: Option<f64>,
    /// One standard deviation.
    error: Option<f64>,
    /// Nothing was seen down to this magnitude.
    limit: Option<f64>,
    magnitude_system: Option<String>,
    /// All of it in words.
    words: String,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LightCurveThrough)]
struct ThroughJson {
    seconds: f64,
    magnitude: f64,
}

/// F ∝ t^−α by weighted least squares of magnitude against the logarithm of time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LightCurveFit)]
struct FitJson {
    /// Index in `filters`.
    filter: usize,
    alpha: f64,
    /// One standard deviation, grown by √(χ²/ν) if that is above 1. An error that was not given counts as 0.1 mag.
    alpha_error: f64,
    reduced_chi2: f64,
    detections: usize,
    /// A point of the line.
    through: ThroughJson,
    from_s: f64,
    to_s: f64,
    /// False where χ²/ν is above 9 or the error above 0.5: the points follow no single power law.
    sound: bool,
    words: String,
}

impl CurveJson {
    fn new(burst: &Burst, curve: Option<&Curve>) -> Self {
        let through = |(seconds, magnitude)| ThroughJson { seconds, magnitude };
        let fits = |curve: &Curve| {
            let fit = |fit: &super::fit::Fit| FitJson {
                filter: fit.band,
                alpha: fit.alpha,
                alpha_error: fit.error,
                reduced_chi2: fit.chi2,
                detections: fit.detections,
                through: through(fit.through),
                from_s: fit.span.0,
                to_s: fit.span.1,
                sound: fit.sound,
                words: words::slope(fit),
            };
            curve.fits.iter().map(fit).collect::<Vec<_>>()
        };
        Self {
            burst_id: burst.id,
            name: burst.name(),
            trigger_time: burst.trigger_time,
            origin: curve.map(|curve| curve.origin),
            scale: curve.map_or(Scale::Log, Curve::default_scale).as_str(),
            log: curve.is_some_and(Curve::has_log),
            time_axis: curve.map_or("", words::time_axis),
            magnitude_axis: curve.map_or_else(String::new, words::magnitude_axis),
            filters: curve
                .iter()
                .flat_map(|curve| &curve.bands)
                .map(FilterJson::from)
                .collect(),
            observers: curve
                .iter()
                .flat_map(|curve| &curve.observers)
                .map(ObserverJson::from)
                .collect(),
            points: curve
                .iter()
                .flat_map(|curve| {
                    curve
                        .points
                        .iter()
                        .map(|point| PointJson::new(curve, point))
                })
                .collect(),
            guide: curve.and_then(Curve::guide).map(through),
            fits: curve.map(fits).unwrap_or_default(),
        }
    }
}

impl From<&Band> for FilterJson {
    fn from(band: &Band) -> Self {
        Self {
            label: words::filter(&band.label),
            colour: band.colour.as_str(),
            mark: band.shape.path(),
        }
    }
}

impl From<&Observer> for ObserverJson {
    fn from(observer: &Observer) -> Self {
        Self {
            name: observer.name.clone(),
            style: observer.style.as_str(),
        }
    }
}

impl PointJson {
    fn new(curve: &Curve, point: &Point) -> Self {
        let (magnitude, error, limit) = match point.value {
            Value::Seen(magnitude, error) => (Some(magnitude), error, None),
            Value::Limit(limit) => (None, None, Some(limit)),
        };
        Self {
            observation_id: point.observation,
            filter: point.band,
            observer: point.observer,
            instrument: point.instrument.clone(),
            time: point.at,
            seconds: point.seconds,
            half_exposure_s: point.half_exposure,
            magnitude,
            error,
            limit,
            magnitude_system: point.system.clone(),
            words: words::point(curve, point),
        }
    }
}

/// A burst's light curve: every shown observation with a magnitude or a limit.
#[utoipa::path(get, path = "/api/bursts/{id}/light-curve", tag = "observations", params(("id" = i64, Path)), responses((status = 200, body = CurveJson), (status = 404, body = Problem)))]
async fn light_curve(State(app): State<App>, Path(id): Path<i64>) -> Result<impl IntoResponse> {
    let (burst, curve) = read(&app, id).await?;
    let json = CurveJson::new(&burst, curve.as_ref());
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(json)))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct Asked {
    /// Of the time axis: `log` or `linear`; what shows every point unless given.
    #[param(value_type = String, pattern = "^(log|linear)$", required = false)]
    scale: Option<String>,
}

/// A burst's light curve, SVG.
#[utoipa::path(get, path = "/api/bursts/{id}/light-curve.svg", tag = "observations", params(("id" = i64, Path), Asked), responses((status = 200, content_type = "image/svg+xml", body = String), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn svg(
    State(app): State<App>,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Result<impl IntoResponse> {
    let scale = match asked.scale.as_deref() {
        None | Some("") => None,
        Some(text) => Some(
            Scale::parse(text).ok_or_else(|| Error::invalid("scale", "must be log or linear"))?,
        ),
    };
    let (_, curve) = read(&app, id).await?;
    let curve = curve.ok_or(Error::NotFound("magnitude or limit of this burst"))?;
    let scale = scale.unwrap_or_else(|| curve.default_scale());
    Ok((
        [
            (header::CONTENT_TYPE, "image/svg+xml"),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        drawing(&curve, scale, Size::Wide),
    ))
}

#[derive(Template)]
#[template(path = "observations/curve/page.html")]
struct Page {
    viewer: Viewer,
    burst_id: i64,
    name: String,
    part: Option<String>,
    /// Head of the column of times.
    since: &'static str,
    rows: Vec<Row>,
}

struct Row {
    id: i64,
    after: String,
    at: String,
    exposure: String,
    filter: String,
    magnitude: String,
    system: String,
    observer: String,
    instrument: String,
}

impl Row {
    fn new(curve: &Curve, point: &Point) -> Self {
        let exposure = 2.0 * point.half_exposure;
        Self {
            id: point.observation,
            after: match curve.trigger {
                Some(_) => words::time(curve, point),
                None => format!("+{} s", point.seconds.round()),
            },
            at: point.at.format("%Y-%m-%d %H:%M:%S").to_string(),
            exposure: if exposure > 0.0 {
                format!("{exposure:.0} s")
            } else {
                "—".to_owned()
            },
            filter: words::filter(&curve.band(point).label),
            magnitude: words::magnitude(point.value),
            system: point.system.clone().unwrap_or_else(|| "—".to_owned()),
            observer: curve.observer(point).name.clone(),
            instrument: point.instrument.clone(),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Chosen {
    curve: Option<String>,
}

/// GET /bursts/{id}/light-curve
async fn page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<i64>,
    Query(chosen): Query<Chosen>,
) -> Result<Html<Page>> {
    let (burst, curve) = read(&app, id).await?;
    let chosen = chosen.curve.as_deref().and_then(Scale::parse);
    let part = curve.as_ref().and_then(|curve| {
        let scale = chosen.unwrap_or_else(|| curve.default_scale());
        Part::new(curve, curve.possible(scale)).render().ok()
    });
    let rows = curve
        .iter()
        .flat_map(|curve| curve.points.iter().map(|point| Row::new(curve, point)));
    Ok(Html(Page {
        viewer,
        burst_id: id,
        name: burst.name(),
        part,
        since: match burst.trigger_time {
            Some(_) => "After the trigger",
            None => "After the first exposure began",
        },
        rows: rows.collect(),
    }))
}

async fn read(app: &App, id: i64) -> Result<(Burst, Option<Curve>)> {
    app.db
        .read(move |conn| {
            let burst = bursts::store::burst(conn, id)?;
            let curve = Curve::of(&burst, &store::shown(conn, id)?);
            Ok((burst, curve))
        })
        .await
}
