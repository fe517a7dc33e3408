//! Notices pushed by another host, signed over the whole body.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use sha2::Sha256;
use tokio::sync::Semaphore;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{RawNotice, take};
use crate::platform::config::Secret;
use crate::platform::web::extract::Json;
use crate::platform::web::problem::Problem;
use crate::platform::{App, Error, Result};

/// The largest notice, bytes: what GCN's brokers accept.
pub const LARGEST: usize = 4 * 1024 * 1024;

/// How far a signature's time may be from ours, s.
const WINDOW: f64 = 300.0;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(push))
        .layer(DefaultBodyLimit::max(LARGEST))
}

#[derive(Serialize, utoipa::ToSchema)]
struct Answer {
    /// new, updated, seen or aside
    recorded: &'static str,
}

/// Takes a notice from a host that knows the shared secret.
///
/// `X-Signature` is the hexadecimal HMAC-SHA256, keyed with the secret, of X-Timestamp, a line feed, X-Topic, a line feed and the body.
#[utoipa::path(post, path = "/api/notices", tag = "notices",
    params(("X-Topic" = String, Header, description = "Topic the notice was published on"), ("X-Timestamp" = i64, Header, description = "Seconds since 1970; within 300 s of now"), ("X-Signature" = String, Header)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The notice as received, 4 MiB at most"),
    responses((status = 202, body = Answer), (status = 401, body = Problem), (status = 413, body = Problem), (status = 503, body = Problem)))]
async fn push(State(app): State<App>, request: Request) -> Result<(StatusCode, Json<Answer>)> {
    let refused = |_: &Error| metrics::counter!("grb_push_refused_total").increment(1);
    let seal = Seal::of(&app, request.headers()).inspect_err(refused)?;
    // A stranger's bodies are read a few at a time: each may be 4 MiB, and only then it is known to be a stranger's.
    let _turn = READING.try_acquire().map_err(|_| Error::Busy)?;
    let body = Bytes::from_request(request, &app)
        .await
        .map_err(|fault| match fault.into() {
            Error::TooLarge { .. } => Error::TooLarge { limit: LARGEST },
            other => other,
        })?;
    seal.verify(&body).inspect_err(refused)?;
    let recorded = take(&app, RawNotice::new(seal.topic, body.to_vec())).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(Answer {
            recorded: recorded.word(),
        }),
    ))
}

/// Bodies of pushes being read at once.
static READING: Semaphore = Semaphore::const_new(8);

/// What a push claims in its headers.
struct Seal {
    secret: Secret,
    topic: String,
    timestamp: String,
    signature: Vec<u8>,
}

impl Seal {
    /// The claim, where it is one that a body could fulfil. A replay within the window is harmless: the same bytes are `seen`.
    fn of(app: &App, headers: &HeaderMap) -> Result<Self> {
        let Some(secret) = app.config.notice_secret.clone() else {
            return Err(Error::Unauthorized(
                "pushing is off here: no notice_secret is set",
            ));
        };
        let header = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let (Some(topic), Some(timestamp), Some(signature)) = (
            header("x-topic"),
            header("x-timestamp"),
            header("x-signature"),
        ) else {
            return Err(Error::Unauthorized(
                "X-Topic, X-Timestamp and X-Signature are needed",
            ));
        };
        let sent: f64 = timestamp
            .parse()
            .map_err(|_| Error::Unauthorized("X-Timestamp is not a number of seconds"))?;
        let apart = (app.clock.wall().timestamp() as f64 - sent).abs();
        // Not a number is never within the window.
        if apart.is_nan() || apart > WINDOW {
            return Err(Error::Unauthorized(
                "X-Timestamp is more than 300 s from the time here; check both clocks",
            ));
        }
        let signature = hex::decode(signature)
            .map_err(|_| Error::Unauthorized("X-Signature is not hexadecimal"))?;
        Ok(Self {
            secret,
            topic,
            timestamp,
            signature,
        })
    }

    fn verify(&self, body: &[u8]) -> Result<()> {
        let mac = mac(&self.secret, &self.timestamp, &self.topic, body);
        if mac.is_some_and(|mac| mac.verify_slice(&self.signature).is_ok()) {
            return Ok(());
        }
        Err(Error::Unauthorized(
            "X-Signature does not fit the body; check that both hosts have the same secret",
        ))
    }
}

/// The signature of a push, hexadecimal.
pub fn sign(secret: &Secret, timestamp: &str, topic: &str, body: &[u8]) -> String {
    mac(secret, timestamp, topic, body)
        .map(|mac| hex::encode(mac.finalize().into_bytes()))
        .unwrap_or_default()
}

fn mac(secret: &Secret, timestamp: &str, topic: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()).ok()?;
    mac.update(format!("{timestamp}\n{topic}\n").as_bytes());
    mac.update(body);
    Some(mac)
}
