//! The clients of this process towards Kafka: what receives, sends, asks and measures.
//!
//! ```text
//! topic ══▶ consumer thread ─▶ Outbox ─▶ whoever reads the record
//!                 ▲ answer: commit the offset   refused: ══▶ topic-dlt
//! a record ─▶ producer ══▶ topic ─▶ the brokers' confirmation
//! ```
//!
//! A consumer has one record in work per partition, hands it out through an outbox, and commits an
//! offset when the answer has come, or when the record's dead letter is confirmed. So a record is
//! acknowledged when what came of it is safe, and may come again; its pick's identity is what a
//! repeat is told by.
//!
//! * `settings`; what can go wrong: `error`
//! * receiving: `consumer` (the thread), `context` (the library's calls back), `partitions` (the
//!   bookkeeping), `offsets`, `committer`, `close`
//! * sending: `producer`; refused records: `dead_letters`
//! * looking at it: `link` (how things stand), `look`, `stats`; from outside: `onlooker` (the client),
//!   `admin`, `peek`, `bench`
//!
//! No type of the Kafka library leaves this crate, and nothing here knows actors.

use chrono::TimeDelta;
use closecall_calendar::Clock;
use closecall_supervision::FaultPoints;

pub mod admin;
pub mod bench;
mod close;
mod committer;
mod consumer;
mod context;
mod dead_letters;
mod error;
mod link;
mod look;
mod offsets;
mod onlooker;
mod partitions;
pub mod peek;
pub mod producer;
mod record;
mod settings;
mod stats;

pub use consumer::Source;
pub use dead_letters::{DeadLetterStore, FoundDeadLetter, Letters};
pub use error::Error;
pub use producer::Producer;
pub use record::{Received, Unread};
pub use settings::{GroupProtocol, KafkaSettings, SecurityProtocol};
pub use stats::{ClientView, KafkaSnapshot, KafkaStats, PartitionLag};

/// The name of the bridge among the stages: in logs, dead letters, metrics and faults.
pub const STAGE: &str = "kafka-bridge";

/// What every side of the bridge shares.
#[derive(Debug)]
pub struct Parts {
    /// Section `kafka` of the configuration.
    pub settings: KafkaSettings,
    /// What the clients see of themselves.
    pub stats: KafkaStats,
    /// Dates what has no date.
    pub clock: Clock,
    /// How long after its timestamp a record expires that does not say so itself.
    pub expires_after: Option<TimeDelta>,
    /// Where faults are injected.
    pub faults: FaultPoints,
}
