//! The actors of the pipeline: thin shells around the domain crates.
//!
//! ```text
//! TickerPicker ─▶ Scraper ─▶ Sentiment ─▶ GruTrainer ─▶ Reporter
//! ```
//!
//! A stage takes a fact in an envelope, does its work inside its
//! [`StageContext`](closecall_supervision::StageContext), hands the next fact to its outbox and
//! answers when that is settled: the reply is the acknowledgement. It never knows whether its
//! neighbour is an actor in this process or a topic. Handlers answer with futures over shared
//! parts, so what waits survives the restart of the stage that waits.
//!
//! The work of a stage is in the domain crates; restarts and delivery are in
//! `closecall-supervision`; how stages are wired is in the binary's topology.

mod dead_letters;
mod gru_trainer;
pub mod kafka_bridge;
mod pick_metadata;
mod reporter;
mod scraper;
mod sentiment;
pub mod stage;
mod stopwatch;
mod ticker_picker;
mod watched_ledger;

pub use dead_letters::LedgerDeadLetters;
pub use gru_trainer::{Forecaster, GruTrainer};
pub use pick_metadata::PickMetadata;
pub use reporter::Reporter;
pub use scraper::Scraper;
pub use sentiment::Sentiment;
pub use ticker_picker::{PickerMode, PickerProgress, PickerSettings, TickerPicker};
pub use watched_ledger::WatchedLedger;
