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
            Composed::Letter(_) | Composed::Later(..) | Composed::Nothing(_) => {
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::http::HeaderMap;
    use axum::response::Redirect;
    use axum::routing::{any, post};
    use chrono::Utc;
    use serde_json::json;

    use super::*;
    use crate::platform::outbox::Channel;

    type Heard = Arc<Mutex<Vec<(HeaderMap, String)>>>;

    /// A server on this machine, and what it hears.
    async fn listener() -> (String, Heard) {
        let heard = Heard::default();
        let ears = heard.clone();
        let take = post(async move |headers: HeaderMap, body: String| {
            ears.lock().unwrap().push((headers, body));
        });
        let inward = || Redirect::temporary("http://10.0.0.1/");
        let round = || Redirect::temporary("/round");
        let routes = Router::new()
            .route("/topic", take)
            .route("/inward", any(async move || inward()))
            .route("/round", any(async move || round()));
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", socket.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(socket, routes).await });
        (base, heard)
    }

    fn order(address: String) -> Order {
        Order {
            id: 1,
            key: "k".into(),
            channel: Channel::Ntfy,
            address,
            member: None,
            payload: json!({}),
            created_at: chrono::DateTime::<Utc>::UNIX_EPOCH,
            at: chrono::DateTime::<Utc>::UNIX_EPOCH,
        }
    }

    #[tokio::test]
    async fn a_push_says_what_ntfy_and_a_webhook_expect() {
        let (base, heard) = listener().await;
        let pushes = Pushes::new(Reach::this_machine()).unwrap();
        let push = Composed::Push {
            title: "GRB 230506A — up\r\nX-Evil: 1".into(),
            text: "It is up.".into(),
            url: "https://club.example/bursts/1".into(),
            urgent: true,
        };
        let json = Composed::Json {
            body: json!({ "burst": 17 }),
            secret: Secret::new("key"),
        };
        for composed in [push, json] {
            let pushed = pushes
                .push(&order(format!("{base}/topic")), &composed, 1000)
                .await;
            assert!(matches!(pushed, Pushed::Taken(_)), "{pushed:?}");
        }
        let heard = heard.lock().unwrap();
        let (headers, body) = &heard[0];
        assert_eq!(
            headers["title"],
            "=?UTF-8?B?R1JCIDIzMDUwNkEg4oCUIHVwIFgtRXZpbDogMQ==?="
        );
        assert_eq!(
            (&headers["priority"], body.as_str()),
            (&"high".parse().unwrap(), "It is up.")
        );
        assert!(!headers.contains_key("x-evil"));
        let (headers, body) = &heard[1];
        assert_eq!(body, r#"{"burst":17}"#);
        // printf '1000\n{"burst":17}' | openssl dgst -sha256 -hmac key
        assert_eq!(headers["x-signature"], SIGNED);
        assert_eq!(headers["x-timestamp"], "1000");
    }

    const SIGNED: &str = "ada5a79145ceb0a70a8b80b88bfde9bde5272eab1706ffa70929feb4ff91b4e3";

    #[tokio::test]
    async fn a_redirect_inward_or_without_end_is_not_followed() {
        let (base, _) = listener().await;
        let pushes = Pushes::new(Reach::this_machine()).unwrap();
        let composed = Composed::Json {
            body: json!({}),
            secret: Secret::new("key"),
        };
        for (path, why) in [("inward", "public"), ("round", "three times")] {
            let pushed = pushes
                .push(&order(format!("{base}/{path}")), &composed, 1)
                .await;
            assert!(
                matches!(&pushed, Pushed::Later(words) if words.contains(why)),
                "{pushed:?}"
            );
        }
        let world = Pushes::new(Reach::world()).unwrap();
        let pushed = world
            .push(&order(format!("{base}/topic")), &composed, 1)
            .await;
        assert!(matches!(pushed, Pushed::Never(_)), "{pushed:?}");
    }
}
