//! A member's channels as JSON.

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Channel, Kind, kind, store, url};
use crate::accounts::extract::SignedIn;
use crate::platform::error::FieldFault;
use crate::platform::web::extract::{Json, Path};
use crate::platform::web::form::Faults;
use crate::platform::web::problem::Problem;
use crate::platform::{App, Error, Result};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(remove))
}

/// Where else a member is told.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Channel)]
struct ChannelJson {
    id: i64,
    /// `ntfy` or `webhook`
    kind: &'static str,
    url: String,
    created_at: DateTime<Utc>,
    /// Signs what is posted to a webhook. Only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ChannelsJson {
    items: Vec<ChannelJson>,
    next: Option<String>,
}

/// A channel to be made.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(as = ChannelInput)]
pub(in crate::accounts) struct Given {
    /// `ntfy` or `webhook`
    #[schema(value_type = String)]
    pub(in crate::accounts) kind: Option<Value>,
    /// https, at most 500 characters, without a user or a password in it; for ntfy the address of a topic.
    #[schema(value_type = String)]
    pub(in crate::accounts) url: Option<Value>,
}

impl Given {
    /// Kind and address, or every fault.
    pub(in crate::accounts) fn checked(&self) -> Result<(Kind, String), Vec<FieldFault>> {
        let mut faults = Faults::default();
        let known = self.kind.as_ref().and_then(Value::as_str).and_then(kind);
        if known.is_none() {
            faults.add("kind", "must be ntfy or webhook");
        }
        let known = known.unwrap_or(Kind::Webhook);
        let text = self
            .url
            .as_ref()
            .and_then(Value::as_str)
            .unwrap_or_default();
        match url(known, text) {
            Ok(url) => faults.checked((known, url)),
            Err(why) => {
                faults.add("url", why);
                faults.checked((known, String::new()))
            }
        }
    }
}

impl ChannelJson {
    fn without_secret(channel: Channel) -> Self {
        Self {
            id: channel.id,
            kind: channel.kind.as_str(),
            url: channel.url,
            created_at: channel.created_at,
            secret: None,
        }
    }
}

/// The caller's channels, the first made first.
#[utoipa::path(get, path = "/api/channels", tag = "members", responses((status = 200, body = ChannelsJson), (status = 401, body = Problem)))]
async fn list(State(app): State<App>, SignedIn(member): SignedIn) -> Result<Json<ChannelsJson>> {
    let channels = app
        .db
        .read(move |conn| store::of_member(conn, member.id))
        .await?;
    Ok(Json(ChannelsJson {
        items: channels
            .into_iter()
            .map(ChannelJson::without_secret)
            .collect(),
        next: None,
    }))
}

/// A new channel. A webhook's secret is in this answer and in no other.
#[utoipa::path(post, path = "/api/channels", tag = "members", request_body = Given, responses((status = 201, body = ChannelJson), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn create(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Json(given): Json<Given>,
) -> Result<(StatusCode, Json<ChannelJson>)> {
    let (kind, url) = given.checked().map_err(Error::Invalid)?;
    let now = app.clock.now();
    let channel = app
        .db
        .write(move |tx| store::insert(tx, now, member.id, kind, &url))
        .await?;
    let secret = channel.secret.clone();
    let shown = ChannelJson {
        secret,
        ..ChannelJson::without_secret(channel)
    };
    Ok((StatusCode::CREATED, Json(shown)))
}

/// Removes a channel. Another member's is not found.
#[utoipa::path(delete, path = "/api/channels/{id}", tag = "members", params(("id" = i64, Path)), responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn remove(
    State(app): State<App>,
    SignedIn(member): SignedIn,
    Path(id): Path<i64>,
) -> Result<StatusCode> {
    app.db
        .write(move |tx| store::delete(tx, member.id, id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
