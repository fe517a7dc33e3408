//! Why a member is told of a burst.

use serde::{Deserialize, Serialize};

/// Why a letter is written. A member hears of a burst at most once for each, but for positions that become better still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
