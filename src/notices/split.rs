//! Cuts a file that holds several notices into the bodies of the single ones.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::bytes::Regex;
use serde_json::Value;

static TITLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?m)^TITLE:[ \t]+GCN").ok());

/// The bodies of the notices in a file: the elements of a JSON array, the lines of ndjson, the circulars of an
/// archive's `{"circulars": […]}`, and texts one after the other, each from its `TITLE:`. An ordinary file is one body,
/// byte for byte; so is one that cannot be cut, for `read` to say what is wrong with it.
pub fn split(file: &[u8]) -> Vec<Cow<'_, [u8]>> {
    let json = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    let bodies = match super::first(file) {
        Some(b'[') => array(json),
        Some(b'{') => lines(json).or_else(|| archive(json)),
        Some(b'<') | None => None,
        Some(_) => texts(file),
    };
    bodies.unwrap_or_else(|| vec![Cow::Borrowed(file)])
}

fn array(json: &[u8]) -> Option<Vec<Cow<'_, [u8]>>> {
    let inner = json.trim_ascii().strip_prefix(b"[")?.strip_suffix(b"]")?;
    objects(inner, Some(b','))
}

fn lines(json: &[u8]) -> Option<Vec<Cow<'_, [u8]>>> {
    objects(json, None).filter(|bodies| bodies.len() > 1)
}

/// The objects that follow one another with nothing but blanks and the separator between; `None` for anything else.
fn objects(json: &[u8], separator: Option<u8>) -> Option<Vec<Cow<'_, [u8]>>> {
    let mut bodies = Vec::new();
    let mut rest = json.trim_ascii();
    while !rest.is_empty() {
        let (body, after) = rest.split_at(object(rest)?);
        bodies.push(Cow::Borrowed(body));
        rest = after.trim_ascii();
        if let (Some(separator), Some(next)) = (separator, rest.first()) {
            if *next != separator {
                return None;
            }
            rest = rest[1..].trim_ascii();
        }
    }
    Some(bodies).filter(|bodies| !bodies.is_empty())
}

/// How long the JSON object is with which `json` begins.
fn object(json: &[u8]) -> Option<usize> {
    if json.first() != Some(&b'{') {
        return None;
    }
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in json.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn archive(json: &[u8]) -> Option<Vec<Cow<'_, [u8]>>> {
    let head = &json[..json.len().min(4096)];
    let named = head.windows(12).any(|w| w == b"\"circulars\":");
    let archive: Value = named.then(|| serde_json::from_slice(json).ok()).flatten()?;
    let circulars = archive.get("circulars")?.as_array()?;
    let bodies = circulars
        .iter()
        .map(|c| serde_json::to_vec(c).map(Cow::Owned));
    bodies.collect::<Result<Vec<_>, _>>().ok()
}

fn texts(file: &[u8]) -> Option<Vec<Cow<'_, [u8]>>> {
    let titles = TITLE.as_ref()?.find_iter(file).map(|m| m.start());
    let starts: Vec<usize> = titles.collect();
    let ends = starts.iter().skip(1).copied().chain([file.len()]);
    let bodies = starts
        .iter()
        .zip(ends)
        .map(|(start, end)| Cow::Borrowed(&file[*start..end]));
    Some(bodies.collect::<Vec<_>>()).filter(|bodies| bodies.len() > 1)
}
