//! The ledger as the pages see it: followed by a thread of its own, so that drawing a page costs the
//! same however long the ledger is.

mod book;
mod keeper;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use chrono::{DateTime, Utc};
use closecall_calendar::Clock;
use closecall_ledger::{Error, Reader};
use closecall_protocol::Ticker;
use tokio::sync::{broadcast, watch};

pub(crate) use book::{Book, OutcomeRecord, Said};

use crate::api::score::ScoreView;
use crate::events::Event;

/// Events that a reader may fall behind before it has to fetch all again.
const BEHIND: usize = 256;

/// Result of the last verification of the whole ledger.
#[derive(Debug, Clone)]
pub(crate) struct Verification {
    pub(crate) at: DateTime<Utc>,
    /// The same in real time.
    pub(crate) when: std::time::Instant,
    /// Rows that were verified; of a damaged ledger, what is wrong with it.
    pub(crate) result: Result<i64, String>,
}

/// The record of a data directory.
#[derive(Debug)]
pub struct TrackRecord {
    directory: PathBuf,
    clock: Clock,
    readers: Mutex<Vec<Reader>>,
    book: RwLock<Book>,
    /// Whether the rows that were there at the start have been read.
    caught_up: watch::Sender<bool>,
    score: RwLock<Arc<ScoreView>>,
    /// Scores of single tickers, each with the generation of outcomes that it is of.
    by_ticker: Mutex<HashMap<Ticker, (u64, Arc<ScoreView>)>>,
    verification: Mutex<Option<Verification>>,
    events: broadcast::Sender<Event>,
    stop: watch::Sender<bool>,
}

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
        let record = Arc::new(Self {
            directory: directory.to_owned(),
            clock,
            readers: Mutex::default(),
            book: RwLock::default(),
            caught_up: watch::Sender::new(false),
            score: RwLock::new(Arc::new(ScoreView::default())),
            by_ticker: Mutex::default(),
            verification: Mutex::default(),
            events: broadcast::Sender::new(BEHIND),
            stop: watch::Sender::new(false),
        });
        keeper::start(&record, rows)?;
        Ok(record)
    }

    /// Waits until the rows that were there at the start have been read.
    pub async fn caught_up(&self) {
        let mut caught_up = self.caught_up.subscribe();
        // An error would say that `self` is gone.
        drop(caught_up.wait_for(|caught_up| *caught_up).await);
    }

    /// The data directory.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether the record is too good to be believed; `None` while it is being read.
    #[must_use]
    pub fn is_suspect(&self) -> Option<bool> {
        let suspect = self.score().verdict.kind == crate::api::verdict::VerdictKind::Suspect;
        self.is_caught_up().then_some(suspect)
    }

    /// Whether the ledger verifies; `None` before that was found out.
    #[must_use]
    pub fn verifies(&self) -> Option<bool> {
        Some(self.verification()?.result.is_ok())
    }

    pub(crate) fn is_caught_up(&self) -> bool {
        *self.caught_up.borrow()
    }

    pub(crate) fn book(&self) -> RwLockReadGuard<'_, Book> {
        self.book.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The score of all outcomes, as of at most some seconds ago.
    pub(crate) fn score(&self) -> Arc<ScoreView> {
        Arc::clone(&self.score.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The score of one ticker.
    pub(crate) fn score_of(&self, ticker: &Ticker) -> Arc<ScoreView> {
        let (generation, view) = {
            let book = self.book();
            if let Some((generation, view)) = lock(&self.by_ticker).get(ticker)
                && *generation == book.generation
            {
                return Arc::clone(view);
            }
            let outcomes: Vec<&OutcomeRecord> = book
                .outcomes
                .values()
                .filter(|record| record.ticker == *ticker)
                .collect();
            let forecasts = book.tickers.get(ticker).map_or(0, |book| book.picks);
            (
                book.generation,
                ScoreView::of(&outcomes, forecasts, &book.head, book.rows),
            )
        };
        let view = Arc::new(view);
        lock(&self.by_ticker).insert(ticker.clone(), (generation, Arc::clone(&view)));
        view
    }

    pub(crate) fn verification(&self) -> Option<Verification> {
        lock(&self.verification).clone()
    }

    /// Damage of the ledger, where some was found.
    pub(crate) fn damage(&self) -> Option<String> {
        self.verification()?.result.err()
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Events that were recorded after a row, where they are no more than `most` rows.
    pub(crate) fn events_after(&self, last: i64, most: i64) -> Option<Vec<Event>> {
        let head = self.book().rows;
        if last > head || head - last > most {
            return None;
        }
        let events = self.read(|reader| reader.events(last, u32::try_from(most).unwrap_or(0)));
        let events = events.ok()?;
        Some(
            events
                .iter()
                .filter(|event| event.seq <= head)
                .map(keeper::event)
                .collect(),
        )
    }

    /// Reads by a connection of the pool.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let reader = lock(&self.readers).pop();
        let reader = match reader {
            Some(reader) => reader,
            None => Reader::open(&self.directory)?,
        };
        let found = read(&reader)?;
        // One that failed is dropped: the next is opened again.
        lock(&self.readers).push(reader);
        Ok(found)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
