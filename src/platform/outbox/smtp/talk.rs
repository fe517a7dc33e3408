//! A conversation with a mail relay, step by step: what was said, and in which step it went wrong.
//!
//! lettre's own client does not tell at which command a 550 came, nor what the relay's certificate says; its commands
//! and addresses are used here.

use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::Address;
use lettre::transport::smtp::commands::{Data, Ehlo, Mail, Quit, Rcpt, Rset, Starttls};
use lettre::transport::smtp::extension::{ClientId, MailParameter};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::certificate;
use crate::platform::outbox::message::one_line;
use crate::platform::outbox::settings::{Encryption, Login, Relay, is_loopback};

/// A connection is there by then, or not at all.
const CONNECT: Duration = Duration::from_secs(10);

/// So long may a letter take, from the connection to the last reply.
pub(super) const WHOLE: Duration = Duration::from_secs(60);

/// A relay that is well forgets at once.
const RESET: Duration = Duration::from_secs(5);

/// A reply longer than this is none.
const REPLY_LIMIT: u64 = 64 * 1024;

/// So much of one of its lines is looked at, characters.
const LINE_LIMIT: usize = 300;

/// So much of a reply is kept and shown, characters.
const WORDS_LIMIT: usize = 500;

/// Where in the conversation something went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Name,
    Connection,
    Greeting,
    Hello,
    Encryption,
    Login,
    Sender,
    Recipient,
    Letter,
}

impl Step {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Name => "DNS",
            Self::Connection => "connection",
            Self::Greeting => "greeting",
            Self::Hello => "EHLO",
            Self::Encryption => "TLS",
            Self::Login => "AUTH",
            Self::Sender => "MAIL FROM",
            Self::Recipient => "RCPT TO",
            Self::Letter => "DATA",
        }
    }
}

/// What went wrong.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub step: Step,
    pub cause: Cause,
}

#[derive(Debug, Clone)]
pub(crate) enum Cause {
    /// The relay said no.
    Refused(Reply),
    /// The connection broke, or could not be made.
    Broken(String),
    /// Nothing came in time.
    Silent,
    /// The relay cannot do what we need.
    Unfit(&'static str),
    /// Nobody wants the letter any more.
    TooLate,
}

impl Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let step = self.step.as_str();
        match &self.cause {
            Cause::Refused(reply) => write!(f, "{step}: {reply}"),
            Cause::Broken(why) => write!(f, "{step}: {why}"),
            Cause::Silent => write!(f, "{step}: no answer in time"),
            Cause::Unfit(why) => write!(f, "{step}: {why}"),
            Cause::TooLate => f.write_str("it expired before it could be handed over"),
        }
    }
}

/// What a relay answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    pub code: u16,
    pub lines: Vec<String>,
}

impl Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = one_line(&self.lines.join(" "), WORDS_LIMIT);
        write!(f, "{} {words}", self.code)
    }
}

impl Reply {
    /// The class and subject of an enhanced status code (RFC 3463), `5.1` of `5.1.1`.
    pub(super) fn enhanced(&self) -> Option<&str> {
        let word = self.lines.first()?.split(' ').next()?;
        let digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let parts: Vec<&str> = word.split('.').collect();
        match parts.as_slice() {
            [class @ ("2" | "4" | "5"), subject, detail] if digits(subject) && digits(detail) => {
                word.get(..class.len() + 1 + subject.len())
            }
            _ => None,
        }
    }
}

/// Tells whoever listens what has just been done in a step, and what came of it.
pub(crate) type Tell<'t> = &'t (dyn Fn(&str, &str) + Send + Sync);

trait Wire: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Wire for T {}

/// An open conversation, ready for letters.
pub(super) struct Talk {
    wire: BufReader<Box<dyn Wire>>,
    deadline: Instant,
    offers: Vec<String>,
    encrypted: bool,
    /// How many letters it has carried.
    pub letters: u32,
    /// A letter was refused half-way; the relay must forget it before the next.
    unfinished: bool,
}

impl Talk {
    /// Connects, encrypts and logs in as the settings say.
    pub(super) async fn open(
        relay: &Relay,
        tls: &Arc<ClientConfig>,
        tell: Tell<'_>,
    ) -> Result<Self, Fault> {
        let mut talk = Self {
            wire: BufReader::new(connect(relay, tell).await?),
            deadline: Instant::now() + WHOLE,
            offers: Vec::new(),
            encrypted: false,
            letters: 0,
            unfinished: false,
        };
        if relay.encryption == Encryption::Wrapped {
            talk = talk.encrypt(relay, tls, tell).await?;
        }
        let greeting = talk.reply(Step::Greeting).await?;
        tell("greeting", &greeting.to_string());
        let greeting = accepted(Step::Greeting, greeting)?;
        drop(greeting);
        talk.hello(tell).await?;
        talk = talk.start_tls(relay, tls, tell).await?;
        if let Some(login) = &relay.login {
            talk.log_in(relay, login, tell).await?;
        }
        Ok(talk)
    }

    /// Hands a letter over. `wanted` is asked once more before its text goes.
    pub(super) async fn deliver(
        &mut self,
        (from, to): (&Address, &Address),
        letter: &[u8],
        wanted: impl Fn() -> bool,
        tell: Tell<'_>,
    ) -> Result<Reply, Fault> {
        if self.unfinished {
            self.deadline = Instant::now() + RESET;
            let reply = self.ask(Step::Sender, Rset).await?;
            accepted(Step::Sender, reply).map_err(|_| silent(Step::Sender))?;
        }
        self.deadline = Instant::now() + WHOLE;
        self.unfinished = true;
        let mut parameters = Vec::new();
        let plain = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        if !plain(from) || !plain(to) {
            if !self.offers("SMTPUTF8") {
                return Err(unfit(
                    Step::Recipient,
                    "the relay takes no addresses with letters beyond ASCII (SMTPUTF8)",
                ));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let sender = self
            .ask(Step::Sender, Mail::new(Some(from.clone()), parameters))
            .await?;
        tell("MAIL FROM", &format!("{from}: {sender}"));
        accepted(Step::Sender, sender)?;
        let recipient = self
            .ask(Step::Recipient, Rcpt::new(to.clone(), Vec::new()))
            .await?;
        tell("RCPT TO", &format!("{to}: {recipient}"));
        accepted(Step::Recipient, recipient)?;
        if !wanted() {
            return Err(Fault {
                step: Step::Letter,
                cause: Cause::TooLate,
            });
        }
        let ready = self.ask(Step::Letter, Data).await?;
        tell("DATA", &ready.to_string());
        accepted(Step::Letter, ready)?;
        self.send(Step::Letter, &dotted(letter)).await?;
        let taken = self.reply(Step::Letter).await?;
        tell("letter", &taken.to_string());
        self.letters += 1;
        let taken = accepted(Step::Letter, taken)?;
        self.unfinished = false;
        Ok(taken)
    }

    /// Says good-bye; nobody waits for the answer for long.
    pub(super) async fn quit(mut self) {
        self.deadline = Instant::now() + Duration::from_secs(2);
        drop(self.ask(Step::Sender, Quit).await);
    }

    async fn hello(&mut self, tell: Tell<'_>) -> Result<(), Fault> {
        let reply = self
            .ask(Step::Hello, Ehlo::new(ClientId::default()))
            .await?;
        let reply = accepted(Step::Hello, reply)?;
        self.offers = reply
            .lines
            .iter()
            .skip(1)
            .map(|line| line.to_uppercase())
            .collect();
        tell(
            "EHLO",
            &format!("{} {}", reply.code, self.offers.join(", ")),
        );
        Ok(())
    }

    async fn start_tls(
        mut self,
        relay: &Relay,
        tls: &Arc<ClientConfig>,
        tell: Tell<'_>,
    ) -> Result<Self, Fault> {
        match relay.encryption {
            Encryption::None | Encryption::Wrapped => return Ok(self),
            Encryption::Offered if !self.offers("STARTTLS") => return Ok(self),
            Encryption::Required if !self.offers("STARTTLS") => {
                return Err(unfit(Step::Encryption, "the relay offers no STARTTLS"));
            }
            Encryption::Offered | Encryption::Required => {}
        }
        let reply = self.ask(Step::Encryption, Starttls).await?;
        tell("STARTTLS", &reply.to_string());
        accepted(Step::Encryption, reply)?;
        if !self.wire.buffer().is_empty() {
            // Somebody on the way put words into the relay's mouth (CVE-2011-0411).
            return Err(unfit(
                Step::Encryption,
                "something unencrypted came after STARTTLS",
            ));
        }
        let mut talk = self.encrypt(relay, tls, tell).await?;
        talk.hello(tell).await?;
        Ok(talk)
    }

    async fn encrypt(
        self,
        relay: &Relay,
        tls: &Arc<ClientConfig>,
        tell: Tell<'_>,
    ) -> Result<Self, Fault> {
        let name = ServerName::try_from(relay.host.clone())
            .map_err(|_| unfit(Step::Encryption, "no certificate can name such a host"))?;
        let connecting = TlsConnector::from(tls.clone()).connect(name, self.wire.into_inner());
        let stream = timeout_at(self.deadline, connecting)
            .await
            .map_err(|_| silent(Step::Encryption))?
            .map_err(|error| broken(Step::Encryption, &error))?;
        tell("TLS", &certificate::describe(stream.get_ref().1));
        Ok(Self {
            wire: BufReader::new(Box::new(stream)),
            encrypted: true,
            ..self
        })
    }

    async fn log_in(&mut self, relay: &Relay, login: &Login, tell: Tell<'_>) -> Result<(), Fault> {
        if !self.encrypted && !is_loopback(&relay.host) {
            return Err(unfit(
                Step::Login,
                "the password is not sent over a connection that is not encrypted",
            ));
        }
        let mechanisms: Vec<&str> = self
            .offers
            .iter()
            .filter_map(|line| line.strip_prefix("AUTH"))
            .flat_map(|list| list.split([' ', '=']))
            .collect();
        let password = login.password.reveal();
        let (mechanism, reply) = if mechanisms.contains(&"PLAIN") {
            let proof = STANDARD.encode(format!("\0{}\0{password}", login.user));
            let reply = self.ask(Step::Login, format!("AUTH PLAIN {proof}\r\n"));
            ("PLAIN", reply.await?)
        } else if mechanisms.contains(&"LOGIN") {
            ("LOGIN", self.log_in_by_questions(login).await?)
        } else {
            return Err(unfit(
                Step::Login,
                "the relay offers no login that we know (AUTH PLAIN or LOGIN)",
            ));
        };
        tell("AUTH", &format!("{mechanism} as {}: {reply}", login.user));
        accepted(Step::Login, reply).map(drop)
    }

    /// AUTH LOGIN: the relay asks for the user, then for the password.
    async fn log_in_by_questions(&mut self, login: &Login) -> Result<Reply, Fault> {
        let mut reply = self.ask(Step::Login, "AUTH LOGIN\r\n").await?;
        for answer in [login.user.as_str(), login.password.reveal()] {
            if reply.code != 334 {
                break;
            }
            reply = self
                .ask(Step::Login, format!("{}\r\n", STANDARD.encode(answer)))
                .await?;
        }
        Ok(reply)
    }

    fn offers(&self, word: &str) -> bool {
        self.offers
            .iter()
            .any(|line| line.split(' ').next() == Some(word))
    }

    async fn ask(&mut self, step: Step, command: impl Display) -> Result<Reply, Fault> {
        self.send(step, command.to_string().as_bytes()).await?;
        self.reply(step).await
    }

    async fn send(&mut self, step: Step, bytes: &[u8]) -> Result<(), Fault> {
        let wire = self.wire.get_mut();
        let sending = async {
            wire.write_all(bytes).await?;
            wire.flush().await
        };
        timeout_at(self.deadline, sending)
            .await
            .map_err(|_| silent(step))?
            .map_err(|error| broken(step, &error))
    }

    /// All lines of the next reply.
    async fn reply(&mut self, step: Step) -> Result<Reply, Fault> {
        let mut reply = Reply::default();
        let mut limited = (&mut self.wire).take(REPLY_LIMIT);
        loop {
            let mut line = Vec::new();
            let read = timeout_at(self.deadline, limited.read_until(b'\n', &mut line))
                .await
                .map_err(|_| silent(step))?
                .map_err(|error| broken(step, &error))?;
            if read == 0 {
                return Err(broken(step, &"the relay hung up"));
            }
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end();
            let code = line.get(..3).and_then(|code| code.parse().ok());
            let Some(code) = code.filter(|code| (200..600).contains(code)) else {
                return Err(broken(
                    step,
                    &format!("this is no mail server: it says {:?}", shorten(line)),
                ));
            };
            reply.code = code;
            // Its words come to a terminal, and may be those of whoever refused the letter further on.
            reply
                .lines
                .push(one_line(line.get(4..).unwrap_or_default(), LINE_LIMIT));
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(reply);
            }
        }
    }
}

/// The first of the relay's addresses that takes a connection.
async fn connect(relay: &Relay, tell: Tell<'_>) -> Result<Box<dyn Wire>, Fault> {
    let found = timeout(CONNECT, lookup_host((relay.host.as_str(), relay.port)))
        .await
        .map_err(|_| silent(Step::Name))?
        .map_err(|error| broken(Step::Name, &error))?;
    let addresses: Vec<SocketAddr> = found.collect();
    let written: Vec<String> = addresses
        .iter()
        .map(|address| address.ip().to_string())
        .collect();
    tell("DNS", &format!("{} is {}", relay.host, written.join(", ")));
    let mut last = unfit(Step::Name, "the name has no address");
    for address in addresses {
        let connected = match timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Commands are small and each waits for its reply.
                drop(stream.set_nodelay(true));
                tell("connect", &format!("{address}: connected"));
                return Ok(Box::new(stream));
            }
            Ok(Err(error)) => broken(Step::Connection, &format!("{address}: {error}")),
            Err(_) => silent(Step::Connection),
        };
        tell("connect", &format!("{address}: {}", connected.words()));
        last = connected;
    }
    Err(last)
}

impl Fault {
    /// What went wrong, without the step.
    fn words(&self) -> String {
        let whole = self.to_string();
        whole
            .split_once(": ")
            .map_or(whole.clone(), |(_, words)| words.to_owned())
    }
}

/// The reply, where it is a yes.
fn accepted(step: Step, reply: Reply) -> Result<Reply, Fault> {
    if (200..400).contains(&reply.code) {
        return Ok(reply);
    }
    Err(Fault {
        step,
        cause: Cause::Refused(reply),
    })
}

fn broken(step: Step, why: &impl Display) -> Fault {
    Fault {
        step,
        cause: Cause::Broken(why.to_string()),
    }
}

fn silent(step: Step) -> Fault {
    Fault {
        step,
        cause: Cause::Silent,
    }
}

fn unfit(step: Step, why: &'static str) -> Fault {
    Fault {
        step,
        cause: Cause::Unfit(why),
    }
}

fn shorten(line: &str) -> &str {
    let end = line
        .char_indices()
        .nth(LINE_LIMIT)
        .map_or(line.len(), |(at, _)| at);
    &line[..end]
}

/// The letter with its dots doubled (RFC 5321 §4.5.2) and the end mark. Its lines end in CRLF already.
fn dotted(letter: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(letter.len() + 64);
    for line in letter.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            bytes.push(b'.');
        }
        bytes.extend_from_slice(line);
    }
    if !bytes.ends_with(b"\r\n") {
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b".\r\n");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_a_dot_does_not_end_the_letter() {
        assert_eq!(
            dotted(b"a\r\n.\r\n..b\r\n"),
            b"a\r\n..\r\n...b\r\n.\r\n".to_vec()
        );
        assert_eq!(dotted(b"no end"), b"no end\r\n.\r\n".to_vec());
    }

    /// What a talk makes of `said`, the other end staying on the line.
    async fn heard(said: Vec<u8>) -> Result<Reply, Fault> {
        let (ours, mut theirs) = tokio::io::duplex(said.len().max(1));
        theirs.write_all(&said).await.unwrap();
        let mut talk = Talk {
            wire: BufReader::new(Box::new(ours)),
            deadline: Instant::now() + Duration::from_secs(2),
            offers: Vec::new(),
            encrypted: false,
            letters: 0,
            unfinished: false,
        };
        talk.reply(Step::Recipient).await
    }

    #[tokio::test]
    async fn a_reply_is_short_and_steers_no_terminal_however_it_is_sent() {
        let steered = heard(b"550-5.1.1 \x1b]0;owned\x07no\r\n550 such\x9b user\xff\r\n".to_vec());
        let shown = steered.await.unwrap().to_string();
        assert!(!shown.contains(char::is_control), "{shown:?}");
        assert!(shown.starts_with("550 5.1.1 "), "{shown:?}");
        let many = b"550-no\r\n".repeat(5000);
        let long = heard([many.as_slice(), b"550 no\r\n"].concat()).await;
        assert!(long.unwrap().to_string().chars().count() < 520);
        let endless = heard(b"250-yes\r\n".repeat(20_000)).await;
        assert!(matches!(endless.unwrap_err().cause, Cause::Broken(_)));
        for odd in ["250", "250\n", "250-\r\n250 \r\n"] {
            let reply = heard(odd.as_bytes().to_vec()).await;
            assert!(
                reply.is_ok_and(|reply| reply.code == 250) || !odd.contains('\n'),
                "{odd:?}"
            );
        }
    }

    #[test]
    fn an_enhanced_code_is_read_and_nothing_else_taken_for_one() {
        let of = |text: &str| Reply {
            code: 550,
            lines: vec![text.into()],
        };
        assert_eq!(of("5.1.1 no such user").enhanced(), Some("5.1"));
        assert_eq!(of("4.7.25 no PTR").enhanced(), Some("4.7"));
        for none in [
            "no such user",
            "5.1 short",
            "5.1.x odd",
            "192.0.2.1 is blocked",
            "",
        ] {
            assert_eq!(of(none).enhanced(), None, "{none}");
        }
    }
}
