//! What else comes by on any night: self-tests, known sources, neutrinos, faint triggers.

use super::super::event::Event;

/// Each with its start, in minutes after ten in the evening.
#[rustfmt::skip]
pub(super) fn all() -> Vec<(f64, Event)> {
    vec![
        (-704.0, swift_test()),
        (-402.0, gbm_test()),
        (9.0, maxi_known()),
        (26.3, gbm_test()),
        (98.0, icecube_bronze()),
        (117.0, swift_test()),
        (149.4, gbm_test()),
        (170.6, maxi_test()),
        (195.5, subthreshold()),
    ]
}

/// A recorded self-test of Swift's BAT (17 April 2026).
fn swift_test() -> Event {
    let place = Some((72.0, -35.0, 0.05));
    Event::default().other(
        8.0,
        (82, "SWIFT_BAT_GRB_POS_TEST"),
        "99999",
        place,
        &[("Image significance", "12.98 σ")],
    )
}

/// A recorded self-test of GBM (1 December 2019).
fn gbm_test() -> Event {
    let told = [
        ("Significance", "11.78 σ"),
        ("Timescale", "0.064 s"),
        ("Intensity", "1000 counts"),
    ];
    Event::default().other(
        8.0,
        (119, "FERMI_GBM_POS_TEST"),
        "99999",
        Some((216.0, 35.0, 5.8)),
        &told,
    )
}

/// A self-test of MAXI; number and place are assumed.
fn maxi_test() -> Event {
    Event::default().other(
        9.0,
        (136, "MAXI_TEST"),
        "99999",
        Some((83.63, 22.01, 0.5)),
        &[],
    )
}

/// The flare of a star, after a recorded notice of MAXI (6 December 2015, Algol; it gave no place).
fn maxi_known() -> Event {
    let told = [
        ("Flux", "42.0 mCrab"),
        ("Energy band", "Medium, 4-10 keV"),
        ("Timescale", "4orbit"),
        ("Source", "AlgolBeta Per"),
    ];
    Event::default().other(75.0, (135, "MAXI_KNOWN"), "3621730697", None, &told)
}

/// A recorded notice of IceCube (16 April 2023).
fn icecube_bronze() -> Event {
    let told = [
        ("Probability of astrophysical origin", "34.1 %"),
        ("False alarms", "2.5322 a year"),
        ("Energy", "127.2917 TeV"),
        ("Radius of 50 %", "0.2000 °"),
    ];
    Event::default().other(
        46.0,
        (174, "ICECUBE_ASTROTRACK_BRONZE"),
        "13784057034692",
        Some((345.8253, 9.0067, 0.5134)),
        &told,
    )
}

/// A recorded faint trigger that was found on the ground (4 January 2021); it came after nine hours, here after one.
fn subthreshold() -> Event {
    let told = [
        ("Duration", "2.751 s"),
        ("Duration class", "short"),
        ("Spectrum", "hard"),
        ("Reliability", "2"),
    ];
    Event::default().other(
        3600.0,
        (131, "FERMI_GBM_SUBTHRESH"),
        "631487808",
        Some((15.42, -21.33, 16.13)),
        &told,
    )
}
