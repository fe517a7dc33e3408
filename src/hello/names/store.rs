//! The table of names: the truth, of which the memory is a copy.

use chrono::NaiveDate;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::platform::{Result, Tx};

/// Keeps `born` under `name`, instead of what was there.
pub(super) fn put(tx: &Tx, name: &str, born: NaiveDate) -> Result<()> {
    tx.prepare_cached(
        "insert into hello_names (name, born) values (?1, ?2)
         on conflict (name) do update set born = excluded.born",
    )?
    .execute(params![name, born.to_string()])?;
    Ok(())
}

/// Who was born when.
pub(super) fn born(conn: &Connection, name: &str) -> Result<Option<NaiveDate>> {
    let mut select = conn.prepare_cached("select born from hello_names where name = ?1")?;
    Ok(select.query_row([name], |row| date(row, 0)).optional()?)
}

/// True where there was such a name.
pub(super) fn forget(tx: &Tx, name: &str) -> Result<bool> {
    Ok(tx.execute("delete from hello_names where name = ?1", [name])? > 0)
}

/// At most `count` names after `last`, in order.
pub(super) fn after(conn: &Connection, last: &str, count: usize) -> Result<Vec<Row>> {
    let mut select = conn.prepare_cached(
        "select name, born from hello_names where name > ?1 order by name limit ?2",
    )?;
    let rows = select.query_map(params![last, count as i64], |row| {
        let name = row.get_ref(0)?.as_str()?;
        Ok((name.into(), date(row, 1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn date(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<NaiveDate> {
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|error: chrono::ParseError| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
    })
}

/// A name and its date of birth.
pub(super) type Row = (compact_str::CompactString, NaiveDate);
