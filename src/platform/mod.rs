//! What every area stands on: configuration, clock, database, events, tasks and the web shell. It knows no area.

pub mod audit;
pub mod backups;
pub mod bus;
pub mod clock;
pub mod config;
pub mod cron;
pub mod db;
pub mod doctor;
pub mod error;
pub mod health;
pub mod keepsake;
pub mod outbox;
pub mod random;
pub mod release;
pub mod reload;
pub mod scrub;
pub mod settings;
mod shelf;
pub mod tasks;
pub mod telemetry;
pub mod trust;
pub mod web;
pub mod words;

use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

pub use audit::Actor;
pub use bus::Bus;
pub use clock::Clock;
pub use config::Config;
pub use db::{Db, Tx};
pub use error::{Error, Result};
pub use health::Health;
pub use keepsake::keepsake;
pub use outbox::Outbox;
pub use shelf::Shelf;
pub use web::limits::Limits;

/// The handle that every function gets first. One pointer: it is copied for every request.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What the handle holds.
#[derive(Clone)]
pub struct Parts {
    pub config: Arc<Config>,
    pub clock: Clock,
    pub db: Db,
    pub bus: Bus,
    pub health: Health,
    pub limits: Limits,
    pub outbox: Outbox,
    pub shelf: Shelf,
}

impl App {
    /// The same, knowing the address it was bound to: with port 0 the settings do not.
    #[must_use]
    pub fn bound_to(mut self, address: SocketAddr) -> Self {
        Arc::make_mut(&mut self.config).listen = address;
        self
    }

    /// Opens the database of `config`'s data folder, migrated and locked for this process.
    pub fn open(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let db = Db::open(&config.data_dir, clock.now())?;
        Ok(Self(Arc::new(Parts {
            limits: Limits::new(&config.rates, &clock),
            outbox: Outbox::new(&config.mail),
            config: Arc::new(config),
            clock,
            db,
            bus: Bus::new(),
            health: Health::default(),
            shelf: Shelf::default(),
        })))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Changes this handle, and none that was copied from it.
impl DerefMut for App {
    fn deref_mut(&mut self) -> &mut Parts {
        Arc::make_mut(&mut self.0)
    }
}
