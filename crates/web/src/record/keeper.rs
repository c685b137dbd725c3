//! The threads that keep a record: one follows the ledger, one verifies it from time to time. They
//! hold the record weakly, so they end with it.

use std::sync::{Arc, PoisonError, Weak};
use std::time::{Duration, Instant};

use closecall_ledger::{Error, Follower, Happening, LedgerEvent, Reader, State};
use tokio::sync::watch;

use super::book::{Book, OutcomeRecord};
use super::track::{TrackRecord, Verification, lock};
use crate::api::score::ScoreView;
use crate::events::ServedEvent;

/// Least time between two computations of the score, and how many times longer than it took.
const SCORE_EVERY: Duration = Duration::from_secs(1);
const SCORE_SHARE: u32 = 10;

/// Pause between two verifications of the whole ledger.
const VERIFY_EVERY: Duration = Duration::from_secs(600);

/// Pause between two looks for a ledger that is not there, or cannot be read.
const LOOK: Duration = Duration::from_millis(500);

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
    let mut cursor = 0;
    let mut due = Due::default();
    loop {
        let Some(directory) = record.upgrade().map(|record| record.directory.clone()) else {
            return;
        };
        let opened = Follower::open(&directory, cursor, rows.clone())
            .and_then(|follower| Ok((follower, Reader::open(&directory)?)));
        match opened {
            Ok((mut follower, reader)) => {
                let ended = rows_of(record, &mut follower, &reader, &mut stop, &mut due).await;
                cursor = follower.cursor();
                match ended {
                    Ok(()) => return,
                    Err(error) => tracing::warn!(%error, "the page cannot follow the ledger"),
                }
            }
            Err(Error::Absent(_)) => {
                if let Some(record) = record.upgrade() {
                    record.caught_up.send_replace(true);
                }
            }
            Err(error) => tracing::warn!(%error, "the page cannot read the ledger"),
        }
        if !wait(LOOK, &mut stop).await {
            return;
        }
    }
}

/// Follows until the record or the writer is gone.
async fn rows_of(
    record: &Weak<TrackRecord>,
    follower: &mut Follower,
    reader: &Reader,
    stop: &mut watch::Receiver<bool>,
    due: &mut Due,
) -> Result<(), Error> {
    loop {
        // What is there is read without waiting; then the score is brought up to date.
        let mut events = follower.poll()?;
        if events.is_empty() {
            if let Some(record) = record.upgrade() {
                due.score(&record);
                record.caught_up.send_replace(true);
            }
            let next = tokio::select! {
                next = follower.next() => Some(next?),
                () = tokio::time::sleep(due.in_time()) => None,
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
        take(&record, &events, reader)?;
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
    fn in_time(&self) -> Duration {
        self.last.map_or(SCORE_EVERY, |(at, took)| {
            let pause = SCORE_EVERY.max(took * SCORE_SHARE);
            pause
                .saturating_sub(at.elapsed())
                .max(Duration::from_millis(50))
        })
    }

    fn score(&mut self, record: &TrackRecord) {
        let early = self
            .last
            .is_some_and(|(at, took)| at.elapsed() < SCORE_EVERY.max(took * SCORE_SHARE));
        if !early {
            self.score_now(record);
        }
    }

    fn score_now(&mut self, record: &TrackRecord) {
        let began = Instant::now();
        let (outcomes, forecasts, head, rows) = {
            let book: &Book = &record.book();
            let generation = (book.generation, book.forecasts);
            if self.generation.replace(generation) == Some(generation) {
                return;
            }
            let outcomes: Vec<OutcomeRecord> = book.outcomes.values().cloned().collect();
            (outcomes, book.forecasts, book.head.clone(), book.rows)
        };
        let outcomes: Vec<&OutcomeRecord> = outcomes.iter().collect();
        let view = ScoreView::of(&outcomes, forecasts, &head, rows);
        *record.score.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
        self.last = Some((began, began.elapsed()));
    }
}

async fn verifying(record: &Weak<TrackRecord>, mut stop: watch::Receiver<bool>) {
    loop {
        let Some(strong) = record.upgrade() else {
            return;
        };
        let mut pause = VERIFY_EVERY;
        match Reader::open(&strong.directory) {
            Ok(reader) => {
                let result = reader
                    .verify()
                    .map(|verified| verified.rows)
                    .map_err(|damages| {
                        damages
                            .first()
                            .map_or_else(String::new, ToString::to_string)
                    });
                if let Err(damage) = &result {
                    tracing::error!(%damage, "the ledger does not verify");
                }
                let at = strong.clock.now();
                *lock(&strong.verification) = Some(Verification {
                    at,
                    when: Instant::now(),
                    result,
                });
            }
            // Not there yet.
            Err(_) => pause = LOOK,
        }
        drop(strong);
        if !wait(pause, &mut stop).await {
            return;
        }
    }
}
