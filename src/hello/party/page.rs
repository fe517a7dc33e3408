//! The page of birthdays, and the same as JSON: for members only.

use askama::Template;
use axum::extract::State;
use axum::response::Redirect;
use chrono::{Datelike as _, NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};

use super::days::{self, Coming, WEEK};
use super::{feed, store};
use crate::accounts::birthday::today;
use crate::accounts::{Member, SignedIn};
use crate::platform::web::extract::{Json, Query};
use crate::platform::web::problem::Problem;
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Result};

#[derive(Template)]
#[template(path = "hello/party/birthdays.html")]
pub(super) struct Page {
    viewer: Viewer,
    /// `Saturday 21 November`.
    today: String,
    /// The club's time zone.
    zone: &'static str,
    /// Whose birthday it is today.
    sentence: Option<String>,
    /// Nobody shows theirs.
    empty: bool,
    week: Vec<Row>,
    /// The last day of the week at hand.
    until: String,
    later: Vec<Month>,
    own: Own,
    /// The feed's address, and the same as calendar programs are opened with.
    feed: String,
    webcal: String,
    renewed: bool,
}

/// One member's birthday.
struct Row {
    name: String,
    /// 2026-11-21
    on: String,
    weekday: String,
    /// `21 November`; `21` in a list that has its month as a heading.
    date: String,
    number: String,
    when: String,
    moved: Option<&'static str>,
    today: bool,
    own: bool,
}

/// Birthdays of a month after this week.
struct Month {
    name: String,
    rows: Vec<Row>,
}

/// The reader's own birthday: what others see of it, and what can be done about that.
struct Own {
    said: String,
    way: &'static str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Way {
    said: String,
}

/// GET /birthdays
pub(super) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    SignedIn(member): SignedIn,
    Query(way): Query<Way>,
) -> Result<Html<Page>> {
    let (today, coming) = (today(&app), coming(&app).await?);
    let (week, later) = coming.split_at(coming.partition_point(|one| one.days < WEEK));
    let feed = feed::address(&app, member.id).await?;
    Ok(Html(Page {
        viewer,
        today: long(today),
        zone: app.config.time_zone.name(),
        sentence: days::today(&coming, member.id),
        empty: coming.is_empty(),
        week: week.iter().map(|one| Row::new(one, member.id)).collect(),
        until: long(today + TimeDelta::days(WEEK - 1)),
        later: months(later, today, member.id),
        own: Own::of(&member),
        webcal: feed
            .split_once("://")
            .map_or_else(String::new, |(_, rest)| format!("webcal://{rest}")),
        feed,
        renewed: way.said == "renewed",
    }))
}

/// POST /birthdays/renew: another address for the member's calendar; the one before opens nothing any more.
pub(super) async fn renew(State(app): State<App>, SignedIn(member): SignedIn) -> Result<Redirect> {
    app.db.write(move |tx| store::renew(tx, member.id)).await?;
    Ok(Redirect::to("/birthdays?said=renewed#calendar"))
}

/// Birthdays, the next first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Birthdays)]
pub(super) struct BirthdaysJson {
    /// The date by the club's clock
    today: NaiveDate,
    items: Vec<BirthdayJson>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ComingBirthday)]
struct BirthdayJson {
    name: String,
    /// `--05-17`
    month_day: String,
    /// When it is kept next
    on: NaiveDate,
    /// Days until then, 0 today
    days: i64,
}

/// The birthdays of members who show theirs, the next first; never the year.
#[utoipa::path(get, path = "/api/birthdays", tag = "members", responses((status = 200, body = BirthdaysJson), (status = 401, body = Problem)))]
pub(super) async fn list(State(app): State<App>, _reader: SignedIn) -> Result<Json<BirthdaysJson>> {
    let items = coming(&app).await?.into_iter().map(|one| BirthdayJson {
        month_day: one.shown.birthday.to_string(),
        name: one.shown.name,
        on: one.on,
        days: one.days,
    });
    Ok(Json(BirthdaysJson {
        today: today(&app),
        items: items.collect(),
    }))
}

async fn coming(app: &App) -> Result<Vec<Coming>> {
    let shown = app.db.read(store::shown).await?;
    Ok(days::coming(shown, today(app), app.config.leap_day))
}

impl Row {
    fn new(one: &Coming, own: i64) -> Self {
        Self {
            name: one.shown.name.clone(),
            on: one.on.to_string(),
            weekday: one.on.format("%A").to_string(),
            date: one.on.format("%-d %B").to_string(),
            number: one.on.format("%-d").to_string(),
            when: one.when(),
            moved: one.moved(),
            today: one.days == 0,
            own: one.shown.member == own,
        }
    }
}

/// By month, in their order; the first of another year says which.
fn months(coming: &[Coming], today: NaiveDate, own: i64) -> Vec<Month> {
    let month = |one: &Coming| one.on.format("%Y-%m").to_string();
    let mut year = today.year();
    let mut name = |on: NaiveDate| {
        let another = std::mem::replace(&mut year, on.year()) != on.year();
        let form = if another { "%B %Y" } else { "%B" };
        on.format(form).to_string()
    };
    coming
        .chunk_by(|one, next| month(one) == month(next))
        .map(|rows| Month {
            name: name(rows[0].on),
            rows: rows.iter().map(|one| Row::new(one, own)).collect(),
        })
        .collect()
}

impl Own {
    fn of(member: &Member) -> Self {
        let (said, way) = match (member.birthday, member.birthday_shown) {
            (None, _) => (
                "You have not entered yours.".to_owned(),
                "Enter it in your account",
            ),
            (Some(birthday), false) => (
                format!("Yours, {}, is seen by nobody here.", days::day(birthday)),
                "Show it to members",
            ),
            (Some(birthday), true) => (
                format!(
                    "Members see yours, {}, and never the year.",
                    days::day(birthday)
                ),
                "Stop showing it",
            ),
        };
        Self { said, way }
    }
}

/// `Saturday 21 November`.
fn long(date: NaiveDate) -> String {
    date.format("%A %-d %B").to_string()
}
