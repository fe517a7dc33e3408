//! TLS at our own door: with certificates from files, or fetched by ACME and renewed before they end.

use std::fmt;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context as _;
use futures::StreamExt as _;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{Acceptor, ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_acme::caches::DirCache;
use rustls_acme::{AcmeConfig, AcmeState, EventOk, is_tls_alpn_challenge};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::platform::App;
use crate::platform::config::Sources;
use crate::platform::error::Exit;
use crate::platform::health::Condition;
use crate::platform::trust::Roots;

/// The folder, in the data folder, of the account and the certificates that ACME gave.
const FOLDER: &str = "acme";

/// Where the certificates come from.
#[derive(Debug, Clone)]
pub enum Certificates {
    Files {
        certificate: PathBuf,
        key: PathBuf,
    },
    Acme {
        domains: Vec<String>,
        mail: Option<String>,
        directory: String,
    },
}

impl Certificates {
    /// What the settings say; a certificate without its key, or two ways at once, is a fault.
    pub fn understand(sources: &Sources) -> anyhow::Result<Option<Self>> {
        let files = (sources.text("tls_certificate"), sources.text("tls_key"));
        let domains = sources.list("tls_acme_domains");
        match files {
            (None, None) if domains.is_empty() => Ok(None),
            (None, None) => Ok(Some(Self::Acme {
                domains,
                mail: sources.text("tls_acme_mail"),
                directory: sources.text("tls_acme_directory").unwrap_or_default(),
            })),
            (Some(certificate), Some(key)) if domains.is_empty() => Ok(Some(Self::Files {
                certificate: certificate.into(),
                key: key.into(),
            })),
            (Some(_), Some(_)) => {
                let why = "tls_certificate and tls_key are set too; one way or the other";
                Err(sources.fault("tls_acme_domains", why))
            }
            (Some(_), None) => Err(sources.fault("tls_certificate", "tls_key is needed too")),
            (None, Some(_)) => Err(sources.fault("tls_key", "tls_certificate is needed too")),
        }
    }
}

/// How connections are encrypted.
#[derive(Clone)]
pub struct Tls {
    usual: Arc<ServerConfig>,
    /// For the one who asks whether the name is ours (TLS-ALPN-01).
    challenge: Option<Arc<ServerConfig>>,
    files: Option<Arc<Files>>,
}

/// What ACME does beside, for as long as we serve.
pub type Renewal = AcmeState<std::io::Error>;

impl Tls {
    /// Reads the files, or prepares ACME, whose work then has to be kept going by [`renew`].
    pub fn prepare(
        certificates: &Certificates,
        data: &Path,
    ) -> anyhow::Result<(Self, Option<Renewal>)> {
        match certificates {
            Certificates::Files { certificate, key } => {
                Ok((Self::of_files(certificate, key)?, None))
            }
            Certificates::Acme {
                domains,
                mail,
                directory,
            } => {
                let state = AcmeConfig::new_with_client_config(domains, Roots::load(None)?.tls()?)
                    .contact(mail.iter().map(|mail| format!("mailto:{mail}")))
                    .directory(directory)
                    .cache(DirCache::new(private_folder(data)?))
                    .state();
                let tls = Self {
                    usual: usual(state.resolver())?,
                    challenge: Some(state.challenge_rustls_config()),
                    files: None,
                };
                Ok((tls, Some(state)))
            }
        }
    }

    fn of_files(certificate: &Path, key: &Path) -> anyhow::Result<Self> {
        let files = Arc::new(Files {
            certificate: certificate.into(),
            key: key.into(),
            held: RwLock::new(read(certificate, key)?),
        });
        Ok(Self {
            usual: usual(files.clone())?,
            challenge: None,
            files: Some(files),
        })
    }

    /// Reads the files again; where they cannot be used, those of before stay. True where there are files.
    pub fn reload(&self) -> anyhow::Result<bool> {
        let Some(files) = &self.files else {
            return Ok(false);
        };
        let read = read(&files.certificate, &files.key)?;
        *files.held.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(true)
    }

    /// Shakes hands; `None` where that was all that was wanted.
    pub(super) async fn accept(
        &self,
        stream: TcpStream,
    ) -> std::io::Result<Option<TlsStream<TcpStream>>> {
        let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let challenge = self.challenge.as_ref();
        match challenge.filter(|_| is_tls_alpn_challenge(&hello.client_hello())) {
            Some(challenge) => {
                hello.into_stream(challenge.clone()).await?;
                Ok(None)
            }
            None => hello.into_stream(self.usual.clone()).await.map(Some),
        }
    }
}

fn usual(resolver: Arc<dyn ResolvesServerCert>) -> anyhow::Result<Arc<ServerConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A certificate and its key, as last read.
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    held: RwLock<Arc<CertifiedKey>>,
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.certificate.display())
    }
}

impl ResolvesServerCert for Files {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        Some(held.clone())
    }
}

/// What is in the two files; exit 78 with what to do where it cannot be used.
fn read(certificate: &Path, key: &Path) -> anyhow::Result<Arc<CertifiedKey>> {
    let fault = |setting: &str, path: &Path, why: &str| {
        Exit::config(format!(
            "{setting} {} cannot be used: {why}.",
            path.display()
        ))
    };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
    let chain: Vec<_> =
        chain.map_err(|error| fault("tls_certificate", certificate, &error.to_string()))?;
    if chain.is_empty() {
        return Err(fault(
            "tls_certificate",
            certificate,
            "it holds no PEM certificate",
        )
        .into());
    }
    let secret = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| fault("tls_key", key, &error.to_string()))?;
    let provider = rustls::crypto::ring::default_provider();
    let held = CertifiedKey::from_der(chain, secret, &provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            let why = format!("it is not the key of {}", certificate.display());
            fault("tls_key", key, &why)
        }
        other => fault("tls_key", key, &other.to_string()),
    })?;
    Ok(Arc::new(held))
}

/// The folder for ACME's account and certificates, which only its owner opens.
fn private_folder(data: &Path) -> anyhow::Result<PathBuf> {
    let folder = data.join(FOLDER);
    let prepared = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::set_permissions(&folder, Permissions::from_mode(0o700)));
    prepared.with_context(|| format!("Preparing {}", folder.display()))?;
    Ok(folder)
}

/// Fetches certificates and renews them, until `stop`; says in the log and on the status page how that goes.
pub async fn renew(app: App, mut state: Renewal, stop: CancellationToken) {
    loop {
        let event = tokio::select! {
            event = state.next() => event,
            () = stop.cancelled() => return,
        };
        match event {
            Some(Ok(done)) => note_success(&app, &done),
            Some(Err(error)) => {
                tracing::warn!("A certificate could not be fetched or kept: {error}.");
                let words = format!("No certificate could be fetched: {error}.");
                let remedy = "The name of the desk must lead here, and port 443 must be reachable from outside.";
                app.health
                    .note("certificate", Condition::warn(words, remedy));
            }
            None => return,
        }
    }
}

fn note_success(app: &App, done: &EventOk) {
    match done {
        EventOk::DeployedCachedCert => tracing::info!("The certificate of before is in use."),
        EventOk::DeployedNewCert => tracing::info!("A new certificate is in use."),
        EventOk::CertCacheStore | EventOk::AccountCacheStore => {
            let folder = app.config.data_dir.join(FOLDER);
            if let Err(error) = close_files(&folder) {
                tracing::warn!("{} cannot be closed to others: {error}.", folder.display());
            }
            return;
        }
    }
    app.health.clear("certificate");
}

fn close_files(folder: &Path) -> std::io::Result<()> {
    for file in std::fs::read_dir(folder)? {
        std::fs::set_permissions(file?.path(), Permissions::from_mode(0o600))?;
    }
    Ok(())
}
