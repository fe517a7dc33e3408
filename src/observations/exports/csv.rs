//! Observations as CSV (RFC 4180, UTF-8, with a header line).

use super::columns::{COLUMNS, Cell};
use super::harvest::Harvest;

/// What a spreadsheet takes for the beginning of a formula, in plain and in full width.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// One line for each observation, ended by CR LF. Text that a spreadsheet would take for a formula gets an apostrophe in front.
pub(super) fn csv(harvest: &Harvest) -> String {
    let mut lines = line(COLUMNS.iter().map(|column| column.name.to_owned()));
    for one in &harvest.observations {
        let cells = COLUMNS.iter().map(|column| (column.cell)(harvest, one));
        lines += &line(cells.map(|cell| field(&cell)));
    }
    lines
}

fn line(fields: impl Iterator<Item = String>) -> String {
    fields.collect::<Vec<_>>().join(",") + "\r\n"
}

fn field(cell: &Cell) -> String {
    let mut written = cell.written();
    if matches!(cell, Cell::Text(_)) {
        written.retain(|c| c != '\0');
        if written.trim_start_matches(' ').starts_with(FORMULA) {
            written.insert(0, '\'');
        }
    }
    let quoted = written.contains(['"', ',', '\r', '\n']) || written != written.trim();
    match quoted {
        true => format!("\"{}\"", written.replace('"', "\"\"")),
        false => written,
    }
}
