//! `grb-app unit`.

use crate::ops::doctor::UNIT;

/// Prints the unit that install.sh puts in its place, so that the program and its unit always agree.
pub(super) fn run() {
    print!("{UNIT}");
}
