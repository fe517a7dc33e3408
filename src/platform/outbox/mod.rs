//! What leaves the house: letters and pushes wait in one table until they have arrived or are worth nothing any more.

mod dns;
mod doctor;
mod folder;
mod local;
mod message;
mod push;
mod reach;
mod retry;
pub mod settings;
mod smtp;
pub mod store;
#[cfg(test)]
mod tests;
mod transport;
pub mod trial;
mod worker;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;

use super::config::Secret;
use super::cron::Chore;
use super::{App, Error, Result, Tx};
use transport::{Carrier, Transport};

pub use doctor::checks;
pub use local::local_routes;
pub use message::one_line;
pub use settings::Mail;
pub use store::{Entry, State, forget_member, is_open, readdress, take_back};
pub use transport::Kept;
pub use worker::{condition, letters, pushes};

/// One thing to be told to one address.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// What makes it one thing: the same key is never sent twice.
    pub key: String,
    pub channel: Channel,
    /// A mail address or a URL.
    pub address: String,
    pub member: Option<i64>,
    /// Which composer makes its words: account, burst …
    pub kind: &'static str,
    /// What the composer needs.
    pub payload: serde_json::Value,
    /// The payload holds a secret: officers do not read it, and it goes when the parcel has ended.
    pub secret: bool,
    pub due_at: DateTime<Utc>,
    /// Worthless from then on.
    pub expires_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    Mail,
    Ntfy,
    Webhook,
}

impl Channel {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Ntfy => "ntfy",
            Self::Webhook => "webhook",
        }
    }
}

/// What a composer is asked for: a parcel that is due.
#[derive(Debug, Clone)]
pub struct Order {
    pub id: i64,
    pub key: String,
    pub channel: Channel,
    pub address: String,
    pub member: Option<i64>,
    pub payload: serde_json::Value,
    pub created_at: DateTime<Utc>,
    /// As of when it is composed: now, or, for reading it, when it left or will leave.
    pub at: DateTime<Utc>,
}

/// What a composer makes.
#[derive(Debug, Clone)]
pub enum Composed {
    Letter(Box<Letter>),
    /// For ntfy: a title, a few lines, an address to open.
    Push {
        title: String,
        text: String,
        url: String,
        urgent: bool,
    },
    /// For a webhook: what is posted, signed with the secret that its owner was shown.
    Json {
        body: serde_json::Value,
        secret: Secret,
    },
    /// It must not leave before then, and why.
    Later(DateTime<Utc>, &'static str),
    /// There is nothing to say any more, and why.
    Nothing(String),
}

/// A letter, before it has an envelope.
#[derive(Debug, Clone, Default)]
pub struct Letter {
    pub to_name: Option<String>,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Shown inside the letter by `cid:`.
    pub pictures: Vec<Picture>,
    pub thread: Option<Thread>,
    /// Where one click, a POST, ends such letters (RFC 8058).
    pub unsubscribe: Option<String>,
}

/// Letters about one thing, which a mail program shows together.
#[derive(Debug, Clone)]
pub struct Thread {
    /// The first letter's Message-ID, without its host: `burst-17.member-5`.
    pub root: String,
    /// This is that first letter; the others answer to it (In-Reply-To, References).
    pub first: bool,
}

#[derive(Clone)]
pub struct Picture {
    pub cid: String,
    pub alt: String,
    pub png: Arc<Vec<u8>>,
}

impl fmt::Debug for Picture {
    /// Without the bytes, which nobody reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cid, alt, png } = self;
        write!(f, "Picture({cid}: {alt:?}, {} bytes)", png.len())
    }
}

/// Makes the words of a parcel when it is due, and again when an officer reads it.
pub type Composer = fn(App, Order) -> BoxFuture<'static, Result<Composed>>;

/// Every kind of parcel and who composes it.
pub type Composers = BTreeMap<&'static str, Composer>;

/// The outbox as the rest of the program holds it: where letters go, and who composes them.
#[derive(Clone)]
pub struct Outbox {
    letters: Arc<Carrier>,
    composers: Arc<OnceLock<Composers>>,
}

impl Outbox {
    pub fn new(mail: &Mail) -> Self {
        Self::by(Transport::of(&mail.way))
    }

    /// One whose letters stay in memory, and those letters: for tests.
    pub fn in_memory() -> (Self, Kept) {
        let kept = Kept::default();
        (Self::by(Transport::Memory(kept.clone())), kept)
    }

    fn by(transport: Transport) -> Self {
        Self {
            letters: Arc::new(Carrier::Letters(transport)),
            composers: Arc::default(),
        }
    }

    /// Tells who composes what; the first word counts.
    pub fn know(&self, composers: Composers) {
        drop(self.composers.set(composers));
    }

    /// Composes what is ordered of `kind`, now or again.
    pub async fn compose(&self, app: &App, kind: &str, order: Order) -> Result<Composed> {
        let composer = self.composers.get().and_then(|all| all.get(kind));
        let composer = composer.ok_or(Error::NotFound("composer for such a letter"))?;
        composer(app.clone(), order).await
    }

    /// True where letters have no way to leave.
    pub fn is_off(&self) -> bool {
        self.letters.is_off()
    }

    fn letters(&self) -> Arc<Carrier> {
        self.letters.clone()
    }
}

/// Puts a parcel into the outbox with the transaction's other changes; false where that key has been there before.
///
/// Once it is committed, whoever carries parcels is woken.
pub fn post(tx: &Tx, now: DateTime<Utc>, parcel: &Parcel) -> Result<bool> {
    store::add(tx, now, parcel, State::Waiting)
}

/// The same for a parcel that is only to be looked at, and never sent.
pub fn keep(tx: &Tx, now: DateTime<Utc>, parcel: &Parcel) -> Result<bool> {
    store::add(tx, now, parcel, State::Kept)
}

/// Ends what has become worthless while nothing could leave, and forgets what ended more than 30 days ago.
pub fn chore() -> Chore {
    Chore {
        name: "clear the outbox",
        every: chrono::TimeDelta::hours(6),
        run: |_, tx, now| {
            store::end_expired(tx, now)?;
            store::forget_old(tx, now).map(drop)
        },
    }
}
