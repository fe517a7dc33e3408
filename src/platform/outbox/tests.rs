//! The outbox without a network: what a letter's bytes are, what settings mean, when to try again.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use lettre::Address;
use lettre::message::Mailbox;
use mail_parser::{HeaderName, Message, MessageParser, MimeHeaders as _};

use super::message::write;
use super::retry::{Breaker, Ladder};
use super::settings::{Encryption, Mail, Way};
use super::{Channel, Letter, Order, Picture, Thread};
use crate::platform::config::Sources;

fn now() -> DateTime<Utc> {
    "2026-11-20T22:00:00Z".parse().unwrap()
}

fn order(key: &str) -> Order {
    Order {
        id: 7,
        key: key.into(),
        channel: Channel::Mail,
        address: "ada@members.example".into(),
        member: Some(1),
        payload: serde_json::Value::Null,
        created_at: now(),
        at: now(),
    }
}

fn letter() -> Letter {
    Letter {
        to_name: Some("Ada Lovelace".into()),
        subject: "GRB 230506A — up now from Pic du Midi, 64°".into(),
        text: "It is up.\nhttps://club.example/bursts/1\n".into(),
        html: "<p>It is <b>up</b>. <img src=\"cid:sky\" alt=\"sky\"></p>".into(),
        pictures: vec![Picture {
            cid: "sky".into(),
            alt: "The sky".into(),
            png: Arc::new(vec![0x89, b'P', b'N', b'G', 0, 255, 13, 10]),
        }],
        thread: Some(Thread {
            root: "burst-17.member-5".into(),
            first: false,
        }),
        unsubscribe: Some("https://club.example/unsubscribe/abc".into()),
    }
}

fn bytes(letter: &Letter, key: &str) -> Vec<u8> {
    let from: Mailbox = "Orion Hill <desk@club.example>".parse().unwrap();
    let to: Address = "ada@members.example".parse().unwrap();
    write(letter, &order(key), &from, &to).unwrap()
}

fn names(message: &Message) -> Vec<String> {
    let mut names: Vec<String> = message
        .headers()
        .iter()
        .map(|header| header.name().to_lowercase())
        .collect();
    names.sort();
    names
}

/// Read back by another's parser.
#[test]
fn a_letter_has_its_words_its_pictures_and_its_place_in_the_thread() {
    let raw = bytes(&letter(), "k1");
    assert!(raw.is_ascii());
    assert!(
        raw.split(|byte| *byte == b'\n')
            .all(|line| line.len() <= 999),
        "no line is too long"
    );
    let read = MessageParser::default().parse(&raw).unwrap();
    assert_eq!(
        read.subject(),
        Some("GRB 230506A — up now from Pic du Midi, 64°")
    );
    let from = read.from().unwrap().first().unwrap();
    assert_eq!(
        (from.name(), from.address()),
        (Some("Orion Hill"), Some("desk@club.example"))
    );
    let to = read.to().unwrap().first().unwrap();
    assert_eq!(
        (to.name(), to.address()),
        (Some("Ada Lovelace"), Some("ada@members.example"))
    );
    assert_eq!(read.date().unwrap().to_timestamp(), now().timestamp());
    assert_eq!(
        read.in_reply_to().as_text(),
        Some("burst-17.member-5@club.example")
    );
    assert_eq!(
        read.references().as_text(),
        Some("burst-17.member-5@club.example")
    );
    assert_eq!(
        read.header_raw("List-Unsubscribe").unwrap().trim(),
        "<https://club.example/unsubscribe/abc>"
    );
    assert_eq!(
        read.header_raw("List-Unsubscribe-Post").unwrap().trim(),
        "List-Unsubscribe=One-Click"
    );
    assert_eq!(
        read.header_raw("Auto-Submitted").unwrap().trim(),
        "auto-generated"
    );
    assert_eq!(
        read.body_text(0).unwrap().replace("\r\n", "\n").trim_end(),
        letter().text.trim_end()
    );
    assert!(read.body_html(0).unwrap().contains("It is <b>up</b>"));
    let types: Vec<String> = read
        .parts
        .iter()
        .filter_map(|part| part.content_type())
        .map(|t| format!("{}/{}", t.ctype(), t.subtype().unwrap_or("")))
        .collect();
    assert_eq!(
        types,
        [
            "multipart/alternative",
            "text/plain",
            "multipart/related",
            "text/html",
            "image/png"
        ]
    );
    let picture = read
        .parts
        .iter()
        .find(|part| part.content_id() == Some("sky"))
        .unwrap();
    assert_eq!(picture.contents(), letter().pictures[0].png.as_slice());
}

/// Some relays take a lone carriage return for the end of a line: then a dot between two would end the letter.
#[test]
fn no_line_ends_in_half() {
    let mut letter = letter();
    letter.text = "one\r.\rMAIL FROM:<a@b.example>\r\ntwo\n".into();
    letter.html.clone_from(&letter.text);
    let bytes = bytes(&letter, "k");
    for (at, byte) in bytes.iter().enumerate() {
        assert_eq!(
            *byte == b'\r',
            bytes.get(at + 1) == Some(&b'\n') && *byte == b'\r'
        );
        assert!(*byte != b'\n' || bytes[at - 1] == b'\r', "a bare line feed");
    }
}

#[test]
fn the_first_of_a_thread_is_its_root_and_every_letter_keeps_its_id() {
    let id = |raw: &[u8]| {
        MessageParser::default()
            .parse(raw)
            .unwrap()
            .message_id()
            .unwrap()
            .to_owned()
    };
    let mut first = letter();
    first.thread = Some(Thread {
        root: "burst-17.member-5".into(),
        first: true,
    });
    assert_eq!(id(&bytes(&first, "k1")), "burst-17.member-5@club.example");
    assert_eq!(id(&bytes(&letter(), "k1")), id(&bytes(&letter(), "k1")));
    assert_ne!(id(&bytes(&letter(), "k1")), id(&bytes(&letter(), "k2")));
}

/// Fifty ways to smuggle a header in, through every field that a person can write.
#[test]
fn nothing_that_a_person_writes_becomes_a_header() {
    let breaks = [
        "\r\n",
        "\n",
        "\r",
        "\n\n",
        "\r\n\r\n",
        "\0",
        "\u{85}",
        "\u{2028}",
        "\u{2029}",
        "\u{b}",
        "\u{c}",
        "\r\n ",
        "\n\t",
        "%0d%0a",
        "\\r\\n",
        "\u{560a}\u{560d}",
    ];
    let evils = [
        "Bcc: eve@evil.example",
        "X-Evil: 1",
        "Content-Type: text/html",
        "To: eve@evil.example",
    ];
    let mut payloads: Vec<String> = breaks
        .iter()
        .flat_map(|b| evils.iter().map(move |evil| format!("Ada{b}{evil}")))
        .collect();
    payloads.extend([
        "=?utf-8?Q?Ada=0D=0ABcc:_eve@evil.example?=".to_owned(),
        "=?utf-8?B?QWRhDQpCY2M6IGV2ZUBldmlsLmV4YW1wbGU=?=".into(),
        "Ada\" <eve@evil.example>, \"x".into(),
        "Ada <eve@evil.example>".into(),
        "a, b; c: d;".into(),
        "A".repeat(5000),
        "é\r\nBcc: eve@evil.example".repeat(200),
        "\u{202e}moc.live@eve".into(),
        String::new(),
        " \r\n ".into(),
    ]);
    assert!(payloads.len() >= 50);
    let usual = bytes(&letter(), "k");
    let usual_names = names(&MessageParser::default().parse(&usual).unwrap());
    let none: Vec<String> = Vec::new();
    // What is not among the usual headers, each as often as usual.
    let extra = |read: &Message| {
        let mut usual = usual_names.clone();
        let mut extra = names(read);
        extra.retain(|name| match usual.iter().position(|known| known == name) {
            Some(at) => {
                usual.remove(at);
                false
            }
            None => true,
        });
        extra
    };
    for payload in &payloads {
        let fields: [fn(&mut Letter, &str); 4] = [
            |letter, text| letter.to_name = Some(text.into()),
            |letter, text| letter.subject = text.into(),
            |letter, text| letter.unsubscribe = Some(format!("https://club.example/u/{text}")),
            |letter, text| {
                letter.thread = Some(Thread {
                    root: text.into(),
                    first: false,
                });
            },
        ];
        for change in fields {
            let mut changed = letter();
            change(&mut changed, payload);
            let raw = bytes(&changed, &format!("key {payload}"));
            let read = MessageParser::default().parse(&raw).unwrap();
            assert_eq!(extra(&read), none, "{payload:?}");
            let to: Vec<_> = read
                .to()
                .unwrap()
                .iter()
                .filter_map(|to| to.address())
                .collect();
            assert_eq!(to, ["ada@members.example"], "{payload:?}");
            assert_eq!(read.header_values(HeaderName::Bcc).count(), 0);
            assert!(
                raw.split(|byte| *byte == b'\n')
                    .all(|line| line.len() <= 999),
                "{payload:?}"
            );
        }
        // As an address it is refused, or is one address and no more.
        if let Ok(address) = format!("{payload}@members.example").parse::<Address>() {
            let from: Mailbox = "desk@club.example".parse().unwrap();
            let raw = write(&letter(), &order("k"), &from, &address).unwrap();
            assert_eq!(
                names(&MessageParser::default().parse(&raw).unwrap()),
                usual_names,
                "{payload:?}"
            );
        }
    }
}

#[test]
fn the_ladder_is_climbed_for_two_days() {
    let minutes = |m| TimeDelta::minutes(m);
    let ladder = Ladder::new(vec![minutes(1), minutes(5), minutes(15), minutes(60)]).unwrap();
    let pauses: Vec<_> = (1..=6)
        .map(|attempts| ladder.pause(attempts).unwrap().num_minutes())
        .collect();
    assert_eq!(pauses, [1, 5, 15, 60, 60, 60]);
    let whole: TimeDelta = (1..).map_while(|attempts| ladder.pause(attempts)).sum();
    assert!((48..50).contains(&whole.num_hours()), "{whole}");
}

#[test]
fn a_relay_that_keeps_failing_is_left_alone_for_longer_and_longer() {
    let minutes = |m| TimeDelta::minutes(m);
    let ladder = Ladder::new(vec![minutes(1), minutes(5), minutes(15), minutes(60)]).unwrap();
    let breaker = Breaker::default();
    let mut at = now();
    for _ in 0..4 {
        breaker.failed(at, &ladder);
        assert_eq!(breaker.open_until(at), None, "a few may fail by chance");
    }
    for asked in [30, 60, 120, 240, 480, 900, 900] {
        let until = breaker.failed(at, &ladder);
        let rest = (until - at).num_seconds();
        assert!(
            (asked * 79 / 100..=asked * 121 / 100).contains(&rest),
            "{asked}: {rest}"
        );
        assert_eq!(breaker.open_until(at), Some(until));
        assert_eq!(
            breaker.failed(at, &ladder),
            until,
            "those under way say nothing new"
        );
        at = until;
        assert_eq!(breaker.open_until(at), None);
        assert!(breaker.is_probing());
    }
    breaker.well();
    assert!(!breaker.is_probing());
}

fn understood(settings: &[(&'static str, &str)]) -> Result<Mail, String> {
    let flags: Vec<_> = settings
        .iter()
        .map(|(key, value)| (*key, Some((*value).to_owned())))
        .collect();
    let config = Sources::gather(None, &|_| None, &flags)
        .unwrap()
        .understand();
    config
        .map(|config| config.mail)
        .map_err(|error| format!("{error:#}"))
}

#[test]
fn the_relay_s_address_says_how_it_is_spoken_to() {
    let cases = [
        (
            "smtp://mail.example.org",
            "mail.example.org:587",
            Encryption::Required,
        ),
        (
            "smtp://mail.example.org:2525?tls=opportunistic",
            "mail.example.org:2525",
            Encryption::Offered,
        ),
        (
            "smtps://user:pw@mail.example.org",
            "mail.example.org:465",
            Encryption::Wrapped,
        ),
        ("smtp://127.0.0.1:2525", "127.0.0.1:2525", Encryption::None),
        ("smtp://localhost", "localhost:25", Encryption::None),
        (
            "smtp://u:p@127.0.0.1:2525",
            "127.0.0.1:2525",
            Encryption::Offered,
        ),
        (
            "smtp://[::1]:2525?tls=required",
            "::1:2525",
            Encryption::Required,
        ),
    ];
    for (url, place, encryption) in cases {
        let Way::Relay(relay) = understood(&[("smtp_url", url)]).unwrap().way else {
            panic!("{url}")
        };
        assert_eq!(
            (relay.place().as_str(), relay.encryption),
            (place, encryption),
            "{url}"
        );
    }
}

#[test]
fn a_wrong_setting_is_named_and_no_password_is_repeated() {
    let wrong = [
        ("smtp_url", "mail.example.org", "smtp_url"),
        ("smtp_url", "http://mail.example.org", "neither smtp"),
        (
            "smtp_url",
            "smtp://mail.example.org?tls=none",
            "this machine only",
        ),
        (
            "smtp_url",
            "smtp://mail.example.org?tls=maybe",
            "none of required",
        ),
        ("smtp_url", "smtp://mail.example.org?speed=fast", "?tls="),
        ("smtp_url", "smtp://user@mail.example.org", "no password"),
        (
            "smtp_url",
            "smtp://u:hunter2@mail.example.org/path",
            "after the host",
        ),
        (
            "smtp_url",
            "smtp://u:hunter2@mail.example.org:99999",
            "smtp_url",
        ),
        ("mail_from", "nobody", "mail_from"),
        ("mail_from", "a@b, c@d", "mail_from"),
        ("mail_rate", "0", "mail_rate"),
        ("mail_connections", "99", "mail_connections"),
        ("mail_retry_seconds", "60,soon", "mail_retry_seconds"),
        ("mail_retry_seconds", "0", "mail_retry_seconds"),
    ];
    for (key, value, says) in wrong {
        let words = understood(&[(key, value)]).unwrap_err();
        assert!(
            words.contains(says) && !words.contains("hunter2"),
            "{key}={value}: {words}"
        );
    }
    let both =
        understood(&[("smtp_url", "smtp://localhost"), ("mail_folder", "/tmp/x")]).unwrap_err();
    assert!(both.contains("both"), "{both}");
    let ca = understood(&[
        ("smtp_url", "smtp://localhost"),
        ("smtp_ca", "/nowhere.pem"),
    ])
    .unwrap_err();
    assert!(ca.contains("/nowhere.pem"), "{ca}");
}

#[test]
fn the_sender_is_the_club_at_the_host_of_its_pages() {
    let from = |settings: &[(&'static str, &str)]| understood(settings).unwrap().from.to_string();
    assert_eq!(
        from(&[
            ("club_name", "Orion Hill"),
            ("public_url", "https://desk.club.example")
        ]),
        "Orion Hill <grb-app@desk.club.example>"
    );
    assert_eq!(
        from(&[("public_url", "http://192.0.2.7:8080")]),
        "grb-app <grb-app@localhost>"
    );
    assert_eq!(
        from(&[("mail_from", "desk@club.example")]),
        "desk@club.example"
    );
}
