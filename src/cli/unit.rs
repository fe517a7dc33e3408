//! `grb-app unit`: what systemd needs to run the desk.

use std::io::Write as _;

use super::Common;
use crate::ops::doctor::UNIT;

/// The door as systemd may hold it open, at the address where we listen unless told otherwise.
const SOCKET: &str = include_str!("../../packaging/grb-app.socket");
const DOOR: &str = "ListenStream=127.0.0.1:8080\n";

#[derive(clap::Args)]
pub(super) struct Unit {
    /// The unit of a socket instead: systemd holds the door open while the desk is restarted
    #[arg(long)]
    socket: bool,
}

impl Unit {
    /// Prints the unit that install.sh puts in its place, so that the program and its unit always agree.
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<()> {
        if !self.socket {
            return Ok(write!(std::io::stdout(), "{UNIT}")?);
        }
        let config = common.settings()?;
        let doors = [Some(config.listen), config.redirect_listen];
        let doors = doors.iter().flatten();
        let doors: String = doors.map(|door| format!("ListenStream={door}\n")).collect();
        let unit = SOCKET.replace(DOOR, &doors);
        Ok(write!(std::io::stdout(), "{unit}")?)
    }
}
