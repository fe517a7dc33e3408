//! What was seen lately, as a part of the first page.

use askama::Template;
use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::row::Row;
use super::search;
use crate::observations::list::{self, Wanted};
use crate::platform::{Error, Result};

/// As many as a glance takes in.
const FEW: usize = 5;

#[derive(Template)]
#[template(path = "observations/pages/latest.html")]
struct Latest {
    rows: Vec<Row>,
}

/// The latest observations that everybody sees, HTML; `None` where there are none.
pub fn latest(conn: &Connection, now: DateTime<Utc>) -> Result<Option<String>> {
    let (found, _) = list::list(conn, &Wanted::default(), FEW)?;
    if found.is_empty() {
        return Ok(None);
    }
    let rows = search::rows(conn, &found, now)?;
    let part = Latest { rows }.render();
    part.map(Some)
        .map_err(|error| Error::Internal(error.into()))
}
