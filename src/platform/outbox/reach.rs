//! Where pushes may go: only out into the world. A member's address must not make this program knock at doors of its own network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Url};

use crate::platform::trust::Roots;

const REDIRECTS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(10);

/// More of an answer is not read.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// What may be reached.
#[derive(Clone, Copy)]
pub(super) struct Reach {
    address: fn(IpAddr) -> bool,
    https_only: bool,
}

impl Reach {
    /// Every public address, encrypted.
    pub(super) fn world() -> Self {
        Self {
            address: is_global,
            https_only: true,
        }
    }

    /// This machine alone, for tests against a server of their own.
    #[cfg(test)]
    pub(super) fn this_machine() -> Self {
        Self {
            address: |ip| ip.is_loopback(),
            https_only: false,
        }
    }

    /// Why `url` may not be asked, as far as its text tells; the names in it are looked at when they are resolved.
    pub(super) fn refuses(self, url: &Url) -> Option<&'static str> {
        if self.https_only && url.scheme() != "https" {
            return Some("only https:// addresses are pushed to");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Some("a user or password in the address is not used");
        }
        // The client resolves names only; an address in figures is checked here.
        let literal: Option<IpAddr> = url
            .host_str()
            .and_then(|host| host.trim_matches(['[', ']']).parse().ok());
        match (url.host_str(), literal) {
            (None | Some(""), _) => Some("the address names no host"),
            (_, Some(ip)) if !(self.address)(ip) => Some(NOT_PUBLIC),
            _ => None,
        }
    }

    /// A client that asks nothing else: no proxy, no cookies, at most three redirects, each looked at like the first.
    pub(super) fn client(self) -> anyhow::Result<Client> {
        let look = move |attempt: Attempt| {
            if attempt.previous().len() > REDIRECTS {
                return attempt.error("it redirects more than three times");
            }
            match self.refuses(attempt.url()) {
                Some(why) => attempt.error(why),
                None => attempt.follow(),
            }
        };
        let client = Roots::load(None)?
            .builder()
            .no_proxy()
            .https_only(self.https_only)
            .dns_resolver(Arc::new(self))
            .redirect(Policy::custom(look))
            .timeout(PATIENCE)
            .referer(false);
        client.build().context("Preparing pushes")
    }
}

const NOT_PUBLIC: &str = "the address is not a public one";

/// Names are resolved once, and the connection goes to what was found then: a name that changes its mind in between
/// (DNS rebinding) gains nothing.
impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.address;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(keep(allowed, found)?)
        })
    }
}

/// Only the addresses that may be reached; an error where none is.
fn keep(
    allowed: fn(IpAddr) -> bool,
    found: impl Iterator<Item = SocketAddr>,
) -> std::io::Result<Addrs> {
    let public: Vec<SocketAddr> = found.filter(|address| allowed(address.ip())).collect();
    if public.is_empty() {
        return Err(std::io::Error::other(NOT_PUBLIC));
    }
    Ok(Box::new(public.into_iter()))
}

/// The first part of an answer's text, 1 MB at most having been read.
pub(super) async fn read(mut answer: reqwest::Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_LIMIT {
            body.truncate(ANSWER_LIMIT);
            break;
        }
    }
    body
}

/// True for addresses of the public internet (IANA special-purpose registries, RFC 6890 and its successors).
fn is_global(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_global_v4(ip),
        IpAddr::V6(ip) => is_global_v6(ip),
    }
}

fn is_global_v4(ip: Ipv4Addr) -> bool {
    let within = |net: [u8; 4], bits: u32| {
        let mask = u32::MAX << (32 - bits);
        u32::from(ip) & mask == u32::from_be_bytes(net) & mask
    };
    let special = [
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        ([100, 64, 0, 0], 10),
        ([127, 0, 0, 0], 8),
        ([169, 254, 0, 0], 16),
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        ([192, 0, 2, 0], 24),
        ([192, 31, 196, 0], 24),
        ([192, 52, 193, 0], 24),
        ([192, 88, 99, 0], 24),
        ([192, 168, 0, 0], 16),
        ([192, 175, 48, 0], 24),
        ([198, 18, 0, 0], 15),
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        // Multicast, reserved, broadcast.
        ([224, 0, 0, 0], 3),
    ];
    !special.into_iter().any(|(net, bits)| within(net, bits))
}

/// Only 2000::/3 is given out; within it, what carries an IPv4 address or is set aside is not global either.
fn is_global_v6(ip: Ipv6Addr) -> bool {
    let within = |net: &str, bits: u32| {
        let net: u128 = net.parse().map_or(0, |net: Ipv6Addr| net.into());
        let mask = u128::MAX << (128 - bits);
        u128::from(ip) & mask == net & mask
    };
    let special = [
        // IETF protocols, Teredo, ORCHID, benchmarking.
        ("2001::", 23),
        ("2001:db8::", 32),
        // 6to4.
        ("2002::", 16),
        ("2620:4f:8000::", 48),
        ("3fff::", 20),
    ];
    within("2000::", 3) && !special.into_iter().any(|(net, bits)| within(net, bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses of the IANA registries for special purposes, and neighbours just outside their nets.
    #[test]
    fn only_public_addresses_are_reached() {
        let closed = "0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 127.0.0.1 127.8.8.8 169.254.0.1 169.254.169.254 \
            172.16.0.1 172.31.255.255 192.0.0.8 192.0.0.170 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 \
            203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 \
            :: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:169.254.169.254 ::127.0.0.1 ::8.8.8.8 64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 \
            100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:808:808::1 3fff::1 \
            5f00::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1 ff0e::1 4000::1";
        let open = "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 169.253.255.255 169.255.0.0 \
            172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.1 192.167.255.255 192.169.0.1 198.17.255.255 198.20.0.0 223.255.255.255 \
            2606:4700:4700::1111 2a00:1450:4001::200e 2001:4860:4860::8888 2003::1 3ffe::1";
        for (addresses, expected) in [(closed, false), (open, true)] {
            for text in addresses.split_whitespace() {
                assert_eq!(is_global(text.parse().unwrap()), expected, "{text}");
            }
        }
    }

    #[test]
    fn an_address_in_figures_is_looked_at_however_it_is_written() {
        let refused = [
            "https://127.0.0.1/x",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://[::1]/",
            "https://[::ffff:7f00:1]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://10.1.2.3:8443/",
            "http://example.org/",
            "ftp://example.org/",
            "https://user:secret@example.org/",
            "file:///etc/passwd",
        ];
        for url in refused {
            let url = Url::parse(url).unwrap();
            assert!(Reach::world().refuses(&url).is_some(), "{url}");
        }
        let url = Url::parse("https://ntfy.example.org/topic").unwrap();
        assert_eq!(Reach::world().refuses(&url), None);
    }

    /// A name that points here today, and one that points to both here and elsewhere.
    #[test]
    fn a_name_that_leads_home_leads_nowhere() {
        let home: SocketAddr = "127.0.0.1:443".parse().unwrap();
        let away: SocketAddr = "93.184.216.34:443".parse().unwrap();
        assert!(keep(is_global, [home].into_iter()).is_err());
        let kept: Vec<SocketAddr> = keep(is_global, [home, away].into_iter()).unwrap().collect();
        assert_eq!(kept, [away]);
    }

    #[tokio::test]
    async fn localhost_is_refused_when_it_is_resolved() {
        let client = Reach::world().client().unwrap();
        let error = client.get("https://localhost:9/").send().await.unwrap_err();
        assert!(format!("{:?}", error).contains(NOT_PUBLIC), "{error:?}");
    }
}
