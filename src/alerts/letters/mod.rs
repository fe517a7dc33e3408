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

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use serde::Deserialize;

pub use self::pictures::{View, drawn};
use super::store::{self as alerts, Heard};
use super::{Reason, due, unsubscribe};
use crate::accounts::channels::store as channels;
use crate::accounts::{Delivery, Notify, Site};
use crate::bursts::{Burst, Sight, Verdict};
use crate::platform::config::Secret;
use crate::platform::outbox::{Channel, Composed, Order, Thread};
use crate::platform::{App, Error, Result};
use crate::sky::Region;

/// When a withdrawal asks again whether what it takes back has left.
const AGAIN: TimeDelta = TimeDelta::minutes(1);

/// What a parcel of kind `burst` or `morning` asks for.
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
    /// The channel that it goes to; none for mail.
    channel: Option<i64>,
    /// A replay's, never to be sent.
    #[serde(default)]
    kept: bool,
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

/// Composes what a parcel of kind `burst` or `morning` asks for, in the words of its channel.
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
        if let Some(later) = too_early(&app, &order, &asked, &reader).await? {
            return Ok(later);
        }
        let stop = unsubscribe::LETTERS.address(&app, member).await?;
        match (asked.reason, asked.burst) {
            (Reason::Digest, _) => digest::compose(&app, &order, &asked, reader, stop).await,
            (_, Some(burst)) => about(&app, &order, &asked, burst, reader, stop).await,
            (_, None) => Ok(Composed::Nothing("it names no burst".into())),
        }
    })
}

/// What holds a letter back, or ends it, at the moment when it would leave: quiet hours that began while it waited, or that
/// the letter that a withdrawal takes back has not left.
async fn too_early(
    app: &App,
    order: &Order,
    asked: &Asked,
    reader: &store::Reader,
) -> Result<Option<Composed>> {
    let (member, thread, revision) = (&reader.member, asked.thread, asked.revision);
    match (asked.reason, thread) {
        (Reason::Digest, _) => Ok(None),
        // Where letters do not leave they are read in the outbox, the first and what takes it back.
        (Reason::Withdrawn, _) if asked.kept || app.outbox.is_off() => Ok(None),
        (Reason::Withdrawn, None) => Ok(None),
        (Reason::Withdrawn, Some(thread)) => {
            let member = member.id;
            let heard = app
                .db
                .read(move |conn| alerts::heard(conn, member, thread, revision));
            Ok(match heard.await? {
                Heard::Yes => None,
                Heard::Perhaps => Some(Composed::Later(
                    order.at + AGAIN,
                    "the letter that it takes back is under way",
                )),
                Heard::No => Some(Composed::Nothing("they never heard of the burst".into())),
            })
        }
        _ => {
            let zone = due::zone(&reader.sites, app.config.time_zone);
            let until = due::after_quiet(order.at, zone, &member.preferences);
            Ok(
                (until > order.at)
                    .then_some(Composed::Later(until, "it is night there, and quiet")),
            )
        }
    }
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
    let kept = asked.kept;
    // What signs what is posted to a webhook.
    let secret = match (order.channel, asked.channel) {
        (Channel::Mail, _) => None,
        (_, None) => return Ok(Composed::Nothing("it names no channel".into())),
        (_, Some(id)) => match app
            .db
            .read(move |conn| channels::one(conn, member, id))
            .await
        {
            Ok(channel) => channel.secret,
            Err(Error::NotFound(_)) => {
                return Ok(Composed::Nothing("the channel was removed".into()));
            }
            Err(error) => return Err(error),
        },
    };
    let name = reader.member.full_name.clone();
    let material = app
        .db
        .read(move |conn| {
            let record = store::record(conn, burst, thread, reason)?;
            let before = store::before(conn, member, thread, (revision, kept))?;
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
            let secret = Secret::new(secret.unwrap_or_default());
            Ok(Composed::Json { body, secret })
        }
    }
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
    let preferences = &reader.member.preferences;
    let sight = |site: &Site| Sight::of(burst, region, site.clone(), preferences, at);
    let mut sights: Vec<Sight> = sites.map(sight).collect();
    sights.sort_by(|a, b| a.rank().total_cmp(&b.rank()));
    sights
}
