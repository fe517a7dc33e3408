//! The program as its users and scripts meet it: real router, real database, real commands; nothing needs to be running.

mod architecture;
mod bursts;
mod commands;
mod common;
mod kafka;
mod push;
mod stream;
mod web;
