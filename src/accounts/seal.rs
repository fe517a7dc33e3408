//! What a page gives a visitor to bring back unchanged: when a form was shown, or that the password was right.

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::platform::{App, Result, keepsake};

/// This installation's key for them.
pub(super) struct Seal(String);

impl Seal {
    /// The key, made at its first use.
    pub(super) async fn of(app: &App) -> Result<Self> {
        keepsake(app, "form key").await.map(Self)
    }

    /// `words` with the time and a signature. `purpose` keeps one kind from passing for another.
    pub(super) fn stamp(&self, purpose: &str, words: &str, wall: DateTime<Utc>) -> String {
        let signed = format!("{}.{words}", wall.timestamp_millis());
        let signature = self.mac(purpose, &signed).map(|mac| mac.finalize());
        let signature = signature.map(|mac| hex::encode(mac.into_bytes()));
        format!("{signed}.{}", signature.unwrap_or_default())
    }

    /// The words and when they were stamped, where it was here and at most `oldest` ago.
    pub(super) fn open(
        &self,
        purpose: &str,
        stamp: &str,
        wall: DateTime<Utc>,
        oldest: TimeDelta,
    ) -> Option<(String, DateTime<Utc>)> {
        let (signed, signature) = stamp.rsplit_once('.')?;
        let signature = hex::decode(signature).ok()?;
        self.mac(purpose, signed)?.verify_slice(&signature).ok()?;
        let (millis, words) = signed.split_once('.')?;
        let at = DateTime::from_timestamp_millis(millis.parse().ok()?)?;
        (wall - at <= oldest).then(|| (words.to_owned(), at))
    }

    fn mac(&self, purpose: &str, signed: &str) -> Option<Hmac<Sha256>> {
        let mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).ok()?;
        Some(
            mac.chain_update(purpose)
                .chain_update("\n")
                .chain_update(signed),
        )
    }
}
