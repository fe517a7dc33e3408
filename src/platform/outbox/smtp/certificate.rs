//! What a relay shows of itself when the connection is encrypted, in words.

use rustls::{ClientConnection, ProtocolVersion};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

/// TLS version, and whose certificate, from whom, until when.
pub(super) fn describe(connection: &ClientConnection) -> String {
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "TLS",
    };
    let first = connection
        .peer_certificates()
        .and_then(|chain| chain.first());
    let Some((_, certificate)) = first.and_then(|der| X509Certificate::from_der(der).ok()) else {
        return format!("{version}, with a certificate that cannot be read");
    };
    format!(
        "{version}; certificate of {}, from {}, until {}",
        certificate.subject(),
        certificate.issuer(),
        certificate.validity().not_after
    )
}
