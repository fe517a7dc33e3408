//! Tests of the demonstration's table and of its night.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::accounts::Site;
use crate::accounts::sites::input::Given;
use crate::bursts::{Burst, Tier, Verdict, Withdrawal};
use crate::intake::topics;
use crate::notices::{self, Class, Format, Kind, Mission, Notice};
use crate::platform::config::Sources;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn spring() -> DateTime<Utc> {
    evening(at("2026-05-12T21:10:00Z")).unwrap()
}

fn settings() -> Config {
    Sources::gather(None, &|_| None, &[])
        .unwrap()
        .understand()
        .unwrap()
}

/// A club that has lived through the week and the whole night.
async fn morning(start: DateTime<Utc>) -> (App, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        data_dir: folder.path().into(),
        ..made_up(settings(), 1.0)
    };
    let app = App::open(config, Clock::fixed(start + night::LENGTH)).unwrap();
    let (week, night) = night::schedule(start);
    night::take_in(&app, &week).await.unwrap();
    night::take_in(&app, &night).await.unwrap();
    (app, folder)
}

async fn bursts(app: &App) -> Vec<Burst> {
    let found = app
        .db
        .read(|conn| crate::bursts::list::list(conn, &Default::default(), 500))
        .await;
    found.unwrap().0
}

fn named<'a>(bursts: &'a [Burst], mission: &Mission, id: &str) -> &'a Burst {
    let is = |burst: &&Burst| burst.mission == *mission && burst.trigger_id.as_deref() == Some(id);
    bursts
        .iter()
        .find(is)
        .unwrap_or_else(|| panic!("{mission} {id} is missing"))
}

/// The notice without what only its reader works out: the ivorn, the 90 % radius, GBM's name, a map's other address.
fn bare(mut notice: Notice) -> Notice {
    notice.ivorn = None;
    notice.name = None;
    notice.links.remove("healpix");
    notice.details.sort();
    if let Some(place) = &mut notice.localization {
        place.error_radius_90 = None;
    }
    notice
}

/// The table's notice with what follows from its packet or its class, which is not written and yet read.
fn implied(mut notice: Notice, read: &Notice) -> Notice {
    let follows = |class: &Class| {
        matches!(
            class,
            Class::Other(_) | Class::SolarFlare | Class::TerrestrialFlash | Class::LocalParticles
        )
    };
    if notice.classification.is_none() && read.mission == Mission::IceCube {
        notice.classification.clone_from(&read.classification);
    }
    if read.kind == Kind::KnownSource
        || read
            .classification
            .as_ref()
            .is_some_and(|class| follows(&class.most_likely))
    {
        notice.suppressed = read.suppressed;
    }
    if notice.format == Format::Circular {
        notice.links.clone_from(&read.links);
    }
    if let Some(shown) = read.details.iter().find(|(label, _)| label == "Classes") {
        notice.details.push(shown.clone());
    }
    notice
}

#[test]
fn every_notice_reads_as_it_was_written() {
    let (week, night) = night::schedule(spring());
    for due in week.into_iter().chain(night) {
        let read = notices::read(&due.body()).unwrap();
        assert_eq!(bare(read.clone()), bare(implied(due.notice, &read)));
        let again = notices::write(&read, read.format);
        assert_eq!(notices::read(&again).unwrap(), read);
    }
}

#[test]
fn every_notice_comes_on_a_topic_that_is_heard() {
    let heard = topics::usual();
    let (week, night) = night::schedule(spring());
    for due in week.iter().chain(&night) {
        assert!(heard.contains(&due.topic), "{} is not heard", due.topic);
    }
}

#[test]
fn the_bodies_are_all_different() {
    let (week, night) = night::schedule(spring());
    let bodies: BTreeSet<Vec<u8>> = week.iter().chain(&night).map(Due::body).collect();
    assert_eq!(bodies.len(), week.len() + night.len());
}

#[test]
fn the_night_begins_at_once_and_never_pauses() {
    let start = spring();
    let (_, night) = night::schedule(start);
    let real = |from: DateTime<Utc>, to: DateTime<Utc>| (to - from).as_seconds_f64() / night::RATE;
    assert!(real(start, night[0].at) < 2.0);
    let pauses = night
        .windows(2)
        .filter(|pair| real(pair[0].at, pair[1].at) > 4.8);
    let pauses: Vec<f64> = pauses
        .map(|pair| (pair[0].at - start).as_seconds_f64() / 60.0)
        .collect();
    assert!(
        pauses.is_empty(),
        "nearly five seconds without a notice after these minutes of the night: {pauses:?}"
    );
    let last = night.last().unwrap().at;
    assert!(last <= start + night::LENGTH);
    assert!(real(start, last) > 290.0);
}

#[test]
fn the_evening_is_ten_o_clock_at_the_site() {
    for (now, evening_before) in [
        ("2026-05-12T21:10:00Z", "2026-05-12T20:00:00Z"),
        ("2026-05-12T19:59:59Z", "2026-05-11T20:00:00Z"),
        ("2026-01-01T03:00:00Z", "2025-12-31T21:00:00Z"),
        ("2028-02-29T22:00:00Z", "2028-02-29T21:00:00Z"),
        ("2028-03-01T12:00:00Z", "2028-02-29T21:00:00Z"),
        // The clocks go forward in the night.
        ("2026-03-29T05:00:00Z", "2026-03-28T21:00:00Z"),
    ] {
        assert_eq!(evening(at(now)).unwrap(), at(evening_before), "{now}");
    }
}

#[test]
fn the_sentence_fits_the_speed() {
    for (speed, fast) in [
        (1.0, "sixty times as fast as it was"),
        (2.5, "150 times as fast as it was"),
        (1.0 / 60.0, "as fast as it was"),
        (1.0 / 120.0, "2 times slower than it was"),
    ] {
        let begins = format!("A demonstration: a recorded night, played {fast}. ");
        assert!(sentence(speed).starts_with(&begins), "{}", sentence(speed));
    }
}

#[test]
fn a_club_that_has_a_name_keeps_it() {
    let named = |club: &str| {
        made_up(
            Config {
                club_name: club.into(),
                ..settings()
            },
            1.0,
        )
        .club_name
    };
    assert_eq!(named("grb-app"), CLUB);
    assert_eq!(named("Société astronomique"), "Société astronomique");
    assert_eq!(made_up(settings(), 1.0).time_zone, ZONE);
}

#[tokio::test]
async fn the_week_is_there_before_the_night() {
    let demo = Demo::prepare(settings(), None, 1.0).await.unwrap();
    let known = bursts(&demo.app).await;
    assert!(
        known
            .iter()
            .filter(|burst| burst.burst_like && !burst.test)
            .count()
            >= 8
    );
    let start = demo.app.clock.now();
    let ages = known.iter().map(|burst| start - burst.sort_time());
    assert!(
        ages.clone()
            .all(|age| age > TimeDelta::zero() && age < TimeDelta::days(7))
    );
}

#[tokio::test]
async fn the_bursts_are_what_they_should_be() {
    let (app, _folder) = morning(spring()).await;
    let all = bursts(&app).await;
    let find = |mission: Mission, id: &str| named(&all, &mission, id).clone();
    let tier = |mission: Mission, id: &str| find(mission, id).tier();
    assert_eq!(
        find(Mission::Fermi, "471017773").verdict(),
        Verdict::Unlikely(Class::SolarFlare)
    );
    assert_eq!(
        find(Mission::Fermi, "689708783").verdict(),
        Verdict::Unlikely(Class::TerrestrialFlash)
    );
    assert_eq!(
        find(Mission::Fermi, "717000000").verdict(),
        Verdict::Unlikely(Class::LocalParticles)
    );
    assert_eq!(
        find(Mission::Fermi, "470998462").verdict(),
        Verdict::Unlikely(Class::BelowHorizon)
    );
    for (mission, id) in [
        (Mission::Swift, "1180063"),
        (Mission::Fermi, "715526984"),
        (Mission::Svom, "sb26020402"),
        (Mission::Lvk, "S230808i"),
    ] {
        assert!(
            matches!(
                find(mission, id).verdict(),
                Verdict::Withdrawn(Withdrawal { .. })
            ),
            "{id}"
        );
    }
    for (mission, id) in [
        (Mission::Swift, "1186032"),
        (Mission::Swift, "1126853"),
        (Mission::Swift, "883832"),
        (Mission::Svom, "sb26040203"),
    ] {
        assert_eq!(
            (find(mission.clone(), id).verdict(), tier(mission, id)),
            (Verdict::Burst, Tier::A),
            "{id}"
        );
    }
    assert_eq!(tier(Mission::Fermi, "687014224"), Tier::A, "LAT placed it");
    assert_eq!(tier(Mission::Fermi, "699896651"), Tier::B);
    assert_eq!(find(Mission::Lvk, "G298048").verdict(), Verdict::Context);
    assert_eq!(all.iter().filter(|burst| burst.test).count(), 6);
}

#[tokio::test]
async fn bursts_have_their_names_and_there_are_about_twenty() {
    let (app, _folder) = morning(spring()).await;
    let all = bursts(&app).await;
    let names: BTreeSet<String> = all
        .iter()
        .filter_map(|burst| burst.official_name.clone())
        .collect();
    for name in [
        "GRB 221009A",
        "GRB 230307A",
        "GRB 170817A",
        "GRB 190114C",
        "GRB 130427A",
        "GRB 080319B",
        "GRB 230904B",
        "GRB 251103A",
    ] {
        assert!(names.contains(name), "{name} is missing");
    }
    // Two missions that see the same burst count once.
    let mut events: BTreeMap<String, u32> = BTreeMap::new();
    for burst in all.iter().filter(|burst| burst.burst_like && !burst.test) {
        *events
            .entry(burst.official_name.clone().unwrap_or_else(|| burst.name()))
            .or_default() += 1;
    }
    assert!(
        (20..=30).contains(&events.len()),
        "{}: {events:?}",
        events.len()
    );
    assert_eq!(events.get("GRB 221009A"), Some(&2));
}

#[tokio::test]
async fn three_missions_see_one_burst() {
    let (app, _folder) = morning(spring()).await;
    let all = bursts(&app).await;
    let three = [
        (Mission::Fermi, "783837993"),
        (Mission::Svom, "sb25110301"),
        (Mission::Swift, "783838024"),
    ];
    let ids: BTreeSet<i64> = three
        .iter()
        .map(|(mission, id)| named(&all, mission, id).id)
        .collect();
    for id in ids.clone() {
        let linked = app
            .db
            .read(move |conn| crate::bursts::store::linked(conn, id))
            .await
            .unwrap();
        let with_itself: BTreeSet<i64> = linked.iter().map(|burst| burst.id).chain([id]).collect();
        assert_eq!(with_itself, ids);
    }
}

#[tokio::test]
async fn nothing_is_put_aside_on_any_date() {
    for start in ["2028-02-29T21:00:00Z", "2027-12-31T21:00:00Z"] {
        let (app, _folder) = morning(at(start)).await;
        let count = "select (select count(*) from aside), (select count(*) from notices)";
        let counted = app
            .db
            .read(move |conn| Ok(conn.query_row(count, [], |row| Ok((row.get(0)?, row.get(1)?)))?));
        let (aside, notices): (i64, i64) = counted.await.unwrap();
        let (week, night) = night::schedule(at(start));
        assert_eq!(
            (aside, usize::try_from(notices).unwrap()),
            (0, week.len() + night.len()),
            "{start}"
        );
        let all = bursts(&app).await;
        assert!(matches!(
            named(&all, &Mission::Swift, "1180063").verdict(),
            Verdict::Withdrawn(_)
        ));
        assert_eq!(
            named(&all, &Mission::Fermi, "687014224")
                .mission_name
                .as_deref(),
            Some("bn221009553")
        );
    }
}

#[tokio::test]
async fn a_real_club_is_refused_and_an_old_demo_begun_afresh() {
    let folder = tempfile::tempdir().unwrap();
    let first = Demo::prepare(settings(), Some(folder.path()), 1.0)
        .await
        .unwrap();
    let before = bursts(&first.app).await.len();
    let busy = Demo::prepare(settings(), Some(folder.path()), 1.0)
        .await
        .err()
        .unwrap();
    assert_eq!(busy.downcast_ref::<Exit>().unwrap().code, 69);
    first.app.db.close().await;
    drop(first);
    let second = Demo::prepare(settings(), Some(folder.path()), 1.0)
        .await
        .unwrap();
    assert_eq!(bursts(&second.app).await.len(), before);
    second
        .app
        .db
        .write(|tx| Ok(tx.execute("delete from keepsakes where name = 'demo'", [])?))
        .await
        .unwrap();
    second.app.db.close().await;
    drop(second);
    let refused = Demo::prepare(settings(), Some(folder.path()), 1.0)
        .await
        .err()
        .unwrap();
    assert_eq!(refused.downcast_ref::<Exit>().unwrap().code, 78);
    assert!(folder.path().join(db::FILE).exists());
}

#[tokio::test]
async fn the_night_is_played() {
    let demo = Demo::prepare(settings(), None, 100_000.0).await.unwrap();
    let week = bursts(&demo.app).await.len();
    demo.night().await;
    let (_, night) = night::schedule(evening(Clock::system().now()).unwrap());
    let circulars = night
        .iter()
        .filter(|due| due.notice.format == Format::Circular)
        .count();
    let all = bursts(&demo.app).await;
    assert!(
        all.len() > week + 20,
        "{week} and {} with {circulars} circulars",
        all.len()
    );
}

/// The club's sites, numbered as the database would.
fn sites() -> Vec<Site> {
    let roster: toml::Table = toml::from_str(MEMBERS).unwrap();
    let members = roster["member"].as_array().unwrap();
    let sites = members.iter().filter_map(|member| member.get("site"));
    let read = sites.zip(1..).map(|(sites, id)| {
        let given: Given =
            serde_json::from_value(serde_json::to_value(&sites[0]).unwrap()).unwrap();
        let site = given.checked(Site::unknown(id, ZONE)).unwrap();
        Site { id, ..site }
    });
    read.collect()
}

#[test]
fn in_every_season_members_see_something_and_miss_something() {
    let sites = sites();
    for month in 1..=12 {
        let start = evening(at(&format!("2026-{month:02}-12T22:30:00Z"))).unwrap();
        let reports: Vec<_> = night::made_up(start, &sites)
            .into_iter()
            .map(|report| report.observation.photometry)
            .collect();
        let seen = reports.iter().filter(|seen| seen.magnitude.is_some());
        let seen = seen.count();
        let missed = reports.len() - seen;
        assert!(
            seen >= 10 && missed >= 10,
            "month {month}: {seen} and {missed}"
        );
    }
}

#[test]
fn an_afterglow_fades_by_its_law() {
    // Ten times the time is 2.5 × slope magnitudes fainter (F ∝ t^−slope).
    let light = observers::fading(1000.0, 15.0, 1.2).unwrap();
    assert!((light.at(10_000.0) - 18.0).abs() < 1e-9);
    assert!((light.at(1000.0) - 15.0).abs() < 1e-9);
}

#[tokio::test]
async fn whatever_the_night_somebody_has_a_birthday_in_it_and_somebody_this_week() {
    for (start, tonight, tomorrow, later) in [
        ("2026-11-21T21:00:00Z", "1974-11-21", "--11-22", "--11-25"),
        ("2026-12-31T21:00:00Z", "1974-12-31", "--01-01", "--01-04"),
        ("2027-02-28T21:00:00Z", "1975-02-28", "--03-01", "--03-04"),
        ("2028-02-29T21:00:00Z", "1976-02-29", "--03-01", "--03-04"),
        ("2028-02-28T21:00:00Z", "1976-02-28", "--02-29", "--03-03"),
        // Past midnight where the telescope stands.
        ("2026-06-30T22:30:00Z", "1974-07-01", "--07-02", "--07-05"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            data_dir: folder.path().into(),
            ..settings()
        };
        let app = App::open(config, Clock::fixed(at(start))).unwrap();
        let roster = Roster::read(&members(at(start))).unwrap();
        roster.enrol(&app, None).await.unwrap();
        let read = app
            .db
            .read(|conn| crate::accounts::store::list(conn, "", 0, 100));
        let members = read.await.unwrap();
        let birthday = |name: &str| {
            let member = members
                .iter()
                .find(|member| member.full_name.starts_with(name))
                .unwrap();
            let birthday = member.birthday.map(|birthday| birthday.to_string());
            (birthday.unwrap(), member.birthday_shown)
        };
        assert_eq!(birthday("Vera"), (tonight.into(), true), "{start}");
        assert_eq!(birthday("Kenji"), (tomorrow.into(), true), "{start}");
        assert_eq!(birthday("Ngaire"), (later.into(), true), "{start}");
        assert_eq!(birthday("Amara"), ("1992-02-29".into(), true));
        assert_eq!(birthday("Paul"), ("1961-06-30".into(), false));
    }
}
