//! Compares windows with astropy's, and holds what is said of a target against what is known of the sky.

use chrono::{DateTime, TimeDelta, Utc};

use super::night::{instant, sites, told, unix};
use super::*;
use crate::sky::visibility::STAR_HORIZON;

/// A window of the fixtures: seconds and altitude.
struct Told {
    windows: usize,
    longest: Option<[f64; 4]>,
}

/// Row of the fixture, observer, target, time, what astropy found there.
type Case = (Vec<&'static str>, Observer, Equatorial, DateTime<Utc>, Told);

fn cases() -> Vec<Case> {
    let (sites, garden) = (sites(), Horizon::from_hrz(GARDEN).unwrap());
    let case = |row: Vec<&'static str>| {
        let n = numbers(&row[1..4]);
        let mut site = sites[row[0]].clone();
        if row[4] == "garden" {
            site.horizon = garden.clone();
        }
        let now = instant(n[0]);
        let found = Told {
            windows: row[5].parse().unwrap(),
            longest: numbers(&row[6..]).try_into().ok(),
        };
        let observer = Observer::at(&site, now);
        (row, observer, at(n[1], n[2]), now, found)
    };
    told(fixture!(text "windows.csv")).map(case).collect()
}

const GARDEN: &str = fixture!(text "horizon.hrz");
const LIMITS: Limits = Limits {
    min_altitude: 20.0,
    darkness: Darkness::Nautical,
};

#[test]
fn windows_are_those_of_astropy() {
    let (mut found, mut none) = (0, 0);
    for (row, observer, target, now, told) in cases() {
        let seen = visibility(target, None, &observer, now, &LIMITS);
        assert_eq!(
            seen.windows.len(),
            told.windows,
            "{row:?}: {:?}",
            seen.windows
        );
        let Some(([from, to, best, altitude], window)) = told.longest.zip(seen.window) else {
            assert!(seen.window.is_none() && told.longest.is_none(), "{row:?}");
            none += 1;
            continue;
        };
        let late = [unix(window.from) - from, unix(window.to) - to];
        assert!(
            late.iter().all(|s| s.abs() < 2.0),
            "{row:?} is off by {late:?}"
        );
        assert!(
            (window.altitude - altitude).abs() < 0.003,
            "{row:?}: {window:?}"
        );
        // The fixture looks every half minute.
        assert!(
            (unix(window.best) - best).abs() < 31.0,
            "{row:?}: {window:?}"
        );
        assert!(seen.windows.contains(&window));
        found += 1;
    }
    assert!(found >= 30 && none >= 30, "{found} {none}");
}

#[test]
fn the_quick_way_finds_the_windows_that_visibility_finds() {
    for (row, observer, target, now, _) in cases() {
        let exact = visibility(target, None, &observer, now, &LIMITS).window;
        let quick = SiteNight::of(&observer).window(target, now, &LIMITS);
        let Some((exact, quick)) = exact.zip(quick) else {
            assert!(
                exact.is_none() && quick.is_none(),
                "{row:?}: {exact:?} {quick:?}"
            );
            continue;
        };
        let late = [quick.from - exact.from, quick.to - exact.to];
        let late = late.map(|late| late.as_seconds_f64().abs());
        assert!(
            late.iter().all(|s| *s < 0.2),
            "{row:?} is off by {late:?} s"
        );
        assert!(
            (quick.altitude - exact.altitude).abs() < 1e-3,
            "{row:?}: {quick:?} {exact:?}"
        );
        assert!(
            (quick.best - exact.best).abs() < TimeDelta::seconds(2),
            "{row:?}"
        );
        assert!(
            apart(quick.azimuth, exact.azimuth) < 0.1,
            "{row:?}: {quick:?} {exact:?}"
        );
    }
}

#[test]
fn airmass_is_pickerings() {
    // Worked out apart from the program: 1 / sin(h + 244 / (165 + 47 h^1.1)), h in degrees.
    for (altitude, expected) in [
        (0.0, 38.749),
        (1.0, 26.644),
        (5.0, 10.334),
        (10.0, 5.581),
        (20.0, 2.900),
        (30.0, 1.993),
        (90.0, 1.0),
    ] {
        let airmass = airmass(altitude).unwrap();
        assert!(
            (airmass - expected).abs() < 6e-4 * expected,
            "{altitude}: {airmass}"
        );
    }
    assert_eq!(
        [airmass(-0.1), airmass(-90.0), airmass(f64::NAN)],
        [None; 3]
    );
}

#[test]
fn a_target_is_described_as_it_stands() {
    let (mut risen, mut seen_now) = (0, 0);
    for (row, observer, target, now, _) in cases() {
        let seen = visibility(target, None, &observer, now, &LIMITS);
        let altitude = |when| observer.horizontal(target, when).altitude;
        assert_eq!(seen.altitude, altitude(now));
        for event in [seen.rise, seen.set].into_iter().flatten() {
            let after_now = (event - now).as_seconds_f64();
            assert!((altitude(event) - STAR_HORIZON).abs() < 1e-4, "{row:?}");
            assert!(after_now > 0.0 && after_now < 86_165.0, "{row:?}");
            risen += 1;
        }
        let lowest = (0..96)
            .map(|i| altitude(now + TimeDelta::minutes(15 * i)))
            .fold(f64::MAX, f64::min);
        let course = match (
            lowest > STAR_HORIZON,
            seen.culmination_altitude < STAR_HORIZON,
        ) {
            (true, _) => Course::StaysAbove,
            (_, true) => Course::StaysBelow,
            _ => Course::Crosses,
        };
        assert_eq!(seen.course, course, "{row:?}");
        let besides = [-30, 30].map(|m| altitude(seen.culmination + TimeDelta::minutes(m)));
        assert!(
            besides.iter().all(|a| *a < seen.culmination_altitude),
            "{row:?}"
        );
        // What can be seen now has a window that begins now.
        let begun = seen
            .windows
            .first()
            .is_some_and(|w| (w.from - now).abs() < TimeDelta::seconds(1));
        assert_eq!(seen.observable(), begun, "{row:?}");
        seen_now += u8::from(begun);
        if let Some(next) = seen.next_window {
            assert!(next.from >= observer.next_noon() && next.to <= observer.next().next_noon());
        }
    }
    assert!(risen > 100 && seen_now > 5, "{risen} {seen_now}");
}

#[test]
fn the_next_night_is_like_asking_in_it() {
    for (row, observer, target, now, _) in cases() {
        let ahead = visibility(target, None, &observer, now, &LIMITS).next_window;
        let noon = observer.next_noon() + TimeDelta::seconds(5);
        let there = Observer::at(observer.site(), noon);
        let then = visibility(target, None, &there, noon, &LIMITS).window;
        let Some((ahead, then)) = ahead.zip(then) else {
            assert_eq!(ahead.is_some(), then.is_some(), "{row:?}");
            continue;
        };
        let late =
            [ahead.from - then.from, ahead.to - then.to].map(|late| late.as_seconds_f64().abs());
        assert!(late.iter().all(|s| *s < 1.0), "{row:?}: {late:?}");
        assert!(
            (ahead.moon_separation - then.moon_separation).abs() < 1e-3,
            "{row:?}"
        );
    }
}

#[test]
fn stricter_limits_never_see_more() {
    let length = |window: Option<Window>| window.map_or(0.0, |w| (w.to - w.from).as_seconds_f64());
    for (row, observer, target, now, _) in cases() {
        let long = |min_altitude, darkness| {
            length(
                visibility(
                    target,
                    None,
                    &observer,
                    now,
                    &Limits {
                        min_altitude,
                        darkness,
                    },
                )
                .window,
            )
        };
        let lengths = Darkness::ALL.map(|darkness| long(10.0, darkness));
        assert!(lengths.is_sorted_by(|a, b| a >= b), "{row:?}: {lengths:?}");
        let lengths = [-20.0, 0.0, 15.0, 40.0].map(|altitude| long(altitude, Darkness::Civil));
        assert!(lengths.is_sorted_by(|a, b| a >= b), "{row:?}: {lengths:?}");
        assert_eq!(lengths[0], lengths[1], "nothing below the horizon counts");
    }
}

#[test]
fn samples_are_spread_evenly_over_a_region() {
    let circle = Region::circle(at(350.0, 60.0), 40.0);
    let sample = circle.sample();
    assert_eq!(sample.len(), 200);
    assert!(sample.iter().all(|place| circle.contains(*place)));
    let inner = Region::circle(at(350.0, 60.0), 20.0);
    let inside = sample
        .iter()
        .filter(|place| inner.contains(**place))
        .count();
    let expected = 200.0 * inner.area() / circle.area();
    assert!(
        (inside as f64 - expected).abs() < 2.0,
        "{inside} {expected}"
    );
    assert_eq!(Region::circle(at(10.0, 5.0), 0.0).sample(), [at(10.0, 5.0)]);

    let map = Region::from_map(BANANA).unwrap();
    let sample = map.sample();
    assert_eq!(sample.len(), 200);
    assert!(sample.iter().all(|place| map.contains(*place)));
    let Region::Map(credible) = &map else {
        panic!()
    };
    let half = sample
        .iter()
        .filter(|place| credible.half_contains(**place))
        .count() as f64
        / 200.0;
    assert!(
        (half - credible.area_50() / credible.area_90()).abs() < 0.05,
        "{half}"
    );
    assert_eq!(sample, map.sample());
}

#[test]
fn the_share_of_a_region_is_that_of_its_places() {
    let region = Region::circle(at(120.0, 10.0), 50.0);
    let mut partly = 0;
    for (row, observer, target, now, _) in cases().into_iter().step_by(11) {
        let share = visibility(target, Some(&region), &observer, now, &LIMITS)
            .share
            .unwrap();
        let places = region.sample();
        let each = places
            .iter()
            .map(|place| visibility(*place, None, &observer, now, &LIMITS));
        let (mut seen_now, mut tonight) = (0.0, 0.0);
        for seen in each {
            seen_now += f64::from(u8::from(seen.observable())) / 200.0;
            tonight += f64::from(u8::from(seen.window.is_some())) / 200.0;
        }
        assert!(
            (share.now - seen_now).abs() < 1e-9,
            "{row:?}: {share:?} {seen_now}"
        );
        assert!(
            (share.tonight - tonight).abs() < 0.011,
            "{row:?}: {share:?} {tonight}"
        );
        partly += u8::from(share.tonight > 0.05 && share.tonight < 0.95);
    }
    assert!(partly >= 3, "{partly}");
}

#[test]
fn charts_of_a_night_keep_the_rules_and_say_what_they_show() {
    for (i, (row, observer, target, now, _)) in cases().into_iter().enumerate() {
        let zone = [
            chrono_tz::Europe::Paris,
            chrono_tz::Asia::Kathmandu,
            chrono_tz::Pacific::Chatham,
            chrono_tz::America::Lima,
        ][i % 4];
        let spec = AltitudeSpec {
            title: "GRB <1> & \"2\"",
            target,
            observer: &observer,
            limits: &LIMITS,
            now: Some(now),
            zone,
        };
        let drawing = altitude_chart(&spec);
        super::drawing::inspect(&drawing, row[0]);
        assert!(drawing.len() < 30_000, "{}", drawing.len());
        let ticks = drawing.matches(r#"class="label tick""#).count();
        assert!((4 + 1 + 3..=4 + 1 + 9).contains(&ticks), "{row:?}: {ticks}");
        let windows = visibility(target, None, &observer, now, &LIMITS).windows;
        assert_eq!(drawing.matches(r#"class="window" "#).count(), windows.len());
        let clock = |when: DateTime<Utc>| when.with_timezone(&zone).format("%H:%M").to_string();
        let said = match windows.first() {
            Some(first) => format!("observed from {} to {}", clock(first.from), clock(first.to)),
            None => "It cannot be observed".to_owned(),
        };
        assert!(drawing.contains(&said), "{said}: {drawing}");
        // Nothing clips the drawing, so its curves must not leave the field by themselves.
        for track in drawing.split("track\" d=\"").skip(1) {
            let path = track.split('"').next().unwrap();
            let numbers = path.split(['M', ' ']).filter(|text| !text.is_empty());
            let numbers: Vec<f64> = numbers.map(|text| text.parse().unwrap()).collect();
            for point in numbers.chunks(2) {
                let inside = (0.0..=322.0).contains(&point[0]) && (0.0..=190.0).contains(&point[1]);
                assert!(inside, "{row:?}: {point:?}");
            }
        }
    }
}
