//! What an officer types: members, tokens and letters, with the server running and without.

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use chrono::TimeDelta;
use grb_app::notices::{Class, Kind};
use serde_json::Value;

use crate::commands::{Serving, grb_app, said};
use crate::common::{body, gbm_at};

const PASSWORD: &str = "a long pass phrase for the night desk\n";

/// A data folder, with a server on it or not.
struct Machine {
    folder: tempfile::TempDir,
    serving: Option<Serving>,
}

impl Machine {
    fn new(serves: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let serving = serves.then(|| Serving::start(folder.path()));
        Self { folder, serving }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `grb-app admin …`, with something on its standard input.
    fn typed(&self, words: &str, input: &str) -> Output {
        let mut command = grb_app(&["admin"]);
        command.args(words.split(' ')).arg("--data-dir");
        command.arg(self.path()).stdin(Stdio::piped());
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        // A command that asks for nothing may have ended by now.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        child.wait_with_output().unwrap()
    }

    /// What is printed by a command that must end well.
    fn done(&self, words: &str) -> String {
        let output = self.typed(words, PASSWORD);
        assert_eq!(output.status.code(), Some(0), "{words}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Takes a notice of Fermi's in, of a burst `days` before the night of the tests.
    fn heard(&self, trigger: u32, days: i64) {
        let grb = Some((Class::Grb, 0.9));
        let mut notice = gbm_at(trigger, Kind::Flight, 30, (120.0, 30.0, 5.0), grb);
        notice.trigger_time = notice.trigger_time.map(|at| at - TimeDelta::days(days));
        let file = self.path().join(format!("{trigger}.xml"));
        std::fs::write(&file, body(&notice)).unwrap();
        let mut command = grb_app(&["replay"]);
        command.arg(file).arg("--data-dir").arg(self.path());
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }

    fn json(&self, words: &str) -> Value {
        serde_json::from_str(&self.done(&format!("{words} --json"))).unwrap()
    }

    /// The words of a command that must end with `code`; nothing of it is an answer.
    fn refused(&self, words: &str, input: &str, code: i32) -> String {
        let output = self.typed(words, input);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(code), "{words}: {text}");
        assert!(output.stdout.is_empty(), "{words}: {text}");
        assert!(
            !text.contains("panicked") && !text.contains("{\""),
            "{text}"
        );
        text
    }
}

#[tokio::test]
async fn an_officer_takes_a_name_out_with_a_server_and_without() {
    for serves in [false, true] {
        let mut machine = Machine::new(true);
        let url = |machine: &Machine| {
            let serving = machine.serving.as_ref().unwrap();
            format!("http://{}/hello/pepe", serving.address)
        };
        let client = reqwest::Client::builder().tls_certs_only([]);
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = client.build().unwrap();
        let born = serde_json::json!({ "dateOfBirth": "1990-05-17" });
        let stored = client.put(url(&machine)).json(&born).send().await.unwrap();
        assert_eq!(stored.status(), 204);
        if !serves {
            machine.serving = None;
        }
        assert_eq!(machine.json("hello show PEPE")["dateOfBirth"], "1990-05-17");
        let shown = machine.done("hello show Pepe");
        assert_eq!(shown.trim(), "pepe, born 1990-05-17");
        assert_eq!(
            machine.done("hello forget pEpE").trim(),
            "pepe is forgotten."
        );
        // Twice is a mistake that is said.
        let words = machine.refused("hello forget pepe", "", 65);
        assert!(
            words.contains("there is no such name in the hello API"),
            "{words}"
        );
        machine.refused("hello show pepe", "", 65);
        machine.refused("hello show p3pe", "", 65);
        if !serves {
            machine.serving = Some(Serving::start(machine.path()));
        }
        // Nor is it in the server's memory.
        let answer = client.get(url(&machine)).send().await.unwrap();
        assert_eq!(answer.status(), 404);
    }
}

#[test]
fn an_officer_keeps_the_members_with_a_server_and_without() {
    for serves in [false, true] {
        let machine = Machine::new(serves);
        let made = machine.done(
            "user create --email Ada@example.org --name Ada --password-stdin --confirmed --officer",
        );
        assert_eq!(made.trim(), "1  Ada <Ada@example.org>  officer");
        let made = machine.json("user create --email bob@example.org --name Bob --password-stdin");
        assert_eq!(
            (&made["id"], &made["email_confirmed"]),
            (&2.into(), &false.into())
        );
        let listed = machine.json("user list");
        let names: Vec<&str> = listed
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|one| one["full_name"].as_str())
            .collect();
        assert_eq!(names, ["Ada", "Bob"]);
        assert!(!listed.to_string().contains("argon2"), "{listed}");
        assert!(
            machine
                .done("user list")
                .contains("2  Bob <bob@example.org>  not confirmed")
        );

        // An address is found however it is written, with and without its flag.
        assert_eq!(machine.json("user show ADA@EXAMPLE.ORG")["officer"], true);
        assert_eq!(
            machine.json("user promote --email bob@example.org")["officer"],
            true
        );
        assert_eq!(
            machine.json("user disable bob@example.org")["disabled"],
            true
        );
        assert!(
            machine
                .done("user show bob@example.org")
                .contains("officer, shut out")
        );
        assert_eq!(
            machine.json("user enable bob@example.org")["disabled"],
            false
        );
        machine.done("user password bob@example.org --password-stdin");

        let token = machine.done("token create --email ada@example.org --name observatory");
        assert!(
            token.trim().len() >= 32 && token.trim().lines().count() == 1,
            "{token}"
        );
        let tokens = machine.json("token list ada@example.org");
        assert_eq!(
            (tokens[0]["name"].as_str(), tokens.as_array().unwrap().len()),
            (Some("observatory"), 1)
        );
        assert!(!tokens.to_string().contains(token.trim()));
        let id = &tokens[0]["id"];
        let revoked = machine.done(&format!("token revoke ada@example.org --id {id}"));
        assert_eq!(revoked.trim(), format!("Token {id} is revoked."));
        assert_eq!(
            machine
                .json("token list ada@example.org")
                .as_array()
                .unwrap()
                .len(),
            0
        );

        machine.done("user delete bob@example.org");
        assert_eq!(machine.json("user list").as_array().unwrap().len(), 1);
    }
}

#[test]
fn what_cannot_be_done_is_said_and_the_exit_code_says_why() {
    for serves in [false, true] {
        let machine = Machine::new(serves);
        machine.done("user create --email ada@example.org --name Ada --password-stdin");
        for verb in ["show", "disable", "enable", "promote", "delete"] {
            let words = machine.refused(&format!("user {verb} eve@example.org"), "", 65);
            assert!(words.contains("no such member"), "{words}");
        }
        for verb in ["create", "list"] {
            let words = machine.refused(&format!("token {verb} eve@example.org"), "", 65);
            assert!(words.contains("no such member"), "{words}");
        }
        let words = machine.refused("token revoke ada@example.org --id 99", "", 65);
        assert!(words.contains("no such"), "{words}");
        let again = "user create --email ADA@example.org --name Ada --password-stdin";
        let words = machine.refused(again, PASSWORD, 65);
        assert!(
            words.contains("is taken") || words.contains("already"),
            "{words}"
        );
        let wrong = "user create --email nowhere --name Ada --password-stdin";
        let words = machine.refused(wrong, "short\n", 65);
        assert!(
            words.contains("email") && words.contains("password"),
            "every fault: {words}"
        );
        let words = machine.refused("user password ada@example.org --password-stdin", "", 64);
        assert!(words.contains("no password"), "{words}");
        machine.refused("user show", "", 64);
        machine.refused("token revoke ada@example.org", "", 64);
        machine.refused("mail retry", "", 64);
        let words = machine.refused("mail queue --state not&sent", "", 65);
        assert!(words.contains("\"not&sent\" is none of waiting"), "{words}");
    }
}

#[test]
fn an_officer_looks_through_the_outbox_and_has_letters_tried_again() {
    for serves in [false, true] {
        let machine = Machine::new(serves);
        assert_eq!(machine.done("mail queue").trim(), "The outbox is empty.");
        assert_eq!(machine.json("mail retry --all")["retried"], 0);
        machine.done("user create --email ada@example.org --name Ada --password-stdin");
        let queue = machine.json("mail queue --state waiting");
        assert_eq!(queue["counts"]["waiting"], 1, "{queue}");
        let letter = &queue["items"][0];
        assert_eq!(
            (&letter["kind"], &letter["address"]),
            (&"account".into(), &"ada@example.org".into())
        );
        // Its link lets somebody in.
        assert!(!queue.to_string().contains("payload"), "{queue}");
        assert!(machine.done("mail queue").starts_with("1 waiting\n"));
        assert_eq!(
            machine.json("mail queue --state sent")["items"]
                .as_array()
                .unwrap()
                .len(),
            0
        );
        let again = machine.done(&format!("mail retry {}", letter["id"]));
        assert!(again.starts_with("No such letter was tried"), "{again}");
        assert!(
            machine
                .done("mail retry 4711")
                .starts_with("No such letter was tried")
        );
    }
}

#[test]
fn an_officer_withdraws_and_joins_bursts_with_a_server_and_without() {
    for serves in [false, true] {
        let mut machine = Machine::new(false);
        machine.heard(785_074_797, 0);
        machine.heard(785_074_800, 0);
        machine.heard(784_900_000, 3);
        machine.serving = serves.then(|| Serving::start(machine.path()));
        let listed = machine.json("burst list");
        assert_eq!(listed.as_array().unwrap().len(), 3, "{listed}");
        assert_eq!(machine.json("burst show 1")["withdrawn_by_hand"], false);

        let why = "--why=a-glint";
        let gone = machine.json(&format!("burst retract 1 {why}"));
        assert_eq!(gone["verdict"], "withdrawn");
        let shown = machine.done("burst show 1");
        assert!(shown.contains("withdrew it: “a-glint”"), "{shown}");
        let words = machine.refused(&format!("burst retract 1 {why}"), "", 65);
        assert!(words.contains("withdrawn already"), "{words}");
        assert_eq!(
            machine.json("burst retract 1 --undo")["withdrawn"],
            Value::Null
        );
        machine.refused("burst retract 1 --undo", "", 65);
        machine.refused("burst retract 1", "", 64);
        machine.refused("burst show 99", "", 65);
        machine.refused("burst list --tier E", "", 64);

        let joined = machine.json("burst merge 1 2");
        assert_eq!(joined["linked"][0]["by_hand"], true, "{joined}");
        assert!(machine.done("burst show 2").contains("joined by hand"));
        let parted = machine.json("burst part 2 1");
        assert_eq!(parted["linked"].as_array().unwrap().len(), 0, "{parted}");
        machine.refused("burst part 1 2", "", 65);
        let words = machine.refused("burst merge 1 3", "", 65);
        assert!(words.contains("more than a day apart"), "{words}");
    }
}
