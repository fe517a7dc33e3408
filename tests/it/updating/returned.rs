//! A new program that does not serve: the old one comes back by itself, and the club's file with it.

use std::process::Output;

use rusqlite::Connection;
use serde_json::Value;

use super::house::{GOOD, House};
use crate::commands::said;

/// The words of an update that ended with the old program serving again.
async fn came_back(house: &House, output: &Output) -> String {
    let words = said(output);
    assert_eq!(output.status.code(), Some(69), "{words}");
    assert!(words.contains("0.1.0 is back and serves again"), "{words}");
    assert!(house.has_the_old_program(), "{words}");
    assert!(house.serves().await, "{words}");
    assert_eq!(house.leftovers(), Vec::<String>::new());
    let unit = std::fs::read_to_string(house.at("grb-app.service")).unwrap();
    assert_eq!(unit, grb_app::ops::doctor::UNIT);
    words
}

#[tokio::test]
async fn one_that_falls_at_its_start_leaves_the_file_as_it_was() {
    let house = House::new();
    house.release(&format!("case $1 in serve) exit 1 ;; esac\n{GOOD}"));
    let words = came_back(&house, &house.update(&[])).await;
    assert!(words.contains("nothing is lost"), "{words}");
    assert_eq!(house.marks(&house.file()), ["old"]);
    assert!(!house.calls().iter().any(|call| call.contains("socket")));
}

#[tokio::test]
async fn nobody_who_knocks_meanwhile_has_it_started_by_the_socket() {
    let house = House::new();
    std::fs::write(house.at("socket"), "").unwrap();
    house.release(&format!("case $1 in serve) exit 1 ;; esac\n{GOOD}"));
    came_back(&house, &house.update(&[])).await;
    let back = house.calls().split_off(2);
    let (stops, starts) = (
        ["stop grb-app.socket", "stop grb-app"],
        ["start grb-app.socket", "restart grb-app"],
    );
    assert_eq!(back[..2], stops, "{back:?}");
    assert_eq!(back[back.len() - 2..], starts, "{back:?}");
}

#[tokio::test]
async fn one_that_says_it_is_ready_and_answers_nobody_or_falls_soon_after() {
    for does in [
        "exec sleep 600",
        "(sleep 1; kill $$) & exec \"$REAL\" \"$@\"",
    ] {
        let house = House::new();
        let script =
            format!("case $1 in serve) echo 'listening on nothing'; {does} ;; esac\n{GOOD}");
        house.release(&script);
        came_back(&house, &house.update(&[])).await;
    }
}

/// Migrates as far as the old program can see, and adds a row while it is at it.
fn migrating(house: &House) -> String {
    let migrated = house.at("migrated.db");
    let conn = Connection::open(house.file()).unwrap();
    conn.execute("vacuum into ?1", [migrated.to_str().unwrap()])
        .unwrap();
    let conn = Connection::open(&migrated).unwrap();
    conn.execute_batch(
        "pragma journal_mode = delete;
         insert into refinery_schema_history (version, name, applied_on, checksum) values (99, 'tomorrow', '', '0')",
    )
    .unwrap();
    house.write_mark(&migrated, "new");
    format!(
        r#"folder() {{ while [ $# -gt 0 ]; do [ "$1" = --data-dir ] && echo "$2"; shift; done; }}
migrate() {{ cd "$(folder "$@")" && cp grb-app.db grb-app.db.before-schema-99 && cp '{}' grb-app.db; }}
case $1 in
  migrate) migrate "$@"; exit ;;
  check) exit ;;
  serve) migrate "$@"; exit 1 ;;
esac
{GOOD}"#,
        migrated.display()
    )
}

#[tokio::test]
async fn one_that_has_migrated_the_file_is_undone_and_what_it_wrote_is_kept_and_named() {
    let house = House::new();
    house.release(&migrating(&house));
    let output = house.update(&["--json"]);
    let words = came_back(&house, &output).await;
    assert!(words.contains("1 of keepsakes"), "{words}");
    let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&outcome["outcome"], &outcome["file"]),
        (&"returned".into(), &"put_back".into())
    );
    assert_eq!(
        outcome["since"],
        serde_json::json!([{ "table": "keepsakes", "rows": 1 }])
    );
    assert_eq!(house.marks(&house.file()), ["old"]);
    let kept = outcome["kept"].as_str().unwrap();
    assert_eq!(house.marks(kept.as_ref()), ["new", "old"]);
}
