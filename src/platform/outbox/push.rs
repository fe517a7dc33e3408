//! Pushes: to a topic of ntfy, or to a webhook, signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Client, RequestBuilder, StatusCode, Url};
use sha2::Sha256;

use super::message::{digest, one_line};
use super::reach::{self, Reach};
use super::{Composed, Order};
use crate::platform::config::Secret;

/// How a push went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pushed {
    Taken(String),
    Later(String),
    Never(String),
}

/// Carries pushes to where they may go.
pub(super) struct Pushes {
    reach: Reach,
    client: Client,
}

impl Pushes {
    pub(super) fn new(reach: Reach) -> anyhow::Result<Self> {
        Ok(Self {
            client: reach.client()?,
            reach,
        })
    }

    /// Pushes `composed` to the order's address; `at` is the time of the world outside, in seconds since 1970.
    pub(super) async fn push(&self, order: &Order, composed: &Composed, at: i64) -> Pushed {
        let Ok(url) = Url::parse(&order.address) else {
            return Pushed::Never("this is no address of the web".into());
        };
        if let Some(why) = self.reach.refuses(&url) {
            return Pushed::Never(why.into());
        }
        let request = self.client.post(url);
        let request = match composed {
            Composed::Push {
                title,
                text,
                url,
                urgent,
            } => ntfy(request, title, text, url, *urgent),
            Composed::Json { body, secret } => webhook(request, body, secret, at),
            Composed::Letter(_) | Composed::Nothing(_) => {
                return Pushed::Never("a letter cannot be pushed".into());
            }
        };
        let request = request.header("X-Id", digest(&order.key));
        match request.send().await {
            Ok(answer) => judge(answer).await,
            Err(error) => Pushed::Later(innermost(&error)),
        }
    }
}

/// <https://docs.ntfy.sh/publish/>: the text is the body, the rest are headers.
fn ntfy(
    request: RequestBuilder,
    title: &str,
    text: &str,
    url: &str,
    urgent: bool,
) -> RequestBuilder {
    request
        .header("Title", encoded(&one_line(title, 200)))
        .header("Click", encoded(&one_line(url, 1000)))
        .header("Priority", if urgent { "high" } else { "default" })
        .header("Tags", "telescope")
        .body(text.to_owned())
}

/// `X-Signature` is hex HMAC-SHA256(secret, "{timestamp}\n" + body), as for notices that are pushed to us.
fn webhook(
    request: RequestBuilder,
    body: &serde_json::Value,
    secret: &Secret,
    at: i64,
) -> RequestBuilder {
    let body = body.to_string();
    request
        .header("Content-Type", "application/json")
        .header("X-Timestamp", at.to_string())
        .header("X-Signature", sign(secret, at, &body))
        .body(body)
}

fn sign(secret: &Secret, at: i64, body: &str) -> String {
    // A key of any length will do (RFC 2104), so there is nothing that could fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{at}\n{body}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// A header's text; letters beyond ASCII as RFC 2047 has them, which ntfy reads.
fn encoded(text: &str) -> String {
    if text.is_ascii() {
        text.to_owned()
    } else {
        format!("=?UTF-8?B?{}?=", STANDARD.encode(text))
    }
}

async fn judge(answer: reqwest::Response) -> Pushed {
    let status = answer.status();
    let body = reach::read(answer).await;
    let said = one_line(&String::from_utf8_lossy(&body), 200);
    let words = format!("{status} {said}").trim_end().to_owned();
    match status {
        _ if status.is_success() => Pushed::Taken(words),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Pushed::Later(words),
        _ if status.is_server_error() => Pushed::Later(words),
        _ => Pushed::Never(words),
    }
}

/// The cause beneath reqwest's own words, which would repeat the address.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    one_line(&cause.to_string(), 200)
}
