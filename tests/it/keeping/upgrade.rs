//! From every earlier schema to this one, with rows in it, and killed on the way.

use std::path::Path;
use std::time::{Duration, Instant};

use grb_app::demo::Demo;
use grb_app::platform::db;
use refinery::Target;
use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

use super::{contents, file, strings, typed};
use crate::commands::{grb_app, said};
use crate::common::{NOW, config};

mod embedded {
    refinery::embed_migrations!("migrations");
}

fn newest() -> i32 {
    let all = embedded::migrations::runner();
    all.get_migrations()
        .iter()
        .map(refinery::Migration::version)
        .max()
        .unwrap()
}

/// The file as the program of that schema left it.
fn made_by_schema(schema: i32, path: &Path) {
    let mut conn = Connection::open(path).unwrap();
    conn.execute_batch("pragma auto_vacuum = incremental; pragma journal_mode = wal; pragma application_id = 0x47524241;").unwrap();
    let runner = embedded::migrations::runner().set_target(Target::Version(schema));
    runner.run(&mut conn).unwrap();
}

/// Fills every table with the rows of `full`, as far as they have the same columns.
fn fill(path: &Path, full: &Path) {
    let conn = Connection::open(path).unwrap();
    conn.execute_batch("pragma foreign_keys = off").unwrap();
    conn.execute("attach ?1 as full", [full.to_str().unwrap()])
        .unwrap();
    let tables = "select name from main.sqlite_schema where type = 'table' and name not like 'sqlite_%' and name <> 'refinery_schema_history'";
    for table in strings(&conn, tables) {
        let both = format!(
            "select m.name from pragma_table_info('{table}', 'main') m join pragma_table_info('{table}', 'full') using (name)"
        );
        let columns = strings(&conn, &both).join(", ");
        conn.execute_batch(&format!(
            "insert into main.{table} ({columns}) select {columns} from full.{table}"
        ))
        .unwrap();
    }
}

#[tokio::test]
async fn every_earlier_schema_comes_to_this_one_with_all_its_rows() {
    let full = tempfile::tempdir().unwrap();
    let demo = Demo::prepare(config(full.path()), Some(full.path()), 1.0)
        .await
        .unwrap();
    demo.app.db.close().await;
    let mut filled = 0;
    for schema in 1..newest() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        made_by_schema(schema, &path);
        fill(&path, &file(full.path()));
        let before = contents(&path, None);
        filled = before.len();
        db::migrate(&path, *NOW).unwrap();
        let found = db::check::check(folder.path(), &CancellationToken::new()).unwrap();
        assert_eq!(
            (found.schema, &found.faults, &found.oddities),
            (newest(), &vec![], &vec![]),
            "from {schema}"
        );
        assert_eq!(contents(&path, Some(&before)), before, "from {schema}");
        let kept = path.with_file_name(format!("{}.before-schema-{}", db::FILE, newest()));
        assert_eq!(
            contents(&kept, None),
            before,
            "the copy from before, of {schema}"
        );
    }
    assert!(filled > 20, "{filled}");
}

#[test]
fn of_the_copies_from_before_migrations_three_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path());
    for round in 0..5 {
        drop(std::fs::remove_file(&path));
        made_by_schema(1, &path);
        let conn = Connection::open(&path).unwrap();
        conn.execute("insert into keepsakes values ('mark', ?1)", [round])
            .unwrap();
        drop(conn);
        db::migrate(&path, *NOW + chrono::TimeDelta::hours(round)).unwrap();
    }
    let entries = std::fs::read_dir(&folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.path());
    let copies = entries.filter(|path| path.to_string_lossy().contains("before-schema"));
    let mut marks: Vec<String> = copies
        .map(|copy| {
            let conn = Connection::open(copy).unwrap();
            conn.query_row("select value from keepsakes", [], |row| row.get(0))
                .unwrap()
        })
        .collect();
    marks.sort();
    assert_eq!(marks, ["2", "3", "4"]);
}

#[test]
fn the_copy_from_before_a_migration_is_there_whatever_the_clock_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path());
    // Four that a clock far ahead has dated.
    let now = std::time::SystemTime::from(grb_app::platform::Clock::system().now());
    let ahead = now + Duration::from_secs(999_999);
    for schema in 2..6 {
        let copy = path.with_file_name(format!("{}.before-schema-{schema}", db::FILE));
        std::fs::File::create(copy)
            .unwrap()
            .set_modified(ahead)
            .unwrap();
    }
    made_by_schema(1, &path);
    db::migrate(&path, *NOW).unwrap();
    let copy = path.with_file_name(format!("{}.before-schema-{}", db::FILE, newest()));
    assert!(copy.exists());
}

/// A file of the first schema that takes its time to be copied and given its indexes.
fn large() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    made_by_schema(1, &file(folder.path()));
    let conn = Connection::open(file(folder.path())).unwrap();
    conn.execute_batch(
        "with recursive n (i) as (select 1 union all select i + 1 from n where i < 60000)
         insert into events (topic, name, data, at) select 'observations', 'load', json_object('data', json_object('id', i, 'load', hex(randomblob(100)))), i from n",
    )
    .unwrap();
    folder
}

fn events(folder: &Path) -> i64 {
    let conn = Connection::open(file(folder)).unwrap();
    conn.query_row("select count(*) from events", [], |row| row.get(0))
        .unwrap()
}

#[test]
fn killed_at_any_moment_of_a_migration_it_begins_again_and_nothing_is_lost() {
    let first = large();
    let began = Instant::now();
    let whole = typed(&["migrate"], first.path());
    assert_eq!(whole.status.code(), Some(0), "{}", said(&whole));
    let took = began.elapsed();
    let folder = large();
    let (mut killed, steps) = (0, 16);
    for step in 1..=steps {
        let mut migrate = grb_app(&["migrate", "--data-dir"])
            .arg(folder.path())
            .spawn()
            .unwrap();
        std::thread::sleep(
            took.mul_f64(f64::from(step) / f64::from(steps)) + Duration::from_millis(1),
        );
        drop(migrate.kill());
        let ended = migrate.wait().unwrap();
        let schema = typed(&["check", "--json"], folder.path());
        let schema: serde_json::Value = serde_json::from_slice(&schema.stdout).unwrap();
        let schema = schema["schema"].as_i64().unwrap();
        assert!(
            schema == 1 || schema == i64::from(newest()),
            "all or nothing: {schema}"
        );
        assert_eq!(events(folder.path()), 60_000);
        killed += i32::from(ended.code().is_none() && schema == 1);
    }
    assert!(killed > 3, "it was hit {killed} times while at work");
    let output = typed(&["migrate"], folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(events(folder.path()), 60_000);
    let output = typed(&["check"], folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}
