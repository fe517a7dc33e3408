//! Compares places and events with astropy and PyEphem; their answers come from `examples/make_visibility_fixtures.py`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::*;

/// The lines of a fixture after its origin and its heading.
pub(super) fn told(csv: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    csv.lines().skip(2).map(|line| line.split(',').collect())
}

pub(super) fn instant(unix: f64) -> DateTime<Utc> {
    almanac::later(DateTime::UNIX_EPOCH, unix)
}

pub(super) fn unix(at: DateTime<Utc>) -> f64 {
    (at - DateTime::UNIX_EPOCH).as_seconds_f64()
}

pub(super) fn sites() -> BTreeMap<&'static str, Site> {
    let site = |row: Vec<&'static str>| {
        let [latitude, longitude, elevation] = numbers(&row[1..])[..] else {
            panic!("{row:?}")
        };
        let horizon = Horizon::flat(0.0);
        (
            row[0],
            Site {
                latitude,
                longitude,
                elevation,
                horizon,
            },
        )
    };
    told(fixture!(text "sites.csv")).map(site).collect()
}

/// Angle between two directions over a site, arcsec.
fn off(ours: Horizontal, altitude: f64, azimuth: f64) -> f64 {
    at(ours.azimuth, ours.altitude).separation(at(azimuth, altitude)) * 3600.0
}

/// The worst of what is compared, and whether each is within its bound.
#[derive(Default)]
struct Worst(BTreeMap<&'static str, f64>);

impl Worst {
    fn hold(&mut self, what: &'static str, error: f64, bound: f64, row: &[&str]) {
        assert!(error.abs() <= bound, "{what} is off by {error} in {row:?}");
        let worst = self.0.entry(what).or_default();
        *worst = worst.max(error.abs());
    }
}

#[test]
fn stars_sun_and_moon_stand_where_astropy_and_pyephem_have_them() {
    // Half an arcsecond is polar motion, and 15″ for each second of UT1−UTC are PyEphem's, which has none.
    let (sites, mut worst, mut rows) = (sites(), Worst::default(), 0);
    for row in told(fixture!(text "places.csv")) {
        let n = numbers(&row[1..]);
        let (when, star) = (instant(n[0]), at(n[1], n[2]));
        let observer = Observer::at(&sites[row[0]], when);
        let (sun, moon) = (observer.sun(when), observer.moon(when));
        worst.hold(
            "star",
            off(observer.horizontal(star, when), n[3], n[4]),
            0.75,
            &row,
        );
        worst.hold("Sun", off(sun, n[5], n[6]), 0.75, &row);
        worst.hold("Moon", off(moon, n[7], n[8]), 0.75, &row);
        worst.hold("Sun of PyEphem", off(sun, n[9], n[10]), 5.0, &row);
        worst.hold("Moon of PyEphem", off(moon, n[11], n[12]), 15.0, &row);
        worst.hold(
            "lit part",
            observer.phase(when).illuminated - n[13],
            2e-4,
            &row,
        );
        let moon_then = observer.horizontal(observer.moon_place(when), when);
        worst.hold(
            "Moon among the stars",
            off(moon_then, moon.altitude, moon.azimuth),
            0.1,
            &row,
        );
        rows += 1;
    }
    assert_eq!(rows, 200);
    println!("{:.3?}", worst.0);
}

#[test]
fn an_almanac_serves_a_day_to_either_side() {
    let sites = sites();
    let mut worst = Worst::default();
    for row in told(fixture!(text "places.csv")) {
        let n = numbers(&row[1..]);
        let (when, star) = (instant(n[0]), at(n[1], n[2]));
        let exact = Observer::at(&sites[row[0]], when);
        for hours in [-48.0, -24.0, 24.0, 48.0] {
            let almanac =
                std::sync::Arc::new(Almanac::around(almanac::later(when, hours * 3600.0)));
            let other = Observer::with(&almanac, &sites[row[0]], when);
            let (a, b) = (exact.horizontal(star, when), other.horizontal(star, when));
            worst.hold("star", off(a, b.altitude, b.azimuth), 1.5, &row);
            let (a, b) = (exact.moon(when), other.moon(when));
            worst.hold("Moon", off(a, b.altitude, b.azimuth), 1.0, &row);
        }
    }
    println!("{:.3?}", worst.0);
}

/// A night of the fixtures: its row, its site's observer, its star.
fn nights() -> Vec<(Vec<&'static str>, Observer, Equatorial)> {
    let sites = sites();
    let night = |row: Vec<&'static str>| {
        let n = numbers(&row[2..]);
        let observer = Observer::at(&sites[row[1]], instant(n[0]));
        (row, observer, at(n[1], n[2]))
    };
    told(fixture!(text "nights.csv")).map(night).collect()
}

#[test]
fn a_night_lasts_from_transit_to_transit() {
    for (row, observer, _) in nights() {
        let n = numbers(&row[2..]);
        let (noon, next) = (
            unix(observer.noon()) - n[3],
            unix(observer.next_noon()) - n[4],
        );
        assert!(
            noon.abs() < 1.0 && next.abs() < 1.0,
            "{row:?}: {noon} {next}"
        );
        assert_eq!(observer.next().noon(), observer.next_noon());
        let following = unix(observer.next().next_noon()) - n[4];
        assert!((following - 86_400.0).abs() < 31.0, "{row:?}");
    }
}

#[test]
fn each_event_is_there_to_the_second_and_none_besides() {
    let nights = nights();
    let mut told_of = BTreeMap::<(usize, &str, &str), Vec<(f64, bool, f64)>>::new();
    for row in told(fixture!(text "events.csv")) {
        let n = numbers(&row[3..]);
        let key = (row[0].parse().unwrap(), row[1], row[2]);
        told_of
            .entry(key)
            .or_default()
            .push((n[0], n[1] > 0.5, n[2]));
    }
    let (mut worst, mut count) = (Worst::default(), 0);
    for (i, (row, observer, star)) in nights.iter().enumerate() {
        for (body, altitude) in [
            ("sun", "-0.8333"),
            ("sun", "-6.0"),
            ("sun", "-12.0"),
            ("sun", "-18.0"),
            ("moon", "-0.826"),
            ("star", "20.0"),
        ] {
            let degrees = altitude.parse().unwrap();
            let ours = match body {
                "sun" => observer.sun_crossings(degrees),
                "moon" => observer.moon_crossings(degrees),
                _ => observer.crossings(*star, degrees),
            };
            let theirs = told_of.remove(&(i, body, altitude)).unwrap_or_default();
            assert_eq!(
                ours.len(),
                theirs.len(),
                "{row:?} {body} {altitude}: {ours:?} {theirs:?}"
            );
            for (our, (at, rising, rate)) in ours.iter().zip(&theirs) {
                assert_eq!(our.rising, *rising, "{row:?} {body} {altitude}");
                // Slower than 1″ in a second, an event is only as sharp as the altitude.
                let late = (unix(our.at) - at) * (rate / 3.0).min(1.0);
                worst.hold(body, late, 1.0, row);
                count += 1;
            }
        }
    }
    assert!(told_of.is_empty(), "{told_of:?}");
    assert_eq!(count, told(fixture!(text "events.csv")).count());
    println!("{count} events, {:.3?} s", worst.0);
}

#[test]
fn a_series_follows_sun_and_moon_to_a_hundredth_of_an_arcsecond() {
    let when = instant(1_795_300_000.0);
    let almanac = Almanac::around(when);
    for hours in [-55.0, -31.3, -7.1, 0.0, 12.9, 40.2, 59.0] {
        let seconds = hours * 3600.0;
        let there = Almanac::around(almanac.instant(seconds));
        for (body, here) in [
            (there.sun(0.0), almanac.sun(seconds)),
            (there.moon(0.0), almanac.moon(seconds)),
        ] {
            let apparent = |axes: [[f64; 3]; 3], v: [f64; 3]| {
                Equatorial::from_vector(
                    [0, 1, 2].map(|i| (0..3).map(|axis| axes[axis][i] * v[axis]).sum()),
                )
            };
            // Both in ICRS, so that only the series differ and not the precession.
            let distance =
                apparent(there.axes(), body).separation(apparent(almanac.axes(), here)) * 3600.0;
            assert!(distance < 0.01, "{hours} h: {distance}″");
        }
    }
}

#[test]
fn phases_have_their_names_when_pyephem_has_them() {
    let observer = |when| Observer::at(&sites()["Greenwich"], when);
    let after = |name| match name {
        "new Moon" => "waxing crescent",
        "first quarter" => "waxing gibbous",
        "full Moon" => "waning gibbous",
        _ => "waning crescent",
    };
    for row in told(fixture!(text "phases.csv")) {
        let exact = numbers(&row[1..])[0];
        let phase = |hours: f64| {
            let when = instant(exact + hours * 3600.0);
            observer(when).phase(when)
        };
        for hours in [-9.0, 0.0, 9.0] {
            assert_eq!(phase(hours).name, row[0], "{row:?}");
        }
        assert_eq!(phase(15.0).name, after(row[0]), "{row:?}");
        let lit = match row[0] {
            "new Moon" => 0.0,
            "full Moon" => 1.0,
            _ => 0.5,
        };
        assert!((phase(0.0).illuminated - lit).abs() < 0.005, "{row:?}");
    }
}

#[test]
fn endless_days_and_endless_nights_are_told_apart() {
    let night = |site: &str, date: &str| {
        let when = date.parse().unwrap();
        Observer::at(&sites()[site], when).night()
    };
    let summer = night("Longyearbyen", "2026-06-20T20:00:00Z");
    assert_eq!(
        (summer.sun, summer.sunset, summer.sunrise),
        (Course::StaysAbove, None, None)
    );
    assert_eq!(summer.civil.sun, Course::StaysAbove);
    let winter = night("Longyearbyen", "2026-12-20T20:00:00Z");
    assert_eq!(
        (winter.sun, winter.sunset, winter.sunrise),
        (Course::StaysBelow, None, None)
    );
    assert_eq!(winter.civil.sun, Course::StaysBelow);
    assert_eq!(winter.astronomical.sun, Course::Crosses);
    assert!(
        winter.astronomical.dusk < Some(winter.midnight)
            && winter.astronomical.dawn > Some(winter.midnight)
    );
    // In June, Greenwich has no astronomical night, but a nautical one.
    let june = night("Greenwich", "2026-06-20T23:00:00Z");
    assert_eq!(
        (june.sun, june.nautical.sun, june.astronomical.sun),
        (Course::Crosses, Course::Crosses, Course::StaysAbove)
    );
    assert!((june.lowest_sun - -15.1).abs() < 0.1);
}

#[test]
fn events_stand_in_the_order_of_a_night() {
    for (row, observer, _) in nights() {
        let night = observer.night();
        let dusks = [
            Some(night.noon),
            night.sunset,
            night.civil.dusk,
            night.nautical.dusk,
            night.astronomical.dusk,
        ];
        let dawns = [
            night.astronomical.dawn,
            night.nautical.dawn,
            night.civil.dawn,
            night.sunrise,
            Some(night.next_noon),
        ];
        let all: Vec<_> = dusks
            .into_iter()
            .chain([Some(night.midnight)])
            .chain(dawns)
            .flatten()
            .collect();
        assert!(all.is_sorted(), "{row:?}: {night:?}");
        let first = |crossings: Vec<Crossing>, rising| {
            let event = crossings.into_iter().find(|c| c.rising == rising);
            event.map(|event| event.at)
        };
        let dusk_and_dawn =
            |altitude| [false, true].map(|rising| first(observer.sun_crossings(altitude), rising));
        assert_eq!([night.sunset, night.sunrise], dusk_and_dawn(-0.8333));
        for (twilight, altitude) in [
            (night.civil, -6.0),
            (night.nautical, -12.0),
            (night.astronomical, -18.0),
        ] {
            assert_eq!([twilight.dusk, twilight.dawn], dusk_and_dawn(altitude));
        }
        assert_eq!(night.moon_events, observer.moon_crossings(-0.826));
        let up = |event: &Crossing| {
            observer
                .moon(event.at + chrono::TimeDelta::minutes(2))
                .altitude
                > -0.826
        };
        assert!(
            night
                .moon_events
                .iter()
                .all(|event| up(event) == event.rising),
            "{row:?}"
        );
        assert_eq!(
            night.moonrise(),
            night.moon_events.iter().find(|e| e.rising).map(|e| e.at)
        );
    }
}

#[test]
fn the_poles_and_the_far_years_are_borne() {
    for (latitude, longitude) in [
        (90.0, 0.0),
        (-90.0, 170.0),
        (0.0, 540.0),
        (f64::NAN, 0.0),
        (1e9, f64::INFINITY),
    ] {
        let site = Site {
            latitude,
            longitude,
            elevation: 0.0,
            horizon: Horizon::flat(0.0),
        };
        for year in ["1850", "1999", "2026", "2150", "2999"] {
            let when = format!("{year}-03-20T12:00:00Z").parse().unwrap();
            let observer = Observer::at(&site, when);
            let _ = visibility(at(10.0, 20.0), None, &observer, when, &Limits::default());
            let _ = SiteNight::of(&observer).window(at(10.0, 20.0), when, &Limits::default());
        }
    }
    let pole = Site {
        latitude: 90.0,
        longitude: 0.0,
        elevation: 0.0,
        horizon: Horizon::flat(0.0),
    };
    let observer = Observer::at(&pole, "2026-12-20T12:00:00Z".parse().unwrap());
    assert_eq!(observer.night().astronomical.sun, Course::StaysBelow);
    assert!(observer.crossings(at(10.0, 20.0), 5.0).is_empty());
}

/// When the night at hand begins, from noon to noon.
fn begins(latitude: f64, longitude: f64, now: &str, darkness: Darkness) -> String {
    let site = Site {
        latitude,
        longitude,
        elevation: 0.0,
        horizon: Horizon::flat(0.0),
    };
    let now = now.parse().unwrap();
    let (held, tonight) = (
        Observer::at(&site, now),
        Observer::tonight(&site, now, darkness),
    );
    let over = SiteNight::of(&held).is_over(now, darkness);
    assert_eq!(over, tonight.noon() > held.noon(), "{latitude} {now}");
    tonight.noon().format("%d %H").to_string()
}

#[test]
fn tonight_is_the_coming_night_once_it_will_not_be_dark_any_more() {
    use Darkness::{Civil, Nautical};
    // 43.95 N 5.71 E: the Sun at −12° at 05:33:44 and at −6° at 06:08 UTC, by PyEphem; noon at 11:23.
    for (now, darkness, noon) in [
        ("2026-11-22T05:30:00Z", Nautical, "21 11"),
        ("2026-11-22T05:40:00Z", Nautical, "22 11"),
        ("2026-11-22T05:40:00Z", Civil, "21 11"),
        ("2026-11-22T09:00:00Z", Civil, "22 11"),
        ("2026-11-22T11:22:00Z", Nautical, "22 11"),
        ("2026-11-22T11:25:00Z", Nautical, "22 11"),
        ("2026-11-22T20:00:00Z", Nautical, "22 11"),
    ] {
        assert_eq!(begins(43.95, 5.71, now, darkness), noon, "{now}");
    }
    // Either side of the date line, at the same local hours.
    assert_eq!(
        begins(-18.1, 178.4, "2026-11-21T15:00:00Z", Nautical),
        "20 23"
    );
    assert_eq!(
        begins(-18.1, 178.4, "2026-11-21T20:00:00Z", Nautical),
        "21 23"
    );
    assert_eq!(
        begins(-14.3, -170.7, "2026-11-21T12:00:00Z", Nautical),
        "20 23"
    );
    assert_eq!(
        begins(-14.3, -170.7, "2026-11-21T20:00:00Z", Nautical),
        "21 23"
    );
    // Oslo in June never gets so dark: the Sun's rise, at 02:00 UTC, ends the night.
    assert_eq!(
        begins(59.9, 10.7, "2026-06-21T01:30:00Z", Nautical),
        "20 11"
    );
    assert_eq!(
        begins(59.9, 10.7, "2026-06-21T02:30:00Z", Nautical),
        "21 11"
    );
    // Under the midnight sun and in the polar night there is nothing but noon.
    for month in ["06", "12"] {
        let at = |day: &str| format!("2026-{month}-{day}Z");
        assert_eq!(begins(85.0, -7.0, &at("21T11:30:00"), Nautical), "20 12");
        assert_eq!(begins(85.0, -7.0, &at("21T12:50:00"), Nautical), "21 12");
    }
}
