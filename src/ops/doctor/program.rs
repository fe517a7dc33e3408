//! Checks of the program itself: which one runs, how systemd runs it, and how long its tables of the sky hold.

use std::path::Path;

use chrono::Datelike as _;

use crate::accounts::store;
use crate::platform::doctor::{Case, Check, Finding, quick};
use crate::sky::almanac;

/// The service as systemd is to run it.
pub const UNIT: &str = include_str!("../../../packaging/grb-app.service");

pub(super) const CHECKS: &[Check] = &[
    quick("program", "Program", program),
    quick("unit", "Unit of systemd", unit),
    quick("officers", "Officers", officers),
    quick("almanac", "Almanac", table),
];

fn program(case: &Case) -> Finding {
    let here = env!("CARGO_PKG_VERSION");
    match &case.server {
        None => Finding::warn(
            format!("grb-app {here}; no desk serves on this data folder."),
            "Start it: systemctl start grb-app",
        ),
        Some(said) if said.version != here => Finding::warn(
            format!(
                "grb-app {} serves; the program here is {here}.",
                said.version
            ),
            "Restart it: systemctl restart grb-app",
        ),
        Some(_) => Finding::ok(format!("grb-app {here} serves.")),
    }
}

/// Where install.sh and the package put it.
const UNITS: [&str; 3] = [
    "/etc/systemd/system/grb-app.service",
    "/usr/lib/systemd/system/grb-app.service",
    "/lib/systemd/system/grb-app.service",
];

fn unit(_: &Case) -> Finding {
    let installed = UNITS
        .iter()
        .find_map(|path| Some((path, std::fs::read_to_string(path).ok()?)));
    match installed {
        None => Finding::skipped("grb-app is not installed as a service of systemd."),
        Some((path, text)) => judge_unit(path, &text),
    }
}

fn judge_unit(path: &str, text: &str) -> Finding {
    let (own, installed) = (directives(UNIT), directives(text));
    let lacks: Vec<&str> = own
        .iter()
        .filter(|line| !installed.contains(line))
        .copied()
        .collect();
    let more: Vec<&str> = installed
        .iter()
        .filter(|line| !own.contains(line))
        .copied()
        .collect();
    match lacks
        .iter()
        .map(|line| format!("lacks {line}"))
        .chain(more.iter().map(|line| format!("has {line}")))
        .collect::<Vec<_>>()
        .as_slice()
    {
        [] if Path::new(&format!("{path}.d")).exists() => Finding::ok(format!(
            "{path} is this program's own; additions lie in {path}.d."
        )),
        [] => Finding::ok(format!("{path} is this program's own.")),
        differences => Finding::warn(
            format!(
                "{path} differs from this program's own: it {}.",
                differences.join(", it ")
            ),
            format!(
                "As root, `grb-app unit > {path} && systemctl daemon-reload`; what is the club's own belongs into {path}.d/*.conf."
            ),
        ),
    }
}

/// What counts; a package may put the program elsewhere.
fn directives(text: &str) -> Vec<&str> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| {
            !line.is_empty()
                && !line.starts_with(['#', '[', ';'])
                && !line.starts_with("ExecStart=")
        })
        .collect()
}

fn officers(case: &Case) -> Finding {
    case.in_db(|conn| {
        Ok(match store::officers(conn)? {
            0 => Finding::fault(
                "The desk has no officer.",
                "Open the address that the desk prints at its start (as a service: `sudo journalctl -u grb-app | grep first-officer`), or type `sudo grb-app admin user promote EMAIL`.",
            ),
            1 => Finding::warn(
                "One officer. Who helps when they are away?",
                "Make another member an officer, on the page Members or with `sudo grb-app admin user promote EMAIL`.",
            ),
            more => Finding::ok(format!("{more} officers.")),
        })
    })
}

/// The Earth's turning is predicted about a year ahead.
fn table(case: &Case) -> Finding {
    let now = case.clock.wall();
    let until = almanac::known_until();
    let year = f64::from(now.year()) + f64::from(now.ordinal0()) / 365.25;
    let words = format!("The Earth's turning is known until {until:.1}.");
    match year > until {
        true => Finding::warn(
            format!("{words} Positions drift by a few arcseconds a year."),
            "Update grb-app.",
        ),
        false => Finding::ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::doctor::Verdict;

    #[test]
    fn a_unit_that_was_changed_by_hand_is_told_with_what_differs() {
        let path = "/nowhere/grb-app.service";
        let moved = UNIT.replace("ExecStart=/usr/local/bin", "ExecStart=/usr/bin");
        assert_eq!(judge_unit(path, &moved).verdict, Verdict::Ok);
        let changed = judge_unit(path, &UNIT.replace("ProtectHome=yes", "ProtectHome=no"));
        assert_eq!(changed.verdict, Verdict::Warn);
        assert!(
            changed
                .found
                .contains("lacks ProtectHome=yes, it has ProtectHome=no"),
            "{}",
            changed.found
        );
    }
}
