//! The commands and the program against a real mail server: Postfix, as Debian has it. `tests/mail/run` starts it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use mail_parser::MessageParser;

/// The server that `tests/mail/run` has started.
struct Bench {
    address: String,
    wrapped: String,
    ca: String,
    password: String,
    post: String,
}

impl Bench {
    /// `None`, and a word about it, where none is running.
    fn found() -> Option<Self> {
        let var = |name: &str| std::env::var(format!("GRB_TEST_MAIL{name}")).ok();
        let Some(address) = var("") else {
            println!("SKIPPED: no mail server; run tests/mail/run -- cargo test --test mail");
            return None;
        };
        Some(Self {
            address,
            wrapped: var("_WRAPPED")?,
            ca: var("_CA")?,
            password: var("_PASSWORD")?,
            post: var("_POST")?,
        })
    }

    /// `grb-app admin mail test --to` with this relay: exit code and everything it printed.
    fn test(&self, url: &str, to: &str, ca: bool) -> (i32, String) {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_grb-app"));
        command
            .args(["admin", "mail", "test", "--to", to, "--data-dir"])
            .arg(folder.path())
            .env("GRB_SMTP_URL", url)
            .env("GRB_MAIL_FROM", "desk@club.test");
        if ca {
            command.env("GRB_SMTP_CA", &self.ca);
        }
        let out = command.output().unwrap();
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        );
        assert!(!said.contains(&self.password), "a secret was printed");
        assert!(
            !folder.path().join("grb-app.db").exists(),
            "nothing is written"
        );
        (out.status.code().unwrap(), said)
    }

    fn url(&self) -> String {
        format!(
            "smtp://desk:{}@{}?tls=required",
            self.password, self.address
        )
    }

    /// The letters that have been delivered, as their files.
    fn delivered(&self) -> Vec<Vec<u8>> {
        let new = Path::new(&self.post).join("ada/new");
        let files = std::fs::read_dir(new).into_iter().flatten();
        files
            .map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect()
    }
}

#[test]
fn every_step_of_a_trial_letter_is_told_and_the_letter_arrives() {
    let Some(bench) = Bench::found() else { return };
    for url in [
        bench.url(),
        format!("smtps://desk:{}@{}", bench.password, bench.wrapped),
    ] {
        let before = bench.delivered().len();
        let (code, said) = bench.test(&url, "ada@club.test", true);
        println!("{said}");
        assert_eq!(code, 0, "{said}");
        for step in [
            "DNS",
            "connect",
            "greeting",
            "EHLO",
            "TLS 1.3",
            "CN=localhost",
            "CN=grb-app test CA",
            "PLAIN as desk: 235",
            "MAIL FROM",
            "RCPT TO",
            "354",
            "250 2.0.0",
        ] {
            assert!(said.contains(step), "{step} is missing in\n{said}");
        }
        for _ in 0..100 {
            if bench.delivered().len() > before {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let delivered = bench.delivered();
        assert_eq!(delivered.len(), before + 1);
        let letter = MessageParser::default()
            .parse(&delivered[before])
            .unwrap()
            .into_owned();
        assert!(letter.subject().unwrap().starts_with("A trial letter"));
        let received = letter.header_raw("Received").unwrap();
        assert!(received.contains("TLS"), "{received}");
    }
}

#[test]
fn what_goes_wrong_is_said_with_what_to_do() {
    let Some(bench) = Bench::found() else { return };
    let address = &bench.address;
    let url = bench.url();
    let cases = [
        (
            format!("smtp://desk:wrong@{address}?tls=required"),
            "ada@club.test",
            true,
            "535",
            "User or password is wrong",
        ),
        (
            url.clone(),
            "nobody.here@club.test",
            true,
            "RCPT TO: 550",
            "does not exist",
        ),
        (url, "ada@club.test", false, "UnknownIssuer", "smtp_ca"),
        (
            format!("smtp://{address}?tls=required"),
            "ada@elsewhere.test",
            true,
            "Relay access denied",
            "login",
        ),
        (
            format!("smtps://desk:x@{address}"),
            "ada@club.test",
            true,
            "TLS",
            "smtp://",
        ),
        (
            "smtp://127.0.0.1:1".to_owned(),
            "ada@club.test",
            true,
            "refused",
            "host and port",
        ),
        (
            "smtp://no.such.host.invalid".to_owned(),
            "ada@club.test",
            true,
            "DNS",
            "Check the host",
        ),
    ];
    for (url, to, ca, words, remedy) in cases {
        let (code, said) = bench.test(&url, to, ca);
        let shown = said.replace('\n', "\n    ");
        println!("--- {words}\n    {shown}");
        assert_eq!(code, 69, "{said}");
        assert!(
            said.contains(words) && said.contains(remedy),
            "{words}, {remedy} in\n{said}"
        );
    }
}
