//! A stage that is an OS thread running a loop instead of an actor (a Kafka consumer, for example),
//! under the same policy: a panic or a fatal error restarts the loop after a backoff, within the
//! same budget.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::budget::{Blame, Decision};
use crate::restarts::Restarts;
use crate::{HealthBoard, panics};

/// One run of the loop, as seen from inside it.
#[derive(Debug)]
pub struct ThreadContext {
    generation: u64,
    stop: CancellationToken,
    heart: Heart,
}

/// Shows on the board that the thread turns.
#[derive(Debug, Clone)]
pub(crate) struct Heart {
    pub(crate) stage: Arc<str>,
    pub(crate) board: HealthBoard,
    /// Longest time that the loop may go without asking whether to stop.
    pub(crate) bound: Duration,
}

impl ThreadContext {
    /// Counts the runs: 0 is the first. What belongs to an earlier run can be told by it.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether the loop is to return. To be asked at least once a second: asking is also the sign
    /// of life, without which the thread counts as stalled.
    #[must_use]
    pub fn stopping(&self) -> bool {
        self.heart.board.turned(&self.heart.stage, self.heart.bound);
        self.stop.is_cancelled()
    }
}

/// Runs `body` until it is stopped or the budget is spent.
pub(crate) fn supervise<E: Display>(
    mut restarts: Restarts,
    stop: &CancellationToken,
    heart: &Heart,
    mut body: impl FnMut(&ThreadContext) -> Result<(), E>,
) {
    for generation in 0.. {
        restarts.running();
        let run = ThreadContext {
            generation,
            stop: stop.clone(),
            heart: heart.clone(),
        };
        heart.board.turned(&heart.stage, heart.bound);
        let ended = catch_unwind(AssertUnwindSafe(|| body(&run)));
        // No sign of life is expected of a loop that does not run.
        heart.board.ended(&heart.stage);
        let error = match ended {
            _ if stop.is_cancelled() => break,
            Ok(Ok(())) => "the loop ended by itself".into(),
            Ok(Err(error)) => error.to_string(),
            Err(panic) => panics::text(&*panic),
        };
        match restarts.failed(&error, Blame::Stage) {
            Decision::Restart(wait) => wait_unless(stop, wait),
            Decision::GiveUp => return,
        }
        if stop.is_cancelled() {
            break;
        }
    }
    restarts.stopped();
}

/// Waits; who stops the stage also unparks its thread.
fn wait_unless(stop: &CancellationToken, wait: Duration) {
    let until = Instant::now() + wait;
    while !stop.is_cancelled() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::park_timeout(left);
    }
}
