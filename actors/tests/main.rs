//! The promises of the stages and of the Kafka bridge.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may fail loudly"
)]

mod bad_input;
mod kafka_doors;
mod kafka_group;
mod kafka_mock;
mod kafka_original;
mod kafka_poison;
mod kafka_reading;
mod kafka_support;
mod pipeline_panicking_ticker;
