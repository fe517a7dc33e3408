//! The real program with a folder of its own, and the pushes that fill its pages.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use grb_app::intake::push::sign;
use grb_app::notices::{Format, Notice, write};
use grb_app::platform::Clock;
use grb_app::platform::config::Secret;
use reqwest::Client;
use serde_json::Value;

const SECRET: &str = "a secret of two hosts";

/// A name that needs room.
const CLUB: &str = "Astronomical Society of Kirchheimbolanden and Surroundings";

/// A serving program; ended when it is dropped.
pub(crate) struct Desk {
    process: Option<Child>,
    pub address: String,
    http: Client,
    folder: tempfile::TempDir,
}

impl Desk {
    pub(crate) fn start() -> Self {
        let mut desk = Self::stopped();
        desk.start_again();
        desk
    }

    /// A demonstration.
    pub(crate) fn demo() -> Self {
        let mut desk = Self::stopped();
        desk.serve(&["serve", "--demo", "--listen", "127.0.0.1:0"]);
        desk
    }

    fn stopped() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = Client::builder().tls_certs_only([]).build().unwrap();
        Self {
            process: None,
            address: "127.0.0.1:0".into(),
            http,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Starts the program at the address it had before.
    pub(crate) fn start_again(&mut self) {
        let address = self.address.clone();
        self.serve(&["serve", "--listen", &address]);
    }

    fn serve(&mut self, arguments: &[&str]) {
        let mut command = self.command(arguments);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        self.process = Some(process);
        self.address = line
            .trim()
            .strip_prefix("listening on http://")
            .expect("the program did not start")
            .to_owned();
    }

    /// Sends SIGTERM and waits for the end.
    pub(crate) fn stop(&mut self) {
        let mut process = self.process.take().unwrap();
        assert!(
            Command::new("kill")
                .arg(process.id().to_string())
                .status()
                .unwrap()
                .success()
        );
        assert_eq!(process.wait().unwrap().code(), Some(0));
    }

    /// Takes a notice in while the program is stopped.
    pub(crate) fn replay(&self, notice: &Notice) {
        let file = self.folder.path().join("notice.xml");
        std::fs::write(&file, body(notice)).unwrap();
        assert!(
            self.command(&["replay", file.to_str().unwrap()])
                .stdout(Stdio::null())
                .status()
                .unwrap()
                .success()
        );
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_grb-app"));
        // Only what a test sets may count.
        command
            .env_clear()
            .env("GRB_LOG", "off")
            .env("GRB_NOTICE_SECRET", SECRET)
            .env("GRB_CLUB_NAME", CLUB);
        command
            .args(arguments)
            .arg("--data-dir")
            .arg(self.folder.path())
            .stderr(Stdio::null());
        command
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Pushes a notice, as another host would.
    pub(crate) async fn push(&self, notice: &Notice) {
        let (body, topic) = (body(notice), "gcn.classic.voevent.TEST");
        let timestamp = Clock::system().now().timestamp().to_string();
        let signature = sign(&Secret::new(SECRET), &timestamp, topic, &body);
        let request = self
            .http
            .post(self.url("/api/notices"))
            .header("X-Topic", topic)
            .header("X-Timestamp", timestamp);
        let answer: Value = request
            .header("X-Signature", signature)
            .body(body)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert!(
            answer["recorded"] == "new" || answer["recorded"] == "updated",
            "{answer}: {notice:?}"
        );
    }

    pub(crate) async fn push_all(&self, notices: &[Notice]) {
        for notice in notices {
            self.push(notice).await;
        }
    }

    /// Every burst, as the API lists them.
    pub(crate) async fn bursts(&self) -> Vec<Value> {
        let answer: Value = self
            .http
            .get(self.url("/api/bursts?limit=200"))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        answer["items"].as_array().unwrap().clone()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.kill());
            drop(process.wait());
        }
    }
}

fn body(notice: &Notice) -> Vec<u8> {
    let format = if notice.circular.is_some() {
        Format::Circular
    } else {
        notice.format
    };
    write(notice, format)
}
