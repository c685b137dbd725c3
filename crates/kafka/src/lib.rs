//! The clients of this process towards Kafka: what receives, sends, asks and measures.
//!
//! ```text
//! topic ══▶ consumer thread ─▶ Outbox ─▶ reader of the record
//!                 ▲ answer: commit the offset   refused: ══▶ topic-dlt
//! a record ─▶ producer ══▶ topic ─▶ the brokers' confirmation
//! ```
//!
//! A consumer has many records of a partition in work, hands them out through an outbox, and commits
//! the offsets of the settled prefix: a record counts as settled when its answer has come, or when
//! its dead letter is confirmed. So a record is acknowledged when what came of it is safe, and may
//! come again; its pick's identity shows a repeat. Records of one key keep their order.
//!
//! * `settings`; what can go wrong: `error`; what all share: `bridge_context`
//! * receiving: `consumer`, `consumer_loop` (its thread), `partition_queues`, `consumer_callbacks`, `delivery`,
//!   `committer`, `closing`; its decisions, as pure types: `partition`, `partitions`,
//!   `commit_in_flight`, `first_offsets`
//! * sending: `producer`; refused records: `dead_letters`
//! * the library's side: `callbacks`, `events`, `partition_lists`, `offset_reset_log`,
//!   `lost_records`, `record`
//! * state: `connection_state`, `probe`, `unreachable`, `stats`; from outside: `observer` (the client), `admin`,
//!   `peek`, `bench`
//!
//! No type of the Kafka library leaves this crate, and nothing here knows actors.

pub mod admin;
pub mod bench;
mod bridge_context;
mod callbacks;
mod closing;
mod commit_in_flight;
mod committer;
mod connection_state;
mod consumer;
mod consumer_callbacks;
mod consumer_loop;
mod dead_letters;
mod delivery;
mod error;
mod events;
mod first_offsets;
mod lag;
mod lost_records;
mod observer;
mod offset_reset_log;
mod partition;
mod partition_lists;
mod partition_queues;
mod partitions;
pub mod peek;
mod probe;
pub mod producer;
mod record;
mod settings;
mod stats;
mod topic_partition;
mod unreachable;

pub use bridge_context::{BridgeContext, STAGE};
pub use consumer::{HELD_RECORDS, RefusalCheck, TopicConsumer};
pub use dead_letters::{DeadLetterStore, DeadLetterTopic, FoundDeadLetter};
pub use error::Error;
pub use lag::LagTrend;
pub use producer::Producer;
pub use record::{ReceivedRecord, RecordMetadata};
pub use settings::{GroupProtocol, KafkaSettings, SecurityProtocol};
pub use stats::{ClientView, KafkaSnapshot, KafkaStats, PartitionLag};
