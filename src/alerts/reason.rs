//! Why a member is told of a burst.

use serde::{Deserialize, Serialize};

/// Why a letter is written. A member hears of a burst at most once for each, save that a position can become better still,
/// and that what was withdrawn and came back can be withdrawn again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// A burst that this member has not heard of.
    New,
    /// The position is much better: a tier up, or the radius halved twice.
    Better,
    /// What was doubtful is a burst after all.
    Classified,
    /// Only now can it be observed from one of the member's sites.
    Observable,
    /// It was none; told to everyone who was told of it.
    Withdrawn,
    /// The morning's letter.
    Digest,
}

impl Reason {
    pub const ALL: [Self; 6] = [
        Self::New,
        Self::Better,
        Self::Classified,
        Self::Observable,
        Self::Withdrawn,
        Self::Digest,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Better => "better",
            Self::Classified => "classified",
            Self::Observable => "observable",
            Self::Withdrawn => "withdrawn",
            Self::Digest => "digest",
        }
    }

    /// From the word of [`Reason::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}
