//! Checks of the listener: the broker's door, the heartbeat, how far behind, and credentials that die of disuse.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use rdkafka::consumer::Consumer as _;
use rusqlite::OptionalExtension as _;

use super::client::{self, Consumer};
use super::kafka::{Reached, Setup};
use super::position;
use super::token::Tokens;
use crate::platform::config::Kafka;
use crate::platform::doctor::{Case, Check, Finding, far, quick};
use crate::platform::trust::Roots;
use crate::platform::{App, Health};

/// Where the last login is kept.
const LOGIN: &str = "gcn login";

/// What is looked at of the listener.
pub fn checks() -> Vec<Check> {
    vec![
        far("kafka", "Kafka", kafka),
        quick("heartbeat", "Heartbeat", heartbeat),
        quick("credentials", "GCN credentials", credentials),
    ]
}

fn kafka(case: Case) -> BoxFuture<'static, Finding> {
    Box::pin(async move {
        let Some(kafka) = case.config.kafka.clone() else {
            return match case.config.demo.is_some() || case.config.notice_secret.is_some() {
                true => Finding::skipped("No broker is set; notices come another way."),
                false => Finding::warn(
                    "The desk listens to nothing: no GCN credentials are set.",
                    "Make a client at https://gcn.nasa.gov/quickstart and set gcn_client_id and gcn_client_secret.",
                ),
            };
        };
        let bootstrap = kafka.bootstrap.clone();
        match tokio::time::timeout(Duration::from_secs(15), knock(&case, kafka)).await {
            Ok(Ok(finding)) => finding,
            Ok(Err(error)) => Finding::fault(
                format!("{error:#}."),
                "Check gcn_client_id and gcn_client_secret, the network, and that ports 443 and 9092 are open outwards.",
            ),
            Err(_) => Finding::fault(
                format!("{bootstrap} does not answer, or refuses the login."),
                "Check the network, that port 9092 is open outwards, and the credentials.",
            ),
        }
    })
}

/// Logs in beside the listener, asks the cluster who it is, and compares its newest records with what was taken.
async fn knock(case: &Case, kafka: Kafka) -> anyhow::Result<Finding> {
    let roots = Roots::load(kafka.ca.as_deref())?;
    let tokens = Tokens::default();
    if let Some(login) = &kafka.login {
        tokens
            .fetch_one(&roots.client()?, login, &case.clock)
            .await?;
    }
    let bootstrap = kafka.bootstrap.clone();
    let setup = Setup {
        kafka,
        group: "grb-app-doctor".into(),
        clock: case.clock.clone(),
        health: Health::default(),
    };
    let consumer = Arc::new(client::consumer(&setup, &roots, tokens)?);
    let cluster = client::cluster(&consumer, &setup).await?;
    let taken = case
        .db()
        .and_then(|conn| Ok(position::kept(&conn, &cluster)?));
    let behind = match taken {
        Ok(taken) if !taken.is_empty() => {
            tokio::task::spawn_blocking(move || behind(&consumer, &taken)).await?
        }
        _ => None,
    };
    let door = format!("{bootstrap} lets us in");
    Ok(match behind {
        None => Finding::ok(format!("{door}.")),
        Some(0) => Finding::ok(format!("{door}; every record there has been taken.")),
        Some(few @ 1..1000) => Finding::ok(format!("{door}; {few} records are still to be taken.")),
        Some(many) => Finding::warn(
            format!("{door}; {many} records are still to be taken."),
            "After a long pause the desk catches up by itself, hundreds a second. If the number stays, look at the log.",
        ),
    })
}

/// How many records the cluster has beyond those taken; `None` where it does not say in time.
fn behind(consumer: &Consumer, taken: &Reached) -> Option<i64> {
    let until = std::time::Instant::now() + Duration::from_secs(8);
    let mut sum = 0;
    for ((topic, partition), next) in taken {
        let left = until.checked_duration_since(std::time::Instant::now())?;
        // A topic may have gone since.
        let Ok((low, high)) = consumer.fetch_watermarks(topic, *partition, left) else {
            continue;
        };
        sum += high - (*next).max(low);
    }
    Some(sum.max(0))
}

fn heartbeat(case: &Case) -> Finding {
    if case.config.kafka.is_none() {
        return Finding::skipped("The desk listens to no broker.");
    }
    let Some(server) = &case.server else {
        return Finding::skipped("No desk serves here that could hear one.");
    };
    let Some(last) = case.moment("heartbeat") else {
        let words = server
            .parts
            .get("kafka")
            .map_or("", |part| part.words.as_str());
        return Finding::warn(
            format!("None has come since the start. {words}"),
            "GCN sends one every second; another broker may have none, then this says nothing.",
        );
    };
    let age = (case.clock.now() - last).num_seconds();
    match age {
        ..=30 => Finding::ok(format!("The last one {age} s ago.")),
        _ => Finding::fault(
            format!("The last one {age} s ago; GCN sends one every second."),
            "The line is dead; the listener tries by itself. Check the network and port 9092; restarting helps where a router forgot us.",
        ),
    }
}

/// GCN disables credentials for ever when nobody logs in with them for 30 days.
fn credentials(case: &Case) -> Finding {
    let login = case
        .config
        .kafka
        .as_ref()
        .and_then(|kafka| kafka.login.as_ref());
    if login.is_none() {
        return Finding::skipped("No credentials are set.");
    }
    let since_start = case.moment("login");
    case.in_db(|conn| {
        let sql = "select value from keepsakes where name = ?1";
        let kept: Option<String> = conn.query_row(sql, [LOGIN], |row| row.get(0)).optional()?;
        let kept = kept.and_then(|text| text.parse::<DateTime<Utc>>().ok());
        Ok(judge(since_start.max(kept), case.clock.wall()))
    })
}

fn judge(last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Finding {
    let renew = "Make new ones at https://gcn.nasa.gov/quickstart and set gcn_client_id and gcn_client_secret.";
    let Some(last) = last else {
        return Finding::warn(
            "Nobody has logged in with them from here yet.",
            "Start the desk; `sudo grb-app doctor` says under Kafka whether they are taken.",
        );
    };
    let days = (now - last).num_days();
    let words = format!(
        "Last used on {}, {days} days ago.",
        last.format("%-d %b %Y")
    );
    match days {
        ..10 => Finding::ok(words),
        10..30 => Finding::warn(
            format!("{words} Unused for 30 days they are disabled for ever."),
            "Find out why the listener does not log in (see Kafka above), before they are lost.",
        ),
        _ => Finding::fault(
            format!("{words} GCN disables them after 30 days without a login."),
            renew,
        ),
    }
}

/// Keeps in the database when GCN last let us in, so that it is known after a pause. Never ends.
pub(super) async fn note_logins(app: &App) {
    let mut noted = None;
    loop {
        let last = app.health.moment("login");
        if last > noted {
            noted = last;
            let at = last.map(|at| at.to_rfc3339()).unwrap_or_default();
            let kept = app.db.write(move |tx| {
                let sql = "insert into keepsakes (name, value) values (?1, ?2) on conflict (name) do update set value = excluded.value";
                Ok(tx.execute(sql, [LOGIN, &at]).map(drop)?)
            });
            if let Err(error) = kept.await {
                tracing::debug!("A login was not noted: {error}.");
            }
        }
        // The first login comes within moments; a later one is no hurry.
        let pause = if noted.is_none() { 2 } else { 60 };
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::platform::doctor::Verdict;

    #[test]
    fn credentials_are_warned_of_before_they_die() {
        let now: DateTime<Utc> = "2026-11-20T22:00:00Z".parse().unwrap();
        let after = |days| judge(Some(now - TimeDelta::days(days)), now).verdict;
        assert_eq!(
            [after(0), after(9), after(10), after(29), after(30)],
            [
                Verdict::Ok,
                Verdict::Ok,
                Verdict::Warn,
                Verdict::Warn,
                Verdict::Fault
            ]
        );
        assert_eq!(judge(None, now).verdict, Verdict::Warn);
    }
}
