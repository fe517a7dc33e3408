//! Reads the XML of a VOEvent into the few things a notice is made of, within bounds and without a DTD.

use std::borrow::Cow;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::NoticeError;

/// VOEvents go eleven deep; nothing honest comes near this.
const DEEPEST: usize = 64;
const MOST_PARAMS: usize = 4096;

/// What stands in a VOEvent, as text.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub ivorn: String,
    pub role: String,
    pub date: String,
    pub author: String,
    pub time: String,
    pub ra: String,
    pub dec: String,
    pub radius: String,
    pub how: String,
    /// `cite` and the cited ivorn.
    pub citations: Vec<(String, String)>,
    pub params: Vec<Param>,
    groups: Vec<String>,
    complete_time: bool,
    complete_position: bool,
}

#[derive(Debug)]
pub(super) struct Param {
    group: usize,
    pub name: String,
    pub value: String,
}

impl Document {
    /// The value of the first parameter of this name in any group, without blanks around it; never empty.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        let param = self.params.iter().find(|p| p.name == name)?;
        Some(param.value.trim()).filter(|v| !v.is_empty())
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.param(name)?.parse().ok()
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        self.param(name).is_some_and(|v| v == "true" || v == "1")
    }

    pub(super) fn group<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Param> {
        self.params
            .iter()
            .filter(move |p| self.groups.get(p.group).is_some_and(|g| g == name))
    }
}

/// Reads a VOEvent of version 1.1 or 2.0, whatever its prefix and encoding.
pub(super) fn document(body: &[u8]) -> Result<Document, NoticeError> {
    let text = decode(body);
    let mut reader = Reader::from_str(&text);
    let mut walk = Walk::default();
    loop {
        let event = reader.read_event().map_err(unread)?;
        match event {
            Event::Start(start) => walk.open(&start)?,
            Event::Empty(start) => {
                walk.open(&start)?;
                walk.close();
            }
            Event::End(_) => walk.close(),
            Event::Text(text) => walk.text.push_str(&text),
            Event::CData(text) => walk.text.push_str(&text),
            Event::GeneralRef(name) => walk.reference(&name)?,
            Event::DocType(_) => return Err(NoticeError::Dtd),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    if !walk.path.is_empty() {
        return Err(NoticeError::CutOff);
    }
    if walk.roots == 0 {
        return Err(NoticeError::Empty);
    }
    Ok(walk.document)
}

fn unread(why: quick_xml::Error) -> NoticeError {
    match why {
        // A tag, comment or section that is opened and never closed.
        quick_xml::Error::Syntax(_) => NoticeError::CutOff,
        why => broken(&why),
    }
}

fn broken(why: &dyn std::fmt::Display) -> NoticeError {
    NoticeError::Xml(why.to_string())
}

/// The text of the body: UTF-16 by its mark, Latin-1 where declared, else UTF-8 with unreadable bytes replaced.
fn decode(body: &[u8]) -> Cow<'_, str> {
    let wide = |read: fn([u8; 2]) -> u16| {
        let units = body[2..].chunks_exact(2).map(|c| read([c[0], c[1]]));
        let chars = char::decode_utf16(units);
        chars
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    match body {
        [0xFF, 0xFE, ..] => Cow::Owned(wide(u16::from_le_bytes)),
        [0xFE, 0xFF, ..] => Cow::Owned(wide(u16::from_be_bytes)),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest),
        _ if is_latin_1(body) => Cow::Owned(body.iter().map(|b| char::from(*b)).collect()),
        _ => String::from_utf8_lossy(body),
    }
}

fn is_latin_1(body: &[u8]) -> bool {
    let head = &body[..body.len().min(120)];
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let declaration = head.split("?>").next().unwrap_or_default();
    declaration.contains("iso-8859-1") || declaration.contains("windows-1252")
}

#[derive(Default)]
struct Walk {
    document: Document,
    path: Vec<Step>,
    /// The character data since the last tag.
    text: String,
    roots: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Root,
    Who,
    Author,
    AuthorName,
    Date,
    Group,
    Param,
    Value,
    ObsDataLocation,
    IsoTime,
    Position2D,
    C1,
    C2,
    Radius,
    How,
    Description,
    Citation,
    Other,
}

impl Walk {
    fn open(&mut self, start: &BytesStart) -> Result<(), NoticeError> {
        self.text.clear();
        let name = start.local_name();
        let name = name.as_ref();
        let step = self.step(name);
        match step {
            Step::Root => self.root(name, start)?,
            Step::Group => {
                let group = attribute(start, "name")?.or(attribute(start, "type")?);
                self.document.groups.push(group.unwrap_or_default());
            }
            Step::Param => self.param(start)?,
            Step::Citation => {
                let cite = attribute(start, "cite")?.unwrap_or_default();
                self.document.citations.push((cite, String::new()));
            }
            _ => {}
        }
        if self.path.len() >= DEEPEST {
            return Err(NoticeError::TooDeep);
        }
        self.path.push(step);
        Ok(())
    }

    fn step(&self, name: &str) -> Step {
        if self.path.is_empty() {
            return Step::Root;
        }
        let parent = self.path.last().copied();
        match (parent, name) {
            (_, "Who") => Step::Who,
            (_, "Author") => Step::Author,
            (Some(Step::Author), "shortName" | "title" | "contactName") => Step::AuthorName,
            (Some(Step::Who), "Date") => Step::Date,
            (_, "Group") => Step::Group,
            (_, "Param") => Step::Param,
            (Some(Step::Param), "Value") => Step::Value,
            (_, "ObsDataLocation") => Step::ObsDataLocation,
            (_, "ISOTime") => Step::IsoTime,
            (_, "Position2D") => Step::Position2D,
            (_, "C1") if self.path.contains(&Step::Position2D) => Step::C1,
            (_, "C2") if self.path.contains(&Step::Position2D) => Step::C2,
            (Some(Step::Position2D), "Error2Radius") => Step::Radius,
            (_, "How") => Step::How,
            (Some(Step::How), "Description") => Step::Description,
            (_, "EventIVORN" | "EventID") => Step::Citation,
            _ => Step::Other,
        }
    }

    fn root(&mut self, name: &str, start: &BytesStart) -> Result<(), NoticeError> {
        self.roots += 1;
        if name != "VOEvent" || self.roots > 1 {
            return Err(NoticeError::NotAVoevent(name.chars().take(40).collect()));
        }
        self.document.ivorn = match attribute(start, "ivorn")? {
            Some(ivorn) => ivorn,
            None => attribute(start, "id")?.unwrap_or_default(),
        };
        self.document.role = attribute(start, "role")?.unwrap_or_default();
        Ok(())
    }

    fn param(&mut self, start: &BytesStart) -> Result<(), NoticeError> {
        if self.document.params.len() >= MOST_PARAMS {
            return Err(NoticeError::TooDeep);
        }
        let in_group = self.path.contains(&Step::Group);
        let group = if in_group {
            self.document.groups.len().wrapping_sub(1)
        } else {
            usize::MAX
        };
        let (mut name, mut value) = (String::new(), String::new());
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|why| broken(&why))?;
            let field = match attribute.key.as_ref() {
                "name" => &mut name,
                "value" => &mut value,
                _ => continue,
            };
            *field = plain(&attribute)?;
        }
        self.document.params.push(Param { group, name, value });
        Ok(())
    }

    fn reference(&mut self, name: &quick_xml::events::BytesRef) -> Result<(), NoticeError> {
        if let Some(char) = name.resolve_char_ref().map_err(|why| broken(&why))? {
            self.text.push(char);
            return Ok(());
        }
        let known = quick_xml::escape::resolve_predefined_entity(name);
        let known =
            known.ok_or_else(|| NoticeError::Xml(format!("unknown entity &{};", &**name)))?;
        self.text.push_str(known);
        Ok(())
    }

    fn close(&mut self) {
        let step = self.path.pop();
        let text = std::mem::take(&mut self.text);
        let text = text.trim();
        let document = &mut self.document;
        let target = match step {
            Some(Step::Date) => &mut document.date,
            Some(Step::AuthorName) if document.author.is_empty() => &mut document.author,
            Some(Step::IsoTime) if !document.complete_time => &mut document.time,
            Some(Step::C1) if !document.complete_position => &mut document.ra,
            Some(Step::C2) if !document.complete_position => &mut document.dec,
            Some(Step::Radius) if !document.complete_position => &mut document.radius,
            Some(Step::Description) if document.how.is_empty() => &mut document.how,
            Some(Step::Value) => match document.params.last_mut() {
                Some(param) if param.value.is_empty() => &mut param.value,
                _ => return,
            },
            Some(Step::Citation) => match document.citations.last_mut() {
                Some((_, ivorn)) => ivorn,
                None => return,
            },
            // A second place and time in one notice is an earlier one's, told again.
            Some(Step::ObsDataLocation) => {
                document.complete_time |= !document.time.is_empty();
                document.complete_position |= !document.ra.is_empty();
                return;
            }
            _ => return,
        };
        text.clone_into(target);
    }
}

fn attribute(start: &BytesStart, name: &str) -> Result<Option<String>, NoticeError> {
    match start.try_get_attribute(name).map_err(|why| broken(&why))? {
        Some(attribute) => plain(&attribute).map(Some),
        None => Ok(None),
    }
}

fn plain(attribute: &quick_xml::events::attributes::Attribute) -> Result<String, NoticeError> {
    let value = attribute.normalized_value(XmlVersion::Implicit1_0);
    Ok(value.map_err(|why| broken(&why))?.into_owned())
}
