//! `grb-app unit`.

/// The service as systemd is to run it.
const UNIT: &str = include_str!("../../packaging/grb-app.service");

/// Prints the unit that install.sh puts in its place, so that the program and its unit always agree.
pub(super) fn run() {
    print!("{UNIT}");
}
