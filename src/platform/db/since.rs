//! What is in a file and not in an earlier copy of it.

use std::path::Path;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::copy;

/// Rows of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    pub table: String,
    pub rows: i64,
}

/// The rows of `file` whose keys are not in `copy`, by table; of tables that both have. Nobody may write to either meanwhile.
pub fn added(file: &Path, copy: &Path) -> anyhow::Result<Vec<Added>> {
    let conn = copy::open_still(file, &CancellationToken::new())?;
    let copy = copy::address(copy, "&immutable=1")?;
    conn.execute("attach ?1 as copy", [copy])?;
    let both =
        "select m.name from main.sqlite_schema m join copy.sqlite_schema c using (type, name)
                where m.type = 'table' and m.name not like 'sqlite_%' and m.name <> 'refinery_schema_history' order by m.name";
    let mut found = Vec::new();
    for table in strings(&conn, both, [])? {
        let rows = new_rows(&conn, &table)?;
        if rows > 0 {
            found.push(Added { table, rows });
        }
    }
    Ok(found)
}

/// By the primary key: copying may number rows anew that have none.
fn new_rows(conn: &Connection, table: &str) -> rusqlite::Result<i64> {
    let key = "select m.name from pragma_table_info(?1, 'main') m join pragma_table_info(?1, 'copy') c using (name) where m.pk > 0";
    let same = |column: String| format!("c.\"{column}\" is m.\"{column}\"");
    let same: Vec<String> = strings(conn, key, [table])?.into_iter().map(same).collect();
    if same.is_empty() {
        return Ok(0);
    }
    let sql = format!(
        "select count(*) from main.\"{table}\" m where not exists (select 1 from copy.\"{table}\" c where {})",
        same.join(" and ")
    );
    conn.query_row(&sql, [], |row| row.get(0))
}

fn strings(
    conn: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> rusqlite::Result<Vec<String>> {
    let mut select = conn.prepare(sql)?;
    select.query_map(values, |row| row.get(0))?.collect()
}
