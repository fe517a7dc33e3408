//! Pages and JSON of bursts.

use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::json::{BurstJson, NoticeJson};
use super::list::{self, Wanted};
use super::model::Tier;
use super::page::{self, Whole};
use super::store;
use super::view::{BurstPage, Choice, Filters, ListPage};
use crate::platform::web::extract::{Json, Path, Query};
use crate::platform::web::form::Faults;
use crate::platform::web::listing::{Listed, PageKey, Paged, address, filled};
use crate::platform::web::problem::Problem;
use crate::platform::web::{Html, Viewer};
use crate::platform::{App, Error, Result};

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(latest))
        .routes(routes!(one))
        .routes(routes!(notices))
        .routes(routes!(notice_body))
        .routes(routes!(chart))
        .routes(routes!(finder))
        .route("/bursts", get(list_page))
        .route("/bursts/latest", get(async || Redirect::to("/")))
        .route("/bursts/{id}", get(burst_page))
        .merge(super::visibility::router())
}

/// Which bursts to list; everything, unless a field says otherwise.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
struct Asked {
    mission: String,
    /// A, B, C or D
    #[param(value_type = Tier)]
    tier: String,
    /// Only bursts triggered at or after this time (RFC 3339), or within the last so many days (`7d`).
    #[param(example = "7d")]
    since: String,
    /// Only those with a position, or only those without
    #[param(value_type = bool)]
    has_position: String,
    /// Centre of a cone, deg, ICRS; ra, dec and radius go together
    #[param(value_type = f64, minimum = -360, maximum = 360)]
    ra: String,
    #[param(value_type = f64, minimum = -90, maximum = 90)]
    dec: String,
    #[param(value_type = f64, minimum = 0, maximum = 180)]
    radius: String,
    /// 1…200, 20 unless given
    #[param(value_type = u16, minimum = 1, maximum = 200)]
    limit: String,
    /// `next` of the page before
    after: String,
}

impl Asked {
    /// What is wanted and how many; every faulty field is named.
    fn understand(&self, now: DateTime<Utc>) -> Result<(Wanted, usize)> {
        let mut faults = Faults::default();
        let wanted = Wanted {
            mission: filled(&self.mission).map(str::to_owned),
            tier: faults.parse("tier", &self.tier, Tier::parse, "A, B, C or D"),
            since: faults.parse(
                "since",
                &self.since,
                |text| since(text, now),
                "a time like 2026-11-21T00:00:00Z, or days like 7d",
            ),
            has_position: faults.parse(
                "has_position",
                &self.has_position,
                |text| text.parse().ok(),
                "true or false",
            ),
            cone: list::cone(&mut faults, &self.ra, &self.dec, &self.radius),
            after: faults.after(&self.after, PageKey::parse),
        };
        let limit = faults.limit(&self.limit);
        faults.done().map(|()| (wanted, limit))
    }
}

fn since(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if let Some(days) = text
        .strip_suffix('d')
        .and_then(|days| days.parse::<u16>().ok())
    {
        return now.checked_sub_signed(TimeDelta::days(days.into()));
    }
    // A plus sign that was not escaped arrives as a blank.
    DateTime::parse_from_rfc3339(&text.replace(' ', "+"))
        .ok()
        .map(|time| time.to_utc())
}

/// Every burst, newest trigger first: all tiers, withdrawn ones and tests too.
#[utoipa::path(get, path = "/api/bursts", tag = "bursts", params(Asked), responses((status = 200, body = Listed<BurstJson>), (status = 422, body = Problem)))]
async fn list(
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Json<Listed<BurstJson>>> {
    let (wanted, limit) = asked.understand(app.clock.now())?;
    let (bursts, next) = app
        .db
        .read(move |conn| list::list(conn, &wanted, limit))
        .await?;
    Ok(Json(Listed {
        items: bursts.iter().map(BurstJson::from).collect(),
        next: next.map(|key| key.to_string()),
    }))
}

/// The five newest.
#[utoipa::path(get, path = "/api/bursts/latest", tag = "bursts", responses((status = 200, body = Listed<BurstJson>)))]
async fn latest(State(app): State<App>) -> Result<Json<Listed<BurstJson>>> {
    let (bursts, _) = app
        .db
        .read(|conn| list::list(conn, &Wanted::default(), 5))
        .await?;
    Ok(Json(Listed {
        items: bursts.iter().map(BurstJson::from).collect(),
        next: None,
    }))
}

/// One burst.
#[utoipa::path(get, path = "/api/bursts/{id}", tag = "bursts", params(("id" = i64, Path)), responses((status = 200, body = BurstJson), (status = 404, body = Problem)))]
async fn one(State(app): State<App>, Path(id): Path<i64>) -> Result<Json<BurstJson>> {
    let burst = app.db.read(move |conn| store::burst(conn, id)).await?;
    Ok(Json(BurstJson::from(&burst)))
}

/// A burst's notices in the order in which they were stored.
#[utoipa::path(get, path = "/api/bursts/{id}/notices", tag = "bursts", params(("id" = i64, Path), Paged), responses((status = 200, body = Listed<NoticeJson>), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn notices(
    State(app): State<App>,
    Path(id): Path<i64>,
    Query(paged): Query<Paged>,
) -> Result<Json<Listed<NoticeJson>>> {
    let mut faults = Faults::default();
    let limit = faults.limit(&paged.limit);
    let after = faults.after(&paged.after, |text| text.parse().ok());
    faults.done()?;
    let (heard, next) = app
        .db
        .read(move |conn| {
            store::burst(conn, id)
                .and_then(|_| store::heard_after(conn, id, after.unwrap_or(0), limit))
        })
        .await?;
    Ok(Json(Listed {
        items: heard
            .iter()
            .map(|heard| NoticeJson::new(id, heard))
            .collect(),
        next: next.map(|id| id.to_string()),
    }))
}

/// A notice's bytes as they were received.
#[utoipa::path(get, path = "/api/bursts/{id}/notices/{notice_id}", tag = "bursts", params(("id" = i64, Path), ("notice_id" = i64, Path)), responses((status = 200, content_type = "text/plain", body = String), (status = 404, body = Problem)))]
async fn notice_body(
    State(app): State<App>,
    Path((id, notice_id)): Path<(i64, i64)>,
) -> Result<impl IntoResponse> {
    let body = app
        .db
        .read(move |conn| store::body(conn, id, notice_id))
        .await?;
    // Whatever it is, a browser only shows it as text.
    Ok((
        [
            (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
            (
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; sandbox",
            ),
        ],
        body,
    ))
}

/// The whole sky with the burst's region, SVG.
#[utoipa::path(get, path = "/api/bursts/{id}/chart.svg", tag = "bursts", params(("id" = i64, Path)), responses((status = 200, content_type = "image/svg+xml", body = String), (status = 404, body = Problem)))]
async fn chart(State(app): State<App>, Path(id): Path<i64>) -> Result<impl IntoResponse> {
    let whole = whole(&app, id).await?;
    svg(page::chart(
        &whole.burst,
        whole.region.as_ref(),
        &whole.heard,
    ))
}

/// The field around the best position, SVG.
#[utoipa::path(get, path = "/api/bursts/{id}/finder.svg", tag = "bursts", params(("id" = i64, Path)), responses((status = 200, content_type = "image/svg+xml", body = String), (status = 404, body = Problem)))]
async fn finder(State(app): State<App>, Path(id): Path<i64>) -> Result<impl IntoResponse> {
    let whole = whole(&app, id).await?;
    svg(page::finder(&whole.burst, whole.region.as_ref()))
}

fn svg(drawn: Option<String>) -> Result<([(HeaderName, &'static str); 2], String)> {
    let drawn = drawn.ok_or(Error::NotFound(
        "chart for a burst without a position, or with one too wide",
    ))?;
    Ok((
        [
            (header::CONTENT_TYPE, "image/svg+xml"),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        drawn,
    ))
}

/// GET /bursts/{id}
async fn burst_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<i64>,
) -> Result<Html<BurstPage>> {
    let whole = whole(&app, id).await?;
    Ok(Html(page::page(viewer, &whole, app.clock.now())))
}

/// GET /bursts
async fn list_page(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Html<ListPage>> {
    let now = app.clock.now();
    let (wanted, limit) = asked.understand(now)?;
    let ((bursts, next), missions) = app
        .db
        .read(move |conn| Ok((list::list(conn, &wanted, limit)?, store::missions(conn)?)))
        .await?;
    Ok(Html(ListPage {
        viewer,
        filters: filters(&asked, &missions),
        rows: bursts.iter().map(|burst| page::row(burst, now)).collect(),
        older: next.map(|key| asked.address(Some(key))),
        newest: filled(&asked.after).map(|_| asked.address(None)),
    }))
}

async fn whole(app: &App, id: i64) -> Result<Whole> {
    let read = move |conn: &rusqlite::Connection| {
        let burst = store::burst(conn, id)?;
        Ok(Whole {
            burst,
            heard: store::heard(conn, id)?,
            linked: store::linked(conn, id)?,
            region: store::region(conn, id)?,
        })
    };
    app.db.read(read).await
}

const TIERS: [(&str, &str); 5] = [
    ("", "Any"),
    ("A", "Pointable"),
    ("B", "Wide"),
    ("C", "Context"),
    ("D", "Tests"),
];
const AGES: [(&str, &str); 4] = [
    ("", "Any time"),
    ("1d", "Last day"),
    ("7d", "Last 7 days"),
    ("30d", "Last 30 days"),
];
const POSITIONS: [(&str, &str); 3] = [
    ("", "With or without"),
    ("true", "With a position"),
    ("false", "Without"),
];

fn filters(asked: &Asked, missions: &[String]) -> Filters {
    let choices = |all: &[(&str, &str)], chosen: &str| -> Vec<Choice> {
        all.iter()
            .map(|(value, label)| Choice {
                value: (*value).into(),
                label: (*label).into(),
                chosen: *value == chosen,
            })
            .collect()
    };
    let missions: Vec<(&str, &str)> = std::iter::once(("", "Any"))
        .chain(
            missions
                .iter()
                .map(|mission| (mission.as_str(), mission.as_str())),
        )
        .collect();
    let filters = Filters {
        missions: choices(&missions, &asked.mission),
        tiers: choices(&TIERS, &asked.tier),
        since: choices(&AGES, &asked.since),
        position: choices(&POSITIONS, &asked.has_position),
        said: None,
    };
    let chosen = [
        &filters.missions,
        &filters.tiers,
        &filters.since,
        &filters.position,
    ];
    let said: Vec<String> = chosen
        .into_iter()
        .flatten()
        .filter(|choice| choice.chosen && !choice.value.is_empty())
        .map(|choice| choice.label.clone())
        .collect();
    Filters {
        said: Some(said.join(", ")).filter(|said| !said.is_empty()),
        ..filters
    }
}

impl Asked {
    /// The list's address with the same filters, at `after` or from the beginning.
    fn address(&self, after: Option<PageKey>) -> String {
        let after = after.map(|key| key.to_string()).unwrap_or_default();
        let fields = [
            ("mission", self.mission.as_str()),
            ("tier", &self.tier),
            ("since", &self.since),
            ("has_position", &self.has_position),
            ("ra", &self.ra),
            ("dec", &self.dec),
            ("radius", &self.radius),
            ("limit", &self.limit),
            ("after", &after),
        ];
        address("/bursts", &fields)
    }
}
