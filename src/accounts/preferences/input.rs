//! What members write about their preferences, checked: every field that cannot be used is named at once.

use chrono::NaiveTime;
use serde_json::{Map, Value};

use super::{OLDEST, Preferences};
use crate::accounts::fields::number;
use crate::platform::error::FieldFault;
use crate::platform::web::form::Faults;

/// The missions that find bursts, as `notices::Mission` writes them.
pub const MISSIONS: [&str; 11] = [
    "Fermi",
    "Swift",
    "SVOM",
    "Einstein Probe",
    "INTEGRAL",
    "MAXI",
    "GECAM",
    "CALET",
    "AGILE",
    "Konus-Wind",
    "IPN",
];

impl Preferences {
    /// These preferences with those that are given, by the names of their fields; null gives a field its default.
    /// Numbers may come as text. What is no preference is passed over.
    pub fn checked(&self, given: &Map<String, Value>) -> Result<Self, Vec<FieldFault>> {
        let mut faults = Faults::default();
        let mut these = self.clone();
        let usual = Self::default();
        for (field, value) in given {
            let value = Some(value).filter(|value| !value.is_null());
            these.take(field, value, &usual, &mut faults);
        }
        if these.quiet_from.is_some() != these.quiet_to.is_some() && faults.is_empty() {
            let missing = if these.quiet_from.is_none() {
                "quiet_from"
            } else {
                "quiet_to"
            };
            faults.add(missing, "quiet hours have a beginning and an end");
        }
        faults.checked(these)
    }

    /// Takes one field in; `None` stands for its default.
    fn take(&mut self, field: &str, value: Option<&Value>, usual: &Self, faults: &mut Faults) {
        macro_rules! set {
            ($name:ident, $read:expr, $must:expr) => {
                match value {
                    None => self.$name = usual.$name.clone(),
                    given => faults.put(field, given, &mut self.$name, $read, $must),
                }
            };
        }
        match field {
            "missions" => set!(
                missions,
                missions,
                "must be a list of missions that find bursts, such as Fermi and Swift"
            ),
            "tiers" => set!(tiers, tiers, "must be a list of A and B"),
            "largest_error_deg" => set!(
                largest_error_deg,
                |value| number(value, 0.001..=180.0).map(Some),
                "must be a radius from 0.001° to 180°"
            ),
            "min_altitude_deg" => set!(
                min_altitude_deg,
                |value| number(value, 0.0..=85.0),
                "must be an altitude from 0° to 85°"
            ),
            "only_when_dark" => set!(only_when_dark, Value::as_bool, "must be true or false"),
            "latest_age_h" => set!(
                latest_age_h,
                |value| number(value, 0.1..=OLDEST.as_seconds_f64() / 3600.0),
                &format!(
                    "must be a number of hours from 0.1 to {}",
                    OLDEST.num_hours()
                )
            ),
            "quiet_from" => set!(quiet_from, |value| time(value).map(Some), TIME),
            "quiet_to" => set!(quiet_to, |value| time(value).map(Some), TIME),
            "daily_cap" => set!(
                daily_cap,
                |value| whole(value).map(Some),
                "must be a whole number from 1 to 1000"
            ),
            _ => {}
        }
    }
}

const TIME: &str = "must be a time of day such as 23:30";

fn missions(value: &Value) -> Option<Vec<String>> {
    let known = |value: &Value| {
        let mission = value.as_str()?;
        let named = MISSIONS
            .iter()
            .find(|name| name.eq_ignore_ascii_case(mission))?;
        Some((*named).to_owned())
    };
    let mut missions: Vec<String> = value.as_array()?.iter().map(known).collect::<Option<_>>()?;
    missions.sort();
    missions.dedup();
    Some(missions)
}

fn tiers(value: &Value) -> Option<Vec<String>> {
    let known = |value: &Value| {
        let tier = value.as_str()?;
        ["A", "B"].contains(&tier).then(|| tier.to_owned())
    };
    let mut tiers: Vec<String> = value.as_array()?.iter().map(known).collect::<Option<_>>()?;
    tiers.sort();
    tiers.dedup();
    Some(tiers)
}

fn time(value: &Value) -> Option<NaiveTime> {
    let text = value.as_str()?.trim();
    ["%H:%M", "%H:%M:%S"]
        .iter()
        .find_map(|form| NaiveTime::parse_from_str(text, form).ok())
}

fn whole(value: &Value) -> Option<u32> {
    let number = number(value, 1.0..=1000.0)?;
    format!("{number}").parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::notices::Mission;

    fn checked(given: &Value) -> Result<Preferences, Vec<String>> {
        let given = given.as_object().unwrap();
        Preferences::default()
            .checked(given)
            .map_err(|faults| faults.into_iter().map(|fault| fault.field).collect())
    }

    #[test]
    fn missions_are_named_as_notices_name_them() {
        for name in MISSIONS {
            assert_eq!(Mission::parse(name).as_str(), name);
            assert!(!matches!(Mission::parse(name), Mission::Other(_)), "{name}");
        }
    }

    #[test]
    fn what_is_given_is_taken_and_the_rest_stays() {
        let given = json!({
            "missions": ["swift", "Fermi", "Fermi"], "tiers": ["A"], "largest_error_deg": "2,5", "only_when_dark": false,
            "quiet_from": "23:00", "quiet_to": "06:30:00", "daily_cap": 3, "something_else": 1
        });
        let preferences = checked(&given).unwrap();
        assert_eq!(preferences.missions, ["Fermi", "Swift"]);
        assert_eq!(preferences.largest_error_deg, Some(2.5));
        assert!(!preferences.only_when_dark);
        assert_eq!(preferences.quiet_to, NaiveTime::from_hms_opt(6, 30, 0));
        assert_eq!(preferences.daily_cap, Some(3));
        assert_eq!(preferences.min_altitude_deg, 20.0);
        let cleared = json!({ "largest_error_deg": null, "daily_cap": null, "missions": null, "quiet_from": null, "quiet_to": null });
        let cleared = preferences.checked(cleared.as_object().unwrap()).unwrap();
        assert_eq!(cleared.largest_error_deg, None);
        assert!(cleared.missions.is_empty());
        assert_eq!(cleared.tiers, ["A"]);
    }

    #[test]
    fn every_faulty_field_is_named_at_once() {
        let given = json!({
            "missions": ["Hubble"], "tiers": ["C"], "largest_error_deg": 0, "min_altitude_deg": "NaN", "only_when_dark": "yes",
            "latest_age_h": -1, "quiet_from": "25:00", "quiet_to": 7, "daily_cap": 2.5
        });
        let mut named = checked(&given).unwrap_err();
        named.sort();
        let mut all: Vec<&str> = given
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        all.sort_unstable();
        assert_eq!(named, all);
        assert_eq!(
            checked(&json!({ "quiet_from": "22:00" })),
            Err(vec!["quiet_to".to_owned()])
        );
    }
}
