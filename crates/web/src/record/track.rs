//! The record of a data directory: what its keeper has read, for those that draw it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use chrono::{DateTime, Utc};
use closecall_calendar::Clock;
use closecall_ledger::{Error, Reader};
use closecall_protocol::Ticker;
use tokio::sync::{broadcast, watch};

use super::book::{Book, OutcomeRecord};
use super::fault::LedgerFault;
use crate::api::score::ScoreView;
use crate::api::verdict::VerdictKind;
use crate::events::ServedEvent;

/// Events that a reader may fall behind before it has to fetch all again.
const BEHIND: usize = 256;

/// Result of the last verification of the whole ledger.
#[derive(Debug, Clone)]
pub(crate) struct Verification {
    pub(crate) at: DateTime<Utc>,
    /// The same in real time.
    pub(crate) when: std::time::Instant,
    /// Rows that were verified.
    pub(crate) result: Result<i64, LedgerFault>,
}

/// The score of a ticker, and what it was computed from.
#[derive(Debug)]
struct TickerScore {
    /// The generation of the ticker's outcomes, and the number of its forecasts.
    of: (u64, u64),
    view: Arc<ScoreView>,
}

/// The record of a data directory.
#[derive(Debug)]
pub struct TrackRecord {
    pub(super) directory: PathBuf,
    pub(super) clock: Clock,
    readers: Mutex<Vec<Reader>>,
    pub(super) book: RwLock<Book>,
    /// Whether the rows that were there at the start have been read.
    pub(super) caught_up: watch::Sender<bool>,
    pub(super) score: RwLock<Arc<ScoreView>>,
    /// Scores of single tickers.
    by_ticker: Mutex<HashMap<Ticker, TickerScore>>,
    pub(super) verification: Mutex<Option<Verification>>,
    pub(super) events: broadcast::Sender<ServedEvent>,
    pub(super) stop: watch::Sender<bool>,
}

impl TrackRecord {
    /// A record of `directory` that is not kept yet.
    pub(super) fn new(directory: &Path, clock: Clock) -> Self {
        Self {
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
        }
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

    /// Kind of the verdict as the pages show it; `None` while the record is being read.
    #[must_use]
    pub fn verdict(&self) -> Option<VerdictKind> {
        if self.fault().is_some() {
            return Some(VerdictKind::Broken);
        }
        self.is_caught_up().then(|| self.score().verdict.kind)
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

    /// The score of one ticker, as old as that of all.
    pub(crate) fn score_of(&self, ticker: &Ticker) -> Arc<ScoreView> {
        let known = lock(&self.by_ticker)
            .get(ticker)
            .map(|score| Arc::clone(&score.view));
        known.unwrap_or_else(|| {
            let all = self.score();
            Arc::new(ScoreView::of(&[], 0, &all.head, all.rows))
        })
    }

    /// Computes the score of one ticker again where it has new rows. That takes longer than a visitor
    /// waits, so only the keeper does it.
    pub(super) fn rescore(&self, ticker: &Ticker) {
        let (of, outcomes, head, rows) = {
            let book = self.book();
            let of = book
                .tickers
                .get(ticker)
                .map_or((0, 0), |book| (book.generation, book.picks));
            if lock(&self.by_ticker).get(ticker).map(|known| known.of) == Some(of) {
                return;
            }
            let outcomes = book.outcomes.values();
            let outcomes: Vec<OutcomeRecord> = outcomes
                .filter(|record| record.ticker == *ticker)
                .cloned()
                .collect();
            (of, outcomes, book.head.clone(), book.rows)
        };
        let outcomes: Vec<&OutcomeRecord> = outcomes.iter().collect();
        let view = Arc::new(ScoreView::of(&outcomes, of.1, &head, rows));
        lock(&self.by_ticker).insert(ticker.clone(), TickerScore { of, view });
    }

    pub(crate) fn verification(&self) -> Option<Verification> {
        lock(&self.verification).clone()
    }

    /// Fault of the ledger, where one was found.
    pub(crate) fn fault(&self) -> Option<LedgerFault> {
        self.verification()?.result.err()
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<ServedEvent> {
        self.events.subscribe()
    }

    /// Events that were recorded after a row, where they are no more than `most` rows.
    pub(crate) fn events_after(&self, last: i64, most: i64) -> Option<Vec<ServedEvent>> {
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
                .map(ServedEvent::of)
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

impl Drop for TrackRecord {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
