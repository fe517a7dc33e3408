//! A mail relay for tests: mailin's session over tokio's sockets, with a script of what goes wrong.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use mailin::{Action, AuthMechanism, Handler, Response, SessionBuilder, response};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Where a session is when the script is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    Greeting,
    Login,
    Mail,
    Rcpt,
    Data,
    /// The letter has come whole.
    Letter,
}

/// What the relay does then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Do {
    Accept,
    Say(u16, &'static str),
    Hang,
    HangUp,
    /// Takes the letter, and hangs up before it says so.
    TakeAndHangUp,
}

/// Asked with the place, the address, and how often it has been asked for both.
pub(crate) type Script = Box<dyn Fn(At, &str, u32) -> Do + Send + Sync>;

/// A letter that the relay took.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub from: String,
    pub to: String,
    pub bytes: Vec<u8>,
    pub encrypted: bool,
    pub user: Option<String>,
    /// The sender was not told.
    pub unanswered: bool,
    pub when: std::time::Instant,
}

impl Taken {
    pub(crate) fn message_id(&self) -> String {
        let message = mail_parser::MessageParser::default()
            .parse(&self.bytes)
            .unwrap();
        message.message_id().unwrap().to_owned()
    }
}

#[derive(Default)]
struct Kept {
    taken: Vec<Taken>,
    asked: HashMap<(u8, String), u32>,
    connections: u32,
}

/// A running relay; it ends with the test.
#[derive(Clone)]
pub(crate) struct Relay {
    pub address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
    script: Arc<Mutex<Script>>,
    setup: Arc<Setup>,
}

/// What the relay is like.
#[derive(Default)]
pub(crate) struct Setup {
    /// Offers STARTTLS with this certificate.
    pub tls: Option<TlsAcceptor>,
    /// TLS from the first byte.
    pub wrapped: bool,
    /// Wants this user and password.
    pub login: Option<(&'static str, &'static str)>,
}

/// A certificate for this machine, and the PEM text that vouches for it.
pub(crate) fn certificate() -> (TlsAcceptor, String) {
    drop(rustls::crypto::ring::default_provider().install_default());
    let made =
        rcgen::generate_simple_self_signed(["localhost".into(), "127.0.0.1".into()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), made.cert.pem())
}

impl Relay {
    /// A relay that takes everything, until a script says otherwise.
    pub(crate) async fn start(setup: Setup) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let relay = Self {
            address: listener.local_addr().unwrap(),
            kept: Arc::default(),
            script: Arc::new(Mutex::new(Box::new(|_, _, _| Do::Accept))),
            setup: Arc::new(setup),
        };
        let serving = relay.clone();
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                let one = serving.clone();
                tokio::spawn(async move { drop(one.talk(stream, peer.ip()).await) });
            }
        });
        relay
    }

    pub(crate) fn follow(&self, script: impl Fn(At, &str, u32) -> Do + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.kept.lock().unwrap().taken.clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.kept.lock().unwrap().taken.len()
    }

    pub(crate) fn connections(&self) -> u32 {
        self.kept.lock().unwrap().connections
    }

    fn ask(&self, at: At, address: &str) -> Do {
        let mut kept = self.kept.lock().unwrap();
        let times = kept
            .asked
            .entry((at as u8, address.to_owned()))
            .or_default();
        *times += 1;
        let times = *times;
        drop(kept);
        (self.script.lock().unwrap())(at, address, times)
    }

    async fn talk(self, stream: TcpStream, ip: IpAddr) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        self.kept.lock().unwrap().connections += 1;
        let mut builder = SessionBuilder::new("relay.test");
        if self.setup.tls.is_some() && !self.setup.wrapped {
            builder.enable_start_tls();
        }
        if self.setup.login.is_some() {
            builder.enable_auth(AuthMechanism::Plain);
            if self.setup.tls.is_none() || self.setup.wrapped {
                builder.insecure_enable_plaintext_auth();
            }
        }
        let visit = Arc::new(Mutex::new(Visit::default()));
        let mut session = builder.build(
            ip,
            Desk {
                relay: self.clone(),
                visit: visit.clone(),
            },
        );
        let mut wire: BufReader<Box<dyn Wire>> = BufReader::new(Box::new(stream));
        if let (true, Some(tls)) = (self.setup.wrapped, &self.setup.tls) {
            wire = BufReader::new(Box::new(tls.accept(wire.into_inner()).await?));
            visit.lock().unwrap().encrypted = true;
        }
        let greeting = visit
            .lock()
            .unwrap()
            .answer(self.ask(At::Greeting, ""), session.greeting());
        if !say(&mut wire, &visit, &greeting).await? {
            return Ok(());
        }
        loop {
            let mut line = Vec::new();
            if wire.read_until(b'\n', &mut line).await? == 0 {
                return Ok(());
            }
            let reply = session.process(&line);
            if !say(&mut wire, &visit, &reply).await? {
                return Ok(());
            }
            if let (Action::UpgradeTls, Some(tls)) = (&reply.action, &self.setup.tls) {
                wire = BufReader::new(Box::new(tls.accept(wire.into_inner()).await?));
                visit.lock().unwrap().encrypted = true;
                session.tls_active();
            }
        }
    }
}

trait Wire: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Wire for T {}

/// Says the reply, unless the script wants silence or an end; false where the visit is over.
async fn say(
    wire: &mut BufReader<Box<dyn Wire>>,
    visit: &Mutex<Visit>,
    reply: &Response,
) -> std::io::Result<bool> {
    let act = std::mem::replace(&mut visit.lock().unwrap().act, Do::Accept);
    match act {
        Do::Hang => {
            tokio::time::sleep(std::time::Duration::from_secs(600)).await;
            return Ok(false);
        }
        Do::HangUp | Do::TakeAndHangUp => return Ok(false),
        Do::Accept | Do::Say(..) => {}
    }
    let mut text = Vec::new();
    reply.write_to(&mut text)?;
    wire.get_mut().write_all(&text).await?;
    wire.get_mut().flush().await?;
    Ok(reply.action != Action::Close && !visit.lock().unwrap().over)
}

struct Visit {
    act: Do,
    over: bool,
    encrypted: bool,
    user: Option<String>,
    from: String,
    to: String,
    bytes: Vec<u8>,
}

impl Default for Visit {
    fn default() -> Self {
        Self {
            act: Do::Accept,
            over: false,
            encrypted: false,
            user: None,
            from: String::new(),
            to: String::new(),
            bytes: Vec::new(),
        }
    }
}

impl Visit {
    fn answer(&mut self, act: Do, usual: Response) -> Response {
        self.act = act;
        match act {
            Do::Say(code, text) => Response::custom(code, text.to_owned()),
            _ => usual,
        }
    }
}

struct Desk {
    relay: Relay,
    visit: Arc<Mutex<Visit>>,
}

impl Desk {
    fn answer(&self, at: At, usual: Response) -> Response {
        let to = self.visit.lock().unwrap().to.clone();
        let act = self.relay.ask(at, &to);
        self.visit.lock().unwrap().answer(act, usual)
    }
}

impl Handler for Desk {
    fn mail(&mut self, _: IpAddr, _: &str, from: &str) -> Response {
        let mut visit = self.visit.lock().unwrap();
        visit.from = from.to_owned();
        visit.to.clear();
        visit.bytes.clear();
        drop(visit);
        self.answer(At::Mail, response::OK)
    }

    fn rcpt(&mut self, to: &str) -> Response {
        self.visit.lock().unwrap().to = to.to_owned();
        self.answer(At::Rcpt, response::OK)
    }

    fn data_start(&mut self, _: &str, _: &str, _: bool, _: &[String]) -> Response {
        self.answer(At::Data, response::START_DATA)
    }

    fn data(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.visit.lock().unwrap().bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let reply = self.answer(At::Letter, response::OK);
        let mut visit = self.visit.lock().unwrap();
        // mailin's session would take what follows a refused letter for more of it.
        visit.over = reply.is_error;
        if matches!(visit.act, Do::Accept | Do::TakeAndHangUp) {
            self.relay.kept.lock().unwrap().taken.push(Taken {
                from: visit.from.clone(),
                to: visit.to.clone(),
                bytes: visit.bytes.clone(),
                encrypted: visit.encrypted,
                user: visit.user.clone(),
                unanswered: visit.act == Do::TakeAndHangUp,
                when: std::time::Instant::now(),
            });
        }
        reply
    }

    fn auth_plain(&mut self, _: &str, user: &str, password: &str) -> Response {
        let right = self.relay.setup.login == Some((user, password));
        self.visit.lock().unwrap().user = right.then(|| user.to_owned());
        self.answer(
            At::Login,
            if right {
                response::AUTH_OK
            } else {
                response::INVALID_CREDENTIALS
            },
        )
    }
}
