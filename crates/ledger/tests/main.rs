//! The promises of the record.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may fail loudly"
)]

mod derived;
mod first_version;
mod following;
mod identities;
mod late_and_foreign;
mod model;
mod one_writer;
mod outcomes;
mod scoring;
mod support;
mod tampering;
