//! Keys of this installation, made at their first use, and small notes that outlast a restart; kept in its database.

use rusqlite::{Connection, OptionalExtension as _};

use super::{App, Error, Result, Tx, random};

/// The key of this name: 32 random bytes as hexadecimal digits, the same for ever.
pub async fn keepsake(app: &App, name: &'static str) -> Result<String> {
    if let Some(key) = app.db.read(move |conn| noted(conn, name)).await? {
        return Ok(key);
    }
    let fresh = random::hex(32);
    let made = app.db.write(move |tx| {
        tx.execute(
            "insert into keepsakes (name, value) values (?1, ?2) on conflict do nothing",
            [name, &fresh],
        )?;
        noted(tx, name)?.ok_or(Error::NotFound("key"))
    });
    made.await
}

/// What is noted under `name`.
pub fn noted(conn: &Connection, name: &str) -> Result<Option<String>> {
    let mut select = conn.prepare_cached("select value from keepsakes where name = ?1")?;
    Ok(select.query_row([name], |row| row.get(0)).optional()?)
}

/// Notes `value` under `name`, in the place of what was there.
pub fn note(tx: &Tx, name: &str, value: &str) -> Result<()> {
    let sql =
        "insert into keepsakes (name, value) values (?1, ?2) on conflict do update set value = ?2";
    tx.execute(sql, [name, value])?;
    Ok(())
}

/// Forgets what is noted under `name`.
pub fn forget(tx: &Tx, name: &str) -> Result<()> {
    tx.execute("delete from keepsakes where name = ?1", [name])?;
    Ok(())
}
