//! What leaves the house: letters and pushes wait in one table until they have arrived or are worth nothing any more.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use rusqlite::params;

use super::{App, Result, Tx};

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
    /// As of when it is composed: now, or, for reading it again, when it left.
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
    /// For a webhook: what is posted, signed.
    Json(serde_json::Value),
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

#[derive(Debug, Clone)]
pub struct Picture {
    pub cid: String,
    pub alt: String,
    pub png: Arc<Vec<u8>>,
}

/// Makes the words of a parcel when it is due, and again when an officer reads it.
pub type Composer = fn(App, Order) -> BoxFuture<'static, Result<Composed>>;

/// Every kind of parcel and who composes it.
pub type Composers = BTreeMap<&'static str, Composer>;

/// Puts a parcel into the outbox with the transaction's other changes; false where that key has been there before.
pub fn post(tx: &Tx, now: DateTime<Utc>, parcel: &Parcel) -> Result<bool> {
    insert(tx, now, parcel, "waiting")
}

/// The same for a parcel that is only to be looked at, and never sent.
pub fn keep(tx: &Tx, now: DateTime<Utc>, parcel: &Parcel) -> Result<bool> {
    insert(tx, now, parcel, "kept")
}

fn insert(tx: &Tx, now: DateTime<Utc>, parcel: &Parcel, state: &str) -> Result<bool> {
    let added = tx
        .prepare_cached(
            "insert into outbox (key, channel, address, member_id, kind, payload, state, due_at, expires_at, created_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) on conflict (key) do nothing",
        )?
        .execute(params![
            parcel.key,
            parcel.channel.as_str(),
            parcel.address,
            parcel.member,
            parcel.kind,
            parcel.payload.to_string(),
            state,
            parcel.due_at.timestamp_micros(),
            parcel.expires_at.map(|at| at.timestamp_micros()),
            now.timestamp_micros(),
        ])?;
    Ok(added == 1)
}
