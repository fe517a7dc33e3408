//! What a burst's facts come to, in whatever order its notices come.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::model::{Burst, Tier, Verdict};
use crate::notices::{
    Class, Classification, Format, Kind, Localization, Mission, Notice, Suppressed,
};
use crate::sky::Equatorial;

fn trigger() -> DateTime<Utc> {
    "2026-11-20T22:00:00Z".parse().unwrap()
}

fn notice(
    mission: Mission,
    instrument: &str,
    kind: Kind,
    after: i64,
    radius_90: Option<f64>,
    class: Option<Class>,
) -> Notice {
    let mut notice = Notice::new(Format::Voevent, mission, kind);
    notice.instrument = Some(instrument.into());
    notice.trigger_id = Some("7".into());
    notice.trigger_time = Some(trigger());
    notice.notice_time = Some(trigger() + TimeDelta::seconds(after));
    notice.localization = radius_90.map(|radius| Localization {
        position: Equatorial::new(10.0 + after as f64 / 1000.0, 20.0).unwrap(),
        error_radius: Some(radius / 1.42),
        error_radius_90: Some(radius),
    });
    notice.classification = class.map(|most_likely| Classification {
        most_likely,
        probability: Some(0.8),
    });
    notice
}

fn burst(notices: &[Notice]) -> Burst {
    let at = trigger() + TimeDelta::hours(1);
    notices
        .iter()
        .fold(Burst::begin(&notices[0], at), |burst, notice| {
            burst.with(notice, at)
        })
}

fn fermi(kind: Kind, after: i64, radius: Option<f64>, class: Option<Class>) -> Notice {
    notice(Mission::Fermi, "GBM", kind, after, radius, class)
}

#[test]
fn the_better_maker_wins_whatever_the_time() {
    let seen = [
        notice(
            Mission::Swift,
            "UVOT",
            Kind::Position,
            900,
            Some(0.0006),
            None,
        ),
        notice(
            Mission::Swift,
            "BAT",
            Kind::Position,
            1000,
            Some(0.05),
            None,
        ),
        notice(
            Mission::Swift,
            "XRT",
            Kind::Position,
            950,
            Some(0.001),
            None,
        ),
    ];
    assert_eq!(burst(&seen).instrument(), Some("UVOT"));
    let steps = [
        fermi(Kind::Final, 560, Some(7.0), None),
        fermi(Kind::Ground, 600, Some(6.0), None),
        fermi(Kind::Flight, 700, Some(5.0), None),
    ];
    assert_eq!(burst(&steps).best.unwrap().kind, Kind::Final);
}

#[test]
fn tiers_follow_the_radius_and_the_kind() {
    let tier = |notice: Notice| burst(&[notice]).tier();
    assert_eq!(
        tier(notice(
            Mission::Swift,
            "BAT",
            Kind::Position,
            20,
            Some(0.05),
            None
        )),
        Tier::A
    );
    assert_eq!(tier(fermi(Kind::Flight, 27, Some(20.0), None)), Tier::B);
    assert_eq!(tier(fermi(Kind::Alert, 5, None, None)), Tier::B);
    assert_eq!(
        tier(notice(
            Mission::IceCube,
            "Gold",
            Kind::Neutrino,
            40,
            Some(0.5),
            None
        )),
        Tier::C
    );
    assert_eq!(
        tier(notice(
            Mission::Lvk,
            "LVK",
            Kind::GravitationalWave,
            40,
            None,
            None
        )),
        Tier::C
    );
    assert_eq!(
        tier(Notice {
            test: true,
            ..fermi(Kind::Flight, 27, Some(20.0), None)
        }),
        Tier::D
    );
}

#[test]
fn a_final_position_outweighs_a_late_doubt() {
    let seen = [
        fermi(Kind::Flight, 27, Some(20.0), Some(Class::Grb)),
        fermi(Kind::Flight, 60, Some(20.0), Some(Class::DistantParticles)),
    ];
    assert!(matches!(burst(&seen).verdict(), Verdict::Withdrawn(_)));
    let confirmed = [
        seen[0].clone(),
        seen[1].clone(),
        fermi(Kind::Final, 560, Some(6.0), None),
    ];
    assert_eq!(burst(&confirmed).verdict(), Verdict::Burst);
}

#[test]
fn a_retraction_counts_whatever_stands_against_it() {
    let mut back = notice(Mission::Svom, "ECLAIRs", Kind::Retraction, 300, None, None);
    back.retraction = true;
    let seen = [
        notice(Mission::Svom, "MXT", Kind::Position, 200, Some(0.02), None),
        back,
    ];
    assert_eq!(
        burst(&seen).withdrawn().unwrap().at,
        trigger() + TimeDelta::seconds(300)
    );
}

fn any_notice() -> impl Strategy<Value = Notice> {
    let maker = prop_oneof![
        Just((Mission::Fermi, "GBM", Kind::Alert)),
        Just((Mission::Fermi, "GBM", Kind::Flight)),
        Just((Mission::Fermi, "GBM", Kind::Ground)),
        Just((Mission::Fermi, "GBM", Kind::Final)),
        Just((Mission::Fermi, "LAT", Kind::Position)),
    ];
    let class = prop_oneof![
        Just(None),
        Just(Some(Class::Grb)),
        Just(Some(Class::SolarFlare)),
        Just(Some(Class::UnreliableLocation))
    ];
    let doubt = prop_oneof![4 => Just(None), 1 => Just(Some(Suppressed::LostLock)), 1 => Just(Some(Suppressed::KnownSource))];
    (
        maker,
        0..20_i64,
        prop::option::of(0.1..30.0_f64),
        class,
        doubt,
        any::<bool>(),
    )
        .prop_map(
            |((mission, instrument, kind), after, radius, class, doubt, retracts)| {
                let mut made = notice(
                    mission,
                    instrument,
                    kind,
                    after,
                    radius.filter(|_| kind != Kind::Alert),
                    class,
                );
                made.suppressed = doubt;
                made.retraction = retracts && after == 7;
                made.links.insert(
                    "light_curve".into(),
                    format!("https://example.org/v{after:02}"),
                );
                made
            },
        )
}

proptest! {
    #[test]
    fn the_order_of_notices_makes_no_difference(notices in prop::collection::vec(any_notice(), 1..8), seed in any::<u64>()) {
        let mut shuffled = notices.clone();
        let mut state = seed;
        for last in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(last, (state >> 33) as usize % (last + 1));
        }
        prop_assert_eq!(burst(&notices), burst(&shuffled));
    }
}
