//! The names in memory: a copy of the table that only the writer's thread changes, so that it never runs ahead or behind.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::NaiveDate;
use compact_str::CompactString;
use dashmap::DashMap;
use serde_json::json;

use super::name::Name;
use super::store::{self, Row};
use crate::platform::audit::{self, About};
use crate::platform::{Actor, App, Db, Result};

/// Names in memory at most; what strangers store beyond is read from the database. They take 44 MB; more would take twice that.
const ROOM: usize = 1_500_000;

/// Rows read in one job: the writer is not kept from others for longer than a few milliseconds.
const CHUNK: usize = 4096;

/// Until reading is tried again after it failed.
const PAUSE: Duration = Duration::from_secs(5);

/// Dates of birth by name.
pub(super) struct Memory {
    born: DashMap<Key, NaiveDate>,
    room: usize,
    /// Somebody reads the table, or has read it.
    begun: AtomicBool,
    /// The table has been read to its end, or as far as there was room.
    read: AtomicBool,
    /// There was no room for some name.
    left_out: AtomicBool,
    /// The last name that was read.
    last: Mutex<CompactString>,
}

impl Default for Memory {
    fn default() -> Self {
        Self::for_names(ROOM)
    }
}

/// A name of at most 25 letters, five bits each, in words that leave no gap beside a date.
///
/// Longer names would each need memory of their own, which strangers could ask for without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u32; 4]);

impl Key {
    pub(super) const LONGEST: usize = 25;

    /// `None` for what is longer, or no name in small letters.
    pub(super) fn of(name: &str) -> Option<Self> {
        if name.len() > Self::LONGEST || !name.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return None;
        }
        let letters = name.bytes().map(|byte| byte - b'a' + 1);
        let packed = letters.fold(0_u128, |packed, letter| packed << 5 | u128::from(letter));
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = packed.to_be_bytes();
        let word = u32::from_be_bytes;
        Some(Self([
            word([a, b, c, d]),
            word([e, f, g, h]),
            word([i, j, k, l]),
            word([m, n, o, p]),
        ]))
    }
}

/// What the memory knows of a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known {
    Born(NaiveDate),
    Nobody,
    /// The table has to be asked.
    Unsure,
}

impl Memory {
    /// An empty one that holds at most so many names.
    pub(super) fn for_names(room: usize) -> Self {
        Self {
            born: DashMap::new(),
            room,
            begun: AtomicBool::new(false),
            read: AtomicBool::new(false),
            left_out: AtomicBool::new(false),
            last: Mutex::default(),
        }
    }

    pub(super) fn find(&self, name: &str) -> Known {
        let Some(key) = Key::of(name) else {
            return Known::Unsure;
        };
        if let Some(born) = self.born.get(&key) {
            return Known::Born(*born);
        }
        match self.read.load(SeqCst) && !self.left_out.load(SeqCst) {
            true => Known::Nobody,
            false => Known::Unsure,
        }
    }

    pub(super) fn put(&self, name: &str, born: NaiveDate) {
        let Some(key) = Key::of(name) else { return };
        if self.born.len() < self.room || self.born.contains_key(&key) {
            self.born.insert(key, born);
        } else {
            self.left_out.store(true, SeqCst);
        }
    }

    pub(super) fn forget(&self, name: &str) {
        if let Some(key) = Key::of(name) {
            self.born.remove(&key);
        }
    }

    /// Takes in the next rows of the table; fewer than [`CHUNK`] are the last.
    pub(super) fn take(&self, rows: Vec<Row>) {
        let end = rows.len() < CHUNK;
        if let Some((name, _)) = rows.last() {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = name.clone();
        }
        for (name, born) in rows {
            self.put(&name, born);
        }
        self.read.store(end || self.left_out.load(SeqCst), SeqCst);
    }

    fn last(&self) -> CompactString {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.clone()
    }
}

/// The desk's memory. Who asks first begins to fill it, so that a desk that is never asked pays nothing.
pub(super) fn of(app: &App) -> Arc<Memory> {
    let memory = app.shelf.of::<Memory>();
    // Looked at before it is changed: all cores read this at every request.
    if !memory.begun.load(SeqCst) && !memory.begun.swap(true, SeqCst) {
        tokio::spawn(fill(app.db.clone(), memory.clone()));
    }
    memory
}

/// Reads the table, chunk by chunk. What was read stays if reading fails, and the next request goes on from there.
pub(super) async fn fill(db: Db, memory: Arc<Memory>) {
    while !memory.read.load(SeqCst) {
        if let Err(error) = read_on(&db, &memory).await {
            tracing::warn!("The names of the hello API could not be read: {error}.");
            tokio::time::sleep(PAUSE).await;
            memory.begun.store(false, SeqCst);
            return;
        }
    }
}

/// One chunk. It is read between other writes and taken in, in the order of the commits, before or after what they do to it.
pub(super) async fn read_on(db: &Db, memory: &Arc<Memory>) -> Result<()> {
    let memory = memory.clone();
    let reading = db.write(move |tx| {
        let rows = store::after(tx, &memory.last(), CHUNK)?;
        tx.after_commit(move || memory.take(rows));
        Ok(())
    });
    reading.await
}

/// When the one of this name was born: from memory, or from the table where the memory cannot say.
pub(super) async fn born(app: &App, name: Name) -> Result<Option<NaiveDate>> {
    match of(app).find(&name) {
        Known::Born(born) => Ok(Some(born)),
        Known::Nobody => Ok(None),
        Known::Unsure => app.db.read(move |conn| store::born(conn, &name)).await,
    }
}

/// Keeps a date of birth. It is in memory before this returns, and in the table before that.
pub(super) async fn keep(app: &App, name: Name, born: NaiveDate) -> Result<()> {
    let memory = of(app);
    let keeping = app.db.write(move |tx| {
        store::put(tx, &name, born)?;
        tx.after_commit(move || memory.put(&name, born));
        Ok(())
    });
    keeping.await
}

/// Takes a name out for somebody at the terminal; true where it was there. What was taken out is not kept on record either.
pub(super) async fn forget(app: &App, name: Name) -> Result<bool> {
    let (memory, now) = (of(app), app.clock.now());
    let forgetting = app.db.write(move |tx| {
        let was_there = store::forget(tx, &name)?;
        if was_there {
            let about = About::named("name", "a name of the hello API");
            audit::note(
                tx,
                now,
                &Actor::Terminal,
                "hello.forget",
                &about,
                &json!({}),
            )?;
        }
        tx.after_commit(move || memory.forget(&name));
        Ok(was_there)
    });
    forgetting.await
}
