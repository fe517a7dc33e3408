//! An observation's form as it was sent: everything as text, so that a faulty one goes back as it came.

use axum::extract::Multipart;
use axum::extract::multipart::Field;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use serde_json::Value;

use crate::accounts::Member;
use crate::observations::filters;
use crate::observations::images::{self, LARGEST_FILE, MOST_OF_ONE, Ready};
use crate::observations::input::{Given, MEAN_IT};
use crate::observations::model::Observation;
use crate::platform::error::FieldFault;
use crate::platform::{App, Error, Result};

/// All that one sending may hold, bytes.
pub(super) const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// Said where a sending is cut off at that.
const TOGETHER: &str = "the pictures did not come through; together they may have 32 MB, and more can be added afterwards";

/// A text field may be this long: more than any of them may hold.
const LONGEST_TEXT: usize = 64 * 1024;

/// What the fields hold.
#[derive(Debug, Clone, Default)]
pub(super) struct Form {
    /// What is changed, as it was when the form was opened.
    pub(super) revision: String,
    pub(super) site: String,
    pub(super) instrument: String,
    pub(super) field: String,
    pub(super) coordinates: String,
    pub(super) system: String,
    pub(super) time: String,
    pub(super) meant: bool,
    pub(super) exposure: String,
    /// A code of [`filters`], `other`, or nothing.
    pub(super) filter: String,
    pub(super) other_filter: String,
    pub(super) magnitude: String,
    pub(super) error: String,
    pub(super) limit: String,
    pub(super) magnitude_system: String,
    pub(super) comparison_stars: String,
    pub(super) notes: String,
    /// Files that came along, and what they became.
    pub(super) files: usize,
    pub(super) pictures: Vec<Ready>,
    /// Something was wrong with pictures while they came.
    pub(super) faults: Vec<FieldFault>,
}

impl Form {
    /// The form of an observation that is there.
    pub(super) fn of(seen: &Observation) -> Self {
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let words = |text: &Option<String>| text.clone().unwrap_or_default();
        let filter = words(&seen.filter);
        let usual = filter.is_empty() || filters::FILTERS.iter().any(|known| known.code == filter);
        Self {
            revision: seen.revision.to_string(),
            site: seen
                .site_id
                .map(|id| id.to_string())
                .unwrap_or_else(|| words(&seen.site)),
            instrument: seen.instrument.clone(),
            field: number(seen.field_deg),
            coordinates: seen.coordinates.clone(),
            system: seen.system.as_str().into(),
            time: seen.start.format("%Y-%m-%d %H:%M:%S%.f").to_string(),
            meant: seen.time_meant,
            exposure: number(seen.exposure),
            filter: if usual {
                filter.clone()
            } else {
                "other".into()
            },
            other_filter: if usual { String::new() } else { filter },
            magnitude: number(seen.photometry.magnitude),
            error: number(seen.photometry.error),
            limit: number(seen.photometry.limit),
            magnitude_system: words(&seen.photometry.system),
            comparison_stars: words(&seen.comparison_stars),
            notes: words(&seen.notes),
            ..Self::default()
        }
    }

    /// Takes in what a browser sent, one picture after the other, so that few bytes are held at once. What is wrong with pictures
    /// becomes a fault, and the words beside them are kept.
    pub(super) async fn receive(app: &App, member: &Member, mut sent: Multipart) -> Result<Self> {
        let mut form = Self::default();
        let mut turn = None;
        loop {
            match sent.next_field().await {
                Ok(Some(field)) => {
                    // A browser sends a file without a name where none was chosen.
                    let is_file = field.file_name().is_some_and(|name| !name.is_empty());
                    if is_file && turn.is_none() {
                        turn = Some(images::turn(member.id).await?);
                    }
                    form.take(app, member, field).await?;
                }
                Ok(None) => return Ok(form),
                Err(_) if !form.faults.is_empty() => return Ok(form),
                // The words came first.
                Err(_) if !form.instrument.is_empty() => {
                    form.wrong(TOGETHER);
                    return Ok(form);
                }
                Err(_) => {
                    return Err(Error::invalid(
                        "body",
                        "the form came incomplete; send it again",
                    ));
                }
            }
        }
    }

    async fn take(&mut self, app: &App, member: &Member, field: Field<'_>) -> Result<()> {
        let name = field.name().unwrap_or_default().to_owned();
        let Some(file) = field.file_name().map(str::to_owned) else {
            let text = images::text(field, LONGEST_TEXT).await?;
            self.put(&name, text);
            return Ok(());
        };
        let file: String = file.chars().filter(|c| !c.is_control()).take(60).collect();
        let taken = async {
            if i64::try_from(self.pictures.len()).is_ok_and(|came| came >= MOST_OF_ONE) {
                return Err(Error::invalid("image", images::TOO_MANY));
            }
            let bytes = images::file(field).await?;
            if bytes.is_empty() {
                return Ok(None);
            }
            app.limits.pictures.take(&member.id)?;
            images::prepare(app, bytes).await.map(Some)
        };
        match taken.await {
            Ok(None) => {}
            Ok(Some(ready)) => {
                self.files += 1;
                self.pictures.push(ready);
            }
            Err(error) => {
                self.files += 1;
                self.wrong(format!("“{file}”: {}", unfit(error)?));
            }
        }
        Ok(())
    }

    /// Notes what is wrong with the pictures.
    pub(super) fn wrong(&mut self, message: impl Into<String>) {
        self.faults.push(FieldFault {
            field: "image".into(),
            message: message.into(),
        });
    }

    fn put(&mut self, name: &str, text: String) {
        let place = match name {
            "revision" => &mut self.revision,
            "site" => &mut self.site,
            "instrument" => &mut self.instrument,
            "field_deg" => &mut self.field,
            "coordinates" => &mut self.coordinates,
            "coordinate_system" => &mut self.system,
            "observed_time" => &mut self.time,
            "exposure_s" => &mut self.exposure,
            "filter" => &mut self.filter,
            "other_filter" => &mut self.other_filter,
            "magnitude" => &mut self.magnitude,
            "magnitude_error" => &mut self.error,
            "limiting_magnitude" => &mut self.limit,
            "magnitude_system" => &mut self.magnitude_system,
            "comparison_stars" => &mut self.comparison_stars,
            "notes" => &mut self.notes,
            "time_meant" => {
                self.meant = true;
                return;
            }
            _ => return,
        };
        *place = text;
    }

    /// What the fields say. A time of day alone is the last one that passed.
    pub(super) fn given(&mut self, now: DateTime<Utc>) -> Given {
        if let Some(time) = time_of_day(self.time.trim(), now) {
            self.time = time.format("%Y-%m-%d %H:%M:%S").to_string();
        }
        let text = |text: &str| Some(Value::from(text));
        let filled = |text: &str| Some(Value::from(text)).filter(|_| !text.trim().is_empty());
        let filter = match self.filter.as_str() {
            "other" => self.other_filter.as_str(),
            usual => usual,
        };
        Given {
            coordinates: filled(&self.coordinates),
            coordinate_system: filled(&self.system),
            instrument: text(&self.instrument),
            field_deg: text(&self.field),
            observed_time: text(&self.time),
            time_meant: Some(Value::from(self.meant)),
            exposure_s: text(&self.exposure),
            filter: text(filter),
            magnitude: text(&self.magnitude),
            magnitude_error: text(&self.error),
            limiting_magnitude: text(&self.limit),
            magnitude_system: text(&self.magnitude_system),
            comparison_stars: text(&self.comparison_stars),
            notes: text(&self.notes),
            site: text(&self.site),
            revision: text(&self.revision),
            ..Given::default()
        }
    }
}

/// The same faults in the words of a page.
pub(super) fn for_people(faults: Vec<FieldFault>) -> Vec<FieldFault> {
    let spoken = |fault: FieldFault| FieldFault {
        message: fault
            .message
            .replace(MEAN_IT, "if that is right, tick the box"),
        ..fault
    };
    faults.into_iter().map(spoken).collect()
}

/// Why a file is not taken; what is nobody's fault is given back.
fn unfit(error: Error) -> Result<String> {
    match error {
        Error::Invalid(faults) => {
            let why: Vec<String> = faults.into_iter().map(|fault| fault.message).collect();
            Ok(why.join("; "))
        }
        Error::TooLarge { .. } => Ok(format!(
            "it is larger than {} MB",
            LARGEST_FILE / 1024 / 1024
        )),
        Error::TooFast { after } => Ok(format!(
            "you have sent many pictures; try again in {} min",
            after / 60 + 1
        )),
        other => Err(other),
    }
}

/// `22:05` or `22:05:30`, today or yesterday: the last that passed.
fn time_of_day(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut read = ["%H:%M:%S", "%H:%M"]
        .into_iter()
        .filter_map(|form| NaiveTime::parse_from_str(text, form).ok());
    let today = now.date_naive().and_time(read.next()?).and_utc();
    Some(if today > now + TimeDelta::minutes(5) {
        today - TimeDelta::days(1)
    } else {
        today
    })
}
