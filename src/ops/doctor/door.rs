//! Checks of the way in: the public address's name and certificate, the proxy before us, and the stream through it.

use std::time::Duration;

use anyhow::Context as _;
use axum::extract::Request;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use reqwest::Url;
use rustls::pki_types::ServerName;
use serde::{Deserialize, Serialize};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use crate::platform::doctor::{Case, Check, Finding, far};
use crate::platform::outbox::settings::Way;
use crate::platform::trust::Roots;
use crate::platform::web::extract::Json;
use crate::platform::web::visitor::{self, Visitor};

pub(super) const CHECKS: &[Check] = &[
    far("public-name", "Public name", name),
    far("certificate", "Certificate", certificate),
    far("proxy", "Proxy", proxy),
    far("stream", "Live pages", stream),
];

const PATIENCE: Duration = Duration::from_secs(8);

/// What a request looked like when it came here.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub(super) struct Mirror {
    /// Somebody on the way said for whom it asks (X-Forwarded-For or Forwarded).
    forwarded: bool,
    /// It came from this machine itself.
    from_here: bool,
}

/// What your own request looked like when it came here: whether a proxy said for whom it asks.
#[utoipa::path(get, path = "/health/door", tag = "health", responses((status = 200, body = Mirror)))]
pub(super) async fn mirror(request: Request) -> Json<Mirror> {
    Json(Mirror {
        forwarded: visitor::is_forwarded(request.headers()),
        from_here: Visitor::of(request.extensions()).address.is_loopback(),
    })
}

/// The public address, where one is set; else the words of a check that has nothing to look at.
fn public(case: &Case) -> Result<Url, Finding> {
    let Some(url) = &case.config.public_url else {
        return Err(Finding::skipped(
            "No public_url is set: the desk is for this machine or this house.",
        ));
    };
    url.parse().map_err(|_| {
        Finding::fault(
            format!("public_url is no address: {url}."),
            "Write it as https://desk.example.org.",
        )
    })
}

fn is_here(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

fn leads_nowhere(case: &Case) -> bool {
    case.config.public_url.is_none() && matches!(case.config.mail.way, Way::Relay(_))
}

fn name(case: Case) -> BoxFuture<'static, Finding> {
    Box::pin(async move {
        let url = match public(&case) {
            Ok(url) => url,
            Err(_) if leads_nowhere(&case) => {
                return Finding::warn(
                    "Letters leave, but without public_url their links lead to this machine alone.",
                    "Set public_url to the address under which members reach the desk.",
                );
            }
            Err(finding) => return finding,
        };
        let host = url.host_str().unwrap_or_default().to_owned();
        let port = url.port_or_known_default().unwrap_or(443);
        match timeout(PATIENCE, lookup_host((host.as_str(), port))).await {
            Ok(Ok(found)) => {
                let mut addresses: Vec<String> =
                    found.map(|address| address.ip().to_string()).collect();
                addresses.dedup();
                Finding::ok(format!("{host} is {}.", addresses.join(", ")))
            }
            _ => Finding::fault(
                format!("Nobody knows the name {host}."),
                "Check public_url, and the record of that name where the club's domain is kept (A, AAAA).",
            ),
        }
    })
}

fn certificate(case: Case) -> BoxFuture<'static, Finding> {
    Box::pin(async move {
        let url = match public(&case) {
            Ok(url) if url.scheme() == "https" => url,
            Ok(url) if is_here(&url) => {
                return Finding::skipped("public_url is of this machine alone.");
            }
            Ok(_) => {
                return Finding::warn(
                    "public_url is http: passwords and sessions cross the network in clear.",
                    "Put a proxy with TLS before the desk (Caddy does it in two lines), or let the desk do TLS itself; then set public_url to https://….",
                );
            }
            Err(finding) => return finding,
        };
        match timeout(PATIENCE, expiry(&url)).await {
            Ok(Ok(until)) => judge_expiry(until, case.clock.wall()),
            Ok(Err(error)) => Finding::fault(
                format!("No trusted connection to {url}: {error:#}."),
                "Check that the certificate is for this name and was renewed, and that the port is open.",
            ),
            Err(_) => Finding::fault(
                format!("{url} does not answer."),
                "Check the router's port forwarding and the proxy.",
            ),
        }
    })
}

/// Until when the certificate of `url` is good.
async fn expiry(url: &Url) -> anyhow::Result<DateTime<Utc>> {
    let host = url.host_str().context("it has no host")?;
    let stream = TcpStream::connect((host, url.port_or_known_default().unwrap_or(443))).await?;
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())?;
    let tls = Roots::load(None)?.tls()?;
    let stream = TlsConnector::from(tls).connect(name, stream).await?;
    let chain = stream.get_ref().1.peer_certificates();
    let first = chain
        .and_then(|chain| chain.first())
        .context("it shows no certificate")?;
    let (_, certificate) = X509Certificate::from_der(first)?;
    let until = certificate.validity().not_after.timestamp();
    DateTime::from_timestamp(until, 0).context("its certificate names no end")
}

fn judge_expiry(until: DateTime<Utc>, now: DateTime<Utc>) -> Finding {
    let days = (until - now).num_days();
    let words = format!("Good until {}, {days} days.", until.format("%-d %b %Y"));
    let remedy = "It should have been renewed by itself: look at the log of whatever keeps it (certbot, Caddy, grb-app).";
    match days {
        ..3 => Finding::fault(words, remedy),
        3..=14 => Finding::warn(words, remedy),
        _ => Finding::ok(words),
    }
}

fn proxy(case: Case) -> BoxFuture<'static, Finding> {
    Box::pin(async move {
        let url = match public(&case) {
            Ok(url) => url,
            Err(finding) => return finding,
        };
        match ask_mirror(&url).await {
            Ok(mirror) => judge_mirror(&mirror, case.config.listen.ip().is_loopback()),
            Err(error) => Finding::fault(
                format!("{url} does not lead to this desk: {error:#}."),
                "Check that the proxy passes everything on to the address in `listen`, and that the port is open from outside.",
            ),
        }
    })
}

async fn ask_mirror(url: &Url) -> anyhow::Result<Mirror> {
    let answer = ask(url, "health/door").await?;
    answer.json().await.context("something else answered")
}

/// The answer at a path of ours; what stands in the way in few words.
async fn ask(url: &Url, path: &str) -> anyhow::Result<reqwest::Response> {
    let client = Roots::load(None)?.client()?;
    let asked = client.get(url.join(path)?).timeout(PATIENCE).send().await;
    let answer = asked.map_err(|error| {
        let mut why: &dyn std::error::Error = &error;
        while let Some(deeper) = why.source() {
            why = deeper;
        }
        anyhow::anyhow!("{why}")
    })?;
    let status = answer.status();
    anyhow::ensure!(status.is_success(), "it answers {status}");
    Ok(answer)
}

fn judge_mirror(mirror: &Mirror, only_here: bool) -> Finding {
    match (mirror.forwarded, mirror.from_here || only_here) {
        (true, _) => Finding::ok("The proxy says for whom it asks (X-Forwarded-For)."),
        (false, false) => Finding::ok("Visitors reach the desk without a proxy."),
        (false, true) => Finding::warn(
            "The proxy does not say for whom it asks: all visitors count as one, and limits meet all of them.",
            "nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; Caddy and Traefik do it by themselves.",
        ),
    }
}

/// Events must come at once; a proxy that gathers answers holds them back.
fn stream(case: Case) -> BoxFuture<'static, Finding> {
    Box::pin(async move {
        let url = match public(&case) {
            Ok(url) => url,
            Err(finding) => return finding,
        };
        let some: anyhow::Result<bool> = case.db().and_then(|conn| {
            Ok(conn.query_row(
                "select exists (select 1 from events where topic <> 'users')",
                [],
                |row| row.get(0),
            )?)
        });
        let some = some.unwrap_or(false);
        match timeout(Duration::from_secs(2), first_event(&url, some)).await {
            Ok(Ok(())) if some => Finding::ok("Events come through within 2 s."),
            Ok(Ok(())) => Finding::skipped(
                "The stream opens; whether events come through at once shows once there has been one.",
            ),
            Ok(Err(error)) => Finding::fault(
                format!("The stream of events does not come through: {error:#}."),
                "Pages still work; they show news only when they are loaded again. See the check of the proxy.",
            ),
            Err(_) => Finding::warn(
                "No event came through within 2 s: the proxy gathers answers before it passes them on.",
                "nginx: proxy_buffering off; and proxy_http_version 1.1; for this host.",
            ),
        }
    })
}

/// Waits for the stream's beginning, and where `some` events are kept, for the first of them.
async fn first_event(url: &Url, some: bool) -> anyhow::Result<()> {
    let mut answer = ask(url, "api/stream?since=0").await?;
    let kind = answer
        .headers()
        .get("content-type")
        .and_then(|kind| kind.to_str().ok());
    anyhow::ensure!(
        kind.is_some_and(|kind| kind.starts_with("text/event-stream")),
        "something else answered"
    );
    if some {
        answer.chunk().await?.context("it ended at once")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::platform::doctor::Verdict;

    #[test]
    fn a_certificate_is_warned_of_two_weeks_ahead() {
        let now: DateTime<Utc> = "2026-11-20T22:00:00Z".parse().unwrap();
        let left = |days| judge_expiry(now + TimeDelta::days(days), now).verdict;
        assert_eq!(
            [left(15), left(14), left(3), left(2), left(-1)],
            [
                Verdict::Ok,
                Verdict::Warn,
                Verdict::Warn,
                Verdict::Fault,
                Verdict::Fault
            ]
        );
    }

    #[test]
    fn a_proxy_that_hides_its_visitors_is_found() {
        let seen = |forwarded, from_here, only_here| {
            judge_mirror(
                &Mirror {
                    forwarded,
                    from_here,
                },
                only_here,
            )
            .verdict
        };
        assert_eq!(seen(true, true, true), Verdict::Ok);
        assert_eq!(seen(false, false, false), Verdict::Ok);
        assert_eq!(
            [seen(false, true, false), seen(false, false, true)],
            [Verdict::Warn; 2]
        );
    }
}
