//! Work in hand: begun, stamped with progress, ended. Waiting for a permit or for the next hop is
//! not work and is not entered here.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::board::HealthBoard;
use super::work_record::WorkRecord;

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
        let id = self.next_work();
        let now = Instant::now();
        self.update(stage, |record| {
            let work = WorkRecord {
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
