//! Judges the members by each change, 256 in a transaction, and puts their letters into the outbox.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use metrics::counter;
use rusqlite::Connection;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::decide::{Told, Watcher, decide};
use super::due::{self, Due};
use super::nights::Nights;
use super::reason::Reason;
use super::store::{self, Address, Leaves, Tell};
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
    let nights = Arc::new(Nights::default());
    let mut bell = app.db.bell();
    report(&app).await?;
    while !stop.is_cancelled() {
        bell.mark_unchanged();
        if step(&app, &nights).await? {
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
    let nights = Arc::new(Nights::default());
    while step(app, &nights).await? {}
    Ok(())
}

/// Judges the next members by the oldest change; false where there is none.
///
/// A change that fails again and again is set aside, so that those after it are told.
pub async fn step(app: &App, nights: &Arc<Nights>) -> Result<bool> {
    let Some(change) = app.db.read(store::oldest).await? else {
        return Ok(false);
    };
    match judge_by(app, nights, change).await {
        Ok(()) => {}
        Err(error @ (Error::Busy | Error::Unwritable(_))) => return Err(error),
        Err(error) => {
            tracing::warn!("Members could not be judged by change {change}: {error}.");
            app.db.write(move |tx| store::stumbled(tx, change)).await?;
            report(app).await?;
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(true)
}

/// Judges the next members by a change.
async fn judge_by(app: &App, nights: &Arc<Nights>, change: i64) -> Result<()> {
    let (club, nights) = (Club::of(app), nights.clone());
    let judged = app
        .db
        .read(move |conn| judge(conn, club, &nights, change))
        .await?;
    let Some(judged) = judged.map(Arc::new) else {
        return Ok(());
    };
    let now = app.clock.now();
    loop {
        let batch = judged.clone();
        match app.db.write(move |tx| write(tx, now, &batch)).await {
            Err(Error::Busy) => tokio::time::sleep(PAUSE).await,
            other => return other,
        }
    }
}

/// Says where members are not told of something because judging fails.
async fn report(app: &App) -> Result<()> {
    match app.db.read(store::set_aside).await? {
        0 => app.health.clear("telling"),
        aside => app.health.warn(
            "telling",
            &format!("Of {aside} changes of bursts members were not told: judging by them fails."),
            "The log says why; please report it.",
        ),
    }
    Ok(())
}

/// What judging needs to know of the desk.
#[derive(Clone, Copy)]
struct Club {
    /// Of members without a site.
    zone: Tz,
    leaves: Leaves,
}

impl Club {
    fn of(app: &App) -> Self {
        Self {
            zone: app.config.time_zone,
            leaves: match app.outbox.is_off() {
                true => Leaves::Never,
                false => Leaves::Once,
            },
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
    zone: Tz,
}

fn judge(conn: &Connection, club: Club, nights: &Nights, change: i64) -> Result<Option<Judged>> {
    let Some(tell) = store::change(conn, change)? else {
        return Ok(None);
    };
    let leaves = match tell.letters {
        Letters::Sent => club.leaves,
        Letters::Kept => Leaves::Never,
    };
    let watchers = store::watchers(conn, &tell, BATCH, leaves)?;
    let to = watchers.last().map(|(watcher, _)| watcher.id);
    let to = to.filter(|_| watchers.len() == BATCH);
    let mut told: Vec<Verdict> = Vec::new();
    for (mut watcher, email) in watchers {
        look(nights, &tell, &mut watcher);
        let reason = decide(tell.before.as_ref(), &tell.after, &watcher, tell.at);
        let due =
            reason.and_then(|reason| Due::of(reason, &tell.after, &watcher, club.zone, tell.at));
        if let (Some(reason), Some(due)) = (reason, due) {
            let mail = Address {
                id: None,
                channel: Channel::Mail,
                address: email,
            };
            told.push(Verdict {
                zone: due::zone(&watcher.sites, club.zone),
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
    Ok(Some(Judged { tell, to, told }))
}

/// Finds from which of a member's sites the burst can be observed, and could before where that matters.
fn look(nights: &Nights, tell: &Tell, watcher: &mut Watcher) {
    watcher.seen = nights.seen(&tell.after, watcher, tell.at);
    if watcher.told.is_none()
        && !watcher.seen.is_empty()
        && let Some(before) = &tell.before
    {
        watcher.seen_before = nights.seen(before, watcher, tell.at);
    }
}

fn write(tx: &Tx, now: DateTime<Utc>, judged: &Judged) -> Result<()> {
    if !store::move_on(tx, &judged.tell, judged.to)? {
        return Ok(());
    }
    for verdict in &judged.told {
        // Who has left since they were judged takes nobody else's letters along.
        if !store::is_there(tx, verdict.watcher.id)? {
            continue;
        }
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
        watcher, reason, ..
    } = verdict;
    let told = watcher.told.as_ref();
    let thread = told.map_or(tell.after.best, |told| told.thread);
    let (letter, due) = letter(tx, tell, verdict, thread)?;
    for burst in about(tell, told, *reason) {
        let letter = (letter.as_str(), due.at);
        store::remember(tx, tell, watcher.id, (burst, thread), *reason, letter)?;
    }
    for address in &verdict.addresses {
        let parcel = parcel(tell, verdict, address, thread, (&letter, due));
        // False where the morning's letter waits already, and will say this too.
        match tell.letters {
            Letters::Sent => outbox::post(tx, now, &parcel)?,
            Letters::Kept => outbox::keep(tx, now, &parcel)?,
        };
    }
    counter!("grb_told_total", "reason" => reason.as_str()).increment(1);
    Ok(())
}

/// What is counted of members told.
pub fn describe() {
    metrics::describe_counter!("grb_told_total", "Members told of a burst, by the reason");
}

/// The bursts that a letter is about. Where all of a group are withdrawn at once, one letter says so of all.
fn about(tell: &Tell, told: Option<&Told>, reason: Reason) -> Vec<i64> {
    let gone = told.filter(|_| reason == Reason::Withdrawn);
    match gone {
        Some(told) => told.of.intersection(&tell.after.gone).copied().collect(),
        None => vec![tell.after.best],
    }
}

/// What the keys of a letter's parcels begin with, and when it leaves: the morning's letter in the first morning for which
/// none has been begun.
fn letter(tx: &Tx, tell: &Tell, verdict: &Verdict, thread: i64) -> Result<(String, Due)> {
    let (member, reason) = (verdict.watcher.id, verdict.reason);
    let kept = match tell.letters {
        Letters::Sent => "",
        Letters::Kept => "kept-",
    };
    let mut due = verdict.due;
    if reason != Reason::Digest {
        let (reason, revision) = (reason.as_str(), tell.id);
        let letter = format!("{kept}burst-{thread}-{member}-{reason}-{revision}");
        return Ok((letter, due));
    }
    loop {
        let letter = format!("{kept}morning-{member}-{}", due.at.timestamp());
        if outbox::is_open(tx, &key(&letter, None))? {
            return Ok((letter, due));
        }
        due = Due::morning(due.at, verdict.zone);
    }
}

fn key(letter: &str, channel: Option<i64>) -> String {
    channel.map_or_else(
        || format!("{letter}-mail"),
        |channel| format!("{letter}-{channel}"),
    )
}

fn parcel(
    tell: &Tell,
    verdict: &Verdict,
    address: &Address,
    thread: i64,
    (letter, due): (&str, Due),
) -> Parcel {
    let Verdict {
        watcher, reason, ..
    } = verdict;
    let kept = tell.letters == Letters::Kept;
    let (kind, payload) = match reason {
        Reason::Digest => (
            "morning",
            json!({ "reason": reason, "due_at": due.at, "kept": kept }),
        ),
        _ => (
            "burst",
            json!({
                "burst": tell.after.best,
                "reason": reason,
                "revision": tell.id,
                "thread": thread,
                "first": watcher.told.is_none(),
                "channel": address.id,
                "kept": kept,
            }),
        ),
    };
    Parcel {
        key: key(letter, address.id),
        channel: address.channel,
        address: address.address.clone(),
        member: Some(watcher.id),
        kind,
        payload,
        secret: false,
        due_at: due.at,
        expires_at: Some(due.expires_at),
    }
}
