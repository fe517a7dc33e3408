//! The officers' page of members.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;

use super::extract::{Acting, Officer};
use super::model::Member;
use super::people::{self, Deed, Moment};
use super::{second_step, store};
use crate::platform::web::extract::{Form, Path, Query};
use crate::platform::web::form::sentence;
use crate::platform::web::{Html, Viewer, escaped};
use crate::platform::{App, Error, Result};

const PAGE: usize = 50;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/members", get(page))
        .route("/members/{id}/{deed}", post(act))
}

impl Deed {
    fn done(self) -> &'static str {
        match self {
            Self::Confirm => "The address counts as confirmed.",
            Self::Doubt => "The address counts as confirmed no longer.",
            Self::Resend => "The letter that confirms the address is on its way once more.",
            Self::Disable => "The member is shut out, and signed out everywhere.",
            Self::Enable => "The member may come in again.",
            Self::Promote => "The member is an officer.",
            Self::Demote => "The member is an officer no longer.",
            Self::SecondStepOff => "The second step is off; the member is told so by letter.",
            Self::Delete => "The member is deleted, with everything that was theirs.",
        }
    }
}

struct Row {
    id: i64,
    full_name: String,
    email: String,
    /// What there is to say: officer, shut out, not confirmed.
    state: Option<&'static str>,
    facts: String,
    confirmed: bool,
    disabled: bool,
    officer: bool,
    /// Signing in takes a code as well.
    second_step: bool,
}

#[derive(Template)]
#[template(path = "accounts/members.html")]
struct MembersPage {
    viewer: Viewer,
    notice: Option<String>,
    search: String,
    rows: Vec<Row>,
    /// Address of the next page.
    more: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    after: String,
    said: String,
}

async fn page(
    State(app): State<App>,
    viewer: Viewer,
    _: Officer,
    Query(asked): Query<Asked>,
) -> Result<Html<MembersPage>> {
    let notice = Deed::parse(&asked.said).map(|deed| deed.done().to_owned());
    laid_out(&app, viewer, asked, notice).await.map(Html)
}

async fn laid_out(
    app: &App,
    viewer: Viewer,
    asked: Asked,
    notice: Option<String>,
) -> Result<MembersPage> {
    let (search, after) = (asked.q.trim().to_owned(), asked.after.parse().unwrap_or(0));
    let wanted = search.clone();
    let read = move |conn: &rusqlite::Connection| {
        let found = store::list(conn, &wanted, after, PAGE + 1)?;
        Ok((found, second_step::all(conn)?))
    };
    let (mut found, steps) = app.db.read(read).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let last = found.last().filter(|_| more).map(|last| last.id);
    Ok(MembersPage {
        viewer,
        notice,
        more: last.map(|last| format!("/members?q={}&after={last}", escaped(&search))),
        search,
        rows: found
            .into_iter()
            .map(|member| row(steps.contains(&member.id), member))
            .collect(),
    })
}

fn row(second_step: bool, member: Member) -> Row {
    let state = match (member.disabled_at, member.confirmed_at) {
        (Some(_), _) => Some("shut out"),
        (None, None) => Some("not confirmed"),
        (None, Some(_)) => member.officer.then_some("officer"),
    };
    Row {
        id: member.id,
        state,
        facts: format!(
            "since {}, told of {}",
            member.created_at.format("%-d %B %Y"),
            told(&member)
        ),
        confirmed: member.confirmed_at.is_some(),
        disabled: member.disabled_at.is_some(),
        officer: member.officer,
        second_step,
        full_name: member.full_name,
        email: member.email,
    }
}

fn told(member: &Member) -> &'static str {
    use super::preferences::Notify;
    match member.notify {
        Notify::Every => "every burst",
        Notify::Observable => "what can be observed",
        Notify::Digest => "the night before, in the morning",
        Notify::None => "nothing",
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Back {
    q: String,
}

async fn act(
    State(app): State<App>,
    viewer: Viewer,
    acting: Acting,
    Path((id, word)): Path<(i64, String)>,
    Form(back): Form<Back>,
) -> Result<Response> {
    let deed = Deed::parse(&word).ok_or(Error::NotFound("page"))?;
    let (at, bus, actor) = (Moment::of(&app), app.bus.clone(), acting.actor());
    let done = app
        .db
        .write(move |tx| people::with_care(tx, || people::perform(tx, &bus, at, &actor, id, deed)))
        .await;
    match done {
        Ok(()) => Ok(
            Redirect::to(&format!("/members?q={}&said={word}", escaped(&back.q))).into_response(),
        ),
        Err(Error::Invalid(faults)) => {
            let words = faults.first().map(|fault| sentence(&fault.message));
            let asked = Asked {
                q: back.q,
                ..Asked::default()
            };
            Ok(super::pages::refused(
                laid_out(&app, viewer, asked, words).await?,
            ))
        }
        Err(other) => Err(other),
    }
}
