//! What members write about a site, checked: every field that cannot be used is named at once.

use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::Value;

use super::model::{Delivery, Site, Telescope};
use crate::accounts::fields::{number, words};
use crate::platform::error::FieldFault;
use crate::platform::web::form::Faults;
use crate::sky::{Horizon, place};

/// Telescopes that one site may have.
pub const MOST_TELESCOPES: usize = 20;

/// What may be said of a site. Nothing is required where a site is changed; a new one needs its name and its place.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(as = SiteInput)]
pub struct Given {
    /// 1 to 80 characters.
    #[schema(value_type = Option<String>, examples("Pic du Midi"))]
    pub name: Option<Value>,
    /// Geodetic (WGS84), deg from −90 to 90, or text in any usual notation: `43°57′N`.
    #[schema(value_type = Option<f64>, examples(43.95))]
    pub latitude: Option<Value>,
    /// East positive, deg from −180 to 180, or text in any usual notation: `5 42 36 E`.
    #[schema(value_type = Option<f64>, examples(5.71))]
    pub longitude: Option<Value>,
    /// Above the ellipsoid, m; 0 unless given.
    #[schema(value_type = Option<f64>)]
    pub elevation_m: Option<Value>,
    /// `[[azimuth, altitude], …]`, deg, azimuth from north through east; or the text of a N.I.N.A. `.hrz` file. This or `min_altitude`.
    #[schema(value_type = Option<Vec<(f64, f64)>>, min_items = 1)]
    pub horizon: Option<Value>,
    /// The same altitude all round, deg; 0 unless given. This or `horizon`.
    #[schema(value_type = Option<f64>)]
    pub min_altitude: Option<Value>,
    /// A name of the IANA tables, such as `Europe/Paris`; the club's unless given.
    #[schema(value_type = Option<String>)]
    pub time_zone: Option<Value>,
    /// `member` (as for all sites, the default), `immediate`, `digest` or `off`.
    #[schema(value_type = Option<Delivery>)]
    pub delivery: Option<Value>,
    /// All that stand there; those that are not named are removed.
    #[schema(value_type = Option<Vec<super::routes::TelescopeJson>>)]
    pub telescopes: Option<Value>,
}

impl Given {
    /// `before` with what was given. A new site, whose id is 0, must be given its name and its place.
    pub fn checked(&self, before: Site) -> Result<Site, Vec<FieldFault>> {
        let mut faults = Faults::default();
        if before.id == 0 {
            faults.require("name", self.name.as_ref());
            faults.require("latitude", self.latitude.as_ref());
            faults.require("longitude", self.longitude.as_ref());
        }
        let mut site = before;
        faults.put("name", self.name.as_ref(), &mut site.name, name, NAME);
        self.take_place(&mut site, &mut faults);
        self.take_horizon(&mut site, &mut faults);
        faults.put(
            "time_zone",
            self.time_zone.as_ref(),
            &mut site.time_zone,
            |value| value.as_str()?.trim().parse::<Tz>().ok(),
            "must be a name of the IANA tables, such as Europe/Paris",
        );
        faults.put(
            "delivery",
            self.delivery.as_ref(),
            &mut site.delivery,
            |value| Delivery::parse(value.as_str()?),
            "must be member, immediate, digest or off",
        );
        if let Some(given) = &self.telescopes {
            site.telescopes = telescopes(given, &mut faults);
        }
        faults.checked(site)
    }

    fn take_place(&self, site: &mut Site, faults: &mut Faults) {
        faults.put(
            "latitude",
            self.latitude.as_ref(),
            &mut site.place.latitude,
            |value| angle(value, place::latitude, 90.0),
            "must be a latitude from −90° to 90°, such as 43.95 or 43°57′ N",
        );
        faults.put(
            "longitude",
            self.longitude.as_ref(),
            &mut site.place.longitude,
            |value| angle(value, place::longitude, 180.0),
            "must be a longitude from −180° to 180°, east positive, such as 5.71 or 5°42′36″ E",
        );
        faults.put(
            "elevation_m",
            self.elevation_m.as_ref(),
            &mut site.place.elevation,
            |value| number(value, -500.0..=9000.0),
            "must be a height in metres from −500 to 9000",
        );
    }

    fn take_horizon(&self, site: &mut Site, faults: &mut Faults) {
        if self.horizon.is_some() && self.min_altitude.is_some() {
            faults.add("min_altitude", "comes instead of a horizon, not with one");
            return;
        }
        if let Some(given) = &self.horizon {
            match horizon(given) {
                Ok(horizon) => site.place.horizon = horizon,
                Err(why) => faults.add("horizon", why),
            }
        }
        faults.put(
            "min_altitude",
            self.min_altitude.as_ref(),
            &mut site.place.horizon,
            |value| number(value, -10.0..=89.0).map(Horizon::flat),
            "must be an altitude from −10° to 89°",
        );
    }
}

const NAME: &str = "must have 1 to 80 characters";

fn name(value: &Value) -> Option<String> {
    words(value, 80)
}

/// Degrees as a number, or as text that `read` understands.
fn angle(value: &Value, read: fn(&str) -> Option<f64>, most: f64) -> Option<f64> {
    let angle = value.as_f64().or_else(|| read(value.as_str()?))?;
    (angle.abs() <= most).then_some(angle)
}

fn horizon(value: &Value) -> Result<Horizon, String> {
    if let Some(text) = value.as_str() {
        return Horizon::from_hrz(text).map_err(|fault| fault.to_string());
    }
    let points = value
        .as_array()
        .ok_or("must be a list of [azimuth, altitude]")?;
    let point = |(index, point): (usize, &Value)| {
        let pair = point.as_array().map(Vec::as_slice);
        match pair {
            Some([azimuth, altitude]) => azimuth.as_f64().zip(altitude.as_f64()),
            _ => None,
        }
        .ok_or(format!("point {} must be [azimuth, altitude]", index + 1))
    };
    let points: Vec<(f64, f64)> = points
        .iter()
        .enumerate()
        .map(point)
        .collect::<Result<_, _>>()?;
    Horizon::profile(&points).map_err(|fault| fault.to_string())
}

fn telescopes(given: &Value, faults: &mut Faults) -> Vec<Telescope> {
    let Some(list) = given.as_array() else {
        faults.add("telescopes", "must be a list");
        return Vec::new();
    };
    if list.len() > MOST_TELESCOPES {
        faults.add("telescopes", format!("must be at most {MOST_TELESCOPES}"));
        return Vec::new();
    }
    list.iter()
        .enumerate()
        .map(|(index, one)| telescope(index, one, faults))
        .collect()
}

fn telescope(index: usize, given: &Value, faults: &mut Faults) -> Telescope {
    let mut telescope = Telescope {
        id: 0,
        name: String::new(),
        fov_deg: 0.0,
        limiting_magnitude: None,
    };
    let field = |name: &str| format!("telescopes[{index}].{name}");
    let given = |name: &str| given.get(name).filter(|value| !value.is_null());
    faults.require(&field("name"), given("name"));
    faults.put(
        &field("name"),
        given("name"),
        &mut telescope.name,
        name,
        NAME,
    );
    faults.require(&field("fov_deg"), given("fov_deg"));
    faults.put(
        &field("fov_deg"),
        given("fov_deg"),
        &mut telescope.fov_deg,
        field_of_view,
        "must be the width of the field, above 0° and up to 180°",
    );
    faults.put(
        &field("limiting_magnitude"),
        given("limiting_magnitude"),
        &mut telescope.limiting_magnitude,
        |value| number(value, -5.0..=35.0).map(Some),
        "must be a magnitude from −5 to 35",
    );
    telescope
}

/// Degrees; as text also arcminutes: `1.2`, `1.2°`, `45′`.
fn field_of_view(value: &Value) -> Option<f64> {
    let text = value.as_str().map(str::trim);
    let (value, unit) = match text.and_then(|text| text.strip_suffix(['′', '\'', '’'])) {
        Some(minutes) => (Value::from(minutes), 1.0 / 60.0),
        None => match text.and_then(|text| text.strip_suffix('°')) {
            Some(degrees) => (Value::from(degrees), 1.0),
            None => (value.clone(), 1.0),
        },
    };
    let field = number(&value, 0.0..=10_800.0)? * unit;
    (field > 0.0 && field <= 180.0).then_some(field)
}
