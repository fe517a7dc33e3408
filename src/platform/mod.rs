//! What every area stands on: configuration, clock, database, events, tasks and the web shell. It knows no area.

pub mod bus;
pub mod clock;
pub mod config;
pub mod cron;
pub mod db;
pub mod error;
pub mod health;
mod keepsake;
pub mod outbox;
pub mod random;
pub mod settings;
pub mod tasks;
pub mod telemetry;
pub mod trust;
pub mod web;

use std::net::SocketAddr;
use std::sync::Arc;

pub use bus::Bus;
pub use clock::Clock;
pub use config::Config;
pub use db::{Db, Tx};
pub use error::{Error, Result};
pub use health::Health;
pub use keepsake::keepsake;
pub use outbox::Outbox;
pub use web::limits::Limits;

/// The handle that every function gets first.
#[derive(Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub clock: Clock,
    pub db: Db,
    pub bus: Bus,
    pub health: Health,
    pub limits: Limits,
    pub outbox: Outbox,
}

impl App {
    /// The same, knowing the address it was bound to: with port 0 the settings do not.
    #[must_use]
    pub fn bound_to(mut self, address: SocketAddr) -> Self {
        let mut config = (*self.config).clone();
        config.listen = address;
        self.config = Arc::new(config);
        self
    }

    /// Opens the database of `config`'s data folder, migrated and locked for this process.
    pub fn open(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let db = Db::open(&config.data_dir, clock.now())?;
        Ok(Self {
            limits: Limits::new(&config.rates, &clock),
            outbox: Outbox::new(&config.mail),
            config: Arc::new(config),
            clock,
            db,
            bus: Bus::new(),
            health: Health::default(),
        })
    }
}
