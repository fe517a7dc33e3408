//! The night desk of an astronomy club, in one program and one file.
//!
//! A notice's way: [`intake`] hears it on Kafka and takes it in through one door, [`intake::take`]; [`notices`] reads its
//! bytes; [`bursts`] records it under its burst, in one transaction with the event that [`platform::bus`] then tells to
//! every browser. The modules stand in reading order: each uses only those before it (`tests/it/architecture.rs` sees to that).

pub mod platform;

pub mod sky;

pub mod notices;

pub mod accounts;

pub mod bursts;

pub mod alerts;

pub mod intake;

pub mod observations;

pub mod hello;

pub mod keeping;

pub mod home;

pub mod ops;

pub mod demo;

pub mod serve;

pub mod cli;
