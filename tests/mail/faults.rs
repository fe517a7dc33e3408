//! Two thousand letters through a relay that fails three times in ten, from a program that is killed every few seconds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use grb_app::platform::config::Sources;
use grb_app::platform::outbox::{Channel, Parcel, post};
use grb_app::platform::{App, Clock, random};
use rusqlite::Connection;
use serde_json::json;

use crate::smtp::{At, Do, Relay, Setup};

/// To 2000 people, and to 105 addresses that do not exist.
const LETTERS: usize = 2105;
/// The program lives for about so long.
const LIFE: Duration = Duration::from_secs(3);
/// Connections to the relay: so many letters may be under way at a kill.
const LANES: usize = 8;
const PATIENCE: Duration = Duration::from_secs(80);

/// One address in twenty does not exist.
fn is_dead(to: &str) -> bool {
    to.split('@')
        .next()
        .and_then(|name| name[1..].parse::<u32>().ok())
        .is_some_and(|n| n % 20 == 7)
}

/// Three times in ten something goes wrong, somewhere between the greeting and the last word.
fn fate(at: At, to: &str, _: u32) -> Do {
    if at == At::Rcpt && is_dead(to) {
        return if to.len().is_multiple_of(2) {
            Do::Say(550, "5.1.1 no such user")
        } else {
            Do::Say(554, "5.7.9 no")
        };
    }
    // Each step has a share of it, so that 0.7 of all letters pass them all.
    let chance = chance();
    let share = match at {
        At::Greeting | At::Login => 0.02,
        At::Mail => 0.04,
        At::Rcpt => 0.09,
        At::Data => 0.06,
        At::Letter => 0.11,
    };
    if chance >= share {
        return Do::Accept;
    }
    let one = |all: &[Do]| {
        let byte = u8::from_str_radix(&random::hex(1), 16).unwrap();
        all[usize::from(byte) % all.len()]
    };
    match at {
        At::Greeting | At::Login => one(&[Do::Say(421, "4.3.2 closing"), Do::HangUp]),
        At::Mail => one(&[
            Do::Say(451, "4.3.0 local error"),
            Do::Say(452, "4.3.1 no space"),
            Do::Say(421, "4.3.2 closing"),
            Do::HangUp,
        ]),
        At::Rcpt => one(&[
            Do::Say(450, "4.2.0 greylisted"),
            Do::Say(451, "4.3.0 error"),
            Do::Say(452, "4.5.3 too many"),
            // Says nothing more; the next kill comes before the program loses patience, after a minute.
            Do::Hang,
            Do::HangUp,
        ]),
        At::Data => one(&[
            Do::Say(451, "4.3.0 error"),
            Do::Say(454, "4.7.0 later"),
            Do::HangUp,
        ]),
        At::Letter => one(&[
            Do::Say(451, "4.3.0 error"),
            Do::Say(452, "4.3.1 full"),
            Do::TakeAndHangUp,
        ]),
    }
}

fn chance() -> f64 {
    (random::jitter(1.0)) / 2.0
}

/// A club whose outbox is full.
async fn fill(folder: &Path) {
    let flags = [("data_dir", Some(folder.to_string_lossy().into_owned()))];
    let config = Sources::gather(None, &|_| None, &flags)
        .unwrap()
        .understand()
        .unwrap();
    let app = App::open(config, Clock::system()).unwrap();
    let now = app.clock.now();
    app.db
        .write(move |tx| {
            for n in 0..LETTERS {
                let parcel = Parcel {
                    key: format!("letter {n}"),
                    channel: Channel::Mail,
                    address: format!("m{n}@members.example"),
                    member: None,
                    kind: "account",
                    payload: json!({ "letter": "taken", "name": "Ada", "token": "none" }),
                    secret: true,
                    due_at: now,
                    expires_at: None,
                };
                post(tx, now, &parcel)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    app.db.close().await;
}

fn start(folder: &Path, relay: &Relay) -> Child {
    Command::new(env!("CARGO_BIN_EXE_grb-app"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(folder)
        .env("GRB_SMTP_URL", format!("smtp://{}", relay.address))
        .env("GRB_MAIL_FROM", "desk@club.example")
        .env("GRB_MAIL_CONNECTIONS", LANES.to_string())
        // Two days of retries in two minutes.
        .env("GRB_MAIL_RETRY_SECONDS", "1,2,3")
        .env("GRB_LOG", "error")
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// How many are in each state; the file may be in the middle of anything.
fn states(folder: &Path) -> BTreeMap<String, usize> {
    let read = |conn: Connection| {
        let mut select = conn.prepare("select state, count(*) from outbox group by state")?;
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get::<_, u32>(1)? as usize)))?;
        rows.collect()
    };
    Connection::open(folder.join("grb-app.db"))
        .and_then(read)
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_letters_arrive_once_through_faults_and_kills() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path()).await;
    let relay = Relay::start(Setup::default()).await;
    relay.follow(fate);
    let began = Instant::now();
    let mut kills = Vec::new();
    loop {
        let mut program = start(folder.path(), &relay);
        tokio::time::sleep(LIFE.mul_f64(random::jitter(0.5))).await;
        program.kill().unwrap();
        program.wait().unwrap();
        kills.push(Instant::now());
        let waiting = states(folder.path()).get("waiting").copied().unwrap_or(0);
        if waiting == 0 || began.elapsed() > PATIENCE {
            break;
        }
    }
    report(&relay, &states(folder.path()), &kills, began.elapsed());
}

fn report(relay: &Relay, states: &BTreeMap<String, usize>, kills: &[Instant], took: Duration) {
    let mut by_address = BTreeMap::<String, Vec<crate::smtp::Taken>>::new();
    for taken in relay.taken() {
        by_address.entry(taken.to.clone()).or_default().push(taken);
    }
    let dead = (0..LETTERS)
        .filter(|n| is_dead(&format!("m{n}@members.example")))
        .count();
    let (mut unanswered, mut at_kill, mut unexplained) = (0, 0, Vec::new());
    for (address, times) in &by_address {
        let ids: BTreeSet<String> = times.iter().map(crate::smtp::Taken::message_id).collect();
        assert_eq!(ids.len(), 1, "{address} came under several Message-IDs");
        // Every coming but the last needs a reason: nobody was told, or the program was killed before it was written down.
        for early in &times[..times.len() - 1] {
            if early.unanswered {
                unanswered += 1;
            } else if kills.iter().any(|kill| {
                *kill > early.when && kill.duration_since(early.when) < Duration::from_secs(1)
            }) {
                at_kill += 1;
            } else {
                unexplained.push(address);
            }
        }
    }
    let living = LETTERS - dead;
    println!(
        "{} of {living} letters arrived, {dead} addresses do not exist; {} kills in {:.0} s; came twice: {unanswered} whose sender was hung up on after DATA, {at_kill} under way at a kill; {} connections; {states:?}",
        by_address.len(),
        kills.len(),
        took.as_secs_f64(),
        relay.connections()
    );
    assert_eq!(by_address.len(), living, "each arrives");
    assert!(!by_address.keys().any(|to| is_dead(to)));
    assert!(
        unexplained.is_empty(),
        "{unexplained:?} came twice for no reason"
    );
    assert!(at_kill <= kills.len() * LANES, "{at_kill}");
    assert_eq!(states.get("sent").copied(), Some(living));
    assert_eq!(states.get("failed").copied(), Some(dead));
}
