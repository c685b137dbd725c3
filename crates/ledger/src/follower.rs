//! Followers: the way out of the ledger for console, page, metrics and alerts. A follower reads
//! rows from where it had come to, so a slow one holds up no other, and one that begins again misses
//! and repeats nothing as long as its user keeps the cursor.

use std::path::Path;
use std::time::Duration;

use tokio::sync::watch;

use crate::error::Error;
use crate::event::LedgerEvent;
use crate::reader::Reader;

/// Rows that are handed over at once.
const BATCH: u32 = 256;

/// Pause between two looks at a ledger that another process writes.
const LOOK: Duration = Duration::from_secs(1);

/// Follows a ledger, row by row.
#[derive(Debug)]
pub struct Follower {
    reader: Reader,
    cursor: i64,
    /// `None` where another process writes the ledger.
    rows: Option<watch::Receiver<i64>>,
}

impl Follower {
    /// Follows the ledger in `directory` from the row after `cursor` (0: from the first). `rows`
    /// are of the writer in this process, [`crate::Ledger::watch`]; without them the ledger is
    /// looked at once a second.
    ///
    /// # Errors
    /// See [`Reader::open`].
    pub fn open(
        directory: &Path,
        cursor: i64,
        rows: Option<watch::Receiver<i64>>,
    ) -> Result<Self, Error> {
        Ok(Self {
            reader: Reader::open(directory)?,
            cursor,
            rows,
        })
    }

    /// The ledger that is followed, for what an event leaves out.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The last row that was handed over.
    #[must_use]
    pub fn cursor(&self) -> i64 {
        self.cursor
    }

    /// Rows that were recorded since, in order; nothing where nothing was. Does not wait.
    ///
    /// # Errors
    /// When the database or a row cannot be read; the cursor stays.
    pub fn poll(&mut self) -> Result<Vec<LedgerEvent>, Error> {
        let events = self.reader.events(self.cursor, BATCH)?;
        self.cursor = events.last().map_or(self.cursor, |event| event.seq);
        Ok(events)
    }

    /// Waits until something was recorded, and hands it over. Nothing is handed over once the
    /// writer is gone and all of its rows were.
    ///
    /// # Cancel safety
    /// The cursor moves only when rows are handed over.
    ///
    /// # Errors
    /// When the database or a row cannot be read; the cursor stays.
    pub async fn next(&mut self) -> Result<Vec<LedgerEvent>, Error> {
        loop {
            // Seen before the rows are read, so that one that comes in between wakes at once.
            let gone = self.rows.as_mut().is_some_and(|rows| {
                rows.mark_unchanged();
                rows.has_changed().is_err()
            });
            let events = self.poll()?;
            if gone || !events.is_empty() {
                return Ok(events);
            }
            match &mut self.rows {
                // An error says that the writer is gone: read once more, then end.
                Some(rows) => drop(rows.changed().await),
                None => tokio::time::sleep(LOOK).await,
            }
        }
    }
}
