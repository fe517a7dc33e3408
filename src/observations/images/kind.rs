//! What a file is, by its content alone: which kind of picture, whether it is whole, and whether something else hides in it.

use super::fits::{MOST_UNITS, Unit};

/// What is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Jpeg,
    Png,
    Gif,
    WebP,
    Fits,
}

impl Kind {
    /// As it is kept and shown.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::WebP => "webp",
            Self::Fits => "fits",
        }
    }
}

/// Why a file is not taken, in words that follow "the file".
pub(super) type Why = String;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Ends before the picture does.
pub(super) const CUT: &str = "ends before its picture does: it was cut off, perhaps on its way here. Send it again from the original.";
/// Its inside makes no sense.
pub(super) const BROKEN: &str =
    "is damaged and cannot be read. Open it in a picture program, save it anew and send that.";

/// What other files begin with, and what to say of them.
const OTHERS: [(&[u8], &str); 18] = [
    (
        b"PK\x03\x04",
        "is a zip archive. Unpack it and send the picture itself.",
    ),
    (
        b"PK\x05\x06",
        "is a zip archive. Unpack it and send the picture itself.",
    ),
    (
        b"\x1f\x8b",
        "is packed with gzip. Unpack it and send the picture itself.",
    ),
    (
        b"Rar!",
        "is an archive. Unpack it and send the picture itself.",
    ),
    (
        b"7z\xbc\xaf",
        "is an archive. Unpack it and send the picture itself.",
    ),
    (
        b"BZh",
        "is packed with bzip2. Unpack it and send the picture itself.",
    ),
    (
        b"\xfd7zXZ",
        "is packed with xz. Unpack it and send the picture itself.",
    ),
    (
        b"%PDF",
        "is a PDF document. Save the picture in it as PNG and send that.",
    ),
    (b"\x7fELF", "is a program, not a picture."),
    (b"MZ", "is a program, not a picture."),
    (b"\xcf\xfa\xed\xfe", "is a program, not a picture."),
    (b"#!", "is a script, not a picture."),
    (
        b"II*\0",
        "is a TIFF or a camera's raw file. Save it as FITS, PNG or JPEG.",
    ),
    (
        b"MM\0*",
        "is a TIFF or a camera's raw file. Save it as FITS, PNG or JPEG.",
    ),
    (b"BM", "is a Windows bitmap. Save it as PNG."),
    (b"XISF", "is an XISF file. Save it as FITS or PNG."),
    (b"SQLite format 3", "is a database, not a picture."),
    (b"\0asm", "is a program, not a picture."),
];

/// What betrays a second file inside or behind a picture.
const FOREIGN: [(&[u8], &str); 8] = [
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"%PDF-", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"<script", "a web page's script"),
    (b"<?php", "a PHP script"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
];

/// What counts only where it stands right behind the picture.
const FOREIGN_AT_ONCE: [(&[u8], &str); 8] = [
    (b"MZ", "a program"),
    (b"#!", "a script"),
    (b"Rar!", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"\x1f\x8b\x08", "an archive"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML document"),
    (b"\xcf\xfa\xed\xfe", "a program"),
];

/// The kind of a whole picture with nothing else in its file.
pub(super) fn kind(file: &[u8]) -> Result<Kind, Why> {
    let kind = by_beginning(file)?;
    let layout = match kind {
        Kind::Jpeg => jpeg(file).ok_or(CUT)?,
        Kind::Png => png(file).ok_or(CUT)?,
        Kind::Gif => gif(file).ok_or(CUT)?,
        Kind::WebP => webp(file).ok_or(CUT)?,
        Kind::Fits => fits(file)?,
    };
    let hidden = layout.notes.into_iter().find_map(|note| hidden(note));
    match hidden.or_else(|| behind(file.get(layout.end..).unwrap_or_default())) {
        Some(what) => Err(format!(
            "is a picture with {what} hidden in it. Open it in a picture program, save it anew and send that."
        )),
        None => Ok(kind),
    }
}

/// Whether a decoder holds the picture several times over: a JPEG whose colours or digits come one after the other, and a WebP that
/// is more than one frame with loss.
pub(super) fn is_heavy(kind: Kind, file: &[u8]) -> bool {
    let layout = match kind {
        Kind::Jpeg => jpeg(file),
        Kind::WebP => webp(file),
        Kind::Png | Kind::Gif | Kind::Fits => return false,
    };
    layout.is_none_or(|layout| layout.heavy)
}

fn by_beginning(file: &[u8]) -> Result<Kind, Why> {
    let starts = |magic: &[u8]| file.starts_with(magic);
    let at = |place: usize, magic: &[u8]| file.get(place..).is_some_and(|r| r.starts_with(magic));
    match () {
        () if file.is_empty() => Err("is empty.".into()),
        () if starts(b"\xff\xd8\xff") => Ok(Kind::Jpeg),
        () if starts(PNG) => Ok(Kind::Png),
        () if starts(b"GIF87a") || starts(b"GIF89a") => Ok(Kind::Gif),
        () if starts(b"RIFF") && at(8, b"WEBP") => Ok(Kind::WebP),
        () if starts(b"SIMPLE  =") => Ok(Kind::Fits),
        () if at(4, b"ftyphei") || at(4, b"ftypmif1") => Err(
            "is HEIC, as some phones take pictures. Share it as JPEG, or take a screenshot of it."
                .into(),
        ),
        () if at(4, b"ftypavif") => Err("is AVIF. Save it as PNG or JPEG.".into()),
        () => Err(other(file)),
    }
}

/// What to say of a file that is none of ours.
fn other(file: &[u8]) -> Why {
    if let Some((_, words)) = OTHERS.iter().find(|(magic, _)| file.starts_with(magic)) {
        return (*words).into();
    }
    let beginning = file.get(..1024).unwrap_or(file);
    let words = match () {
        () if holds(beginning, b"<svg") => {
            "is an SVG drawing, which can carry programs. Save it as PNG and send that."
        }
        () if holds(beginning, b"<html") || holds(beginning, b"<!doctype") => {
            "is a web page, not a picture. Save the picture itself and send that."
        }
        () => {
            "is no picture that can be read here. JPEG, PNG, GIF, WebP and FITS are taken; save it as one of these."
        }
    };
    words.into()
}

/// Where a picture ends in its file, and which parts of it are not pixels.
struct Layout<'a> {
    end: usize,
    notes: Vec<&'a [u8]>,
    /// See [`is_heavy`].
    heavy: bool,
}

/// Walks the segments (ITU T.81 annex B) to the end marker; `None` where the file ends before.
fn jpeg(file: &[u8]) -> Option<Layout<'_>> {
    let (mut at, mut notes) = (2, Vec::new());
    let (mut progressive, mut scans) = (false, 0);
    loop {
        at += file.get(at..)?.iter().position(|byte| *byte == 0xff)?;
        let code = *file.get(at + 1)?;
        match code {
            // Fill, stuffing, restarts and a lone TEM carry nothing.
            0xff => at += 1,
            0x00 | 0x01 | 0xd0..=0xd8 => at += 2,
            0xd9 => {
                let (end, heavy) = (at + 2, progressive || scans > 1);
                return Some(Layout { end, notes, heavy });
            }
            _ => {
                let length =
                    usize::from(u16::from_be_bytes([*file.get(at + 2)?, *file.get(at + 3)?]));
                let segment = file.get(at + 4..at + 2 + length.max(2))?;
                match code {
                    0xe0..=0xef | 0xfe => notes.push(segment),
                    0xc2 => progressive = true,
                    0xda => scans += 1,
                    _ => {}
                }
                at += 2 + length.max(2);
            }
        }
    }
}

/// Walks the chunks to IEND.
fn png(file: &[u8]) -> Option<Layout<'_>> {
    let (mut at, mut notes) = (PNG.len(), Vec::new());
    loop {
        let length = u32::from_be_bytes(file.get(at..at + 4)?.try_into().ok()?);
        let body = at + 8..(at + 8).checked_add(usize::try_from(length).ok()?)?;
        let (name, next) = (file.get(at + 4..at + 8)?, body.end.checked_add(4)?);
        let chunk = file.get(body)?;
        file.get(..next)?;
        match name {
            b"IEND" => {
                return Some(Layout {
                    end: next,
                    notes,
                    heavy: false,
                });
            }
            b"IDAT" | b"PLTE" | b"IHDR" | b"fdAT" => {}
            _ => notes.push(chunk),
        }
        at = next;
    }
}

/// Walks the blocks to the trailer.
fn gif(file: &[u8]) -> Option<Layout<'_>> {
    let palette = |flags: u8| match flags & 0x80 {
        0 => 0,
        _ => 3 << ((flags & 7) + 1),
    };
    let (mut at, mut notes) = (13 + palette(*file.get(10)?), Vec::new());
    loop {
        match *file.get(at)? {
            0x3b => {
                return Some(Layout {
                    end: at + 1,
                    notes,
                    heavy: false,
                });
            }
            0x21 => {
                let end = sub_blocks(file, at + 2)?;
                notes.push(file.get(at..end)?);
                at = end;
            }
            0x2c => at = sub_blocks(file, at + 11 + palette(*file.get(at + 9)?))?,
            _ => {
                return Some(Layout {
                    end: at,
                    notes,
                    heavy: false,
                });
            }
        }
    }
}

fn sub_blocks(file: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = usize::from(*file.get(at)?);
        at += length + 1;
        if length == 0 {
            return Some(at);
        }
    }
}

/// Walks the chunks inside the RIFF's declared length.
fn webp(file: &[u8]) -> Option<Layout<'_>> {
    let size = |at: usize| {
        let bytes = file.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    let end = size(4)?.checked_add(8)?;
    file.get(..end)?;
    let (mut at, mut notes, mut heavy) = (12, Vec::new(), false);
    while at < end {
        let (name, length) = (file.get(at..at + 4)?, size(at + 4)?);
        let body = at + 8..(at + 8).checked_add(length)?;
        let chunk = file.get(body)?;
        match name {
            b"VP8 " => {}
            b"VP8L" | b"ALPH" | b"ANMF" => heavy = true,
            _ => notes.push(chunk),
        }
        at = (at + 8).checked_add(length)?.checked_add(length % 2)?;
    }
    Some(Layout { end, notes, heavy })
}

/// Walks the headers and data to the end of the last; the headers are what is not pixels.
fn fits(file: &[u8]) -> Result<Layout<'_>, Why> {
    let (mut rest, mut notes) = (file, Vec::new());
    for _ in 0..MOST_UNITS {
        let unit = Unit::take(rest)?;
        let header = rest.len() - unit.rest.len();
        notes.push(
            rest.get(..header.saturating_sub(unit.data.len()))
                .unwrap_or_default(),
        );
        rest = unit.rest;
        if !rest.starts_with(b"XTENSION=") {
            break;
        }
    }
    let end = file.len() - rest.len();
    Ok(Layout {
        end,
        notes,
        heavy: false,
    })
}

fn hidden(note: &[u8]) -> Option<&'static str> {
    let found = FOREIGN.iter().find(|(mark, _)| holds(note, mark));
    found.map(|(_, what)| *what)
}

/// What stands behind a picture; cameras put padding, previews and films there.
fn behind(rest: &[u8]) -> Option<&'static str> {
    let begins = rest
        .iter()
        .position(|byte| !matches!(byte, 0 | b' ' | b'\t' | b'\r' | b'\n' | 0xff));
    let rest = rest.get(begins?..)?;
    let at_once = FOREIGN_AT_ONCE
        .iter()
        .find(|(magic, _)| rest.len() > 1 && rest.starts_with(magic));
    at_once.map(|(_, what)| *what).or_else(|| hidden(rest))
}

/// Whether `mark` stands somewhere in `bytes`, in capitals or not.
fn holds(bytes: &[u8], mark: &[u8]) -> bool {
    let Some(first) = mark.first() else {
        return true;
    };
    let alike =
        |window: &[u8]| window[0].eq_ignore_ascii_case(first) && window.eq_ignore_ascii_case(mark);
    bytes.windows(mark.len()).any(alike)
}
