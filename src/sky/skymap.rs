//! Reads the probability of each piece of the sky from a HEALPix map in FITS, flat or multi-order, plain or gzipped.
//!
//! The FITS reader of the `moc` crate unwraps, subtracts without looking and trusts lengths in the header, so a broken file
//! can bring it down or make it ask for any amount of memory. This one takes nothing on trust; `moc` gets sound cells only.

use std::io::Read;

use cdshealpix::nested;
use moc::deser::gz::uncompress;

use super::fits::{BLOCK, Header};

/// Largest map that is read, bytes as they come.
pub const LARGEST_FILE: usize = 4 << 20;
/// Largest map that is read, bytes after unpacking: room for nside 512 in double precision.
pub const LARGEST_MAP: usize = 32 << 20;

const DEEPEST: u8 = 29;

/// Why a sky map was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapFault {
    /// More bytes than [`LARGEST_FILE`] packed or [`LARGEST_MAP`] unpacked.
    #[error("the map is too large")]
    TooLarge,
    /// Ends early, or is no FITS file, or its gzip is broken.
    #[error("not a whole FITS file")]
    NotFits,
    /// FITS, but without a HEALPix table in equatorial coordinates that can be read.
    #[error("no HEALPix table this program reads: {0}")]
    NotHealpix(&'static str),
    /// Nothing on this sky has a probability above zero.
    #[error("the map is empty")]
    Empty,
    /// The stored text of a region is broken.
    #[error("not the text of a region")]
    NotRegion,
}

/// A piece of the sky and what is known of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell {
    /// HEALPix order, 0…29.
    pub(super) order: u8,
    /// Number in the nested scheme.
    pub(super) index: u64,
    /// Probability per area, in any unit that is the same for the whole map.
    pub(super) density: f64,
}

impl Cell {
    /// Area, deg².
    pub(super) fn area(&self) -> f64 {
        cell_area(self.order)
    }
}

/// Area of a HEALPix cell of an order, deg².
pub(super) fn cell_area(order: u8) -> f64 {
    super::WHOLE_SKY / (12.0 * 4_f64.powi(i32::from(order)))
}

/// The cells with a probability above zero, in no order.
pub(super) fn cells(file: &[u8]) -> Result<Vec<Cell>, MapFault> {
    if file.len() > LARGEST_FILE {
        return Err(MapFault::TooLarge);
    }
    if !file.starts_with(&[0x1f, 0x8b]) {
        return cells_of_plain(file);
    }
    let mut plain = Vec::new();
    let limit = LARGEST_MAP as u64 + 1;
    uncompress(file)
        .take(limit)
        .read_to_end(&mut plain)
        .map_err(|_| MapFault::NotFits)?;
    if plain.len() > LARGEST_MAP {
        Err(MapFault::TooLarge)
    } else {
        cells_of_plain(&plain)
    }
}

fn cells_of_plain(file: &[u8]) -> Result<Vec<Cell>, MapFault> {
    let mut rest = file;
    // A sky map is the first or second table of its file.
    for _ in 0..8 {
        let header = Header::take(&mut rest).ok_or(MapFault::NotFits)?;
        let size = header.data_size().ok_or(MapFault::NotFits)?;
        if header.text("XTENSION") == Some("BINTABLE") && header.text("ORDERING").is_some() {
            let data = rest.get(..size).ok_or(MapFault::NotFits)?;
            let cells = Table::new(&header, data)?.cells()?;
            return if cells.is_empty() {
                Err(MapFault::Empty)
            } else {
                Ok(cells)
            };
        }
        let padded = size
            .checked_next_multiple_of(BLOCK)
            .ok_or(MapFault::NotFits)?;
        rest = rest
            .get(padded..)
            .filter(|r| !r.is_empty())
            .ok_or(MapFault::NotHealpix("no table"))?;
    }
    Err(MapFault::NotHealpix("no table"))
}

/// Where one column stands in a row.
#[derive(Clone)]
struct Column {
    name: String,
    kind: u8,
    repeat: usize,
    offset: usize,
}

impl Column {
    fn width(&self) -> usize {
        match self.kind {
            b'D' | b'K' => 8,
            _ => 4,
        }
    }
}

/// How the pixels of a table are numbered.
enum Numbering {
    Uniq(Column),
    Listed(Column, Scheme),
    InTurn(Scheme),
}

/// RING or NESTED at one order.
struct Scheme {
    order: u8,
    ring: bool,
}

/// A binary table that has been found sound: every place that is read lies inside the data.
struct Table<'a> {
    data: &'a [u8],
    row: usize,
    value: Column,
    is_density: bool,
    numbering: Numbering,
}

impl<'a> Table<'a> {
    fn new(header: &Header, data: &'a [u8]) -> Result<Self, MapFault> {
        if !matches!(
            header.text("COORDSYS").unwrap_or("C"),
            "C" | "CEL" | "CELESTIAL" | "EQUATORIAL" | "EQU" | "ICRS" | "J2000" | "FK5"
        ) {
            return Err(MapFault::NotHealpix("not in equatorial coordinates"));
        }
        let (columns, row) = columns(header)?;
        let is_number = |c: &&Column| matches!(c.kind, b'D' | b'E') && c.repeat > 0;
        let value = columns
            .iter()
            .filter(is_number)
            .find(|c| c.name.starts_with("PROB"))
            .or_else(|| columns.iter().find(is_number));
        let value = value
            .cloned()
            .ok_or(MapFault::NotHealpix("no column of probabilities"))?;
        let index = |name: &str| {
            columns
                .iter()
                .find(|c| c.name == name && matches!(c.kind, b'J' | b'K') && c.repeat == 1)
                .cloned()
        };
        let numbering = numbering(header, index, (data.len() / row).checked_mul(value.repeat))?;
        if !matches!(numbering, Numbering::InTurn(_)) && value.repeat != 1 {
            return Err(MapFault::NotHealpix("several probabilities for one pixel"));
        }
        let is_density = matches!(numbering, Numbering::Uniq(_)) && value.name != "PROB";
        Ok(Self {
            data,
            row,
            value,
            is_density,
            numbering,
        })
    }

    fn cells(&self) -> Result<Vec<Cell>, MapFault> {
        let mut cells = Vec::new();
        for (row, bytes) in self.data.chunks_exact(self.row).enumerate() {
            for element in 0..self.value.repeat {
                let value = real(bytes, &self.value, element);
                if !(value.is_finite() && value > 0.0) {
                    continue;
                }
                let (order, index) = self
                    .cell(bytes, row * self.value.repeat + element)
                    .ok_or(MapFault::NotHealpix("a pixel that does not exist"))?;
                let density = if self.is_density {
                    value
                } else {
                    value / cell_area(order)
                };
                cells.push(Cell {
                    order,
                    index,
                    density,
                });
            }
        }
        Ok(cells)
    }

    /// Order and nested number of the pixel that the row, or the place in turn, stands for.
    fn cell(&self, row: &[u8], turn: usize) -> Option<(u8, u64)> {
        match &self.numbering {
            Numbering::Uniq(column) => from_uniq(whole(row, column)?),
            Numbering::Listed(column, scheme) => scheme.nested(whole(row, column)?),
            Numbering::InTurn(scheme) => scheme.nested(turn as u64),
        }
    }
}

impl Scheme {
    fn nested(&self, number: u64) -> Option<(u8, u64)> {
        let exists = number < 12 << (2 * self.order);
        exists.then(|| {
            (
                self.order,
                if self.ring {
                    nested::get(self.order).from_ring(number)
                } else {
                    number
                },
            )
        })
    }
}

fn numbering(
    header: &Header,
    index: impl Fn(&str) -> Option<Column>,
    pixels: Option<usize>,
) -> Result<Numbering, MapFault> {
    let ring = match header.text("ORDERING") {
        Some("NUNIQ") => {
            return index("UNIQ")
                .map(Numbering::Uniq)
                .ok_or(MapFault::NotHealpix("no column UNIQ"));
        }
        Some("RING") => true,
        Some("NESTED" | "NEST") => false,
        _ => return Err(MapFault::NotHealpix("an unknown ordering")),
    };
    let order = match header.number("NSIDE") {
        Some(nside) if nside.is_power_of_two() => u8::try_from(nside.trailing_zeros()).ok(),
        Some(_) => None,
        None => header
            .number("ORDER")
            .and_then(|order| u8::try_from(order).ok()),
    };
    let order = order
        .filter(|o| *o <= DEEPEST)
        .ok_or(MapFault::NotHealpix("a resolution that is no power of two"))?;
    let scheme = Scheme { order, ring };
    if let (Some("EXPLICIT"), Some(column)) = (header.text("INDXSCHM"), index("PIXEL")) {
        return Ok(Numbering::Listed(column, scheme));
    }
    let whole = pixels.is_some_and(|n| n as u64 == 12 << (2 * order));
    if whole {
        Ok(Numbering::InTurn(scheme))
    } else {
        Err(MapFault::NotHealpix("its pixels do not make one sky"))
    }
}

/// The columns of a table and the length of its rows, after seeing that the columns fit into the row.
fn columns(header: &Header) -> Result<(Vec<Column>, usize), MapFault> {
    let broken = MapFault::NotHealpix("a broken table header");
    let row = header
        .number("NAXIS1")
        .filter(|n| *n > 0)
        .ok_or(broken.clone())?;
    let count = header
        .number("TFIELDS")
        .filter(|n| *n <= 64)
        .ok_or(broken.clone())?;
    let (mut columns, mut offset) = (Vec::new(), 0_usize);
    for i in 1..=count {
        let (repeat, kind) = header
            .text(&format!("TFORM{i}"))
            .and_then(form)
            .ok_or(broken.clone())?;
        let name = header
            .text(&format!("TTYPE{i}"))
            .unwrap_or_default()
            .to_ascii_uppercase();
        let size = element_size(kind)
            .and_then(|size| size.checked_mul(repeat))
            .ok_or(broken.clone())?;
        columns.push(Column {
            name,
            kind,
            repeat,
            offset,
        });
        let bytes = if kind == b'X' {
            repeat.div_ceil(8)
        } else {
            size
        };
        offset = offset
            .checked_add(bytes)
            .filter(|end| *end <= row)
            .ok_or(broken.clone())?;
    }
    Ok((columns, row))
}

/// `1024E` is 1024 of kind E; no number means one.
fn form(form: &str) -> Option<(usize, u8)> {
    let digits = form.bytes().take_while(u8::is_ascii_digit).count();
    let repeat = if digits == 0 {
        1
    } else {
        form.get(..digits)?.parse().ok()?
    };
    Some((repeat, *form.as_bytes().get(digits)?))
}

fn element_size(kind: u8) -> Option<usize> {
    Some(match kind {
        b'L' | b'B' | b'A' | b'X' => 1,
        b'I' => 2,
        b'J' | b'E' => 4,
        b'K' | b'D' | b'C' | b'P' => 8,
        b'M' | b'Q' => 16,
        _ => return None,
    })
}

fn real(row: &[u8], column: &Column, element: usize) -> f64 {
    let at = column.offset + element * column.width();
    match row.get(at..at + column.width()) {
        Some(&[a, b, c, d]) => f64::from(f32::from_be_bytes([a, b, c, d])),
        Some(&[a, b, c, d, e, f, g, h]) => f64::from_be_bytes([a, b, c, d, e, f, g, h]),
        _ => f64::NAN,
    }
}

fn whole(row: &[u8], column: &Column) -> Option<u64> {
    match *row.get(column.offset..column.offset + column.width())? {
        [a, b, c, d] => u64::try_from(i32::from_be_bytes([a, b, c, d])).ok(),
        [a, b, c, d, e, f, g, h] => {
            u64::try_from(i64::from_be_bytes([a, b, c, d, e, f, g, h])).ok()
        }
        _ => None,
    }
}

/// Order and nested number out of a UNIQ number: 4 · 4^order + index, with index below 12 · 4^order.
fn from_uniq(uniq: u64) -> Option<(u8, u64)> {
    let order = u8::try_from((uniq.checked_ilog2()? / 2).checked_sub(1)?).ok()?;
    (order <= DEEPEST).then(|| (order, uniq - (4 << (2 * order))))
}
