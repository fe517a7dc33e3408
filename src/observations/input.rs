//! What members write about an observation, checked: every field that cannot be used is named at once.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::filters;
use super::model::{Observation, System};
use crate::accounts::Site;
use crate::accounts::fields::{number, words};
use crate::bursts::Burst;
use crate::bursts::view::{apart, from_trigger};
use crate::platform::error::FieldFault;
use crate::platform::web::form::{Faults, given};
use crate::sky::{Equatorial, Frame, Observer, airmass};

/// A telescope's clock may be a little ahead of ours.
const AHEAD: TimeDelta = TimeDelta::minutes(5);

/// A burst's position is taken for the observation's where it is known within this radius (90 %), deg.
const WELL_KNOWN: f64 = 1.0;

/// What to do about a time that is asked about, for a script.
pub(super) const MEAN_IT: &str = "send time_meant: true if you mean it";

const MAGNITUDES: std::ops::RangeInclusive<f64> = -2.0..=35.0;

/// What may be said of an observation. A new one needs `instrument`, `observed_time` and, unless the burst's 90 % radius is below 1°,
/// a position. Where one is changed, what is not given stays as it is, and null empties a field.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(as = ObservationInput)]
pub(super) struct Given {
    /// Where the telescope pointed, in `coordinate_system`, in any usual notation: `19h13m03.5s +19d46m24s`, `288.2646 +19.7734`.
    /// Without it and without `ra` and `dec`, the burst's best position, if its 90 % radius is below 1°.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, examples("19h13m03.5s +19d46m24s"))]
    pub coordinates: Option<Value>,
    /// Instead of `coordinates`: longitude in `coordinate_system`, deg. Sent along with `coordinates` it must say the same, or be their ICRS place.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<f64>)]
    pub ra: Option<Value>,
    /// Latitude in `coordinate_system`, deg.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<f64>)]
    pub dec: Option<Value>,
    /// icrs_j2000 unless given. `current_equinox`: true equator and equinox of `observed_time`, without aberration.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<System>)]
    pub coordinate_system: Option<Value>,
    /// 1 to 120 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, examples("200 mm f/5, ASI 533"))]
    pub instrument: Option<Value>,
    /// Diameter of the field of view, deg.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<f64>)]
    pub field_deg: Option<Value>,
    /// When the exposure began: RFC 3339, UTC where no zone is given.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, examples("2026-11-20T22:05:30Z"))]
    pub observed_time: Option<Value>,
    /// True for a time before the trigger or more than five minutes ahead that is right all the same.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<bool>)]
    pub time_meant: Option<Value>,
    /// From the first to the last photon, s, up to ten days.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<f64>)]
    pub exposure_s: Option<Value>,
    /// A usual name is kept as its code (`Sloan r` as `r'`), any other of up to 40 characters as it is.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub filter: Option<Value>,
    /// From −2 to 35.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<f64>)]
    pub magnitude: Option<Value>,
    /// One standard deviation, up to 5; only with a magnitude.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<f64>)]
    pub magnitude_error: Option<Value>,
    /// What would just have been seen, from −2 to 35.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<f64>)]
    pub limiting_magnitude: Option<Value>,
    /// The filter's usual one unless given.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub magnitude_system: Option<Value>,
    /// Up to 400 characters on one line.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub comparison_stars: Option<Value>,
    /// Up to 4000 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub notes: Option<Value>,
    /// Id of one of the observer's own sites. Its name is shown and the airmass reckoned; its place is given to nobody.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    pub site: Option<Value>,
    /// Of a change: the revision that it was made from. Where that is no longer the newest, nothing is changed.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    pub revision: Option<Value>,
}

/// What to say where somebody else, or another window, was there first.
pub(super) fn overtaken(now: i64) -> String {
    format!(
        "was changed meanwhile and is {now} by now; read it again, then send what is to be changed"
    )
}

/// What an observation is checked against.
pub(super) struct Around<'a> {
    pub burst: &'a Burst,
    /// The observer's.
    pub sites: &'a [Site],
    pub now: DateTime<Utc>,
}

/// The burst's best position, where it is known well enough to point at.
pub(super) fn well_known(burst: &Burst) -> Option<Equatorial> {
    let best = burst.best.as_ref()?;
    let known = best
        .error_radius_90
        .is_some_and(|radius| radius < WELL_KNOWN);
    known.then_some(best.position)
}

/// A pair of angles (deg) as it is kept where it was given in numbers, to 0.004″: `288.2646 +19.7734`.
pub(super) fn pair(longitude: f64, latitude: f64) -> String {
    let [longitude, latitude] = [longitude, latitude].map(|angle| (angle * 1e6).round() / 1e6);
    format!("{longitude} {latitude:+}")
}

impl Given {
    /// `before` with what was given, its place in ICRS and its airmass. A new one, whose id is 0, must be given what is needed.
    pub(super) fn checked(
        &self,
        before: &Observation,
        around: &Around,
    ) -> Result<Observation, Vec<FieldFault>> {
        let mut faults = Faults::default();
        let new = before.id == 0;
        let mut seen = before.clone();
        if new {
            faults.require("instrument", self.instrument.as_ref());
            faults.require("observed_time", self.observed_time.as_ref());
        }
        self.take_time(&mut seen, new, around, &mut faults);
        self.take_place(&mut seen, around.burst, &mut faults);
        self.take_equipment(&mut seen, around.sites, &mut faults);
        self.take_photometry(&mut seen, &mut faults);
        self.take_words(&mut seen, &mut faults);
        seen.airmass = reckoned(before, &seen, around.sites);
        self.take_revision(before, &seen, &mut faults);
        faults.checked(seen)
    }

    /// A new one has none, whatever is sent; and who says what is there already, as a button pressed twice does, is late for nothing.
    fn take_revision(&self, before: &Observation, seen: &Observation, faults: &mut Faults) {
        let Some(value) = self.revision.as_ref().filter(|value| !is_nothing(value)) else {
            return;
        };
        match whole(value) {
            None => faults.add("revision", "must be a whole number"),
            _ if before.id == 0 || before.says_the_same(seen) => {}
            Some(known) if known != before.revision => {
                faults.add("revision", overtaken(before.revision));
            }
            Some(_) => {}
        }
    }

    fn take_time(&self, seen: &mut Observation, new: bool, around: &Around, faults: &mut Faults) {
        let before = (!new).then_some(seen.start);
        let must = "must be a date and time such as 2026-11-20T22:05:30Z, UTC";
        let given = self.observed_time.as_ref();
        let read = |value: &Value| value.as_str().and_then(instant);
        let mut start = before;
        faults.put(
            "observed_time",
            given,
            &mut start,
            |value| read(value).map(Some),
            must,
        );
        // A time that stays was asked about when it came.
        let stays = before.is_some() && start == before;
        seen.time_meant = stays && seen.time_meant;
        faults.put(
            "time_meant",
            self.time_meant.as_ref(),
            &mut seen.time_meant,
            truth,
            "must be true or false",
        );
        let Some(start) = start else {
            return;
        };
        seen.start = start;
        if let Some(doubt) = doubt(start, around).filter(|_| !stays && !seen.time_meant) {
            faults.add("observed_time", format!("{doubt}; {MEAN_IT}"));
        }
    }

    fn take_place(&self, seen: &mut Observation, burst: &Burst, faults: &mut Faults) {
        let must = "must be icrs_j2000, fk5_j2000, b1950, galactic or current_equinox";
        let system = self
            .coordinate_system
            .as_ref()
            .filter(|value| !value.is_null());
        let read = |value: &Value| System::parse(value.as_str()?.trim());
        let mut chosen = seen.system;
        faults.put("coordinate_system", system, &mut chosen, read, must);
        let Ok(text) = self.written(faults) else {
            return;
        };
        let text = match (text, seen.coordinates.is_empty()) {
            (Some(text), _) => text,
            (None, false) => seen.coordinates.clone(),
            (None, true) => match well_known(burst) {
                Some(place) => {
                    chosen = System::IcrsJ2000;
                    pair(place.ra, place.dec)
                }
                None => {
                    return faults.add(
                        "coordinates",
                        "is needed: the burst’s own position is not known within 1°",
                    );
                }
            },
        };
        let frame = chosen.frame(seen.start);
        match frame
            .read(&text)
            .and_then(|(lon, lat)| frame.to_icrs(lon, lat))
        {
            Some(position) => {
                (seen.coordinates, seen.system, seen.position) = (text, chosen, position);
                self.agree(seen, faults);
            }
            None => faults.add("coordinates", unread(chosen)),
        }
    }

    /// The coordinates as text: as given, or of `ra` and `dec`.
    fn written(&self, faults: &mut Faults) -> Result<Option<String>, ()> {
        let present = |value: &&Value| !value.is_null();
        if let Some(value) = self.coordinates.as_ref().filter(present) {
            let text = words(value, 120)
                .ok_or("must be coordinates of up to 120 characters on one line".to_owned());
            return faults.take("coordinates", text).map(Some).ok_or(());
        }
        let (ra, dec) = (
            self.ra.as_ref().filter(present),
            self.dec.as_ref().filter(present),
        );
        if ra.is_none() && dec.is_none() {
            return Ok(None);
        }
        faults.require("ra", ra);
        faults.require("dec", dec);
        let mut angle = |field, value: Option<&Value>, range: std::ops::RangeInclusive<f64>| {
            let must = format!("must be degrees from {} to {}", range.start(), range.end());
            let value = value?;
            faults.take(field, number(value, range).ok_or(must))
        };
        let lon = angle("ra", ra, 0.0..=360.0);
        let lat = angle("dec", dec, -90.0..=90.0);
        lon.zip(lat)
            .map(|(lon, lat)| Some(pair(lon, lat)))
            .ok_or(())
    }

    /// What an answer said can be sent back as it is; but two different places are no place.
    fn agree(&self, seen: &Observation, faults: &mut Faults) {
        const ARCSECOND: f64 = 1.0 / 3600.0;
        let angle = |value: Option<&Value>| value.and_then(|value| number(value, -360.0..=360.0));
        let Some((ra, dec)) = angle(self.ra.as_ref()).zip(angle(self.dec.as_ref())) else {
            return;
        };
        let places =
            [Frame::Icrs, seen.system.frame(seen.start)].map(|frame| frame.to_icrs(ra, dec));
        let same = |place: Equatorial| place.separation(seen.position) < ARCSECOND;
        if !places.into_iter().flatten().any(same) {
            faults.add(
                "ra",
                "says another place than coordinates; send one of them",
            );
        }
    }

    fn take_equipment(&self, seen: &mut Observation, sites: &[Site], faults: &mut Faults) {
        let instrument = self.instrument.as_ref();
        let must = "must have 1 to 120 characters on one line";
        faults.put(
            "instrument",
            instrument,
            &mut seen.instrument,
            |value| words(value, 120),
            must,
        );
        let field = optional(|value| number(value, 0.0..=180.0).filter(|field| *field > 0.0));
        let must = "must be the width of the field, above 0° and up to 180°";
        faults.put(
            "field_deg",
            self.field_deg.as_ref(),
            &mut seen.field_deg,
            field,
            must,
        );
        match &self.site {
            None => {}
            Some(value) if is_nothing(value) => (seen.site_id, seen.site) = (None, None),
            // As an answer gives it.
            Some(value) if seen.site.is_some() && value.as_str() == seen.site.as_deref() => {}
            Some(value) => match sites.iter().find(|site| is_site(value, site)) {
                Some(site) => (seen.site_id, seen.site) = (Some(site.id), Some(site.name.clone())),
                None => faults.add("site", "must be the id of one of the observer’s own sites"),
            },
        }
    }

    fn take_photometry(&self, seen: &mut Observation, faults: &mut Faults) {
        let exposure = optional(|value| number(value, 0.0..=864_000.0));
        let must = "must be seconds from 0 to 864000";
        faults.put(
            "exposure_s",
            self.exposure_s.as_ref(),
            &mut seen.exposure,
            exposure,
            must,
        );
        let filter = optional(|value| words(value, 40));
        let filter =
            |value: &Value| filter(value).map(|text| text.map(|text: String| filters::code(&text)));
        faults.put(
            "filter",
            self.filter.as_ref(),
            &mut seen.filter,
            filter,
            "must have up to 40 characters on one line",
        );
        let light = &mut seen.photometry;
        let magnitude = optional(|value| number(value, MAGNITUDES));
        let must = "must be a magnitude from −2 to 35";
        faults.put(
            "magnitude",
            self.magnitude.as_ref(),
            &mut light.magnitude,
            &magnitude,
            must,
        );
        faults.put(
            "limiting_magnitude",
            self.limiting_magnitude.as_ref(),
            &mut light.limit,
            &magnitude,
            must,
        );
        let error = optional(|value| number(value, 0.0..=5.0));
        let must = "must be magnitudes from 0 to 5";
        faults.put(
            "magnitude_error",
            self.magnitude_error.as_ref(),
            &mut light.error,
            error,
            must,
        );
        let no_magnitude = self
            .magnitude
            .as_ref()
            .map_or(light.magnitude.is_none(), is_nothing);
        if light.error.is_some() && no_magnitude {
            faults.add("magnitude_error", "goes with a magnitude; a limit has none");
        }
        let system = optional(|value| words(value, 20));
        let given = self.magnitude_system.as_ref();
        faults.put(
            "magnitude_system",
            given,
            &mut light.system,
            system,
            "must have up to 20 characters on one line",
        );
        let measured = light.magnitude.or(light.limit).is_some();
        if light.system.is_none() && measured {
            let usual = seen.filter.as_deref().and_then(filters::known);
            light.system = usual.map(|filter| filter.system.to_owned());
        }
    }

    fn take_words(&self, seen: &mut Observation, faults: &mut Faults) {
        let stars = optional(|value| words(value, 400));
        let given = self.comparison_stars.as_ref();
        faults.put(
            "comparison_stars",
            given,
            &mut seen.comparison_stars,
            stars,
            "must have up to 400 characters on one line",
        );
        let must = "must have up to 4000 characters, without control characters";
        faults.put(
            "notes",
            self.notes.as_ref(),
            &mut seen.notes,
            optional(|value| prose(value, 4000)),
            must,
        );
    }
}

impl System {
    /// The same with the date that its equinox may be of.
    pub fn frame(self, observed: DateTime<Utc>) -> Frame {
        match self {
            Self::IcrsJ2000 => Frame::Icrs,
            Self::Fk5J2000 => Frame::Fk5,
            Self::B1950 => Frame::B1950,
            Self::Galactic => Frame::Galactic,
            Self::CurrentEquinox => Frame::OfDate(observed),
        }
    }
}

fn unread(system: System) -> &'static str {
    match system {
        System::Galactic => "must be l and b in degrees, such as l=31.2, b=−2.4",
        _ => {
            "must be a right ascension and a declination, such as 19h13m03.5s +19d46m24s or 288.2646 +19.7734"
        }
    }
}

/// Nothing, where null or an empty text was sent; else what `read` makes of it.
fn optional<T>(read: impl Fn(&Value) -> Option<T>) -> impl Fn(&Value) -> Option<Option<T>> {
    move |value| match is_nothing(value) {
        true => Some(None),
        false => read(value).map(Some),
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn is_site(value: &Value, site: &Site) -> bool {
    let text = value.as_str().map(str::trim);
    whole(value) == Some(site.id) || text == Some(site.name.as_str())
}

fn whole(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

fn truth(value: &Value) -> Option<bool> {
    match value.as_str().map(str::trim) {
        _ if is_nothing(value) => Some(false),
        Some("true") => Some(true),
        Some("false") => Some(false),
        _ => value.as_bool(),
    }
}

/// Text of several lines, trimmed, each line ending in a line feed alone, tabs as blanks.
pub(super) fn prose(value: &Value, most: usize) -> Option<String> {
    let text = value.as_str()?.replace("\r\n", "\n").replace('\t', " ");
    let text = text.trim();
    let clean = text
        .lines()
        .all(|line| line.is_empty() || words(&Value::from(line.replace(' ', "_")), most).is_some());
    (clean && text.chars().count() <= most).then(|| text.to_owned())
}

/// RFC 3339 with or without zone, seconds and `T`; UTC where no zone is given. From 1950 to 2099.
pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let text = text
        .strip_suffix(" UTC")
        .or_else(|| text.strip_suffix(" UT"))
        .unwrap_or(text);
    let zoned = DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.to_utc());
    let bare = text
        .strip_suffix(['Z', 'z'])
        .unwrap_or(text)
        .replace(['T', 't'], " ");
    let forms = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    let plain = || {
        let mut read = forms
            .iter()
            .filter_map(|form| NaiveDateTime::parse_from_str(&bare, form).ok());
        read.next().map(|time| time.and_utc())
    };
    let year = |time: &DateTime<Utc>| (1950..2100).contains(&chrono::Datelike::year(time));
    let time = zoned.or_else(plain).filter(year)?;
    // As it is kept: no finer, and a leap second as the one after it.
    DateTime::from_timestamp_micros(time.timestamp_micros())
}

/// What is odd about a time, if anything is.
fn doubt(start: DateTime<Utc>, around: &Around) -> Option<String> {
    if start > around.now + AHEAD {
        let ahead = apart(start, around.now);
        return Some(format!("is {ahead} in the future ({})", utc(start)));
    }
    let trigger = around
        .burst
        .trigger_time
        .filter(|trigger| start < *trigger)?;
    let early = from_trigger(start, trigger);
    Some(format!("is {early} ({})", utc(trigger)))
}

fn utc(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The airmass from the site in the middle of the exposure. Of a site that is deleted it stays what it was, unless time or place changed.
fn reckoned(before: &Observation, seen: &Observation, sites: &[Site]) -> Option<f64> {
    if let Some(site) = sites.iter().find(|site| Some(site.id) == seen.site_id) {
        let middle = seen.middle();
        let observer = Observer::at(&site.place, middle);
        return airmass_told(observer.horizontal(seen.position, middle).altitude);
    }
    let key = |seen: &Observation| (seen.site.clone(), seen.middle(), seen.position);
    (seen.site.is_some() && key(before) == key(seen)).then_some(before.airmass)?
}

/// The airmass at an altitude (deg) as everybody may read it. With the time and the place on the sky, all its digits would say where
/// the site is to some metres; with these each observation leaves a band of some kilometres at least, and far more of it high up.
pub fn airmass_told(altitude: f64) -> Option<f64> {
    let airmass = airmass(altitude)?;
    let steps = match airmass {
        low if low < 3.0 => 100.0,
        high if high < 10.0 => 10.0,
        _ => 1.0,
    };
    Some((airmass * steps).round() / steps)
}
