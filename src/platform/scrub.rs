//! Takes out of a text what tells who somebody is, or would let a stranger in: mail addresses and keys.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Something to be found in a text; none where it could not be understood, which a test would tell.
pub type Pattern = LazyLock<Option<Regex>>;

static MAIL: Pattern = LazyLock::new(|| Regex::new(r#"[^\s<>"'(),;:=/]+@[^\s<>"'(),;:=/]+"#).ok());

/// Keys, tokens and hashes are long runs without a blank. A copy's name, of 26, is none.
static KEY: Pattern = LazyLock::new(|| Regex::new(r"[A-Za-z0-9_\-]{28,}").ok());

/// `text` without mail addresses.
pub fn without_addresses(text: &str) -> Cow<'_, str> {
    replaced(&MAIL, text, |_| "‹mail address›".into())
}

/// `text` without keys.
pub fn without_keys(text: &str) -> Cow<'_, str> {
    replaced(&KEY, text, |_| "‹key›".into())
}

/// `text` with something else in the place of what `pattern` finds.
pub fn replaced<'t>(
    pattern: &Pattern,
    text: &'t str,
    instead: impl Fn(&str) -> String,
) -> Cow<'t, str> {
    match &**pattern {
        Some(pattern) => pattern.replace_all(text, |found: &Captures| instead(&found[0])),
        None => Cow::Borrowed(text),
    }
}
