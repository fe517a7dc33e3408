//! The first officer: made by a link that only the one who started the program sees, never by a default password.

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::links::{self, Purpose};
use super::model::NewMember;
use super::people::{self, Moment};
use super::store;
use crate::platform::{App, Bus, Error, Result, Tx};

/// The address at which the first officer is made, where there is none yet. Each call voids the address before.
pub async fn invitation(app: &App) -> Result<Option<String>> {
    let wall = app.clock.wall();
    let token = app.db.write(move |tx| match store::officers(tx)? {
        0 => links::make(tx, wall, Purpose::Officer, None, None).map(Some),
        _ => Ok(None),
    });
    let base = app.config.base_url();
    Ok(token
        .await?
        .map(|token| format!("{base}/first-officer/{token}")))
}

/// [`Error::NotFound`] where the link does not work, or there is an officer by now.
pub(super) fn look(conn: &Connection, wall: DateTime<Utc>, token: &str) -> Result<()> {
    links::look(conn, wall, Purpose::Officer, token)?;
    match store::officers(conn)? {
        0 => Ok(()),
        _ => Err(Error::NotFound("link any more")),
    }
}

/// Makes the first officer.
pub(super) fn make(tx: &Tx, bus: &Bus, at: Moment, token: &str, new: &NewMember) -> Result<()> {
    look(tx, at.wall, token)?;
    links::take(tx, at.wall, Purpose::Officer, token)?;
    people::add(tx, bus, at, new).map(drop)
}
