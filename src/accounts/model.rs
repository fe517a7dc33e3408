//! A member, as every area may know one.

use chrono::{DateTime, Utc};

use super::birthday::Birthday;
use super::preferences::{Notify, Preferences};

#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    pub id: i64,
    pub email: String,
    pub full_name: String,
    pub officer: bool,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub disabled_at: Option<DateTime<Utc>>,
    pub notify: Notify,
    pub preferences: Preferences,
    pub birthday: Option<Birthday>,
    /// Other members may see the day, never the year.
    pub birthday_shown: bool,
    /// A greeting by mail is welcome.
    pub birthday_letter: bool,
    pub created_at: DateTime<Utc>,
}

impl Member {
    /// Whether the address is confirmed and nobody has shut the member out.
    pub fn may_enter(&self) -> bool {
        self.confirmed_at.is_some() && self.disabled_at.is_none()
    }
}

/// A member to be.
#[derive(Debug, Clone)]
pub struct NewMember {
    pub email: super::fields::Email,
    pub full_name: String,
    /// Argon2id in PHC form.
    pub password: Option<String>,
    pub notify: Notify,
    pub officer: bool,
    pub confirmed: bool,
}
