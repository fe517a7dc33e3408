//! What must not be in the file for whoever helps: this club's secrets and names, on top of what [`scrub`](crate::platform::scrub) finds.

use std::net::IpAddr;
use std::sync::LazyLock;

use regex::Regex;
use rusqlite::Connection;

use crate::platform::config::{SETTINGS, Sources};
use crate::platform::scrub::{Pattern, replaced, without_addresses, without_keys};

/// Settings whose values name the club or its people, besides those that are secrets.
const PRIVATE: [&str; 11] = [
    "mail_from",
    "club_name",
    "public_url",
    "gcn_client_id",
    "kafka_bootstrap",
    "kafka_token_url",
    "backup_command",
    "tls_acme_domains",
    "tls_acme_mail",
    "cors_origins",
    "trusted_proxies",
];

static NETWORK: Pattern =
    LazyLock::new(|| Regex::new(r"[0-9a-fA-F:.]*[:.][0-9a-fA-F:.]*[0-9a-fA-F:]").ok());

/// What is known to be private here.
pub(super) struct Scrub {
    /// What is taken out wherever it stands, the longest first, and what stands there instead.
    words: Vec<(String, &'static str)>,
}

impl Scrub {
    /// Knows the settings, and the members of the database where there is one.
    pub(super) fn new(sources: &Sources, conn: Option<&Connection>) -> anyhow::Result<Self> {
        let mut words: Vec<(String, &'static str)> = Vec::new();
        for setting in SETTINGS {
            let private = setting.secret || PRIVATE.contains(&setting.key);
            let value = sources
                .get(setting.key)
                .map(|(value, _)| value.trim().to_owned());
            let default = setting.default.unwrap_or_default();
            if let Some(value) = value.filter(|value| private && value != default) {
                let each = value.split(',').map(str::trim).chain([value.as_str()]);
                let each = each.flat_map(pieces);
                words.extend(each.map(|piece| (piece, "‹setting›")));
            }
        }
        if let Some(conn) = conn {
            // The members' table is the accounts'; it is only looked at.
            let mut select = conn.prepare("select full_name, email from members")?;
            let people = select.query_map([], |row| Ok([row.get::<_, String>(0)?, row.get(1)?]))?;
            for person in people {
                words.extend(person?.into_iter().map(|word| (word, "‹member›")));
            }
        }
        if let Ok(home) = std::env::var("HOME") {
            words.push((home, "~"));
        }
        // Part of the file is JSON.
        let quoted = |(word, instead): &(String, &'static str)| {
            let quoted = serde_json::to_string(word).ok()?;
            Some((quoted.trim_matches('"').to_owned(), *instead))
        };
        words.extend(words.iter().filter_map(quoted).collect::<Vec<_>>());
        words.retain(|(word, _)| word.chars().count() >= 3);
        words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        words.dedup();
        Ok(Self { words })
    }

    /// `text` without them, and without what looks like an address or a key.
    pub(super) fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (word, instead) in &self.words {
            text = text.replace(word, instead);
        }
        let text = without_addresses(&text);
        let text = replaced(&NETWORK, &text, |found| {
            match found.trim_end_matches(['.', ':']).parse::<IpAddr>() {
                Ok(ip) if !ip.is_loopback() && !ip.is_unspecified() => "‹address›".into(),
                _ => found.to_owned(),
            }
        });
        without_keys(&text).into_owned()
    }
}

/// A value, and the parts of it that give it away alone: of an address the host, user and password.
fn pieces(value: &str) -> impl Iterator<Item = String> + use<> {
    let url = reqwest::Url::parse(value).ok();
    let parts = url.into_iter().flat_map(|url| {
        let host = url
            .host_str()
            .filter(|host| *host != "localhost")
            .map(str::to_owned);
        [
            host,
            Some(url.username().to_owned()),
            url.password().map(str::to_owned),
        ]
    });
    let mailbox = value
        .split_once('<')
        .map(|(name, _)| name.trim().to_owned());
    let domain = value
        .split_once('@')
        .map(|(_, domain)| domain.trim_end_matches('>').to_owned());
    let all = [
        Some(value.to_owned()),
        mailbox,
        domain.filter(|domain| !domain.contains('/')),
    ];
    all.into_iter()
        .chain(parts)
        .flatten()
        .collect::<Vec<_>>()
        .into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_keys_go_and_times_and_versions_stay() {
        let scrub = Scrub::new(&Sources::default(), None).unwrap();
        let line = "2026-11-20T22:00:03Z 198.51.100.7 2001:db8::17 vera@club.example: sent; SQLite 3.53.2 at 127.0.0.1:8080, key kJ8s_0aLmQ93-ffbC27aaZZ01x9Lq";
        let clean = scrub.clean(line);
        for gone in ["198.51", "2001:db8", "vera", "club.example", "kJ8s"] {
            assert!(!clean.contains(gone), "{clean}");
        }
        for kept in ["2026-11-20T22:00:03Z", "3.53.2", "127.0.0.1:8080", "sent"] {
            assert!(clean.contains(kept), "{clean}");
        }
    }

    #[test]
    fn what_carries_copies_and_each_of_a_list_goes() {
        let env = |name: &str| match name {
            "GRB_BACKUP_COMMAND" => {
                Some("curl -T {} ftp://desk:hunter22@store.example/".to_owned())
            }
            "GRB_TLS_ACME_DOMAINS" => Some("desk.orion.example, sky.orion.example".to_owned()),
            "GRB_CLUB_NAME" => Some("The \"Owls\"".to_owned()),
            _ => None,
        };
        let sources = Sources::gather(None, &env, &[]).unwrap();
        let scrub = Scrub::new(&sources, None).unwrap();
        let clean = scrub.clean(
            "backup_command = curl -T {} ftp://desk:hunter22@store.example/; sky.orion.example; {\"club\": \"The \\\"Owls\\\"\"}",
        );
        for gone in ["hunter22", "store.example", "orion.example", "Owls"] {
            assert!(!clean.contains(gone), "{clean}");
        }
    }

    #[test]
    fn a_settings_value_goes_wherever_a_part_of_it_stands() {
        let env = |name: &str| match name {
            "GRB_SMTP_URL" => Some("smtp://desk:hunter22@mail.example.org:587".to_owned()),
            "GRB_PUBLIC_URL" => Some("https://desk.orion.example".to_owned()),
            "GRB_MAIL_FROM" => Some("Orion Hill <night@orion.example>".to_owned()),
            _ => None,
        };
        let sources = Sources::gather(None, &env, &[]).unwrap();
        let clean = Scrub::new(&sources, None)
            .unwrap()
            .clean("hunter22 at desk.orion.example, from Orion Hill, domain orion.example");
        for gone in ["hunter22", "orion.example", "Orion Hill"] {
            assert!(!clean.contains(gone), "{clean}");
        }
    }
}
