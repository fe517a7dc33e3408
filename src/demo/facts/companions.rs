//! What is no burst, or not surely one: flares, lightning, particles, mistakes, gravitational waves, faint X-ray flashes.

use super::super::event::{Event, arcmin, fermi, svom, swift};
use crate::notices::Class::{
    Grb, LocalParticles, SolarFlare, TerrestrialFlash, UnreliableLocation,
};

/// Recorded notices of trigger 471017773 (5 December 2015), at the place where the Sun roughly stood on that day.
pub(super) fn solar_flare() -> Event {
    fermi("471017773", "bn151205595")
        .gbm_alert(4.1, "4.6", "0.256", "n3, n5")
        .gbm_flight(
            24.1,
            (259.3333, -11.5333, 16.4167),
            (SolarFlare, 78.0),
            "8.10",
            "1.024",
        )
}

/// A gamma-ray flash of a thunderstorm. The alert is the recorded one of trigger 689708783 (16 ms, 15 σ), which came half an
/// hour late; that it was such a flash, its position and its latencies are assumed.
pub(super) fn terrestrial_flash() -> Event {
    fermi("689708783", "bn221109740")
        .gbm_alert(5.0, "15.0", "0.016", "n3, n4")
        .gbm_flight(
            25.0,
            (118.4, -12.9, 12.3),
            (TerrestrialFlash, 98.0),
            "15.00",
            "0.016",
        )
}

/// Charged particles at the spacecraft. All numbers are assumed, the trigger's as well, after the way such triggers go: a
/// place that cannot be told, then a class that gets surer.
pub(super) fn local_particles() -> Event {
    fermi("717000000", "")
        .gbm_alert(6.0, "4.6", "8.192", "n0, n6, nb")
        .gbm_flight(
            27.0,
            (38.2, 61.4, 28.9),
            (UnreliableLocation, 61.0),
            "4.60",
            "8.192",
        )
        .gbm_flight(
            46.0,
            (52.7, 66.0, 33.4),
            (LocalParticles, 74.0),
            "7.90",
            "4.096",
        )
        .gbm_flight(
            68.0,
            (55.1, 67.3, 31.0),
            (LocalParticles, 96.0),
            "14.30",
            "4.096",
        )
}

/// The recorded notice of trigger 1180063 (20 July 2023), 131 s late, when the star tracker had lost lock. The quick look,
/// which has no flags yet, and the X-ray telescope's look at nothing are assumed.
pub(super) fn lost_lock() -> Event {
    swift("1180063")
        .quick_look(128.0, (48.0628, 59.8936, arcmin(3.0)))
        .bat_lost(131.0, (48.0628, 59.8936, arcmin(3.0)), "17.42", "80.0")
        .xrt_none(370.0, (48.06, 59.89))
}

/// Taken for a burst and named, then taken back. GCN Circulars 34615 and 34617 with their times: the trigger, the place, the
/// particles. GBM's own notices are assumed.
pub(super) fn grb_230904b() -> Event {
    fermi("715526984", "bn230904562")
        .gbm_alert(6.0, "4.7", "4.096", "n7, n8, nb")
        .gbm_flight(28.0, (27.3, -22.6, 12.9), (Grb, 66.0), "9.10", "4.096")
        .gbm_ground(88.0, (22.4, -25.1, 6.3), "11.70")
        .circular(1928.0, 34_615, "BALROG team", "GRB 230904B: BALROG localization (Fermi Trigger 715526984 / GRB 230904562)",
            "A fit of spectrum and place together to the data of Fermi trigger 715526984: RA, Dec 20.8, -26.7.")
        .circular(11_361.0, 34_617, "Fermi GBM team", "GRB 230904B is not a GRB",
            "Fermi's GBM trigger 715526984 was due to particle activity.")
}

/// Recorded notices of sb26020402 (4 February 2026): GRM's trigger and the retraction with their times. ECLAIRs' first
/// notices, which the retraction cites, are assumed but for the place.
pub(super) fn sb26020402() -> Event {
    svom("sb26020402")
        .grm(21.0, "8.90", "1.0")
        .svom("sb26020402", 271.7)
        .eclairs(30.0, (169.5696, 3.8676, 0.0831), "7.12", "20.48")
        .not_slewing(250.0, (169.5696, 3.8676, 0.0831), "6.93")
        .svom_retracts(324.0, (169.5696, 3.8676, 0.0831))
}

/// An unmodelled gravitational-wave candidate and its end. GCN Circulars 34366 and 34367: detectors, search, false alarm
/// rate, maps after about 2 and 7 minutes, retraction four hours later. The second alert's stage and the time of the
/// retraction's own notice are assumed.
pub(super) fn s230808i() -> Event {
    let found = |stage| {
        [
            ("Stage", stage),
            ("Significant", "yes"),
            ("Detectors", "H1,L1"),
            ("False alarms", "one in 459 years"),
            ("Search", "unmodelled burst"),
        ]
    };
    Event::default()
        .gravitational_wave(120.0, "S230808i", None, &found("Preliminary"))
        .gravitational_wave(420.0, "S230808i", None, &found("Initial"))
        .gravitational_wave_retracted(14_400.0)
}

/// GCN Circular 36690: a fast X-ray transient of about 100 s that triggered Einstein Probe's telescope; its place, 3′. The
/// trigger's number, count rate, significance and latency are assumed.
pub(super) fn ep240618a() -> Event {
    Event::default().wxt(95.0, "01708973524", (281.627, 23.82, 0.05), "2.1", "24.0")
}
