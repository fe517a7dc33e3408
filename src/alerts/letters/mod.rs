//! What a member is told of a burst: the words, the pictures, and how they become a letter.

mod digest;
mod page;
mod palette;
mod pictures;
mod plain;
mod push;
mod site;
mod store;
mod words;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use serde::Deserialize;

pub use self::pictures::{View, drawn};
use self::site::Sight;
use super::{Reason, unsubscribe};
use crate::accounts::channels::store as channels;
use crate::accounts::{Delivery, Notify, Site};
use crate::bursts::{Burst, Verdict};
use crate::platform::config::Secret;
use crate::platform::outbox::{Channel, Composed, Order, Thread};
use crate::platform::{App, Error, Result};
use crate::sky::Region;

/// What a parcel of kind `burst` asks for.
#[derive(Debug, Clone, Deserialize)]
struct Asked {
    reason: Reason,
    /// None for the morning's letter.
    burst: Option<i64>,
    /// The change (`tells.id`) that made it.
    #[serde(default)]
    revision: i64,
    /// The burst as which the member first heard of it.
    thread: Option<i64>,
    /// This letter begins the thread.
    #[serde(default)]
    first: bool,
    /// When the morning's letter leaves.
    due_at: Option<DateTime<Utc>>,
}

/// One burst for one member, with all that a letter may say.
#[derive(Debug, Clone)]
struct Material {
    burst: Burst,
    linked: Vec<Burst>,
    region: Option<Region>,
    /// The best site first.
    sights: Vec<Sight>,
    /// What the member knew before.
    before: Option<store::Before>,
    notify: Notify,
    /// As of when.
    at: DateTime<Utc>,
    /// Where one click ends such letters.
    stop: Option<String>,
}

impl Material {
    /// 90 %, deg.
    fn radius(&self) -> Option<f64> {
        self.burst.best.as_ref()?.error_radius_90
    }
}

/// Composes what a parcel of kind `burst` asks for, in the words of its channel.
pub fn compose(app: App, order: Order) -> BoxFuture<'static, Result<Composed>> {
    Box::pin(async move {
        let asked: Asked = serde_json::from_value(order.payload.clone())?;
        let Some(member) = order.member else {
            return Ok(Composed::Nothing("it is for no member".into()));
        };
        let reader = match app.db.read(move |conn| store::reader(conn, member)).await {
            Ok(reader) => reader,
            Err(Error::NotFound(_)) => return Ok(Composed::Nothing("the member has left".into())),
            Err(error) => return Err(error),
        };
        if !reader.may_hear() {
            return Ok(Composed::Nothing(
                "the member wants no letters any more".into(),
            ));
        }
        let stop = unsubscribe::address(&app, member).await?;
        match (asked.reason, asked.burst) {
            (Reason::Digest, _) => digest::compose(&app, &order, &asked, reader, stop).await,
            (_, Some(burst)) => about(&app, &order, &asked, burst, reader, stop).await,
            (_, None) => Ok(Composed::Nothing("it names no burst".into())),
        }
    })
}

/// What there is to say of one burst.
async fn about(
    app: &App,
    order: &Order,
    asked: &Asked,
    burst: i64,
    reader: store::Reader,
    stop: String,
) -> Result<Composed> {
    let member = reader.member.id;
    let thread = asked.thread.unwrap_or(burst);
    let (reason, revision, at) = (asked.reason, asked.revision, order.at);
    let name = reader.member.full_name.clone();
    let material = app
        .db
        .read(move |conn| {
            let record = store::record(conn, burst, thread, reason)?;
            let before = store::before(conn, member, thread, revision)?;
            Ok(record.seen_by(&reader, before, at, reason, Some(stop)))
        })
        .await?;
    if reason != Reason::Withdrawn && is_over(&material.burst) {
        return Ok(Composed::Nothing("it was withdrawn meanwhile".into()));
    }
    let said = words::about(&app.config, &material, reason);
    match order.channel {
        Channel::Mail => {
            let pictures = pictures::of(app, &material, reason).await?;
            let thread = Thread {
                root: format!("burst-{thread}.member-{member}"),
                first: asked.first,
            };
            page::letter(said, pictures, name, Some(thread)).map(Composed::Letter)
        }
        Channel::Ntfy => Ok(push::push(&app.config, &material, &said, reason)),
        Channel::Webhook => {
            let body = push::json(&app.config, &material, &said, reason, revision);
            let Some(secret) = secret(app, member, order.address.clone()).await? else {
                return Ok(Composed::Nothing("the channel was removed".into()));
            };
            Ok(Composed::Json { body, secret })
        }
    }
}

/// What signs what is posted to a member's webhook; `None` where it has been removed.
async fn secret(app: &App, member: i64, url: String) -> Result<Option<Secret>> {
    let channels = app.db.read(move |conn| channels::of_member(conn, member));
    let channel = channels
        .await?
        .into_iter()
        .find(|channel| channel.url == url);
    Ok(channel.and_then(|channel| channel.secret).map(Secret::new))
}

/// True where nobody needs to hear of it any more.
fn is_over(burst: &Burst) -> bool {
    matches!(
        burst.verdict(),
        Verdict::Test | Verdict::Withdrawn(_) | Verdict::Unlikely(_)
    )
}

/// From each site, the best first.
fn sights(
    burst: &Burst,
    region: Option<&Region>,
    reader: &store::Reader,
    at: DateTime<Utc>,
) -> Vec<Sight> {
    let heard = |site: &&Site| site.delivery != Delivery::Off;
    let sites = reader.sites.iter().filter(heard);
    let sight = |site| Sight::of(burst, region, site, &reader.member.preferences, at);
    let mut sights: Vec<Sight> = sites.map(sight).collect();
    sights.sort_by(|a, b| a.rank().total_cmp(&b.rank()));
    sights
}
