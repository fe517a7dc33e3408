//! The outbox, for officers, and in a demonstration for everybody: what left, what waits and why, and each letter as it is.

use std::sync::LazyLock;

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use regex::Regex;
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::json;

use crate::accounts::Acting;
use crate::alerts::Reason;
use crate::bursts;
use crate::bursts::view::ago;
use crate::hello::greetings;
use crate::platform::audit::{self, About};
use crate::platform::health::{Condition, State as Mood};
use crate::platform::outbox::store::{self, Entry, State as Fate, Wanted};
use crate::platform::outbox::{self, Composed, Letter, Order};
use crate::platform::web::extract::{Form, Path, Query};
use crate::platform::web::{Html, Viewer};
use crate::platform::{Actor, App, Error, Result, Tx};

const PAGE: u32 = 50;

/// For the letter's own frame: its styles and its pictures, nothing from elsewhere, no scripts; links lead out of it.
const LETTER_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; \
                             form-action 'none'; sandbox allow-top-navigation-by-user-activation allow-popups";

static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"https?://[^\s"'<>]*[^\s"'<>.,;:!?)]"#).ok());

/// Only officers see who is written to; in a demonstration there is nobody real.
pub(super) fn may_read(viewer: &Viewer) -> Result<()> {
    match &viewer.person {
        _ if viewer.demo.is_some() => Ok(()),
        Some(person) if person.officer => Ok(()),
        Some(_) => Err(Error::Forbidden("the outbox is for officers of the club")),
        None => Err(Error::Unauthorized(
            "sign in as an officer to see the outbox",
        )),
    }
}

#[derive(Template)]
#[template(path = "ops/outbox.html")]
pub(super) struct OutboxPage {
    viewer: Viewer,
    way: Way,
    states: Vec<Choice>,
    address: String,
    rows: Vec<LetterRow>,
    older: Option<String>,
    /// Something narrows the list.
    narrowed: bool,
}

/// How letters leave.
struct Way {
    state: &'static str,
    words: String,
    remedy: Option<String>,
}

struct Choice {
    value: &'static str,
    label: String,
    chosen: bool,
}

struct LetterRow {
    id: i64,
    address: String,
    what: String,
    state: &'static str,
    fate: String,
    answer: Option<String>,
    posted: String,
}

#[derive(Deserialize, Default)]
pub(super) struct Asked {
    #[serde(default)]
    state: String,
    #[serde(default)]
    address: String,
    after: Option<i64>,
}

/// GET /outbox
pub(super) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Html<OutboxPage>> {
    may_read(&viewer)?;
    let now = app.clock.now();
    let address = asked.address.trim().to_owned();
    let wanted = Wanted {
        state: Fate::parse(&asked.state),
        address: Some(address.clone()).filter(|text| !text.is_empty()),
        after: asked.after,
    };
    let chosen = wanted.state;
    let narrowed = chosen.is_some() || wanted.address.is_some();
    let shown = move |conn: &Connection| {
        let (entries, next) = store::list(conn, &wanted, PAGE)?;
        let rows: Vec<LetterRow> = entries.iter().map(|entry| row(conn, entry, now)).collect();
        Ok((store::counts(conn)?, rows, next))
    };
    let (counts, rows, next) = app.db.read(shown).await?;
    let state = chosen.map_or("", Fate::as_str);
    let older = next.map(|after| {
        let mut query = form_urlencoded(&[("state", state), ("address", &address)]);
        query += &format!("&after={after}");
        format!("/outbox?{query}")
    });
    let all = Choice {
        value: "",
        label: "Any".into(),
        chosen: chosen.is_none(),
    };
    let some = Fate::ALL.into_iter().map(|fate| Choice {
        value: fate.as_str(),
        label: format!(
            "{} ({})",
            fate.as_str(),
            counts.get(&fate).copied().unwrap_or(0)
        ),
        chosen: chosen == Some(fate),
    });
    Ok(Html(OutboxPage {
        way: way(outbox::condition(&app).await),
        states: std::iter::once(all).chain(some).collect(),
        rows,
        address,
        older,
        narrowed,
        viewer,
    }))
}

fn way(condition: Condition) -> Way {
    Way {
        state: match condition.state {
            Mood::Ok => "ok",
            Mood::Off => "off",
            Mood::Warn => "warn",
        },
        words: condition.words,
        remedy: condition.remedy,
    }
}

fn row(conn: &Connection, entry: &Entry, now: DateTime<Utc>) -> LetterRow {
    LetterRow {
        id: entry.id,
        address: entry.address.clone(),
        what: about(conn, entry),
        state: entry.state.as_str(),
        fate: fate(entry, now),
        answer: entry
            .last_answer
            .clone()
            .filter(|_| entry.state != Fate::Sent),
        posted: ago(entry.created_at, now),
    }
}

/// `GRB 230818A, better position`, without composing the letter.
fn about(conn: &Connection, entry: &Entry) -> String {
    let reason = entry.payload["reason"].as_str().and_then(Reason::parse);
    let Some(reason) = reason else {
        return match entry.kind.as_str() {
            "account" => "About an account".into(),
            greetings::KIND => "A birthday".into(),
            "observation" => of_burst(conn, entry, kind("observation")),
            other => kind(other).into(),
        };
    };
    let why = match reason {
        Reason::New => "new",
        Reason::Better => "better position",
        Reason::Classified => "a burst after all",
        Reason::Observable => "now observable",
        Reason::Withdrawn => "withdrawn",
        Reason::Digest => return "The morning’s letter".into(),
    };
    of_burst(conn, entry, why)
}

fn of_burst(conn: &Connection, entry: &Entry, what: &str) -> String {
    let id = entry.payload["burst"].as_i64().unwrap_or_default();
    match bursts::store::burst(conn, id) {
        Ok(burst) => format!("{}, {what}", burst.name()),
        Err(_) => format!("a burst, {what}"),
    }
}

fn kind(kind: &str) -> &str {
    match kind {
        "account" => "about an account",
        "burst" => "about a burst",
        "morning" => "the morning’s letter",
        "observation" => "new observations",
        greetings::KIND => "a birthday",
        other => other,
    }
}

fn channel(channel: &str) -> &str {
    match channel {
        "mail" => "by mail",
        "ntfy" => "by ntfy",
        _ => "to a webhook",
    }
}

/// What became of it, in words.
fn fate(entry: &Entry, now: DateTime<Utc>) -> String {
    let ended = entry
        .finished_at
        .map_or_else(String::new, |at| ago(at, now));
    match entry.state {
        Fate::Waiting if entry.attempts == 0 && entry.due_at > now => {
            format!("waits until {}", entry.due_at.format("%-d %b, %H:%M UTC"))
        }
        Fate::Waiting if entry.attempts == 0 => "waits to leave".into(),
        Fate::Waiting => format!(
            "tried {}, again at {}",
            times(entry.attempts),
            entry.due_at.format("%H:%M:%S UTC")
        ),
        Fate::Sent => format!("left {ended}"),
        Fate::Failed => format!("refused {ended}"),
        Fate::Expired => format!("dropped {ended}"),
        Fate::Suppressed => format!("held back {ended}"),
        Fate::Kept => "kept to be looked at".into(),
    }
}

fn times(attempts: u32) -> String {
    match attempts {
        1 => "once".into(),
        2 => "twice".into(),
        more => format!("{more} times"),
    }
}

#[derive(Template)]
#[template(path = "ops/letter.html")]
pub(super) struct LetterPage {
    viewer: Viewer,
    id: i64,
    subject: String,
    facts: Vec<(&'static str, String)>,
    lines: Vec<Piece>,
    has_html: bool,
    /// Why there is nothing to read.
    gone: Option<String>,
    can_retry: bool,
    suppressed: Option<String>,
    masked: bool,
}

/// A stretch of text, perhaps a link.
struct Piece {
    text: String,
    link: bool,
}

/// GET /outbox/{id}
pub(super) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<i64>,
) -> Result<Html<LetterPage>> {
    may_read(&viewer)?;
    let now = app.clock.now();
    let (entry, order) = app.db.read(move |conn| store::find(conn, id, now)).await?;
    let address = entry.address.clone();
    let suppressed = app
        .db
        .read(move |conn| store::suppression(conn, &address))
        .await?;
    let masked = masks(&app, &entry);
    let read = read(&app, &entry, order).await;
    let (subject, text, has_html, gone) = match read {
        Ok(Read {
            subject,
            text,
            html,
        }) => (subject, text, html.is_some(), None),
        Err(why) => (
            "A letter that cannot be read again".into(),
            String::new(),
            false,
            Some(why),
        ),
    };
    Ok(Html(LetterPage {
        id,
        subject,
        facts: facts(&app, &entry, now),
        lines: pieces(&text, !masked),
        has_html,
        gone,
        can_retry: entry.may_be_retried(),
        suppressed,
        masked,
        viewer,
    }))
}

/// GET /outbox/{id}/letter.html: the HTML as a mail program shows it, in a frame that can do nothing.
pub(super) async fn letter(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<i64>,
) -> Result<Response> {
    may_read(&viewer)?;
    let now = app.clock.now();
    let (entry, order) = app.db.read(move |conn| store::find(conn, id, now)).await?;
    let read = read(&app, &entry, order).await.ok();
    let html = read
        .and_then(|read| read.html)
        .ok_or(Error::NotFound("letter"))?;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, LETTER_POLICY),
        (header::CACHE_CONTROL, "private, no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    // Links open in the page around the frame.
    let html = format!("<base target=\"_top\">{}", lit(&html, &viewer.theme));
    Ok((headers, html).into_response())
}

/// The letter in the light of the page around it, whatever the machine prefers.
fn lit(html: &str, theme: &str) -> String {
    let dark = match theme {
        "dark" | "red" => "all",
        "light" => "not all",
        _ => return html.to_owned(),
    };
    html.replace("(prefers-color-scheme: dark)", dark)
}

struct Read {
    subject: String,
    text: String,
    html: Option<String>,
}

/// The words of a parcel, as they left or as they would leave now; the reason where there are none.
async fn read(app: &App, entry: &Entry, order: Order) -> Result<Read, String> {
    if entry.secret && order.payload == serde_json::json!({}) {
        return Err("It held a secret link and has ended, so its words were forgotten.".into());
    }
    if entry.kind == greetings::KIND && app.config.demo.is_none() {
        return Err("A greeting may tell of a year of birth, so its reader alone reads it.".into());
    }
    let secrets = if masks(app, entry) {
        strings(&order.payload)
    } else {
        Vec::new()
    };
    let veiled = masks(app, entry);
    let veil = |text: String| if veiled { mask(&text, &secrets) } else { text };
    let composed = match app.outbox.compose(app, &entry.kind, order.clone()).await {
        Ok(Composed::Later(at, _)) => {
            let then = Order { at, ..order };
            app.outbox.compose(app, &entry.kind, then).await
        }
        other => other,
    };
    match composed {
        Ok(Composed::Letter(letter)) => Ok(Read {
            subject: veil(letter.subject.clone()),
            text: veil(letter.text.clone()),
            html: Some(veil(with_pictures(&letter))),
        }),
        Ok(Composed::Push {
            title, text, url, ..
        }) => Ok(Read {
            subject: title,
            text: veil(format!("{text}\n\n{url}")),
            html: None,
        }),
        Ok(Composed::Json { body, .. }) => Ok(Read {
            subject: "What the webhook is given".into(),
            text: veil(serde_json::to_string_pretty(&body).unwrap_or_default()),
            html: None,
        }),
        Ok(Composed::Nothing(why)) => Err(format!("There is nothing to say any more: {why}.")),
        Ok(Composed::Later(_, why)) => Err(format!("It is not to leave: {why}.")),
        Err(error) => Err(format!("It cannot be composed: {error}.")),
    }
}

/// An officer must not be able to take over an account by reading its letters.
fn masks(app: &App, entry: &Entry) -> bool {
    entry.secret && app.config.demo.is_none()
}

/// The text without its secrets: addresses keep their host, and what the letter was made from is dotted out.
fn mask(text: &str, secrets: &[String]) -> String {
    let dotted = secrets.iter().fold(text.to_owned(), |text, secret| {
        text.replace(secret.as_str(), "••••")
    });
    let Some(pattern) = ADDRESS.as_ref() else {
        return String::new();
    };
    let hide = |found: &regex::Captures| {
        let url = &found[0];
        let end = url
            .match_indices('/')
            .nth(2)
            .map_or(url.len(), |(at, _)| at);
        format!("{}/••••", &url[..end])
    };
    pattern.replace_all(&dotted, hide).into_owned()
}

/// Every text of eight letters or more in `value`, however deep.
fn strings(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::String(text) if text.chars().count() >= 8 => vec![text.clone()],
        serde_json::Value::Array(items) => items.iter().flat_map(strings).collect(),
        serde_json::Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

/// The HTML with its pictures in it: a frame without cookies could not fetch them.
fn with_pictures(letter: &Letter) -> String {
    letter
        .pictures
        .iter()
        .fold(letter.html.clone(), |html, picture| {
            let data = format!(
                "data:image/png;base64,{}",
                STANDARD.encode(picture.png.as_ref())
            );
            html.replace(&format!("cid:{}", picture.cid), &data)
        })
}

fn facts(app: &App, entry: &Entry, now: DateTime<Utc>) -> Vec<(&'static str, String)> {
    let moment = |at: DateTime<Utc>| at.format("%-d %b %Y, %H:%M:%S UTC").to_string();
    let from = (entry.channel == "mail").then(|| app.config.mail.from.to_string());
    [
        ("From", from),
        ("To", Some(entry.address.clone())),
        (
            "What",
            Some(format!(
                "{}, {}",
                kind(&entry.kind),
                channel(&entry.channel)
            )),
        ),
        ("Posted", Some(moment(entry.created_at))),
        ("State", Some(fate(entry, now))),
        ("Of no use after", entry.expires_at.map(moment)),
        ("Last answer", entry.last_answer.clone()),
    ]
    .into_iter()
    .filter_map(|(label, value)| Some((label, value?)))
    .collect()
}

/// The text cut where its addresses begin and end.
fn pieces(text: &str, linked: bool) -> Vec<Piece> {
    let plain = |text: &str| Piece {
        text: text.into(),
        link: false,
    };
    let Some(pattern) = ADDRESS.as_ref().filter(|_| linked) else {
        return vec![plain(text)];
    };
    let mut pieces = Vec::new();
    let mut done = 0;
    for found in pattern.find_iter(text) {
        pieces.push(plain(&text[done..found.start()]));
        pieces.push(Piece {
            text: found.as_str().into(),
            link: true,
        });
        done = found.end();
    }
    pieces.push(plain(&text[done..]));
    pieces
}

/// POST /outbox/{id}/retry: tries it again at once.
pub(super) async fn retry(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<i64>,
) -> Result<Redirect> {
    let (now, actor) = (app.clock.now(), acting.actor());
    let again = move |tx: &Tx| {
        store::retry(tx, now, Some(&[id]))?;
        on_record(tx, now, &actor, "letter.retry", id)
    };
    app.db.write(again).await?;
    Ok(Redirect::to(&format!("/outbox/{id}")))
}

#[derive(Deserialize)]
pub(super) struct Lifted {
    address: String,
}

/// POST /outbox/{id}/lift: sends to the letter's address again.
pub(super) async fn lift(
    State(app): State<App>,
    acting: Acting,
    Path(id): Path<i64>,
    Form(lifted): Form<Lifted>,
) -> Result<Redirect> {
    let (now, actor) = (app.clock.now(), acting.actor());
    let lift = move |tx: &Tx| {
        store::lift(tx, &lifted.address)?;
        on_record(tx, now, &actor, "letter.lift", id)
    };
    app.db.write(lift).await?;
    Ok(Redirect::to(&format!("/outbox/{id}")))
}

/// By the letter's kind: whose address it bears is not kept longer than the letter.
fn on_record(tx: &Tx, now: DateTime<Utc>, actor: &Actor, act: &'static str, id: i64) -> Result<()> {
    let (entry, _) = store::find(tx, id, now)?;
    audit::note(
        tx,
        now,
        actor,
        act,
        &About::new("letter", id, entry.kind),
        &json!({}),
    )
}

fn form_urlencoded(fields: &[(&str, &str)]) -> String {
    let encoded = fields
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| {
            let value =
                percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
            format!("{name}={value}")
        });
    encoded.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_officer_sees_no_secret_of_an_account() {
        let text = "Confirm: https://club.example/confirm/abcDEF123?x=1.\n<a href=\"https://club.example/t/SECRETTOKEN\">go</a> code SECRETTOKEN";
        let masked = mask(
            text,
            &strings(&serde_json::json!({ "a": [{ "token": "SECRETTOKEN" }], "n": "Ada" })),
        );
        assert!(
            !masked.contains("abcDEF123") && !masked.contains("SECRETTOKEN"),
            "{masked}"
        );
        assert!(masked.contains("https://club.example/••••"), "{masked}");
    }

    #[test]
    fn addresses_in_the_text_are_links_and_nothing_else_is() {
        let pieces = pieces(
            "See https://a.example/x?y=1. Or javascript:alert(1) (http://b.example/).",
            true,
        );
        let links: Vec<&str> = pieces
            .iter()
            .filter(|piece| piece.link)
            .map(|piece| piece.text.as_str())
            .collect();
        assert_eq!(links, ["https://a.example/x?y=1", "http://b.example/"]);
        let whole: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert!(whole.starts_with("See ") && whole.ends_with(")."));
    }
}
