//! A release: a list of files that its maker has signed, and in it the program for this machine.

use std::fs::File;
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use hmac::digest::Digest as _;
use reqwest::{Client, Url};
use ring::signature::{ED25519, UnparsedPublicKey};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::Sha256;

use super::error::Exit;
use super::trust::Roots;

/// What `packaging/release` calls the list, and the signature of it.
const LIST: &str = "SHA256SUMS";
const SIGNATURE: &str = "SHA256SUMS.sig";

/// Nothing that is longer is a list, or a program of ours.
const LONGEST_LIST: u64 = 64 << 10;
const LARGEST_PROGRAM: u64 = 512 << 20;

/// How an Ed25519 public key begins in DER (RFC 8410, section 4); its 32 bytes follow.
const ED25519_KEY: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// The public key that releases are signed with.
pub struct ReleaseKey(Vec<u8>);

impl ReleaseKey {
    /// Reads a PEM file as `openssl pkey -pubout` writes it; exit 78 with what to do where there is none.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let at = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Exit::config(format!(
                "Releases are checked by the key in {at}, which cannot be read: {error}. install.sh of a release puts it there; \
                 or put there the release-key.pem of somebody you trust. Never take it from the release that it is to check."
            ))
        })?;
        Self::parse(&text)
            .ok_or_else(|| Exit::config(format!("{at} holds no Ed25519 public key (PEM).")).into())
    }

    fn parse(pem: &str) -> Option<Self> {
        let key = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).ok()?;
        let bytes = key.as_ref().strip_prefix(&ED25519_KEY)?;
        (bytes.len() == 32).then(|| Self(bytes.into()))
    }

    fn vouches_for(&self, text: &[u8], signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, &self.0);
        key.verify(text, signature).is_ok()
    }
}

/// Where a release lies.
#[derive(Debug, Clone)]
pub enum Place {
    Folder(PathBuf),
    Address(Url),
}

impl FromStr for Place {
    type Err = String;

    /// A folder, or an https address; http only to this machine, where nobody listens in.
    fn from_str(text: &str) -> Result<Self, String> {
        if !text.contains("://") {
            return Ok(Self::Folder(text.into()));
        }
        let whole = format!("{}/", text.trim_end_matches('/'));
        let url = Url::parse(&whole).map_err(|error| format!("{text} is no address: {error}"))?;
        let here = matches!(url.host_str(), Some("127.0.0.1" | "localhost"));
        match url.scheme() {
            "https" => Ok(Self::Address(url)),
            "http" if here => Ok(Self::Address(url)),
            _ => Err("a release is fetched by https only".into()),
        }
    }
}

impl Place {
    /// Brings the file `name` of it to `sink`, `most` bytes at the most.
    async fn bring(&self, name: &str, most: u64, sink: &mut impl Write) -> anyhow::Result<()> {
        match self {
            Self::Folder(folder) => {
                let missing =
                    |why| Exit::unavailable(format!("{} {why}.", folder.join(name).display()));
                let file = File::open(folder.join(name))
                    .map_err(|error| missing(format!("cannot be read: {error}")))?;
                match std::io::copy(&mut file.take(most + 1), sink)
                    .map_err(|error| unwritten(&error))?
                {
                    copied if copied > most => Err(missing("is too long".into()).into()),
                    _ => Ok(()),
                }
            }
            Self::Address(folder) => fetch(&folder.join(name)?, most, sink).await,
        }
    }
}

async fn fetch(url: &Url, most: u64, sink: &mut impl Write) -> anyhow::Result<()> {
    let failed = |why: String| Exit::unavailable(format!("{url} cannot be fetched: {why}."));
    let answer = client(url)?.get(url.clone()).send().await;
    let answer = answer.and_then(reqwest::Response::error_for_status);
    let mut answer = answer.map_err(|error| failed(chain(error)))?;
    let mut taken = 0;
    while let Some(piece) = answer.chunk().await.map_err(|error| failed(chain(error)))? {
        taken += piece.len() as u64;
        if taken > most {
            return Err(failed("it is too long".into()).into());
        }
        sink.write_all(&piece).map_err(|error| unwritten(&error))?;
    }
    Ok(())
}

/// What went wrong, down to its cause.
fn chain(error: reqwest::Error) -> String {
    format!("{:#}", anyhow::Error::from(error.without_url()))
}

/// A slow line may take its time, as long as something comes. By https no step of the way may leave it.
fn client(url: &Url) -> anyhow::Result<Client> {
    let patient = Roots::load(None)?
        .builder()
        .timeout(Duration::from_secs(3600))
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(30))
        .https_only(url.scheme() == "https");
    Ok(patient.build()?)
}

/// The program for this machine, as a signed list names it.
#[derive(Debug)]
pub struct Offer {
    place: Place,
    /// The file's name in the release.
    pub name: String,
    /// In hexadecimal.
    pub sha256: String,
}

impl Offer {
    /// Reads the list of the release at `place` and believes it only with a signature by `key`.
    ///
    /// Fails with an [`Exit`]: 65 where the signature is another's, 69 where something is not there.
    pub async fn read(place: Place, key: &ReleaseKey) -> anyhow::Result<Self> {
        let (mut list, mut signature) = (Vec::new(), Vec::new());
        place.bring(LIST, LONGEST_LIST, &mut list).await?;
        place.bring(SIGNATURE, LONGEST_LIST, &mut signature).await?;
        if !key.vouches_for(&list, &signature) {
            return Err(Exit::data(
                "The signature of SHA256SUMS is not by the key that this desk knows. Nothing was changed; do not use these files.",
            )
            .into());
        }
        let name = format!("grb-app-{}-linux", std::env::consts::ARCH);
        let sha256 = listed(&String::from_utf8_lossy(&list), &name);
        let sha256 = sha256
            .ok_or_else(|| Exit::unavailable(format!("The release has no {name} in its list.")))?;
        Ok(Self {
            place,
            name,
            sha256,
        })
    }

    /// Writes the program into `file`; 65 where it is not the one that is listed.
    pub async fn fetch(&self, file: &File) -> anyhow::Result<()> {
        let mut hashed = Hashed(file, Sha256::new());
        let bringing = self.place.bring(&self.name, LARGEST_PROGRAM, &mut hashed);
        bringing.await?;
        if hex::encode(hashed.1.finalize()) == self.sha256 {
            return Ok(());
        }
        Err(Exit::data(format!(
            "{} is not the file that the release lists. Nothing was changed; fetch it again.",
            self.name
        ))
        .into())
    }

    /// True where the file at `path` is that program already.
    pub fn is_at(&self, path: &Path) -> bool {
        let hash = || {
            let (mut file, mut hashed) =
                (File::open(path)?, Hashed(std::io::sink(), Sha256::new()));
            std::io::copy(&mut file, &mut hashed)?;
            std::io::Result::Ok(hex::encode(hashed.1.finalize()))
        };
        hash().is_ok_and(|hash| hash == self.sha256)
    }
}

/// The hash of the file `name` in a list as `sha256sum` writes it.
fn listed(list: &str, name: &str) -> Option<String> {
    let line = list
        .lines()
        .find(|line| line.get(64..).is_some_and(|rest| is_name(rest, name)))?;
    let hash = &line[..64];
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    hash.bytes().all(hex).then(|| hash.to_owned())
}

fn is_name(rest: &str, name: &str) -> bool {
    let named = rest.strip_prefix("  ").or_else(|| rest.strip_prefix(" *"));
    named == Some(name)
}

/// Passes on what is written, and hashes it.
struct Hashed<W>(W, Sha256);

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.0.write(bytes)?;
        self.1.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

fn unwritten(error: &std::io::Error) -> Exit {
    Exit {
        code: 75,
        message: format!("The new program cannot be written: {error}. Nothing was changed."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_list_gives_the_hash_of_the_very_name_in_both_modes_of_sha256sum() {
        let list =
            format!("{HASH}  grb-app-x86_64-linux.old\n{HASH} *grb-app-x86_64-linux\nnot a line\n");
        assert_eq!(listed(&list, "grb-app-x86_64-linux").as_deref(), Some(HASH));
        assert_eq!(listed(&list, "grb-app-aarch64-linux"), None);
        assert_eq!(listed(&list, "linux"), None);
        let shouted = list.to_uppercase();
        assert_eq!(listed(&shouted, "GRB-APP-X86_64-LINUX"), None);
        assert_eq!(listed("ü".repeat(80).as_str(), "x"), None);
    }

    #[test]
    fn a_release_comes_from_a_folder_or_by_https() {
        let place = |text: &str| text.parse::<Place>();
        assert!(matches!(place("/media/stick"), Ok(Place::Folder(_))));
        let Ok(Place::Address(url)) = place("https://example.org/grb-app/v2") else {
            panic!("an address");
        };
        let file = url.join("SHA256SUMS").unwrap();
        assert_eq!(file.as_str(), "https://example.org/grb-app/v2/SHA256SUMS");
        assert!(place("http://127.0.0.1:80/x").is_ok());
        for wrong in [
            "http://example.org/x",
            "ftp://example.org/x",
            "http://127.0.0.1.example.org/",
        ] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
    }

    /// Test 1 of RFC 8032, section 7.1, its key as `openssl pkey -pubin` takes it.
    #[test]
    fn a_signature_of_the_standard_is_known_and_no_other_key_is_taken() {
        let raw = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let signature = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
        let mut der = ED25519_KEY.to_vec();
        der.extend(hex::decode(raw).unwrap());
        let pem = |der: &[u8]| {
            use base64::Engine as _;
            let text = base64::engine::general_purpose::STANDARD.encode(der);
            format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
        };
        let key = ReleaseKey::parse(&pem(&der)).unwrap();
        let signature = hex::decode(signature).unwrap();
        assert!(key.vouches_for(b"", &signature));
        assert!(!key.vouches_for(b"x", &signature));
        assert!(!key.vouches_for(b"", &signature[..63]));
        // X25519, one byte away: not for signatures.
        der[8] = 0x6e;
        assert!(ReleaseKey::parse(&pem(&der)).is_none());
        assert!(ReleaseKey::parse("").is_none());
    }
}
