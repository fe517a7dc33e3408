//! The program as its users and scripts meet it: real router, real database, real commands; nothing needs to be running.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up should fail loudly"
)]

mod aavso;
mod architecture;
mod attacks;
mod audit;
mod birthday_page;
mod birthday_star;
mod birthdays;
mod bursts;
mod by_hand;
mod commands;
mod common;
mod curve;
mod desk_commands;
mod doctor;
mod doorway;
mod expansion;
mod figures;
mod handing_on;
mod hello;
mod helping;
mod hostile;
mod kafka;
mod keeping;
mod leaving;
mod letters;
mod nights;
mod observations;
mod older_faults;
mod openapi;
mod outbox;
mod owner;
mod people;
mod prove;
mod push;
mod routes;
mod sites;
#[expect(dead_code, reason = "the fault tests need some of it alone")]
mod smtp;
mod stream;
mod telling;
mod told;
mod updating;
mod uploads;
mod web;
