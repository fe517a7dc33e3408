//! Secrets that are handed out once; the database keeps only their SHA-256.

use sha2::{Digest as _, Sha256};

use crate::platform::random;

/// 256 random bits as hexadecimal digits.
pub(super) fn fresh() -> String {
    random::hex(32)
}

/// What is kept of one. A plain hash will do: nobody guesses 256 random bits.
pub(super) fn hashed(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}
