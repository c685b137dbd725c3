//! The way into the ledger. While the ledger cannot be written, what comes is withheld and the process
//! is not ready; the log says so once, and once when it can be written again.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use closecall_ledger::{Error, LedgerInput, Recorded, SharedLedger};
use closecall_supervision::StageContext;

use crate::stage;

/// Records in the ledger, and says whether it can be written. Clones share both.
#[derive(Clone)]
pub struct WatchedLedger {
    ledger: SharedLedger,
    context: StageContext,
    withholding: Arc<AtomicBool>,
}

impl fmt::Debug for WatchedLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchedLedger").finish_non_exhaustive()
    }
}

impl WatchedLedger {
    /// Records in `ledger`, and keeps the process's readiness by it.
    #[must_use]
    pub fn new(ledger: SharedLedger, context: StageContext) -> Self {
        Self {
            ledger,
            context,
            withholding: Arc::default(),
        }
    }

    /// Records one; returns once it is safe. Blocks.
    ///
    /// # Errors
    /// As [`SharedLedger::record`].
    pub fn record(&self, input: LedgerInput) -> Result<Recorded, Error> {
        let recorded = self.ledger.record(input);
        match &recorded {
            // The input's own fault says nothing of the ledger.
            Err(error) if error.class().is_permanent() => {}
            Err(error) => self.withhold(error),
            Ok(_) => self.resume(),
        }
        recorded
    }

    fn withhold(&self, error: &Error) {
        self.context
            .condition(stage::LEDGER, Some(error.to_string()));
        if !self.withholding.swap(true, Ordering::AcqRel) {
            tracing::error!(
                stage = stage::REPORTER, %error,
                "nothing can be recorded: forecasts are withheld until it can"
            );
        }
    }

    fn resume(&self) {
        if self.withholding.swap(false, Ordering::AcqRel) {
            self.context.condition(stage::LEDGER, None);
            tracing::warn!(stage = stage::REPORTER, "the ledger can be written again");
        }
    }
}
