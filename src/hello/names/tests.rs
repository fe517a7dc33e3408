//! What is said on every day, against calendars that are not ours; and the memory, with little room and a table that fails.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::memory::{self, Known, Memory};
use super::name::Name;
use super::*;
use crate::platform::Clock;
use crate::platform::config::{LeapDay, Sources};

fn app(folder: &std::path::Path) -> App {
    let flags = [("data_dir", Some(folder.to_string_lossy().into_owned()))];
    let config = Sources::gather(None, &|_| None, &flags).unwrap();
    let at = "2026-12-31T00:00:30Z".parse().unwrap();
    App::open(config.understand().unwrap(), Clock::fixed(at)).unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// What Python's datetime and the system's zoneinfo say: examples/make_hello_fixtures.py.
#[derive(Deserialize)]
struct Fixture {
    first: NaiveDate,
    last: NaiveDate,
    born: Vec<NaiveDate>,
    leap_days: Vec<String>,
    /// By zone and year of the moment.
    digests: BTreeMap<String, BTreeMap<String, String>>,
}

impl Fixture {
    fn moments(&self) -> impl Iterator<Item = DateTime<Utc>> {
        let start = self.first.and_hms_opt(0, 0, 30).unwrap().and_utc();
        let days = (self.last - self.first).num_days();
        (0..=days).map(move |n| start + TimeDelta::days(n) + TimeDelta::minutes(n * 487 % 1440))
    }
}

#[test]
fn every_day_of_four_years_from_minus_12_to_plus_14_hours_is_greeted_as_by_another_calendar() {
    let text = include_str!("../../../tests/fixtures/hello/messages.json");
    let fixture: Fixture = serde_json::from_str(text).unwrap();
    assert_eq!(fixture.moments().count(), 1463);
    let leap_days = fixture.leap_days.iter().map(|day| day.parse().unwrap());
    let leap_days: Vec<LeapDay> = leap_days.collect();
    for (zone, years) in &fixture.digests {
        let mut said = BTreeMap::<String, Sha256>::new();
        for moment in fixture.moments() {
            let today = today_in(zone.parse().unwrap(), moment);
            let year = said.entry(moment.year().to_string()).or_default();
            for leap_day in &leap_days {
                for born in &fixture.born {
                    year.update(words("Pepe", *born, today, *leap_day));
                    year.update("\n");
                }
            }
        }
        let said = said.into_iter();
        let said = said.map(|(year, hash)| (year, hex::encode(&hash.finalize()[..8])));
        assert_eq!(&said.collect::<BTreeMap<_, _>>(), years, "{zone}");
    }
    assert_eq!(fixture.digests.len(), 42);
}

/// Days until month and day match, walking chrono's calendar.
fn walk(born: NaiveDate, today: NaiveDate, lent: (u32, u32)) -> usize {
    let month_and_day = |day: NaiveDate| (day.month(), day.day());
    let is_it = |day: &NaiveDate| {
        let borrowed = month_and_day(born) == (2, 29) && !day.leap_year();
        month_and_day(*day) == month_and_day(born) || (borrowed && month_and_day(*day) == lent)
    };
    today.iter_days().position(|day| is_it(&day)).unwrap()
}

proptest! {
    #[test]
    fn walking_on_from_day_to_day_comes_to_the_same(
        born in 0..46_000u64,
        today in 0..100_000u64,
        leap_day_born in proptest::bool::weighted(0.2),
    ) {
        let born = match leap_day_born {
            true => date("2000-02-29"),
            false => date("1900-01-01") + Days::new(born),
        };
        let today = date("1999-12-31") + Days::new(today);
        for (leap_day, lent) in [(LeapDay::February28, (2, 28)), (LeapDay::March1, (3, 1))] {
            let said = match walk(born, today, lent) {
                0 => "Hello, Pepe! Happy birthday!".to_owned(),
                days => format!("Hello, Pepe! Your birthday is in {days} day(s)"),
            };
            prop_assert_eq!(words("Pepe", born, today, leap_day), said);
        }
    }
}

#[test]
fn a_name_is_letters_only() {
    for (text, shown) in [("pepe", "Pepe"), ("pEPE", "Pepe"), ("X", "X")] {
        assert_eq!(name(text).shown(), shown);
        assert_eq!(&*name(text), text.to_lowercase());
    }
    assert_eq!(name(&"a".repeat(255)).len(), 255);
    let long = "a".repeat(256);
    for text in [
        "", "pepe\n", "pe pe", "josé", "ﬁ", "\u{212a}", "pepe1", "a-b", &long,
    ] {
        assert!(Name::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_full_memory_leaves_out_what_comes_last_and_sends_for_it() {
    let memory = Memory::for_names(2);
    let (one, two) = (date("1990-05-17"), date("1991-05-17"));
    memory.take(vec![]);
    assert_eq!(memory.find("ada"), Known::Nobody);
    memory.put("ada", one);
    memory.put("bob", one);
    assert_eq!(memory.find("cyd"), Known::Nobody);
    memory.put("cyd", one);
    assert_eq!(memory.find("cyd"), Known::Unsure);
    memory.put("ada", two);
    assert_eq!(memory.find("ada"), Known::Born(two));
    // A place that becomes free does not make up for what was left out.
    memory.forget("bob");
    assert_eq!(memory.find("cyd"), Known::Unsure);
    memory.put("dee", one);
    assert_eq!(memory.find("dee"), Known::Born(one));
}

#[test]
fn long_names_take_no_memory() {
    let memory = Memory::for_names(1000);
    memory.take(vec![]);
    let (fits, long) = ("a".repeat(25), "a".repeat(26));
    memory.put(&fits, date("1990-05-17"));
    memory.put(&long, date("1990-05-17"));
    assert_eq!(memory.find(&fits), Known::Born(date("1990-05-17")));
    assert_eq!(memory.find(&long), Known::Unsure);
}

/// A desk whose table holds so many names, each with a date of its own.
async fn filled(folder: &std::path::Path, count: u32) -> App {
    let app = app(folder);
    let filling = app.db.write(move |tx| {
        for n in 0..count {
            store::put(tx, &letters(n), born(n))?;
        }
        Ok(())
    });
    filling.await.unwrap();
    app
}

fn born(n: u32) -> NaiveDate {
    date("1950-01-01") + Days::new(u64::from(n % 20_000))
}

/// A name for a number.
fn letters(n: u32) -> String {
    let digits = n.to_string().into_bytes().into_iter();
    digits
        .map(|digit| char::from(digit - b'0' + b'a'))
        .collect()
}

#[tokio::test]
async fn the_table_is_read_whole_however_many_rows_it_has() {
    for count in [0, 1, 4095, 4096, 4097, 9000] {
        let folder = tempfile::tempdir().unwrap();
        let app = filled(folder.path(), count).await;
        let memory = Arc::new(Memory::default());
        assert_eq!(memory.find("zzz"), Known::Unsure);
        memory::fill(app.db.clone(), memory.clone()).await;
        for n in 0..count {
            assert_eq!(
                memory.find(&letters(n)),
                Known::Born(born(n)),
                "{n} of {count}"
            );
        }
        assert_eq!(memory.find("zzz"), Known::Nobody);
    }
}

#[tokio::test]
async fn reading_ends_where_the_room_does() {
    let folder = tempfile::tempdir().unwrap();
    let app = filled(folder.path(), 20_000).await;
    let memory = Arc::new(Memory::for_names(5000));
    memory::fill(app.db.clone(), memory.clone()).await;
    let known = (0..20_000).filter(|n| memory.find(&letters(*n)) != Known::Unsure);
    assert_eq!(known.count(), 5000);
    assert_eq!(memory.find("zzz"), Known::Unsure);
}

#[tokio::test]
async fn what_fails_while_reading_is_read_later() {
    let folder = tempfile::tempdir().unwrap();
    let app = filled(folder.path(), 9000).await;
    let rename = |from: &'static str, to: &'static str| {
        let sql = format!("alter table {from} rename to {to}");
        let done = app.db.write(move |tx| Ok(tx.execute_batch(&sql)?));
        async move { done.await.unwrap() }
    };
    let memory = Arc::new(Memory::default());
    memory::read_on(&app.db, &memory).await.unwrap();
    rename("hello_names", "elsewhere").await;
    assert!(memory::read_on(&app.db, &memory).await.is_err());
    assert_eq!(memory.find("zzz"), Known::Unsure);
    rename("elsewhere", "hello_names").await;
    memory::fill(app.db.clone(), memory.clone()).await;
    for n in 0..9000 {
        assert_eq!(memory.find(&letters(n)), Known::Born(born(n)), "{n}");
    }
    assert_eq!(memory.find("zzz"), Known::Nobody);
}

/// Writes and reading meet in every order; what was written last is there in the end, in memory as in the table.
#[tokio::test]
async fn names_that_change_while_the_table_is_read_are_right_in_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let app = filled(folder.path(), 20_000).await;
    let new = date("2001-01-01");
    let changes = (0..20_000).step_by(7).map(|n| {
        let app = app.clone();
        tokio::spawn(async move {
            let name = name(&letters(n));
            match n % 2 {
                0 => drop(memory::keep(&app, name.clone(), new).await),
                _ => drop(memory::forget(&app, name.clone()).await),
            }
            let here = memory::born(&app, name.clone()).await.unwrap();
            let stored = app.db.read(move |conn| store::born(conn, &name)).await;
            assert_eq!(here, stored.unwrap(), "{n}");
        })
    });
    for change in changes.collect::<Vec<_>>() {
        change.await.unwrap();
    }
    let memory = memory::of(&app);
    memory::fill(app.db.clone(), memory.clone()).await;
    for n in 0..20_000 {
        let name = letters(n);
        let known = memory.find(&name);
        let stored = app.db.read(move |conn| store::born(conn, &name)).await;
        let stored = stored.unwrap().map_or(Known::Nobody, Known::Born);
        assert_eq!(known, stored, "{n}");
    }
}

proptest! {
    #[test]
    fn names_have_one_key_only_where_they_are_one_name(one in "[a-z]{1,27}", other in "[a-z]{1,27}") {
        let (first, second) = (memory::Key::of(&one), memory::Key::of(&other));
        prop_assert_eq!(first.is_some(), one.len() <= memory::Key::LONGEST);
        prop_assert_eq!(first.is_some() && first == second, first.is_some() && one == other);
    }
}

#[test]
fn a_name_within_another_has_another_key() {
    let keys = ["a", "aa", "b", "z", "za", "az"].map(memory::Key::of);
    for (at, key) in keys.iter().enumerate() {
        assert!(!keys[..at].contains(key), "{at}");
    }
    for odd in ["A", "é", "a b", "1"] {
        assert_eq!(memory::Key::of(odd), None, "{odd}");
    }
}
