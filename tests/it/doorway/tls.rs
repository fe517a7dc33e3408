//! TLS at our own door, with certificates made here.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use grb_app::platform::App;
use grb_app::platform::web::listen::Gate;
use grb_app::platform::web::tls::{Certificates, Tls};
use grb_app::platform::web::to_tls;
use reqwest::{Certificate, Client, Version};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{app_with, desk_with};
use crate::commands::{grb_app, said};
use crate::people::{PASSWORD, cookie, officer};

/// A certificate for this machine with its key, written into two files.
pub(super) fn certify(folder: &Path) -> (Certificate, [PathBuf; 2]) {
    let made = rcgen::generate_simple_self_signed(["localhost".into(), "127.0.0.1".into()]);
    let made = made.unwrap();
    let paths = ["desk.pem", "desk.key"].map(|name| folder.join(name));
    std::fs::write(&paths[0], made.cert.pem()).unwrap();
    std::fs::write(&paths[1], made.signing_key.serialize_pem()).unwrap();
    let certificate = Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    (certificate, paths)
}

/// A client that believes `certificate` alone.
pub(super) fn believing(certificate: &Certificate) -> Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = Client::builder().tls_certs_only([certificate.clone()]);
    let client = client.redirect(reqwest::redirect::Policy::none());
    client.pool_max_idle_per_host(0).build().unwrap()
}

struct Encrypted {
    address: SocketAddr,
    tls: Tls,
    _stop: DropGuard,
}

async fn encrypted(app: &App, [certificate, key]: [PathBuf; 2]) -> Encrypted {
    let files = Certificates::Files { certificate, key };
    let (tls, _) = Tls::prepare(&files, &app.config.data_dir).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let gate = Gate::on(listener).with_tls(Some(tls.clone()));
    tokio::spawn(gate.serve(grb_app::serve::routes(app.clone()), stop.clone()));
    let _stop = stop.drop_guard();
    Encrypted {
        address,
        tls,
        _stop,
    }
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_and_only_tls_is_promised_for_good() {
    let desk = app_with(|_| {});
    let (certificate, files) = certify(desk.folder.path());
    let door = encrypted(&desk.app, files).await;
    let url = format!("https://{}/bursts", door.address);
    let newer = believing(&certificate).get(&url).send().await.unwrap();
    assert_eq!(
        (newer.status().as_u16(), newer.version()),
        (200, Version::HTTP_2)
    );
    let promise = newer.headers()["strict-transport-security"]
        .to_str()
        .unwrap();
    assert_eq!(promise, "max-age=31536000");
    let older = Client::builder().tls_certs_only([certificate]).http1_only();
    let older = older.build().unwrap().get(&url).send().await.unwrap();
    assert_eq!(
        (older.status().as_u16(), older.version()),
        (200, Version::HTTP_11)
    );

    let plain = desk_with(|_| {}).await;
    let headers = plain.get("/bursts").await.headers().clone();
    assert!(!headers.contains_key("strict-transport-security"));
    let proxied = desk_with(|config| config.trusted_proxies = "127.0.0.1".parse().unwrap()).await;
    let get = proxied.client.get(proxied.url("/bursts"));
    let answer = get
        .header("x-forwarded-proto", "https")
        .send()
        .await
        .unwrap();
    assert!(answer.headers().contains_key("strict-transport-security"));
}

#[tokio::test]
async fn a_form_over_http_2_is_known_to_be_ours_by_its_origin() {
    let desk = app_with(|_| {});
    let (certificate, files) = certify(desk.folder.path());
    let door = encrypted(&desk.app, files).await;
    let url = format!("https://{}/theme", door.address);
    let ours = format!("https://{}", door.address);
    for (origin, status) in [(ours.as_str(), 303), ("https://evil.example", 403)] {
        let post = believing(&certificate).post(&url).header("origin", origin);
        let answer = post
            .form(&[("theme", "red"), ("back", "/")])
            .send()
            .await
            .unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.version()),
            (status, Version::HTTP_2)
        );
    }
}

/// HTTP/2 writes the host into every address.
#[tokio::test]
async fn an_officer_who_is_asked_again_over_http_2_stays_on_a_path_of_ours() {
    let desk = desk_with(|_| {}).await;
    officer(&desk, "vera@example.org").await;
    let session = cookie(&desk, "vera@example.org", PASSWORD).await.unwrap();
    desk.app.clock.advance(chrono::TimeDelta::minutes(31));
    let folder = tempfile::tempdir().unwrap();
    let (certificate, files) = certify(folder.path());
    let door = encrypted(&desk.app, files).await;
    let at = format!("https://{}", door.address);
    let post = believing(&certificate).post(format!("{at}/members/1/demote?q=x"));
    let post = post.header("origin", &at).header("accept", "text/html");
    let post = post.header("cookie", session).form(&[("q", "x")]);
    let answer = post.send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.version()),
        (401, Version::HTTP_2)
    );
    let page = answer.text().await.unwrap();
    assert!(page.contains("action=\"/members/1/demote?q=x\""), "{page}");
}

/// The same limits hold for both versions of HTTP.
#[tokio::test]
async fn what_is_too_long_is_refused_over_http_2_as_well() {
    let desk = app_with(|_| {});
    let (certificate, files) = certify(desk.folder.path());
    let door = encrypted(&desk.app, files).await;
    let (client, at) = (believing(&certificate), format!("https://{}", door.address));
    let long = |length: usize| "x".repeat(length);
    let body = client.post(format!("{at}/api/users"));
    let body = body
        .header("content-type", "application/json")
        .body(long(300_000));
    for (request, status) in [
        (client.get(format!("{at}/{}", long(9_000))), 414),
        (client.get(&at).header("x-long", long(20_000)), 431),
        (body, 413),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.version()),
            (status, Version::HTTP_2)
        );
    }
}

/// Who speaks plainly to the encrypted door, or garbage, is hung up on and disturbs nobody.
#[tokio::test]
async fn plain_words_at_the_encrypted_door_lead_nowhere() {
    let desk = app_with(|_| {});
    let (certificate, files) = certify(desk.folder.path());
    let door = encrypted(&desk.app, files).await;
    for words in [
        &b"GET / HTTP/1.1\r\nHost: desk\r\n\r\n"[..],
        &[0x16, 3, 1, 0xff, 0xff],
        &[0; 64],
    ] {
        let mut stream = tokio::net::TcpStream::connect(door.address).await.unwrap();
        stream.write_all(words).await.unwrap();
        let mut answer = Vec::new();
        let ended = stream.read_to_end(&mut answer);
        drop(
            tokio::time::timeout(std::time::Duration::from_secs(15), ended)
                .await
                .unwrap(),
        );
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    }
    let url = format!("https://{}/bursts", door.address);
    assert_eq!(
        believing(&certificate)
            .get(url)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_up_and_a_broken_one_is_not() {
    let desk = app_with(|_| {});
    let folder = desk.folder.path();
    let (first, files) = certify(folder);
    let door = encrypted(&desk.app, files.clone()).await;
    let url = format!("https://{}/health/live", door.address);
    let (second, _) = certify(folder);
    assert!(believing(&first).get(&url).send().await.is_ok());
    door.tls.reload().unwrap();
    assert!(believing(&second).get(&url).send().await.is_ok());
    assert!(believing(&first).get(&url).send().await.is_err());

    std::fs::write(&files[0], "-----BEGIN CERTIFICATE-----\n").unwrap();
    assert!(door.tls.reload().is_err());
    assert!(believing(&second).get(&url).send().await.is_ok());
}

#[tokio::test]
async fn the_plain_door_only_shows_the_way() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "http://{}/bursts?since=2026",
        listener.local_addr().unwrap()
    );
    let stop = CancellationToken::new();
    let routes = to_tls("https://desk.example.org".into());
    tokio::spawn(Gate::on(listener).serve(routes, stop.clone()));
    let _stop = stop.drop_guard();
    let client = Client::builder().tls_certs_only([]);
    let client = client.redirect(reqwest::redirect::Policy::none()).build();
    let post = client.unwrap().post(url).header("host", "evil.example");
    let answer = post.send().await.unwrap();
    assert_eq!(answer.status(), 308);
    assert_eq!(
        answer.headers()["location"],
        "https://desk.example.org/bursts?since=2026"
    );
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (_, [certificate, key]) = certify(folder.path());
    let other = tempfile::tempdir().unwrap();
    let (_, [_, other_key]) = certify(other.path());
    let path = |path: &PathBuf| path.to_str().unwrap().to_owned();
    let missing = path(&folder.path().join("none.key"));
    for (settings, words) in [
        (
            vec![("CERTIFICATE", path(&certificate))],
            "tls_key is needed too",
        ),
        (
            vec![
                ("CERTIFICATE", path(&certificate)),
                ("KEY", path(&other_key)),
            ],
            "it is not the key of",
        ),
        (
            vec![("CERTIFICATE", path(&key)), ("KEY", path(&key))],
            "no PEM certificate",
        ),
        (
            vec![("CERTIFICATE", path(&certificate)), ("KEY", missing)],
            "none.key",
        ),
        (
            vec![
                ("CERTIFICATE", path(&certificate)),
                ("KEY", path(&key)),
                ("ACME_DOMAINS", "a.example".into()),
            ],
            "one way or the other",
        ),
    ] {
        let data = tempfile::tempdir().unwrap();
        let arguments = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            data.path().to_str().unwrap(),
        ];
        let settings = settings
            .into_iter()
            .map(|(key, value)| (format!("GRB_TLS_{key}"), value));
        let output = grb_app(&arguments).envs(settings).output().unwrap();
        assert_eq!(output.status.code(), Some(78), "{}", said(&output));
        assert!(said(&output).contains(words), "{}", said(&output));
    }
}
