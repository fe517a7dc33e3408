//! Forms: fields with their labels, what was typed, and what is wrong with it.

use serde::{Deserialize as _, Deserializer};
use serde_json::Value;

use crate::platform::error::FieldFault;
use crate::platform::{Error, Result};

/// One field, as `platform/web/field.html` shows it.
#[derive(Debug, Clone)]
pub struct Field {
    /// Unique on its page.
    pub id: String,
    pub name: &'static str,
    pub label: &'static str,
    /// The input's type: text, email, password …
    pub kind: &'static str,
    pub value: String,
    /// What browsers may fill in by themselves (autocomplete).
    pub fills: &'static str,
    pub hint: String,
    pub fault: Option<String>,
}

impl Field {
    pub fn new(name: &'static str, label: &'static str) -> Self {
        Self {
            id: name.into(),
            name,
            label,
            kind: "text",
            value: String::new(),
            fills: "off",
            hint: String::new(),
            fault: None,
        }
    }

    #[must_use]
    pub fn kind(self, kind: &'static str, fills: &'static str) -> Self {
        Self {
            kind,
            fills,
            ..self
        }
    }

    #[must_use]
    pub fn value(self, value: impl Into<String>) -> Self {
        let value = value.into();
        Self { value, ..self }
    }

    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        Self { hint, ..self }
    }

    /// The same in a form called `form`, where a page has several.
    #[must_use]
    pub fn within(self, form: &str) -> Self {
        let id = format!("{form}-{}", self.name);
        Self { id, ..self }
    }

    /// The same with what is wrong with it, if anything is.
    #[must_use]
    pub fn judged(self, faults: &[FieldFault]) -> Self {
        let own = faults.iter().find(|fault| fault.field == self.name);
        let fault = own.map(|fault| sentence(&fault.message));
        Self { fault, ..self }
    }
}

/// For `deserialize_with`: a null that was sent is not the same as nothing sent.
pub fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// With a capital, and a full stop.
pub fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(char::to_uppercase);
    let text: String = first.into_iter().flatten().chain(letters).collect();
    match text.ends_with(['.', '?', '!']) {
        true => text,
        false => text + ".",
    }
}

/// What is wrong with the input, gathered, so that all of it is said at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldFault>);

impl Faults {
    /// What was understood; else its fault is noted under `field`.
    pub fn take<T>(&mut self, field: &str, understood: Result<T, String>) -> Option<T> {
        understood.map_err(|message| self.add(field, message)).ok()
    }

    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldFault {
            field: field.into(),
            message: message.into(),
        });
    }

    /// Notes a fault where nothing was given.
    pub fn require(&mut self, field: &str, given: Option<&Value>) {
        if given.is_none() {
            self.add(field, "is needed");
        }
    }

    /// Puts what was given, as `read` understands it, into `place`; nothing given leaves that as it is.
    pub fn put<T>(
        &mut self,
        field: &str,
        given: Option<&Value>,
        place: &mut T,
        read: impl Fn(&Value) -> Option<T>,
        must: &str,
    ) {
        match given.map(read) {
            None => {}
            Some(Some(value)) => *place = value,
            Some(None) => self.add(field, must),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was made of the input, unless something was wrong with it.
    pub fn checked<T>(self, made: T) -> Result<T, Vec<FieldFault>> {
        match self.0.is_empty() {
            true => Ok(made),
            false => Err(self.0),
        }
    }

    /// [`Error::Invalid`] where anything is wrong.
    pub fn done(self) -> Result<()> {
        match self.0.is_empty() {
            true => Ok(()),
            false => Err(Error::Invalid(self.0)),
        }
    }
}
