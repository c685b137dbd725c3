//! The health board: what every stage is doing, kept by those that do it and read by the watchdog,
//! the probes and the metrics. What the numbers mean for liveness and readiness is in
//! [`Health`]; noticing stalls is the watchdog's.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::{Duration, Instant};

use closecall_protocol::Reason;
use dashmap::DashMap;

use super::evaluate::{Health, StageHealth};
use super::record::{CountedFailures, StageRecord, StageState};

#[derive(Debug, Default)]
struct Board {
    stages: DashMap<Arc<str>, StageRecord>,
    /// Further conditions of readiness, with what is missing where one does not hold.
    conditions: DashMap<Arc<str>, Option<String>>,
    wired: AtomicBool,
    draining: AtomicBool,
    next_work: AtomicU64,
    /// Woken when what the probes say may have changed.
    watchdog: OnceLock<Thread>,
}

/// The state of all stages. Clones share it; every update is short and never waits.
#[derive(Debug, Clone, Default)]
pub struct HealthBoard(Arc<Board>);

impl HealthBoard {
    /// An empty board.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn update<R>(
        &self,
        stage: &Arc<str>,
        change: impl FnOnce(&mut StageRecord) -> R,
    ) -> R {
        change(&mut self.0.stages.entry(Arc::clone(stage)).or_default())
    }

    /// This thread is woken from now on when a state or a condition changes. The first one stays.
    pub(crate) fn watched_by(&self, watchdog: Thread) {
        self.0.watchdog.get_or_init(|| watchdog);
    }

    fn changed(&self) {
        if let Some(watchdog) = self.0.watchdog.get() {
            watchdog.unpark();
        }
    }

    /// A number for a piece of work, never given twice.
    pub(super) fn next_work(&self) -> u64 {
        self.0.next_work.fetch_add(1, Ordering::Relaxed)
    }

    /// Lists the stage, so that readiness waits for it.
    pub(crate) fn register(&self, stage: &Arc<str>) {
        self.update(stage, |_| ());
    }

    pub(crate) fn set_state(&self, stage: &Arc<str>, state: StageState) {
        self.update(stage, |record| record.state = state);
        self.changed();
    }

    pub(crate) fn restarting(&self, stage: &Arc<str>, error: &str, failures: CountedFailures) {
        self.update(stage, |record| {
            record.state = StageState::BackingOff;
            record.failures = Some(failures);
            record.restarts += 1;
            record.restarted = Some(Instant::now());
            record.last_error = Some(error.into());
        });
        self.changed();
    }

    pub(crate) fn failed(&self, stage: &Arc<str>, error: &str) {
        self.update(stage, |record| {
            record.state = StageState::Failed;
            record.last_error = Some(error.into());
        });
        self.changed();
    }

    /// The error that the stage last failed with.
    pub(crate) fn last_error(&self, stage: &str) -> Option<String> {
        self.0.stages.get(stage)?.last_error.clone()
    }

    /// The stage works, but not as well as it should; `why` is shown. Ends with
    /// [`HealthBoard::recovered`].
    pub fn degraded(&self, stage: &str, why: impl Into<String>) {
        let why = Some(why.into());
        self.set_degraded(stage, why);
    }

    /// The stage works as it should again.
    pub fn recovered(&self, stage: &str) {
        self.set_degraded(stage, None);
    }

    fn set_degraded(&self, stage: &str, why: Option<String>) {
        let before = self.update(&stage.into(), |record| {
            std::mem::replace(&mut record.degraded, why.clone())
        });
        if before != why {
            self.changed();
        }
    }

    /// Something else that readiness needs (an assignment, a writable store): `missing` says what
    /// is not there, `None` that all is well.
    pub fn condition(&self, name: &str, missing: Option<String>) {
        let before = self.0.conditions.insert(name.into(), missing.clone());
        if before != Some(missing) {
            self.changed();
        }
    }

    /// All stages have been started; until then nothing is ready, however well the first few run.
    pub(crate) fn wired(&self) {
        self.0.wired.store(true, Ordering::Release);
        self.changed();
    }

    /// From now on running stages show as draining and nothing is ready.
    pub(crate) fn drain(&self) {
        self.0.draining.store(true, Ordering::Release);
        self.changed();
    }

    /// A hop into `stage` with this number of places; several hops add up.
    pub(crate) fn add_window(&self, stage: &Arc<str>, places: usize) {
        self.update(stage, |record| record.window += places);
    }

    /// The stage settled a message itself, not by a dead letter.
    pub(crate) fn succeeded(&self, stage: &Arc<str>) {
        self.update(stage, |record| record.succeeded = Some(Instant::now()));
    }

    pub(crate) fn taken_in(&self, stage: &Arc<str>) {
        self.update(stage, |record| {
            record.in_flight += 1;
            record.peak_in_flight = record.peak_in_flight.max(record.in_flight);
        });
    }

    pub(crate) fn let_go(&self, stage: &Arc<str>) {
        self.update(stage, |record| {
            record.in_flight = record.in_flight.saturating_sub(1);
        });
    }

    pub(crate) fn dead_lettered(&self, stage: &str, reason: Reason) {
        self.update(&stage.into(), |record| {
            *record.dead_letters.entry(reason.code()).or_default() += 1;
        });
    }

    /// The stage's thread turned; it may be held for `bound`.
    pub(crate) fn turned(&self, stage: &Arc<str>, bound: Duration) {
        self.update(stage, |record| {
            record.turned = Some((Instant::now(), bound));
        });
    }

    /// The stage's thread has ended; nothing more is expected of it.
    pub(crate) fn ended(&self, stage: &Arc<str>) {
        self.update(stage, |record| record.turned = None);
    }

    /// Everything as it is now, at rest.
    #[must_use]
    pub fn health(&self) -> Health {
        let now = Instant::now();
        let draining = self.0.draining.load(Ordering::Acquire);
        Health {
            taken: now,
            wired: self.0.wired.load(Ordering::Acquire),
            draining,
            stages: self
                .0
                .stages
                .iter()
                .map(|entry| {
                    let health = StageHealth::of(entry.value(), draining, now);
                    (entry.key().to_string(), health)
                })
                .collect(),
            missing: self
                .0
                .conditions
                .iter()
                .filter_map(|entry| {
                    let missing = entry.value().clone()?;
                    Some((entry.key().to_string(), missing))
                })
                .collect(),
        }
    }
}
