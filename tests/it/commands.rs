//! The commands, run as a person at a terminal runs them.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use grb_app::notices::{Class, Kind};
use serde_json::Value;

use crate::common::{body, gbm, gbm_at};

pub(crate) fn grb_app(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grb-app"));
    // Only what a test sets may count.
    command.env_clear().env("GRB_LOG", "warn").args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    grb_app(arguments).output().unwrap()
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn written(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A serving program; ended when it is dropped.
pub(crate) struct Serving {
    pub process: Child,
    pub address: String,
}

impl Serving {
    pub(crate) fn start(folder: &Path) -> Self {
        let mut process = grb_app(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            folder.to_str().unwrap(),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .expect("the line that scripts wait for")
            .to_owned();
        Self { process, address }
    }

    /// Sends SIGTERM and waits for the end.
    fn stop(mut self) -> Option<i32> {
        Command::new("kill")
            .arg(self.process.id().to_string())
            .status()
            .unwrap();
        self.process.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn notice_show_prints_one_object_a_line_and_goes_on_after_a_bad_file() {
    let folder = tempfile::tempdir().unwrap();
    let good = written(
        folder.path(),
        "good.xml",
        &body(&gbm_at(
            785_074_797,
            Kind::Final,
            560,
            (10.0, -20.0, 3.0),
            None,
        )),
    );
    let bad = written(folder.path(), "bad.xml", b"<VOEvent");
    let output = run(&[
        "notice",
        "show",
        "--json",
        bad.to_str().unwrap(),
        good.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(65));
    let lines: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        lines[0].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["file", "error"]
    );
    let keys: Vec<&str> = lines[1]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let promised = "file format mission instrument kind packet_type trigger_id role trigger_time notice_time ra dec error_radius_deg \
                    error_radius_90_deg classification retraction test suppressed links name";
    assert_eq!(keys, promised.split_whitespace().collect::<Vec<_>>());
    assert_eq!(
        (&lines[1]["trigger_id"], &lines[1]["ra"]),
        (&"785074797".into(), &10.0.into())
    );
    assert_eq!(
        run(&["notice", "show", good.to_str().unwrap()])
            .status
            .code(),
        Some(0)
    );
}

#[test]
fn an_unknown_setting_is_refused_with_the_nearest_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), "grb-app.toml", b"gcn_client_secrt = \"x\"\n");
    let output = run(&["config", "check", "--config", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(78));
    assert!(
        said(&output).contains("gcn_client_secrt")
            && said(&output).contains("Did you mean \"gcn_client_secret\""),
        "{}",
        said(&output)
    );
}

#[test]
fn settings_come_from_file_environment_and_flag_in_this_order_and_secrets_stay_hidden() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(
        folder.path(),
        "grb-app.toml",
        b"club_name = \"From the file\"\nlisten = \"127.0.0.1:1\"\n",
    );
    let secret = written(folder.path(), "secret", b"hush-hush\n");
    let mut command = grb_app(&[
        "config",
        "show",
        "--json",
        "--config",
        file.to_str().unwrap(),
    ]);
    let output = command
        .env("GRB_LISTEN", "127.0.0.1:2")
        .env("GRB_NOTICE_SECRET_FILE", &secret)
        .output()
        .unwrap();
    let all: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let of = |key: &str| all.iter().find(|setting| setting["key"] == key).unwrap();
    assert_eq!(of("club_name")["value"], "From the file");
    assert_eq!(
        (&of("listen")["value"], &of("listen")["origin"]),
        (&"127.0.0.1:2".into(), &"GRB_LISTEN".into())
    );
    assert_eq!(of("notice_secret")["value"], "••••");
    assert!(!said(&output).contains("hush-hush"));
}

#[test]
fn half_a_login_and_a_wrong_zone_are_named() {
    let half = grb_app(&["config", "check"])
        .env("GRB_GCN_CLIENT_ID", "me")
        .output()
        .unwrap();
    assert_eq!(half.status.code(), Some(78));
    assert!(said(&half).contains("gcn_client_secret is not"));
    let zone = grb_app(&["config", "check"])
        .env("GRB_TIME_ZONE", "Europe/Atlantis")
        .output()
        .unwrap();
    assert_eq!(zone.status.code(), Some(78));
    assert!(said(&zone).contains("GRB_TIME_ZONE"));
}

#[test]
fn a_taken_port_and_a_taken_database_are_said_with_what_to_do() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let serving = Serving::start(one.path());
    let taken = run(&[
        "serve",
        "--listen",
        &serving.address,
        "--data-dir",
        two.path().to_str().unwrap(),
    ]);
    let port = serving.address.rsplit(':').next().unwrap();
    assert_eq!(taken.status.code(), Some(69));
    assert!(
        said(&taken).contains(port) && said(&taken).contains("--listen"),
        "{}",
        said(&taken)
    );
    let locked = run(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data-dir",
        one.path().to_str().unwrap(),
    ]);
    assert_eq!(locked.status.code(), Some(69));
    assert!(said(&locked).contains("in use"));
    assert_eq!(serving.stop(), Some(0));
}

#[test]
fn replayed_notices_are_served_and_the_stopped_file_alone_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let notices = tempfile::tempdir().unwrap();
    written(
        notices.path(),
        "1.xml",
        &body(&gbm(785_074_797, Kind::Alert, 5)),
    );
    written(
        notices.path(),
        "2.xml",
        &body(&gbm_at(
            785_074_797,
            Kind::Flight,
            27,
            (10.0, -20.0, 9.0),
            Some((Class::Grb, 0.9)),
        )),
    );
    let replay = |folder: &Path| {
        said(&run(&[
            "replay",
            "--data-dir",
            folder.to_str().unwrap(),
            notices.path().to_str().unwrap(),
        ]))
    };
    assert_eq!(replay(folder.path()).trim(), "1 new, 1 updated");
    assert_eq!(replay(folder.path()).trim(), "2 seen");
    let serving = Serving::start(folder.path());
    assert_eq!(
        replay(folder.path()).trim(),
        "2 seen",
        "through the socket of the server"
    );
    assert_eq!(serving.stop(), Some(0));
    let left = std::fs::read_dir(folder.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    let besides = left
        .iter()
        .filter(|name| !name.to_string_lossy().ends_with(".lock"));
    assert_eq!(besides.collect::<Vec<_>>(), ["grb-app.db"]);
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::copy(
        folder.path().join("grb-app.db"),
        elsewhere.path().join("grb-app.db"),
    )
    .unwrap();
    let status = run(&[
        "admin",
        "status",
        "--json",
        "--data-dir",
        elsewhere.path().to_str().unwrap(),
    ]);
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(
        (&status["notices"], &status["bursts"]),
        (&2.into(), &1.into())
    );
}

#[test]
fn a_file_of_a_newer_program_is_refused_with_the_way_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    assert_eq!(run(&["migrate", "--data-dir", data]).status.code(), Some(0));
    let conn = rusqlite::Connection::open(folder.path().join("grb-app.db")).unwrap();
    conn.execute("insert into refinery_schema_history (version, name, applied_on, checksum) values (99, 'tomorrow', '', '0')", []).unwrap();
    drop(conn);
    let output = run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", data]);
    assert_eq!(output.status.code(), Some(78));
    assert!(
        said(&output).contains("before-schema-99"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_migration_keeps_a_verified_copy_of_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    assert_eq!(run(&["migrate", "--data-dir", data]).status.code(), Some(0));
    let path = folder.path().join("grb-app.db");
    // A file of an earlier program: it has the first migration only.
    let conn = rusqlite::Connection::open(&path).unwrap();
    let later = "select group_concat('drop table ' || name, '; ') from sqlite_schema
         where type = 'table' and name not like 'sqlite_%' and name not in ('events', 'chores', 'keepsakes', 'refinery_schema_history')";
    let drops: String = conn.query_row(later, [], |row| row.get(0)).unwrap();
    conn.execute_batch(&format!(
        "pragma foreign_keys = off; {drops}; drop index events_of_observations;
         delete from refinery_schema_history where version > 1;
         insert into keepsakes values ('mark', 'still here');"
    ))
    .unwrap();
    drop(conn);
    assert!(
        said(&run(&["migrate", "--dry-run", "--data-dir", data]))
            .contains("To be done: V2__bursts, V3__intake")
    );
    assert_eq!(run(&["migrate", "--data-dir", data]).status.code(), Some(0));
    let copies: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("before-schema"))
        .collect();
    assert_eq!(copies.len(), 1);
    let mark = |path: &Path| -> String {
        let conn = rusqlite::Connection::open(path).unwrap();
        conn.query_row(
            "select value from keepsakes where name = 'mark'",
            [],
            |row| row.get(0),
        )
        .unwrap()
    };
    assert_eq!(
        (mark(&path), mark(&copies[0])),
        ("still here".into(), "still here".into())
    );
}

#[test]
fn wrong_usage_ends_with_64_and_help_with_0() {
    assert_eq!(run(&["serve", "--no-such-flag"]).status.code(), Some(64));
    assert_eq!(
        run(&["serve", "--demo", "--speed", "0"]).status.code(),
        Some(64)
    );
    assert_eq!(run(&["--help"]).status.code(), Some(0));
    assert!(said(&run(&["openapi"])).contains("/api/bursts"));
}

#[test]
fn who_has_seen_enough_ends_no_command_halfway() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let commands: [&[&str]; 5] = [
        &["migrate", "--data-dir", data],
        &["check", "--data-dir", data],
        &["config", "show"],
        &["unit"],
        &["version"],
    ];
    for command in commands {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = grb_app(command).stdout(writer).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && !words.contains("panic"),
            "{command:?}: {words}"
        );
    }
    assert!(said(&run(&["check", "--data-dir", data])).contains("schema"));
}
