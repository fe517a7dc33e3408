//! Members' birthdays: in the profile, and the greeting of each year.

mod greeting;
mod profile;
mod year;

use chrono::{DateTime, Utc};
use grb_app::platform::{App, cron};
use rusqlite::params;

/// What the scheduler does every minute, for greetings alone.
async fn greet(app: &App) {
    cron::run_due(app, &[grb_app::hello::greetings::chore()]).await;
}

/// A member who has confirmed the address, with a site in `zone` where one is given.
async fn joins(app: &App, id: i64, zone: Option<&str>, birthday: &str) {
    let (zone, birthday) = (zone.map(str::to_owned), birthday.to_owned());
    let join = move |tx: &grb_app::platform::Tx| {
        tx.execute(
            "insert into members (id, email, email_key, full_name, notify, preferences, confirmed_at, created_at, updated_at, birthday)
             values (?1, 'm' || ?1 || '@example.org', 'm' || ?1 || '@example.org', 'Vera Lindqvist', 'every', '{}', 1, 1, 1, ?2)",
            params![id, birthday],
        )?;
        if let Some(zone) = zone {
            tx.execute(
                "insert into sites (member_id, name, latitude, longitude, elevation_m, time_zone, horizon, created_at, updated_at)
                 values (?1, 'here', 44, 5, 0, ?2, '[[0, 0]]', 1, 1)",
                params![id, zone],
            )?;
        }
        Ok(())
    };
    app.db.write(join).await.unwrap();
}

/// A greeting in the outbox.
#[derive(Debug, Clone, PartialEq)]
struct Greeted {
    member: i64,
    posted: DateTime<Utc>,
    due: DateTime<Utc>,
    expires: DateTime<Utc>,
    key: String,
}

/// Every greeting that was ever posted, the earliest first.
async fn greetings(app: &App) -> Vec<Greeted> {
    let read = |conn: &rusqlite::Connection| {
        let mut select = conn.prepare(
            "select member_id, created_at, due_at, expires_at, key from outbox where kind = 'birthday' order by created_at, member_id",
        )?;
        let rows = select.query_map([], |row| {
            let time = |at: usize| -> rusqlite::Result<DateTime<Utc>> {
                Ok(DateTime::from_timestamp_micros(row.get(at)?).unwrap())
            };
            Ok(Greeted {
                member: row.get(0)?,
                posted: time(1)?,
                due: time(2)?,
                expires: time(3)?,
                key: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    };
    app.db.read(read).await.unwrap()
}
