//! Dead letters of a pipeline within one process: rows of the ledger.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use closecall_ledger::{DeadLetterRow, Ledger, Recorded as Row};
use closecall_protocol::{PickId, Reason, Ticker};
use closecall_supervision::{DeadLetter, DeadLetterSink, Recorded, SinkError};

/// Records dead letters in the ledger, and tells `announce` of each that is new.
#[derive(Clone)]
pub struct LedgerDeadLetters {
    ledger: Arc<Mutex<Ledger>>,
    announce: Arc<dyn Fn(&DeadLetterRow) + Send + Sync>,
}

impl fmt::Debug for LedgerDeadLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LedgerDeadLetters").finish_non_exhaustive()
    }
}

impl LedgerDeadLetters {
    /// A sink over the ledger that the reporter writes to.
    #[must_use]
    pub fn new(
        ledger: Arc<Mutex<Ledger>>,
        announce: Arc<dyn Fn(&DeadLetterRow) + Send + Sync>,
    ) -> Self {
        Self { ledger, announce }
    }

    /// Records one row; a repeat is harmless.
    ///
    /// # Errors
    /// When the ledger cannot be written for now.
    pub async fn record_row(&self, row: DeadLetterRow) -> Result<(), SinkError> {
        let (ledger, announce) = (Arc::clone(&self.ledger), Arc::clone(&self.announce));
        tokio::task::spawn_blocking(move || {
            let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
            let recorded = ledger.record_dead_letter(&row)?;
            drop(ledger);
            if matches!(recorded, Row::New { .. }) {
                announce(&row);
            }
            Ok(())
        })
        .await?
    }
}

impl DeadLetterSink for LedgerDeadLetters {
    fn record<'a>(&'a self, letter: &'a DeadLetter) -> Recorded<'a> {
        Box::pin(async move {
            let row = DeadLetterRow {
                pick_id: letter.id.parse::<PickId>()?,
                stage: letter.stage.clone(),
                reason: letter.reason.parse::<Reason>()?,
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
