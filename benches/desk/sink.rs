//! A mail server that takes every letter and remembers only when, for whom and how long it was.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A letter that was accepted.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub to: String,
    pub when: Instant,
    pub bytes: usize,
}

/// A running mail server; it ends with the bench.
#[derive(Clone)]
pub(crate) struct Sink {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl Sink {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Self {
            address: listener.local_addr().unwrap(),
            taken: Arc::default(),
        };
        let serving = sink.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let one = serving.clone();
                tokio::spawn(async move { drop(one.talk(stream).await) });
            }
        });
        sink
    }

    /// What makes the program send its letters here.
    pub(crate) fn setting(&self) -> (String, String) {
        ("GRB_SMTP_URL".into(), format!("smtp://{}", self.address))
    }

    /// The first `count` letters, once they are here.
    pub(crate) async fn first(&self, count: usize) -> Vec<Taken> {
        let patience = Instant::now() + Duration::from_secs(300);
        loop {
            {
                let taken = self.taken.lock().unwrap();
                if taken.len() >= count {
                    return taken[..count].to_vec();
                }
                assert!(Instant::now() < patience, "{} letters came", taken.len());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn talk(self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut wire = BufReader::with_capacity(64 * 1024, stream);
        wire.write_all(b"220 sink\r\n").await?;
        let (mut line, mut to) = (String::new(), String::new());
        loop {
            line.clear();
            if wire.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let reply = match line.get(..4).unwrap_or_default() {
                "DATA" => {
                    wire.write_all(b"354 go on\r\n").await?;
                    let bytes = letter(&mut wire).await?;
                    let (to, when) = (std::mem::take(&mut to), Instant::now());
                    self.taken.lock().unwrap().push(Taken { to, when, bytes });
                    "250 taken\r\n"
                }
                "RCPT" => {
                    to.push_str(line.trim_end());
                    "250 yes\r\n"
                }
                "QUIT" => "221 bye\r\n",
                _ => "250 yes\r\n",
            };
            wire.write_all(reply.as_bytes()).await?;
        }
    }
}

/// Reads up to the line that is a dot; the letter's length.
async fn letter(wire: &mut BufReader<TcpStream>) -> std::io::Result<usize> {
    let (mut line, mut bytes) = (Vec::new(), 0);
    loop {
        line.clear();
        let read = wire.read_until(b'\n', &mut line).await?;
        if read == 0 || line == b".\r\n" {
            return Ok(bytes);
        }
        bytes += read;
    }
}
