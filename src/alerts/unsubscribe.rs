//! Ends a member's letters about bursts by a link that needs no sign-in: looking at it does nothing, its button does (RFC 8058).

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use utoipa_axum::router::OpenApiRouter;

use crate::accounts::{self, Notify};
use crate::platform::web::extract::Path;
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Error, Result, keepsake};

/// What a link ends: these letters' own word is in its seal, so that no link ends others.
const LETTERS: &str = "unsubscribe";

/// The name under which the key is kept.
const KEY: &str = "unsubscribe key";

/// Bytes of a token's seal.
const SEAL: usize = 16;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/unsubscribe/{token}", get(ask).post(end))
}

#[derive(Template)]
#[template(path = "alerts/unsubscribe.html")]
struct Page {
    viewer: Viewer,
    token: String,
    /// `l…@example.org`: who reads over a shoulder learns nothing.
    address: String,
    ended: bool,
}

/// The address that ends a member's letters. It does not expire: an old letter's link must work too.
pub(super) async fn address(app: &App, member: i64) -> Result<String> {
    let token = sealed(app, LETTERS, member).await?;
    Ok(format!("{}/unsubscribe/{token}", app.config.base_url()))
}

/// The token of a link that ends for a member what `letters` names. It does not expire.
pub async fn sealed(app: &App, letters: &str, member: i64) -> Result<String> {
    Ok(token(&key(app).await?, letters, member))
}

/// The member whose letters of this name a token ends; `NotFound` for a token that is not ours.
pub async fn reader(app: &App, letters: &str, token: &str) -> Result<i64> {
    let key = key(app).await?;
    member(&key, letters, token).ok_or(Error::NotFound("page"))
}

/// GET /unsubscribe/{token}: says what the button does. Mail programs and virus scanners follow links.
async fn ask(
    State(app): State<App>,
    viewer: Viewer,
    Path(token): Path<String>,
) -> Result<Html<Page>> {
    page(&app, viewer, token).await.map(Html)
}

/// POST /unsubscribe/{token}: ends the letters at once. A mail provider sends this without cookies and wants no redirect.
async fn end(
    State(app): State<App>,
    viewer: Viewer,
    Path(token): Path<String>,
) -> Result<Response> {
    let member = reader(&app, LETTERS, &token).await?;
    accounts::stop_telling(&app, member).await?;
    Ok(Html(page(&app, viewer, token).await?).into_response())
}

async fn page(app: &App, viewer: Viewer, token: String) -> Result<Page> {
    let member = reader(app, LETTERS, &token).await?;
    let member = app
        .db
        .read(move |conn| accounts::store::member(conn, member))
        .await?;
    Ok(Page {
        viewer,
        token,
        address: shortened(&member.email),
        ended: member.notify == Notify::None,
    })
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
pub fn shortened(email: &str) -> String {
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
        assert_eq!(member(&ours, LETTERS, &token(&ours, LETTERS, 7)), Some(7));
        assert_eq!(member(&theirs, LETTERS, &token(&ours, LETTERS, 7)), None);
        assert_eq!(member(&ours, "others", &token(&ours, LETTERS, 7)), None);
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(token(&ours, LETTERS, 7))
            .unwrap();
        let written = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(member(&ours, LETTERS, &written(&other)), None, "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert_eq!(
                member(&ours, LETTERS, &written(&bytes[..length])),
                None,
                "{length} bytes"
            );
        }
        for odd in ["", "x", "….", "%00", &"A".repeat(4000)] {
            assert_eq!(member(&ours, LETTERS, odd), None);
        }
    }
}
