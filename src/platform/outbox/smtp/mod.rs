//! Letters to a relay: its open connections, what its answers mean, and what to do about them.

mod certificate;
mod talk;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use lettre::Address;
use rustls::ClientConfig;

pub(crate) use talk::{Cause, Fault, Step, Tell};

use super::settings::{Relay, is_loopback};
use crate::platform::trust::Roots;
use talk::Talk;

/// Relays grow suspicious of connections that never end.
const LETTERS_A_CONNECTION: u32 = 100;

/// A relay and the connections to it that are open and idle.
pub(crate) struct Post {
    pub relay: Relay,
    tls: OnceLock<Arc<ClientConfig>>,
    idle: Mutex<Vec<Talk>>,
}

impl Post {
    pub(crate) fn new(relay: Relay) -> Self {
        Self {
            relay,
            tls: OnceLock::new(),
            idle: Mutex::default(),
        }
    }

    /// Hands a letter over and gives the relay's last words. `wanted` is asked once more before the letter's text goes.
    pub(crate) async fn deliver(
        &self,
        envelope: (&Address, &Address),
        letter: &[u8],
        wanted: impl Fn() -> bool,
        tell: Tell<'_>,
    ) -> Result<String, Fault> {
        let known = self.idle().pop();
        if let Some(mut talk) = known {
            match talk.deliver(envelope, letter, &wanted, tell).await {
                // The relay had hung up meanwhile; the letter has not gone anywhere.
                Err(Fault {
                    step: Step::Sender,
                    cause: Cause::Broken(_) | Cause::Silent,
                }) => {}
                answer => return self.keep(talk, answer).await,
            }
        }
        let mut talk = Talk::open(&self.relay, self.tls()?, tell).await?;
        let answer = talk.deliver(envelope, letter, &wanted, tell).await;
        self.keep(talk, answer).await
    }

    /// Connects, encrypts and logs in as for a letter, and says good-bye.
    pub(crate) async fn call(&self, tell: Tell<'_>) -> Result<(), Fault> {
        let talk = Talk::open(&self.relay, self.tls()?, tell).await?;
        talk.quit().await;
        Ok(())
    }

    /// Closes the connections that nobody uses.
    pub(crate) async fn rest(&self) {
        let idle = std::mem::take(&mut *self.idle());
        futures::future::join_all(idle.into_iter().map(Talk::quit)).await;
    }

    /// Keeps a conversation for the next letter where it can go on.
    async fn keep(&self, talk: Talk, answer: Result<talk::Reply, Fault>) -> Result<String, Fault> {
        let goes_on = match &answer {
            Ok(_) => talk.letters < LETTERS_A_CONNECTION,
            Err(Fault {
                cause: Cause::Refused(reply),
                ..
            }) => reply.code != 421,
            Err(Fault {
                cause: Cause::TooLate | Cause::Unfit(_),
                ..
            }) => true,
            Err(_) => false,
        };
        if goes_on {
            self.idle().push(talk);
        } else if answer.is_ok() {
            talk.quit().await;
        }
        answer.map(|reply| reply.to_string())
    }

    fn tls(&self) -> Result<&Arc<ClientConfig>, Fault> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls);
        }
        let made = Roots::load(self.relay.ca.as_deref()).and_then(|roots| roots.tls());
        let tls = made.map_err(|error| Fault {
            step: Step::Encryption,
            cause: Cause::Broken(format!("{error:#}")),
        })?;
        Ok(self.tls.get_or_init(|| tls))
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Talk>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a fault means for the letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The relay, or what we were told about it, is at fault: no letter will fare better.
    Relay,
    /// Another time it may go.
    Later,
    /// This letter will never be taken.
    Never,
    /// Nobody lives at that address.
    Unknown,
    /// It is worth nothing any more.
    TooLate,
}

impl Fault {
    pub(crate) fn meaning(&self) -> Meaning {
        match (self.step, &self.cause) {
            (_, Cause::TooLate) => Meaning::TooLate,
            // Temporary trouble with the sender is often trouble with space or load: one letter at a time bears it.
            (Step::Sender, Cause::Refused(reply)) if reply.code < 500 && reply.code != 421 => {
                Meaning::Later
            }
            (step, _) if step <= Step::Sender => Meaning::Relay,
            (_, Cause::Broken(_) | Cause::Silent) => Meaning::Later,
            (_, Cause::Unfit(_)) => Meaning::Never,
            (_, Cause::Refused(reply)) if reply.code < 500 => Meaning::Later,
            (Step::Recipient, Cause::Refused(reply)) => refused_recipient(reply),
            (_, Cause::Refused(_)) => Meaning::Never,
        }
    }

    /// True where the relay said so, and not merely fell silent.
    pub(crate) fn is_answer(&self) -> bool {
        matches!(self.cause, Cause::Refused(_))
    }

    /// What to do about it.
    pub(crate) fn remedy(&self, relay: &Relay) -> String {
        let place = relay.place();
        match (self.step, &self.cause) {
            (Step::Name, _) => format!("Check the host {} in smtp_url, and whether this machine reaches a name server.", relay.host),
            (Step::Connection, Cause::Silent) => format!("A firewall swallows connections to {place}. Many providers block port 25; try port 587, or smtps:// with 465."),
            (Step::Connection, _) => format!("Nothing takes connections at {place}: check host and port in smtp_url (587 for smtp://, 465 for smtps://), and whether the relay runs."),
            (Step::Greeting, Cause::Silent | Cause::Broken(_)) => "The port may want encryption from the start: try smtps://.".into(),
            (Step::Greeting, _) => "The relay does not want to talk to this machine now; its words say why.".into(),
            (Step::Hello, _) => "The relay does not like this machine's name; its words say why.".into(),
            (Step::Encryption, cause) => encryption_remedy(cause, relay),
            (Step::Login, cause) => login_remedy(cause),
            (Step::Sender, _) => "The relay does not take letters from this sender: set mail_from to an address that it lets you use.".into(),
            (Step::Recipient, _) => match self.meaning() {
                Meaning::Relay => "The relay does not pass letters on for us: it wants a login (user and password in smtp_url), or this machine's address on its list.".into(),
                Meaning::Unknown => "The address does not exist there. Check how it is spelled.".into(),
                _ => "The relay does not take letters for this address now; its words say why.".into(),
            },
            (Step::Letter, _) => "The relay took the addresses and not the letter; its words say why.".into(),
        }
    }
}

/// 550 and its like mean that nobody lives there, unless an enhanced code says that it is about something else.
fn refused_recipient(reply: &talk::Reply) -> Meaning {
    let words = reply.lines.join(" ").to_lowercase();
    // Not the address nor a host: whoever may choose one of those must not be able to stop everybody's letters.
    let relays = |word: &str| matches!(word, "relay" | "relaying" | "relayed" | "relay.");
    let wants_login =
        matches!(reply.code, 530 | 538) || words.split([' ', ',', ':', ';']).any(relays);
    match reply.enhanced() {
        Some("5.1") => Meaning::Unknown,
        Some("5.7") | None if wants_login => Meaning::Relay,
        None if matches!(reply.code, 550 | 551 | 553) => Meaning::Unknown,
        _ => Meaning::Never,
    }
}

fn encryption_remedy(cause: &Cause, relay: &Relay) -> String {
    match cause {
        Cause::Unfit(_) if is_loopback(&relay.host) => {
            "Add ?tls=none for a relay on this machine, or smtps:// where it is encrypted from the start.".into()
        }
        Cause::Unfit(_) => "Try another port, or smtps:// with 465.".into(),
        Cause::Broken(why) if why.contains("UnknownIssuer") => {
            "Nobody whom this machine trusts vouches for the relay's certificate. Where it is the club's own, set smtp_ca to the file of its authority's certificate.".into()
        }
        Cause::Broken(why) if why.contains("not valid for name") || why.contains("NotValidForName") => {
            "The certificate is for another name: write that name as the host in smtp_url.".into()
        }
        Cause::Broken(why) if why.contains("xpired") => {
            "The relay's certificate has run out (or this machine's clock is wrong).".into()
        }
        Cause::Broken(why) if why.contains("InvalidContentType") => {
            "The port does not begin with encryption: write smtp:// instead of smtps://, or use port 465.".into()
        }
        _ => "The connection could not be encrypted; its words say why.".into(),
    }
}

fn login_remedy(cause: &Cause) -> String {
    match cause {
        Cause::Refused(reply) if reply.code >= 500 => {
            "User or password is wrong: check them in smtp_url (special letters are written as %40 for @, %23 for #, %2F for /). Some providers want an app password.".into()
        }
        Cause::Refused(_) => "The relay cannot check logins now; it is tried again by itself.".into(),
        Cause::Unfit(_) => "Use ?tls=required or smtps://, or leave the user out where the relay wants none.".into(),
        _ => "The relay hung up on the login; check user and password in smtp_url.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(step: Step, code: u16, words: &str) -> Fault {
        Fault {
            step,
            cause: Cause::Refused(talk::Reply {
                code,
                lines: vec![words.into()],
            }),
        }
    }

    /// The same number means different things at different steps (RFC 5321 §4.2, RFC 3463).
    #[test]
    fn a_refusal_is_judged_by_its_step_and_its_code() {
        let cases = [
            (Step::Greeting, 554, "no service here", Meaning::Relay),
            (Step::Login, 535, "5.7.8 wrong", Meaning::Relay),
            (Step::Login, 454, "4.7.0 later", Meaning::Relay),
            (Step::Sender, 550, "5.7.1 not your address", Meaning::Relay),
            (Step::Sender, 451, "local error", Meaning::Later),
            (Step::Sender, 421, "closing", Meaning::Relay),
            (Step::Recipient, 550, "5.1.1 no such user", Meaning::Unknown),
            (Step::Recipient, 550, "no such user", Meaning::Unknown),
            (Step::Recipient, 553, "bad mailbox", Meaning::Unknown),
            (
                Step::Recipient,
                550,
                "5.7.1 you are on a list",
                Meaning::Never,
            ),
            (Step::Recipient, 552, "5.2.2 mailbox full", Meaning::Never),
            (
                Step::Recipient,
                554,
                "5.7.1 <a@b>: Relay access denied",
                Meaning::Relay,
            ),
            (
                Step::Recipient,
                530,
                "5.7.0 authentication required",
                Meaning::Relay,
            ),
            (
                Step::Recipient,
                550,
                "<relay@b.example>: no such user at relay.b.example",
                Meaning::Unknown,
            ),
            (
                Step::Recipient,
                554,
                "5.7.1 <relay@b.example>: Access denied",
                Meaning::Never,
            ),
            (Step::Recipient, 450, "4.2.0 greylisted", Meaning::Later),
            (Step::Recipient, 421, "closing", Meaning::Later),
            (Step::Letter, 554, "spam", Meaning::Never),
            (Step::Letter, 550, "5.1.1 whatever", Meaning::Never),
            (Step::Letter, 452, "full", Meaning::Later),
        ];
        for (step, code, words, meaning) in cases {
            assert_eq!(
                refused(step, code, words).meaning(),
                meaning,
                "{step:?} {code} {words}"
            );
        }
        let lost = |step| Fault {
            step,
            cause: Cause::Silent,
        };
        assert_eq!(lost(Step::Connection).meaning(), Meaning::Relay);
        assert_eq!(lost(Step::Letter).meaning(), Meaning::Later);
    }
}
