//! Ends a member's letters of one sort by a link that needs no sign-in: looking at it does nothing, its button does (RFC 8058).

use askama::Template;
use axum::extract::State;
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures::future::BoxFuture;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rusqlite::Connection;
use sha2::Sha256;
use utoipa_axum::router::OpenApiRouter;

use crate::accounts::{self, Member, Notify};
use crate::platform::web::extract::Path;
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Error, Result, keepsake};

/// Letters of one sort, and how a link ends them.
pub struct Letters {
    /// Their own word in the links' seals, so that no link ends others.
    pub seal: &'static str,
    /// Where the links lead: this, a slash and the token.
    pub path: &'static str,
    /// `letters about …`
    pub called: &'static str,
    /// A sentence on what ends with them, or nothing.
    pub also: &'static str,
    /// A sentence on what does not end.
    pub others: &'static str,
    /// A sentence on what somebody may want instead.
    pub instead: &'static str,
    /// The page to choose again: its address, and what it is called.
    pub choice: (&'static str, &'static str),
    /// Whether a member gets none of them any more.
    pub ended: fn(&Connection, &Member) -> Result<bool>,
    pub end: fn(App, i64) -> BoxFuture<'static, Result<()>>,
}

/// Letters about bursts.
pub(super) static LETTERS: Letters = Letters {
    seal: "unsubscribe",
    path: "/unsubscribe",
    called: "letters about bursts",
    also: "The pushes and webhooks of the same account end with them.",
    others: "Letters about your account itself, such as a new password, still come.",
    instead: "Perhaps fewer are enough: only what you can observe, about one a week, or one letter in the morning.",
    choice: ("/preferences", "Preferences"),
    ended: |_, member| Ok(member.notify == Notify::None),
    end: |app, member| Box::pin(async move { accounts::stop_telling(&app, member).await }),
};

/// Bytes of a token's seal.
const SEAL: usize = 16;

/// The name under which the key is kept.
const KEY: &str = "unsubscribe key";

pub(super) fn router() -> OpenApiRouter<App> {
    LETTERS.router()
}

#[derive(Template)]
#[template(path = "alerts/unsubscribe.html")]
struct Page {
    viewer: Viewer,
    letters: &'static Letters,
    token: String,
    /// `l…@example.org`: who reads over a shoulder learns nothing.
    address: String,
    ended: bool,
}

impl Letters {
    /// The page of the links: a look says what its button does, since mail programs and virus scanners follow links; a POST
    /// ends the letters at once. A mail provider sends that without cookies and wants no redirect.
    pub fn router(&'static self) -> OpenApiRouter<App> {
        let ask = move |State(app): State<App>, viewer: Viewer, Path(token): Path<String>| async move {
            self.page(&app, viewer, token).await.map(Html)
        };
        let end = move |State(app): State<App>, viewer: Viewer, Path(token): Path<String>| async move {
            let member = reader(&app, self.seal, &token).await?;
            (self.end)(app.clone(), member).await?;
            self.page(&app, viewer, token).await.map(Html)
        };
        OpenApiRouter::new().route(&format!("{}/{{token}}", self.path), get(ask).post(end))
    }

    /// The address that ends these letters of a member. It does not expire: an old letter's link must work too.
    pub async fn address(&self, app: &App, member: i64) -> Result<String> {
        let token = sealed(app, self.seal, member).await?;
        Ok(format!("{}{}/{token}", app.config.base_url(), self.path))
    }

    async fn page(&'static self, app: &App, viewer: Viewer, token: String) -> Result<Page> {
        let member = reader(app, self.seal, &token).await?;
        let read = move |conn: &Connection| {
            let member = accounts::store::member(conn, member)?;
            Ok((shortened(&member.email), (self.ended)(conn, &member)?))
        };
        let (address, ended) = app.db.read(read).await?;
        Ok(Page {
            viewer,
            letters: self,
            token,
            address,
            ended,
        })
    }
}

/// The token of a link that does for a member what `seal` names. It does not expire.
pub async fn sealed(app: &App, seal: &str, member: i64) -> Result<String> {
    Ok(token(&key(app).await?, seal, member))
}

/// The member for whom a token was sealed so; `NotFound` for a token that is not ours.
pub async fn reader(app: &App, seal: &str, token: &str) -> Result<i64> {
    member(&key(app).await?, seal, token).ok_or(Error::NotFound("page"))
}

/// The member's number and its seal, in base64url.
fn token(key: &[u8], letters: &str, member: i64) -> String {
    let mut bytes = member.to_be_bytes().to_vec();
    bytes.extend_from_slice(&seal(key, letters, member).finalize().into_bytes()[..SEAL]);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The member whom a token names, if the seal is ours.
fn member(key: &[u8], letters: &str, token: &str) -> Option<i64> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let (member, given) = bytes.split_first_chunk::<8>()?;
    let member = i64::from_be_bytes(*member);
    // As short a seal as somebody likes would be easy to guess.
    let whole = given.len() == SEAL;
    let ours = seal(key, letters, member)
        .verify_truncated_left(given)
        .is_ok();
    (whole && ours).then_some(member)
}

fn seal(key: &[u8], letters: &str, member: i64) -> Hmac<Sha256> {
    let mut seal = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    seal.update(format!("{letters}:{member}").as_bytes());
    seal
}

/// The key of all tokens, made when it is first asked for.
async fn key(app: &App) -> Result<Vec<u8>> {
    let key = keepsake(app, KEY).await?;
    hex::decode(key).map_err(|error| Error::Internal(error.into()))
}

/// An address as it may be shown to whoever has the link: `l…@example.org`.
fn shortened(email: &str) -> String {
    match email.split_once('@') {
        Some((name, host)) => format!("{}…@{host}", name.chars().take(1).collect::<String>()),
        None => "…".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_members_and_nobody_elses() {
        let (ours, theirs) = ([1; 32], [2; 32]);
        assert_eq!(
            member(&ours, LETTERS.seal, &token(&ours, LETTERS.seal, 7)),
            Some(7)
        );
        assert_eq!(
            member(&theirs, LETTERS.seal, &token(&ours, LETTERS.seal, 7)),
            None
        );
        assert_eq!(
            member(&ours, "others", &token(&ours, LETTERS.seal, 7)),
            None
        );
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(token(&ours, LETTERS.seal, 7))
            .unwrap();
        let written = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                member(&ours, LETTERS.seal, &written(&other)),
                None,
                "bit {bit}"
            );
        }
        for length in 0..bytes.len() {
            assert_eq!(
                member(&ours, LETTERS.seal, &written(&bytes[..length])),
                None,
                "{length} bytes"
            );
        }
        for odd in ["", "x", "….", "%00", &"A".repeat(4000)] {
            assert_eq!(member(&ours, LETTERS.seal, odd), None);
        }
    }
}
