//! A message that ended without its work done, and where such messages are recorded.

use std::future::Future;
use std::pin::Pin;

use chrono::{DateTime, Utc};
use closecall_protocol::Reason;
use serde::Serialize;
use serde_json::Value;

/// A message on which a stage gave up, with the reason.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeadLetter {
    /// Identity of the message.
    pub id: String,
    /// The subject of the message.
    pub label: Option<String>,
    /// The stage that refused it.
    pub stage: String,
    /// The reason.
    pub reason: Reason,
    /// The event, for people.
    pub message: String,
    /// Number of times that the stage panicked on it, plus one where it then answered.
    pub attempts: u32,
    /// The message itself.
    pub payload: Value,
    /// When, on the pipeline's clock.
    pub at: DateTime<Utc>,
}

/// Reason that a dead letter could not be recorded for now.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// The outcome of recording a dead letter, to be awaited.
pub type Recording<'a> = Pin<Box<dyn Future<Output = Result<(), SinkError>> + Send + 'a>>;

/// Where dead letters are recorded: a ledger, a dead-letter topic.
pub trait DeadLetterSink: Send + Sync + 'static {
    /// Records `letter`; `Ok` means that it is safe and its message is thereby settled. On an error
    /// the sender tries again until it is recorded or the process ends, so a repeat must be
    /// harmless.
    fn record<'a>(&'a self, letter: &'a DeadLetter) -> Recording<'a>;
}
