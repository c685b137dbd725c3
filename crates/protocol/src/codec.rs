//! Records of the messages on their topics, written in the original's form and read tolerantly.
//!
//! A [`Record`] is a Kafka record without Kafka. Each topic has a module with an `encode` and a
//! `decode`; [`event`] holds the headers they share and [`dead_letter`] those of the dead-letter
//! topics. Extra fields and headers are ours: a reader of the original ignores them, and a record
//! without them is read as version 1.
//!
//! ```
//! use closecall_protocol::codec::{Arrival, Record, pick};
//!
//! // A record as the original writes it: a name, and no more.
//! let record = Record {
//!     value: Some(br#"{"stock_name": "TSLA"}"#.to_vec()),
//!     ..Record::default()
//! };
//! let arrival = Arrival {
//!     topic: "stock-name-selector".into(),
//!     partition: 0,
//!     offset: 42,
//!     timestamp: "2026-01-05T14:30:00Z".parse()?,
//!     expires_after: None,
//! };
//! let picked = pick::decode(&record, &arrival)?;
//! assert_eq!(picked.pick.ticker.as_str(), "TSLA");
//! // Written again it carries its identity, and is read as the same pick.
//! let again = pick::decode(&pick::encode(&picked)?, &arrival)?;
//! assert_eq!(again, picked);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod annotations;
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
