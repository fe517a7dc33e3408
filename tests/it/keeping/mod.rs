//! The database as a file: copied while it is written, put back, looked through, brought from every earlier schema to this one.

mod commands;
mod daily;
mod load;
mod upgrade;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;

use grb_app::platform::db;
use hmac::digest::Digest as _;
use rusqlite::Connection;
use rusqlite::types::Value;
use sha2::Sha256;

use crate::commands::grb_app;

/// What `grb-app WORDS --data-dir FOLDER` comes to.
fn typed(words: &[&str], folder: &Path) -> Output {
    let mut command = grb_app(words);
    command.arg("--data-dir").arg(folder).output().unwrap()
}

fn file(folder: &Path) -> PathBuf {
    folder.join(db::FILE)
}

/// A data folder with this program's empty database, and `mark` in it.
fn marked(mark: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    db::migrate(&file(folder.path()), *crate::common::NOW).unwrap();
    let conn = Connection::open(file(folder.path())).unwrap();
    let insert = "insert into keepsakes values ('mark', ?1)";
    conn.execute(insert, [mark]).unwrap();
    folder
}

fn mark_in(folder: &Path) -> String {
    let conn = Connection::open(file(folder)).unwrap();
    let select = "select value from keepsakes where name = 'mark'";
    conn.query_row(select, [], |row| row.get(0)).unwrap()
}

/// A table's columns, and one hash over all its rows.
type Table = (Vec<String>, String);

/// What is in every table of the file, each over the columns that `of` names for it, or all.
fn contents(path: &Path, of: Option<&BTreeMap<String, Table>>) -> BTreeMap<String, Table> {
    let conn = Connection::open(path).unwrap();
    let tables = match of {
        Some(known) => known.keys().cloned().collect(),
        None => strings(
            &conn,
            "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' and name <> 'refinery_schema_history'",
        ),
    };
    let table = |name: String| {
        let columns = match of {
            Some(known) => known[&name].0.clone(),
            None => strings(
                &conn,
                &format!("select name from pragma_table_info('{name}')"),
            ),
        };
        let hash = rows(&conn, &name, &columns);
        (name, (columns, hash))
    };
    tables.into_iter().map(table).collect()
}

fn rows(conn: &Connection, table: &str, columns: &[String]) -> String {
    let list = columns.join("\", \"");
    let places: Vec<String> = (1..=columns.len()).map(|place| place.to_string()).collect();
    let sql = format!(
        "select \"{list}\" from \"{table}\" order by {}",
        places.join(", ")
    );
    let (mut hash, mut select) = (Sha256::new(), conn.prepare(&sql).unwrap());
    let mut rows = select.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        for place in 0..columns.len() {
            let value: Value = row.get(place).unwrap();
            hash.update(format!("{value:?}|"));
        }
    }
    hex::encode(hash.finalize())
}

fn strings(conn: &Connection, sql: &str) -> Vec<String> {
    let mut select = conn.prepare(sql).unwrap();
    let found = select.query_map([], |row| row.get(0)).unwrap();
    found.collect::<Result<_, _>>().unwrap()
}
