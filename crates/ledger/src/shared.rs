//! Group commit: several threads record, and those that wait for the disk share a transaction.
//!
//! A writer puts its input in the queue and then waits for the ledger. The one that gets the ledger
//! records everything that stands in the queue by then, in one transaction, and leaves each its
//! answer. So each is answered after its own row is safe, and one wait for the disk serves all that
//! came in the meantime.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::writer::{Ledger, LedgerInput, Recorded};

/// Where an answer is left.
type Answer = Arc<Mutex<Option<Result<Recorded, Error>>>>;

/// A ledger that several threads write. Clones share it.
#[derive(Debug, Clone)]
pub struct SharedLedger {
    ledger: Arc<Mutex<Ledger>>,
    queue: Arc<Mutex<Vec<(LedgerInput, Answer)>>>,
}

impl From<Ledger> for SharedLedger {
    fn from(ledger: Ledger) -> Self {
        Self {
            ledger: Arc::new(Mutex::new(ledger)),
            queue: Arc::default(),
        }
    }
}

impl SharedLedger {
    /// Records `input`, together with what others record at the same time. Returns once it is safe.
    ///
    /// # Errors
    /// See [`Error::class`]. An input that cannot be recorded costs the others nothing.
    pub fn record(&self, input: LedgerInput) -> Result<Recorded, Error> {
        let answer = Answer::default();
        lock(&self.queue).push((input, Arc::clone(&answer)));
        let mut ledger = lock(&self.ledger);
        if let Some(recorded) = lock(&answer).take() {
            return recorded;
        }
        // Nothing is answered while the ledger is held, so the own input is still in the queue.
        let waiting = std::mem::take(&mut *lock(&self.queue));
        record_waiting(&mut ledger, waiting);
        drop(ledger);
        // None is left where another thread ended while it recorded what it had taken.
        lock(&answer).take().unwrap_or(Err(Error::Interrupted))
    }

    /// The number of rows, for those that follow the ledger.
    #[must_use]
    pub fn watch(&self) -> tokio::sync::watch::Receiver<i64> {
        lock(&self.ledger).watch()
    }
}

fn record_waiting(ledger: &mut Ledger, waiting: Vec<(LedgerInput, Answer)>) {
    let (inputs, answers): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
    match ledger.record_all(&inputs) {
        Ok(recorded) => {
            for (answer, recorded) in answers.iter().zip(recorded) {
                *lock(answer) = Some(Ok(recorded));
            }
        }
        // One of them may be at fault: each by itself, so that each has its own answer.
        Err(_) => {
            for (input, answer) in inputs.iter().zip(&answers) {
                *lock(answer) = Some(ledger.record(input));
            }
        }
    }
}

/// A thread that panicked elsewhere leaves nothing half done: every change is a transaction.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
