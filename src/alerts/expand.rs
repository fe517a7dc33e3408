//! Judges the members by each change, 256 in a transaction, and puts their letters into the outbox.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures::future::BoxFuture;
use metrics::counter;
use rusqlite::Connection;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::decide::{Told, Watcher, decide};
use super::due::Due;
use super::grids::Grids;
use super::reason::Reason;
use super::store::{self, Address, Tell};
use super::tell::Letters;
use crate::platform::outbox::{self, Channel, Parcel};
use crate::platform::{App, Error, Result, Tx};

/// Members in one transaction.
const BATCH: usize = 256;

/// Where a bell was missed, changes are looked for after this time.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a full queue of writes is left alone.
const PAUSE: Duration = Duration::from_millis(50);

/// Judges everybody by every change, in the order of the changes, until `stop`. A crash at any point loses nothing and
/// tells nobody twice: a batch's judgements and how far they have come are one transaction.
pub async fn expand(app: App, stop: CancellationToken) -> anyhow::Result<()> {
    let grids = Arc::new(Grids::default());
    let mut bell = app.db.bell();
    while !stop.is_cancelled() {
        bell.mark_unchanged();
        if step(&app, &grids, &stop).await? {
            continue;
        }
        tokio::select! {
            _ = bell.changed() => {},
            () = tokio::time::sleep(PATIENCE) => {},
            () = stop.cancelled() => {},
        }
    }
    Ok(())
}

/// Judges everybody by every change that is there.
pub async fn settle(app: &App) -> Result<()> {
    let (grids, stop) = (Arc::new(Grids::default()), CancellationToken::new());
    while step(app, &grids, &stop).await? {}
    Ok(())
}

/// Judges everybody by the oldest change, each batch while the one before is written; false where there is no change.
async fn step(app: &App, grids: &Arc<Grids>, stop: &CancellationToken) -> Result<bool> {
    let Some(mut tell) = app.db.read(store::next).await? else {
        return Ok(false);
    };
    let mut written: BoxFuture<Result<()>> = Box::pin(std::future::ready(Ok(())));
    loop {
        let (club, grids, change) = (app.config.time_zone, grids.clone(), tell.clone());
        let judging = app.db.read(move |conn| judge(conn, change, club, &grids));
        let ((), judged) = tokio::try_join!(written, judging)?;
        let last = judged.to.filter(|_| !stop.is_cancelled());
        written = Box::pin(keep(app, Arc::new(judged)));
        let Some(member) = last else { break };
        tell.judged_to = member;
    }
    written.await?;
    Ok(true)
}

/// Writes what was judged, as soon as there is room for it.
async fn keep(app: &App, judged: Arc<Judged>) -> Result<()> {
    let now = app.clock.now();
    loop {
        let batch = judged.clone();
        match app.db.write(move |tx| write(tx, now, &batch)).await {
            Err(Error::Busy) => tokio::time::sleep(PAUSE).await,
            done => return done,
        }
    }
}

/// A batch of members, judged by a change.
struct Judged {
    tell: Tell,
    /// The last of the batch; `None` where it is the last of all.
    to: Option<i64>,
    told: Vec<Verdict>,
}

/// A member who is to be told.
struct Verdict {
    watcher: Watcher,
    addresses: Vec<Address>,
    reason: Reason,
    due: Due,
}

fn judge(conn: &Connection, tell: Tell, club: Tz, grids: &Grids) -> Result<Judged> {
    let watchers = store::watchers(conn, &tell, BATCH)?;
    let to = watchers.last().map(|(watcher, _)| watcher.id);
    let to = to.filter(|_| watchers.len() == BATCH);
    let mut told: Vec<Verdict> = Vec::new();
    for (mut watcher, email) in watchers {
        look(grids, &tell, &mut watcher);
        let reason = decide(tell.before.as_ref(), &tell.after, &watcher, tell.at);
        let due = reason.and_then(|reason| Due::of(reason, &tell.after, &watcher, club, tell.at));
        if let (Some(reason), Some(due)) = (reason, due) {
            let mail = Address {
                name: "mail".into(),
                channel: Channel::Mail,
                address: email,
            };
            told.push(Verdict {
                watcher,
                addresses: vec![mail],
                reason,
                due,
            });
        }
    }
    if let (Some(first), Some(last)) = (told.first(), told.last()) {
        let ids = first.watcher.id..=last.watcher.id;
        let mut channels = store::channels(conn, ids)?;
        for verdict in told.iter_mut().filter(|one| one.reason != Reason::Digest) {
            let more = channels.remove(&verdict.watcher.id);
            verdict.addresses.extend(more.into_iter().flatten());
        }
    }
    Ok(Judged { tell, to, told })
}

/// Finds from which of a member's sites the burst can be observed, and could before where that matters.
fn look(grids: &Grids, tell: &Tell, watcher: &mut Watcher) {
    watcher.seen = grids.seen(&tell.after, watcher, tell.at);
    if watcher.told.is_none()
        && !watcher.seen.is_empty()
        && let Some(before) = &tell.before
    {
        watcher.seen_before = grids.seen(before, watcher, tell.at);
    }
}

fn write(tx: &Tx, now: DateTime<Utc>, judged: &Judged) -> Result<()> {
    if !store::move_on(tx, &judged.tell, judged.to)? {
        return Ok(());
    }
    for verdict in &judged.told {
        tell(tx, now, &judged.tell, verdict)?;
    }
    if !judged.told.is_empty() {
        tx.ring();
    }
    Ok(())
}

/// Remembers that a member is told, and puts what they get into the outbox.
fn tell(tx: &Tx, now: DateTime<Utc>, tell: &Tell, verdict: &Verdict) -> Result<()> {
    let Verdict {
        watcher,
        addresses,
        reason,
        due,
    } = verdict;
    let told = watcher.told.as_ref();
    let thread = told.map_or(tell.after.best, |told| told.thread);
    for burst in about(tell, told, *reason) {
        store::remember(tx, tell, watcher.id, (burst, thread), *reason, due.at)?;
    }
    for address in addresses {
        let parcel = parcel(tell, verdict, address, thread);
        match tell.letters {
            Letters::Sent => outbox::post(tx, now, &parcel)?,
            Letters::Kept => outbox::keep(tx, tell.at, &parcel)?,
        };
    }
    counter!("grb_told_total", "reason" => reason.as_str()).increment(1);
    Ok(())
}

/// The bursts that a letter is about. Where all of a group are withdrawn at once, one letter says so of all.
fn about(tell: &Tell, told: Option<&Told>, reason: Reason) -> Vec<i64> {
    let gone = told.filter(|_| reason == Reason::Withdrawn);
    match gone {
        Some(told) => told.of.intersection(&tell.after.gone).copied().collect(),
        None => vec![tell.after.best],
    }
}

fn parcel(tell: &Tell, verdict: &Verdict, address: &Address, thread: i64) -> Parcel {
    let Verdict {
        watcher,
        reason,
        due,
        ..
    } = verdict;
    let (member, after) = (watcher.id, &tell.after);
    let (key, payload) = match reason {
        Reason::Digest => (
            format!("morning-{member}-{}", due.at.timestamp()),
            json!({ "reason": reason, "due_at": due.at }),
        ),
        _ => (
            format!(
                "burst-{thread}-{member}-{}-{}-{}",
                reason.as_str(),
                tell.id,
                address.name
            ),
            json!({
                "burst": after.best,
                "reason": reason,
                "revision": tell.id,
                "sites": watcher.seen,
                "thread": thread,
                "first": watcher.told.is_none(),
            }),
        ),
    };
    Parcel {
        key,
        channel: address.channel,
        address: address.address.clone(),
        member: Some(member),
        kind: "burst",
        payload,
        due_at: due.at,
        expires_at: Some(due.expires_at),
    }
}
