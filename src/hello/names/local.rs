//! What officers ask of the names at a terminal, through a socket that only the owner of the data folder reaches.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde::{Deserialize, Serialize};

use super::memory;
use super::name::Name;
use crate::platform::web::extract::Json;
use crate::platform::{App, Error, Result};

/// The words that scripts wait for would only puzzle an officer.
const NO_NAME: Error = Error::NotFound("name in the hello API");

/// Routes for `grb-app admin hello show` and `forget`.
pub fn local_routes(app: App) -> Router {
    Router::new()
        .route("/hello/show", post(show))
        .route("/hello/forget", post(forget))
        .with_state(app)
}

#[derive(Deserialize)]
struct Whom {
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    name: String,
    date_of_birth: chrono::NaiveDate,
}

#[derive(Serialize)]
struct Forgotten {
    forgotten: String,
}

async fn show(State(app): State<App>, Json(whom): Json<Whom>) -> Result<Json<Stored>> {
    let name = whom.understood()?;
    let born = memory::born(&app, name.clone()).await?;
    Ok(Json(Stored {
        name: name.to_string(),
        date_of_birth: born.ok_or(NO_NAME)?,
    }))
}

async fn forget(State(app): State<App>, Json(whom): Json<Whom>) -> Result<Json<Forgotten>> {
    let name = whom.understood()?;
    match memory::forget(&app, name.clone()).await? {
        true => Ok(Json(Forgotten {
            forgotten: name.to_string(),
        })),
        false => Err(NO_NAME),
    }
}

impl Whom {
    fn understood(&self) -> Result<Name> {
        Name::parse(&self.name).map_err(|why| Error::invalid("name", why))
    }
}
