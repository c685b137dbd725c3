//! Time that a stage works on a message, for the forecast's trace.

use chrono::{DateTime, Utc};
use closecall_protocol::StageTrace;
use closecall_supervision::StageContext;
use tokio::time::Instant;

/// Started when a stage takes a message in hand.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    stage: String,
    began_at: DateTime<Utc>,
    began: Instant,
    attempts: u32,
}

impl Stopwatch {
    /// `panics`: how often the stage has panicked on the message before.
    pub(crate) fn start(context: &StageContext, panics: u32) -> Self {
        Self {
            stage: context.stage().to_owned(),
            began_at: context.clock().now(),
            began: Instant::now(),
            attempts: panics + 1,
        }
    }

    pub(crate) fn stop(self) -> StageTrace {
        StageTrace {
            stage: self.stage,
            began_at: Some(self.began_at),
            // The span is real time, also under a simulated clock.
            took_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            attempts: self.attempts,
        }
    }
}
