//! A member, as every area may know one.

use chrono::{DateTime, Utc};

use super::birthday::Birthday;
use super::preferences::{Notify, Preferences};
use crate::platform::Actor;
use crate::platform::audit::About;

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

/// As one who acts; only officers do what is put on record.
impl From<&Member> for Actor {
    fn from(member: &Member) -> Self {
        Self::Officer {
            id: member.id,
            name: member.full_name.clone(),
        }
    }
}

/// As one to whom something is done.
impl From<&Member> for About {
    fn from(member: &Member) -> Self {
        Self::new("member", member.id, &member.full_name)
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
