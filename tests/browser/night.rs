//! The notices of a night that has a bit of everything, dated around now.

use chrono::{DateTime, TimeDelta, Utc};
use grb_app::notices::{
    Circular, Class, Classification, Format, Kind, Localization, Mission, Notice, Role,
};
use grb_app::platform::Clock;
use grb_app::sky::Equatorial;

pub(crate) const TRIGGER: u32 = 785_074_797;

/// A trigger so many minutes ago.
pub(crate) fn ago(minutes: i64) -> DateTime<Utc> {
    Clock::system().now() - TimeDelta::minutes(minutes)
}

/// A notice of Fermi's GBM, made `after` seconds after the trigger.
pub(crate) fn gbm(trigger: u32, at: DateTime<Utc>, kind: Kind, after: i64) -> Notice {
    let packet = match kind {
        Kind::Alert => 110,
        Kind::Flight => 111,
        Kind::Ground => 112,
        Kind::Subthreshold => 131,
        _ => 115,
    };
    let instrument = Some(("Fermi", "GBM"));
    made(
        Mission::Fermi,
        instrument,
        &trigger.to_string(),
        at,
        (kind, packet),
        after,
    )
}

/// The notice with a position and its 68 % radius, deg.
pub(crate) fn at((ra, dec, radius): (f64, f64, f64), notice: Notice) -> Notice {
    let localization = Localization {
        position: Equatorial::new(ra, dec).unwrap(),
        error_radius: Some(radius),
        error_radius_90: None,
    };
    Notice {
        localization: Some(localization),
        ..notice
    }
}

/// The notice with what the mission takes the trigger for.
pub(crate) fn taken_for(most_likely: Class, probability: f64, notice: Notice) -> Notice {
    Notice {
        classification: Some(Classification {
            most_likely,
            probability: Some(probability),
        }),
        ..notice
    }
}

/// GBM's four notices of a burst.
pub(crate) fn gbm_sequence(trigger: u32, time: DateTime<Utc>) -> [Notice; 4] {
    let alert = gbm(trigger, time, Kind::Alert, 5);
    let alert = Notice {
        details: vec![
            ("Significance".into(), "7.1 σ".into()),
            ("Timescale".into(), "0.128 s".into()),
        ],
        ..alert
    };
    [
        alert,
        taken_for(
            Class::Grb,
            0.87,
            at((212.4, -33.1, 9.3), gbm(trigger, time, Kind::Flight, 27)),
        ),
        at((214.2, -35.6, 4.1), gbm(trigger, time, Kind::Ground, 44)),
        at((213.9, -36.2, 1.9), gbm(trigger, time, Kind::Final, 560)),
    ]
}

/// All kinds of bursts, and more than fit on one page of the list.
pub(crate) fn rich() -> Vec<Notice> {
    let mut notices: Vec<Notice> = (0..24)
        .map(|n| gbm(700_000_000 + n, ago(600 + 7 * i64::from(n)), Kind::Alert, 6))
        .collect();
    notices.extend(gbm_sequence(TRIGGER, ago(30)));
    notices.extend(swift_with_circular(ago(75)));
    notices.extend(withdrawn(ago(110)));
    notices.push(taken_for(
        Class::SolarFlare,
        0.98,
        at(
            (90.0, 23.4, 12.0),
            gbm(785_000_001, ago(140), Kind::Flight, 30),
        ),
    ));
    notices.push(Notice {
        role: Role::Test,
        ..at(
            (10.0, 80.0, 3.0),
            gbm(785_000_002, ago(170), Kind::Final, 30),
        )
    });
    let neutrino = made(
        Mission::IceCube,
        None,
        "141887_72714862",
        ago(200),
        (Kind::Neutrino, 173),
        40,
    );
    notices.push(at((340.0, 2.2, 0.6), neutrino));
    notices
}

/// A burst that Swift knows to arc seconds, and a circular whose words are long.
fn swift_with_circular(time: DateTime<Utc>) -> [Notice; 3] {
    let swift = |instrument, kind, packet, after| {
        made(
            Mission::Swift,
            Some(("Swift", instrument)),
            "1286514",
            time,
            (kind, packet),
            after,
        )
    };
    let subject = "Swift trigger 1286514: optical observations with a thirty-centimetre telescope in Kirchheimbolanden, \
                   Donnersbergkreis, and an upper limit from Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch";
    let mut circular = made(
        Mission::Other("GCN".into()),
        None,
        "1286514",
        time,
        (Kind::Circular, 0),
        1500,
    );
    circular.format = Format::Circular;
    circular.trigger_id = None;
    circular.circular = Some(Circular {
        id: Some(42_424),
        subject: subject.into(),
        submitter: Some(
            "Wolfeschlegelsteinhausenbergerdorff at Observatory <observer@example.org>".into(),
        ),
        body: "We report on Swift trigger 1286514.".into(),
    });
    [
        at((83.6, 22.0, 0.05), swift("BAT", Kind::Position, 61, 18)),
        at((83.63, 22.01, 0.001), swift("XRT", Kind::Position, 67, 95)),
        circular,
    ]
}

/// Taken for a burst at first, then for particles.
fn withdrawn(time: DateTime<Utc>) -> [Notice; 2] {
    let look = |after| {
        at(
            (150.0, 10.0, 20.0),
            gbm(785_000_003, time, Kind::Flight, after),
        )
    };
    [
        taken_for(Class::Grb, 0.61, look(25)),
        taken_for(Class::LocalParticles, 0.97, look(60)),
    ]
}

fn made(
    mission: Mission,
    instrument: Option<(&str, &str)>,
    id: &str,
    time: DateTime<Utc>,
    (kind, packet): (Kind, u16),
    after: i64,
) -> Notice {
    let mut notice = Notice::new(Format::Voevent, mission, kind);
    notice.instrument = instrument.map(|(_, name)| name.to_owned());
    notice.packet_type = Some(packet);
    notice.role = Role::Observation;
    notice.trigger_id = Some(id.to_owned());
    notice.trigger_time = Some(time);
    notice.notice_time = Some(time + TimeDelta::seconds(after));
    let maker = instrument.map_or("GCN", |(mission, _)| mission);
    notice.ivorn = Some(format!("ivo://nasa.gsfc.gcn/{maker}#{kind:?}_{id}_{after}"));
    notice
}
