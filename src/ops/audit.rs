//! What officers did, for officers: a page, and the same as JSON.

use askama::Template;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::Officer;
use crate::bursts::view::When;
use crate::platform::audit::{self, Entry};
use crate::platform::web::extract::{Json, Query};
use crate::platform::web::form::Faults;
use crate::platform::web::listing::Listed;
use crate::platform::web::problem::Problem;
use crate::platform::web::{Html, Viewer, escaped};
use crate::platform::{App, Result};

const PAGE: usize = 50;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(acts))
        .route("/audit", get(page))
}

/// Which acts.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
struct Asked {
    /// What this member did and what was done to them: their number, or part of their name
    member: String,
    /// 1…200, 20 unless given
    #[param(value_type = u16, minimum = 1, maximum = 200)]
    limit: String,
    /// `next` of the page before
    after: String,
}

impl Asked {
    async fn read(&self, app: &App, limit: usize) -> Result<(Vec<Entry>, Option<i64>)> {
        let mut faults = Faults::default();
        let before = faults.after(&self.after, |text| text.parse().ok());
        faults.done()?;
        let member = self.member.trim().to_owned();
        app.db
            .read(move |conn| audit::list(conn, &member, before, limit))
            .await
    }
}

/// What officers did, the latest first. For officers. Kept for two years.
#[utoipa::path(get, path = "/api/admin/audit", tag = "admin", params(Asked), responses((status = 200, body = Listed<Entry>), (status = 401, body = Problem), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn acts(
    State(app): State<App>,
    _: Officer,
    Query(asked): Query<Asked>,
) -> Result<Json<Listed<Entry>>> {
    let mut faults = Faults::default();
    let limit = faults.limit(&asked.limit);
    faults.done()?;
    let (items, next) = asked.read(&app, limit).await?;
    Ok(Json(Listed {
        items,
        next: next.map(|id| id.to_string()),
    }))
}

#[derive(Template)]
#[template(path = "ops/audit.html")]
struct AuditPage {
    viewer: Viewer,
    member: String,
    rows: Vec<Row>,
    older: Option<String>,
}

struct Row {
    id: i64,
    who: String,
    words: String,
    /// Where the thing is, if it still has a page.
    link: Option<String>,
    about: String,
    details: Option<String>,
    when: When,
}

/// GET /audit
async fn page(
    State(app): State<App>,
    viewer: Viewer,
    _: Officer,
    Query(asked): Query<Asked>,
) -> Result<Html<AuditPage>> {
    let now = app.clock.now();
    let (entries, next) = asked.read(&app, PAGE).await?;
    let member = asked.member.trim().to_owned();
    let older = next.map(|after| format!("/audit?member={}&after={after}", escaped(&member)));
    Ok(Html(AuditPage {
        viewer,
        rows: entries.iter().map(|entry| row(entry, now)).collect(),
        member,
        older,
    }))
}

fn row(entry: &Entry, now: chrono::DateTime<chrono::Utc>) -> Row {
    let link = match (entry.about.as_str(), entry.about_id) {
        ("burst", Some(id)) => Some(format!("/bursts/{id}")),
        ("letter", Some(id)) => Some(format!("/outbox/{id}")),
        ("observation", Some(id)) if entry.act != "observation.delete" => {
            Some(format!("/observations/{id}"))
        }
        _ => None,
    };
    let who = match entry.member_id {
        Some(_) => entry.member_name.clone(),
        None => "Somebody at the terminal".into(),
    };
    Row {
        id: entry.id,
        who,
        words: in_words(&entry.act).to_owned(),
        link,
        about: about(entry),
        details: details(&entry.details),
        when: When::new(entry.at, now),
    }
}

/// `letter 12 (burst)`, `Ada Owl`
pub fn about(entry: &Entry) -> String {
    match (entry.about.as_str(), entry.about_id) {
        ("letter", Some(id)) => format!("letter {id} ({})", entry.about_name),
        ("aside", Some(id)) => format!("{id} ({})", entry.about_name),
        _ => entry.about_name.clone(),
    }
}

/// `why: a glint; with: Swift 772052`
pub fn details(details: &Value) -> Option<String> {
    let told = details.as_object()?.iter().map(|(name, value)| {
        let value = value.get("name").unwrap_or(value);
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        format!("{}: {value}", name.replace('_', " "))
    });
    Some(told.collect::<Vec<_>>().join("; ")).filter(|text| !text.is_empty())
}

/// An act as the middle of a sentence between who did it and what it was done to.
pub fn in_words(act: &str) -> &str {
    match act {
        "member.first" => "became the first officer:",
        "member.create" => "made the member",
        "member.change" => "changed the profile of",
        "member.password" => "set a password for",
        "member.confirm" => "counted the address as confirmed of",
        "member.doubt" => "no longer counts as confirmed the address of",
        "member.resend" => "sent the confirmation again to",
        "member.disable" => "shut out",
        "member.enable" => "let in again",
        "member.promote" => "made an officer of",
        "member.demote" => "took the office from",
        "member.second-step-off" => "turned off the second step of",
        "member.delete" => "deleted",
        "token.create" => "made a token for",
        "token.revoke" => "revoked a token of",
        "observation.hide" => "hid the observation of",
        "observation.show" => "showed again the observation of",
        "observation.change" => "changed the observation of",
        "observation.picture" => "changed the pictures of the observation of",
        "observation.delete" => "deleted the observation of",
        "report.settle" => "settled a report on the observation of",
        "aside.again" => "read again the notice set aside",
        "aside.forget" => "forgot the notice set aside",
        "letter.retry" => "had tried again",
        "letter.lift" => "sends again to the address of",
        "burst.retract" => "withdrew",
        "burst.stand" => "took back the withdrawal of",
        "burst.merge" => "joined",
        "burst.part" => "parted",
        "hello.forget" => "took out",
        "database.restore" => "put a copy in the place of",
        other => other,
    }
}
