//! Everything that is kept about a member, as JSON.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::{Map, Value, json};

use super::json::Me;
use super::model::Member;
use crate::platform::Result;

/// What proves who somebody is; a copy of it would be a key.
const SECRET: [&str; 6] = ["hash", "password", "secret", "payload", "token", "key"];

/// The member, and the rows of every table that has a `member_id`, and of those that refer to such a table.
///
/// This reads tables of other areas: what a member may take along is everybody's.
pub(super) fn everything(conn: &Connection, member: Member) -> Result<Value> {
    let id = member.id;
    let mut tables = BTreeMap::new();
    for table in owned(conn)? {
        let own = format!("select * from {table} where member_id = ?1");
        tables.insert(table.clone(), rows(conn, &own, id)?);
        for (child, column) in children(conn, &table)? {
            let theirs = format!(
                "select * from {child} where {column} in (select id from {table} where member_id = ?1)"
            );
            tables.insert(child, rows(conn, &theirs, id)?);
        }
    }
    Ok(
        json!({ "member": Me::from(member), "times": "microseconds since 1970, UTC, in the tables", "tables": tables }),
    )
}

/// Tables with a `member_id`.
fn owned(conn: &Connection) -> Result<Vec<String>> {
    let mut select = conn.prepare(
        "select distinct t.name from sqlite_schema t join pragma_table_info(t.name) c where t.type = 'table' and c.name = 'member_id' order by t.name",
    )?;
    let found = select.query_map([], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Tables without a `member_id` that refer to `table`, and by which column.
fn children(conn: &Connection, table: &str) -> Result<Vec<(String, String)>> {
    let mut select = conn.prepare(
        "select t.name, f.\"from\" from sqlite_schema t join pragma_foreign_key_list(t.name) f
         where t.type = 'table' and f.\"table\" = ?1 and not exists (select 1 from pragma_table_info(t.name) c where c.name = 'member_id')",
    )?;
    let found = select.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn rows(conn: &Connection, sql: &str, id: i64) -> Result<Vec<Value>> {
    let mut select = conn.prepare(sql)?;
    let columns: Vec<String> = select
        .column_names()
        .iter()
        .map(ToString::to_string)
        .collect();
    let found = select.query_map([id], |row| {
        let mut object = Map::new();
        let open = columns
            .iter()
            .enumerate()
            .filter(|(_, name)| !SECRET.contains(&name.as_str()));
        for (at, name) in open {
            let value = match row.get_ref(at)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => number.into(),
                ValueRef::Real(number) => number.into(),
                ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
                ValueRef::Blob(bytes) => format!("{} bytes", bytes.len()).into(),
            };
            object.insert(name.clone(), value);
        }
        Ok(Value::Object(object))
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}
