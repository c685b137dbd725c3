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
//! * receiving: `consumer` (the thread), `callbacks` (of the library), `partitions` (the
//!   bookkeeping), `offsets`, `committer`, `closing`
//! * sending: `producer`; refused records: `dead_letters`
//! * state: `connection_state`, `probe`, `stats`; from outside: `observer` (the client), `admin`,
//!   `peek`, `bench`
//!
//! No type of the Kafka library leaves this crate, and nothing here knows actors.

use chrono::TimeDelta;
use closecall_calendar::Clock;
use closecall_supervision::FaultPoints;

pub mod admin;
pub mod bench;
mod callbacks;
mod closing;
mod committer;
mod connection_state;
mod consumer;
mod dead_letters;
mod error;
mod observer;
mod offsets;
mod partitions;
pub mod peek;
mod probe;
pub mod producer;
mod record;
mod settings;
mod stats;

pub use consumer::TopicConsumer;
pub use dead_letters::{DeadLetterStore, DeadLetterTopic, FoundDeadLetter};
pub use error::Error;
pub use producer::Producer;
pub use record::{ReceivedRecord, RecordMetadata};
pub use settings::{GroupProtocol, KafkaSettings, SecurityProtocol};
pub use stats::{ClientView, KafkaSnapshot, KafkaStats, PartitionLag};

/// The name of the bridge among the stages: in logs, dead letters, metrics and faults.
pub const STAGE: &str = "kafka-bridge";

/// What every side of the bridge shares.
#[derive(Debug)]
pub struct BridgeContext {
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
