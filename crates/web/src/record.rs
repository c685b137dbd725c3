//! The ledger as the pages see it: followed by a thread of its own, so that drawing a page costs the
//! same however long the ledger is.

mod book;
pub(crate) mod fault;
mod keeper;
mod track;

use std::path::Path;
use std::sync::Arc;

use closecall_calendar::Clock;
use closecall_ledger::{Error, Reader};
use tokio::sync::watch;

use self::book::Book;
pub(crate) use self::book::{OutcomeRecord, Said};
pub use self::track::TrackRecord;
use crate::api::score::ScoreView;
use crate::api::verdict::ScoreVerdict;

/// Rows that are read at once.
const ROWS: u32 = 1_000;

impl TrackRecord {
    /// Follows the ledger in `directory`, which need not be there yet; `rows` are of the writer in
    /// this process, where there is one. Ends with the last handle on it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn follow(
        directory: &Path,
        clock: Clock,
        rows: Option<watch::Receiver<i64>>,
    ) -> std::io::Result<Arc<Self>> {
        let record = Arc::new(Self::new(directory, clock));
        keeper::start(&record, rows)?;
        Ok(record)
    }
}

#[cfg(test)]
impl TrackRecord {
    /// A record that no thread reads.
    pub(crate) fn unread(directory: &Path, clock: Clock) -> Arc<Self> {
        Arc::new(Self::new(directory, clock))
    }
}

/// The verdict over all rows of a ledger. Linear in the ledger; two ledgers with the same outcomes
/// get the same.
///
/// # Errors
/// When the ledger cannot be read.
pub fn judge(reader: &Reader) -> Result<ScoreVerdict, Error> {
    let mut book = Book::default();
    loop {
        let events = reader.events(book.rows, ROWS)?;
        if events.is_empty() {
            break;
        }
        for event in &events {
            book.apply(event, None);
        }
    }
    let outcomes: Vec<&OutcomeRecord> = book.outcomes.values().collect();
    Ok(ScoreView::of(&outcomes, book.forecasts, "", book.rows).verdict)
}
