//! What members read: each letter as it leaves, and the link that ends them.

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use grb_app::alerts::letters::compose;
use grb_app::notices::{
    Circular, Class, Classification, Format, Kind, Localization, Mission, Notice, Role,
};
use grb_app::platform::outbox::{Channel, Composed, Letter, Order};
use grb_app::platform::{App, Clock, Config};
use grb_app::sky::Equatorial;
use mail_parser::{MessageParser, MimeHeaders as _};
use reqwest::Client;
use serde_json::{Value, json};

use crate::common::{TestApp, config, take_in};

const HOOK: &str = "https://example.org/hook";

/// A desk in the night of GRB 230506A, with one member.
struct Night {
    app: App,
    _folder: tempfile::TempDir,
}

/// Two minutes after the trigger.
fn night() -> DateTime<Utc> {
    "2026-05-05T22:58:00Z".parse().unwrap()
}

impl Night {
    async fn new() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        config.public_url = Some("https://desk.example.org".into());
        config.club_name = "Société astronomique".into();
        change(&mut config);
        let app = App::open(config, Clock::fixed(night())).unwrap();
        let desk = Self {
            app,
            _folder: folder,
        };
        desk.run(
            "insert into members (id, email, email_key, full_name, confirmed_at, notify, created_at, updated_at)
             values (7, 'Vera@example.org', 'vera@example.org', 'Vera', 1, 'every', 1, 1)",
        )
        .await;
        desk
    }

    async fn run(&self, sql: &'static str) {
        self.app
            .db
            .write(move |tx| Ok(tx.execute_batch(sql)?))
            .await
            .unwrap();
    }

    /// Pic du Midi, with a telescope of 0.8°.
    async fn site(&self) {
        self.run(
            "insert into sites (id, member_id, name, latitude, longitude, elevation_m, time_zone, horizon, created_at, updated_at)
             values (1, 7, 'Pic du Midi', 42.9365, 0.1426, 2877, 'Europe/Paris', '[[0, 5]]', 1, 1);
             insert into telescopes (site_id, name, fov_deg) values (1, 'RC8', 0.8)",
        )
        .await;
    }

    async fn compose_on(&self, channel: Channel, payload: Value) -> Composed {
        compose(
            self.app.clone(),
            Order {
                id: 1,
                key: "key".into(),
                channel,
                address: match channel {
                    Channel::Mail => "Vera@example.org".into(),
                    Channel::Ntfy | Channel::Webhook => HOOK.into(),
                },
                member: Some(7),
                payload,
                created_at: night(),
                at: self.app.clock.now(),
            },
        )
        .await
        .unwrap()
    }

    /// The letter as of another time.
    async fn at(&self, at: DateTime<Utc>, reason: &str) -> Letter {
        self.app.clock.advance(at - self.app.clock.now());
        let letter = self.letter(reason).await;
        self.app.clock.advance(night() - at);
        letter
    }

    async fn letter(&self, reason: &str) -> Letter {
        let payload = json!({ "burst": 1, "reason": reason, "revision": 2, "thread": 1, "first": reason == "new" });
        match self.compose_on(Channel::Mail, payload).await {
            Composed::Letter(letter) => *letter,
            Composed::Nothing(why) => panic!("{why}"),
            _ => panic!("no letter"),
        }
    }

    async fn nothing(&self, reason: &str) -> String {
        let payload = json!({ "burst": 1, "reason": reason, "revision": 2, "thread": 1 });
        match self.compose_on(Channel::Mail, payload).await {
            Composed::Nothing(why) => why,
            Composed::Letter(letter) => panic!("{}", letter.subject),
            _ => panic!("neither a letter nor nothing"),
        }
    }
}

/// A position by one of Swift's instruments, with its 90 % radius, deg.
fn swift(instrument: &str, (ra, dec, radius): (f64, f64, f64)) -> Notice {
    let bat = instrument == "BAT";
    let kind = if bat { Kind::Position } else { Kind::Update };
    let mut notice = Notice::new(Format::Voevent, Mission::Swift, kind);
    notice.instrument = Some(instrument.into());
    notice.packet_type = Some(if bat { 61 } else { 67 });
    notice.role = Role::Observation;
    notice.trigger_id = Some("1168137".into());
    notice.trigger_time = Some(night() - TimeDelta::seconds(120));
    notice.notice_time = Some(night() - TimeDelta::seconds(if bat { 90 } else { 10 }));
    notice.ivorn = Some(format!("ivo://nasa.gsfc.gcn/SWIFT#{instrument}_1168137"));
    notice.localization = Some(Localization {
        position: Equatorial::new(ra, dec).unwrap(),
        error_radius: Some(radius),
        error_radius_90: None,
    });
    notice
}

/// A wide position by Fermi's GBM, with a class.
fn fermi(class: Class) -> Notice {
    let mut notice = swift("BAT", (200.0, 10.0, 10.0));
    notice.mission = Mission::Fermi;
    notice.kind = Kind::Ground;
    notice.instrument = Some("GBM".into());
    notice.packet_type = Some(112);
    notice.trigger_id = Some("799973762".into());
    notice.ivorn = Some(format!("ivo://nasa.gsfc.gcn/Fermi#{class:?}"));
    notice.classification = Some(Classification {
        most_likely: class,
        probability: Some(0.94),
    });
    notice
}

/// High in the south at the time of [`night`]. PyEphem 4.2.1, without refraction: altitude 56.17°, azimuth 194.50°, Sun
/// −29.12°, Moon −2.78°, 84.4 % lit, 79.74° away; the Sun passes −12° at 20:15 and 03:36 UTC.
const UP: (f64, f64, f64) = (200.0, 10.0, 0.05);

/// Rises while it is dark. PyEphem: at 20:30 UTC altitude −4.81°; it passes 20° at 22:55 UTC.
const RISING: (f64, f64, f64) = (288.2646, 19.7734, 0.05);

/// Compares a letter with the file that holds what it should be; with `GOLDEN=write` it writes the file instead.
fn assert_golden(name: &str, letter: &Letter) {
    let file = format!("tests/fixtures/letters/{name}.txt");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(&file);
    let token = letter.unsubscribe.as_deref().unwrap_or("no token");
    let text = letter
        .text
        .replace(token, "https://desk.example.org/unsubscribe/TOKEN");
    let said = format!("Subject: {}\n\n{text}", letter.subject);
    dump(name, letter);
    if std::env::var("GOLDEN").is_ok_and(|word| word == "write") {
        std::fs::write(&path, &said).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    assert_eq!(said, golden, "{file}");
}

/// Puts a letter into the folder that `LETTERS` names, to be looked at in a browser.
fn dump(name: &str, letter: &Letter) {
    let Ok(folder) = std::env::var("LETTERS") else {
        return;
    };
    let write = |file: &str, bytes: &[u8]| {
        std::fs::write(Path::new(&folder).join(file), bytes).unwrap();
    };
    let mut html = letter.html.clone();
    for picture in &letter.pictures {
        let file = format!("{name}-{}.png", picture.cid.split('@').next().unwrap());
        write(&file, &picture.png);
        html = html.replace(&format!("cid:{}", picture.cid), &file);
    }
    write(&format!("{name}.html"), html.as_bytes());
    write(&format!("{name}.eml"), &envelope(letter));
}

/// The letter as a mail, in lettre's typed headers.
fn envelope(letter: &Letter) -> Vec<u8> {
    use lettre::message::{Attachment, MultiPart, SinglePart};
    let mut related = MultiPart::related().singlepart(SinglePart::html(letter.html.clone()));
    for picture in &letter.pictures {
        let kind = "image/png".parse().unwrap();
        let part = Attachment::new_inline(picture.cid.clone()).body(picture.png.to_vec(), kind);
        related = related.singlepart(part);
    }
    let parts = MultiPart::alternative()
        .singlepart(SinglePart::plain(letter.text.clone()))
        .multipart(related);
    let mail = lettre::Message::builder()
        .from("desk@example.org".parse().unwrap())
        .to("vera@example.org".parse().unwrap())
        .subject(letter.subject.clone())
        .multipart(parts);
    mail.unwrap().formatted()
}

#[tokio::test]
async fn a_burst_that_is_up_says_so_first() {
    let desk = Night::new().await;
    desk.site().await;
    take_in(&desk.app, &swift("BAT", UP)).await;
    desk.run("update bursts set official_name = 'GRB 260505A'")
        .await;
    let letter = desk.letter("new").await;
    assert_eq!(
        letter.subject,
        "GRB 260505A — up now from Pic du Midi, 56°, error 3′"
    );
    let thread = letter.thread.clone().unwrap();
    assert_eq!(
        (thread.root.as_str(), thread.first),
        ("burst-1.member-7", true)
    );
    assert_golden("new", &letter);
}

#[tokio::test]
async fn a_burst_that_rises_later_says_when() {
    let desk = Night::new().await;
    desk.site().await;
    take_in(&desk.app, &swift("BAT", RISING)).await;
    let early = desk.at(night() - TimeDelta::minutes(148), "new").await;
    assert!(
        early
            .subject
            .contains("rises 00:55 at Pic du Midi, error 3′"),
        "{}",
        early.subject
    );
    assert_golden("later", &early);
    let dusk = night() - TimeDelta::hours(4);
    let high = Night::new().await;
    high.site().await;
    take_in(&high.app, &swift("BAT", UP)).await;
    let subject = high.at(dusk, "new").await.subject;
    assert!(
        subject.contains("up when it gets dark, 22:15, at Pic du Midi"),
        "{subject}"
    );
}

#[tokio::test]
async fn a_burst_of_the_other_half_of_the_sky_is_a_plain_no() {
    let desk = Night::new().await;
    desk.site().await;
    take_in(&desk.app, &swift("BAT", (80.0, -75.0, 0.05))).await;
    let letter = desk.letter("new").await;
    assert!(
        letter
            .subject
            .ends_with("— not observable tonight from Pic du Midi"),
        "{}",
        letter.subject
    );
    assert_golden("no", &letter);
}

#[tokio::test]
async fn a_wide_place_cannot_be_pointed_at() {
    let desk = Night::new().await;
    desk.site().await;
    take_in(&desk.app, &fermi(Class::Grb)).await;
    let letter = desk.letter("new").await;
    // 1.42 · √(10² + 3.7²) = 15.14° is the 90 % radius of 10° by GBM.
    assert!(
        letter.subject.contains("cannot be pointed at: 30° across"),
        "{}",
        letter.subject
    );
    assert!(
        letter.subject.contains("from Pic du Midi"),
        "{}",
        letter.subject
    );
    assert_golden("wide", &letter);
}

#[tokio::test]
async fn without_a_site_it_says_what_can_be_said() {
    let desk = Night::new().await;
    take_in(&desk.app, &swift("BAT", UP)).await;
    let letter = desk.letter("new").await;
    assert_golden("no_site", &letter);
}

#[tokio::test]
async fn what_changed_since_the_last_letter_is_told() {
    let desk = Night::new().await;
    desk.site().await;
    take_in(&desk.app, &swift("BAT", UP)).await;
    take_in(&desk.app, &swift("XRT", (200.01, 10.01, 4.0 / 3600.0))).await;
    desk.run(
        "insert into told (member_id, burst_id, reason, revision, thread_id, tier, error_radius_90, at, due_at)
         values (7, 1, 'new', 1, 1, 'A', 0.05, 1, 1), (7, 1, 'better', 2, 1, 'A', 0.001, 1, 1)",
    )
    .await;
    let letter = desk.letter("better").await;
    assert!(
        letter
            .subject
            .ends_with("much better position: 4″ (was 3′); up now from Pic du Midi, 56°"),
        "{}",
        letter.subject
    );
    assert!(!letter.thread.as_ref().unwrap().first);
    assert_golden("better", &letter);
    let observable = desk.letter("observable").await;
    assert_golden("observable", &observable);
}

#[tokio::test]
async fn a_burst_after_all_and_one_that_was_none() {
    let desk = Night::new().await;
    desk.site().await;
    take_in(&desk.app, &fermi(Class::Grb)).await;
    let letter = desk.letter("classified").await;
    assert!(
        letter
            .subject
            .contains("a burst after all; cannot be pointed at"),
        "{}",
        letter.subject
    );
    assert_golden("classified", &letter);
    let mut particles = fermi(Class::LocalParticles);
    particles.notice_time = Some(night());
    take_in(&desk.app, &particles).await;
    let letter = desk.letter("withdrawn").await;
    assert!(
        letter.subject.ends_with("withdrawn: it was not a burst"),
        "{}",
        letter.subject
    );
    assert!(letter.pictures.is_empty());
    assert_golden("withdrawn", &letter);
    // What has been withdrawn meanwhile is not told as news; what was told before it was, can be read again.
    assert_eq!(desk.nothing("new").await, "it was withdrawn meanwhile");
    let again = desk.at(night() - TimeDelta::seconds(30), "new").await;
    assert!(
        again.subject.contains("cannot be pointed at"),
        "{}",
        again.subject
    );
}

#[tokio::test]
async fn the_mornings_letter_begins_with_what_can_be_observed() {
    let desk = Night::new().await;
    desk.site().await;
    take_in(&desk.app, &fermi(Class::Grb)).await;
    take_in(&desk.app, &swift("BAT", UP)).await;
    desk.run(
        "delete from burst_links;
         update members set notify = 'digest';
         update bursts set official_name = 'GRB 260505A' where mission = 'Swift';
         insert into told (member_id, burst_id, reason, revision, thread_id, tier, error_radius_90, at, due_at)
         values (7, 1, 'digest', 1, 1, 'B', 15.1, 1, 1778050800000000), (7, 2, 'digest', 2, 2, 'A', 0.05, 1, 1778050800000000),
                (7, 2, 'digest', 3, 2, 'A', 0.05, 1, 99)",
    )
    .await;
    desk.app.clock.advance(TimeDelta::hours(8));
    let payload = json!({ "reason": "digest", "due_at": "2026-05-06T07:00:00Z" });
    let Composed::Letter(letter) = desk.compose_on(Channel::Mail, payload).await else {
        panic!("no letter")
    };
    assert!(
        letter
            .subject
            .starts_with("2 bursts since yesterday: GRB 260505A"),
        "{}",
        letter.subject
    );
    assert_golden("digest", &letter);
}

#[tokio::test]
async fn the_html_is_sound_and_says_what_the_text_says() {
    let desk = Night::new().await;
    desk.site().await;
    take_in(&desk.app, &swift("BAT", UP)).await;
    let letter = desk.letter("new").await;
    let mut reader = quick_xml::Reader::from_str(&letter.html);
    let mut words = String::new();
    let mut depth = 0;
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(start) => {
                assert_ne!(start.name().as_ref(), "script");
                depth += 1;
            }
            quick_xml::events::Event::End(_) => depth -= 1,
            quick_xml::events::Event::Text(text) => words += text.as_ref(),
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0);
    // Nothing is fetched, and nothing of the text is missing.
    assert!(!letter.html.contains("src=\"http") && !letter.html.contains("url("));
    for line in letter.text.lines().filter(|line| !line.contains("http")) {
        for part in line
            .split(": ")
            .map(str::trim)
            .filter(|part| !part.is_empty() && *part != "--")
        {
            let part = part.trim_end_matches(':');
            assert!(words.contains(part), "{part:?} is not in the HTML");
        }
    }
    for picture in &letter.pictures {
        assert!(
            letter
                .html
                .contains(&format!("src=\"cid:{}\"", picture.cid))
        );
        assert!(!picture.alt.is_empty() && picture.png.len() <= 60_000);
        assert!(picture.png.starts_with(b"\x89PNG"));
    }
    assert_eq!(letter.pictures.len(), 2);
}

#[tokio::test]
async fn pictures_can_be_switched_off_and_are_shared() {
    let off = Night::with(|config| config.mail_pictures = false).await;
    off.site().await;
    take_in(&off.app, &swift("BAT", UP)).await;
    let letter = off.letter("new").await;
    assert!(letter.pictures.is_empty() && !letter.html.contains("<img"));
    let on = Night::new().await;
    on.site().await;
    take_in(&on.app, &swift("BAT", UP)).await;
    let (first, second) = (on.letter("new").await, on.letter("new").await);
    for (a, b) in first.pictures.iter().zip(&second.pictures) {
        assert!(
            std::sync::Arc::ptr_eq(&a.png, &b.png),
            "{} was drawn twice",
            a.cid
        );
    }
}

/// What a stranger can write: into a circular, a trigger's number, the name of a site.
const PAYLOADS: [&str; 10] = [
    "a\r\nBcc: all@example.org",
    "a\nContent-Type: text/html\n\n<b>x",
    "a\rX-Evil: 1",
    "a\u{2028}Bcc: all@example.org",
    "a\u{85}Bcc: all@example.org",
    "a\0Bcc: all@example.org",
    "=?utf-8?q?a=0D=0ABcc:_all@example.org?=",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "\"><a href=\"https://evil.example\">free telescope</a>",
    "\u{202e}gro.elpmaxe\u{2066}",
];

#[tokio::test]
async fn nobody_else_writes_a_header_or_a_tag() {
    for payload in PAYLOADS {
        let desk = Night::with(|config| config.club_name = payload.into()).await;
        desk.site().await;
        take_in(&desk.app, &swift("BAT", UP)).await;
        let named = payload.to_owned();
        let change = move |tx: &grb_app::platform::Tx| {
            tx.execute("update sites set name = ?1", [&named])?;
            tx.execute("update telescopes set name = ?1", [&named])?;
            tx.execute("update bursts set official_name = ?1", [&named])?;
            Ok(())
        };
        desk.app.db.write(change).await.unwrap();
        let new = desk.letter("new").await;
        let mut circular = Notice::new(
            Format::Circular,
            Mission::Other("GCN".into()),
            Kind::Circular,
        );
        circular.notice_time = Some(night());
        circular.circular = Some(Circular {
            id: Some(42),
            subject: format!("Swift trigger 1168137 is not a GRB {payload}"),
            submitter: None,
            body: "Swift trigger 1168137 is not a GRB.".into(),
        });
        take_in(&desk.app, &circular).await;
        let withdrawn = desk.letter("withdrawn").await;
        for letter in [new, withdrawn] {
            let bytes = envelope(&letter);
            let mail = MessageParser::default().parse(&bytes).unwrap();
            let names: Vec<&str> = mail.headers().iter().map(|header| header.name()).collect();
            assert_eq!(
                names,
                [
                    "From",
                    "To",
                    "Subject",
                    "MIME-Version",
                    "Date",
                    "Content-Type"
                ],
                "{payload:?}"
            );
            assert_eq!(
                mail.attachments()
                    .filter(|part| part
                        .content_type()
                        .is_none_or(|kind| kind.c_type != "image"))
                    .count(),
                0
            );
            assert!(!letter.subject.contains(char::is_control), "{payload:?}");
            let html = letter.html.to_lowercase();
            assert!(
                !html.contains("<script")
                    && !html.contains("onerror=alert(1)>")
                    && !html.contains("href=\"https://evil"),
                "{payload:?}"
            );
            assert!(!html.contains('\u{202e}') && !letter.text.contains('\u{202e}'));
        }
    }
}

#[tokio::test]
async fn a_push_says_the_same_in_three_lines_and_a_webhook_in_json() {
    let desk = Night::new().await;
    desk.site().await;
    take_in(&desk.app, &swift("BAT", UP)).await;
    desk.app
        .db
        .write(|tx| {
            let hook = "insert into channels (id, member_id, kind, url, secret, created_at)
                        values (5, 7, 'ntfy', 'https://ntfy.sh/vera', null, 1), (6, 7, 'webhook', ?1, 'kept', 1)";
            Ok(tx.execute(hook, [HOOK])?)
        })
        .await
        .unwrap();
    let to = |channel: i64| json!({ "burst": 1, "reason": "new", "revision": 2, "thread": 1, "first": true, "channel": channel });
    let Composed::Push {
        title,
        text,
        url,
        urgent,
    } = desk.compose_on(Channel::Ntfy, to(5)).await
    else {
        panic!("no push")
    };
    assert_eq!(
        title,
        "Swift 1168137 — up now from Pic du Midi, 56°, error 3′"
    );
    assert_eq!(text.lines().count(), 3, "{text}");
    assert_eq!(
        (url.as_str(), urgent),
        ("https://desk.example.org/bursts/1", true)
    );
    let Composed::Json { body: said, secret } = desk.compose_on(Channel::Webhook, to(6)).await
    else {
        panic!("no JSON")
    };
    assert_eq!(secret.reveal(), "kept");
    assert_eq!(
        (&said["reason"], &said["burst"]["mission"]),
        (&json!("new"), &json!("Swift"))
    );
    let site = &said["sites"][0];
    assert_eq!(site["verdict"], "now");
    // PyEphem, as above.
    let near = |field: &str, oracle: f64| (site[field].as_f64().unwrap() - oracle).abs() < 0.05;
    assert!(
        near("altitude", 56.17) && near("azimuth", 194.50) && near("sun_altitude", -29.12),
        "{site}"
    );
    assert!(
        (site["moon_separation"].as_f64().unwrap() - 79.74).abs() < 0.1,
        "{site}"
    );
    assert!(!said.to_string().contains("Vera") && !said.to_string().contains("unsubscribe"));
}

/// The letters' way out, as a stranger on the web sees it.
#[tokio::test]
async fn looking_at_the_link_changes_nothing_and_pressing_the_button_ends_the_letters() {
    let desk = TestApp::serve().await;
    desk.app
        .db
        .write(|tx| {
            Ok(tx.execute_batch(
                "insert into members (id, email, email_key, full_name, confirmed_at, notify, created_at, updated_at)
                 values (7, 'Vera@example.org', 'vera@example.org', 'Vera', 1, 'every', 1, 1),
                        (8, 'b@example.org', 'b@example.org', 'B', 1, 'every', 1, 1)",
            )?)
        })
        .await
        .unwrap();
    let now = desk.app.clock.now();
    let mut notice = swift("BAT", UP);
    notice.trigger_time = Some(now);
    notice.notice_time = Some(now);
    desk.take(&notice).await;
    let order = Order {
        id: 1,
        key: "key".into(),
        channel: Channel::Mail,
        address: "Vera@example.org".into(),
        member: Some(7),
        payload: json!({ "burst": 1, "reason": "new", "revision": 1, "thread": 1, "first": true }),
        created_at: now,
        at: now,
    };
    let Composed::Letter(letter) = compose(desk.app.clone(), order.clone()).await.unwrap() else {
        panic!("no letter")
    };
    let link = letter.unsubscribe.unwrap();
    let base = desk.app.config.base_url();
    let path = link.strip_prefix(&base).unwrap().to_owned();
    let notify = || {
        crate::common::count(
            &desk.app,
            "select count(*) from members where notify = 'none'",
        )
    };
    for _ in 0..2 {
        let (status, page) = desk.page(&path).await;
        assert!(
            status == 200 && page.contains("<button") && page.contains("V…@example.org"),
            "{page}"
        );
        assert!(!page.contains("Vera"));
    }
    assert_eq!(notify().await, 0, "a GET unsubscribed");
    // As a mail provider does it: no cookie, no Origin, RFC 8058's body.
    let post = |client: &Client, path: &str| {
        client
            .post(desk.url(path))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("List-Unsubscribe=One-Click")
            .send()
    };
    for _ in 0..2 {
        let answer = post(&desk.client, &path).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(notify().await, 1);
    }
    assert!(desk.page(&path).await.1.contains("No more letters"));
    // What was waiting is not sent any more.
    let waiting = compose(desk.app.clone(), order).await.unwrap();
    assert!(matches!(&waiting, Composed::Nothing(why) if why.contains("no letters any more")));
    // Another member's number under the same seal, or a token made up.
    for other in [
        "/unsubscribe/AAAAAAAAAAgAAAAAAAAAAAAAAAAAAAAA",
        "/unsubscribe/x",
    ] {
        assert_eq!(post(&desk.client, other).await.unwrap().status(), 404);
    }
    assert_eq!(notify().await, 1);
}
