//! The letter about new observations of a burst.

use std::sync::Arc;

use askama::Template;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use rusqlite::Connection;
use serde::Deserialize;

use super::{store, unsubscribe};
use crate::accounts::{self, Member, Site, sites};
use crate::alerts::{due, letters};
use crate::bursts::{self, Burst, view};
use crate::observations::curve::{self, Curve, Size};
use crate::observations::words::{brightness, in_filter};
use crate::observations::{self as observed, Observation};
use crate::platform::outbox::{Composed, Letter, Order, Picture, Thread, one_line};
use crate::platform::{App, Error, Result};

/// Observations that one letter lists; the page has them all.
const LISTED: usize = 20;

/// What a parcel of this kind asks for.
#[derive(Debug, Deserialize)]
struct Asked {
    burst: i64,
    /// From this observation on, in the order in which they were kept …
    from: i64,
    /// … and what was posted before then.
    until: DateTime<Utc>,
}

/// What the letter is made from.
struct Material {
    member: Member,
    sites: Vec<Site>,
    hears: bool,
    burst: Burst,
    news: Vec<Observation>,
    /// Of all observations, the new ones among them.
    curve: Option<Curve>,
    thread: i64,
}

/// What is said, laid out as text and as HTML.
#[derive(Template)]
#[template(path = "observations/telling/letter.html")]
struct Html<'a>(&'a Said);

#[derive(Template)]
#[template(path = "observations/telling/letter.txt")]
struct Text<'a>(&'a Said);

struct Said {
    lead: String,
    rows: Vec<Row>,
    /// The light curve.
    picture: Option<Picture>,
    /// How many more there are.
    more: usize,
    /// The burst's page.
    page: String,
    settings: String,
    stop: String,
    club: String,
}

struct Row {
    result: String,
    who: String,
    when: String,
    how: String,
    url: String,
}

/// Composes what a parcel of kind [`super::KIND`] asks for: what has come, is still there, and may be seen.
pub fn compose(app: App, order: Order) -> BoxFuture<'static, Result<Composed>> {
    Box::pin(async move {
        let asked: Asked = serde_json::from_value(order.payload.clone())?;
        let Some(member) = order.member else {
            return Ok(Composed::Nothing("it is for no member".into()));
        };
        let material = match app
            .db
            .read(move |conn| material(conn, member, &asked))
            .await
        {
            Ok(material) => material,
            Err(Error::NotFound(_)) => return Ok(Composed::Nothing("the member has left".into())),
            Err(error) => return Err(error),
        };
        if !material.hears {
            return Ok(Composed::Nothing(
                "the member wants to hear no more of it".into(),
            ));
        }
        let zone = due::zone(&material.sites, app.config.time_zone);
        let quiet = due::after_quiet(order.at, zone, &material.member.preferences);
        if quiet > order.at {
            return Ok(Composed::Later(quiet, "it is night there, and quiet"));
        }
        if material.news.is_empty() {
            return Ok(Composed::Nothing("nothing of it is there any more".into()));
        }
        letter(&app, &material).await
    })
}

fn material(conn: &Connection, member: i64, asked: &Asked) -> Result<Material> {
    let burst = bursts::store::burst(conn, asked.burst)?;
    let all = observed::store::shown(conn, asked.burst)?;
    Ok(Material {
        curve: Curve::of(&burst, &all),
        member: accounts::store::member(conn, member)?,
        sites: sites::store::of_member(conn, member)?,
        hears: store::hears(conn, member, asked.burst)?,
        burst,
        news: store::news(conn, asked.burst, member, (asked.from, asked.until))?,
        thread: store::thread(conn, member, asked.burst)?,
    })
}

async fn letter(app: &App, material: &Material) -> Result<Composed> {
    let (base, name) = (&app.config.base_url(), one_line(&material.burst.name(), 60));
    let count = match material.news.len() {
        1 => "a new observation".to_owned(),
        many => format!("{many} new observations"),
    };
    let stop = unsubscribe::LETTERS
        .address(app, material.member.id)
        .await?;
    let picture = match &material.curve {
        Some(curve) if app.config.mail_pictures => Some(picture(curve).await?),
        _ => None,
    };
    let said = Said {
        picture,
        lead: format!("{name}: {count}."),
        rows: material
            .news
            .iter()
            .take(LISTED)
            .map(|one| Row::of(base, &material.burst, one))
            .collect(),
        more: material.news.len().saturating_sub(LISTED),
        page: format!("{base}/bursts/{}", material.burst.id),
        settings: format!("{base}/observations/settings"),
        stop: stop.clone(),
        club: app.config.club_name.clone(),
    };
    let laid_out = |error: askama::Error| Error::Internal(error.into());
    Ok(Composed::Letter(Box::new(Letter {
        to_name: Some(material.member.full_name.clone()),
        subject: format!("{name}: {count}"),
        text: Text(&said).render().map_err(laid_out)?,
        html: Html(&said).render().map_err(laid_out)?,
        pictures: said.picture.into_iter().collect(),
        thread: Some(Thread {
            root: format!("burst-{}.member-{}", material.thread, material.member.id),
            first: false,
        }),
        unsubscribe: Some(stop),
    })))
}

/// The light curve as it looks on a phone, and its caption for who sees no pictures.
async fn picture(curve: &Curve) -> Result<Picture> {
    let scale = curve.default_scale();
    let svg = curve::drawing(curve, scale, Size::Narrow);
    let drawing = tokio::task::spawn_blocking(move || letters::drawn(letters::View::Night, &svg));
    let drawn = drawing
        .await
        .map_err(|stopped| Error::Internal(stopped.into()))?;
    Ok(Picture {
        cid: "light-curve".into(),
        alt: format!(
            "The light curve. {}",
            curve::caption(curve, scale).join(" ")
        ),
        png: Arc::new(drawn?),
    })
}

impl Row {
    fn of(base: &str, burst: &Burst, one: &Observation) -> Self {
        let site = one
            .site
            .as_ref()
            .map(|site| format!(", {}", one_line(site, 80)));
        let at = one.start.format("%Y-%m-%d %H:%M UTC");
        let when = match burst.trigger_time {
            Some(trigger) => format!("{at}, {}", view::after(one.start, trigger)),
            None => at.to_string(),
        };
        Self {
            result: one_line(&result(one), 120),
            who: one_line(&one.observer, 80) + &site.unwrap_or_default(),
            when,
            how: one_line(&one.instrument, 120),
            url: format!("{base}/observations/{}", one.id),
        }
    }
}

/// `18.3 ± 0.1 mag in R`, `Nothing seen down to 19.5 mag in R`, or that there is no number.
fn result(one: &Observation) -> String {
    let filter = in_filter(one.filter.as_deref());
    match brightness(&one.photometry) {
        Some(light) if one.photometry.magnitude.is_some() => format!("{light} mag{filter}"),
        Some(limit) => format!("Nothing seen down to {limit} mag{filter}"),
        None if !one.images.is_empty() => "A picture, no magnitude".into(),
        None => "Observed, no magnitude".into(),
    }
}
