//! A machine with a desk installed as a service, and releases made for it.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use grb_app::ops::doctor::UNIT;
use grb_app::platform::db;
use hmac::digest::Digest as _;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use rusqlite::Connection;
use sha2::Sha256;

use crate::common::NOW;

/// The real program.
pub(super) const REAL: &str = env!("CARGO_BIN_EXE_grb-app");

/// A newer program: the real one with another version and another unit.
pub(super) const GOOD: &str = r#"case $1 in
  version) echo '{"version": "0.2.0", "schema": 99}' ;;
  unit) "$REAL" unit; echo '# newer' ;;
  *) exec "$REAL" "$@" ;;
esac"#;

pub(super) struct House {
    folder: tempfile::TempDir,
    key: Ed25519KeyPair,
}

impl House {
    /// A desk that serves, with a mark in its file.
    pub(super) fn new() -> Self {
        let house = Self {
            folder: tempfile::tempdir().unwrap(),
            key: a_key(),
        };
        for part in ["bin", "data", "path", "release"] {
            std::fs::create_dir(house.at(part)).unwrap();
        }
        link(Path::new(REAL), &house.at("bin/grb-app"));
        let systemctl = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/updating/systemctl");
        std::os::unix::fs::symlink(systemctl, house.at("path/systemctl")).unwrap();
        std::fs::write(house.at("grb-app.service"), UNIT).unwrap();
        std::fs::write(house.at("key.pem"), pem(&house.key)).unwrap();
        db::migrate(&house.file(), *NOW).unwrap();
        house.write_mark(&house.file(), "old");
        let started = house.command("systemctl").arg("restart").status();
        assert!(started.unwrap().success());
        house
    }

    pub(super) fn at(&self, part: &str) -> PathBuf {
        self.folder.path().join(part)
    }

    pub(super) fn file(&self) -> PathBuf {
        self.at("data").join(db::FILE)
    }

    /// A command that finds our systemctl.
    pub(super) fn command(&self, program: &str) -> Command {
        let path = format!("{}:/usr/bin:/bin", self.at("path").display());
        let program = match program {
            "systemctl" => self.at("path/systemctl"),
            own => self.at(own),
        };
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", path)
            .env("HOUSE", self.folder.path())
            .env("REAL", REAL)
            .env("GRB_LOG", "warn")
            .env("GRB_RELEASE_KEY", self.at("key.pem"));
        command
    }

    /// What `grb-app update WORDS` comes to, with the release of this house unless the words name another.
    pub(super) fn update(&self, words: &[&str]) -> Output {
        let mut command = self.command("bin/grb-app");
        command.arg("update").args(words);
        if !words.contains(&"--from") {
            command.arg("--from").arg(self.at("release"));
        }
        command.arg("--data-dir").arg(self.at("data"));
        command.output().unwrap()
    }

    /// Makes a release of a program that does what `script` says, and signs it.
    pub(super) fn release(&self, script: &str) {
        let name = format!("grb-app-{}-linux", std::env::consts::ARCH);
        let program = format!("#!/bin/sh\nREAL='{REAL}'\n{script}\n");
        let hash = hex::encode(Sha256::digest(&program));
        std::fs::write(self.at("release").join(&name), program).unwrap();
        self.sign_own(&format!("{}  other\n{hash}  {name}\n", "0".repeat(64)));
    }

    pub(super) fn sign(&self, list: &str, key: &Ed25519KeyPair) {
        std::fs::write(self.at("release/SHA256SUMS"), list).unwrap();
        let signature = key.sign(list.as_bytes());
        std::fs::write(self.at("release/SHA256SUMS.sig"), signature).unwrap();
    }

    /// The same, by the key that this house knows.
    pub(super) fn sign_own(&self, list: &str) {
        self.sign(list, &self.key);
    }

    pub(super) fn list(&self) -> String {
        std::fs::read_to_string(self.at("release/SHA256SUMS")).unwrap()
    }

    pub(super) fn write_mark(&self, file: &Path, mark: &str) {
        let conn = Connection::open(file).unwrap();
        let insert = "insert into keepsakes values (?1, 'mark')";
        conn.execute(insert, [mark]).unwrap();
    }

    pub(super) fn marks(&self, file: &Path) -> Vec<String> {
        let conn = Connection::open(file).unwrap();
        let select = "select name from keepsakes where value = 'mark' order by name";
        let mut select = conn.prepare(select).unwrap();
        let marks = select.query_map([], |row| row.get(0)).unwrap();
        marks.collect::<Result<_, _>>().unwrap()
    }

    /// What was asked of systemd since the desk was first started.
    pub(super) fn calls(&self) -> Vec<String> {
        let calls = std::fs::read_to_string(self.at("calls")).unwrap();
        let calls = calls.lines().skip(1).map(str::to_owned);
        calls
            .filter(|call| !call.starts_with("show") && !call.starts_with("is-active"))
            .collect()
    }

    /// The process that serves.
    pub(super) fn pid(&self) -> Option<u32> {
        let pid = std::fs::read_to_string(self.at("pid")).ok()?;
        pid.trim().parse().ok()
    }

    /// True where the desk's first page answers.
    pub(super) async fn serves(&self) -> bool {
        let out = std::fs::read_to_string(self.at("out")).unwrap();
        let Some(url) = out.strip_prefix("listening on ") else {
            return false;
        };
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder().tls_certs_only([]).build();
        let answer = client.unwrap().get(url.trim()).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// True where the program in place is the one that was there first.
    pub(super) fn has_the_old_program(&self) -> bool {
        same(&self.at("bin/grb-app"), Path::new(REAL))
    }

    /// What lies about in the folders that an update touches.
    pub(super) fn leftovers(&self) -> Vec<String> {
        let mut found = Vec::new();
        for folder in ["bin", "data", "."] {
            let entries = std::fs::read_dir(self.at(folder)).unwrap().flatten();
            let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
            let odd = |name: &String| name.ends_with(".new") || name.starts_with("update-");
            found.extend(names.filter(odd));
        }
        found
    }
}

impl Drop for House {
    fn drop(&mut self) {
        drop(self.command("systemctl").arg("stop").status());
    }
}

pub(super) fn a_key() -> Ed25519KeyPair {
    let key = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).unwrap();
    Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap()
}

/// As `openssl pkey -pubout` prints it (RFC 8410).
fn pem(key: &Ed25519KeyPair) -> String {
    let mut der = hex::decode("302a300506032b6570032100").unwrap();
    der.extend(key.public_key().as_ref());
    let text = STANDARD.encode(der);
    format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
}

/// The whole program without a copy of its hundred megabytes, where that can be.
fn link(from: &Path, to: &Path) {
    if std::fs::hard_link(from, to).is_err() {
        std::fs::copy(from, to).unwrap();
        std::fs::set_permissions(to, Permissions::from_mode(0o755)).unwrap();
    }
}

pub(super) fn same(one: &Path, other: &Path) -> bool {
    let (one_meta, other_meta) = (one.metadata().unwrap(), other.metadata().unwrap());
    one_meta.ino() == other_meta.ino()
        || (one_meta.len() == other_meta.len()
            && std::fs::read(one).unwrap() == std::fs::read(other).unwrap())
}
