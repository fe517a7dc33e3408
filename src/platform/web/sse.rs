//! The event stream: what was committed, told to browsers, with nothing missed over a lost connection.

use std::collections::{HashSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::IntoResponse;
use axum::response::sse::{self, KeepAlive, Sse};
use futures::Stream;
use futures::stream::unfold;
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Person;
use super::extract::Query;
use crate::platform::bus::{self, Event, Resume};
use crate::platform::{App, Db, Error, Result};

/// What `?topics=` may ask for, also those of areas that are still to come.
const TOPICS: [&str; 6] = [
    "bursts",
    "observations",
    "stars",
    "users",
    "spacecraft",
    "simulations",
];

/// Events read from the database at a time while catching up.
const PAGE: u32 = 200;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(stream))
        .routes(routes!(users))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct Asked {
    /// Topics, separated by commas: bursts, observations, stars, spacecraft, simulations; users for officers. All but users unless given.
    topics: Option<String>,
    /// Replays what came after this event; 0 replays everything that is kept. A Last-Event-ID header counts more.
    since: Option<i64>,
}

/// Server-sent events: `id` grows by one with every event, `event` names it, `data` is `{"type", "data"}`.
///
/// `reset` comes where the asked id is too old: load what you show again. A comment every 15 s keeps the connection.
#[utoipa::path(get, path = "/api/stream", tag = "stream", params(Asked), responses((status = 200, content_type = "text/event-stream", body = String), (status = 422, body = super::problem::Problem)))]
async fn stream(
    State(app): State<App>,
    headers: HeaderMap,
    person: Option<Extension<Person>>,
    Query(asked): Query<Asked>,
) -> Result<impl IntoResponse> {
    let topics = topics(asked.topics.as_deref(), person.as_deref())?;
    told(&app, &headers, topics, asked.since).await
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct Since {
    /// As in `/api/stream`.
    since: Option<i64>,
}

/// The same of the topic `users` alone, for officers.
#[utoipa::path(get, path = "/api/events/users/stream", tag = "stream", params(Since), responses((status = 200, content_type = "text/event-stream", body = String), (status = 401, body = super::problem::Problem), (status = 403, body = super::problem::Problem)))]
async fn users(
    State(app): State<App>,
    headers: HeaderMap,
    person: Option<Extension<Person>>,
    Query(asked): Query<Since>,
) -> Result<impl IntoResponse> {
    let topics = topics(Some("users"), person.as_deref())?;
    told(&app, &headers, topics, asked.since).await
}

async fn told(
    app: &App,
    headers: &HeaderMap,
    topics: HashSet<String>,
    since: Option<i64>,
) -> Result<impl IntoResponse + use<>> {
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim().parse().ok());
    let events = follow(app, topics, last.or(since)).await?;
    // Proxies such as nginx would otherwise hold events back.
    let unbuffered = [
        (HeaderName::from_static("x-accel-buffering"), "no"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((
        unbuffered,
        Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))),
    ))
}

fn topics(asked: Option<&str>, person: Option<&Person>) -> Result<HashSet<String>> {
    let topics: HashSet<String> = match asked {
        Some(text) => text
            .split(',')
            .map(str::trim)
            .filter(|topic| !topic.is_empty())
            .map(str::to_owned)
            .collect(),
        None => TOPICS
            .into_iter()
            .filter(|topic| *topic != "users")
            .map(str::to_owned)
            .collect(),
    };
    match topics
        .iter()
        .find(|topic| !TOPICS.contains(&topic.as_str()))
    {
        Some(unknown) => Err(Error::invalid(
            "topics",
            format!("\"{unknown}\" is none of {}", TOPICS.join(", ")),
        )),
        None if !topics.contains("users") => Ok(topics),
        None => match person {
            Some(person) if person.officer => Ok(topics),
            Some(_) => Err(Error::Forbidden("the users topic is for officers")),
            None => Err(Error::Unauthorized(
                "the users topic is for officers who are signed in",
            )),
        },
    }
}

/// One browser's way through the events: first what it missed, then what happens.
struct Reader {
    db: Db,
    topics: HashSet<String>,
    live: Receiver<Arc<Event>>,
    closing: CancellationToken,
    /// The newest event this reader has seen or passed over.
    seen: i64,
    caught_up: bool,
    ready: VecDeque<Event>,
}

/// The events of `topics` after `since`, or from now on.
async fn follow(
    app: &App,
    topics: HashSet<String>,
    since: Option<i64>,
) -> Result<impl Stream<Item = Result<sse::Event, Infallible>> + use<>> {
    // Listening begins before the database is read, so that nothing falls between.
    let live = app.bus.listen();
    let place = app
        .db
        .read(move |conn| {
            since.map_or_else(
                || bus::newest(conn).map(Resume::After),
                |since| bus::resume(conn, since),
            )
        })
        .await?;
    let (seen, ready) = match place {
        Resume::After(id) => (id, VecDeque::new()),
        Resume::Reset(id) => (id, VecDeque::from([reset(id)])),
    };
    let reader = Reader {
        db: app.db.clone(),
        topics,
        live,
        closing: app.bus.closing(),
        seen,
        caught_up: since.is_none(),
        ready,
    };
    Ok(unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok(frame(&event)), reader))
    }))
}

impl Reader {
    /// The next event for this reader; `None` ends the stream, and the browser comes back with its Last-Event-ID.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if !self.caught_up {
                self.catch_up().await?;
                continue;
            }
            let heard = tokio::select! {
                heard = self.live.recv() => heard,
                () = self.closing.cancelled() => return None,
            };
            // A reader that fell behind is cut off rather than given a gap.
            let event = heard.ok()?;
            if event.id > self.seen {
                self.seen = event.id;
                if self.topics.contains(&event.topic) {
                    return Some((*event).clone());
                }
            }
        }
    }

    async fn catch_up(&mut self) -> Option<()> {
        let since = self.seen;
        let events = self
            .db
            .read(move |conn| bus::after(conn, since, PAGE))
            .await
            .ok()?;
        self.caught_up = events.is_empty();
        self.seen = events.last().map_or(self.seen, |event| event.id);
        self.ready.extend(
            events
                .into_iter()
                .filter(|event| self.topics.contains(&event.topic)),
        );
        Some(())
    }
}

fn reset(id: i64) -> Event {
    let data = serde_json::json!({ "type": "reset", "data": { "newest": id } }).to_string();
    Event {
        id,
        topic: String::new(),
        name: "reset".into(),
        data,
    }
}

fn frame(event: &Event) -> sse::Event {
    sse::Event::default()
        .id(event.id.to_string())
        .event(&event.name)
        .data(&event.data)
}
