//! Pages and JSON of bursts.

use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::json::{BurstJson, Listed, NoticeJson};
use super::list::{self, PageKey, Wanted};
use super::model::Tier;
use super::page::{self, Whole};
use super::store;
use super::view::{BurstPage, Choice, Filters, ListPage};
use crate::platform::error::FieldFault;
use crate::platform::web::extract::{Json, Path, Query};
use crate::platform::web::problem::Problem;
use crate::platform::web::{Html, Viewer, escaped};
use crate::platform::{App, Error, Result};
use crate::sky::Equatorial;

const PAGE: usize = 20;
const LARGEST_PAGE: usize = 200;

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
struct Asked {
    mission: Option<String>,
    /// A, B, C or D
    tier: Option<String>,
    /// Only bursts triggered at or after this time (RFC 3339), or within the last so many days (`7d`).
    since: Option<String>,
    /// true or false
    has_position: Option<String>,
    /// Centre of a cone, deg; ra, dec and radius go together.
    ra: Option<String>,
    dec: Option<String>,
    radius: Option<String>,
    /// 1…200, 20 unless given
    limit: Option<String>,
    /// `next` of the page before
    after: Option<String>,
}

/// What is wrong with a query, gathered.
#[derive(Default)]
struct Faults(Vec<FieldFault>);

impl Faults {
    /// The field understood; an empty one counts as not given.
    fn parse<T>(
        &mut self,
        field: &str,
        text: Option<&String>,
        understand: impl Fn(&str) -> Option<T>,
        must: &str,
    ) -> Option<T> {
        let text = text
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())?;
        let understood = understand(text);
        if understood.is_none() {
            self.0.push(FieldFault {
                field: field.into(),
                message: format!("must be {must}"),
            });
        }
        understood
    }

    fn limit(&mut self, text: Option<&String>) -> usize {
        let within = |text: &str| {
            text.parse()
                .ok()
                .filter(|limit| (1..=LARGEST_PAGE).contains(limit))
        };
        self.parse("limit", text, within, "a number from 1 to 200")
            .unwrap_or(PAGE)
    }

    fn angle(&mut self, field: &str, text: Option<&String>, least: f64, most: f64) -> Option<f64> {
        let within = |text: &str| {
            text.parse()
                .ok()
                .filter(|angle| (least..=most).contains(angle))
        };
        self.parse(
            field,
            text,
            within,
            &format!("degrees from {least} to {most}"),
        )
    }

    fn done(self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self.0))
        }
    }
}

impl Asked {
    /// What is wanted and how many; every faulty field is named.
    fn understand(&self, now: DateTime<Utc>) -> Result<(Wanted, usize)> {
        let mut faults = Faults::default();
        let wanted = Wanted {
            mission: self.mission.clone().filter(|mission| !mission.is_empty()),
            tier: faults.parse("tier", self.tier.as_ref(), Tier::parse, "A, B, C or D"),
            since: faults.parse(
                "since",
                self.since.as_ref(),
                |text| since(text, now),
                "a time like 2026-11-21T00:00:00Z, or days like 7d",
            ),
            has_position: faults.parse(
                "has_position",
                self.has_position.as_ref(),
                |text| text.parse().ok(),
                "true or false",
            ),
            cone: self.cone(&mut faults),
            after: faults.parse(
                "after",
                self.after.as_ref(),
                PageKey::parse,
                "the next of an earlier page",
            ),
        };
        let limit = faults.limit(self.limit.as_ref());
        faults.done().map(|()| (wanted, limit))
    }

    fn cone(&self, faults: &mut Faults) -> Option<(Equatorial, f64)> {
        let given = [&self.ra, &self.dec, &self.radius]
            .into_iter()
            .filter(|field| field.as_ref().is_some_and(|text| !text.is_empty()))
            .count();
        let ra = faults.angle("ra", self.ra.as_ref(), -360.0, 360.0);
        let dec = faults.angle("dec", self.dec.as_ref(), -90.0, 90.0);
        let radius = faults.angle("radius", self.radius.as_ref(), 0.0, 180.0);
        if given == 1 || given == 2 {
            faults.0.push(FieldFault {
                field: "radius".into(),
                message: "ra, dec and radius go together".into(),
            });
        }
        Some((Equatorial::new(ra?, dec?)?, radius?))
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

#[derive(Debug, Deserialize, utoipa::IntoParams)]
struct Paged {
    /// 1…200, 20 unless given
    limit: Option<String>,
    /// `next` of the page before
    after: Option<String>,
}

/// A burst's notices in the order in which they were stored.
#[utoipa::path(get, path = "/api/bursts/{id}/notices", tag = "bursts", params(("id" = i64, Path), Paged), responses((status = 200, body = Listed<NoticeJson>), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn notices(
    State(app): State<App>,
    Path(id): Path<i64>,
    Query(paged): Query<Paged>,
) -> Result<Json<Listed<NoticeJson>>> {
    let mut faults = Faults::default();
    let limit = faults.limit(paged.limit.as_ref());
    let after = faults.parse(
        "after",
        paged.after.as_ref(),
        |text| text.parse().ok(),
        "the next of an earlier page",
    );
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
        newest: asked.after.as_ref().map(|_| asked.address(None)),
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
    let choices = |all: &[(&str, &str)], chosen: &Option<String>| -> Vec<Choice> {
        let chosen = chosen.as_deref().unwrap_or_default();
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
        let after = after.map(|key| key.to_string());
        let fields = [
            ("mission", &self.mission),
            ("tier", &self.tier),
            ("since", &self.since),
            ("has_position", &self.has_position),
            ("ra", &self.ra),
            ("dec", &self.dec),
            ("radius", &self.radius),
            ("limit", &self.limit),
            ("after", &after),
        ];
        let mut query = String::new();
        for (name, value) in fields.into_iter().filter_map(|(name, value)| {
            Some((name, value.as_ref().filter(|value| !value.is_empty())?))
        }) {
            query += &format!(
                "{}{name}={}",
                if query.is_empty() { "?" } else { "&" },
                escaped(value)
            );
        }
        format!("/bursts{query}")
    }
}
