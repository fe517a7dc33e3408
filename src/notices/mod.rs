//! A GCN notice: its bytes read into facts, and facts written as bytes again.

mod circular;
mod classes;
pub mod containment;
mod facts;
mod identity;
mod json;
mod links;
mod model;
mod name;
mod packets;
mod rules;
mod show;
mod skymap;
mod split;
mod text;
mod tidy;
mod times;
mod voevent;
mod words;
mod write;
mod xml;

#[cfg(test)]
mod tests;

pub use model::*;
pub use name::gbm as gbm_name;
pub use packets::{Packet, packet, packet_titled};
pub use show::show;
pub use skymap::sky_map;
pub use split::split;
pub use write::write;

use thiserror::Error;

/// A body above this is refused. The largest honest ones, gravitational-wave alerts with their map, take 1 MiB.
pub const LARGEST: usize = 4 << 20;

/// Why a notice cannot be read, in words for an officer of the club.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NoticeError {
    #[error("There is nothing in it.")]
    Empty,
    #[error("It is too large: {0} bytes, and at most {LARGEST} are read.")]
    TooLarge(usize),
    #[error("It is nested too deep or has too many parts to be a notice.")]
    TooDeep,
    #[error(
        "It brings its own document type (DTD), which no notice needs and which can be used for attacks."
    )]
    Dtd,
    #[error("It is cut off: the end of the XML is missing.")]
    CutOff,
    #[error("Its XML is broken: {0}.")]
    Xml(String),
    #[error("It is XML, but a {0:?} instead of a VOEvent.")]
    NotAVoevent(String),
    #[error("Its JSON is broken: {0}.")]
    Json(String),
    #[error("It is JSON, but no notice: it has neither a time nor an id.")]
    NotANotice,
    #[error("It holds {0} notices where one is read at a time.")]
    Several(usize),
    #[error(
        "It is neither XML, nor JSON, nor a text that begins with TITLE: and has a NOTICE_TYPE: or a SUBJECT:."
    )]
    Unknown,
}

/// Reads one notice. The body alone says in which format it is: VOEvent XML, a classic text, a notice in JSON, or a
/// circular as JSON or text.
pub fn read(body: &[u8]) -> Result<Notice, NoticeError> {
    if body.len() > LARGEST {
        return Err(NoticeError::TooLarge(body.len()));
    }
    let notice = match first(body) {
        None => Err(NoticeError::Empty),
        Some(b'<' | 0xFF | 0xFE) => voevent::read(body),
        Some(b'{' | b'[') => json::read(body),
        Some(_) => text::read(body),
    }?;
    tidy::checked(notice)
}

/// The first byte that is neither blank nor of a UTF-8 byte order mark.
fn first(body: &[u8]) -> Option<u8> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    body.iter().copied().find(|b| !b.is_ascii_whitespace())
}
