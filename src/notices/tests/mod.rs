//! Tests of reading and writing notices. The recorded ones lie outside the repository, see `corpus`.

mod broken;
mod canonical;
mod corpus;
mod flags;
mod places;
mod prose;
mod times;
mod writing;

use std::path::PathBuf;

use chrono::{DateTime, Utc};

/// The folder of recorded notices: `GRB_NOTICES`, else beside the repository. Says so when it is not there.
fn recorded() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/notices");
    let folder = std::env::var_os("GRB_NOTICES").map_or_else(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: {} not found", folder.display());
    None
}

fn utc(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// A small VOEvent of a packet: its parameters as `name=value`, its time and its place.
fn voevent(
    packet: u16,
    params: &[(&str, &str)],
    time: &str,
    place: Option<(&str, &str, &str)>,
) -> Vec<u8> {
    let mut what = format!("<Param name=\"Packet_Type\" value=\"{packet}\"/>");
    for (name, value) in params {
        what += &format!("<Param name=\"{name}\" value=\"{value}\"/>");
    }
    let place = place.map(|(ra, dec, radius)| {
        format!(
            "<Position2D unit=\"deg\"><Value2><C1>{ra}</C1><C2>{dec}</C2></Value2><Error2Radius>{radius}</Error2Radius></Position2D>"
        )
    });
    let place = place.unwrap_or_default();
    format!(
        "<v:VOEvent xmlns:v=\"http://www.ivoa.net/xml/VOEvent/v2.0\" role=\"observation\" version=\"2.0\" ivorn=\"ivo://example/test#1\">\
         <Who><Date>2026-03-01T10:00:30</Date></Who><What>{what}</What><WhereWhen><ObsDataLocation><ObservationLocation>\
         <AstroCoords><Time><TimeInstant><ISOTime>{time}</ISOTime></TimeInstant></Time>{place}</AstroCoords>\
         </ObservationLocation></ObsDataLocation></WhereWhen></v:VOEvent>"
    )
    .into_bytes()
}
