//! Metadata of a message that delivery needs, without knowing the message's type.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// Reads from a message what its delivery needs. The composition implements it on a type of its
/// own (usually one unit type for all messages), so that message types need not know this crate.
pub trait MessageMetadata<T>: Send + Sync + 'static {
    /// The identity that logs and dead letters carry.
    fn id(&self, message: &T) -> String;

    /// The subject of the message, for people (for example a ticker).
    fn label(&self, message: &T) -> Option<String> {
        let _ = message;
        None
    }

    /// From when on the message is no longer worth working on, on the pipeline's clock.
    fn expires_at(&self, message: &T) -> Option<DateTime<Utc>> {
        let _ = message;
        None
    }

    /// The whole message, for its dead letter.
    fn to_json(&self, message: &T) -> Value;
}
