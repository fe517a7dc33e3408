//! A desk with a database as the listener's sink.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::kafka::{self, Reached, Setup, Sink};
use super::{Incoming, Position, RawNotice, doctor, give_up, position, write};
use crate::platform::config::Kafka;
use crate::platform::{App, Error, Result, random};

/// A notice that failed this often to be recorded, on something else than a busy writer, is set aside.
const ATTEMPTS: u32 = 5;

/// Hears notices and takes them in, until `stop`.
pub async fn hear(app: App, kafka: Kafka, stop: CancellationToken) -> anyhow::Result<()> {
    let group = group(&app).await?;
    let setup = Setup {
        kafka,
        group,
        clock: app.clock.clone(),
        health: app.health.clone(),
    };
    let noting = doctor::note_logins(&app);
    let desk = Desk(app.clone());
    tokio::select! {
        ended = kafka::listen(&setup, &desk, stop) => ended,
        () = noting => Ok(()),
    }
}

struct Desk(App);

impl Sink for Desk {
    async fn reached(&self, cluster: &str) -> Result<Reached> {
        let cluster = cluster.to_owned();
        self.0
            .db
            .read(move |conn| position::kept(conn, &cluster))
            .await
    }

    async fn take(&self, raw: RawNotice) {
        take_surely(&self.0, raw).await;
    }

    async fn keep(&self, positions: &[Position]) {
        let positions = positions.to_vec();
        let keep_all = move |tx: &crate::platform::Tx| {
            positions
                .iter()
                .try_for_each(|position| position::keep(tx, position))
        };
        if let Err(error) = self.0.db.write(keep_all).await {
            // What is not kept now is delivered again after a restart, and then known.
            tracing::debug!("A Kafka position was not kept: {error}.");
        }
    }
}

/// Takes a notice however long that takes: a full queue or a full disk must not lose it, and one that cannot be recorded
/// at all must not stand in the way of those behind it.
pub(super) async fn take_surely(app: &App, raw: RawNotice) {
    let incoming = Arc::new(Incoming::read(app, raw));
    let mut pause = Duration::from_millis(50);
    let mut failures = 0;
    loop {
        match write(app, &incoming).await {
            Ok(_) if failures == 0 => return,
            Ok(_) => return app.health.clear("database"),
            Err(Error::Busy) => {}
            Err(error) => {
                failures += 1;
                let words = format!("A notice could not be stored: {error}.");
                app.health.warn(
                    "database",
                    &words,
                    "Look at the space on the disk; the listener goes on trying.",
                );
                let hopeless = failures >= ATTEMPTS && !matches!(error, Error::Unwritable(_));
                if hopeless && give_up(app, &incoming, &error.to_string()).await.is_ok() {
                    return app.health.clear("database");
                }
            }
        }
        tokio::time::sleep(pause.mul_f64(random::jitter(0.2))).await;
        pause = (pause * 2).min(Duration::from_secs(30));
    }
}

/// This installation's consumer group, made up at the first start and kept.
async fn group(app: &App) -> anyhow::Result<String> {
    let fresh = format!("grb-app-{}", random::hex(8));
    let kept = app.db.write(move |tx| {
        tx.execute(
            "insert into keepsakes (name, value) values ('kafka group', ?1) on conflict do nothing",
            [&fresh],
        )?;
        Ok(tx.query_row(
            "select value from keepsakes where name = 'kafka group'",
            [],
            |row| row.get(0),
        )?)
    });
    Ok(kept.await?)
}
