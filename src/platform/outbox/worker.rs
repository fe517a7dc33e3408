//! The one who carries: takes what is due, has it composed, hands it over, and writes down what became of it.

use std::collections::{BTreeSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use lettre::Address;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::push::Pushed;
use super::retry::{Breaker, jittered};
use super::smtp::Meaning;
use super::store::{self, Due, State};
use super::transport::{Carrier, Transport};
use super::{Channel, Composed, message};
use crate::platform::health::Condition;
use crate::platform::scrub::without_addresses;
use crate::platform::{App, Error, Result, Tx};

/// Parcels taken in one write, for each connection.
const HANDFUL: u32 = 4;

/// Carries letters until `stop`.
pub async fn letters(app: App, stop: CancellationToken) -> anyhow::Result<()> {
    let carrier = app.outbox.letters();
    Round::new(&app, &[Channel::Mail], carrier).go(stop).await
}

/// Carries pushes until `stop`.
pub async fn pushes(app: App, stop: CancellationToken) -> anyhow::Result<()> {
    let carrier = Carrier::pushes(&app)?;
    let channels = &[Channel::Ntfy, Channel::Webhook];
    Round::new(&app, channels, carrier).go(stop).await
}

/// What became of an attempt.
#[derive(Debug)]
enum Outcome {
    Sent(String),
    /// Whoever was to take it asks us to come again.
    Later(String),
    /// It came to no answer: it has no words yet, or the talk broke off.
    Unanswered(String),
    /// Whoever was to take it never will.
    Never(String),
    /// It cannot be sent at all.
    Unfit(String),
    Unknown(String),
    /// It must not leave before then, and why.
    NotBefore(DateTime<Utc>, &'static str),
    /// Nobody needs it any more, and why.
    Worthless(String),
    /// The relay is at fault; what it said, and what to do.
    Relay(String, String),
}

/// One carrier on its way, with what it has in hand.
struct Round {
    app: App,
    channels: &'static [Channel],
    carrier: Arc<Carrier>,
    breaker: Arc<Breaker>,
    /// Taken and not yet begun.
    waiting: VecDeque<Due>,
    /// Every parcel that is taken: it is not taken again, however long it lasts.
    in_hand: BTreeSet<i64>,
    hands: JoinSet<i64>,
    /// No letter before then, for the relay's sake.
    paced_until: DateTime<Utc>,
}

impl Round {
    fn new(app: &App, channels: &'static [Channel], carrier: Arc<Carrier>) -> Self {
        Self {
            app: app.clone(),
            channels,
            carrier,
            breaker: Arc::default(),
            waiting: VecDeque::new(),
            in_hand: BTreeSet::new(),
            hands: JoinSet::new(),
            paced_until: DateTime::<Utc>::MIN_UTC,
        }
    }

    async fn go(mut self, stop: CancellationToken) -> anyhow::Result<()> {
        if self.carrier.is_off() {
            stop.cancelled().await;
            return Ok(());
        }
        self.carrier.say_well(&self.app);
        let ended = self.rounds(&stop).await;
        // Also where the database failed: what is begun is finished, never cut off in the middle of a letter.
        self.finish().await;
        ended
    }

    async fn rounds(&mut self, stop: &CancellationToken) -> anyhow::Result<()> {
        let mut bell = self.app.db.bell();
        while !stop.is_cancelled() {
            // Before looking, so that what is posted meanwhile rings again.
            bell.borrow_and_update();
            let pause = self.begin_what_is_due().await?;
            let at_rest = self.hands.is_empty() && self.waiting.is_empty();
            if at_rest {
                self.carrier.rest().await;
            }
            let clock = self.app.clock.clone();
            tokio::select! {
                Some(done) = self.hands.join_next() => self.lay_down(done),
                Ok(()) = bell.changed() => {}
                () = async { match pause { Some(at) => clock.sleep_until(at).await, None => std::future::pending().await } } => {}
                () = stop.cancelled() => {}
            }
        }
        Ok(())
    }

    /// Begins as many attempts as may run at once; says when to look again if nothing else happens.
    async fn begin_what_is_due(&mut self) -> anyhow::Result<Option<DateTime<Utc>>> {
        loop {
            let now = self.app.clock.now();
            if let Some(until) = self.breaker.open_until(now) {
                self.give_back().await?;
                return Ok(Some(until));
            }
            if self.hands.len() >= self.lanes() as usize {
                return Ok(None);
            }
            if self.paced_until > now {
                return Ok(Some(self.paced_until));
            }
            if self.waiting.is_empty() {
                let next = self.next_due().await?;
                if next.is_none_or(|at| at > now) {
                    return Ok(next);
                }
                self.take(now).await?;
            }
            let Some(due) = self.waiting.pop_front() else {
                // Somebody else ended it between the look and the taking.
                return Ok(Some(now + TimeDelta::seconds(1)));
            };
            if let Some(pace) = self.carrier.pace(&self.app) {
                self.paced_until = now + pace;
            }
            let attempt = carry(
                self.app.clone(),
                self.carrier.clone(),
                self.breaker.clone(),
                due,
            );
            self.hands.spawn(attempt);
        }
    }

    /// How many attempts may run at once: one, while a relay is being tried again.
    fn lanes(&self) -> u32 {
        if self.breaker.is_probing() {
            1
        } else {
            self.carrier.lanes()
        }
    }

    async fn next_due(&self) -> Result<Option<DateTime<Utc>>> {
        let (channels, in_hand) = (self.channels, self.ids());
        self.app
            .db
            .read(move |conn| store::next_due(conn, channels, &in_hand))
            .await
    }

    async fn take(&mut self, now: DateTime<Utc>) -> Result<()> {
        let (channels, in_hand) = (self.channels, self.ids());
        let ladder = self.app.config.mail.ladder.clone();
        // One at a time where each waits for the next minute: what is taken should be sent soon.
        let limit = match self.carrier.pace(&self.app) {
            Some(_) => 1,
            None => self.lanes() * HANDFUL,
        };
        let due = written(&self.app, move |tx| {
            store::take(tx, now, channels, &in_hand, limit, &ladder)
        })
        .await?;
        self.in_hand.extend(due.iter().map(|due| due.order.id));
        self.waiting.extend(due);
        Ok(())
    }

    /// Puts back what has been taken and not begun.
    async fn give_back(&mut self) -> Result<()> {
        let ids: Vec<i64> = self.waiting.drain(..).map(|due| due.order.id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        for id in &ids {
            self.in_hand.remove(id);
        }
        let now = self.app.clock.now();
        written(&self.app, move |tx| store::give_back(tx, &ids, now, None)).await
    }

    fn lay_down(&mut self, done: Result<i64, tokio::task::JoinError>) {
        match done {
            Ok(id) => {
                self.in_hand.remove(&id);
            }
            Err(error) => tracing::error!("An attempt fell over: {error}."),
        }
    }

    /// At the end: what is begun is finished, the rest put back; where that fails, it is due again after its pause.
    async fn finish(mut self) {
        if let Err(error) = self.give_back().await {
            tracing::warn!("What was not begun could not be put back: {error}.");
        }
        while let Some(done) = self.hands.join_next().await {
            self.lay_down(done);
        }
        self.carrier.rest().await;
    }

    fn ids(&self) -> Vec<i64> {
        self.in_hand.iter().copied().collect()
    }
}

/// One attempt from beginning to end; gives the parcel's id, whatever happens.
async fn carry(app: App, carrier: Arc<Carrier>, breaker: Arc<Breaker>, due: Due) -> i64 {
    let id = due.order.id;
    let whole = async {
        let attempt = AssertUnwindSafe(attempt(&app, &carrier, &due)).catch_unwind();
        let outcome = attempt.await.unwrap_or_else(|_| {
            Outcome::Unanswered("it could not be composed: the composer panicked".into())
        });
        if carrier.is_letters() {
            note_health(&app, &carrier, &breaker, &outcome);
        }
        metrics::counter!("grb_outbox_attempts_total", "outcome" => outcome.name()).increment(1);
        settle(&app, &breaker, due, outcome).await
    };
    match AssertUnwindSafe(whole).catch_unwind().await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::error!("What became of parcel {id} could not be written down: {error}.");
        }
        Err(_) => tracing::error!("The attempt at parcel {id} fell over."),
    }
    id
}

/// Composes and hands over, unless there is a reason not to.
async fn attempt(app: &App, carrier: &Carrier, due: &Due) -> Outcome {
    let expired = |now: DateTime<Utc>| due.expires_at.is_some_and(|at| at <= now);
    if expired(app.clock.now()) {
        return Outcome::Worthless("it came too late to be of use".into());
    }
    if let Some(reason) = &due.suppressed {
        return Outcome::Unfit(format!("nothing is sent to this address: {reason}"));
    }
    let composed = match app.outbox.compose(app, &due.kind, due.order.clone()).await {
        Ok(Composed::Nothing(why)) => return Outcome::Worthless(why),
        Ok(Composed::Later(at, why)) => return Outcome::NotBefore(at, why),
        Ok(composed) => composed,
        Err(error) => return Outcome::Unanswered(format!("it could not be composed: {error}")),
    };
    let wanted = || !expired(app.clock.now());
    match (carrier, composed) {
        (Carrier::Letters(transport), Composed::Letter(letter)) => {
            let to: Address = match due.order.address.parse() {
                Ok(to) => to,
                Err(_) => return Outcome::Unfit("this is no mail address".into()),
            };
            let from = &app.config.mail.from;
            match message::write(&letter, &due.order, from, &to) {
                Ok(bytes) => hand_over(transport, due, (&from.email, &to), &bytes, wanted).await,
                Err(error) => {
                    Outcome::Unfit(format!("it cannot be written as a letter: {error:#}"))
                }
            }
        }
        (Carrier::Pushes(Some(pushes)), composed) => {
            match pushes
                .push(&due.order, &composed, app.clock.wall().timestamp())
                .await
            {
                Pushed::Taken(words) => Outcome::Sent(words),
                Pushed::Later(words) => Outcome::Later(words),
                Pushed::Never(words) => Outcome::Never(words),
            }
        }
        _ => Outcome::Unfit("what was composed does not fit the channel".into()),
    }
}

async fn hand_over(
    transport: &Transport,
    due: &Due,
    envelope: (&Address, &Address),
    bytes: &[u8],
    wanted: impl Fn() -> bool,
) -> Outcome {
    match transport {
        Transport::Relay(post) => match post.deliver(envelope, bytes, wanted, &|_, _| ()).await {
            Ok(words) => Outcome::Sent(words),
            Err(fault) => match fault.meaning() {
                Meaning::Relay => Outcome::Relay(fault.to_string(), fault.remedy(&post.relay)),
                Meaning::Later if fault.is_answer() => Outcome::Later(fault.to_string()),
                Meaning::Later => Outcome::Unanswered(fault.to_string()),
                Meaning::Never => Outcome::Never(fault.to_string()),
                Meaning::Unknown => Outcome::Unknown(fault.to_string()),
                Meaning::TooLate => Outcome::Worthless(fault.to_string()),
            },
        },
        Transport::Folder(folder) => {
            let name = format!(
                "{:08}-{}.eml",
                due.order.id,
                &message::digest(&due.order.key)[..8]
            );
            let (folder, file, bytes) = (folder.clone(), name.clone(), bytes.to_vec());
            let writing =
                tokio::task::spawn_blocking(move || super::folder::write(&folder, &file, &bytes));
            match writing.await {
                Ok(Ok(())) => Outcome::Sent(format!("written as {name}")),
                Ok(Err(error)) => Outcome::Relay(
                    format!("{error:#}"),
                    "Check mail_folder, and that this program may write there.".into(),
                ),
                Err(error) => Outcome::Unanswered(error.to_string()),
            }
        }
        Transport::Memory(kept) => {
            kept.keep(envelope.1.to_string(), bytes.to_vec());
            Outcome::Sent("kept in memory".into())
        }
        Transport::Off => Outcome::Unanswered("there is no relay".into()),
    }
}

/// Writes down what became of a parcel.
async fn settle(app: &App, breaker: &Breaker, due: Due, outcome: Outcome) -> Result<()> {
    let now = app.clock.now();
    let ladder = &app.config.mail.ladder;
    let (id, address) = (due.order.id, due.order.address);
    let again = |words: &str| match ladder.pause(due.attempts) {
        Some(pause) => Ok(now + jittered(pause)),
        None => Err(format!("given up after 48 hours; at last: {words}")),
    };
    match outcome {
        Outcome::Sent(words) => end(app, now, id, State::Sent, words).await,
        Outcome::Worthless(why) => end(app, now, id, State::Expired, why).await,
        Outcome::Unfit(why) if due.suppressed.is_some() => {
            end(app, now, id, State::Suppressed, why).await
        }
        Outcome::Never(why) | Outcome::Unfit(why) => end(app, now, id, State::Failed, why).await,
        Outcome::Unknown(why) => {
            written(app, move |tx| {
                store::suppress(tx, now, &address, &why)?;
                store::finish(tx, now, id, State::Failed, &why)
            })
            .await
        }
        Outcome::Later(words) | Outcome::Unanswered(words) => match again(&words) {
            Ok(at) => written(app, move |tx| store::put_off(tx, id, at, &words)).await,
            Err(why) => end(app, now, id, State::Failed, why).await,
        },
        Outcome::NotBefore(at, why) => {
            written(app, move |tx| store::give_back(tx, &[id], at, Some(why))).await
        }
        Outcome::Relay(words, _) => {
            let at = breaker
                .open_until(now)
                .unwrap_or_else(|| now + ladder.first_rest());
            written(app, move |tx| store::give_back(tx, &[id], at, Some(&words))).await
        }
    }
}

async fn end(app: &App, now: DateTime<Utc>, id: i64, state: State, answer: String) -> Result<()> {
    written(app, move |tx| store::finish(tx, now, id, state, &answer)).await
}

/// Says how the relay is; also the breaker hears of it.
fn note_health(app: &App, carrier: &Carrier, breaker: &Breaker, outcome: &Outcome) {
    let now = app.clock.now();
    match outcome {
        Outcome::Relay(words, remedy) => {
            let until = breaker.failed(now, &app.config.mail.ladder);
            let words = format!(
                "Letters cannot leave: {words}. They wait; tried again about {}.",
                until.format("%H:%M:%S UTC")
            );
            // What the relay answers may name the member it was about; everybody reads this.
            let words = without_addresses(&words);
            app.health.warn("mail", &words, remedy);
        }
        // Whatever was said about this letter, the relay spoke with us.
        Outcome::Sent(_) | Outcome::Later(_) | Outcome::Never(_) | Outcome::Unknown(_) => {
            breaker.well();
            carrier.say_well(app);
        }
        Outcome::Unanswered(_)
        | Outcome::Unfit(_)
        | Outcome::NotBefore(..)
        | Outcome::Worthless(_) => {}
    }
}

impl Outcome {
    fn name(&self) -> &'static str {
        match self {
            Self::Sent(_) => "sent",
            Self::Later(_) | Self::Unanswered(_) => "later",
            Self::Never(_) | Self::Unfit(_) | Self::Unknown(_) => "refused",
            Self::NotBefore(..) => "not before",
            Self::Worthless(_) => "worthless",
            Self::Relay(..) => "relay",
        }
    }
}

/// Writes, and where the desk is busy or the disk is full, waits and writes again: what has happened must be written down.
async fn written<T: Send + 'static>(
    app: &App,
    write: impl Fn(&Tx) -> Result<T> + Clone + Send + 'static,
) -> Result<T> {
    let mut pause = Duration::from_millis(20);
    for _ in 0..20 {
        match app.db.write(write.clone()).await {
            Err(Error::Busy | Error::Unwritable(_)) => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
            other => return other,
        }
    }
    app.db.write(write).await
}

/// How the letters are, for the status page and `/health/readiness`.
pub async fn condition(app: &App) -> Condition {
    let waiting = app.db.read(store::waiting).await.unwrap_or(0);
    let letters = match waiting {
        0 => "No letter waits".to_owned(),
        1 => "One letter waits".to_owned(),
        more => format!("{more} letters wait"),
    };
    match app.health.of("mail") {
        Some(known) if !app.outbox.is_off() => known,
        None if !app.outbox.is_off() => Condition::ok(format!("{letters} in the outbox.")),
        _ if app.config.demo.is_some() => Condition {
            remedy: None,
            ..Condition::off(
                format!(
                    "{letters} in the outbox. In a demonstration none leaves, and everybody may read them."
                ),
                "",
            )
        },
        _ => Condition::off(
            format!("{letters} in the outbox until SMTP is set."),
            "Set smtp_url (GRB_SMTP_URL), then try it with: sudo grb-app admin mail test --to ADDRESS",
        ),
    }
}
