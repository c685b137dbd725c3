//! The threads that keep a record: one follows the ledger, one verifies it from time to time. They
//! hold the record weakly, so they end with it.

use std::sync::{Arc, PoisonError, Weak};
use std::time::{Duration, Instant};

use closecall_ledger::{Damage, Error, Follower, Happening, LedgerEvent, Reader, State};
use closecall_protocol::{ErrorClass, Ticker};
use tokio::sync::watch;

use super::book::{Book, OutcomeRecord};
use super::fault::LedgerFault;
use super::track::{TrackRecord, Verification, lock};
use crate::api::score::ScoreView;
use crate::events::ServedEvent;

/// Least time between two computations of the score, and how many times longer than it took.
const SCORE_EVERY: Duration = Duration::from_secs(1);
const SCORE_SHARE: u32 = 10;

/// Least pause between two verifications of the whole ledger, and how many times longer than one
/// took.
const VERIFY_EVERY: Duration = Duration::from_secs(600);
const VERIFY_SHARE: u32 = 50;

/// Pause between two looks for a ledger that is not there yet.
const LOOK: Duration = Duration::from_secs(1);

/// Pause before a ledger that could not be read is tried again.
const RETRY: Duration = Duration::from_secs(5);

pub(super) fn start(
    record: &Arc<TrackRecord>,
    rows: Option<watch::Receiver<i64>>,
) -> std::io::Result<()> {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
    };
    let (follow, verify) = (runtime()?, runtime()?);
    let weak = Arc::downgrade(record);
    let stop = record.stop.subscribe();
    std::thread::Builder::new()
        .name("page-follower".to_owned())
        .spawn(move || follow.block_on(following(&weak, rows, stop)))?;
    let weak = Arc::downgrade(record);
    let stop = record.stop.subscribe();
    std::thread::Builder::new()
        .name("page-verifier".to_owned())
        .spawn(move || verify.block_on(verifying(&weak, stop)))?;
    Ok(())
}

/// Waits, unless the record is dropped meanwhile: whether to go on.
async fn wait(span: Duration, stop: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = tokio::time::sleep(span) => true,
        _ = stop.changed() => false,
    }
}

async fn following(
    record: &Weak<TrackRecord>,
    rows: Option<watch::Receiver<i64>>,
    mut stop: watch::Receiver<bool>,
) {
    let mut due = Due::default();
    loop {
        let Some(opened) = record
            .upgrade()
            .map(|record| follower(&record, rows.clone()))
        else {
            return;
        };
        let ended = match opened {
            Ok(follower) => rows_of(record, follower, &mut stop, &mut due).await,
            Err(error) => Err(error),
        };
        let pause = match ended {
            Ok(()) => return,
            Err(Error::Absent(_)) => {
                if let Some(record) = record.upgrade() {
                    record.caught_up.send_replace(true);
                }
                LOOK
            }
            Err(error) => {
                tracing::warn!(%error, "the page cannot follow the ledger: trying again");
                RETRY
            }
        };
        if !wait(pause, &mut stop).await {
            return;
        }
    }
}

/// A follower from where the book ends: rows that were handed over but not taken in come again.
fn follower(record: &TrackRecord, rows: Option<watch::Receiver<i64>>) -> Result<Follower, Error> {
    let taken_in = record.book().rows;
    Follower::open(&record.directory, taken_in, rows)
}

/// Follows until the record or the writer is gone.
async fn rows_of(
    record: &Weak<TrackRecord>,
    mut follower: Follower,
    stop: &mut watch::Receiver<bool>,
    due: &mut Due,
) -> Result<(), Error> {
    loop {
        // What is there is read without waiting; then the score is brought up to date.
        let mut events = follower.poll()?;
        if events.is_empty() {
            let Some(left) = record.upgrade().map(|record| {
                let left = due.score(&record, Instant::now());
                record.caught_up.send_replace(true);
                left
            }) else {
                return Ok(());
            };
            let next = tokio::select! {
                next = follower.next() => Some(next?),
                () = passed(left) => None,
                _ = stop.changed() => return Ok(()),
            };
            match next {
                Some(next) if next.is_empty() => {
                    if let Some(record) = record.upgrade() {
                        due.score_now(&record);
                    }
                    return Ok(());
                }
                Some(next) => events = next,
                None => continue,
            }
        }
        let Some(record) = record.upgrade() else {
            return Ok(());
        };
        take(&record, &events, follower.reader())?;
    }
}

/// Waits that long; for ever where there is nothing to wait for.
async fn passed(span: Option<Duration>) {
    match span {
        Some(span) => tokio::time::sleep(span).await,
        None => std::future::pending().await,
    }
}

fn take(record: &TrackRecord, events: &[LedgerEvent], reader: &Reader) -> Result<(), Error> {
    let mut letters = Vec::with_capacity(events.len());
    for event in events {
        let is_letter = matches!(&event.happening, Happening::Recorded(entry) if entry.state == State::DeadLetter);
        letters.push(if is_letter {
            reader.dead_letter_at(event.seq)?
        } else {
            None
        });
    }
    let last = events.last().map_or(0, |event| event.seq);
    let head = reader
        .place(last)?
        .map(|place| place.hash)
        .unwrap_or_default();
    {
        let mut book = record.book.write().unwrap_or_else(PoisonError::into_inner);
        for (event, letter) in events.iter().zip(&letters) {
            book.apply(event, letter.as_ref());
        }
        book.head = head;
    }
    if record.is_caught_up() {
        for row in events {
            // No one may be listening.
            record.events.send(ServedEvent::of(row)).ok();
        }
    }
    Ok(())
}

/// When the score is due to be computed again.
#[derive(Debug, Default)]
struct Due {
    /// When it was computed, and how long that took.
    last: Option<(Instant, Duration)>,
    generation: Option<(u64, u64)>,
}

impl Due {
    /// Brings the score up to date, unless that was done a moment ago: how long is left then.
    /// `None` where nothing is left to do before another row comes.
    fn score(&mut self, record: &TrackRecord, now: Instant) -> Option<Duration> {
        if self.generation == Some(generation(&record.book())) {
            return None;
        }
        let left = self.last.map_or(Duration::ZERO, |(at, took)| {
            let pause = SCORE_EVERY.max(took * SCORE_SHARE);
            pause.saturating_sub(now.saturating_duration_since(at))
        });
        if left.is_zero() {
            self.score_now(record);
            return None;
        }
        Some(left)
    }

    fn score_now(&mut self, record: &TrackRecord) {
        let began = Instant::now();
        let (outcomes, forecasts, head, rows) = {
            let book: &Book = &record.book();
            let generation = generation(book);
            if self.generation.replace(generation) == Some(generation) {
                return;
            }
            let outcomes: Vec<OutcomeRecord> = book.outcomes.values().cloned().collect();
            (outcomes, book.forecasts, book.head.clone(), book.rows)
        };
        let outcomes: Vec<&OutcomeRecord> = outcomes.iter().collect();
        let view = ScoreView::of(&outcomes, forecasts, &head, rows);
        let tickers: Vec<Ticker> = record.book().tickers.keys().cloned().collect();
        for ticker in &tickers {
            record.rescore(ticker);
        }
        // Last, since its head names the state of all of them to those who have an answer already.
        *record.score.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
        self.last = Some((began, began.elapsed()));
    }
}

/// State of what the score of all is computed from.
fn generation(book: &Book) -> (u64, u64) {
    (book.generation, book.forecasts)
}

async fn verifying(record: &Weak<TrackRecord>, mut stop: watch::Receiver<bool>) {
    loop {
        let Some(strong) = record.upgrade() else {
            return;
        };
        let began = Instant::now();
        let result = match Reader::open(&strong.directory) {
            Ok(reader) => Some(verified(&reader)),
            // Not there yet, or held by another program for a moment.
            Err(error) if is_passing(&error) => None,
            Err(error) => Some(Err(LedgerFault::Unreadable(error.to_string()))),
        };
        let pause = match &result {
            None => LOOK,
            Some(_) => VERIFY_EVERY.max(began.elapsed() * VERIFY_SHARE),
        };
        if let Some(result) = result {
            if let Err(fault) = &result {
                tracing::error!(damage = fault.message(), "the ledger does not verify");
            }
            let at = strong.clock.now();
            *lock(&strong.verification) = Some(Verification {
                at,
                when: Instant::now(),
                result,
            });
        }
        drop(strong);
        if !wait(pause, &mut stop).await {
            return;
        }
    }
}

fn is_passing(error: &Error) -> bool {
    matches!(error, Error::Absent(_)) || error.class() == ErrorClass::Unavailable
}

fn verified(reader: &Reader) -> Result<i64, LedgerFault> {
    let first = |damages: Vec<Damage>| damages.first().map_or_else(String::new, Damage::to_string);
    let verified = reader.verify();
    verified
        .map(|verified| verified.rows)
        .map_err(|damages| LedgerFault::Changed(first(damages)))
}

#[cfg(test)]
mod tests {
    use closecall_calendar::{Calendar, Clock};
    use closecall_ledger::{DeadLetterRow, Ledger, LedgerInput};
    use closecall_protocol::{PickId, Reason};
    use serde_json::Value;

    use super::*;

    fn letter(offset: i64) -> LedgerInput {
        LedgerInput::DeadLetter(Box::new(DeadLetterRow {
            pick_id: PickId::of_record("stock-name-selector", 0, offset),
            stage: "scraper".into(),
            reason: Reason::UnknownTicker,
            message: "the vendor does not know the ticker".into(),
            ticker: None,
            attempts: 1,
            payload: Value::Null,
            at: "2025-03-03T15:00:00Z".parse().unwrap(),
            topic: None,
            partition: None,
            offset: None,
        }))
    }

    fn recorded() -> (tempfile::TempDir, TrackRecord) {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(folder.path(), Calendar::default()).unwrap();
        ledger.record_all(&[letter(1), letter(2)]).unwrap();
        let record = TrackRecord::new(folder.path(), Clock::system());
        (folder, record)
    }

    #[test]
    fn rows_that_were_handed_over_but_not_taken_in_come_again() {
        let (_folder, record) = recorded();
        let mut failed = follower(&record, None).unwrap();
        assert_eq!(failed.poll().unwrap().len(), 2);
        let mut again = follower(&record, None).unwrap();
        let events = again.poll().unwrap();
        take(&record, &events, again.reader()).unwrap();
        assert_eq!((record.book().rows, record.book().dead.len()), (2, 2));
        assert!(follower(&record, None).unwrap().poll().unwrap().is_empty());
    }

    #[test]
    fn a_score_that_is_up_to_date_wakes_no_one() {
        let (_folder, record) = recorded();
        let mut due = Due::default();
        let now = Instant::now();
        assert_eq!(due.score(&record, now), None);
        assert_eq!(due.score(&record, now), None);
        record.book.write().unwrap().generation += 1;
        assert!(due.score(&record, now).is_some(), "a moment after the last");
    }
}
