//! Whom to believe when a connection is encrypted: the machine's certificates, Mozilla's beside them, and the club's own.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Certificate;
use rustls::{ClientConfig, RootCertStore};

use super::error::Exit;

/// The certificates to trust: those of `ca`, a PEM file, alone where it is given; else the machine's and Mozilla's,
/// so that neither an empty system nor a proxy with its own authority stands in the way.
pub struct Roots(Vec<Vec<u8>>);

impl Roots {
    pub fn load(ca: Option<&Path>) -> anyhow::Result<Self> {
        match ca {
            Some(path) => Self::of_file(path),
            None => Ok(Self::of_system()),
        }
    }

    /// All of them as PEM text, for librdkafka.
    pub fn pem(&self) -> String {
        self.0.iter().map(|der| pem(der)).collect()
    }

    /// TLS with servers that one of them vouches for.
    pub fn tls(&self) -> anyhow::Result<Arc<ClientConfig>> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.0.iter().map(|der| der.clone().into()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config))
    }

    /// An HTTPS client that trusts them, answers within 10 s or fails.
    pub fn client(&self) -> anyhow::Result<reqwest::Client> {
        self.builder().build().context("Preparing HTTPS")
    }

    /// The beginnings of such a client.
    pub fn builder(&self) -> reqwest::ClientBuilder {
        // A second installation, in a test, finds the first.
        drop(rustls::crypto::ring::default_provider().install_default());
        let certificates = self
            .0
            .iter()
            .filter_map(|der| Certificate::from_der(der).ok());
        reqwest::Client::builder()
            .tls_certs_only(certificates)
            .timeout(std::time::Duration::from_secs(10))
            .user_agent(concat!("grb-app/", env!("CARGO_PKG_VERSION")))
    }

    fn of_file(path: &Path) -> anyhow::Result<Self> {
        let fault = |why: String| {
            Exit::config(format!(
                "The certificates in {} cannot be used: {why}.",
                path.display()
            ))
        };
        let text = std::fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
        let blocks = text
            .split("-----BEGIN CERTIFICATE-----")
            .skip(1)
            .filter_map(|block| block.split("-----END").next());
        let decoded =
            blocks.map(|block| STANDARD.decode(block.split_whitespace().collect::<String>()));
        let certificates = decoded
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| fault(error.to_string()))?;
        if certificates.is_empty() {
            return Err(fault("it holds no PEM certificate".into()).into());
        }
        Ok(Self(certificates))
    }

    fn of_system() -> Self {
        let mut all: Vec<Vec<u8>> = rustls_native_certs::load_native_certs()
            .certs
            .iter()
            .map(|der| der.to_vec())
            .collect();
        all.extend(
            webpki_root_certs::TLS_SERVER_ROOT_CERTS
                .iter()
                .map(|der| der.to_vec()),
        );
        all.sort_unstable();
        all.dedup();
        Self(all)
    }
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}
