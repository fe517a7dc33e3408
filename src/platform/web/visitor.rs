//! Who asks: the other end of the connection, or the one for whom a trusted proxy asks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::{Extensions, HeaderMap, HeaderName, header};
use ipnet::IpNet;

const CHAIN: HeaderName = HeaderName::from_static("x-forwarded-for");
const SCHEME: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The one who asks. The listener puts it into every request as the connection shows it; the door corrects it behind a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visitor {
    pub address: IpAddr,
    /// Over TLS, here or at the proxy.
    pub secure: bool,
}

impl Visitor {
    /// The other end of a connection.
    pub fn at(peer: SocketAddr, secure: bool) -> Self {
        let address = peer.ip().to_canonical();
        Self { address, secure }
    }

    /// Who asks, by what is known of a request; without a connection, this machine.
    pub fn of(extensions: &Extensions) -> Self {
        let known = extensions.get().copied();
        known.unwrap_or_else(|| Self::at(SocketAddr::from(([127, 0, 0, 1], 0)), false))
    }

    /// Something on this machine, such as a proxy or a tunnel: it may speak for many.
    pub fn is_here(&self) -> bool {
        let Self { address, .. } = self;
        *address == Ipv4Addr::LOCALHOST || *address == Ipv6Addr::LOCALHOST
    }

    /// The address that counts. A house with IPv6 has a whole /64 to choose from, so that is one visitor.
    pub fn house(&self) -> IpAddr {
        match self.address {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::from([a, b, c, d, 0, 0, 0, 0])
            }
            v4 @ IpAddr::V4(_) => v4,
        }
    }
}

/// Whether somebody says to ask for another.
pub fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key(CHAIN) || headers.contains_key(header::FORWARDED)
}

/// The networks whose word about others is believed.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    trusted: Vec<IpNet>,
    /// One word in the log about strangers' headers is enough.
    warned: Arc<AtomicBool>,
}

impl FromStr for Proxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let network = |text: &str| {
            let alone = || {
                text.parse::<IpAddr>()
                    .map(|one| IpNet::from(one.to_canonical()))
            };
            let network = text.parse::<IpNet>().or_else(|_| alone());
            network.map_err(|_| {
                format!("{text} is neither an address nor a network such as 10.0.0.0/8")
            })
        };
        let items = text.split(',').map(str::trim);
        let trusted = items.filter(|item| !item.is_empty()).map(network);
        Ok(Self {
            trusted: trusted.collect::<Result<_, _>>()?,
            warned: Arc::default(),
        })
    }
}

impl Proxies {
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|net| net.contains(&address))
    }

    /// For whom `peer` asks. A stranger asks for itself, whatever its headers say.
    pub(super) fn judge(&self, peer: Visitor, headers: &HeaderMap) -> Visitor {
        if !self.trusts(peer.address) {
            self.warn_once(peer.address, headers);
            return peer;
        }
        let address = self.nearest_stranger(peer.address, headers);
        let secure = peer.secure || scheme(headers).is_some_and(|scheme| scheme == "https");
        Visitor { address, secure }
    }

    /// The nearest address of the chain that is no trusted proxy: what stands further away, that one may have made up.
    ///
    /// Where a proxy sends X-Forwarded-For, `Forwarded` is not looked at: most know but the former and let the other through.
    fn nearest_stranger(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let chain = match headers.contains_key(CHAIN) {
            true => elements(headers, CHAIN),
            false => elements(headers, header::FORWARDED),
        };
        let mut nearest = peer;
        for element in chain.rev() {
            let Some(address) = address(element) else {
                break;
            };
            nearest = address;
            if !self.trusts(address) {
                break;
            }
        }
        nearest
    }

    fn warn_once(&self, peer: IpAddr, headers: &HeaderMap) {
        if !is_forwarded(headers) || self.warned.swap(true, Ordering::Relaxed) {
            return;
        }
        tracing::warn!(
            "Requests from {peer} say that they are for somebody else (X-Forwarded-For), which is not believed: all that come \
             that way count as one visitor. If {peer} is your proxy, set trusted_proxies = \"{peer}\"; if not, nothing need be done."
        );
    }
}

/// The parts of a list that may go over several lines, the nearest last.
fn elements(headers: &HeaderMap, name: HeaderName) -> impl DoubleEndedIterator<Item = &str> {
    let lines = headers.get_all(name).into_iter();
    lines.flat_map(|line| line.to_str().unwrap_or("?").split(','))
}

/// The address that an element of either header names; brackets, quotes and ports go.
fn address(element: &str) -> Option<IpAddr> {
    let named = element.split(';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim().eq_ignore_ascii_case("for").then_some(value)
    });
    let text = named.unwrap_or(element).trim().trim_matches('"');
    let bracketed = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let bare = || bracketed.unwrap_or(text).parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare()
        .or_else(with_port)
        .map(|address| address.to_canonical())
}

/// http or https, as the nearest proxy says.
fn scheme(headers: &HeaderMap) -> Option<&str> {
    if let Some(scheme) = elements(headers, SCHEME).next_back() {
        return Some(scheme.trim());
    }
    let nearest = elements(headers, header::FORWARDED).next_back()?;
    nearest.split(';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let is_scheme = key.trim().eq_ignore_ascii_case("proto");
        is_scheme.then(|| value.trim().trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(proxies: &str, peer: &str, headers: &[(HeaderName, String)]) -> Visitor {
        let peer = Visitor::at(SocketAddr::new(peer.parse().unwrap(), 4711), false);
        let lines = headers.iter().cloned();
        let headers = lines.map(|(name, value)| (name, value.parse().unwrap()));
        let headers: HeaderMap = headers.collect();
        proxies.parse::<Proxies>().unwrap().judge(peer, &headers)
    }

    fn by(header: HeaderName, value: &str) -> String {
        let headers = [(header, value.to_owned())];
        let visitor = asked("127.0.0.1, 10.0.0.0/8, ::1", "127.0.0.1", &headers);
        visitor.address.to_string()
    }

    #[test]
    fn the_nearest_address_that_is_no_proxy_counts() {
        for (chain, address) in [
            ("192.0.2.1", "192.0.2.1"),
            ("198.51.100.9, 192.0.2.1", "192.0.2.1"),
            ("192.0.2.1, 10.1.2.3", "192.0.2.1"),
            ("192.0.2.1:4711", "192.0.2.1"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]:80, 10.0.0.1", "2001:db8::7"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("10.0.0.1", "10.0.0.1"),
            ("192.0.2.1, unknown, 10.0.0.1", "10.0.0.1"),
            ("unknown", "127.0.0.1"),
            ("", "127.0.0.1"),
        ] {
            assert_eq!(by(CHAIN, chain), address, "{chain}");
        }
        for (chain, address) in [
            ("for=192.0.2.1;proto=https;by=10.0.0.1", "192.0.2.1"),
            ("For=\"[2001:db8::7]:80\", for=10.0.0.1", "2001:db8::7"),
            ("for=_hidden", "127.0.0.1"),
        ] {
            assert_eq!(by(header::FORWARDED, chain), address, "{chain}");
        }
    }

    #[test]
    fn lines_of_one_header_are_one_chain_and_the_usual_header_counts() {
        let lines = ["198.51.100.1", "192.0.2.1"].map(|line| (CHAIN, line.to_owned()));
        assert_eq!(asked("::1", "::1", &lines).address.to_string(), "192.0.2.1");
        let both = [
            (header::FORWARDED, "for=198.51.100.1".to_owned()),
            (CHAIN, "192.0.2.1".to_owned()),
        ];
        assert_eq!(asked("::1", "::1", &both).address.to_string(), "192.0.2.1");
    }

    #[test]
    fn only_a_trusted_proxy_makes_a_request_secure() {
        for (header, value, secure) in [
            (SCHEME, "https", true),
            (SCHEME, "https, http", false),
            (header::FORWARDED, "for=192.0.2.1;Proto=\"https\"", true),
        ] {
            let headers = [(header, value.to_owned())];
            assert_eq!(asked("::1", "::1", &headers).secure, secure, "{value}");
            assert!(!asked("::1", "192.0.2.9", &headers).secure, "{value}");
        }
    }

    #[test]
    fn a_proxy_is_itself_however_its_address_is_written() {
        let chain = [(CHAIN, "192.0.2.1".to_owned())];
        for (trusted, peer) in [
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("10.0.0.1", "::ffff:10.0.0.1"),
            ("10.0.0.77/8", "10.0.0.1"),
        ] {
            let visitor = asked(trusted, peer, &chain);
            assert_eq!(visitor.address.to_string(), "192.0.2.1", "{trusted} {peer}");
        }
    }

    #[test]
    fn what_is_no_network_is_named() {
        assert!("10.0.0.0/8,, ::1".parse::<Proxies>().is_ok());
        let fault = "10.0.0.0/8, proxy".parse::<Proxies>().unwrap_err();
        assert!(fault.contains("proxy"), "{fault}");
    }

    #[test]
    fn a_whole_network_of_ipv6_is_one_visitor() {
        let house = |peer: &str| Visitor::at(peer.parse().unwrap(), false).house();
        assert_eq!(
            house("[2001:db8:1:2:3::4]:1"),
            house("[2001:db8:1:2:ffff::]:9")
        );
        assert_ne!(house("[2001:db8:1:2::]:1"), house("[2001:db8:1:3::]:1"));
        assert_eq!(house("[::ffff:192.0.2.7]:1"), house("192.0.2.7:5"));
    }

    fn stranger() -> impl Strategy<Value = IpAddr> {
        let ours = |address: &IpAddr| !address.is_loopback() && !is_ten(*address);
        let v4 = any::<[u8; 4]>().prop_map(IpAddr::from);
        let v6 = any::<[u8; 16]>().prop_map(|bytes| IpAddr::from(bytes).to_canonical());
        prop_oneof![v4, v6].prop_filter("trusted", ours)
    }

    fn is_ten(address: IpAddr) -> bool {
        matches!(address, IpAddr::V4(v4) if v4.octets()[0] == 10)
    }

    proptest! {
        #[test]
        fn nobody_passes_for_another(
            client in stranger(),
            lies in proptest::collection::vec("[ -~]{0,30}", 0..4),
            hops in proptest::collection::vec(any::<[u8; 3]>(), 0..4),
        ) {
            let hops = hops.iter().map(|[b, c, d]| format!("10.{b}.{c}.{d}"));
            let chain = lies.iter().cloned().chain([client.to_string()]).chain(hops);
            let chain = (CHAIN, chain.collect::<Vec<_>>().join(", "));
            let trusted = "127.0.0.1, 10.0.0.0/8";
            prop_assert_eq!(asked(trusted, "127.0.0.1", std::slice::from_ref(&chain)).address, client);
            // And who comes without the proxy is who they are.
            let alone = asked(trusted, &client.to_string(), &[chain]);
            prop_assert_eq!(alone.address, client);
        }

        #[test]
        fn no_header_is_too_odd(chain in "\\PC{0,80}", forwarded in "[ -~]{0,80}") {
            let lines = [(header::FORWARDED, forwarded)];
            asked("::/0, 0.0.0.0/0", "::1", &lines);
            if let Ok(value) = header::HeaderValue::from_str(&chain) {
                let headers = HeaderMap::from_iter([(CHAIN, value)]);
                let peer = Visitor::at(SocketAddr::from(([127, 0, 0, 1], 1)), false);
                "::/0, 0.0.0.0/0".parse::<Proxies>().unwrap().judge(peer, &headers);
            }
        }
    }
}
