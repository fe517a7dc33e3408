//! What a request of the hello API says, checked: every faulty field at once.

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::LARGEST;
use super::name::Name;
use crate::accounts::birthday::date_of_birth;
use crate::platform::web::extract::{Json, Path, Query};
use crate::platform::web::form::Faults;
use crate::platform::{App, Error, Result};

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Whose today counts, such as Europe/Madrid; the club's unless given
    #[param(value_type = String, required = false)]
    time_zone: Option<String>,
}

/// What is put under a name. Anything else in it is passed over.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "only the API's description needs it")]
pub(super) struct Born {
    /// Before today, and not before 1900-01-01
    #[schema(format = Date, examples("1990-05-17"))]
    date_of_birth: String,
}

pub(super) fn name(faults: &mut Faults, given: Result<Path<String>>) -> Option<Name> {
    // What is no text in UTF-8 is no letters either.
    let text = given.map_or_else(|_| String::new(), |Path(text)| text);
    faults.take("username", Name::parse(&text))
}

pub(super) fn zone(
    faults: &mut Faults,
    given: Result<Query<Asked>>,
    app: &App,
) -> Result<Option<Tz>> {
    let Some(Query(asked)) = also(faults, given)? else {
        return Ok(None);
    };
    let zone = asked.time_zone.map_or(Ok(app.config.time_zone), |text| {
        text.parse()
            .map_err(|_| "is the name of no time zone, such as Europe/Madrid".to_owned())
    });
    Ok(faults.take("time_zone", zone))
}

pub(super) fn born(
    faults: &mut Faults,
    given: Result<Json<Map<String, Value>>>,
) -> Result<Option<NaiveDate>> {
    let given = given.map_err(|error| match error {
        Error::TooLarge { .. } => Error::TooLarge { limit: LARGEST },
        other => other,
    });
    let Some(Json(body)) = also(faults, given)? else {
        return Ok(None);
    };
    let born = match body.get("dateOfBirth") {
        None => Err("is needed".to_owned()),
        Some(value) => date_of_birth(value.as_str().unwrap_or_default()),
    };
    Ok(faults.take("dateOfBirth", born))
}

/// What was given; what is wrong with it is added to the faults, and what makes the rest pointless is passed on.
fn also<T>(faults: &mut Faults, given: Result<T>) -> Result<Option<T>> {
    match given {
        Ok(given) => Ok(Some(given)),
        Err(Error::Invalid(found)) => {
            for fault in found {
                faults.add(&fault.field, fault.message);
            }
            Ok(None)
        }
        Err(other) => Err(other),
    }
}
