//! The orderly end, step by step: stop taking in, let what is in flight settle, record what does
//! not, stop and join the threads. When to do it and with what exit code is in `shutdown`.

use std::sync::Arc;
use std::time::Duration;

use actix::Recipient;
use serde::Serialize;
use tokio::time::{Instant, timeout, timeout_at};

use crate::Supervisor;
use crate::hop::Hop;
use crate::stage::{Drain, Stage};

/// Something that was not done at the deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missed {
    /// The stage that did not finish, or whose messages were not settled.
    pub stage: String,
    /// Messages still on their way to it; 0 when it is the stage that did not answer.
    pub in_flight: usize,
}

/// Course of the orderly end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DrainReport {
    /// The stages and hops that were not done at the deadline; empty when everything drained.
    pub missed: Vec<Missed>,
    /// Messages recorded as abandoned after it.
    pub abandoned: usize,
    /// Stages whose thread did not end in time.
    pub unjoined: Vec<String>,
}

impl DrainReport {
    /// Whether everything that was accepted has been settled in time.
    #[must_use]
    pub fn drained(&self) -> bool {
        self.missed.is_empty()
    }
}

impl Supervisor {
    /// Stops the intake and lets everything in flight settle, from the first stage to the last, all
    /// within the deadline. Returns what was missed. Messages held for a stage that has failed are
    /// released at once.
    pub async fn drain(&self) -> Vec<Missed> {
        let shared = self.shared();
        let deadline = Instant::now() + shared.settings.drain.deadline;
        shared.board.drain();
        shared.draining.cancel();
        let stages: Vec<_> = self
            .stages()
            .iter()
            .rev()
            .map(|stage| (Arc::clone(&stage.name), stage.barrier.clone()))
            .collect();
        let hops = self.shared().hops.all();

        // What a sender that is no stage sends comes from outside: it is an intake.
        let is_stage = |name: &str| stages.iter().any(|(stage, _)| &**stage == name);
        let outside = hops.iter().filter(|hop| !is_stage(hop.from()));
        let mut missed = empty(outside, deadline).await;
        for (stage, barrier) in &stages {
            // One that is asked only after the deadline cannot be said not to answer.
            if let Some(barrier) = barrier
                && Instant::now() < deadline
                && timeout_at(deadline, reach(barrier)).await.is_err()
            {
                tracing::warn!(%stage, "not drained: does not answer");
                missed.push(Missed {
                    stage: stage.to_string(),
                    in_flight: 0,
                });
            }
            // Only now: until here the stage may have had messages to pass on.
            let sent = hops.iter().filter(|hop| hop.from() == &**stage);
            missed.extend(empty(sent, deadline).await);
        }
        missed
    }

    /// Cuts off whatever still waits or works, and records what was held as abandoned where an
    /// outbox says so. Returns the number that was recorded.
    pub async fn abandon(&self) -> usize {
        self.shared().ended.cancel();
        let hops = self.shared().hops.all();
        let mut recorded = 0;
        let all = async {
            for hop in hops {
                recorded += hop.abandon().await;
            }
        };
        let limit = self.shared().settings.drain.stop;
        if timeout(limit, all).await.is_err() {
            tracing::error!("held messages could not all be recorded as abandoned in time");
        }
        recorded
    }

    /// Stops every stage and joins its thread, from the first to the last. Returns the stages whose
    /// thread did not end in time; it ends with the process.
    pub async fn stop(&self) -> Vec<String> {
        self.shared().ended.cancel();
        let deadline = Instant::now() + self.shared().settings.drain.stop;
        let stages: Vec<Stage> = std::mem::take(&mut *self.stages());
        for stage in &stages {
            stage.stop.cancel();
        }
        let mut unjoined = Vec::new();
        for stage in stages.into_iter().rev() {
            if timeout_at(deadline, stage.runner.join()).await.is_err() {
                tracing::error!(stage = %stage.name, "its thread did not end in time");
                unjoined.push(stage.name.to_string());
            }
            self.board().ended(&stage.name);
        }
        unjoined
    }
}

/// Closes the windows of the hops and waits until they are empty. Gives those that were not in time.
async fn empty(hops: impl Iterator<Item = &Arc<dyn Hop>>, deadline: Instant) -> Vec<Missed> {
    let mut missed = Vec::new();
    for hop in hops {
        hop.close();
        if timeout_at(deadline, hop.idle()).await.is_err() {
            let (stage, in_flight) = (hop.to(), hop.in_flight());
            tracing::warn!(stage, in_flight, "not drained: not settled");
            missed.push(Missed {
                stage: stage.into(),
                in_flight,
            });
        }
    }
    missed
}

/// Gets the message through to a stage that may be restarting; a stage that is gone has nothing to
/// drain.
async fn reach(barrier: &Recipient<Drain>) {
    while barrier.send(Drain).await.is_err() && barrier.connected() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
