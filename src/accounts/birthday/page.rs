//! The birthday on the account's page.

use std::ops::RangeInclusive;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use chrono::{Datelike as _, Month, NaiveDate};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;

use super::{Birthday, digits, today, within_a_life};
use crate::accounts::account::{Refused, laid_out};
use crate::accounts::pages::refused;
use crate::accounts::people::{self, Moment};
use crate::accounts::sessions::Caller;
use crate::accounts::{Member, store};
use crate::platform::error::FieldFault;
use crate::platform::web::Viewer;
use crate::platform::web::extract::Form;
use crate::platform::web::form::{Faults, sentence};
use crate::platform::{App, Result};

pub(in crate::accounts) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/account/birthday", post(change))
}

/// The part of the page.
#[derive(Template)]
#[template(path = "accounts/birthday/section.html")]
pub(in crate::accounts) struct Section {
    typed: Typed,
    faults: Vec<FieldFault>,
    /// What is kept of the birthday.
    kept: Option<Birthday>,
}

/// What the form holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Typed {
    day: String,
    month: String,
    year: String,
    shown: String,
    letter: String,
    /// By its button.
    forget: String,
}

impl Section {
    /// As it is kept.
    pub(in crate::accounts) fn of(member: &Member) -> Self {
        let box_of = |ticked: bool| if ticked { "yes" } else { "" }.to_owned();
        let kept = member.birthday;
        let number =
            |part: fn(Birthday) -> u32| kept.map(|kept| part(kept).to_string()).unwrap_or_default();
        let born = kept.and_then(Birthday::born);
        Self {
            typed: Typed {
                day: number(Birthday::day),
                month: number(Birthday::month),
                year: born.map(|born| born.year().to_string()).unwrap_or_default(),
                shown: box_of(member.birthday_shown),
                letter: box_of(member.birthday_letter),
                forget: String::new(),
            },
            faults: Vec::new(),
            kept,
        }
    }

    /// The months: number, name, and whether it is the one.
    fn months(&self) -> Vec<(u8, &'static str, bool)> {
        let month = |number: u8| {
            let chosen = self.typed.month.trim() == number.to_string();
            Some((number, Month::try_from(number).ok()?.name(), chosen))
        };
        (1..=12).filter_map(month).collect()
    }

    fn fault(&self, field: &str) -> Option<String> {
        let fault = self.faults.iter().find(|fault| fault.field == field)?;
        Some(sentence(&fault.message))
    }

    /// The day of birth, where it is known.
    fn born(&self) -> Option<NaiveDate> {
        self.kept?.born()
    }
}

impl Typed {
    /// The birthday, or none where nothing is typed; else what is wrong.
    fn birthday(&self, today: NaiveDate) -> Result<Option<Birthday>, Vec<FieldFault>> {
        let texts = [&self.day, &self.month, &self.year].map(|text| text.trim());
        let [day, month, year] = texts;
        if texts.iter().all(|text| text.is_empty()) {
            return Ok(None);
        }
        let mut faults = Faults::default();
        let day = number(day, 1..=31).ok_or("the day must be a number from 1 to 31".into());
        let month = number(month, 1..=12).ok_or("choose a month".into());
        let (day, month) = (faults.take("day", day), faults.take("month", month));
        let year = Some(year).filter(|year| !year.is_empty()).map(|year| {
            digits::<i32>(year, 4).ok_or("the year must have four digits, such as 1990".into())
        });
        let year = faults.take("year", year.transpose()).flatten();
        let (Some(day), Some(month)) = (day, month) else {
            return faults.checked(None);
        };
        let Some(birthday) = Birthday::new(year, month, day) else {
            faults.add("day", no_such_day(day, month, year));
            return faults.checked(None);
        };
        let birthday = faults.take("year", within_a_life(birthday, today));
        faults.checked(birthday)
    }
}

fn number(text: &str, range: RangeInclusive<u32>) -> Option<u32> {
    text.parse().ok().filter(|number| range.contains(number))
}

/// Why the calendar has no such day.
fn no_such_day(day: u32, month: u32, year: Option<i32>) -> String {
    let month = u8::try_from(month).ok();
    let month = month.and_then(|month| Month::try_from(month).ok());
    let month = month.map_or("the month", |month| month.name());
    match year {
        Some(year) if (day, month) == (29, "February") => {
            format!("{year} had no 29 February")
        }
        _ => format!("{month} has no day {day}"),
    }
}

/// POST /account/birthday
async fn change(
    State(app): State<App>,
    viewer: Viewer,
    caller: Caller,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let forget = !typed.forget.is_empty();
    let birthday = match typed.birthday(today(&app)) {
        _ if forget => None,
        Ok(birthday) => birthday,
        Err(faults) => {
            let kept = caller.member.birthday;
            let mut page = laid_out(&app, viewer, caller, &Refused::default()).await?;
            page.birthday = Section {
                typed,
                faults,
                kept,
            };
            return Ok(refused(page));
        }
    };
    let (at, bus, id) = (Moment::of(&app), app.bus.clone(), caller.member.id);
    let saved = app.db.write(move |tx| {
        let member = Member {
            birthday,
            // Consent is to showing this birthday, and goes with it.
            birthday_shown: birthday.is_some() && !typed.shown.is_empty(),
            birthday_letter: birthday.is_none() || !typed.letter.is_empty(),
            ..store::member(tx, id)?
        };
        people::save(tx, &bus, at, &member)
    });
    saved.await?;
    let said = match birthday {
        Some(_) => "birthday",
        None => "forgotten",
    };
    Ok(Redirect::to(&format!("/account?said={said}")).into_response())
}
