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
