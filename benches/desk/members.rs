//! From a record on the broker to letters that a mail server has accepted: a hundred of them soon, ten thousand before long.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use grb_app::notices::{Format, Notice, write};
use grb_app::platform::{db, random};
use serde_json::{Value, json};

use crate::broker::Broker;
use crate::program::{Program, busy_here, client, ms};
use crate::sink::{Sink, Taken};
use crate::{Row, club, made, part};

/// A club, how its letters look, and the burst that it is told of.
#[derive(Clone, Copy)]
struct Club {
    members: u32,
    places: u32,
    pictures: bool,
    burst: fn(u32) -> Notice,
}

/// The trigger of the burst, 35° north.
const BURST: u32 = 800_000_060;

/// The first hundred letters of a club of a thousand, by a program that has sent none before.
pub(crate) async fn letters() -> Vec<Row> {
    let mut rows = Vec::new();
    for (pictures, words, target) in [
        (false, "without pictures", "< 250"),
        (true, "with two pictures", "< 1000"),
    ] {
        let club = Club {
            members: 1000,
            places: 1000,
            pictures,
            burst: made::wide_now,
        };
        let (mut p50, mut p99) = (Vec::new(), Vec::new());
        for _ in 0..7 {
            let desk = Desk::start(club).await;
            let began = desk.burst();
            let taken = desk.sink.first(100).await;
            let took = taken.iter().map(|letter| ms(letter.when - began));
            let mut took: Vec<f64> = took.collect();
            took.sort_by(f64::total_cmp);
            p50.push(part(&took, 500));
            p99.push(part(&took, 990));
            desk.say(&taken);
        }
        let what = "Kafka record → the first 100 letters accepted";
        rows.push(Row::new(&format!("{what}, {words}, p50 ms"), p50, ""));
        rows.push(Row::new(&format!("{what}, {words}, p99 ms"), p99, target));
    }
    rows
}

/// Ten thousand letters, and what others notice of it.
pub(crate) async fn members() -> Vec<Row> {
    let own = Club {
        members: 10_000,
        places: 10_000,
        pictures: false,
        burst: made::small_now,
    };
    let shared = Club {
        places: 100,
        pictures: true,
        burst: made::wide_now,
        ..own
    };
    let mut rows = many(own, "a place each, without pictures", 3).await;
    rows.extend(many(shared, "at 100 places, with pictures", 3).await);
    rows
}

/// What was found of one run.
struct Found {
    judged: f64,
    handed: f64,
    /// p99 of other writes while members are judged, and until the last letter is handed over, ms.
    writes: [f64; 2],
    memory: f64,
}

async fn many(club: Club, words: &str, runs: usize) -> Vec<Row> {
    let mut found = Vec::new();
    for _ in 0..runs {
        found.push(one(club).await);
    }
    let of = |take: fn(&Found) -> f64| found.iter().map(take).collect::<Vec<f64>>();
    let row = |what: &str, take, target| {
        Row::new(
            &format!("{} members {words}: {what}", club.members),
            of(take),
            target,
        )
    };
    vec![
        row(
            "Kafka record → judged and queued, ms",
            |one| one.judged,
            "≤ 1000",
        ),
        row(
            "other writes' p99 meanwhile, ms",
            |one| one.writes[0],
            "< 100",
        ),
        row(
            "Kafka record → all letters accepted, s",
            |one| one.handed,
            "≤ 30",
        ),
        row("other writes' p99 until then, ms", |one| one.writes[1], ""),
        row("memory at most, MiB", |one| one.memory, ""),
    ]
}

async fn one(club: Club) -> Found {
    let desk = Desk::start(club).await;
    let writes = Writes::default();
    let writers: Vec<_> = (0..2)
        .map(|number| tokio::spawn(writes.clone().keep_on(desk.program.address.clone(), number)))
        .collect();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let began = desk.burst();
    let queued = desk.queued(club.members).await;
    let taken = desk.sink.first(club.members as usize).await;
    let last = taken.iter().map(|letter| letter.when).max().unwrap();
    writers.iter().for_each(tokio::task::JoinHandle::abort);
    let everybody: BTreeSet<&str> = taken.iter().map(|letter| letter.to.as_str()).collect();
    assert_eq!(everybody.len(), taken.len(), "a letter for each");
    desk.say(&taken);
    Found {
        judged: ms(queued - began),
        handed: (last - began).as_secs_f64(),
        writes: [queued, last].map(|end| writes.p99(began, end)),
        memory: desk.program.memory("VmHWM"),
    }
}

/// What others write meanwhile: when each write began, and how long it took, ms.
#[derive(Clone, Default)]
struct Writes(Arc<Mutex<Vec<(Instant, f64)>>>);

impl Writes {
    /// A member who changes their name fifty times a second.
    async fn keep_on(self, address: String, number: u32) {
        let (client, url) = (client(), format!("http://{address}/api/users"));
        let login = json!({ "username": club::address(number), "password": club::PASSWORD });
        let answer = client
            .post(format!("{url}/token"))
            .json(&login)
            .send()
            .await;
        let access: Value = answer.unwrap().json().await.unwrap();
        let token = access["access_token"].as_str().unwrap();
        let mut beat = tokio::time::interval(Duration::from_millis(20));
        for change in 0.. {
            beat.tick().await;
            let began = Instant::now();
            let name = json!({ "full_name": format!("Member {number}, {change}") });
            let write = client
                .put(format!("{url}/me"))
                .bearer_auth(token)
                .json(&name);
            assert_eq!(write.send().await.unwrap().status(), 200);
            self.0.lock().unwrap().push((began, ms(began.elapsed())));
        }
    }

    /// Of the writes that began between two instants.
    fn p99(&self, from: Instant, to: Instant) -> f64 {
        let writes = self.0.lock().unwrap();
        let within = writes
            .iter()
            .filter(|(began, _)| (from..to).contains(began));
        let mut took: Vec<f64> = within.map(|(_, took)| *took).collect();
        took.sort_by(f64::total_cmp);
        part(&took, 990)
    }
}

/// A program that listens to a broker, sends by a mail server, and knows a club.
struct Desk {
    club: Club,
    program: Program,
    broker: Broker,
    topic: String,
    sink: Sink,
    folder: tempfile::TempDir,
}

impl Desk {
    async fn start(club: Club) -> Self {
        let folder = tempfile::tempdir().unwrap();
        club::found(folder.path(), club.members, club.places).await;
        let (broker, sink) = (Broker::new(), Sink::start().await);
        let topic = format!("bench.members.{}", random::hex(4));
        broker.create_topic(&topic, 1).await;
        let mut settings = broker.settings(&topic);
        settings.push(sink.setting());
        for (name, value) in [
            ("GRB_MAIL_PICTURES", club.pictures.to_string()),
            ("GRB_WRITES_PER_MINUTE", "1000000".into()),
        ] {
            settings.push((name.into(), value));
        }
        let desk = Self {
            club,
            program: Program::start(folder.path(), &settings),
            broker,
            topic,
            sink,
            folder,
        };
        desk.hears().await;
        desk
    }

    /// Waits until the program has taken a trigger of which nobody is told.
    async fn hears(&self) {
        let mut trigger = made::wide_now(BURST + 100);
        trigger.classification = None;
        self.send(&trigger);
        for _ in 0..600 {
            if self.program.metrics().contains("grb_notices_total") {
                return tokio::time::sleep(Duration::from_secs(1)).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no notice came through");
    }

    /// A burst that everybody is told of, and when it went to the broker.
    fn burst(&self) -> Instant {
        let burst = (self.club.burst)(BURST);
        let began = Instant::now();
        self.send(&burst);
        began
    }

    fn send(&self, notice: &Notice) {
        let body = write(notice, Format::Voevent);
        self.broker.send(&self.topic, 0, &body);
        self.broker.producer.poll(Duration::ZERO);
    }

    /// When all letters are in the outbox and no change is left to judge by.
    async fn queued(&self, letters: u32) -> Instant {
        let conn = db::open_to_read(self.folder.path()).unwrap();
        let sql = "select coalesce(max(id), 0), not exists (select 1 from tells) from outbox";
        let mut state = conn.prepare(sql).unwrap();
        loop {
            let row = state.query_row([], |row| Ok((row.get(0)?, row.get(1)?)));
            if row.unwrap() == (letters, true) {
                return Instant::now();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn say(&self, taken: &[Taken]) {
        let bytes: usize = taken.iter().map(|letter| letter.bytes).sum();
        println!(
            "{} letters of {:.1} kB on average; {}. Processor seconds: the program {:.2}, this bench {:.2}; {:?}.",
            taken.len(),
            bytes as f64 / taken.len() as f64 / 1000.0,
            self.broker.words(),
            self.program.busy(),
            busy_here(),
            self.program.busy_threads(),
        );
    }
}
