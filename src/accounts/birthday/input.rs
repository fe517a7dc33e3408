//! What somebody gives as a birthday, checked.

use chrono::NaiveDate;
use serde_json::Value;

use super::{Birthday, EARLIEST};
use crate::accounts::Member;
use crate::platform::web::form::Faults;

/// What a JSON body says about a birthday; what is missing stays as it is, null is as it was before anything was said.
#[derive(Debug, Default)]
pub(in crate::accounts) struct Given<'a> {
    pub birthday: Option<&'a Value>,
    pub shown: Option<&'a Value>,
    pub letter: Option<&'a Value>,
}

impl Given<'_> {
    /// Takes it over into `member`; each fault is noted.
    pub(in crate::accounts) fn apply(
        self,
        member: &mut Member,
        today: NaiveDate,
        faults: &mut Faults,
    ) {
        match self.birthday {
            None => {}
            Some(Value::Null) => member.birthday = None,
            Some(given) => {
                let read = faults.take("birthday", read(given, today));
                member.birthday = read.or(member.birthday);
            }
        }
        for (field, given, place, usual) in [
            (
                "birthday_shown",
                self.shown,
                &mut member.birthday_shown,
                false,
            ),
            (
                "birthday_letter",
                self.letter,
                &mut member.birthday_letter,
                true,
            ),
        ] {
            match given {
                Some(Value::Null) => *place = usual,
                given => faults.put(field, given, place, Value::as_bool, "must be true or false"),
            }
        }
    }
}

fn read(given: &Value, today: NaiveDate) -> Result<Birthday, String> {
    let birthday: Birthday = given.as_str().unwrap_or_default().parse()?;
    within_a_life(birthday, today)
}

/// The birthday, where its year, if it is told, can be that of somebody who reads this.
pub(in crate::accounts) fn within_a_life(
    birthday: Birthday,
    today: NaiveDate,
) -> Result<Birthday, String> {
    match birthday.born() {
        Some(born) if !(EARLIEST..today).contains(&born) => {
            Err("must be a day from 1 January 1900 to yesterday".into())
        }
        _ => Ok(birthday),
    }
}
