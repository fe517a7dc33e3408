//! A member, as every area may know one.

use chrono::{DateTime, Utc};

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
    pub created_at: DateTime<Utc>,
}
