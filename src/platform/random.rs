//! The one place that chance comes from.

/// `bytes` random bytes as hexadecimal digits, from the operating system's generator.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the place that others ask"
)]
pub fn hex(bytes: usize) -> String {
    (0..bytes)
        .map(|_| format!("{:02x}", rand::random::<u8>()))
        .collect()
}

/// A factor between 1 − `spread` and 1 + `spread`, so that many waiters do not come back at once.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the place that others ask"
)]
pub fn jitter(spread: f64) -> f64 {
    1.0 + spread * (2.0 * rand::random::<f64>() - 1.0)
}
