//! A letter as mail programs read it: typed headers, text and HTML, pictures inside.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};
use lettre::{Address, message::Body};
use reqwest::Url;
use sha2::{Digest as _, Sha256};

use super::{Letter, Order, Thread};

/// More than a mail program shows of either.
const SUBJECT_LIMIT: usize = 200;
const NAME_LIMIT: usize = 100;

/// No line of a letter may be longer than 998 (RFC 5322 §2.1.1), and an address cannot be broken.
const URL_LIMIT: usize = 900;

/// A header whose value is one of ours, or an address that has been parsed.
macro_rules! header {
    ($name:ident, $written:literal) => {
        #[derive(Clone)]
        struct $name(String);

        impl Header for $name {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($written)
            }

            fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Ok(Self(text.into()))
            }

            fn display(&self) -> HeaderValue {
                HeaderValue::new(Self::name(), self.0.clone())
            }
        }
    };
}

header!(ListUnsubscribe, "List-Unsubscribe");
header!(ListUnsubscribePost, "List-Unsubscribe-Post");
header!(AutoSubmitted, "Auto-Submitted");

/// The bytes of a letter to `to`, and its Message-ID, which is the same however often it is made.
///
/// RFC 5322, RFC 2369 and 8058 (List-Unsubscribe), RFC 3834 (Auto-Submitted), RFC 2387 (pictures inside).
pub(super) fn write(
    letter: &Letter,
    order: &Order,
    from: &Mailbox,
    to: &Address,
) -> anyhow::Result<Vec<u8>> {
    let host = from.email.domain();
    let name = letter
        .to_name
        .as_deref()
        .map(|name| one_line(name, NAME_LIMIT));
    let mut message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(
            name.filter(|name| !name.is_empty()),
            to.clone(),
        ))
        .subject(one_line(&letter.subject, SUBJECT_LIMIT))
        .date(system_time(order.at))
        .message_id(Some(message_id(&order.key, letter.thread.as_ref(), host)))
        .header(AutoSubmitted("auto-generated".into()));
    if let Some(thread) = letter.thread.as_ref().filter(|thread| !thread.first) {
        let root = root(thread, host);
        message = message.in_reply_to(root.clone()).references(root);
    }
    // An address that is none is left out: a header is worth less than the letter.
    let unsubscribe = letter
        .unsubscribe
        .as_deref()
        .and_then(|url| Url::parse(url).ok());
    if let Some(url) = unsubscribe
        .filter(|url| matches!(url.scheme(), "https" | "http") && url.as_str().len() <= URL_LIMIT)
    {
        message = message
            .header(ListUnsubscribe(format!("<{url}>")))
            .header(ListUnsubscribePost("List-Unsubscribe=One-Click".into()));
    }
    let body = MultiPart::alternative()
        .singlepart(SinglePart::plain(printable(&letter.text)))
        .multipart(html(letter));
    Ok(message.multipart(body)?.formatted())
}

/// The id by which relays and mail programs know a letter again.
fn message_id(key: &str, thread: Option<&Thread>, host: &str) -> String {
    match thread.filter(|thread| thread.first) {
        Some(thread) => root(thread, host),
        None => format!("<{}@{host}>", digest(key)),
    }
}

/// What stays the same of a parcel, for those who may get it twice.
pub(super) fn digest(key: &str) -> String {
    hex::encode(&Sha256::digest(key)[..16])
}

fn root(thread: &Thread, host: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if !thread.root.is_empty() && thread.root.len() <= 64 && thread.root.bytes().all(plain) {
        format!("<{}@{host}>", thread.root)
    } else {
        format!("<{}@{host}>", digest(&thread.root))
    }
}

/// The HTML with its pictures; without any it stands alone.
fn html(letter: &Letter) -> MultiPart {
    let related = MultiPart::related().singlepart(SinglePart::html(printable(&letter.html)));
    letter.pictures.iter().fold(related, |related, picture| {
        let png = Body::new(picture.png.as_ref().clone());
        let png_type = ContentType::parse("image/png").unwrap_or(ContentType::TEXT_PLAIN);
        related.singlepart(Attachment::new_inline(picture.cid.clone()).body(png, png_type))
    })
}

/// `text` in one line of at most `limit` letters: whatever ends a line, or steers a terminal, becomes a space.
pub fn one_line(text: &str, limit: usize) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(
                c,
                '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{200e}' | '\u{200f}'
            )
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    let spaced: String = text
        .chars()
        .map(|c| if steers(c) { ' ' } else { c })
        .collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    words.join(" ").chars().take(limit).collect()
}

/// The text without what no letter needs: control characters, save ends of lines and tabs. A carriage return by itself
/// ends a line for some relays and for others not, which smugglers use; the ends of lines are made when it is sent.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

fn system_time(at: DateTime<Utc>) -> SystemTime {
    at.into()
}
