//! The birthdays as a calendar that other programs subscribe to (iCalendar, RFC 5545).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use icalendar::{Calendar, Component as _, Event, EventLike as _, Property};
use sha2::{Digest as _, Sha256};

use super::days::Shown;
use super::store;
use crate::accounts;
use crate::alerts::unsubscribe;
use crate::platform::config::LeapDay;
use crate::platform::web::extract::Path;
use crate::platform::{App, Error, Result};

/// The year that every birthday begins in, whenever it was: a leap year, so that it has all days.
const SINCE: i32 = 2000;

/// How often programs are asked to look again.
const REFRESH: Duration = Duration::hours(12);

/// The address at which the member's calendar programs read. They send no cookies, so the address alone lets them in.
pub(super) async fn address(app: &App, member: i64) -> Result<String> {
    let turn = app.db.read(move |conn| store::turn(conn, member)).await?;
    let token = unsubscribe::sealed(app, &seal(turn), member).await?;
    let base = app.config.base_url();
    Ok(format!("{base}/birthdays/{turn}/{token}/birthdays.ics"))
}

/// What a token is sealed with: an older turn's opens nothing.
fn seal(turn: i64) -> String {
    format!("birthdays {turn}")
}

/// GET /birthdays/{turn}/{token}/birthdays.ics: the feed, while the member may enter; 304 to whoever has it already.
pub(super) async fn read(
    State(app): State<App>,
    Path((turn, token)): Path<(i64, String)>,
    headers: HeaderMap,
) -> Result<Response> {
    let reader = unsubscribe::reader(&app, &seal(turn), &token).await?;
    let shown = app.db.read(move |conn| {
        let may_enter = accounts::store::member(conn, reader)?.may_enter();
        let newest = store::turn(conn, reader)? == turn;
        match may_enter && newest {
            true => store::shown(conn),
            false => Err(Error::NotFound("calendar")),
        }
    });
    let shown = shown.await.map_err(|error| match error {
        Error::NotFound(_) => Error::NotFound("calendar"),
        other => other,
    })?;
    let writer = Writer::of(&app);
    let tag = tag(&writer.text(&shown, DateTime::UNIX_EPOCH));
    let known = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, "private, no-cache".into()),
    ];
    if has(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, known).into_response());
    }
    let kind = [(header::CONTENT_TYPE, "text/calendar; charset=utf-8")];
    Ok((known, kind, writer.text(&shown, app.clock.now())).into_response())
}

/// A weak tag: the same for as long as the feed says the same, whenever it was written.
fn tag(text: &str) -> String {
    format!("W/\"{}\"", hex::encode(&Sha256::digest(text)[..12]))
}

/// Whether the one who asks has what `tag` names (If-None-Match, RFC 9110 §13.1.2).
fn has(headers: &HeaderMap, tag: &str) -> bool {
    let given = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = given
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let plain = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    tags.any(|given| given.trim() == "*" || plain(given) == plain(tag))
}

/// What the feed needs to know besides the birthdays.
struct Writer {
    club: String,
    /// The name of the host, which makes the events' names the only ones in the world.
    host: String,
    leap: LeapDay,
}

impl Writer {
    fn of(app: &App) -> Self {
        let base = app.config.base_url();
        let host = base.split("://").last().unwrap_or_default();
        Self {
            club: app.config.club_name.clone(),
            host: host.split('/').next().unwrap_or_default().into(),
            leap: app.config.leap_day,
        }
    }

    /// The whole feed, as written at `stamp`.
    fn text(&self, shown: &[Shown], stamp: DateTime<Utc>) -> String {
        let name = one_line(&format!("{}: birthdays", self.club));
        let mut calendar = Calendar::empty();
        calendar
            .append_property(("VERSION", "2.0"))
            .append_property(("PRODID", "-//grb-app//Birthdays//EN"))
            .append_property(("CALSCALE", "GREGORIAN"))
            .append_property(
                Property::new("NAME", name.as_str())
                    .add_parameter("VALUE", "TEXT")
                    .done(),
            )
            .append_property(("X-WR-CALNAME", name.as_str()))
            .ttl(&REFRESH);
        calendar.extend(shown.iter().map(|one| self.event(one, stamp)));
        calendar.to_string()
    }

    fn event(&self, shown: &Shown, stamp: DateTime<Utc>) -> Event {
        let first = shown.birthday.in_year(SINCE, self.leap);
        Event::new()
            .uid(&format!("birthday-{}@{}", shown.member, self.host))
            .timestamp(stamp)
            .starts(first)
            .ends(first + Duration::days(1))
            .summary(&one_line(&format!("{}’s birthday", shown.name)))
            .add_property("RRULE", rule(first, self.leap))
            .add_property("TRANSP", "TRANSPARENT")
            .done()
    }
}

/// Every year; and 29 February in common years as the club keeps it, as the last day of the month or as the 60th of the year.
fn rule(first: NaiveDate, leap: LeapDay) -> &'static str {
    match (first.format("%m-%d").to_string().as_str(), leap) {
        ("02-29", LeapDay::February28) => "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1",
        ("02-29", LeapDay::March1) => "FREQ=YEARLY;BYYEARDAY=60",
        _ => "FREQ=YEARLY",
    }
}

/// Without what would end a line: the format knows no other control characters than its own.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}
