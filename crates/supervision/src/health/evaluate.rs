//! The board at one moment, and what it means: alive, ready, and if not, why. Plain functions over
//! plain data.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::record::{CountedFailures, StageRecord, StageState};

/// An answer to a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The answer.
    pub ok: bool,
    /// The reasons that it is not, a sentence each.
    pub reasons: Vec<String>,
}

impl Verdict {
    fn from_reasons(reasons: Vec<String>) -> Self {
        Self {
            ok: reasons.is_empty(),
            reasons,
        }
    }
}

/// A piece of work in hand. Milliseconds are real time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkHealth {
    /// Name of the work, such as `fit`.
    pub what: &'static str,
    /// Since it began.
    pub running_ms: u64,
    /// Since it last got on.
    pub silent_ms: u64,
    /// Longest time from one sign of progress to the next.
    pub bound_ms: u64,
}

/// Failures of a stage, of those that are restarted within a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RestartBudget {
    /// Within the period that ends now.
    pub spent: u32,
    /// The most there may be; one more ends the process.
    pub allowed: u32,
    /// Length of the period in milliseconds of real time.
    pub period_ms: u64,
}

impl RestartBudget {
    fn of(failures: &CountedFailures, now: Instant) -> Self {
        let counts = |at: &&Instant| now.saturating_duration_since(**at) <= failures.period;
        let spent = failures.at.iter().filter(counts).count();
        Self {
            spent: u32::try_from(spent).unwrap_or(u32::MAX),
            allowed: failures.allowed,
            period_ms: millis(failures.period),
        }
    }
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageHealth {
    /// Its state.
    pub state: StageState,
    /// Number of restarts.
    pub restarts: u64,
    /// Milliseconds since the last of them began.
    pub restarted_ms: Option<u64>,
    /// Milliseconds until it is tried again, while it backs off.
    pub next_try_ms: Option<u64>,
    /// Its failures that count against the policy, from the first one on.
    pub budget: Option<RestartBudget>,
    /// Milliseconds since it last settled a message itself.
    pub succeeded_ms: Option<u64>,
    /// The error that it last failed with.
    pub last_error: Option<String>,
    /// The reason that it is degraded.
    pub degraded: Option<String>,
    /// Messages on their way to it or in its hands.
    pub in_flight: usize,
    /// The most there ever were.
    pub peak_in_flight: usize,
    /// The most there may be: the windows into it together.
    pub window: usize,
    /// Messages it refused, by reason.
    pub dead_letters: BTreeMap<&'static str, u64>,
    /// The pieces of work in hand.
    pub work: Vec<WorkHealth>,
    /// Finished pieces of work by upper bound in seconds, cumulative; the last bound is infinite.
    pub work_buckets: Vec<(f64, u64)>,
    /// Seconds all finished pieces of work took together.
    pub work_seconds: f64,
    /// Milliseconds since its thread last turned and how long it may be held, where it has one.
    pub thread: Option<(u64, u64)>,
}

impl StageHealth {
    pub(super) fn of(record: &StageRecord, draining: bool, now: Instant) -> Self {
        let state = match record.state {
            StageState::Running if draining => StageState::Draining,
            StageState::Running if record.degraded.is_some() => StageState::Degraded,
            state => state,
        };
        let since = |at: Instant| millis(now.saturating_duration_since(at));
        let (work_buckets, work_seconds) = record.work_seconds.cumulative();
        Self {
            state,
            restarts: record.restarts,
            restarted_ms: record.restarted.map(since),
            next_try_ms: (state == StageState::BackingOff)
                .then(|| record.failures.as_ref().map(|it| it.next_try))
                .flatten()
                .map(|at| millis(at.saturating_duration_since(now))),
            budget: record
                .failures
                .as_ref()
                .map(|failures| RestartBudget::of(failures, now)),
            succeeded_ms: record.succeeded.map(since),
            last_error: record.last_error.clone(),
            degraded: record.degraded.clone(),
            in_flight: record.in_flight,
            peak_in_flight: record.peak_in_flight,
            window: record.window,
            dead_letters: record.dead_letters.clone(),
            work: record
                .work
                .values()
                .map(|work| WorkHealth {
                    what: work.what,
                    running_ms: since(work.began),
                    silent_ms: since(work.progressed),
                    bound_ms: millis(work.bound),
                })
                .collect(),
            work_buckets,
            work_seconds,
            thread: record.turned.map(|(at, bound)| (since(at), millis(bound))),
        }
    }

    /// The stalled parts of this stage: silent for more than twice their bound.
    fn stalls<'a>(&'a self, stage: &'a str) -> impl Iterator<Item = String> + 'a {
        let thread = self
            .thread
            .filter(|(silent, bound)| *silent > 2 * bound)
            .map(|(silent, _)| format!("{stage}: its thread has been held for {silent} ms"));
        let work = self
            .work
            .iter()
            .filter(|work| work.silent_ms > 2 * work.bound_ms)
            .map(move |work| {
                let WorkHealth {
                    what, silent_ms, ..
                } = work;
                format!("{stage}: {what} has made no progress for {silent_ms} ms")
            });
        thread.into_iter().chain(work)
    }
}

/// The whole board at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct Health {
    /// When it was looked at.
    #[serde(skip)]
    pub(super) taken: Instant,
    /// Whether all stages have been started.
    pub wired: bool,
    /// Whether the process is ending.
    pub draining: bool,
    /// The stages by name.
    pub stages: BTreeMap<String, StageHealth>,
    /// Further lacks of readiness, by condition.
    pub missing: BTreeMap<String, String>,
}

impl Health {
    /// Time since it was looked at; a probe that finds it old is to say "unhealthy".
    #[must_use]
    pub fn age(&self) -> Duration {
        self.taken.elapsed()
    }

    /// Alive: no stage has failed for good, and no work in hand has been silent for more than twice
    /// its bound. Waiting is not work.
    #[must_use]
    pub fn live(&self) -> Verdict {
        let failed = self
            .stages
            .iter()
            .filter(|(_, stage)| stage.state == StageState::Failed)
            .map(|(name, stage)| {
                let error = stage.last_error.as_deref().unwrap_or("unknown");
                format!("{name}: failed for good: {error}")
            });
        let stalled = self
            .stages
            .iter()
            .flat_map(|(name, stage)| stage.stalls(name));
        Verdict::from_reasons(failed.chain(stalled).collect())
    }

    /// Ready: all stages have been started and run (degraded is running), every condition holds,
    /// and the process is not ending.
    #[must_use]
    pub fn ready(&self) -> Verdict {
        let idle = self
            .stages
            .iter()
            .filter(|(_, stage)| !matches!(stage.state, StageState::Running | StageState::Degraded))
            .map(|(name, stage)| format!("{name}: {:?}", stage.state));
        let missing = self
            .missing
            .iter()
            .map(|(name, missing)| format!("{name}: {missing}"));
        let unwired = (!self.wired).then(|| "not all stages have been started".into());
        let ending = self.draining.then(|| "the process is ending".into());
        let reasons = idle.chain(missing).chain(unwired).chain(ending);
        Verdict::from_reasons(reasons.collect())
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
