//! Observations as a VOTable (IVOA recommendation 1.4), for Aladin, TOPCAT and astropy.

use chrono::SecondsFormat;
use quick_xml::escape::escape;

use super::columns::{COLUMNS, Cell, Column, Kind};
use super::harvest::Harvest;

/// The whole document.
pub(super) fn votable(harvest: &Harvest) -> String {
    let fields: String = COLUMNS.iter().map(field).collect();
    let rows: String = harvest
        .observations
        .iter()
        .map(|one| {
            let cells = COLUMNS.iter().map(|column| (column.cell)(harvest, one));
            let cells: String = cells.map(|cell| data(&cell)).collect();
            format!("<TR>{cells}</TR>\n")
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <VOTABLE version=\"1.4\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">\n\
         <RESOURCE name=\"{stem}\">\n\
         <DESCRIPTION>{about}</DESCRIPTION>\n\
         <COOSYS ID=\"icrs\" system=\"ICRS\"/>\n\
         <TIMESYS ID=\"utc\" timescale=\"UTC\" refposition=\"TOPOCENTER\"/>\n\
         <TIMESYS ID=\"utc_jd\" timescale=\"UTC\" refposition=\"TOPOCENTER\" timeorigin=\"JD-origin\"/>\n\
         {trigger}\
         <TABLE name=\"observations\" nrows=\"{count}\">\n\
         {fields}\
         <DATA><TABLEDATA>\n{rows}</TABLEDATA></DATA>\n\
         </TABLE>\n</RESOURCE>\n</VOTABLE>\n",
        stem = harvest.file_stem(),
        about = xml(&format!(
            "Observations of {} by members of {}: {}",
            harvest.burst.name(),
            harvest.club,
            harvest.page()
        )),
        trigger = trigger(harvest),
        count = harvest.observations.len(),
    )
}

fn trigger(harvest: &Harvest) -> String {
    let Some(at) = harvest.burst.trigger_time else {
        return String::new();
    };
    let at = at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    format!(
        "<PARAM name=\"trigger_time_utc\" datatype=\"char\" arraysize=\"*\" xtype=\"timestamp\" ucd=\"time.epoch\" ref=\"utc\" value=\"{at}\"/>\n"
    )
}

fn field(column: &Column) -> String {
    let sort = match column.kind {
        Kind::Whole => "datatype=\"long\"",
        Kind::Number => "datatype=\"double\"",
        Kind::Julian => "datatype=\"double\" ref=\"utc_jd\"",
        Kind::Text => "datatype=\"unicodeChar\" arraysize=\"*\"",
        Kind::Time => "datatype=\"char\" arraysize=\"*\" xtype=\"timestamp\" ref=\"utc\"",
    };
    let frame = match column.ucd.starts_with("pos.eq.") {
        true => " ref=\"icrs\"",
        false => "",
    };
    let unit = column.unit.map(|unit| format!(" unit=\"{unit}\""));
    format!(
        "<FIELD name=\"{}\" {sort}{frame}{} ucd=\"{}\"><DESCRIPTION>{}</DESCRIPTION></FIELD>\n",
        column.name,
        unit.unwrap_or_default(),
        column.ucd,
        xml(column.words)
    )
}

fn data(cell: &Cell) -> String {
    match cell.written() {
        written if written.is_empty() => "<TD/>".into(),
        written => format!("<TD>{}</TD>", xml(&written)),
    }
}

/// Text as XML 1.0 takes it: escaped, and without the characters that it forbids.
fn xml(text: &str) -> String {
    let allowed = |c: char| match c {
        '\t' | '\n' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        _ => !c.is_control(),
    };
    let kept: String = text.chars().filter(|c| allowed(*c)).collect();
    escape(kept.as_str()).into_owned()
}
