//! How letters leave: by a relay, into a folder, or not yet.

use std::net::IpAddr;
use std::num::NonZeroU16;
use std::path::PathBuf;

use chrono::TimeDelta;
use lettre::Address;
use lettre::message::Mailbox;
use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::message::one_line;
use super::retry::Ladder;
use crate::platform::config::{Secret, Sources};
use crate::platform::error::Exit;
use crate::platform::trust::Roots;

/// The settings of the outbox, understood.
#[derive(Debug, Clone)]
pub struct Mail {
    pub way: Way,
    pub from: Mailbox,
    /// The least time between two letters.
    pub pace: Option<TimeDelta>,
    pub ladder: Ladder,
    /// False for a demonstration: nothing leaves this machine.
    pub goes_out: bool,
}

/// Where letters go.
#[derive(Debug, Clone)]
pub enum Way {
    /// Nowhere yet: they wait.
    Off,
    Relay(Box<Relay>),
    Folder(PathBuf),
}

/// A mail server that takes our letters.
#[derive(Debug, Clone)]
pub struct Relay {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    pub login: Option<Login>,
    pub ca: Option<PathBuf>,
    /// At once.
    pub connections: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// Only to this machine.
    None,
    /// STARTTLS where the relay offers it.
    Offered,
    /// STARTTLS, or nothing is sent.
    Required,
    /// TLS from the first byte.
    Wrapped,
}

#[derive(Debug, Clone)]
pub struct Login {
    pub user: String,
    pub password: Secret,
}

impl Mail {
    /// Reads the settings that begin with `mail_` and `smtp_`; one that cannot be used is named (exit 78).
    pub fn understand(sources: &Sources) -> anyhow::Result<Self> {
        let connections = connections(sources)?;
        let way = match (sources.text("smtp_url"), sources.text("mail_folder")) {
            (None, None) => Way::Off,
            (Some(url), None) => {
                Way::Relay(Box::new(Relay::understand(sources, &url, connections)?))
            }
            (None, Some(folder)) => Way::Folder(folder.into()),
            (Some(_), Some(_)) => {
                let both = "smtp_url and mail_folder are both set; letters can only go one way. Remove one of them.";
                return Err(Exit::config(both).into());
            }
        };
        let rate: Option<NonZeroU16> = sources.parse("mail_rate")?;
        Ok(Self {
            way,
            from: from(sources)?,
            pace: rate.map(|rate| TimeDelta::minutes(1) / i32::from(rate.get())),
            ladder: ladder(sources)?,
            goes_out: true,
        })
    }

    /// Lets nothing leave this machine: letters wait, or go to the folder that is set.
    pub fn stay_here(&mut self) {
        self.goes_out = false;
        if let Way::Relay(_) = self.way {
            self.way = Way::Off;
        }
    }
}

impl Relay {
    /// `smtp://user:password@host:port?tls=required`, or `smtps://…`.
    fn understand(sources: &Sources, url: &str, connections: u32) -> anyhow::Result<Self> {
        // The address holds a password, so its text is never repeated.
        let origin = sources
            .get("smtp_url")
            .map_or_else(String::new, |(_, origin)| format!(" (from {origin})"));
        let fault = |why: &str| {
            Exit::config(format!(
                "smtp_url{origin} cannot be used: {why}. It looks like smtp://user:password@mail.example.org:587?tls=required, or smtps://…; special letters in the password are written as %40 for @, %23 for #, %2F for /."
            ))
        };
        let parsed = Url::parse(url).map_err(|error| fault(&error.to_string()))?;
        let host = parsed
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or_else(|| fault("it names no host"))?
            .trim_matches(['[', ']'])
            .to_owned();
        if !matches!(parsed.path(), "" | "/") || parsed.fragment().is_some() {
            return Err(fault("there is something after the host").into());
        }
        let login = login(&parsed).map_err(&fault)?;
        let encryption = encryption(&parsed, &host, login.is_some()).map_err(|why| fault(&why))?;
        let usual = match encryption {
            Encryption::Wrapped => 465,
            Encryption::None => 25,
            Encryption::Offered | Encryption::Required => 587,
        };
        let ca = sources.text("smtp_ca").map(PathBuf::from);
        if ca.is_some() {
            // Said at the start, not when the first letter is due.
            Roots::load(ca.as_deref())?;
        }
        Ok(Self {
            port: parsed.port().unwrap_or(usual),
            host,
            encryption,
            login,
            ca,
            connections,
        })
    }

    /// `host:port`, as people write it.
    pub fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

fn login(url: &Url) -> Result<Option<Login>, &'static str> {
    let plain = |text: &str| {
        percent_decode_str(text)
            .decode_utf8()
            .map(|text| text.into_owned())
            .map_err(|_| "user or password is not UTF-8")
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) => Err("it has a password and no user"),
        (_, None) => Err("it has a user and no password"),
        (user, Some(password)) => Ok(Some(Login {
            user: plain(user)?,
            password: Secret::new(plain(password)?),
        })),
    }
}

/// To this machine nothing is encrypted unless asked, or unless a password is sent to one that offers it.
fn encryption(url: &Url, host: &str, has_login: bool) -> Result<Encryption, String> {
    let mut asked = None;
    for (key, value) in url.query_pairs() {
        match key.as_ref() {
            "tls" => asked = Some(value.into_owned()),
            other => return Err(format!("it knows only ?tls=…, not {other}")),
        }
    }
    let near = is_loopback(host);
    match (url.scheme(), asked.as_deref()) {
        ("smtps", None | Some("required")) => Ok(Encryption::Wrapped),
        ("smtps", Some(_)) => Err("smtps is encrypted from the start; leave ?tls= out".into()),
        ("smtp", Some("required")) => Ok(Encryption::Required),
        ("smtp", Some("opportunistic")) => Ok(Encryption::Offered),
        ("smtp", Some("none")) if near => Ok(Encryption::None),
        ("smtp", Some("none")) => Err(format!(
            "tls=none is for this machine only, and {host} is another"
        )),
        ("smtp", Some(other)) => Err(format!(
            "tls={other} is none of required, opportunistic, none"
        )),
        ("smtp", None) if near && has_login => Ok(Encryption::Offered),
        ("smtp", None) if near => Ok(Encryption::None),
        ("smtp", None) => Ok(Encryption::Required),
        (other, _) => Err(format!("{other}:// is neither smtp:// nor smtps://")),
    }
}

pub(super) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn connections(sources: &Sources) -> anyhow::Result<u32> {
    let connections = sources.parse("mail_connections")?.unwrap_or(8);
    if (1..=32).contains(&connections) {
        Ok(connections)
    } else {
        Err(sources.fault("mail_connections", "must be 1 to 32"))
    }
}

fn ladder(sources: &Sources) -> anyhow::Result<Ladder> {
    let pauses: Option<Vec<TimeDelta>> = sources
        .list("mail_retry_seconds")
        .iter()
        .map(|text| text.parse::<u32>().ok().filter(|s| *s > 0))
        .map(|seconds| seconds.map(|s| TimeDelta::seconds(s.into())))
        .collect();
    pauses.and_then(Ladder::new).ok_or_else(|| {
        sources.fault(
            "mail_retry_seconds",
            "must be whole seconds of at least 1, separated by commas",
        )
    })
}

/// The sender: as set, or the club's name at the host of its pages.
fn from(sources: &Sources) -> anyhow::Result<Mailbox> {
    if let Some(text) = sources.text("mail_from") {
        let mailbox: Result<Mailbox, _> = text.parse();
        return mailbox.map_err(|error| {
            sources.fault(
                "mail_from",
                &format!(
                    "{error}; it looks like desk@example.org or Orion Hill <desk@example.org>"
                ),
            )
        });
    }
    let host = sources
        .text("public_url")
        .and_then(|url| Url::parse(&url).ok())
        .and_then(|url| url.domain().map(str::to_owned));
    let host = host.as_deref().unwrap_or("localhost");
    let address = Address::new("grb-app", host)
        .or_else(|_| Address::new("grb-app", "localhost"))
        .map_err(|error| Exit::config(format!("No sender can be made: {error}; set mail_from.")))?;
    let club = one_line(&sources.text("club_name").unwrap_or_default(), 100);
    Ok(Mailbox::new(Some(club), address))
}
