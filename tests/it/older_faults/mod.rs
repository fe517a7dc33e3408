//! Each fault that was seen in the system of old, and that it is not here.

mod desk;
mod notices;
mod people;
mod posted;

use grb_app::intake::push::sign;
use grb_app::platform::config::Secret;
use reqwest::{Method, Response};
use serde_json::Value;

use crate::common::{NOW, SECRET, Served};

/// A notice pushed with a signature for `signed`.
pub(super) async fn push(desk: &Served, sent: Vec<u8>, signed: &[u8], late: i64) -> Response {
    let timestamp = (NOW.timestamp() - late).to_string();
    let signature = sign(&Secret::new(SECRET), &timestamp, "topic", signed);
    let post = desk.client.post(desk.url("/api/notices")).body(sent);
    let post = post
        .header("X-Topic", "topic")
        .header("X-Timestamp", timestamp);
    post.header("X-Signature", signature).send().await.unwrap()
}

pub(super) async fn with_token(
    desk: &Served,
    method: Method,
    path: &str,
    token: &str,
    body: Value,
) -> (u16, Value) {
    let asked = desk
        .client
        .request(method, desk.url(path))
        .bearer_auth(token)
        .json(&body);
    let answer = asked.send().await.unwrap();
    (
        answer.status().as_u16(),
        answer.json().await.unwrap_or(Value::Null),
    )
}
