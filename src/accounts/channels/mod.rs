//! Where else a member is told, besides by letter: an ntfy topic, a webhook.

mod routes;
pub mod store;
mod trial;

use chrono::{DateTime, Utc};
use reqwest::Url;
use utoipa_axum::router::OpenApiRouter;

use crate::platform::App;
pub use crate::platform::outbox::Channel as Kind;
pub(super) use routes::Given;
pub use trial::{KIND as TRIAL, compose as compose_trial, send as send_trial};

/// Characters of a channel's address.
pub const LONGEST_URL: usize = 500;

#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    pub id: i64,
    pub member_id: i64,
    pub kind: Kind,
    /// https, without a user or a password in it.
    pub url: String,
    /// Signs what is posted to a webhook.
    pub secret: Option<String>,
    pub created_at: DateTime<Utc>,
}

pub(super) fn router() -> OpenApiRouter<App> {
    routes::router()
}

/// The kind of this name: `ntfy` or `webhook`.
pub fn kind(word: &str) -> Option<Kind> {
    [Kind::Ntfy, Kind::Webhook]
        .into_iter()
        .find(|kind| kind.as_str() == word)
}

/// The address as it is kept, or what is wrong with it. Whether it may be reached is seen when it is.
pub fn url(kind: Kind, text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.len() > LONGEST_URL {
        return Err("must have at most 500 characters");
    }
    let url = Url::parse(text).map_err(|_| "must be an address that begins with https://")?;
    if url.scheme() != "https" || url.host_str().is_none_or(str::is_empty) {
        return Err("must be an address that begins with https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user or a password; whoever sees the address would see them");
    }
    if url.fragment().is_some() {
        return Err("must not hold a #");
    }
    if kind == Kind::Ntfy && url.path().trim_matches('/').is_empty() {
        return Err("must name a topic, as https://ntfy.sh/my-topic does");
    }
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_https_addresses_are_kept() {
        assert_eq!(
            url(Kind::Ntfy, " https://ntfy.sh/bursts ").as_deref(),
            Ok("https://ntfy.sh/bursts")
        );
        assert!(url(Kind::Webhook, "https://example.org").is_ok());
        let long = format!("https://example.org/{}", "a".repeat(500));
        for wrong in [
            "http://example.org/hook",
            "https://user:secret@example.org/hook",
            "https://user@example.org/",
            "file:///etc/passwd",
            "example.org",
            "https://",
            "https://example.org/#x",
            "",
            &long,
        ] {
            assert!(url(Kind::Webhook, wrong).is_err(), "{wrong}");
        }
        assert!(url(Kind::Ntfy, "https://ntfy.sh/").is_err());
    }
}
