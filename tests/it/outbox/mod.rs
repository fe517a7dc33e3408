//! Letters leave once, whatever the relay says and whenever the program falls.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use grb_app::platform::config::Sources;
use grb_app::platform::health::State as Mood;
use grb_app::platform::outbox::{
    self, Channel, Composed, Composers, Entry, Letter, Order, Parcel, State, post, store,
};
use grb_app::platform::{App, Clock, Result};
use mail_parser::MessageParser;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::common::NOW;
use crate::smtp::{At, Do, Relay, Setup};

mod page;
mod relay;

fn compose(_: App, order: Order) -> BoxFuture<'static, Result<Composed>> {
    async move {
        let said = order.payload["say"].as_str().unwrap_or("hello").to_owned();
        assert_ne!(said, "panic", "a composer that falls over");
        if said == "later" && order.at < *NOW + TimeDelta::hours(9) {
            return Ok(Composed::Later(
                *NOW + TimeDelta::hours(9),
                "it is night there",
            ));
        }
        if said == "nothing" {
            return Ok(Composed::Nothing("it is over".into()));
        }
        Ok(Composed::Letter(Box::new(Letter {
            subject: said.clone(),
            html: format!("<p>{said}</p>"),
            text: said,
            ..Letter::default()
        })))
    }
    .boxed()
}

fn composers() -> Composers {
    [("note", compose as outbox::Composer)].into()
}

/// A desk with a worker at work.
struct Desk {
    app: App,
    folder: Arc<tempfile::TempDir>,
    stop: CancellationToken,
    worker: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Desk {
    fn start(settings: &[(&'static str, String)]) -> Self {
        Self::again(Arc::new(tempfile::tempdir().unwrap()), *NOW, settings)
    }

    fn again(
        folder: Arc<tempfile::TempDir>,
        now: DateTime<Utc>,
        settings: &[(&'static str, String)],
    ) -> Self {
        let data = (
            "data_dir",
            Some(folder.path().to_string_lossy().into_owned()),
        );
        let flags: Vec<_> = settings
            .iter()
            .map(|(key, value)| (*key, Some(value.clone())))
            .chain([data])
            .collect();
        let config = Sources::gather(None, &|_| None, &flags)
            .unwrap()
            .understand()
            .unwrap();
        let app = App::open(config, Clock::fixed(now)).unwrap();
        let stop = CancellationToken::new();
        app.outbox.know(composers());
        let worker = tokio::spawn(outbox::letters(app.clone(), stop.clone()));
        Self {
            app,
            folder,
            stop,
            worker,
        }
    }

    fn by(relay: &Relay) -> Self {
        Self::start(&[
            ("smtp_url", format!("smtp://{}", relay.address)),
            ("mail_from", "Orion Hill <desk@club.example>".into()),
        ])
    }

    async fn post(&self, key: &str, change: impl Fn(&mut Parcel)) {
        let now = self.app.clock.now();
        let mut parcel = Parcel {
            key: key.into(),
            channel: Channel::Mail,
            address: format!("{key}@members.example"),
            member: Some(1),
            kind: "note",
            payload: json!({ "say": key }),
            secret: false,
            due_at: now,
            expires_at: None,
        };
        change(&mut parcel);
        self.app
            .db
            .write(move |tx| post(tx, now, &parcel))
            .await
            .unwrap();
    }

    async fn entry(&self, key: &str) -> Entry {
        let key = key.to_owned();
        let all = self
            .app
            .db
            .read(|conn| store::list(conn, &store::Wanted::default(), 1000))
            .await
            .unwrap()
            .0;
        all.into_iter().find(|entry| entry.key == key).unwrap()
    }

    /// The parcel, once it is as wanted.
    async fn until(&self, key: &str, wanted: impl Fn(&Entry) -> bool) -> Entry {
        for _ in 0..400 {
            let entry = self.entry(key).await;
            if wanted(&entry) {
                return entry;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("it stays {:?}", self.entry(key).await);
    }

    async fn ends(&self, key: &str, state: State) -> Entry {
        self.until(key, |entry| entry.state == state).await
    }

    /// Lets time pass, and wakes the worker, which a fixed clock does not.
    async fn advance(&self, by: TimeDelta) {
        self.app.clock.advance(by);
        self.app
            .db
            .write(|tx| {
                tx.ring();
                Ok(())
            })
            .await
            .unwrap();
    }

    async fn close(self) -> Arc<tempfile::TempDir> {
        self.stop.cancel();
        self.worker.await.unwrap().unwrap();
        self.app.db.close().await;
        self.folder
    }
}

#[tokio::test]
async fn what_has_expired_is_not_sent_even_in_the_middle_of_the_talk() {
    let relay = Relay::start(Setup::default()).await;
    let desk = Desk::by(&relay);
    let now = desk.app.clock.now();
    desk.post("late", |parcel| parcel.expires_at = Some(now))
        .await;
    desk.ends("late", State::Expired).await;
    let clock = desk.app.clock.clone();
    relay.follow(move |at, _, _| {
        if at == At::Rcpt {
            clock.advance(TimeDelta::hours(1));
        }
        Do::Accept
    });
    desk.post("soon", |parcel| {
        parcel.expires_at = Some(now + TimeDelta::minutes(30));
    })
    .await;
    desk.ends("soon", State::Expired).await;
    desk.post("over", |parcel| {
        parcel.payload = json!({ "say": "nothing" });
    })
    .await;
    desk.ends("over", State::Expired).await;
    assert_eq!(relay.count(), 0);
    desk.close().await;
}

#[tokio::test]
async fn a_composer_that_falls_over_is_an_attempt_and_hurts_nobody_else() {
    let relay = Relay::start(Setup::default()).await;
    let desk = Desk::by(&relay);
    desk.post("panic", |_| ()).await;
    desk.post("stranger", |parcel| parcel.kind = "never heard of")
        .await;
    desk.post("ada", |_| ()).await;
    desk.ends("ada", State::Sent).await;
    for key in ["panic", "stranger"] {
        let entry = desk.until(key, |entry| entry.last_answer.is_some()).await;
        assert_eq!((entry.state, entry.attempts), (State::Waiting, 1));
        assert!(entry.last_answer.unwrap().contains("composed"));
    }
    desk.close().await;
}

/// The program falls while the relay says nothing: the letter is there again, as the same letter.
#[tokio::test]
async fn a_fall_in_the_middle_loses_nothing() {
    let relay = Relay::start(Setup::default()).await;
    let has_come = CancellationToken::new();
    let come = has_come.clone();
    relay.follow(move |at, _, times| {
        if at == At::Letter && times == 1 {
            come.cancel();
            return Do::Hang;
        }
        Do::Accept
    });
    let desk = Desk::by(&relay);
    desk.post("ada", |_| ()).await;
    has_come.cancelled().await;
    desk.worker.abort();
    tokio::time::sleep(Duration::from_millis(100)).await;
    desk.app.db.close().await;
    let Desk { folder, app, .. } = desk;
    drop(app);
    let settings = [("smtp_url", format!("smtp://{}", relay.address))];
    let desk = Desk::again(folder, *NOW, &settings);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(desk.entry("ada").await.state, State::Waiting, "not at once");
    desk.advance(TimeDelta::minutes(2)).await;
    desk.ends("ada", State::Sent).await;
    assert_eq!(relay.count(), 1);
    desk.close().await;
}

#[tokio::test]
async fn letters_into_a_folder_appear_whole_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::start(&[(
        "mail_folder",
        folder.path().join("out").to_string_lossy().into_owned(),
    )]);
    for n in 0..20 {
        desk.post(&format!("m{n}"), |_| ()).await;
    }
    desk.post("m3", |_| ()).await;
    for n in 0..20 {
        desk.ends(&format!("m{n}"), State::Sent).await;
    }
    let files: Vec<_> = std::fs::read_dir(folder.path().join("out"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert_eq!(files.len(), 20);
    for file in files {
        assert_eq!(file.extension().unwrap(), "eml");
        let bytes = std::fs::read(&file).unwrap();
        let letter = MessageParser::default().parse(&bytes).unwrap();
        assert!(letter.subject().unwrap().starts_with('m') && letter.body_html(0).is_some());
    }
    desk.close().await;
}

#[tokio::test]
async fn without_a_relay_letters_wait_and_the_desk_says_how_many() {
    let desk = Desk::start(&[]);
    desk.post("ada", |_| ()).await;
    desk.post("bob", |_| ()).await;
    let condition = outbox::condition(&desk.app).await;
    assert_eq!(condition.state, Mood::Off);
    assert_eq!(
        condition.words,
        "2 letters wait in the outbox until SMTP is set."
    );
    assert_eq!(desk.entry("ada").await.attempts, 0);
    let folder = desk.close().await;
    let relay = Relay::start(Setup::default()).await;
    let desk = Desk::again(
        folder,
        *NOW,
        &[("smtp_url", format!("smtp://{}", relay.address))],
    );
    desk.ends("ada", State::Sent).await;
    desk.ends("bob", State::Sent).await;
    desk.close().await;
}

#[tokio::test]
async fn the_secret_of_an_account_goes_with_its_letter() {
    let relay = Relay::start(Setup::default()).await;
    let desk = Desk::by(&relay);
    desk.post("ada", |parcel| parcel.secret = true).await;
    desk.ends("ada", State::Sent).await;
    let payload = |app: &App| {
        let app = app.clone();
        async move {
            app.db
                .read(|conn| {
                    Ok(conn.query_row("select payload from outbox", [], |row| {
                        row.get::<_, String>(0)
                    })?)
                })
                .await
                .unwrap()
        }
    };
    assert_eq!(payload(&desk.app).await, "{}");
    let now = desk.app.clock.now() + TimeDelta::days(31);
    desk.app
        .db
        .write(move |tx| store::forget_old(tx, now))
        .await
        .unwrap();
    assert!(desk.app.db.read(store::counts).await.unwrap().is_empty());
    desk.close().await;
}

/// Who tries everything again at night must not send what waits for the morning.
#[tokio::test]
async fn only_what_was_tried_is_tried_again() {
    let relay = Relay::start(Setup::default()).await;
    relay.follow(|at, _, times| match (at, times) {
        (At::Rcpt, 1) => Do::Say(451, "later"),
        _ => Do::Accept,
    });
    let desk = Desk::by(&relay);
    let now = desk.app.clock.now();
    desk.post("morning", |parcel| {
        parcel.due_at = now + TimeDelta::hours(9);
    })
    .await;
    desk.post("ada", |_| ()).await;
    desk.until("ada", |entry| entry.last_answer.is_some()).await;
    let again = desk.app.db.write(move |tx| store::retry(tx, now, None));
    assert_eq!(again.await.unwrap(), 1);
    desk.ends("ada", State::Sent).await;
    let morning = desk.entry("morning").await;
    assert_eq!(morning.due_at, now + TimeDelta::hours(9));
    assert_eq!((morning.state, morning.attempts), (State::Waiting, 0));
    desk.close().await;
}

#[tokio::test]
async fn what_cannot_leave_ends_when_it_is_worthless() {
    let desk = Desk::start(&[]);
    let now = desk.app.clock.now();
    for (key, secret) in [("ada", true), ("bob", false)] {
        desk.post(key, |parcel| {
            parcel.secret = secret;
            parcel.expires_at = Some(now + TimeDelta::hours(1));
        })
        .await;
    }
    desk.post("eve", |_| ()).await;
    let kept = |key: &str, at| Parcel {
        key: key.into(),
        channel: Channel::Mail,
        address: "ada@members.example".into(),
        member: None,
        kind: "note",
        payload: json!({}),
        secret: false,
        due_at: at,
        expires_at: Some(at),
    };
    let replayed = kept("kept", now - TimeDelta::days(4000));
    let keep = desk
        .app
        .db
        .write(move |tx| outbox::keep(tx, now, &replayed));
    keep.await.unwrap();
    let clear = |after: TimeDelta| {
        let config = desk.app.config.clone();
        desk.app
            .db
            .write(move |tx| (outbox::chore().run)(&config, tx, now + after))
    };
    clear(TimeDelta::minutes(61)).await.unwrap();
    assert_eq!(
        desk.entry("bob").await.state,
        State::Waiting,
        "it may be in hand"
    );
    clear(TimeDelta::hours(3)).await.unwrap();
    assert_eq!(desk.entry("ada").await.state, State::Expired);
    assert_eq!(desk.entry("bob").await.state, State::Expired);
    assert_eq!(desk.entry("kept").await.state, State::Kept);
    let payloads = desk.app.db.read(|conn| {
        let mut select = conn.prepare("select payload from outbox order by key")?;
        let rows = select.query_map([], |row| row.get::<_, String>(0))?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?)
    });
    let all = payloads.await.unwrap();
    assert_eq!(all[0], "{}");
    assert!(all[1].contains("bob"), "{all:?}");
    clear(TimeDelta::days(31)).await.unwrap();
    let left = desk.app.db.read(store::counts).await.unwrap();
    assert_eq!(left.into_iter().collect::<Vec<_>>(), [(State::Waiting, 1)]);
    desk.close().await;
}

/// What holds a secret was for the reader of the old address, who must not lose it, nor the new one get it.
#[tokio::test]
async fn what_waits_follows_a_member_to_a_new_address() {
    let desk = Desk::start(&[]);
    desk.post("ada", |_| ()).await;
    desk.post("secret", |parcel| {
        parcel.address = "ada@members.example".into();
        parcel.secret = true;
    })
    .await;
    desk.post("bob", |parcel| {
        parcel.member = Some(2);
        parcel.address = "ada@members.example".into();
    })
    .await;
    let moved = desk
        .app
        .db
        .write(|tx| outbox::readdress(tx, 1, "Ada@members.example", "new@example.org"));
    moved.await.unwrap();
    for (key, address) in [
        ("ada", "new@example.org"),
        ("secret", "ada@members.example"),
        ("bob", "ada@members.example"),
    ] {
        assert_eq!(desk.entry(key).await.address, address, "{key}");
    }
    desk.close().await;
}

/// A letter that an outage held back until the night waits for the morning.
#[tokio::test]
async fn what_must_not_leave_yet_waits_as_if_it_had_not_been_tried() {
    let relay = Relay::start(Setup::default()).await;
    let desk = Desk::by(&relay);
    let morning = *NOW + TimeDelta::hours(9);
    desk.post("ada", |parcel| parcel.payload = json!({ "say": "later" }))
        .await;
    let entry = desk.until("ada", |entry| entry.due_at == morning).await;
    assert_eq!((entry.state, entry.attempts), (State::Waiting, 0));
    assert_eq!(relay.connections(), 0);
    desk.advance(TimeDelta::hours(9)).await;
    desk.ends("ada", State::Sent).await;
    desk.close().await;
}

/// A relay that puts one letter off has come back: the others need not wait for it one by one.
#[tokio::test]
async fn an_answer_about_a_letter_ends_an_outage() {
    let relay = Relay::start(Setup::default()).await;
    relay.follow(|at, _, _| match at {
        At::Greeting => Do::Say(421, "down"),
        _ => Do::Accept,
    });
    let desk = Desk::by(&relay);
    for n in 0..8 {
        desk.post(&format!("m{n}"), |_| ()).await;
    }
    for _ in 0..400 {
        if desk.app.health.of("mail").unwrap().state == Mood::Warn && relay.connections() >= 5 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    relay.follow(|at, _, _| match at {
        At::Rcpt => Do::Say(450, "4.2.0 greylisted"),
        _ => Do::Accept,
    });
    desk.advance(TimeDelta::minutes(1)).await;
    desk.until("m0", |entry| {
        entry
            .last_answer
            .as_ref()
            .is_some_and(|words| words.contains("greylisted"))
    })
    .await;
    for _ in 0..400 {
        if desk.app.health.of("mail").unwrap().state == Mood::Ok {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(desk.app.health.of("mail").unwrap().state, Mood::Ok);
    desk.close().await;
}

#[tokio::test]
async fn a_rate_is_kept() {
    let relay = Relay::start(Setup::default()).await;
    let desk = Desk::start(&[
        ("smtp_url", format!("smtp://{}", relay.address)),
        ("mail_rate", "2".into()),
    ]);
    for n in 0..5 {
        desk.post(&format!("m{n}"), |_| ()).await;
    }
    for sent in 1..=5 {
        for _ in 0..100 {
            if relay.count() == sent {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert_eq!(relay.count(), sent);
        desk.advance(TimeDelta::seconds(30)).await;
    }
    desk.close().await;
}
