//! How each part of the program is, in words, for the status page and `/health/readiness`.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What each part last said of itself, and when certain things last happened.
#[derive(Clone, Default)]
pub struct Health(Arc<RwLock<Known>>);

#[derive(Default)]
struct Known {
    parts: BTreeMap<&'static str, Condition>,
    moments: BTreeMap<&'static str, DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Condition {
    pub state: State,
    pub words: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Ok,
    /// Not configured, by choice.
    Off,
    Warn,
}

impl Condition {
    pub fn ok(words: impl Into<String>) -> Self {
        Self {
            state: State::Ok,
            words: words.into(),
            remedy: None,
        }
    }

    pub fn off(words: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            state: State::Off,
            words: words.into(),
            remedy: Some(remedy.into()),
        }
    }

    pub fn warn(words: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            state: State::Warn,
            words: words.into(),
            remedy: Some(remedy.into()),
        }
    }
}

impl Health {
    /// Notes the condition of `part`.
    pub fn note(&self, part: &'static str, condition: Condition) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .parts
            .insert(part, condition);
    }

    /// Warns of `part`, with what to do; the log hears of it when it was not known before.
    pub fn warn(&self, part: &'static str, words: &str, remedy: &str) {
        let known = self
            .of(part)
            .is_some_and(|known| known.state == State::Warn);
        self.note(part, Condition::warn(words, remedy));
        if !known {
            tracing::warn!("{words} {remedy}");
        }
    }

    /// Forgets what was said of `part`: it is well again.
    pub fn clear(&self, part: &str) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .parts
            .remove(part);
    }

    /// What is known of `part`.
    pub fn of(&self, part: &str) -> Option<Condition> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .parts
            .get(part)
            .cloned()
    }

    /// Every part's condition, by name.
    pub fn all(&self) -> BTreeMap<&'static str, Condition> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .parts
            .clone()
    }

    /// Keeps that `what` happened at `at`.
    pub fn mark(&self, what: &'static str, at: DateTime<Utc>) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .moments
            .insert(what, at);
    }

    /// Everything that happened since the start, and when last.
    pub fn moments(&self) -> BTreeMap<&'static str, DateTime<Utc>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .moments
            .clone()
    }

    /// When `what` last happened since the start.
    pub fn moment(&self, what: &str) -> Option<DateTime<Utc>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .moments
            .get(what)
            .copied()
    }
}
