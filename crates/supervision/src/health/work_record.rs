//! A piece of work as the board keeps it, and how long finished ones took.

use std::time::{Duration, Instant};

/// One piece of work as the board keeps it.
#[derive(Debug)]
pub(super) struct WorkRecord {
    pub(super) what: &'static str,
    pub(super) bound: Duration,
    pub(super) began: Instant,
    pub(super) progressed: Instant,
}

/// Upper bounds of the histogram's buckets, in seconds; a last bucket takes the rest.
const BUCKETS: [f64; 10] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 180.0];

/// Durations, counted by bucket.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Histogram {
    counts: [u64; BUCKETS.len() + 1],
    sum: Duration,
}

impl Histogram {
    pub(crate) fn add(&mut self, took: Duration) {
        let bucket = BUCKETS.partition_point(|bound| took.as_secs_f64() > *bound);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
        self.sum += took;
    }

    /// Cumulative counts by upper bound (the last is all), and the sum in seconds.
    pub(crate) fn cumulative(&self) -> (Vec<(f64, u64)>, f64) {
        let bounds = BUCKETS.into_iter().chain([f64::INFINITY]);
        let mut total = 0;
        let buckets = bounds.zip(self.counts).map(|(bound, count)| {
            total += count;
            (bound, total)
        });
        (buckets.collect(), self.sum.as_secs_f64())
    }
}
