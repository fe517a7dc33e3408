//! A name as the hello API takes it: letters from A to Z, large or small.

use std::ops::Deref;

use compact_str::CompactString;

/// The longest name, letters.
const LONGEST: usize = 255;

/// A name in small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(CompactString);

impl Name {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let letters = text.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !letters || text.is_empty() || text.len() > LONGEST {
            return Err(format!("must be 1 to {LONGEST} letters from A to Z"));
        }
        let mut name = CompactString::from(text);
        name.make_ascii_lowercase();
        Ok(Self(name))
    }

    /// With a capital, as in a greeting: Pepe.
    pub(super) fn shown(&self) -> CompactString {
        let mut name = self.0.clone();
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        name
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}
