//! Dead letters as rows of the ledger: those of a pipeline within one process, and those that the
//! reporter's role finds in the dead-letter topics.

use std::fmt;

use closecall_kafka::{DeadLetterStore, FoundDeadLetter};
use closecall_ledger::{DeadLetterRow, LedgerInput};
use closecall_protocol::{PickId, Ticker};
use closecall_supervision::{DeadLetter, DeadLetterSink, Recording, SinkError};
use serde_json::{Value, json};

use crate::watched_ledger::WatchedLedger;

/// Records dead letters in the ledger.
#[derive(Clone)]
pub struct LedgerDeadLetters {
    ledger: WatchedLedger,
}

impl fmt::Debug for LedgerDeadLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LedgerDeadLetters").finish_non_exhaustive()
    }
}

impl LedgerDeadLetters {
    /// A sink over the ledger that the reporter writes to.
    #[must_use]
    pub fn new(ledger: WatchedLedger) -> Self {
        Self { ledger }
    }

    /// Records one row; a repeat is harmless.
    ///
    /// # Errors
    /// When the ledger cannot be written for now.
    async fn record_row(&self, row: DeadLetterRow) -> Result<(), SinkError> {
        let ledger = self.ledger.clone();
        tokio::task::spawn_blocking(move || {
            ledger.record(LedgerInput::DeadLetter(Box::new(row)))?;
            Ok(())
        })
        .await?
    }
}

impl DeadLetterSink for LedgerDeadLetters {
    fn record<'a>(&'a self, letter: &'a DeadLetter) -> Recording<'a> {
        Box::pin(async move {
            let row = DeadLetterRow {
                pick_id: letter.id.parse::<PickId>()?,
                stage: letter.stage.clone(),
                reason: letter.reason,
                message: letter.message.clone(),
                ticker: letter
                    .label
                    .as_deref()
                    .and_then(|label| Ticker::new(label).ok()),
                attempts: letter.attempts,
                payload: letter.payload.clone(),
                at: letter.at,
                topic: None,
                partition: None,
                offset: None,
            };
            self.record_row(row).await
        })
    }
}

impl DeadLetterStore for LedgerDeadLetters {
    fn store<'a>(&'a self, letter: &'a FoundDeadLetter) -> Recording<'a> {
        Box::pin(async move {
            let FoundDeadLetter {
                headers,
                record,
                arrival,
                ..
            } = letter;
            let key = record
                .key
                .as_deref()
                .and_then(|key| std::str::from_utf8(key).ok());
            let row = DeadLetterRow {
                pick_id: headers.pick_id,
                stage: headers.stage.clone(),
                reason: headers.reason,
                message: headers.message.clone(),
                ticker: key.and_then(|key| Ticker::new(key).ok()),
                attempts: headers.attempts,
                payload: payload(record.value.as_deref()),
                at: arrival.timestamp,
                topic: Some(headers.topic.clone()),
                partition: Some(headers.partition),
                offset: Some(headers.offset),
            };
            self.record_row(row).await
        })
    }
}

/// Longest value that is copied into the ledger, in bytes; a longer one is found by its place.
const MAX_PAYLOAD: usize = 64 * 1024;

/// The record's value as JSON where it is that, else as text.
fn payload(value: Option<&[u8]>) -> Value {
    match value {
        None => Value::Null,
        Some(value) if value.len() > MAX_PAYLOAD => json!({ "bytes": value.len() }),
        Some(value) => serde_json::from_slice(value)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(value).into_owned())),
    }
}
