//! The promises of messages and codecs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may fail loudly"
)]

mod first_version;
mod memory;
mod mutated_records;
mod records_from_the_field;
