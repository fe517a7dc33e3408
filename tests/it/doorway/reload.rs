//! A running program reads its settings and its certificate again when it is told to.

use std::io::{BufRead as _, BufReader};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use reqwest::{Certificate, Client};
use rustix::process::{Pid, Signal, kill_process};

use super::tls::{believing, certify};
use crate::commands::grb_app;

/// A serving program, what it says to systemd, and its log.
struct Told {
    process: Child,
    address: String,
    systemd: UnixDatagram,
    log: std::path::PathBuf,
}

impl Told {
    fn start(folder: &Path) -> Self {
        let systemd = UnixDatagram::bind(folder.join("notify")).unwrap();
        let patience = Some(Duration::from_secs(20));
        systemd.set_read_timeout(patience).unwrap();
        let log = folder.join("log");
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let (data, config) = (path("data"), path("grb-app.toml"));
        let mut process = grb_app(&["serve", "--data-dir", &data, "--config", &config])
            .env_remove("GRB_LOG")
            .env("NOTIFY_SOCKET", folder.join("notify"))
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap()
            .to_owned();
        let told = Self {
            process,
            address,
            systemd,
            log,
        };
        assert_eq!(told.heard(), "READY=1");
        told
    }

    fn heard(&self) -> String {
        let mut message = [0; 256];
        let length = self.systemd.recv(&mut message).unwrap();
        String::from_utf8_lossy(&message[..length])
            .trim()
            .to_owned()
    }

    /// Tells it to read again, and gives the log once it has.
    fn reload(&self) -> String {
        let process = Pid::from_child(&self.process);
        kill_process(process, Signal::HUP).unwrap();
        let reloading = self.heard();
        assert!(
            reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="),
            "{reloading}"
        );
        assert_eq!(self.heard(), "READY=1");
        std::fs::read_to_string(&self.log).unwrap()
    }

    async fn ask(&self, client: &Client) -> Option<u16> {
        let answer = client.get(format!("{}/bursts", self.address)).send().await;
        answer.ok().map(|answer| answer.status().as_u16())
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn configure(folder: &Path, more: &str) -> Certificate {
    let (certificate, [file, key]) = certify(folder);
    let text =
        format!("listen = \"127.0.0.1:0\"\ntls_certificate = {file:?}\ntls_key = {key:?}\n{more}");
    std::fs::write(folder.join("grb-app.toml"), text).unwrap();
    certificate
}

#[tokio::test]
async fn a_hangup_takes_up_what_can_be_and_nothing_of_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let first = configure(folder, "log = \"warn\"\nclub_name = \"Orion\"");
    let desk = Told::start(folder);
    assert!(desk.address.starts_with("https://"));
    for _ in 0..3 {
        assert_eq!(desk.ask(&believing(&first)).await, Some(200));
    }

    let more = "log = \"info\"\nclub_name = \"Lyra\"\nreads_per_minute = 2";
    let second = configure(folder, more);
    let log = desk.reload();
    // Only who has taken up the level as well says so.
    assert!(log.contains("reads_per_minute, log taken up"), "{log}");
    assert!(
        log.contains("only taken up at the next start: club_name"),
        "{log}"
    );
    assert_eq!(desk.ask(&believing(&first)).await, None);
    for status in [200, 200, 429] {
        assert_eq!(desk.ask(&believing(&second)).await, Some(status));
    }

    configure(folder, "reads_per_minute = \"lots\"");
    let log = desk.reload();
    assert!(
        log.contains("The settings stay as they were: reads_per_minute \"lots\""),
        "{log}"
    );
    assert_eq!(desk.ask(&believing(&second)).await, Some(429));

    configure(folder, "reads_per_minute = 0");
    std::fs::write(folder.join("desk.key"), "no key").unwrap();
    let log = desk.reload();
    assert!(
        log.contains("The settings stay as they were: tls_key"),
        "{log}"
    );
    assert_eq!(desk.ask(&believing(&second)).await, Some(429));
}

#[tokio::test]
async fn even_the_longest_log_holds_no_key_and_no_address() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = configure(folder.path(), "log = \"debug\"\n");
    let desk = Told::start(folder.path());
    let key = "0123456789abcdef".repeat(4);
    for path in [
        format!("/confirm/{key}"),
        format!("/bursts?q=vera@club.example&lat=48.5&t={key}"),
    ] {
        let asked = believing(&certificate).get(format!("{}{path}", desk.address));
        asked
            .header("authorization", format!("Bearer {key}"))
            .send()
            .await
            .unwrap();
    }
    let log = std::fs::read_to_string(&desk.log).unwrap();
    assert!(
        log.contains("/confirm/") && log.contains("/bursts"),
        "{log}"
    );
    for private in [&key[..], "vera@", "48.5"] {
        assert!(!log.contains(private), "{private} in {log}");
    }
}
