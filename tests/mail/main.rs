//! Letters under fire: a relay that fails at every turn, a program that is killed every few seconds, and a real mail server.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up should fail loudly"
)]

mod faults;
mod server;
#[path = "../it/smtp.rs"]
#[expect(dead_code, reason = "these tests need less of it")]
mod smtp;
