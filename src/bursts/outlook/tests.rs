//! The words for every case, from visibilities made by hand.

use chrono_tz::Tz;

use super::*;
use crate::accounts::Telescope;
use crate::bursts::model::{Best, Withdrawal};
use crate::notices::{Format, Kind, Mission, Notice};
use crate::sky::{Equatorial, MoonView, Night, Share, Twilight, constellation};

const NOW: &str = "2026-11-21T20:00:00Z";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A burst in Lyra, known to within `radius` deg.
fn burst(radius: f64) -> Burst {
    let notice = Notice::new(Format::Voevent, Mission::Swift, Kind::Position);
    let mut burst = Burst::begin(&notice, at(NOW));
    burst.test = false;
    burst.burst_like = true;
    burst.best = Some(Best {
        position: Equatorial::new(285.0, 40.0).unwrap(),
        error_radius: Some(radius),
        error_radius_90: Some(radius),
        kind: Kind::Position,
        instrument: None,
        rank: 1,
        at: at(NOW),
    });
    burst
}

fn site() -> Site {
    Site::unknown(1, Tz::Europe__Paris)
}

fn twilight(dusk: &str, dawn: &str) -> Twilight {
    Twilight {
        dusk: Some(at(dusk)),
        dawn: Some(at(dawn)),
        sun: Course::Crosses,
    }
}

/// Dark from 17:10 to 05:30 UTC; the burst 64° up in the south-east.
fn seen() -> Visibility {
    let dark = twilight("2026-11-21T17:10:00Z", "2026-11-22T05:30:00Z");
    Visibility {
        altitude: 64.2,
        azimuth: 140.0,
        airmass: Some(1.11),
        above_horizon: true,
        dark: true,
        sun_altitude: -40.0,
        moon: MoonView {
            altitude: 12.0,
            illuminated: 0.87,
            phase: "waxing gibbous",
            separation: 63.0,
        },
        rise: None,
        set: None,
        course: Course::Crosses,
        culmination: at(NOW),
        culmination_altitude: 70.0,
        night: Night {
            noon: at("2026-11-21T11:20:00Z"),
            midnight: at("2026-11-21T23:20:00Z"),
            next_noon: at("2026-11-22T11:20:00Z"),
            lowest_sun: -60.0,
            sunset: Some(at("2026-11-21T16:00:00Z")),
            sunrise: Some(at("2026-11-22T06:40:00Z")),
            sun: Course::Crosses,
            civil: dark,
            nautical: dark,
            astronomical: dark,
            moon_events: Vec::new(),
            moon: Course::Crosses,
        },
        window: None,
        windows: Vec::new(),
        next_window: None,
        galactic_latitude: 17.0,
        constellation: constellation(Equatorial::new(285.0, 40.0).unwrap()),
        share: None,
    }
}

fn window(from: &str, best: &str, to: &str) -> Window {
    Window {
        from: at(from),
        to: at(to),
        best: at(best),
        altitude: 58.3,
        azimuth: 180.0,
        airmass: 1.176,
        moon_separation: 63.0,
    }
}

fn with(window: Window) -> Visibility {
    Visibility {
        window: Some(window),
        windows: vec![window],
        ..seen()
    }
}

fn answer(burst: &Burst, seen: &Visibility, now: &str) -> (Verdict, String) {
    let site = site();
    let demands = Demands::of(&Preferences::default(), &site);
    let outlook = outlook(burst, &site, &demands, Some(seen), at(now));
    (outlook.verdict, outlook.answer)
}

fn narrow(seen: &Visibility) -> (Verdict, String) {
    answer(&burst(0.05), seen, NOW)
}

#[test]
fn up_now_says_how_high_and_until_when() {
    let until_dawn = with(window(NOW, "2026-11-21T23:00:00Z", "2026-11-22T05:30:00Z"));
    assert_eq!(
        narrow(&until_dawn),
        (Verdict::Now, "Up now, 64°, dark until 06:30".into())
    );
    let until_set = with(window(NOW, NOW, "2026-11-22T02:10:00Z"));
    assert_eq!(
        narrow(&until_set),
        (Verdict::Now, "Up now, 64°, until 03:10".into())
    );
}

#[test]
fn behind_a_tree_for_a_while_it_is_the_window_at_hand_that_ends() {
    let mut two = with(window(
        "2026-11-21T22:00:00Z",
        "2026-11-22T01:00:00Z",
        "2026-11-22T05:30:00Z",
    ));
    let first = window(NOW, NOW, "2026-11-21T20:40:00Z");
    two.windows.insert(0, first);
    assert_eq!(narrow(&two).1, "Up now, 64°, until 21:40");
}

#[test]
fn later_says_why_not_yet() {
    let hidden = Visibility {
        above_horizon: false,
        ..with(window(
            "2026-11-21T22:40:00Z",
            "2026-11-22T01:15:00Z",
            "2026-11-22T05:30:00Z",
        ))
    };
    assert_eq!(
        narrow(&hidden),
        (
            Verdict::Tonight,
            "Rises 23:40, best 02:15 at 58°, airmass 1.18".into()
        )
    );
    let by_day = Visibility {
        dark: false,
        ..with(window(
            "2026-11-21T17:10:00Z",
            "2026-11-21T19:00:00Z",
            "2026-11-22T05:30:00Z",
        ))
    };
    let afternoon = "2026-11-21T15:00:00Z";
    assert_eq!(
        answer(&burst(0.05), &by_day, afternoon).1,
        "Up when it gets dark, 18:10, best 20:00 at 58°, airmass 1.18"
    );
    let sinking = Visibility {
        dark: false,
        ..with(window(
            "2026-11-21T17:10:00Z",
            "2026-11-21T17:10:00Z",
            "2026-11-21T19:30:00Z",
        ))
    };
    assert_eq!(
        answer(&burst(0.05), &sinking, afternoon).1,
        "Up when it gets dark, 18:10, at 58°, airmass 1.18, until 20:30"
    );
}

#[test]
fn another_night_has_its_date_once() {
    let next = window(
        "2026-11-22T17:12:00Z",
        "2026-11-22T23:30:00Z",
        "2026-11-23T03:00:00Z",
    );
    let seen = Visibility {
        above_horizon: false,
        next_window: Some(next),
        ..seen()
    };
    assert_eq!(
        narrow(&seen),
        (
            Verdict::NextNight,
            "The next night from 18:12 on 22 Nov, best 00:30 at 58°, airmass 1.18".into()
        )
    );
}

#[test]
fn never_says_why() {
    let never = |seen: Visibility| narrow(&seen);
    let below = Visibility {
        course: Course::StaysBelow,
        above_horizon: false,
        ..seen()
    };
    assert_eq!(
        never(below),
        (Verdict::Never, "Never above your horizon".into())
    );
    let low = Visibility {
        above_horizon: false,
        culmination_altitude: 12.4,
        ..seen()
    };
    assert_eq!(never(low).1, "Never higher than 12° at your site");
    let by_day = Visibility {
        above_horizon: false,
        ..seen()
    };
    assert_eq!(
        never(by_day).1,
        "Never above your horizon in the dark, tonight or tomorrow"
    );
    let mut bright = seen();
    bright.dark = false;
    bright.night.nautical = Twilight {
        dusk: None,
        dawn: None,
        sun: Course::StaysAbove,
    };
    assert_eq!(
        never(bright).1,
        "It does not get dark at your site these nights"
    );
}

#[test]
fn a_wide_place_is_said_to_be_wide() {
    let shares = [
        (0.404, 0.6, "40 % of it up from your site"),
        (1.0, 1.0, "all of it up from your site"),
        (0.0, 0.61, "61 % of it comes up tonight"),
        (0.0, 0.0, "none of it up in your dark sky tonight"),
    ];
    for (now, tonight, words) in shares {
        let seen = Visibility {
            share: Some(Share { now, tonight }),
            ..with(window(NOW, NOW, "2026-11-22T02:10:00Z"))
        };
        assert_eq!(
            answer(&burst(11.5), &seen, NOW),
            (
                Verdict::Wide,
                format!("Cannot be pointed at: 23° across, {words}")
            )
        );
    }
}

#[test]
fn what_fits_depends_on_the_telescopes_and_the_wish() {
    let telescope = |name: &str, fov_deg| Telescope {
        id: 0,
        name: name.into(),
        fov_deg,
        limiting_magnitude: None,
    };
    let mut site = site();
    assert_eq!(
        Demands::of(&Preferences::default(), &site).largest_error,
        1.0
    );
    site.telescopes = vec![telescope("Newton", 0.5), telescope("Lens", 9.0)];
    assert_eq!(
        Demands::of(&Preferences::default(), &site).largest_error,
        4.5
    );
    let chosen = Preferences {
        largest_error_deg: Some(2.0),
        ..Preferences::default()
    };
    assert_eq!(Demands::of(&chosen, &site).largest_error, 2.0);
    let seen = with(window(NOW, NOW, "2026-11-22T02:10:00Z"));
    let demands = Demands::of(&Preferences::default(), &site);
    let outlook = outlook(&burst(2.0), &site, &demands, Some(&seen), at(NOW));
    assert_eq!(outlook.verdict, Verdict::Now);
    let error = outlook
        .facts
        .iter()
        .find(|fact| fact.label == "Error")
        .unwrap();
    assert_eq!(
        error.value,
        "2° radius, fits Lens (9°), wider than Newton (30′)"
    );
}

#[test]
fn what_is_no_burst_is_not_looked_for() {
    let seen = with(window(NOW, NOW, "2026-11-22T02:10:00Z"));
    let mut withdrawn = burst(0.05);
    withdrawn.retracted = Some(Withdrawal {
        at: at(NOW),
        why: "Swift withdrew it.".into(),
    });
    assert_eq!(
        answer(&withdrawn, &seen, NOW),
        (
            Verdict::Over,
            "Withdrawn: there is nothing to look for".into()
        )
    );
    let mut unknown = burst(0.05);
    unknown.best = None;
    let demands = Demands::of(&Preferences::default(), &site());
    let outlook = outlook(&unknown, &site(), &demands, None, at(NOW));
    assert_eq!(outlook.verdict, Verdict::Unknown);
    assert!(outlook.facts.is_empty());
}

#[test]
fn the_night_the_clocks_change_says_which_hour_is_meant() {
    let mut seen = with(window(
        "2026-10-24T20:00:00Z",
        "2026-10-24T23:00:00Z",
        "2026-10-25T00:30:00Z",
    ));
    seen.night.midnight = at("2026-10-24T23:20:00Z");
    assert_eq!(
        answer(&burst(0.05), &seen, "2026-10-24T20:00:00Z").1,
        "Up now, 64°, until 02:30 CEST"
    );
    seen.windows[0].to = at("2026-10-25T01:30:00Z");
    assert_eq!(
        answer(&burst(0.05), &seen, "2026-10-24T20:00:00Z").1,
        "Up now, 64°, until 02:30 CET"
    );
}

#[test]
fn before_noon_the_coming_night_needs_no_date() {
    let tonight = with(window(
        "2026-11-21T17:10:00Z",
        "2026-11-21T21:00:00Z",
        "2026-11-22T01:00:00Z",
    ));
    let seen = Visibility {
        above_horizon: false,
        dark: false,
        ..tonight
    };
    let (verdict, said) = answer(&burst(0.05), &seen, "2026-11-21T09:00:00Z");
    assert_eq!(verdict, Verdict::Tonight);
    assert!(
        said.starts_with("Up when it gets dark, 18:10, best 22:00"),
        "{said}"
    );
}

#[test]
fn a_night_without_an_end_has_no_tomorrow() {
    let mut seen = with(window(NOW, "2026-11-21T23:00:00Z", "2026-11-22T11:20:00Z"));
    (seen.night.nautical.dawn, seen.night.nautical.dusk) = (None, None);
    seen.night.nautical.sun = Course::StaysBelow;
    let next = window(
        "2026-11-22T11:20:00Z",
        "2026-11-22T13:00:00Z",
        "2026-11-22T15:00:00Z",
    );
    seen.next_window = Some(next);
    // 16:00 in Paris, on the day after.
    assert_eq!(narrow(&seen).1, "Up now, 64°, until 16:00 on 22 Nov");
    (seen.window, seen.above_horizon) = (None, false);
    seen.windows.clear();
    let (verdict, said) = narrow(&seen);
    assert_eq!(verdict, Verdict::Tonight);
    assert!(said.starts_with("Rises 12:20 on 22 Nov, best"), "{said}");
}

#[test]
fn at_the_date_line_the_date_is_the_sites() {
    let next = window(
        "2026-11-22T08:30:00Z",
        "2026-11-22T10:00:00Z",
        "2026-11-22T13:00:00Z",
    );
    let mut seen = Visibility {
        above_horizon: false,
        next_window: Some(next),
        ..seen()
    };
    // Midnight in both, on two dates.
    seen.night.midnight = at("2026-11-21T11:00:00Z");
    let said = |zone| {
        let site = Site::unknown(1, zone);
        let demands = Demands::of(&Preferences::default(), &site);
        let now = at("2026-11-21T12:00:00Z");
        outlook(&burst(0.05), &site, &demands, Some(&seen), now).answer
    };
    assert!(said(Tz::Pacific__Apia).contains("from 21:30 on 22 Nov, best 23:00"));
    assert!(said(Tz::Pacific__Pago_Pago).contains("from 21:30 on 21 Nov, best 23:00"));
}
