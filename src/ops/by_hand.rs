//! Where officers say that a burst is none, or that two are one: on a page, and at a terminal.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;

use crate::accounts::{Acting, Officer};
use crate::bursts::by_hand as word;
use crate::bursts::view::{Outcome, When};
use crate::bursts::{Burst, BurstJson, Filed, page, store, story};
use crate::intake;
use crate::platform::audit::{self, About};
use crate::platform::error::FieldFault;
use crate::platform::web::extract::{Form, Json, Path};
use crate::platform::web::form::sentence;
use crate::platform::web::{Html, Viewer};
use crate::platform::{Actor, App, Bus, Error, Result, Tx};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/bursts/{id}/by-hand", get(form))
        .route("/bursts/{id}/by-hand/{deed}", post(act))
}

/// Routes for `grb-app admin burst`, served on a socket that only the owner of the data folder reaches.
pub fn local_routes(app: App) -> Router {
    Router::new()
        .route("/bursts/{id}", get(show))
        .route("/bursts/{id}/{deed}", post(told))
        .with_state(app)
}

/// What an officer can say of a burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Retract,
    Stand,
    Merge,
    Part,
}

impl Deed {
    /// From the word that pages and commands have for it.
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "retract" => Self::Retract,
            "stand" => Self::Stand,
            "merge" => Self::Merge,
            "part" => Self::Part,
            _ => return None,
        })
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    why: String,
    /// The other burst, where the deed is about two.
    other: i64,
}

/// Does it, on record, and makes it known, in one transaction.
fn perform(
    tx: &Tx,
    bus: &Bus,
    now: DateTime<Utc>,
    actor: &Actor,
    id: i64,
    deed: Deed,
    asked: &Asked,
) -> Result<Filed> {
    let about = About::new("burst", id, store::burst(tx, id)?.name());
    let (act, details, filed) = match deed {
        Deed::Retract => {
            let filed = word::retract(tx, now, id, &asked.why)?;
            ("burst.retract", json!({ "why": asked.why }), filed)
        }
        Deed::Stand => ("burst.stand", json!({}), word::stand(tx, now, id)?),
        Deed::Merge => {
            let with = named(tx, asked.other)?;
            let filed = word::merge(tx, now, id, asked.other)?;
            ("burst.merge", json!({ "with": with }), filed)
        }
        Deed::Part => {
            let from = named(tx, asked.other)?;
            let filed = word::part(tx, now, id, asked.other)?;
            ("burst.part", json!({ "from": from }), filed)
        }
    };
    audit::note(tx, now, actor, act, &about, &details)?;
    intake::make_known(tx, bus, now, &filed)?;
    Ok(filed)
}

/// A burst by number and name, for the record; two that are joined may go by one name, so who saw it belongs to it.
fn named(conn: &Connection, id: i64) -> Result<Value> {
    let burst = store::burst(conn, id)?;
    let name = format!("{}, {}", burst.name(), story::seen_by(&burst));
    Ok(json!({ "id": id, "name": name }))
}

#[derive(Template)]
#[template(path = "ops/by_hand.html")]
struct ByHandPage {
    viewer: Viewer,
    id: i64,
    name: String,
    outcome: Option<Outcome>,
    /// An officer withdrew it.
    withdrawn: bool,
    test: bool,
    joined: Vec<Other>,
    /// Linked by time and place alone.
    linked: Vec<Other>,
    nearby: Vec<Other>,
    why: String,
    /// What is wrong with the reason; it stands beside it.
    why_fault: Option<String>,
    /// Why it cannot be, however it is worded.
    fault: Option<String>,
}

/// Another burst, as one line.
struct Other {
    id: i64,
    words: String,
}

/// What the page shows of a burst.
struct Laid {
    burst: Burst,
    joined: Vec<Burst>,
    linked: Vec<Burst>,
    nearby: Vec<Burst>,
}

impl Laid {
    fn read(conn: &Connection, id: i64) -> Result<Self> {
        let burst = store::burst(conn, id)?;
        let by_hand = store::joined_by_hand(conn, id)?;
        let all = store::linked(conn, id)?;
        let (joined, linked) = all.into_iter().partition(|one| by_hand.contains(&one.id));
        Ok(Self {
            nearby: word::nearby(conn, &burst)?,
            burst,
            joined,
            linked,
        })
    }
}

/// GET /bursts/{id}/by-hand
async fn form(
    State(app): State<App>,
    viewer: Viewer,
    _: Officer,
    Path(id): Path<i64>,
) -> Result<Html<ByHandPage>> {
    laid_out(&app, viewer, id).await.map(Html)
}

async fn laid_out(app: &App, viewer: Viewer, id: i64) -> Result<ByHandPage> {
    let laid = app.db.read(move |conn| Laid::read(conn, id)).await?;
    let now = app.clock.now();
    let others = |bursts: Vec<Burst>| bursts.iter().map(|one| other(one, now)).collect();
    Ok(ByHandPage {
        viewer,
        id,
        name: laid.burst.name(),
        outcome: page::outcome(&laid.burst, now),
        withdrawn: laid.burst.by_hand.is_some(),
        test: laid.burst.test,
        joined: others(laid.joined),
        linked: others(laid.linked),
        nearby: others(laid.nearby),
        why: String::new(),
        why_fault: None,
        fault: None,
    })
}

fn other(burst: &Burst, now: DateTime<Utc>) -> Other {
    let row = page::row(burst, now);
    let When { utc, .. } = &row.when;
    Other {
        id: row.id,
        words: format!("{}, {}, {utc}", row.name, row.seen_by),
    }
}

/// POST /bursts/{id}/by-hand/{deed}
async fn act(
    State(app): State<App>,
    viewer: Viewer,
    acting: Acting,
    Path((id, deed)): Path<(i64, String)>,
    Form(asked): Form<Asked>,
) -> Result<Response> {
    let deed = Deed::parse(&deed).ok_or(Error::NotFound("page"))?;
    match said(&app, acting.actor(), id, deed, asked.clone()).await {
        Ok(_) => Ok(Redirect::to(&format!("/bursts/{id}")).into_response()),
        Err(Error::Invalid(faults)) => {
            let laid = laid_out(&app, viewer, id).await?;
            let (worded, refused): (Vec<_>, Vec<_>) =
                faults.iter().partition(|fault| fault.field == "why");
            let said =
                |faults: &[&FieldFault]| faults.first().map(|fault| sentence(&fault.message));
            let page = ByHandPage {
                why: asked.why,
                why_fault: said(&worded),
                fault: said(&refused),
                ..laid
            };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
        }
        Err(other) => Err(other),
    }
}

async fn said(app: &App, actor: Actor, id: i64, deed: Deed, asked: Asked) -> Result<Filed> {
    let (now, bus) = (app.clock.now(), app.bus.clone());
    let job = move |tx: &Tx| perform(tx, &bus, now, &actor, id, deed, &asked);
    app.db.write(job).await
}

/// A burst at a terminal, with those that it is linked with.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    burst: BurstJson,
    /// An officer withdrew it.
    withdrawn_by_hand: bool,
    linked: Vec<Linked>,
}

#[derive(Serialize)]
struct Linked {
    id: i64,
    name: String,
    seen_by: String,
    verdict: &'static str,
    by_hand: bool,
}

async fn show(State(app): State<App>, Path(id): Path<i64>) -> Result<Json<Shown>> {
    let laid = app.db.read(move |conn| Laid::read(conn, id)).await?;
    let linked = |bursts: &[Burst], by_hand| -> Vec<Linked> {
        let line = |one: &Burst| Linked {
            id: one.id,
            name: one.name(),
            seen_by: story::seen_by(one),
            verdict: one.verdict().word(),
            by_hand,
        };
        bursts.iter().map(line).collect()
    };
    let mut all = linked(&laid.joined, true);
    all.extend(linked(&laid.linked, false));
    Ok(Json(Shown {
        burst: BurstJson::from(&laid.burst),
        withdrawn_by_hand: laid.burst.by_hand.is_some(),
        linked: all,
    }))
}

async fn told(
    State(app): State<App>,
    Path((id, deed)): Path<(i64, String)>,
    Json(asked): Json<Asked>,
) -> Result<Json<Shown>> {
    let deed = Deed::parse(&deed).ok_or(Error::NotFound("command"))?;
    said(&app, Actor::Terminal, id, deed, asked).await?;
    show(State(app), Path(id)).await
}
