//! One stage as the board keeps it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::work_record::{Histogram, WorkRecord};

/// State of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageState {
    /// Not yet run.
    Starting,
    /// As it should be.
    Running,
    /// Running, but not as well as it should (old data, for example).
    Degraded,
    /// Failed, waiting to be restarted.
    BackingOff,
    /// Failed more often than allowed; not restarted any more.
    Failed,
    /// Finishing what it has; takes in nothing new.
    Draining,
    /// Ended as asked.
    Stopped,
}

/// A stage's failures as its policy counts them.
#[derive(Debug)]
pub(crate) struct CountedFailures {
    /// Those that count.
    pub(crate) at: Vec<Instant>,
    /// The most that are restarted within the period.
    pub(crate) allowed: u32,
    pub(crate) period: Duration,
    /// When the stage is tried again.
    pub(crate) next_try: Instant,
}

/// One stage as the board keeps it.
#[derive(Debug)]
pub(super) struct StageRecord {
    pub(super) state: StageState,
    pub(super) restarts: u64,
    pub(super) restarted: Option<Instant>,
    /// Since the last of them.
    pub(super) failures: Option<CountedFailures>,
    pub(super) succeeded: Option<Instant>,
    pub(super) last_error: Option<String>,
    pub(super) degraded: Option<String>,
    pub(super) in_flight: usize,
    pub(super) peak_in_flight: usize,
    pub(super) window: usize,
    pub(super) dead_letters: BTreeMap<&'static str, u64>,
    pub(super) work: BTreeMap<u64, WorkRecord>,
    pub(super) work_seconds: Histogram,
    /// When the stage's thread last turned, and how long it may be held; for stages on an arbiter.
    pub(super) turned: Option<(Instant, Duration)>,
}

impl Default for StageRecord {
    fn default() -> Self {
        Self {
            state: StageState::Starting,
            restarts: 0,
            restarted: None,
            failures: None,
            succeeded: None,
            last_error: None,
            degraded: None,
            in_flight: 0,
            peak_in_flight: 0,
            window: 0,
            dead_letters: BTreeMap::new(),
            work: BTreeMap::new(),
            work_seconds: Histogram::default(),
            turned: None,
        }
    }
}
