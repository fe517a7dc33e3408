//! Settings: defaults, then the file, then the environment, then flags; each value remembers where it came from.

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::backups::Backups;
use super::error::Exit;
use super::outbox::Mail;
use super::release::Place;
use super::web::tls::Certificates;
use super::web::visitor::Proxies;

pub use super::settings::{RELOADED, SETTINGS, Setting};

/// The file that is read where no other is named.
pub const FILE: &str = "/etc/grb-app/grb-app.toml";

/// The settings, understood.
#[derive(Debug, Clone)]
pub struct Config {
    /// The files that values came from.
    pub files: Vec<PathBuf>,
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    pub public_url: Option<String>,
    pub club_name: String,
    pub time_zone: Tz,
    /// When birthdays of 29 February are kept in common years.
    pub leap_day: LeapDay,
    pub kafka: Option<Kafka>,
    pub notice_secret: Option<Secret>,
    pub stale_after: TimeDelta,
    pub mail: Mail,
    pub backups: Backups,
    pub cors_origins: Vec<String>,
    pub rates: Rates,
    pub mail_pictures: bool,
    /// Room for the pictures of one member's observations, MB.
    pub image_quota_mb: u32,
    pub metrics_listen: Option<SocketAddr>,
    pub metrics_token: Option<Secret>,
    /// The proxies that say for whom they ask.
    pub trusted_proxies: Proxies,
    /// Set where the desk itself speaks TLS.
    pub tls: Option<Certificates>,
    /// A second address, without TLS, that only sends people to the one with it.
    pub redirect_listen: Option<SocketAddr>,
    /// Where the public key lies that releases must be signed with.
    pub release_key: PathBuf,
    /// Where a release is looked for unless the command says so.
    pub release_from: Option<Place>,
    /// What is written to the log.
    pub log: String,
    /// Set for `serve --demo`: the sentence that every page shows.
    pub demo: Option<String>,
}

impl Config {
    /// Where members reach the pages, without a slash at the end.
    pub fn base_url(&self) -> String {
        let own = || match &self.tls {
            None => format!("http://{}", self.listen),
            Some(Certificates::Files { .. }) => format!("https://{}", self.listen),
            Some(Certificates::Acme { domains, .. }) => format!("https://{}", domains[0]),
        };
        self.public_url.clone().unwrap_or_else(own)
    }

    /// True where members come by https, here or at a proxy.
    pub fn is_secure(&self) -> bool {
        let public = self.public_url.as_deref();
        public.map_or(self.tls.is_some(), |url| url.starts_with("https://"))
    }
}

/// How much is let through.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// Requests that only look, an address and minute; `None` for as many as come.
    pub reads: Option<NonZeroU32>,
    /// Changing requests, an address and minute.
    pub writes: NonZeroU32,
    /// Passwords tried, an account and hour.
    pub sign_ins: NonZeroU32,
    /// Passwords tried, an address and minute.
    pub knocks: NonZeroU32,
    /// Sign-ups and forgotten passwords, an address and hour.
    pub sign_ups: NonZeroU32,
}

/// When birthdays of 29 February are kept in common years.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LeapDay {
    #[default]
    February28,
    March1,
}

impl FromStr for LeapDay {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "02-28" => Ok(Self::February28),
            "03-01" => Ok(Self::March1),
            _ => Err("is neither 02-28 nor 03-01"),
        }
    }
}

/// Where notices are heard.
#[derive(Debug, Clone)]
pub struct Kafka {
    pub bootstrap: String,
    pub security: String,
    pub login: Option<Login>,
    pub ca: Option<PathBuf>,
    /// Empty where the default topics are wanted.
    pub topics: Vec<String>,
    pub address_family: String,
}

/// OAUTHBEARER by client credentials, as GCN asks for it.
#[derive(Debug, Clone)]
pub struct Login {
    pub client_id: String,
    pub client_secret: Secret,
    pub token_url: String,
}

/// A secret; prints as dots.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one place that uses it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("••••")
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    File(PathBuf),
    Environment(String),
    Credential(PathBuf),
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) | Self::Credential(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// Every value that is set, with its origin.
#[derive(Debug, Clone, Default)]
pub struct Sources(BTreeMap<&'static str, (String, Origin)>);

impl Sources {
    /// Gathers defaults, file, environment and `flags`. `file` names a file that must exist; without it [`FILE`] is read where there is one.
    pub fn gather(
        file: Option<&Path>,
        env: &dyn Fn(&str) -> Option<String>,
        flags: &[(&'static str, Option<String>)],
    ) -> anyhow::Result<Self> {
        let mut sources = Self::default();
        sources.take_defaults(env);
        match file {
            Some(path) => sources.take_file(path)?,
            None => {
                // In a folder that this user may not look into, there may be one.
                if Path::new(FILE).try_exists().unwrap_or(true) {
                    sources.take_file(Path::new(FILE))?;
                }
            }
        }
        sources.take_credentials(env)?;
        sources.take_environment(env)?;
        for (key, value) in flags {
            if let Some(value) = value {
                sources.0.insert(key, (value.clone(), Origin::Flag));
            }
        }
        Ok(sources)
    }

    /// The value of `key` and where it came from.
    pub fn get(&self, key: &str) -> Option<(&str, &Origin)> {
        self.0
            .get(key)
            .map(|(value, origin)| (value.as_str(), origin))
    }

    /// The settings understood; the first that cannot be is named with its origin (exit 78).
    pub fn understand(&self) -> anyhow::Result<Config> {
        let data_dir = self.text("data_dir").map(PathBuf::from).unwrap_or_default();
        Ok(Config {
            files: self.files(),
            listen: self
                .parse("listen")?
                .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            backups: Backups::understand(self, &data_dir)?,
            data_dir,
            public_url: self
                .text("public_url")
                .map(|url| url.trim_end_matches('/').to_owned()),
            club_name: self.text("club_name").unwrap_or_default(),
            time_zone: self.parse("time_zone")?.unwrap_or(Tz::UTC),
            leap_day: self.parse("leap_day")?.unwrap_or_default(),
            kafka: self.kafka()?,
            notice_secret: self.text("notice_secret").map(Secret::new),
            stale_after: self.hours("stale_after_hours")?,
            mail: Mail::understand(self)?,
            cors_origins: self.origins()?,
            rates: self.rates()?,
            mail_pictures: self.parse("mail_pictures")?.unwrap_or(true),
            image_quota_mb: self.parse("image_quota_mb")?.unwrap_or(250),
            metrics_listen: self.parse("metrics_listen")?,
            metrics_token: self.text("metrics_token").map(Secret::new),
            trusted_proxies: self.parse("trusted_proxies")?.unwrap_or_default(),
            tls: Certificates::understand(self)?,
            redirect_listen: self.parse("redirect_listen")?,
            release_key: self
                .text("release_key")
                .map(PathBuf::from)
                .unwrap_or_default(),
            release_from: self.parse("release_from")?,
            log: self.log()?,
            demo: None,
        })
    }

    /// The files that values came from; systemd's credentials are not ours to guard.
    fn files(&self) -> Vec<PathBuf> {
        let files = self.0.values().filter_map(|(_, origin)| match origin {
            Origin::File(path) => Some(path.clone()),
            _ => None,
        });
        let files: std::collections::BTreeSet<PathBuf> = files.collect();
        files.into_iter().collect()
    }

    fn take_defaults(&mut self, env: &dyn Fn(&str) -> Option<String>) {
        for setting in SETTINGS {
            if let Some(default) = setting.default {
                self.0
                    .insert(setting.key, (default.into(), Origin::Default));
            }
        }
        let user = rustix::process::geteuid().as_raw();
        self.0.insert(
            "data_dir",
            (
                default_folder(env, Path::new(SERVICE), user),
                Origin::Default,
            ),
        );
    }

    fn take_file(&mut self, path: &Path) -> anyhow::Result<()> {
        let at = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied => Exit::permission(format!(
                "{at} is not for this user to read. Run this with sudo, or name settings of your own: --config FILE"
            )),
            _ => Exit::config(format!("{at} cannot be read: {error}.")),
        })?;
        let table: toml::Table = text
            .parse()
            .map_err(|error| Exit::config(format!("{at} is not valid TOML: {error}")))?;
        for (key, value) in table {
            let setting = known(&key).ok_or_else(|| unknown(&key, &at.to_string()))?;
            let value = plain(&value).ok_or_else(|| {
                Exit::config(format!("{at}: {key} wants a plain value, not a table."))
            })?;
            self.0
                .insert(setting.key, (value, Origin::File(path.into())));
        }
        Ok(())
    }

    /// systemd's credentials: a file a setting, named by its key.
    fn take_credentials(&mut self, env: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<()> {
        let Some(folder) = env("CREDENTIALS_DIRECTORY") else {
            return Ok(());
        };
        for setting in SETTINGS {
            let path = Path::new(&folder).join(setting.key);
            if path.exists() {
                self.0
                    .insert(setting.key, (read_secret(&path)?, Origin::Credential(path)));
            }
        }
        Ok(())
    }

    fn take_environment(&mut self, env: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<()> {
        for setting in SETTINGS {
            let name = variable(setting.key);
            let from_file = format!("{name}_FILE");
            if let Some(path) = env(&from_file) {
                self.0.insert(
                    setting.key,
                    (
                        read_secret(Path::new(&path))?,
                        Origin::Environment(from_file),
                    ),
                );
            }
            if let Some(value) = env(&name) {
                self.0
                    .insert(setting.key, (value, Origin::Environment(name)));
            }
        }
        Ok(())
    }

    fn kafka(&self) -> anyhow::Result<Option<Kafka>> {
        let domain = self.text("gcn_domain").unwrap_or_default();
        let login = self.login(&domain)?;
        let elsewhere = self.text("kafka_bootstrap");
        if login.is_none() && elsewhere.is_none() {
            return Ok(None);
        }
        let usual = if elsewhere.is_some() {
            "plaintext"
        } else {
            "sasl_ssl"
        };
        let security = self
            .text("kafka_security")
            .unwrap_or_else(|| usual.into())
            .to_lowercase();
        self.one_of(
            "kafka_security",
            &security,
            &["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"],
        )?;
        if security.starts_with("sasl") && login.is_none() {
            return Err(Exit::config(format!(
                "kafka_security is {security}: gcn_client_id and gcn_client_secret are needed."
            ))
            .into());
        }
        let address_family = self.text("kafka_address_family").unwrap_or_default();
        self.one_of(
            "kafka_address_family",
            &address_family,
            &["v4", "v6", "any"],
        )?;
        Ok(Some(Kafka {
            bootstrap: elsewhere.unwrap_or_else(|| format!("kafka.{domain}:9092")),
            login: login.filter(|_| security.starts_with("sasl")),
            security,
            ca: self.text("kafka_ca").map(PathBuf::from),
            topics: self.list("kafka_topics"),
            address_family,
        }))
    }

    fn login(&self, domain: &str) -> anyhow::Result<Option<Login>> {
        match (self.text("gcn_client_id"), self.text("gcn_client_secret")) {
            (None, None) => Ok(None),
            (Some(client_id), Some(secret)) => Ok(Some(Login {
                client_id,
                client_secret: Secret::new(secret),
                token_url: self
                    .text("kafka_token_url")
                    .unwrap_or_else(|| format!("https://auth.{domain}/oauth2/token")),
            })),
            (Some(_), None) => Err(Exit::config(
                "gcn_client_id is set, gcn_client_secret is not; both or neither.",
            )
            .into()),
            (None, Some(_)) => Err(Exit::config(
                "gcn_client_secret is set, gcn_client_id is not; both or neither.",
            )
            .into()),
        }
    }

    fn log(&self) -> anyhow::Result<String> {
        let log = self.text("log").unwrap_or_default();
        match super::telemetry::is_filter(&log) {
            true => Ok(log),
            false => Err(self.fault("log", "it is neither a level such as info nor a filter")),
        }
    }

    fn one_of(&self, key: &str, value: &str, allowed: &[&str]) -> anyhow::Result<()> {
        if allowed.contains(&value) {
            return Ok(());
        }
        Err(self.fault(key, &format!("must be one of {}", allowed.join(", "))))
    }

    /// The value, where one is set that is not empty.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.get(key)
            .map(|(value, _)| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    pub(super) fn list(&self, key: &str) -> Vec<String> {
        let text = self.text(key).unwrap_or_default();
        text.split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect()
    }

    pub(super) fn parse<T: std::str::FromStr>(&self, key: &str) -> anyhow::Result<Option<T>>
    where
        T::Err: fmt::Display,
    {
        let Some(text) = self.text(key) else {
            return Ok(None);
        };
        text.parse()
            .map(Some)
            .map_err(|error: T::Err| self.fault(key, &error.to_string()))
    }

    fn hours(&self, key: &str) -> anyhow::Result<TimeDelta> {
        let hours: u16 = self.parse(key)?.unwrap_or(12);
        Ok(TimeDelta::hours(hours.into()))
    }

    fn rates(&self) -> anyhow::Result<Rates> {
        let rate = |key: &str| Ok::<_, anyhow::Error>(self.parse(key)?.unwrap_or(NonZeroU32::MIN));
        Ok(Rates {
            reads: NonZeroU32::new(self.parse("reads_per_minute")?.unwrap_or(0)),
            writes: rate("writes_per_minute")?,
            sign_ins: rate("sign_ins_per_hour")?,
            knocks: rate("sign_ins_per_minute")?,
            sign_ups: rate("sign_ups_per_hour")?,
        })
    }

    fn origins(&self) -> anyhow::Result<Vec<String>> {
        let origins = self.list("cors_origins");
        let is_origin = |text: &String| {
            text.split_once("://").is_some_and(|(scheme, host)| {
                matches!(scheme, "http" | "https")
                    && !host.is_empty()
                    && host
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
            })
        };
        match origins.iter().find(|origin| !is_origin(origin)) {
            Some(_) => Err(self.fault(
                "cors_origins",
                "each must be an origin such as https://club.example.org",
            )),
            None => Ok(origins),
        }
    }

    pub(super) fn fault(&self, key: &str, why: &str) -> anyhow::Error {
        let origin = self.get(key).map_or_else(String::new, |(value, origin)| {
            format!(" \"{value}\" (from {origin})")
        });
        Exit::config(format!("{key}{origin} cannot be used: {why}.")).into()
    }
}

/// The environment's name of a setting.
pub fn variable(key: &str) -> String {
    format!("GRB_{}", key.to_uppercase())
}

/// The key nearest to one that is not known.
pub fn nearest(key: &str) -> Option<&'static str> {
    let distance = |setting: &&Setting| strsim::damerau_levenshtein(setting.key, key);
    SETTINGS
        .iter()
        .min_by_key(distance)
        .map(|setting| setting.key)
}

fn known(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

fn unknown(key: &str, at: &str) -> anyhow::Error {
    let nearest = nearest(key).unwrap_or_default();
    Exit::config(format!("{at}: there is no setting \"{key}\". Did you mean \"{nearest}\"? `grb-app config show` lists them all.")).into()
}

fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_) => {
            Some(value.to_string())
        }
        toml::Value::Array(items) => items
            .iter()
            .map(plain)
            .collect::<Option<Vec<_>>>()
            .map(|items| items.join(",")),
        toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

fn read_secret(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Exit::config(format!("{} cannot be read: {error}.", path.display())))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// The data folder of an installed service.
const SERVICE: &str = "/var/lib/grb-app";

/// The folder that systemd names; at a terminal the service's own, for its user and for root, who looks after it; else the user's.
fn default_folder(env: &dyn Fn(&str) -> Option<String>, service: &Path, user: u32) -> String {
    use std::os::unix::fs::MetadataExt as _;
    if let Some(state) = env("STATE_DIRECTORY") {
        return state;
    }
    let is_mine = |found: std::fs::Metadata| user == 0 || found.uid() == user;
    let home = env("HOME").map(|home| format!("{home}/.local/share"));
    match env("XDG_DATA_HOME").or(home) {
        Some(data) if !service.metadata().is_ok_and(is_mine) => format!("{data}/grb-app"),
        _ => service.to_string_lossy().into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_a_terminal_root_and_the_service_s_user_mean_the_service() {
        use std::os::unix::fs::MetadataExt as _;
        let service = tempfile::tempdir().unwrap();
        let owner = service.path().metadata().unwrap().uid();
        let (here, gone) = (service.path(), service.path().join("gone"));
        let home = |name: &str| (name == "HOME").then(|| "/home/ada".to_owned());
        let own = "/home/ada/.local/share/grb-app";
        let folder = |service: &Path, user| default_folder(&home, service, user);
        assert_eq!(folder(here, 0), here.to_str().unwrap());
        assert_eq!(folder(here, owner), here.to_str().unwrap());
        assert_eq!(folder(here, owner + 1000), own);
        assert_eq!(folder(&gone, 0), own, "nothing is installed");
        let state = |name: &str| (name == "STATE_DIRECTORY").then(|| "/srv/desk".to_owned());
        assert_eq!(default_folder(&state, here, 0), "/srv/desk");
    }
}
