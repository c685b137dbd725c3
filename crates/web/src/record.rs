//! The ledger as the pages see it: followed by a thread of its own, so that drawing a page costs the
//! same however long the ledger is.

mod book;
mod keeper;
mod track;

use std::path::Path;
use std::sync::Arc;

use closecall_calendar::Clock;
use tokio::sync::watch;

pub(crate) use self::book::{OutcomeRecord, Said};
pub(crate) use self::track::LedgerFault;
pub use self::track::TrackRecord;

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
