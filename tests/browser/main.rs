//! The pages in a real Chromium, against the real program; skipped where there is no Chromium.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod desk;
mod driver;
mod live;
mod looks;
mod member;
mod night;
mod observer;
mod plain;
mod reach;
mod screenshots;
