//! The birthday star as a letter tells it.

use chrono::{DateTime, NaiveDate, Utc};

use crate::accounts::Member;
use crate::platform::outbox::Picture;
use crate::platform::{App, Result};

/// What a letter says of a birthday star.
pub struct StarForLetter {
    /// Sentences of plain text.
    pub words: Vec<String>,
    pub where_tonight: Vec<String>,
    /// Its page.
    pub url: String,
    pub picture: Option<Picture>,
}

/// The star of who was born on `born`, as it stands at `at` from where the member is.
pub async fn for_letter(
    _app: &App,
    _member: &Member,
    _born: NaiveDate,
    _at: DateTime<Utc>,
) -> Result<Option<StarForLetter>> {
    Ok(None)
}
