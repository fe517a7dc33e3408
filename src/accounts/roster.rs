//! Members and their sites from a file: for a demonstration's made-up club, and to see who a replay would have told.

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::birthday::{self, Birthday};
use super::fields::{self, Email};
use super::model::{Member, NewMember};
use super::sites::input::Given;
use super::{Notify, Site, sites, store};
use crate::platform::error::{Exit, FieldFault};
use crate::platform::{App, Error, Result, Tx};

/// Members, confirmed, each with their sites.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roster {
    member: Vec<Entry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    email: String,
    #[serde(default)]
    officer: bool,
    #[serde(default)]
    notify: Notify,
    /// `1990-05-17`, or `--05-17` without the year.
    birthday: Option<String>,
    #[serde(default)]
    birthday_shown: bool,
    /// Written as for POST /api/sites.
    #[serde(default)]
    site: Vec<Value>,
}

impl Roster {
    /// From TOML: a `[[member]]` with `name`, `email`, `notify`, `birthday` and its `[[member.site]]`s, written as for POST /api/sites.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        toml::from_str(text)
            .map_err(|error| Exit::data(format!("The members cannot be read: {error}")).into())
    }

    /// Enters all of them, or nobody (65 where one cannot be). `password` is everybody's; without one nobody can sign in.
    pub async fn enrol(self, app: &App, password: Option<String>) -> anyhow::Result<()> {
        let (now, zone) = (app.clock.now(), app.config.time_zone);
        let password = match password {
            Some(password) => Some(super::password::hash(password).await?),
            None => None,
        };
        let entered = app.db.write(move |tx| {
            let mut entries = self.member.iter();
            entries.try_for_each(|entry| entry.enter(tx, now, zone, password.as_ref()))
        });
        match entered.await {
            Err(fault @ Error::Invalid(_)) => Err(Exit::data(format!("{fault}.")).into()),
            other => other.context("Entering the members"),
        }
    }
}

impl Entry {
    fn enter(
        &self,
        tx: &Tx,
        now: DateTime<Utc>,
        zone: chrono_tz::Tz,
        password: Option<&String>,
    ) -> Result<()> {
        let wrong =
            |field: &str, why: String| Error::invalid(&format!("{}: {field}", self.name), why);
        let today = now.with_timezone(&zone).date_naive();
        let birthday = self.birthday(today).map_err(|why| wrong("birthday", why))?;
        let member = NewMember {
            email: Email::parse(&self.email).map_err(|why| wrong("email", why))?,
            full_name: fields::full_name(&self.name).map_err(|why| wrong("name", why))?,
            password: password.cloned(),
            notify: self.notify,
            officer: self.officer,
            confirmed: true,
        };
        let member = store::insert(tx, now, &member)?;
        let told = Member {
            birthday,
            birthday_shown: self.birthday_shown,
            ..store::member(tx, member)?
        };
        store::update(tx, now, &told)?;
        for given in &self.site {
            let given: Given = serde_json::from_value(given.clone())?;
            let site = given.checked(Site::unknown(member, zone));
            let site = site.map_err(|faults| self.named(faults))?;
            sites::store::insert(tx, now, &site)?;
        }
        Ok(())
    }

    fn birthday(&self, today: NaiveDate) -> Result<Option<Birthday>, String> {
        let given = self.birthday.as_deref().map(str::parse::<Birthday>);
        let birthday = given.transpose()?;
        birthday
            .map(|birthday| birthday::within_a_life(birthday, today))
            .transpose()
    }

    /// The faults of one of the member's sites, with the member's name.
    fn named(&self, faults: Vec<FieldFault>) -> Error {
        let named = faults.into_iter().map(|fault| FieldFault {
            field: format!("{}: site.{}", self.name, fault.field),
            ..fault
        });
        Error::Invalid(named.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn birthday(line: &str) -> Result<Option<Birthday>, String> {
        let text = format!("[[member]]\nname = \"Ada\"\nemail = \"ada@example.org\"\n{line}");
        let roster = Roster::read(&text).map_err(|error| error.to_string())?;
        roster.member[0].birthday("2026-11-21".parse().unwrap())
    }

    #[test]
    fn a_birthday_is_read_with_and_without_its_year() {
        assert_eq!(birthday(""), Ok(None));
        for text in ["1990-05-17", "--02-29", "1900-01-01", "2026-11-20"] {
            let read = birthday(&format!("birthday = \"{text}\""));
            assert_eq!(read.unwrap().unwrap().to_string(), text);
        }
        for text in ["1899-12-31", "2026-11-21", "1990-02-29", "17 May"] {
            let refused = birthday(&format!("birthday = \"{text}\"")).unwrap_err();
            assert!(
                refused.starts_with("must be") || refused.starts_with("is a day"),
                "{refused}"
            );
        }
    }

    #[test]
    fn an_unknown_word_is_refused() {
        assert!(birthday("birthday_shown = true").is_ok());
        let refused = birthday("birthday_show = true").unwrap_err();
        assert!(
            refused.contains("unknown field `birthday_show`"),
            "{refused}"
        );
    }
}
