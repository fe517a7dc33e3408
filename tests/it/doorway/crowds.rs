//! Those who ask too often, too slowly, too long or too many at once.

use std::net::SocketAddr;
use std::time::Duration;

use grb_app::platform::config::Config;
use grb_app::platform::web::listen::Manners;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, timeout};

use super::{app_with, desk_with};
use crate::common::{Served, TestApp};
use crate::people::{PASSWORD, cookie, member};

fn three_reads(config: &mut Config) {
    config.rates.reads = Some(3.try_into().unwrap());
    config.trusted_proxies = "127.0.0.1".parse().unwrap();
}

/// What the desk answers to GET `path` from `visitor`, who is signed in by `cookie`.
async fn read(desk: &Served, visitor: &str, path: &str, cookie: &str) -> u16 {
    let get = desk.client.get(desk.url(path));
    let get = get
        .header("x-forwarded-for", visitor)
        .header("cookie", cookie);
    get.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn who_reads_without_end_is_told_to_wait() {
    let desk = desk_with(three_reads).await;
    for _ in 0..3 {
        assert_eq!(read(&desk, "192.0.2.1", "/bursts", "").await, 200);
    }
    let get = desk.client.get(desk.url("/bursts"));
    let get = get.header("x-forwarded-for", "192.0.2.1");
    let answer = get.header("accept", "text/html").send().await.unwrap();
    assert_eq!(answer.status(), 429);
    let wait: u32 = answer.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((20..=21).contains(&wait), "{wait} s");
    assert!(answer.text().await.unwrap().contains("<h1>"));
    for path in ["/health", "/health/ready", "/api/stream", "/favicon.ico"] {
        let status = read(&desk, "192.0.2.1", path, "").await;
        assert_eq!(status == 429, path == "/favicon.ico", "{path}");
    }
    assert_eq!(read(&desk, "192.0.2.2", "/bursts", "").await, 200);
}

#[tokio::test]
async fn none_is_no_limit() {
    let desk = desk_with(|config| {
        three_reads(config);
        config.rates.reads = None;
    });
    let desk = desk.await;
    for _ in 0..10 {
        assert_eq!(read(&desk, "192.0.2.1", "/bursts", "").await, 200);
    }
}

#[tokio::test]
async fn a_member_has_one_allowance_wherever_they_are() {
    let desk = desk_with(three_reads).await;
    member(&desk, "known@example.org").await;
    let session = cookie(&desk, "known@example.org", PASSWORD).await.unwrap();
    for visitor in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
        assert_eq!(read(&desk, visitor, "/bursts", &session).await, 200);
    }
    assert_eq!(read(&desk, "192.0.2.4", "/bursts", &session).await, 429);
    assert_eq!(read(&desk, "192.0.2.4", "/bursts", "").await, 200);
}

/// A connection from an address of this machine that counts as a stranger.
async fn connect(desk: &Served, from: [u8; 4]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    socket.connect(desk.address).await.unwrap()
}

/// Sends `request` and gives the first line of the answer; empty where the connection is closed.
async fn first_line(connection: &mut TcpStream, request: &str) -> String {
    drop(connection.write_all(request.as_bytes()).await);
    let mut answer = vec![0; 256];
    let read = timeout(Duration::from_secs(20), connection.read(&mut answer));
    let read = read.await.expect("no answer in 20 s").unwrap_or(0);
    let text = String::from_utf8_lossy(&answer[..read]).into_owned();
    text.lines().next().unwrap_or_default().to_owned()
}

const HEALTH: &str = "GET /health/live HTTP/1.1\r\nHost: desk\r\n\r\n";
const BURSTS: &str = "GET /bursts HTTP/1.1\r\nHost: desk\r\n\r\n";
const HALF: &str = "POST /api/users HTTP/1.1\r\nHost: desk\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
const OK: &str = "HTTP/1.1 200 OK";

#[tokio::test]
async fn a_visitor_s_connections_are_counted() {
    let share = Manners {
        share: 4,
        ..Manners::default()
    };
    let desk = TestApp::new().served_with(share).await;
    let mut silent = Vec::new();
    for _ in 0..4 {
        let mut connection = connect(&desk, [127, 0, 0, 2]).await;
        assert_eq!(first_line(&mut connection, HEALTH).await, OK);
        silent.push(connection);
    }
    let mut fifth = connect(&desk, [127, 0, 0, 2]).await;
    assert_eq!(first_line(&mut fifth, HEALTH).await, "");
    let mut other = connect(&desk, [127, 0, 0, 3]).await;
    assert_eq!(first_line(&mut other, HEALTH).await, OK);
    silent.pop();
    sleep(Duration::from_millis(200)).await;
    let mut again = connect(&desk, [127, 0, 0, 2]).await;
    assert_eq!(first_line(&mut again, HEALTH).await, OK);
}

#[tokio::test]
async fn who_sends_slowly_in_hundreds_holds_up_nobody_else() {
    let share = Manners {
        share: 1000,
        ..Manners::default()
    };
    let desk = TestApp::new().served_with(share).await;
    let mut slow = Vec::new();
    for _ in 0..256 {
        let mut connection = connect(&desk, [127, 0, 0, 2]).await;
        connection.write_all(HALF.as_bytes()).await.unwrap();
        slow.push(connection);
    }
    sleep(Duration::from_millis(300)).await;
    let mut same = connect(&desk, [127, 0, 0, 2]).await;
    let refused = first_line(&mut same, BURSTS).await;
    assert_eq!(refused, "HTTP/1.1 503 Service Unavailable");
    let mut health = connect(&desk, [127, 0, 0, 2]).await;
    assert_eq!(first_line(&mut health, HEALTH).await, OK);
    let mut other = connect(&desk, [127, 0, 0, 3]).await;
    assert_eq!(first_line(&mut other, BURSTS).await, OK);
    drop(slow);
    sleep(Duration::from_millis(300)).await;
    let mut again = connect(&desk, [127, 0, 0, 2]).await;
    assert_eq!(first_line(&mut again, BURSTS).await, OK);
}

/// A frame of HTTP/2 (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head[..], payload].concat()
}

/// Sixty-four requests for `path` over HTTP/2 by somebody who has no room for a byte of any answer.
fn deaf(path: &str) -> Vec<u8> {
    const SETTINGS: u8 = 4;
    const HEADERS: u8 = 1;
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    // GET, http, path, authority: the first entries of the static table (RFC 7541 appendix A).
    let fields = [&[0x82, 0x86, 0x04][..], &text(path), &[0x01], &text("desk")].concat();
    let no_room = [&[0, 4][..], &0_u32.to_be_bytes()].concat();
    let mut all = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    all.extend(frame(SETTINGS, 0, 0, &no_room));
    for stream in 0..64 {
        all.extend(frame(HEADERS, 5, 2 * stream + 1, &fields));
    }
    all
}

#[tokio::test]
async fn answers_that_nobody_reads_are_kept_for_each_visitor_up_to_a_share() {
    let desk = TestApp::serve().await;
    let mut all = Vec::new();
    for _ in 0..5 {
        let mut connection = connect(&desk, [127, 0, 0, 2]).await;
        let requests = deaf("/api/openapi.json");
        connection.write_all(&requests).await.unwrap();
        all.push(connection);
    }
    sleep(Duration::from_secs(2)).await;
    let mut same = connect(&desk, [127, 0, 0, 2]).await;
    let refused = first_line(&mut same, BURSTS).await;
    assert_eq!(refused, "HTTP/1.1 503 Service Unavailable");
    let mut other = connect(&desk, [127, 0, 0, 3]).await;
    assert_eq!(first_line(&mut other, BURSTS).await, OK);
    drop(all);
    sleep(Duration::from_millis(500)).await;
    let mut again = connect(&desk, [127, 0, 0, 2]).await;
    assert_eq!(first_line(&mut again, BURSTS).await, OK);
}

#[tokio::test]
async fn a_body_that_falls_silent_is_not_waited_for() {
    let desk = TestApp::serve().await;
    let began = Instant::now();
    let mut slow = connect(&desk, [127, 0, 0, 2]).await;
    let answer = first_line(&mut slow, HALF).await;
    assert_eq!(answer, "HTTP/1.1 408 Request Timeout");
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn who_comes_and_does_not_say_what_they_want_is_hung_up_on() {
    let hasty = Manners {
        header: Duration::from_secs(1),
        ..Manners::default()
    };
    let desk = TestApp::new().served_with(hasty).await;
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for beginning in ["", "G", "GET / HTTP/1.1\r\nHo", "PRI", preface] {
        let mut silent = connect(&desk, [127, 0, 0, 2]).await;
        silent.write_all(beginning.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let ended = timeout(Duration::from_secs(5), silent.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "{beginning:?} is still waited for");
    }
    // Who has asked once may take their time.
    let mut stream = connect(&desk, [127, 0, 0, 2]).await;
    let first = "GET /api/stream HTTP/1.1\r\nHost: desk\r\n\r\n";
    assert_eq!(first_line(&mut stream, first).await, OK);
    let more = timeout(Duration::from_secs(3), stream.read_to_end(&mut Vec::new())).await;
    assert!(more.is_err(), "a stream lasts");
}

#[tokio::test]
async fn what_is_too_long_is_said_to_be() {
    let desk = TestApp::serve().await;
    let long = |length: usize| "x".repeat(length);
    let address = format!("GET /{} HTTP/1.1\r\nHost: desk\r\n\r\n", long(9_000));
    let header = format!(
        "GET / HTTP/1.1\r\nHost: desk\r\nX-Long: {}\r\n\r\n",
        long(20_000)
    );
    let fits = format!(
        "GET /health HTTP/1.1\r\nHost: desk\r\nX-Long: {}\r\n\r\n",
        long(12_000)
    );
    for (request, status) in [(address, "414"), (header, "431"), (fits, "200")] {
        let mut connection = connect(&desk, [127, 0, 0, 2]).await;
        let line = first_line(&mut connection, &request).await;
        assert!(line.contains(status), "{line}");
    }
}

#[tokio::test]
async fn who_asks_and_never_reads_is_hung_up_on() {
    let reader = Duration::from_secs(2);
    let hasty = Manners {
        reader,
        ..Manners::default()
    };
    let desk = app_with(|config| config.rates.reads = None);
    let desk = desk.served_with(hasty).await;
    let asked = 400;
    let request = "GET /api/openapi.json HTTP/1.1\r\nHost: desk\r\n\r\n";
    let length = desk
        .get("/api/openapi.json")
        .await
        .bytes()
        .await
        .unwrap()
        .len();
    assert!(length > 50_000, "{length} bytes are too few for this test");
    let mut deaf = connect(&desk, [127, 0, 0, 2]).await;
    let requests = request.repeat(asked);
    let sent = timeout(Duration::from_secs(5), deaf.write_all(requests.as_bytes())).await;
    drop(sent);
    sleep(Duration::from_secs(6)).await;
    let mut read = 0;
    let mut piece = vec![0; 1 << 16];
    loop {
        let next = timeout(Duration::from_secs(10), deaf.read(&mut piece)).await;
        match next.expect("the connection is still open") {
            Ok(0) | Err(_) => break,
            Ok(more) => read += more,
        }
    }
    assert!(
        read < asked * length / 2,
        "{read} bytes were sent all the same"
    );
}

#[tokio::test]
async fn who_has_come_before_the_stop_is_still_answered() {
    let desk = TestApp::serve().await;
    let mut visitor = TcpStream::connect(desk.address).await.unwrap();
    // Taken, and still shaking hands or thinking.
    sleep(Duration::from_millis(100)).await;
    desk.stop.cancel();
    sleep(Duration::from_millis(100)).await;
    let ask = b"GET /health/liveness HTTP/1.1\r\nhost: localhost\r\n\r\n";
    visitor.write_all(ask).await.unwrap();
    let mut answer = String::new();
    visitor.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
