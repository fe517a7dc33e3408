//! Which burst a notice belongs to.

use chrono::{DateTime, SecondsFormat, Utc};

use super::model::{Mission, Notice};

impl Notice {
    /// The name of the burst within the mission: notices of one mission with the same key tell of the same burst.
    ///
    /// Usually the trigger id. INTEGRAL adds 65536 for every message of a trigger. Tests all carry 99999, so their
    /// time tells them apart, and GECAM counts from one again and again, so its satellite and day do. Without a
    /// trigger id it is the ivorn, else what the notice is called, else its time.
    pub fn burst_key(&self) -> String {
        let id = self
            .trigger_id
            .as_deref()
            .map(str::trim)
            .unwrap_or_default();
        let time = self.trigger_time.map(stamp);
        match &self.mission {
            _ if id.is_empty() || id == "-1" => self.key_without_id(),
            _ if id == "99999" => format!("99999@{}", time.unwrap_or_default()),
            Mission::Integral => match id.parse::<i64>() {
                Ok(number) => number.rem_euclid(65_536).to_string(),
                Err(_) => id.to_owned(),
            },
            Mission::Gecam => {
                let satellite = self.instrument.as_deref().unwrap_or("GECAM");
                let day = self.trigger_time.map(|t| t.format("%F").to_string());
                format!("{satellite} {id} {}", day.unwrap_or_default())
            }
            Mission::IceCube => id.replace('_', ""),
            _ => id.to_owned(),
        }
    }

    fn key_without_id(&self) -> String {
        if let Some(circular) = &self.circular {
            return match circular.id {
                Some(id) => format!("circular {id}"),
                None => format!("circular {}", circular.subject),
            };
        }
        let named = self.ivorn.clone().filter(|ivorn| !ivorn.is_empty());
        named.or_else(|| self.name.clone()).unwrap_or_else(|| {
            let instrument = self.instrument.as_deref().unwrap_or_default();
            let time = self.trigger_time.or(self.notice_time).map(stamp);
            format!("{instrument}@{}", time.unwrap_or_default())
        })
    }
}

fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
