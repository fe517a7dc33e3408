//! `/hello/{username}`: a date of birth kept under a name, and how many days there are until the next birthday.

mod input;
mod local;
mod memory;
mod name;
mod store;
#[cfg(test)]
mod tests;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::Birthday;
use crate::platform::config::LeapDay;
use crate::platform::web::extract::{Json, Path, Query};
use crate::platform::web::form::Faults;
use crate::platform::web::problem::Problem;
use crate::platform::{App, Error, Result};
use input::{Asked, Born};

pub use local::local_routes;

/// The largest body, bytes.
const LARGEST: usize = 4096;

/// The words for a name that nobody has stored.
const NOT_FOUND: Error = Error::Unknown("User not found");

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(put))
        .layer(DefaultBodyLimit::max(LARGEST))
        .routes(routes!(get))
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Greeting {
    #[schema(examples("Hello, Pepe! Your birthday is in 5 day(s)"))]
    message: String,
}

/// Keeps a date of birth under a name, instead of what was there. Large and small letters make no difference.
#[utoipa::path(put, path = "/hello/{username}", tag = "hello",
    params(("username" = String, Path, description = "1 to 255 letters from A to Z"), Asked), request_body = Born,
    responses((status = 204), (status = 400, description = "The date is not in the past", body = Problem), (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
async fn put(
    State(app): State<App>,
    name: Result<Path<String>>,
    asked: Result<Query<Asked>>,
    body: Result<Json<Map<String, Value>>>,
) -> Result<StatusCode> {
    let kept = keep(&app, name, asked, body).await;
    count("PUT", &kept);
    kept.map(|()| StatusCode::NO_CONTENT)
}

/// Greets whoever was stored under a name, and says how many days there are until the next birthday.
#[utoipa::path(get, path = "/hello/{username}", tag = "hello",
    params(("username" = String, Path, description = "1 to 255 letters from A to Z"), Asked),
    responses((status = 200, body = Greeting), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn get(
    State(app): State<App>,
    name: Result<Path<String>>,
    asked: Result<Query<Asked>>,
) -> Result<Json<Greeting>> {
    let greeting = greet(&app, name, asked).await;
    count("GET", &greeting);
    greeting.map(|message| Json(Greeting { message }))
}

async fn keep(
    app: &App,
    name: Result<Path<String>>,
    asked: Result<Query<Asked>>,
    body: Result<Json<Map<String, Value>>>,
) -> Result<()> {
    let mut faults = Faults::default();
    let name = input::name(&mut faults, name);
    let zone = input::zone(&mut faults, asked, app)?;
    let born = input::born(&mut faults, body)?;
    faults.done()?;
    let (Some(name), Some(zone), Some(born)) = (name, zone, born) else {
        return Err(anyhow::anyhow!("a fault was not counted").into());
    };
    if born >= today_in(zone, app.clock.now()) {
        return Err(Error::Refused("Date of birth must be in the past"));
    }
    memory::keep(app, name, born).await
}

async fn greet(
    app: &App,
    name: Result<Path<String>>,
    asked: Result<Query<Asked>>,
) -> Result<String> {
    let mut faults = Faults::default();
    let name = input::name(&mut faults, name);
    let zone = input::zone(&mut faults, asked, app)?;
    faults.done()?;
    let (Some(name), Some(zone)) = (name, zone) else {
        return Err(anyhow::anyhow!("a fault was not counted").into());
    };
    let shown = name.shown();
    let born = memory::born(app, name).await?.ok_or(NOT_FOUND)?;
    let today = today_in(zone, app.clock.now());
    Ok(words(&shown, born, today, app.config.leap_day))
}

fn today_in(zone: Tz, now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&zone).date_naive()
}

fn words(name: &str, born: NaiveDate, today: NaiveDate, leap_day: LeapDay) -> String {
    match Birthday::from(born).days_until(today, leap_day) {
        0 => format!("Hello, {name}! Happy birthday!"),
        days => format!("Hello, {name}! Your birthday is in {days} day(s)"),
    }
}

/// What is counted of the names.
pub fn describe() {
    metrics::describe_counter!(
        "grb_hello_requests_total",
        "Requests of the hello API, by method and outcome"
    );
}

/// Counts a request by what came of it: ok, unknown, refused for its input, failed on our side.
fn count<T>(method: &'static str, answer: &Result<T>) {
    let outcome = match answer {
        Ok(_) => "ok",
        Err(Error::Unknown(_)) => "unknown",
        Err(error) if error.status().is_client_error() => "refused",
        Err(_) => "failed",
    };
    metrics::counter!("grb_hello_requests_total", "method" => method, "outcome" => outcome)
        .increment(1);
}
