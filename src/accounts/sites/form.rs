//! A site's form as it was sent: everything as text, so that a faulty one goes back as it came.

use axum::extract::Multipart;
use serde_json::{Value, json};

use super::input::{Given, MOST_TELESCOPES};
use super::model::{Delivery, Site};
use super::picture;
use crate::platform::error::FieldFault;
use crate::platform::{Error, Result};
use crate::sky::{Horizon, place};

/// A horizon file may be this long.
pub(super) const LARGEST_FILE: usize = 256 * 1024;

/// What the fields hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Form {
    pub(super) name: String,
    /// Latitude and longitude in any notation.
    pub(super) coordinates: String,
    pub(super) elevation: String,
    pub(super) time_zone: String,
    pub(super) delivery: String,
    /// The horizon comes from `points`, not from `min_altitude`.
    pub(super) drawn: bool,
    pub(super) min_altitude: String,
    /// A line of azimuth and altitude for each point.
    pub(super) points: String,
    pub(super) telescopes: Vec<TelescopeRow>,
    /// Name and text of a horizon file.
    pub(super) file: Option<(String, String)>,
    /// Which button was pressed: save, read, add, remove-N.
    pub(super) button: String,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct TelescopeRow {
    pub(super) name: String,
    pub(super) fov: String,
    pub(super) limit: String,
}

impl Form {
    /// The form of a site that is there.
    pub(super) fn of(site: &Site) -> Self {
        let horizon = &site.place.horizon;
        Self {
            name: site.name.clone(),
            coordinates: picture::reading(site.place.latitude, site.place.longitude),
            elevation: site.place.elevation.to_string(),
            time_zone: site.time_zone.name().into(),
            delivery: site.delivery.as_str().into(),
            drawn: site.min_altitude().is_none(),
            min_altitude: site.min_altitude().unwrap_or(0.0).to_string(),
            points: lines(horizon),
            telescopes: site
                .telescopes
                .iter()
                .map(|telescope| TelescopeRow {
                    name: telescope.name.clone(),
                    fov: telescope.fov_deg.to_string(),
                    limit: telescope
                        .limiting_magnitude
                        .map(|limit| limit.to_string())
                        .unwrap_or_default(),
                })
                .collect(),
            ..Self::default()
        }
    }

    /// An empty form, with what is usual in the club.
    pub(super) fn empty(time_zone: chrono_tz::Tz) -> Self {
        Self {
            time_zone: time_zone.name().into(),
            delivery: Delivery::default().as_str().into(),
            min_altitude: "0".into(),
            ..Self::default()
        }
    }

    /// Takes in what a browser sent. [`Error::TooLarge`] for a horizon file beyond [`LARGEST_FILE`].
    pub(super) async fn receive(mut sent: Multipart) -> Result<Self> {
        let mut form = Self::default();
        let broken = |_| Error::invalid("body", "the form came incomplete; send it again");
        while let Some(field) = sent.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_owned();
            let file = field.file_name().map(str::to_owned);
            let bytes = field.bytes().await.map_err(|_| Error::TooLarge {
                limit: LARGEST_FILE,
            })?;
            if bytes.len() > LARGEST_FILE {
                return Err(Error::TooLarge {
                    limit: LARGEST_FILE,
                });
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            match file {
                Some(file) if !bytes.is_empty() => form.file = Some((file, text)),
                Some(_) => {}
                None => form.take(&name, text),
            }
        }
        Ok(form)
    }

    fn take(&mut self, name: &str, text: String) {
        match name {
            "name" => self.name = text,
            "coordinates" => self.coordinates = text,
            "elevation_m" => self.elevation = text,
            "time_zone" => self.time_zone = text,
            "delivery" => self.delivery = text,
            "horizon_kind" => self.drawn = text == "drawn",
            "min_altitude" => self.min_altitude = text,
            "horizon" => self.points = text,
            "do" => self.button = text,
            // The three fields of a row come in this order.
            "telescope_name" if self.telescopes.len() <= MOST_TELESCOPES => {
                self.telescopes.push(TelescopeRow {
                    name: text,
                    ..TelescopeRow::default()
                });
            }
            "telescope_fov" => self.in_row(|row| row.fov = text),
            "telescope_limit" => self.in_row(|row| row.limit = text),
            _ => {}
        }
    }

    fn in_row(&mut self, put: impl FnOnce(&mut TelescopeRow)) {
        if let Some(row) = self.telescopes.last_mut() {
            put(row);
        }
    }

    /// Puts the points of an uploaded file into the form. Says what was read.
    pub(super) fn read_file(&mut self) -> Option<Result<String, FieldFault>> {
        let (name, text) = self.file.take()?;
        self.drawn = true;
        let name: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
        Some(match Horizon::from_hrz(&text) {
            Ok(horizon) => {
                self.points = lines(&horizon);
                Ok(format!("Read from {name}. {}.", picture::spoken(&horizon)))
            }
            Err(fault) => Err(FieldFault {
                field: "horizon_file".into(),
                message: format!("the file {name} was not used: {fault}"),
            }),
        })
    }

    /// The horizon as far as the fields make one.
    pub(super) fn horizon(&self) -> Option<Horizon> {
        if self.drawn {
            return Horizon::from_hrz(&self.points).ok();
        }
        let altitude = self.min_altitude.trim().replace(',', ".").parse().ok()?;
        Some(Horizon::flat(altitude))
    }

    /// `before` with what the fields say, or every fault, named as the fields are.
    pub(super) fn checked(&self, before: Site) -> Result<Site, Vec<FieldFault>> {
        let read = place::coordinates(&self.coordinates);
        let given = self.given(read.unwrap_or_default());
        let fault = |text: &str| FieldFault {
            field: "coordinates".into(),
            message: text.into(),
        };
        match (read, given.checked(before)) {
            (Some(_), checked) => checked,
            (None, checked) => {
                let mut faults = vec![fault(
                    "must be a latitude and a longitude, such as 43.95, 5.71 or 43°57′ N 5°42′ E",
                )];
                faults.extend(checked.err().into_iter().flatten());
                Err(faults)
            }
        }
    }

    fn given(&self, (latitude, longitude): (f64, f64)) -> Given {
        let text = |text: &str| Some(Value::from(text));
        let filled = |text: &str| {
            Some(text.trim())
                .filter(|text| !text.is_empty())
                .map(Value::from)
        };
        let row = |row: &TelescopeRow| json!({ "name": row.name, "fov_deg": row.fov, "limiting_magnitude": filled(&row.limit) });
        let rows = self.telescopes.iter().filter(|row| !row.is_blank());
        Given {
            name: text(&self.name),
            latitude: Some(latitude.into()),
            longitude: Some(longitude.into()),
            elevation_m: Some(filled(&self.elevation).unwrap_or(Value::from(0))),
            horizon: self.drawn.then(|| Value::from(self.points.as_str())),
            min_altitude: (!self.drawn)
                .then(|| filled(&self.min_altitude).unwrap_or(Value::from(0))),
            time_zone: text(&self.time_zone),
            delivery: filled(&self.delivery),
            telescopes: Some(rows.map(row).collect()),
        }
    }

    /// Rows of which nothing is filled in are passed over, so that faults name the rows that are shown.
    pub(super) fn tidy(&mut self) {
        self.telescopes.retain(|row| !row.is_blank());
    }
}

impl TelescopeRow {
    fn is_blank(&self) -> bool {
        [&self.name, &self.fov, &self.limit]
            .into_iter()
            .all(|text| text.trim().is_empty())
    }
}

/// The points of a horizon as lines that [`Horizon::from_hrz`] reads back; empty for one that is the same all round.
fn lines(horizon: &Horizon) -> String {
    match horizon.points() {
        [_] => String::new(),
        points => points
            .iter()
            .map(|(azimuth, altitude)| format!("{azimuth} {altitude}\n"))
            .collect(),
    }
}
