//! Lays a letter out, as text and as HTML.

use askama::Template;

use super::words::{Said, Section};
use crate::platform::outbox::{Letter, Picture, Thread};
use crate::platform::{Error, Result};

#[derive(Template)]
#[template(path = "alerts/letters/letter.html")]
struct Html<'a> {
    said: &'a Said,
    pictures: &'a [Picture],
}

#[derive(Template)]
#[template(path = "alerts/letters/letter.txt")]
struct Text<'a> {
    said: &'a Said,
}

impl Html<'_> {
    fn picture(&self, section: &Section) -> Option<&Picture> {
        let cid = section.picture?;
        self.pictures.iter().find(|picture| picture.cid == cid)
    }
}

/// The letter of these words and pictures.
pub(super) fn letter(
    said: Said,
    pictures: Vec<Picture>,
    to_name: String,
    thread: Option<Thread>,
) -> Result<Box<Letter>> {
    let html = Html {
        said: &said,
        pictures: &pictures,
    };
    let html = html
        .render()
        .map_err(|error| Error::Internal(error.into()))?;
    let text = Text { said: &said };
    let text = text
        .render()
        .map_err(|error| Error::Internal(error.into()))?;
    let text = spaced(&text);
    Ok(Box::new(Letter {
        to_name: Some(to_name),
        subject: said.subject,
        text,
        html,
        pictures,
        thread,
        unsubscribe: said.stop,
    }))
}

/// The text with one blank line where there are several, and none at its beginning.
fn spaced(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len());
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() && (spaced.is_empty() || spaced.ends_with("\n\n")) {
            continue;
        }
        spaced += line;
        spaced.push('\n');
    }
    spaced
}
