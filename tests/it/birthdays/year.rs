//! Years in steps of an hour, with the program stopped at random: everybody is greeted once, on the day, and not at night.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use grb_app::platform::config::LeapDay;
use grb_app::platform::{App, Clock};

use super::{Greeted, greet, greetings, joins};
use crate::common::config;

/// From nine to midnight are fifteen hours: a stop of fourteen leaves one of the full hours to greet in.
const LONGEST_STOP: i64 = 14;

/// A row of the fixture.
struct Day {
    zone: String,
    birthday: String,
    /// Where 29 February is kept, in the years that lack it.
    leap: String,
    nine: DateTime<Utc>,
    midnight: DateTime<Utc>,
}

fn days() -> Vec<Day> {
    let text = fs::read_to_string("tests/fixtures/birthdays/days.csv").unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| {
        let [zone, birthday, leap, _, nine, midnight] =
            row.split(',').collect::<Vec<_>>().try_into().unwrap();
        Day {
            zone: zone.into(),
            birthday: birthday.into(),
            leap: leap.into(),
            nine: nine.parse().unwrap(),
            midnight: midnight.parse().unwrap(),
        }
    })
    .collect()
}

/// Chance that can be had again (xorshift64*).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        i64::try_from(drawn).unwrap() % limit
    }
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn open(folder: &tempfile::TempDir, leap: LeapDay, at: DateTime<Utc>) -> App {
    let mut config = config(folder.path());
    config.leap_day = leap;
    App::open(config, Clock::fixed(at)).unwrap()
}

/// Goes through `span`; what was to come, and what came.
async fn live_through(span: Range<DateTime<Utc>>, leap: (LeapDay, &str), seed: u64) {
    let (days, mut chance) = (days(), Chance(seed));
    let folder = tempfile::tempdir().unwrap();
    let mut app = open(&folder, leap.0, span.start);
    let mut members: BTreeMap<(String, String), i64> = BTreeMap::new();
    for day in &days {
        let next = i64::try_from(members.len()).unwrap() + 1;
        let who = (day.zone.clone(), day.birthday.clone());
        if let std::collections::btree_map::Entry::Vacant(new) = members.entry(who) {
            // Every other one keeps the year to themselves; 29 February needs one that has it.
            let year = if next % 2 == 0 { "1988" } else { "-" };
            joins(
                &app,
                next,
                Some(&day.zone),
                &format!("{year}-{}", day.birthday),
            )
            .await;
            new.insert(next);
        }
    }
    let (mut stops, mut now, mut awake) = (0, span.start, Vec::new());
    while now < span.end {
        greet(&app).await;
        awake.push(now);
        let stop = match chance.below(60) {
            0 => 1 + chance.below(LONGEST_STOP),
            _ => 0,
        };
        now += TimeDelta::hours(1 + stop);
        if stop == 0 {
            app.clock.advance(TimeDelta::hours(1));
        } else {
            stops += 1;
            app.db.close().await;
            drop(app);
            app = open(&folder, leap.0, now);
        }
    }
    let wanted: Vec<(i64, &Day)> = days
        .iter()
        .filter(|day| day.leap.is_empty() || day.leap == leap.1)
        .filter(|day| span.contains(&day.nine))
        .map(|day| (members[&(day.zone.clone(), day.birthday.clone())], day))
        .collect();
    assert!(wanted.len() >= members.len() / 4);
    judge(&greetings(&app).await, wanted, &awake, seed);
    println!(
        "{} members, {} greetings, {stops} stops",
        members.len(),
        greetings(&app).await.len()
    );
}

/// Each day that was to come has one greeting, of its own hours and of the first at which the program was `awake`, and there
/// is no other.
fn judge(came: &[Greeted], wanted: Vec<(i64, &Day)>, awake: &[DateTime<Utc>], seed: u64) {
    let mut came = came.to_vec();
    for (member, day) in wanted {
        let hours = day.nine..day.midnight;
        let at = came
            .iter()
            .position(|one| one.member == member && hours.contains(&one.posted));
        let at = at.unwrap_or_else(|| {
            panic!(
                "seed {seed}: {member} in {}, {}: none in {hours:?}",
                day.zone, day.birthday
            )
        });
        let one = came.remove(at);
        let first = awake.iter().find(|at| **at >= day.nine);
        assert_eq!(Some(&one.posted), first, "seed {seed}: {one:?}");
        assert_eq!(one.expires, day.midnight, "seed {seed}: {one:?}");
        assert_eq!(one.due, one.posted, "seed {seed}: {one:?}");
    }
    assert_eq!(came, [], "seed {seed}: greeted at the wrong time, or twice");
}

#[tokio::test]
async fn in_a_common_year_everybody_is_greeted_once() {
    let span = time("2026-12-30T00:00:00Z")..time("2028-01-03T00:00:00Z");
    live_through(span, (LeapDay::February28, "02-28"), 2027).await;
}

#[tokio::test]
async fn in_a_leap_year_everybody_is_greeted_once() {
    let span = time("2027-12-30T00:00:00Z")..time("2029-01-03T00:00:00Z");
    live_through(span, (LeapDay::March1, "03-01"), 2028).await;
}

#[tokio::test]
async fn a_leap_day_is_kept_on_the_first_of_march_where_the_club_has_it_so() {
    let span = time("2027-02-26T00:00:00Z")..time("2027-03-04T00:00:00Z");
    live_through(span, (LeapDay::March1, "03-01"), 31).await;
}

#[tokio::test]
async fn who_was_not_greeted_on_the_day_is_greeted_next_year() {
    let folder = tempfile::tempdir().unwrap();
    let app = open(&folder, LeapDay::February28, time("2027-05-16T20:00:00Z"));
    joins(&app, 1, Some("Europe/Paris"), "1990-05-17").await;
    greet(&app).await;
    app.db.close().await;
    drop(app);
    // Back at midnight in Paris; the day before, in UTC, is not over yet.
    let app = open(&folder, LeapDay::February28, time("2027-05-17T22:00:00Z"));
    for _ in 0..30 {
        greet(&app).await;
        app.clock.advance(TimeDelta::hours(1));
    }
    assert_eq!(greetings(&app).await, []);
    app.db.close().await;
    drop(app);
    let app = open(&folder, LeapDay::February28, time("2028-05-17T21:59:00Z"));
    greet(&app).await;
    let came = greetings(&app).await;
    assert_eq!(came.len(), 1);
    assert_eq!(came[0].expires, time("2028-05-17T22:00:00Z"));
}

#[tokio::test]
async fn a_program_that_comes_back_in_the_middle_of_the_day_greets_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let app = open(&folder, LeapDay::February28, time("2027-05-17T06:59:00Z"));
    joins(&app, 1, Some("Europe/Paris"), "--05-17").await;
    greet(&app).await;
    assert_eq!(greetings(&app).await, [], "it is 08:59 there");
    app.db.close().await;
    drop(app);
    let app = open(&folder, LeapDay::February28, time("2027-05-17T13:07:00Z"));
    greet(&app).await;
    let came = greetings(&app).await;
    assert_eq!(came.len(), 1);
    assert_eq!(came[0].due, time("2027-05-17T13:07:00Z"));
}

#[tokio::test]
async fn ten_thousand_members_cost_hardly_anything() {
    let folder = tempfile::tempdir().unwrap();
    let app = open(&folder, LeapDay::February28, time("2027-05-17T12:00:00Z"));
    let join = |tx: &grb_app::platform::Tx| {
        tx.execute_batch(
            "with recursive n (i) as (select 1 union all select i + 1 from n where i < 10000)
             insert into members (id, email, email_key, full_name, notify, preferences, confirmed_at, created_at, updated_at, birthday)
             select i, 'm' || i || '@example.org', 'm' || i, 'M', 'every', '{}', 1, 1, 1, strftime('%Y-%m-%d', '1950-01-01', (i * 7 % 20000) || ' days') from n;
             insert into sites (member_id, name, latitude, longitude, elevation_m, time_zone, horizon, created_at, updated_at)
             select id, 'here', 0, 0, 0, 'UTC', '[[0, 0]]', 1, 1 from members",
        )?;
        Ok(())
    };
    app.db.write(join).await.unwrap();
    let mut spent = Vec::new();
    for _ in 0..8 {
        let began = Instant::now();
        greet(&app).await;
        spent.push(began.elapsed());
        app.clock.advance(TimeDelta::minutes(15));
    }
    let greeted = greetings(&app).await.len();
    println!("10,000 members, {greeted} greeted: {spent:?}");
    assert!((15..60).contains(&greeted), "{greeted}");
    let usual = spent[1..].iter().min().unwrap();
    assert!(usual.as_millis() < 50, "{spent:?}");
}
