use chrono::TimeDelta;

use super::Coverage;
use crate::bursts::{Best, Burst};
use crate::notices::{Format, Kind, Mission, Notice};
use crate::observations::model::{Footprint, Image, Observation};
use crate::sky::{Equatorial, Region};

fn at(ra: f64, dec: f64) -> Equatorial {
    Equatorial::new(ra, dec).unwrap()
}

/// A burst at RA 120, Dec 30, known within 2°.
fn burst() -> Burst {
    let notice = Notice::new(Format::Voevent, Mission::Swift, Kind::Alert);
    let trigger = "2026-11-20T21:59:00Z".parse().unwrap();
    let mut burst = Burst::begin(&notice, trigger);
    burst.trigger_time = Some(trigger);
    burst.best = Some(Best {
        position: at(120.0, 30.0),
        error_radius: None,
        error_radius_90: Some(2.0),
        kind: Kind::Alert,
        instrument: None,
        rank: 0,
        at: trigger,
    });
    burst
}

fn look(after: i64, (ra, dec): (f64, f64), field_deg: Option<f64>) -> Observation {
    let start = burst().trigger_time.unwrap() + TimeDelta::minutes(after);
    Observation {
        id: 1,
        observer: "Vera".into(),
        position: at(ra, dec),
        instrument: "C11".into(),
        field_deg,
        start,
        exposure: Some(60.0),
        ..Observation::blank(1, 1)
    }
}

fn coverage(observations: &[Observation]) -> Coverage {
    Coverage::of(&burst(), None, observations).unwrap()
}

#[test]
fn the_words_give_share_fields_and_time() {
    let observations = [
        look(35, (120.0, 31.2), Some(2.0)),
        look(90, (120.0, 31.2), Some(2.0)),
        look(20, (300.0, 0.0), Some(2.0)),
    ];
    assert_eq!(
        coverage(&observations).words(),
        "The club has covered 26 % of the region, in 2 fields, the first 35 min after the trigger."
    );
    assert_eq!(
        coverage(&observations[2..]).words(),
        "One field has been looked at, but none that holds the region."
    );
    let wide = [look(0, (120.0, 30.0), Some(30.0))];
    assert_eq!(
        coverage(&wide).words(),
        "The club has covered the whole region, in one field, as it triggered."
    );
    let days = [look(4000, (120.0, 30.0), Some(0.05))];
    assert_eq!(
        coverage(&days).words(),
        "The club has covered less than 1 % of the region, in one field, 2 days after the trigger."
    );
}

#[test]
fn a_picture_knows_better_than_its_member() {
    let mut pictured = look(35, (300.0, 0.0), Some(20.0));
    let corners = vec![
        at(119.0, 29.0),
        at(121.0, 29.0),
        at(121.0, 31.0),
        at(119.0, 31.0),
    ];
    pictured.images.push(Image {
        id: 1,
        kind: "fits".into(),
        width: 100,
        height: 100,
        thumb_width: 10,
        thumb_height: 10,
        footprint: Some(Footprint {
            centre: at(120.0, 30.0),
            corners,
        }),
    });
    let measured = coverage(&[pictured.clone()]);
    assert!(measured.looks[0].measured && measured.covered.share > 0.4);
    // A footprint that turns around nothing is worth nothing, and the member's word counts.
    pictured.images[0].footprint = Some(Footprint {
        centre: at(120.0, 60.0),
        corners: vec![at(0.0, 0.0); 4],
    });
    assert!(!coverage(&[pictured]).looks[0].measured);
}

#[test]
fn what_ended_before_the_trigger_does_not_count() {
    assert!(Coverage::of(&burst(), None, &[look(-35, (120.0, 30.0), Some(4.0))]).is_none());
    assert!(Coverage::of(&burst(), None, &[look(35, (120.0, 30.0), None)]).is_none());
    let mut nowhere = burst();
    nowhere.best = None;
    assert!(Coverage::of(&nowhere, None, &[look(35, (120.0, 30.0), Some(4.0))]).is_none());
}

#[test]
fn a_small_region_gets_a_finding_chart_and_a_wide_one_the_whole_sky() {
    let observations = [look(35, (120.0, 31.2), Some(2.0))];
    let near = coverage(&observations).drawn();
    assert!(near.contains("sky-chart finder") && near.contains(r#"class="seen""#));
    let wide = Region::circle(at(120.0, 30.0), 30.0);
    let sky = Coverage::of(&burst(), Some(&wide), &observations)
        .unwrap()
        .drawn();
    assert!(sky.contains("sky-chart all-sky") && sky.contains(r#"class="seen""#));
}

#[test]
fn the_same_field_is_drawn_once() {
    let observations = vec![look(35, (120.0, 31.2), Some(2.0)); 300];
    let drawn = coverage(&observations).drawn();
    assert_eq!(drawn.matches(r#"class="seen""#).count(), 1);
}

#[test]
fn a_position_without_a_radius_is_covered_or_not() {
    let mut burst = burst();
    burst.best.as_mut().unwrap().error_radius_90 = None;
    let held = Coverage::of(&burst, None, &[look(35, (120.5, 30.0), Some(2.0))]).unwrap();
    assert_eq!(
        held.words(),
        "The club has covered the position, in one field, 35 min after the trigger."
    );
    let missed = Coverage::of(&burst, None, &[look(35, (125.0, 30.0), Some(2.0))]).unwrap();
    assert_eq!(
        missed.words(),
        "One field has been looked at, but none that holds the position."
    );
}
