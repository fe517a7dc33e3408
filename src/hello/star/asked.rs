//! What is asked about a birthday star: the date of birth, and the place from which the star is looked for.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use rusqlite::Connection;
use serde::Deserialize;

use super::choice;
use crate::accounts::sites::{self, Site, picture};
use crate::accounts::{Member, Site as Own};
use crate::platform::Result;
use crate::platform::error::FieldFault;
use crate::platform::web::form::Faults;
use crate::sky::place;

/// A date, and a place in one of three ways.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
pub(super) struct Asked {
    /// Date of birth, `YYYY-MM-DD`, from 1900 on.
    #[param(required = true, format = Date, example = "1990-05-17")]
    pub born: String,
    /// Geodetic latitude, deg, or text in any usual notation.
    pub lat: String,
    /// Longitude, deg, east positive, or text in any usual notation.
    pub lon: String,
    /// Both in one, such as `43.95, 5.71`.
    pub coordinates: String,
    /// Whose clock is to be shown for coordinates, such as `Europe/Paris`; the club's unless given.
    pub time_zone: String,
    /// Id of one of the caller's own sites, instead of coordinates; their first unless given.
    #[param(value_type = i64, required = false)]
    pub site: Option<i64>,
}

impl Asked {
    /// The date, where one is given.
    pub(super) fn born(&self, faults: &mut Faults, now: DateTime<Utc>) -> Option<NaiveDate> {
        let text = self.born.trim();
        let given = (!text.is_empty()).then(|| choice::born(text, now))?;
        faults.take("born", given)
    }

    /// The place that was typed, if any: open to the horizon.
    pub(super) fn place(&self, faults: &mut Faults, club: Tz) -> Option<Site> {
        let zone = match self.time_zone.trim() {
            "" => Ok(club),
            name => name
                .parse()
                .map_err(|_| "is the name of no time zone, such as Europe/Paris".to_owned()),
        };
        let zone = faults.take("time_zone", zone).unwrap_or(club);
        let typed = self.coordinates.trim();
        if !typed.is_empty() {
            let read = place::coordinates(typed).ok_or_else(|| {
                "does not read as latitude and longitude; try 43.95, 5.71 or 43°57′ N 5°42′ E"
                    .to_owned()
            });
            return faults
                .take("coordinates", read)
                .map(|at| anywhere(at, zone));
        }
        if self.lat.trim().is_empty() && self.lon.trim().is_empty() {
            return None;
        }
        let latitude = place::latitude(&self.lat)
            .ok_or_else(|| "must be a latitude from −90° to 90°".to_owned());
        let longitude = place::longitude(&self.lon)
            .ok_or_else(|| "must be a longitude from −180° to 180°, east positive".to_owned());
        let (latitude, longitude) = (faults.take("lat", latitude), faults.take("lon", longitude));
        Some(anywhere((latitude?, longitude?), zone))
    }

    /// What of it says where, as the query of an address goes on.
    pub(super) fn where_from(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("coordinates", self.coordinates.trim()),
            ("lat", self.lat.trim()),
            ("lon", self.lon.trim()),
            ("time_zone", self.time_zone.trim()),
        ];
        all.into_iter()
            .filter(|(_, text)| !text.is_empty())
            .collect()
    }
}

/// The sites of whoever asks, and which of them is meant.
pub(super) fn own_site(
    conn: &Connection,
    member: Option<&Member>,
    wanted: Option<i64>,
) -> Result<(Vec<Own>, Option<Own>)> {
    let Some(member) = member else {
        return Ok((Vec::new(), None));
    };
    let all = sites::store::of_member(conn, member.id)?;
    let meant = match wanted {
        Some(id) => Some(sites::store::one(conn, member.id, id)?),
        None => all.first().cloned(),
    };
    Ok((all, meant))
}

/// A place that is nobody's site.
fn anywhere((latitude, longitude): (f64, f64), zone: Tz) -> Site {
    let mut site = Site::unknown(0, zone);
    site.name = picture::reading(latitude, longitude);
    site.place.latitude = latitude;
    site.place.longitude = longitude;
    site
}

/// The faults, with what people read in a sentence.
pub(super) fn all(faults: Faults) -> Vec<FieldFault> {
    faults.checked(()).err().unwrap_or_default()
}
