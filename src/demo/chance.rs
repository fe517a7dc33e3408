//! Chance that falls the same way every time, so that every demonstration is the same.

/// A row of numbers that follows from what it is for: SplitMix64 (Steele, Lea and Flood 2014, OOPSLA).
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// The row of one look of one site at one burst.
    pub(super) fn of(trigger: &str, site: i64, after: f64) -> Self {
        let seed = trigger.bytes().fold(site.unsigned_abs(), |seed, byte| {
            seed.wrapping_mul(257).wrapping_add(byte.into())
        });
        Self(seed ^ after.to_bits())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to 1, every number as likely.
    pub(super) fn even(&mut self) -> f64 {
        let high = u32::try_from(self.next() >> 32).unwrap_or_default();
        f64::from(high) / f64::from(u32::MAX)
    }

    /// Around 0 with a spread of 1: close to the normal distribution, and never beyond ±6.
    pub(super) fn spread(&mut self) -> f64 {
        (0..12).map(|_| self.even()).sum::<f64>() - 6.0
    }
}
