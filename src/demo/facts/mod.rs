//! What happened in the past week and in the night: real bursts with their published facts, moved in time.
//!
//! Positions, radii, trigger numbers, latencies and the subjects of circulars are those of the sources that the comments
//! name; `recorded notice` means GCN's own notice of that trigger, and `assumed` what no source was at hand for. The bodies
//! of circulars are this program's words. Because the bursts are moved, Fermi's trigger numbers, which count seconds, and
//! the names of bursts, which are dates, tell of the day on which they really happened and not of the demonstration's.

mod companions;
mod famous;
mod traffic;
mod week;

use super::event::Event;

const HOUR: f64 = 60.0;
const DAY: f64 = 24.0 * HOUR;

/// Every event and its start, in minutes after ten in the evening.
#[rustfmt::skip]
pub(super) fn all() -> Vec<(f64, Event)> {
    let mut events = vec![
        // The past week; some of its circulars are still coming in.
        (-6.0 * DAY - 9.2 * HOUR, week::grb_080319b()),
        (-5.0 * DAY + 1.6 * HOUR, week::grb_211211a()),
        (-3.0 * DAY - 11.4 * HOUR, week::below_horizon()),
        (-2.0 * DAY - 17.8 * HOUR, week::grb_180427a()),
        (-DAY - 19.596 * HOUR, week::grb_230826a()),
        (-DAY - 7.7 * HOUR, week::einstein_probe()),
        (-DAY - 4.538 * HOUR, week::grb_200415a()),
        (-9.48 * HOUR, week::grb_130427a()),
        (-340.0, week::grb_230812b()),

        // The night.
        (0.2, famous::grb_230818a()),
        (13.2, companions::solar_flare()),
        (21.3, famous::grb_170817a()),
        (33.0, companions::s230808i()),
        (38.0, companions::terrestrial_flash()),
        (50.0, companions::lost_lock()),
        (60.5, companions::grb_230904b()),
        (72.0, famous::grb_230307a()),
        (93.0, companions::local_particles()),
        (103.0, famous::grb_251103a()),
        (121.5, companions::sb26020402()),
        (131.0, famous::grb_221009a()),
        (157.0, famous::grb_190114c()),
        (201.0, companions::ep240618a()),
        (224.0, famous::grb_260402a()),
        (260.0, famous::grb_251103b()),
    ];
    events.extend(traffic::all());
    events
}
