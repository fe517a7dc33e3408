//! The daily copy: made, thinned, carried away, broken off; and who hears when it fails.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use grb_app::keeping::{self, Failure};
use grb_app::platform::backups;
use grb_app::platform::health::State;
use grb_app::platform::outbox::{Composed, store};
use grb_app::platform::{App, Clock};
use tokio_util::sync::CancellationToken;

use crate::common::{NOW, TestApp, config};

/// A desk with `settings`, two officers and a member.
async fn desk(settings: impl FnOnce(&mut backups::Backups, &Path)) -> TestApp {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let mut config = config(folder.path());
    settings(&mut config.backups, folder.path());
    let app = App::open(config, Clock::fixed(*NOW)).unwrap();
    let people = "insert into members (email, email_key, full_name, officer, confirmed_at, notify, created_at, updated_at) values
        ('vera@x.example', 'vera@x.example', 'Vera', 1, 1, 'none', 0, 0), ('otto@x.example', 'otto@x.example', 'Otto', 1, 1, 'none', 0, 0),
        ('mia@x.example', 'mia@x.example', 'Mia', 0, 1, 'none', 0, 0), ('new@x.example', 'new@x.example', 'New', 1, null, 'none', 0, 0)";
    app.db
        .write(|tx| Ok(tx.execute(people, []).map(drop)?))
        .await
        .unwrap();
    TestApp { app, folder }
}

async fn keep(desk: &TestApp) -> Result<(), Failure> {
    keeping::keep_one(&desk.app, &CancellationToken::new()).await
}

/// Who has a letter, and what it says to the first.
async fn told(desk: &TestApp) -> (Vec<String>, String) {
    desk.app
        .outbox
        .know([(keeping::KIND, keeping::compose as _)].into());
    let now = desk.app.clock.now();
    let list = |conn: &_| store::list(conn, &store::Wanted::default(), 50);
    let (entries, _) = desk.app.db.read(list).await.unwrap();
    let to: Vec<_> = entries.iter().map(|entry| entry.address.clone()).collect();
    let Some(id) = entries.first().map(|entry| entry.id) else {
        return (to, String::new());
    };
    let (_, order) = desk
        .app
        .db
        .read(move |conn| store::find(conn, id, now))
        .await
        .unwrap();
    match desk
        .app
        .outbox
        .compose(&desk.app, keeping::KIND, order)
        .await
        .unwrap()
    {
        Composed::Letter(letter) => (to, format!("{}\n{}", letter.subject, letter.text)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn it_is_made_once_and_what_is_superfluous_goes_with_its_hash() {
    let desk = desk(|backups, _| backups.keep = "2d".parse().unwrap()).await;
    let folder = desk.app.config.backups.folder.clone();
    for _ in 0..4 {
        keep(&desk).await.unwrap();
        desk.app.clock.advance(TimeDelta::days(1));
    }
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let kept = [
        "grb-app-2026-11-22T220000Z.db",
        "grb-app-2026-11-22T220000Z.db.sha256",
        "grb-app-2026-11-23T220000Z.db",
        "grb-app-2026-11-23T220000Z.db.sha256",
    ];
    assert_eq!(names, kept);
    assert_eq!(told(&desk).await.0, Vec::<String>::new());
}

#[tokio::test]
async fn officers_hear_once_a_week_that_it_fails_and_nobody_else() {
    let desk = desk(|backups, folder| {
        // A file where the folder should be, as when a disk is not there.
        std::fs::write(folder.join("taken"), "").unwrap();
        backups.folder = folder.join("taken/copies");
    })
    .await;
    assert!(matches!(keep(&desk).await, Err(Failure::Copy(_))));
    desk.app.clock.advance(TimeDelta::hours(1));
    assert!(keep(&desk).await.is_err());
    let (to, words) = told(&desk).await;
    assert_eq!(to, ["otto@x.example", "vera@x.example"]);
    assert!(
        words.contains("taken/copies") && words.contains("There is no good copy at all"),
        "{words}"
    );
    assert!(words.contains("grb-app backup"), "{words}");
    for _ in 0..6 {
        desk.app.clock.advance(TimeDelta::hours(23));
        assert!(keep(&desk).await.is_err());
    }
    assert_eq!(told(&desk).await.0.len(), 2, "no letter every night");
    desk.app.clock.advance(TimeDelta::hours(30));
    assert!(keep(&desk).await.is_err());
    assert_eq!(told(&desk).await.0.len(), 4, "but they are reminded");
    // Mended, and broken again the next night.
    let folder = desk.app.config.backups.folder.parent().unwrap();
    std::fs::remove_file(folder).unwrap();
    std::fs::create_dir_all(&desk.app.config.backups.folder).unwrap();
    keep(&desk).await.unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    desk.app.clock.advance(TimeDelta::days(1));
    assert!(keep(&desk).await.is_err());
    assert_eq!(
        told(&desk).await.0.len(),
        6,
        "a new failure is told at once"
    );
}

#[tokio::test]
async fn what_the_carrier_says_is_for_officers_alone() {
    let command = ["sh", "-c", "echo password hunter22 was refused; exit 1"];
    let desk = desk(|backups, _| backups.command = command.map(str::to_owned).to_vec()).await;
    let Err(failure) = keep(&desk).await else {
        panic!("it was carried away")
    };
    let public = keeping::said_of(&failure);
    assert!(public.words.contains("sh ended with"), "{public:?}");
    assert!(
        !public.words.contains("hunter22"),
        "anybody may read the health page: {public:?}"
    );
    assert!(told(&desk).await.1.contains("hunter22"));
}

#[tokio::test]
async fn a_copy_that_is_not_carried_away_is_there_and_told_of() {
    let desk = desk(|backups, _| backups.command = vec!["/bin/false".into()]).await;
    assert!(matches!(keep(&desk).await, Err(Failure::Carry(_))));
    let copy = backups::newest(&desk.app.config.backups.folder, *NOW).unwrap();
    assert_eq!(copy.at, *NOW);
    let (to, words) = told(&desk).await;
    assert_eq!(to.len(), 2);
    assert!(
        words.contains("/bin/false ended with") && words.contains("2026-11-20T220000Z"),
        "{words}"
    );
}

#[tokio::test]
async fn how_it_stands_is_known_by_the_age_of_the_newest_copy() {
    let desk = desk(|_, _| {}).await;
    let condition = || keeping::condition(&desk.app.config, desk.app.clock.now());
    assert!(condition().words.contains("no copy yet"));
    keep(&desk).await.unwrap();
    desk.app.clock.advance(TimeDelta::hours(26));
    assert_eq!(condition().state, State::Ok, "{:?}", condition());
    assert!(
        condition().words.contains("20 November 2026, 22:00"),
        "{:?}",
        condition()
    );
    desk.app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(condition().state, State::Warn);
}

#[tokio::test]
async fn a_stop_breaks_it_off_at_once_and_leaves_nothing_behind() {
    let desk = desk(|_, _| {}).await;
    let load = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 40000)
                insert into keepsakes select 'load ' || i, hex(randomblob(1000)) from n";
    desk.app
        .db
        .write(move |tx| Ok(tx.execute(load, []).map(drop)?))
        .await
        .unwrap();
    let stop = CancellationToken::new();
    let (app, halt) = (desk.app.clone(), stop.clone());
    let copying = tokio::spawn(async move { keeping::keep_one(&app, &halt).await });
    tokio::time::sleep(Duration::from_millis(60)).await;
    let began = Instant::now();
    stop.cancel();
    assert!(copying.await.unwrap().is_err());
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    let left: Vec<_> = std::fs::read_dir(&desk.app.config.backups.folder)
        .unwrap()
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(told(&desk).await.0.len(), 0, "a stop is no failure");
    desk.app.db.close().await;
    assert!(!desk.folder.path().join("grb-app.db-wal").exists());
}
