//! Keys of this installation, made at their first use and kept in its database.

use rusqlite::{Connection, OptionalExtension as _};

use super::{App, Error, Result, random};

/// The key of this name: 32 random bytes as hexadecimal digits, the same for ever.
pub async fn keepsake(app: &App, name: &'static str) -> Result<String> {
    let kept = move |conn: &Connection| -> Result<Option<String>> {
        let mut select = conn.prepare_cached("select value from keepsakes where name = ?1")?;
        Ok(select.query_row([name], |row| row.get(0)).optional()?)
    };
    if let Some(key) = app.db.read(kept).await? {
        return Ok(key);
    }
    let fresh = random::hex(32);
    let made = app.db.write(move |tx| {
        tx.execute(
            "insert into keepsakes (name, value) values (?1, ?2) on conflict do nothing",
            [name, &fresh],
        )?;
        kept(tx)?.ok_or(Error::NotFound("key"))
    });
    made.await
}
