//! Response to the failure of a stage, whether it is an actor or a thread: logged, shown on the
//! board, counted against the budget, and escalated when that is spent.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use crate::budget::{Blame, Budget, Decision};
use crate::policy::spread;
use crate::shared::{Shared, StageFailure};
use crate::{HealthBoard, StageState};

/// The failures of one stage and who is told of them.
#[derive(Debug)]
pub(crate) struct Restarts {
    stage: Arc<str>,
    budget: Budget,
    board: HealthBoard,
    escalation: watch::Sender<Option<StageFailure>>,
}

impl Restarts {
    pub(crate) fn new(stage: Arc<str>, shared: &Shared) -> Self {
        // Stages that fail together shall not come back together.
        let seed = spread(shared.seed, &stage);
        Self {
            budget: Budget::new(shared.settings.restart, seed, Instant::now()),
            stage,
            board: shared.board.clone(),
            escalation: shared.escalation.clone(),
        }
    }

    /// The stage runs, for the first time or again.
    pub(crate) fn running(&mut self) {
        self.budget.restarted(Instant::now());
        self.board.set_state(&self.stage, StageState::Running);
    }

    /// The stage ended as asked.
    pub(crate) fn stopped(&self) {
        self.board.set_state(&self.stage, StageState::Stopped);
    }

    /// The stage failed with `error`.
    pub(crate) fn failed(&mut self, error: &str, blame: Blame) -> Decision {
        let now = Instant::now();
        let decision = self.budget.failed(blame, now);
        match decision {
            Decision::Restart(wait) => {
                let counted = self.budget.counted(now + wait);
                self.board.restarting(&self.stage, error, counted);
                tracing::error!(stage = %self.stage, error, ?blame, ?wait, "stage failed, restarting");
            }
            Decision::GiveUp => {
                self.board.failed(&self.stage, error);
                tracing::error!(stage = %self.stage, error, "stage failed once too often, giving up");
                let failure = StageFailure {
                    stage: self.stage.to_string(),
                    error: error.into(),
                };
                // The first is what ends the process; later ones find it ending.
                self.escalation.send_if_modified(|first| {
                    let is_first = first.is_none();
                    first.get_or_insert(failure);
                    is_first
                });
            }
        }
        decision
    }
}
