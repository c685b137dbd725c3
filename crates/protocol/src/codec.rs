//! How the facts are written on their topics, in the original's form, and read back tolerantly.
//!
//! A [`Record`] is a Kafka record without Kafka. Each topic has a module with an `encode` and a
//! `decode`; [`event`] holds the headers they share and [`dead_letter`] those of the dead-letter
//! topics. Extra fields and headers are ours: a reader of the original ignores them, and a record
//! without them is read as version 1.

pub mod dataset;
pub mod dead_letter;
pub mod event;
pub mod forecast;
mod headers;
pub mod moment;
pub mod pick;
mod record;

pub use record::{Arrival, Record};

#[cfg(test)]
mod tests;
