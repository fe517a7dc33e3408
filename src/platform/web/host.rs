//! Which house is meant: the name of the host in a request.

use std::net::IpAddr;

use axum::http::{HeaderMap, Uri, header};

/// The host that is asked for, without its port: HTTP/2 writes it into the address, HTTP/1.1 into a header.
pub fn of<'a>(address: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let written = || headers.get(header::HOST)?.to_str().ok().map(without_port);
    of_address(address).or_else(written)
}

/// The host of an address, where it has one.
pub fn of_address(address: &Uri) -> Option<&str> {
    address
        .authority()
        .map(|authority| without_port(authority.as_str()))
}

/// Names that nobody far away can let point here: addresses, `localhost`, and names without a dot.
pub fn is_local(name: &str) -> bool {
    let bare = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let is_address = bare.unwrap_or(name).parse::<IpAddr>().is_ok();
    is_address || !name.contains('.')
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(host: &str) -> bool {
        is_local(without_port(host))
    }

    #[test]
    fn an_address_or_a_plain_name_is_local() {
        for host in [
            "127.0.0.1:8080",
            "192.168.1.7",
            "[::1]:8080",
            "[::1]",
            "localhost:80",
            "pi",
        ] {
            assert!(asked(host), "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example:8080",
            "localhost.evil.example",
            "1.2.3",
        ] {
            assert!(!asked(host), "{host}");
        }
    }
}
