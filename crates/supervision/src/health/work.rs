//! Work in hand: begun, stamped with progress, ended. Waiting for a permit or for the next hop is
//! not work and is not entered here.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::HealthBoard;

/// One piece of work as the board keeps it.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) what: &'static str,
    pub(super) bound: Duration,
    pub(super) began: Instant,
    pub(super) progressed: Instant,
}

/// Upper bounds of the histogram's buckets, in seconds; a last bucket takes the rest.
const BUCKETS: [f64; 10] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 180.0];

/// How long pieces of work took.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Histogram {
    counts: [u64; BUCKETS.len() + 1],
    sum: Duration,
}

impl Histogram {
    fn add(&mut self, took: Duration) {
        let bucket = BUCKETS.partition_point(|bound| took.as_secs_f64() > *bound);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
        self.sum += took;
    }

    /// Cumulative counts by upper bound (the last is all), and the sum in seconds.
    pub(super) fn cumulative(&self) -> (Vec<(f64, u64)>, f64) {
        let bounds = BUCKETS.into_iter().chain([f64::INFINITY]);
        let mut total = 0;
        let buckets = bounds.zip(self.counts).map(|(bound, count)| {
            total += count;
            (bound, total)
        });
        (buckets.collect(), self.sum.as_secs_f64())
    }
}

/// A piece of work in hand; leaving scope ends it.
pub(crate) struct InHand {
    board: HealthBoard,
    stage: Arc<str>,
    id: u64,
}

impl fmt::Debug for InHand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InHand")
            .field("stage", &self.stage)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl HealthBoard {
    /// `stage` begins `what`, which makes progress at least every `bound`.
    pub(crate) fn begin(&self, stage: &Arc<str>, what: &'static str, bound: Duration) -> InHand {
        let id = self.0.next_work.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        self.update(stage, |record| {
            let work = Record {
                what,
                bound,
                began: now,
                progressed: now,
            };
            record.work.insert(id, work);
        });
        InHand {
            board: self.clone(),
            stage: Arc::clone(stage),
            id,
        }
    }
}

impl InHand {
    /// The work got on.
    pub(crate) fn progressed(&self) {
        self.board.update(&self.stage, |record| {
            if let Some(work) = record.work.get_mut(&self.id) {
                work.progressed = Instant::now();
            }
        });
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.board.update(&self.stage, |record| {
            if let Some(work) = record.work.remove(&self.id) {
                record.work_seconds.add(work.began.elapsed());
            }
        });
    }
}
