//! From a record on the broker to a thousand browsers.
//!
//! The mock broker answers a waiting fetch only when its 100 ms are over, even where a record comes meanwhile: what it
//! gives is an upper bound. A real Kafka answers at once.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use grb_app::notices::{Format, write};
use grb_app::platform::random;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::broker::Broker;
use crate::program::{Program, busy_here};
use crate::{Row, made, part};

const CLIENTS: usize = 1000;
const PER_SECOND: u32 = 20;
const SECONDS: u32 = 20;
const NOTICES: usize = (PER_SECOND * SECONDS) as usize;

/// The trigger of the first notice; those before it only warm up.
const FIRST: u32 = 800_000_000;
const WARM_UP: u32 = 700_000_000;

/// When each notice was produced, µs since the start, and how long it took to each client.
struct Board {
    start: Instant,
    produced: Vec<AtomicU64>,
    took: Mutex<Vec<f64>>,
    warm: AtomicUsize,
}

impl Board {
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap()
    }
}

pub(crate) async fn measure() -> Vec<Row> {
    let broker = Broker::new();
    let topic = format!("bench.stream.{}", random::hex(4));
    broker.create_topic(&topic, 1).await;
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path(), &broker.settings(&topic));
    let produced = (0..NOTICES).map(|_| AtomicU64::new(0)).collect();
    let board = Arc::new(Board {
        start: Instant::now(),
        produced,
        took: Mutex::default(),
        warm: AtomicUsize::new(0),
    });
    let clients: Vec<_> = connect(&program.address, &board).await;
    let (busy, here) = (program.busy(), busy_here());
    warm_up(&broker, &topic, &board).await;
    publish(&broker, &topic, &board).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    clients.iter().for_each(tokio::task::JoinHandle::abort);
    let mut took = std::mem::take(&mut *board.took.lock().unwrap());
    assert_eq!(took.len(), CLIENTS * NOTICES, "some frames did not come");
    took.sort_by(f64::total_cmp);
    println!(
        "{CLIENTS} clients, {PER_SECOND} notices a second for {SECONDS} s: {} frames, none missing; {}. Processor seconds: the program {:.2}, this bench with its clients {:.2}; {:?}; {:.1} MiB.",
        took.len(),
        broker.words(),
        program.busy() - busy,
        busy_here() - here,
        program.busy_threads(),
        program.memory("VmRSS"),
    );
    let words =
        format!("Kafka record → {CLIENTS} SSE clients, ms: p50, p99 and max in the three columns");
    vec![Row {
        what: words,
        values: [500, 990, 1000].map(|thousandths| part(&took, thousandths)),
        target: "p99 < 100",
    }]
}

async fn connect(address: &str, board: &Arc<Board>) -> Vec<tokio::task::JoinHandle<()>> {
    let mut clients = Vec::with_capacity(CLIENTS);
    for _ in 0..CLIENTS {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /api/stream?topics=bursts HTTP/1.1\r\nHost: desk\r\nAccept: text/event-stream\r\n\r\n").await.unwrap();
        clients.push(tokio::spawn(read(stream, board.clone())));
    }
    clients
}

/// Reads frames and notes how long each was on its way.
async fn read(mut stream: TcpStream, board: Arc<Board>) {
    let (mut buffer, mut text, mut took) =
        (vec![0; 16_384], String::new(), Vec::with_capacity(NOTICES));
    while took.len() < NOTICES {
        let Ok(length @ 1..) = stream.read(&mut buffer).await else {
            break;
        };
        let now = board.now();
        text.push_str(&String::from_utf8_lossy(&buffer[..length]));
        while let Some(end) = text.find("\n\n") {
            match trigger(&text[..end]) {
                Some(trigger) if trigger >= FIRST => {
                    let produced =
                        board.produced[(trigger - FIRST) as usize].load(Ordering::Acquire);
                    took.push((now - produced) as f64 / 1000.0);
                }
                Some(_) => drop(board.warm.fetch_add(1, Ordering::Relaxed)),
                None => {}
            }
            text.drain(..end + 2);
        }
    }
    board.took.lock().unwrap().extend(took);
}

fn trigger(frame: &str) -> Option<u32> {
    let (_, rest) = frame.split_once("\"trigger_id\":\"")?;
    rest.split('"').next()?.parse().ok()
}

/// Sends notices until every client has had one.
async fn warm_up(broker: &Broker, topic: &str, board: &Board) {
    for n in 0..600 {
        if board.warm.load(Ordering::Relaxed) >= CLIENTS * 3 {
            return tokio::time::sleep(Duration::from_secs(1)).await;
        }
        broker.send(
            topic,
            0,
            &write(
                &made::gbm_flight(WARM_UP + n, i64::from(n) * -20),
                Format::Voevent,
            ),
        );
        broker.producer.poll(Duration::ZERO);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no notice came through");
}

async fn publish(broker: &Broker, topic: &str, board: &Board) {
    let mut beat = tokio::time::interval(Duration::from_secs(1) / PER_SECOND);
    for n in 0..NOTICES {
        let trigger = FIRST + u32::try_from(n).unwrap();
        let body = write(&made::gbm_flight(trigger, n as i64 * 20), Format::Voevent);
        beat.tick().await;
        board.produced[n].store(board.now(), Ordering::Release);
        broker.send(topic, 0, &body);
        broker.producer.poll(Duration::ZERO);
    }
}
