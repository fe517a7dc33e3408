//! Where a command's work is done: in the server, while one runs on this machine, else in this process.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde::Serialize;
use tower::util::ServiceExt as _;

use super::Common;
use crate::platform::doctor::Said;
use crate::platform::error::Exit;
use crate::platform::web::listen;
use crate::platform::{App, Clock};

/// A desk that has not answered by then does not serve.
const PATIENCE: Duration = Duration::from_secs(10);

/// There is one writer: the server, while it runs; whoever holds the database's lock, otherwise.
pub(super) enum Desk {
    Server(reqwest::Client),
    Here(Box<App>, Router),
}

impl Desk {
    pub(super) fn open(common: &Common) -> anyhow::Result<Self> {
        let config = common.settings()?;
        if let Some(server) = listen::beside(&config.data_dir) {
            return Ok(Self::Server(server));
        }
        let app = App::open(config, Clock::system())?;
        let routes = crate::serve::commands(app.clone());
        Ok(Self::Here(Box::new(app), routes))
    }

    /// What the command at `path` answers to `body`; a refusal becomes the command's own end.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<serde_json::Value> {
        let body = serde_json::to_vec(body)?;
        let (status, answer) = match self {
            Self::Server(server) => {
                let request = server
                    .request(method, format!("http://localhost{path}"))
                    .header(header::CONTENT_TYPE, "application/json")
                    .body(body);
                let answer = request.send().await.context("The server stopped")?;
                (answer.status(), answer.bytes().await?)
            }
            Self::Here(_, routes) => {
                let request = Request::builder()
                    .method(method)
                    .uri(path)
                    .header(header::CONTENT_TYPE, "application/json")
                    .body(Body::from(body))?;
                let answer = routes.clone().oneshot(request).await?;
                (
                    answer.status(),
                    axum::body::to_bytes(answer.into_body(), usize::MAX).await?,
                )
            }
        };
        let answer = match answer.is_empty() {
            true => serde_json::Value::Null,
            false => serde_json::from_slice(&answer)?,
        };
        if status.is_success() {
            Ok(answer)
        } else {
            Err(refusal(status, &answer))
        }
    }

    /// Closes the database where it was opened here.
    pub(super) async fn close(self) {
        if let Self::Here(app, _) = self {
            app.db.close().await;
        }
    }
}

/// What `path` answers on the desk that serves on `folder`, where one does and all is well there.
pub(super) async fn answer(folder: &Path, path: &str) -> Option<reqwest::Response> {
    let asked = listen::beside(folder)?.get(format!("http://localhost{path}"));
    let answer = asked.timeout(PATIENCE).send().await.ok()?;
    answer.error_for_status().ok()
}

/// What that desk says of itself.
pub(super) async fn said(folder: &Path) -> Option<Said> {
    answer(folder, "/doctor/said").await?.json().await.ok()
}

/// The words of a problem document: what was wrong with what was asked (65), or that it may go better later (75).
fn refusal(status: StatusCode, problem: &serde_json::Value) -> anyhow::Error {
    let detail = problem["detail"].as_str().unwrap_or("It was refused");
    let code = match status.is_server_error() {
        true => 75,
        false => 65,
    };
    let message = format!("{detail}.");
    Exit { code, message }.into()
}
