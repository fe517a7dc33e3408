//! From a notice to the letter that leaves: whatever happens in between, a member hears what is true, once and in time.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use grb_app::alerts;
use grb_app::notices::{Class, Kind, Notice};
use grb_app::platform::config::Sources;
use grb_app::platform::health::State as Mood;
use grb_app::platform::outbox::{self, Composed, Entry, Outbox, State, store};
use grb_app::platform::{App, Clock};
use mail_parser::MessageParser;
use tokio_util::sync::CancellationToken;

use crate::common::{NOW, body, gbm_at, take_in};
use crate::smtp::{At, Do, Relay, Setup};
use crate::told::{Somebody, join, replay};

/// Every burst, over Paris, where it is an hour later than UTC.
const ANA: Somebody = ("Ana", "every", 48.85, 2.35, "Europe/Paris", None);
/// The morning's letter, at 7:00 UTC.
const DAN: Somebody = ("Dan", "digest", 48.85, 2.35, "Europe/Paris", None);

/// A desk whose worker carries letters to a relay.
struct Desk {
    app: App,
    relay: Relay,
    folder: Arc<tempfile::TempDir>,
    stop: CancellationToken,
    worker: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Desk {
    async fn of(members: &[Somebody]) -> Self {
        let relay = Relay::start(Setup::default()).await;
        let desk = Self::again(Arc::new(tempfile::tempdir().unwrap()), relay, *NOW);
        join(&desk.app, members).await;
        desk
    }

    fn again(folder: Arc<tempfile::TempDir>, relay: Relay, now: DateTime<Utc>) -> Self {
        let app = open(&folder, &format!("smtp://{}", relay.address), now);
        let stop = CancellationToken::new();
        let worker = tokio::spawn(outbox::letters(app.clone(), stop.clone()));
        Self {
            app,
            relay,
            folder,
            stop,
            worker,
        }
    }

    async fn restart(self) -> Self {
        let now = self.app.clock.now();
        self.stop.cancel();
        self.worker.await.unwrap().unwrap();
        self.app.db.close().await;
        drop(self.app);
        Self::again(self.folder, self.relay, now)
    }

    fn relay_is_down(&self, down: bool) {
        self.relay.follow(move |at, _, _| match at {
            At::Greeting if down => Do::Say(421, "down"),
            _ => Do::Accept,
        });
    }

    async fn hear(&self, notice: &Notice) {
        take_in(&self.app, notice).await;
        alerts::settle(&self.app).await.unwrap();
    }

    async fn advance(&self, by: TimeDelta) {
        self.app.clock.advance(by);
        run(&self.app, "select 1").await;
    }

    async fn until(&self, key: &str, wanted: impl Fn(&Entry) -> bool) -> Entry {
        for _ in 0..400 {
            let found = entries(&self.app).await;
            let found = found.into_iter().find(|entry| entry.key.starts_with(key));
            if let Some(entry) = found.filter(|entry| wanted(entry)) {
                return entry;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{key}: {:?}", entries(&self.app).await);
    }

    /// The subjects of what the relay took, once it is so many letters.
    async fn subjects(&self, count: usize) -> Vec<String> {
        for _ in 0..400 {
            if self.relay.count() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let taken = self.relay.taken();
        let subject = |bytes: &[u8]| {
            let letter = MessageParser::default().parse(bytes).unwrap();
            letter.subject().unwrap().to_owned()
        };
        let subjects: Vec<String> = taken.iter().map(|one| subject(&one.bytes)).collect();
        assert_eq!(subjects.len(), count, "{subjects:?}");
        subjects
    }
}

fn open(folder: &tempfile::TempDir, smtp: &str, now: DateTime<Utc>) -> App {
    let folder = folder.path().to_string_lossy().into_owned();
    let flags = [
        ("data_dir", Some(folder)),
        (
            "smtp_url",
            Some(smtp.to_owned()).filter(|url| !url.is_empty()),
        ),
    ];
    let config = Sources::gather(None, &|_| None, &flags).unwrap();
    let app = App::open(config.understand().unwrap(), Clock::fixed(now)).unwrap();
    // The composers are made known with the routes.
    drop(grb_app::serve::routes(app.clone()));
    app
}

/// Runs SQL, and wakes who waits for a commit.
async fn run(app: &App, sql: &'static str) {
    let job = move |tx: &grb_app::platform::Tx| {
        tx.execute_batch(sql)?;
        tx.ring();
        Ok(())
    };
    app.db.write(job).await.unwrap();
}

async fn entries(app: &App) -> Vec<Entry> {
    let list = |conn: &rusqlite::Connection| store::list(conn, &store::Wanted::default(), 1000);
    app.db.read(list).await.unwrap().0
}

/// What Fermi says of a trigger `after` seconds: a burst, or particles.
fn fermi(trigger: u32, after: i64, class: Class) -> Notice {
    let place = (f64::from(trigger % 360), 20.0, 5.0);
    let kind = if after < 60 {
        Kind::Flight
    } else {
        Kind::Ground
    };
    let mut notice = gbm_at(trigger, kind, after, place, Some((class, 0.95)));
    let later = TimeDelta::minutes(i64::from(trigger) - 1);
    notice.trigger_time = notice.trigger_time.map(|at| at + later);
    notice.notice_time = notice.notice_time.map(|at| at + later);
    notice
}

#[tokio::test]
async fn a_burst_and_its_withdrawal_leave_as_one_thread() {
    let desk = Desk::of(&[ANA]).await;
    desk.hear(&fermi(1, 30, Class::Grb)).await;
    desk.subjects(1).await;
    desk.until("burst-1-1-new", |entry| entry.state == State::Sent)
        .await;
    desk.hear(&fermi(1, 90, Class::LocalParticles)).await;
    let subjects = desk.subjects(2).await;
    assert!(subjects[1].contains("withdrawn"), "{subjects:?}");
}

/// The relay is down: nobody hears of the burst, so nobody hears that it was none; and of it when it is one after all.
#[tokio::test]
async fn nobody_hears_the_end_of_what_they_never_heard_of() {
    let desk = Desk::of(&[ANA]).await;
    desk.relay_is_down(true);
    desk.hear(&fermi(1, 30, Class::Grb)).await;
    desk.until("burst-1-1-new", |entry| {
        entry.last_answer.is_some() && entry.attempts == 0
    })
    .await;
    desk.hear(&fermi(1, 90, Class::LocalParticles)).await;
    assert_eq!(entries(&desk.app).await.len(), 1);
    desk.relay_is_down(false);
    desk.advance(TimeDelta::minutes(30)).await;
    desk.until("burst-1-1-new", |entry| entry.state == State::Expired)
        .await;
    desk.subjects(0).await;
    desk.hear(&fermi(1, 1800, Class::Grb)).await;
    let subjects = desk.subjects(1).await;
    assert!(subjects[0].contains("burst after all"), "{subjects:?}");
}

/// A withdrawal that was decided while the first letter was under way goes no further than that letter.
#[tokio::test]
async fn a_withdrawal_waits_to_see_whether_the_letter_before_it_left() {
    let desk = Desk::of(&[ANA]).await;
    desk.relay.follow(|at, _, _| match at {
        At::Rcpt => Do::Say(451, "greylisted"),
        _ => Do::Accept,
    });
    desk.hear(&fermi(1, 30, Class::Grb)).await;
    desk.until("burst-1-1-new", |entry| entry.last_answer.is_some())
        .await;
    desk.hear(&fermi(1, 90, Class::LocalParticles)).await;
    desk.until("burst-1-1-withdrawn", |entry| entry.last_answer.is_some())
        .await;
    desk.relay_is_down(false);
    desk.advance(TimeDelta::minutes(10)).await;
    for key in ["burst-1-1-new", "burst-1-1-withdrawn"] {
        desk.until(key, |entry| entry.state == State::Expired).await;
        desk.advance(TimeDelta::minutes(2)).await;
    }
    desk.subjects(0).await;
}

#[tokio::test]
async fn quiet_hours_hold_also_for_a_letter_that_was_held_up() {
    let desk = Desk::of(&[ANA]).await;
    run(
        &desk.app,
        r#"update members set preferences = '{"quiet_from": "23:30:00", "quiet_to": "07:00:00"}'"#,
    )
    .await;
    desk.relay_is_down(true);
    // 23:00 in Paris.
    desk.hear(&fermi(1, 30, Class::Grb)).await;
    desk.until("burst", |entry| {
        entry.last_answer.is_some() && entry.attempts == 0
    })
    .await;
    desk.relay_is_down(false);
    desk.advance(TimeDelta::minutes(40)).await;
    let morning: DateTime<Utc> = "2026-11-21T06:00:00Z".parse().unwrap();
    desk.until("burst", |entry| entry.due_at == morning).await;
    // An officer who tries everything again at night wakes nobody.
    let now = desk.app.clock.now();
    let again = desk.app.db.write(move |tx| store::retry(tx, now, None));
    again.await.unwrap();
    desk.until("burst", |entry| {
        entry.due_at == morning && entry.attempts == 0
    })
    .await;
    desk.subjects(0).await;
    desk.advance(morning - now).await;
    desk.subjects(1).await;
}

/// The desk was away from before eight until after: the letter of eight is gone, and what is found then is in the next.
#[tokio::test]
async fn a_burst_that_misses_the_morning_is_in_the_next() {
    let desk = Desk::of(&[DAN]).await;
    desk.hear(&fermi(1, 30, Class::Grb)).await;
    desk.advance(TimeDelta::minutes(539)).await;
    // At 7:59 in Paris, and not yet judged.
    take_in(&desk.app, &fermi(530, 30, Class::Grb)).await;
    desk.advance(TimeDelta::minutes(2)).await;
    let first = desk.subjects(1).await;
    assert!(first[0].starts_with("1 burst "), "{first:?}");
    desk.until("morning", |entry| entry.state == State::Sent)
        .await;
    let desk = desk.restart().await;
    alerts::settle(&desk.app).await.unwrap();
    assert_eq!(entries(&desk.app).await.len(), 2);
    desk.advance(TimeDelta::days(1)).await;
    let both = desk.subjects(2).await;
    assert!(both[1].starts_with("1 burst "), "{both:?}");
}

#[tokio::test]
async fn the_morning_counts_only_what_still_stands() {
    let desk = Desk::of(&[DAN]).await;
    desk.hear(&fermi(1, 30, Class::Grb)).await;
    desk.hear(&fermi(100, 30, Class::Grb)).await;
    desk.hear(&fermi(1, 90, Class::LocalParticles)).await;
    desk.advance(TimeDelta::hours(9)).await;
    let subjects = desk.subjects(1).await;
    assert!(subjects[0].starts_with("1 burst "), "{subjects:?}");
}

/// A replay on the club's own database is a rehearsal: what it keeps says nothing of what members have been told.
#[tokio::test]
async fn a_rehearsal_tells_nobody_and_keeps_nobody_from_being_told() {
    let desk = Desk::of(&[ANA, DAN]).await;
    let first = fermi(1, 30, Class::Grb);
    let told = replay(&desk.app, body(&first), *NOW - TimeDelta::minutes(1)).await;
    assert_eq!(told, "Ana new, Dan digest");
    let kept = entries(&desk.app).await;
    assert!(kept.iter().all(|entry| entry.state == State::Kept));
    assert_eq!(kept.len(), 2);
    let mut second = fermi(1, 90, Class::Grb);
    second.classification.as_mut().unwrap().probability = Some(0.99);
    second.localization.as_mut().unwrap().error_radius = Some(4.9);
    desk.hear(&second).await;
    desk.subjects(1).await;
    desk.advance(TimeDelta::hours(9)).await;
    desk.subjects(2).await;
    let kept = entries(&desk.app).await;
    let kept = kept.iter().filter(|entry| entry.state == State::Kept);
    assert_eq!(kept.count(), 2);
}

#[tokio::test]
async fn every_channel_gets_its_own_and_a_removed_one_nothing() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let mut app = open(&folder, "", *NOW);
    let (outbox, letters) = Outbox::in_memory();
    app.outbox = outbox;
    drop(grb_app::serve::routes(app.clone()));
    join(&app, &[ANA]).await;
    run(
        &app,
        "insert into channels (id, member_id, kind, url, secret, created_at) values
         (5, 1, 'ntfy', 'https://ntfy.sh/ana', null, 1), (6, 1, 'webhook', 'https://example.org/hook', 'key', 1)",
    )
    .await;
    take_in(&app, &fermi(1, 30, Class::Grb)).await;
    alerts::settle(&app).await.unwrap();
    let mut posted: Vec<(String, String)> = entries(&app)
        .await
        .into_iter()
        .map(|entry| (entry.channel, entry.key))
        .collect();
    posted.sort();
    let words: Vec<(&str, &str)> = posted
        .iter()
        .map(|(channel, key)| (channel.as_str(), key.as_str()))
        .collect();
    assert_eq!(
        words,
        [
            ("mail", "burst-1-1-new-1-mail"),
            ("ntfy", "burst-1-1-new-1-5"),
            ("webhook", "burst-1-1-new-1-6")
        ]
    );
    let compose = async |key: &str| {
        let id = entries(&app).await;
        let id = id.into_iter().find(|entry| entry.key == key).unwrap().id;
        let find = move |conn: &rusqlite::Connection| store::find(conn, id, *NOW);
        let (entry, order) = app.db.read(find).await.unwrap();
        app.outbox.compose(&app, &entry.kind, order).await.unwrap()
    };
    assert!(matches!(
        compose("burst-1-1-new-1-5").await,
        Composed::Push { .. }
    ));
    assert!(matches!(
        compose("burst-1-1-new-1-6").await,
        Composed::Json { .. }
    ));
    run(&app, "delete from channels").await;
    for key in ["burst-1-1-new-1-5", "burst-1-1-new-1-6"] {
        assert!(matches!(compose(key).await, Composed::Nothing(_)), "{key}");
    }
    let stop = CancellationToken::new();
    let worker = tokio::spawn(outbox::letters(app.clone(), stop.clone()));
    for _ in 0..400 {
        if !letters.letters().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    stop.cancel();
    worker.await.unwrap().unwrap();
    assert_eq!(letters.letters().len(), 1);
}

/// One bad row must not keep everybody from hearing of every burst.
#[tokio::test]
async fn what_cannot_be_judged_is_set_aside() {
    let desk = Desk::of(&[ANA]).await;
    take_in(&desk.app, &fermi(1, 30, Class::Grb)).await;
    run(
        &desk.app,
        "update tells set after = '{}'; update sites set horizon = '[[0, 1], [0, 2], [500, 3]]'",
    )
    .await;
    desk.hear(&fermi(100, 30, Class::Grb)).await;
    desk.subjects(1).await;
    let telling = desk.app.health.of("telling").unwrap();
    assert_eq!(telling.state, Mood::Warn);
}

/// In a demonstration, or before mail is set, letters are read in the outbox: there the story is whole.
#[tokio::test]
async fn where_nothing_leaves_the_outbox_tells_the_whole_story() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let app = open(&folder, "", *NOW);
    join(&app, &[ANA]).await;
    for notice in [
        fermi(1, 30, Class::Grb),
        fermi(1, 90, Class::LocalParticles),
    ] {
        app.clock.advance(TimeDelta::minutes(1));
        take_in(&app, &notice).await;
        alerts::settle(&app).await.unwrap();
    }
    let keys: Vec<String> = entries(&app).await.into_iter().map(|e| e.key).collect();
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert!(keys[0].contains("withdrawn"), "{keys:?}");
}
