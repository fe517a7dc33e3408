//! Tests of the rules; real notices are in `tests/it/told.rs`.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::due::{Due, after_quiet};
use super::standing::{Standing, State};
use super::{Reason, Told, Watcher, decide, sources};
use crate::accounts::sites::{Delivery, Site};
use crate::accounts::{Notify, Preferences};
use crate::bursts::Tier;
use crate::sky::Equatorial;

fn begun() -> DateTime<Utc> {
    "2026-11-20T22:00:00Z".parse().unwrap()
}

fn burst(state: State, radius: f64) -> Standing {
    Standing {
        burst: 1,
        best: 1,
        group: BTreeSet::from([1]),
        gone: (state == State::Withdrawn)
            .then_some(1)
            .into_iter()
            .collect(),
        missions: BTreeSet::from(["Fermi".into()]),
        state,
        tier: if radius <= 1.0 { Tier::A } else { Tier::B },
        position: Equatorial::new(10.0, 20.0),
        error_radius_90: Some(radius),
        begun: begun(),
    }
}

fn member(notify: Notify) -> Watcher {
    Watcher {
        id: 7,
        notify,
        preferences: Preferences::default(),
        sites: vec![site(3, Delivery::Member)],
        told: None,
        told_today: 0,
        seen_before: BTreeSet::new(),
        seen: BTreeSet::new(),
    }
}

fn site(id: i64, delivery: Delivery) -> Site {
    let mut site = Site::unknown(7, Tz::Europe__Paris);
    (site.id, site.delivery) = (id, delivery);
    site
}

fn knows(mut member: Watcher, radius: f64) -> Watcher {
    let standing = burst(State::Burst, radius);
    let mut told = Told::begin(1, standing.tier);
    told.hear(1, Reason::New, (standing.tier, Some(radius)), false);
    member.told = Some(told);
    member
}

fn after(member: &Watcher, state: State, radius: f64) -> Option<Reason> {
    let now = begun() + TimeDelta::minutes(1);
    decide(None, &burst(state, radius), member, now)
}

#[test]
fn what_is_no_burst_is_told_to_nobody() {
    for notify in Notify::parse("every")
        .into_iter()
        .chain([Notify::Observable, Notify::Digest])
    {
        for state in [
            State::Never,
            State::Waiting,
            State::Doubtful,
            State::Withdrawn,
        ] {
            assert_eq!(
                after(&member(notify), state, 0.05),
                None,
                "{notify:?} {state:?}"
            );
        }
    }
}

#[test]
fn each_choice_hears_of_what_it_asks_for() {
    let mut sees = member(Notify::Observable);
    assert_eq!(after(&sees, State::Burst, 0.05), None);
    sees.seen.insert(3);
    assert_eq!(after(&sees, State::Burst, 0.05), Some(Reason::New));
    assert_eq!(
        after(&member(Notify::Every), State::Burst, 23.0),
        Some(Reason::New)
    );
    assert_eq!(
        after(&member(Notify::Digest), State::Burst, 23.0),
        Some(Reason::Digest)
    );
    assert_eq!(after(&member(Notify::None), State::Burst, 0.05), None);
}

#[test]
fn much_better_is_a_tier_up_or_halved_twice() {
    let every = |then| knows(member(Notify::Every), then);
    assert_eq!(after(&every(1.1), State::Burst, 1.0), Some(Reason::Better));
    assert_eq!(after(&every(20.0), State::Burst, 5.0), Some(Reason::Better));
    assert_eq!(after(&every(20.0), State::Burst, 5.01), None);
    assert_eq!(after(&every(0.05), State::Burst, 20.0), None);
}

#[test]
fn a_withdrawal_passes_caps_age_and_quiet_hours_but_not_a_member_who_wants_nothing() {
    let mut told = knows(member(Notify::Every), 5.0);
    told.preferences.daily_cap = Some(1);
    told.told_today = 1;
    told.preferences.quiet_from = "00:00".parse().ok();
    told.preferences.quiet_to = "23:59".parse().ok();
    told.sites = vec![site(3, Delivery::Off)];
    let (gone, late) = (burst(State::Withdrawn, 5.0), begun() + TimeDelta::days(2));
    assert_eq!(decide(None, &gone, &told, late), Some(Reason::Withdrawn));
    let due = Due::of(Reason::Withdrawn, &gone, &told, Tz::UTC, late).unwrap();
    assert_eq!(due.at, late);
    told.notify = Notify::None;
    assert_eq!(decide(None, &gone, &told, late), None);
}

#[test]
fn a_withdrawn_burst_that_is_one_after_all_is_told_once_more() {
    let mut back = knows(member(Notify::Every), 5.0);
    let told = back.told.as_mut().unwrap();
    told.hear(1, Reason::Withdrawn, (Tier::B, None), false);
    assert_eq!(after(&back, State::Burst, 5.0), Some(Reason::Classified));
    let told = back.told.as_mut().unwrap();
    told.hear(1, Reason::Classified, (Tier::B, Some(5.0)), false);
    told.hear(1, Reason::Withdrawn, (Tier::B, None), false);
    assert_eq!(after(&back, State::Burst, 5.0), None);
}

#[test]
fn the_first_letter_says_what_made_it_one() {
    let now = begun() + TimeDelta::minutes(1);
    let mut sees = member(Notify::Observable);
    sees.seen.insert(3);
    let first = |before| {
        decide(
            Some(&burst(before, 20.0)),
            &burst(State::Burst, 0.05),
            &sees,
            now,
        )
    };
    assert_eq!(first(State::Waiting), Some(Reason::New));
    assert_eq!(first(State::Doubtful), Some(Reason::Classified));
    assert_eq!(first(State::Burst), Some(Reason::Observable));
}

#[test]
fn finer_preferences_hold_letters_back() {
    let reject = |change: fn(&mut Watcher)| {
        let mut member = member(Notify::Every);
        change(&mut member);
        assert_eq!(after(&member, State::Burst, 20.0), None);
    };
    reject(|member| member.preferences.missions = vec!["Swift".into()]);
    reject(|member| member.preferences.tiers = vec!["A".into()]);
    reject(|member| member.preferences.latest_age_h = 0.01);
    reject(|member| (member.preferences.daily_cap, member.told_today) = (Some(2), 2));
    reject(|member| member.sites[0].delivery = Delivery::Off);
}

#[test]
fn the_soonest_of_the_sites_counts() {
    let mut two = member(Notify::Digest);
    two.sites = vec![site(3, Delivery::Member), site(4, Delivery::Immediate)];
    assert_eq!(after(&two, State::Burst, 0.05), Some(Reason::Digest));
    two.seen.insert(4);
    assert_eq!(after(&two, State::Burst, 0.05), Some(Reason::New));
    let mut morning = member(Notify::Every);
    morning.sites[0].delivery = Delivery::Digest;
    assert_eq!(after(&morning, State::Burst, 0.05), Some(Reason::Digest));
}

#[test]
fn letters_wait_for_the_end_of_quiet_hours_or_are_never_written() {
    let mut quiet = member(Notify::Every);
    quiet.preferences.quiet_from = "22:30".parse().ok();
    quiet.preferences.quiet_to = "07:00".parse().ok();
    let standing = burst(State::Burst, 5.0);
    let due = |quiet: &Watcher| Due::of(Reason::New, &standing, quiet, Tz::UTC, begun());
    // 23:00 in Paris; 7:00 there is 6:00 UTC.
    assert_eq!(due(&quiet).unwrap().at, begun() + TimeDelta::hours(8));
    quiet.preferences.latest_age_h = 7.0;
    assert_eq!(due(&quiet), None);
    let morning = Due::of(Reason::Digest, &standing, &quiet, Tz::UTC, begun()).unwrap();
    assert_eq!(morning.at, begun() + TimeDelta::hours(9));
}

#[test]
fn quiet_hours_end_when_clocks_say_so_also_when_they_are_set_back_or_forward() {
    let end = |now: &str, from: &str, to: &str| {
        let preferences = Preferences {
            quiet_from: from.parse().ok(),
            quiet_to: to.parse().ok(),
            ..Preferences::default()
        };
        let now: DateTime<Utc> = format!("2026-{now}:00Z").parse().unwrap();
        let end = after_quiet(now, Tz::Europe__Paris, &preferences);
        end.format("%m-%dT%H:%M").to_string()
    };
    // On 25 October 3:00 becomes 2:00 again, at 1:00 UTC: 2:10 comes at 0:10 and at 1:10 UTC.
    assert_eq!(end("10-25T00:10", "22:00", "02:30"), "10-25T00:30");
    assert_eq!(end("10-25T01:10", "22:00", "02:30"), "10-25T01:30");
    assert_eq!(end("10-25T01:40", "22:00", "02:30"), "10-25T01:40");
    assert_eq!(end("10-24T21:00", "22:00", "07:00"), "10-25T06:00");
    // On 29 March 2:00 becomes 3:00, at 1:00 UTC: 2:30 never comes.
    assert_eq!(end("03-29T00:50", "22:00", "02:30"), "03-29T01:30");
    assert_eq!(end("03-29T01:05", "22:00", "02:30"), "03-29T01:05");
    assert_eq!(end("03-28T22:00", "22:00", "07:00"), "03-29T05:00");
    // From and to the same: no quiet hours.
    assert_eq!(end("06-01T01:00", "03:00", "03:00"), "06-01T01:00");
}

#[test]
fn a_magnetar_is_known_by_its_place() {
    let at = |ra, dec| sources::known(Equatorial::new(ra, dec).unwrap(), 0.065);
    // INTEGRAL's trigger 10071 of 12 October 2022.
    assert_eq!(at(293.7671, 21.8744), Some("SGR 1935+2154"));
    assert_eq!(at(293.9, 21.8744), None);
}

/// A story of one burst, as it stands after each of its notices: state and radius.
fn story() -> impl Strategy<Value = Vec<(State, f64)>> {
    let state = prop_oneof![
        1 => Just(State::Waiting),
        1 => Just(State::Doubtful),
        3 => Just(State::Burst),
        1 => Just(State::Withdrawn),
    ];
    prop::collection::vec((state, 0.0001..30.0_f64), 1..12)
}

/// What a member hears of a story.
fn heard(mut member: Watcher, story: &[(State, f64)]) -> Vec<Reason> {
    let (mut before, mut reasons) = (None, Vec::new());
    for (state, radius) in story {
        let standing = burst(*state, *radius);
        let now = begun() + TimeDelta::minutes(1);
        let reason = decide(before.as_ref(), &standing, &member, now);
        assert_eq!(reason, decide(before.as_ref(), &standing, &member, now));
        if let Some(reason) = reason {
            let told = member.told.get_or_insert(Told::begin(1, standing.tier));
            told.hear(1, reason, (standing.tier, standing.error_radius_90), false);
            reasons.push(reason);
        }
        before = Some(standing);
    }
    reasons
}

proptest! {
    #[test]
    fn nobody_hears_twice_of_a_new_burst_and_withdrawals_go_to_those_who_were_told(story in story()) {
        let reasons = heard(member(Notify::Every), &story);
        let firsts = [Reason::New, Reason::Classified, Reason::Observable];
        prop_assert!(reasons.iter().filter(|reason| **reason == Reason::New).count() <= 1);
        prop_assert!(reasons.iter().filter(|reason| **reason == Reason::Classified).count() <= 2);
        if let Some(first) = reasons.first() {
            prop_assert!(firsts.contains(first));
        }
        // Between two withdrawals something was told, and after the last word "burst" a withdrawal is never left out.
        for two in reasons.windows(2) {
            prop_assert!(two != [Reason::Withdrawn, Reason::Withdrawn]);
        }
        let ends_withdrawn = story.last().is_some_and(|(state, _)| *state == State::Withdrawn);
        if ends_withdrawn && !reasons.is_empty() {
            prop_assert_eq!(reasons.last(), Some(&Reason::Withdrawn));
        }
        prop_assert!(heard(member(Notify::None), &story).is_empty());
    }
}
