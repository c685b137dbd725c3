//! Everything that a stage has of its supervisor while it works: a piece of work on one message is
//! bounded in time, cancellable, its panic caught, and fault points break it on purpose. What comes
//! out is the work's result or a [`StageError`]; nothing escapes to the stage. Waiting (for a
//! permit, for the next hop) belongs outside of a piece of work.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use closecall_calendar::Clock;
use closecall_protocol::Reason;
use futures_util::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::sync::CancellationToken;

use crate::health::InHand;
use crate::work_threads::WorkThreads;
use crate::{FaultPoints, HealthBoard, StageError, panics};

/// Runs the work of one stage and comes to its fault points. Clones share the process's permits for
/// CPU work and its work threads.
#[derive(Debug, Clone)]
pub struct StageContext {
    pub(crate) stage: Arc<str>,
    pub(crate) clock: Clock,
    pub(crate) board: HealthBoard,
    pub(crate) cores: Arc<Semaphore>,
    pub(crate) threads: WorkThreads,
    pub(crate) ended: CancellationToken,
    pub(crate) faults: FaultPoints,
}

/// A piece of work as seen from inside it.
#[derive(Debug)]
pub struct Work {
    in_hand: InHand,
    cancel: CancellationToken,
}

impl Work {
    /// Whether the result is no longer wanted: its bound has passed or the process has ended.
    /// Long work asks between its steps and returns early with whatever error.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// The work got on; it may be silent for another while as long as its bound.
    pub fn progressed(&self) {
        self.in_hand.progressed();
    }
}

impl StageContext {
    /// The stage's name.
    #[must_use]
    pub fn stage(&self) -> &str {
        &self.stage
    }

    /// The pipeline's clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The stage works, but not as well as it should, as `why` says; `None` that it does again.
    pub fn degraded(&self, why: Option<String>) {
        match why {
            Some(why) => self.board.degraded(&self.stage, why),
            None => self.board.recovered(&self.stage),
        }
    }

    /// Something that readiness needs and this stage knows of, such as a writable store: `missing` says
    /// what is not there, `None` that all is well.
    pub fn condition(&self, name: &str, missing: Option<String>) {
        self.board.condition(name, missing);
    }

    /// The stage's handler has begun: outside of the work on a message, so that a fault here makes
    /// the stage restart.
    ///
    /// # Panics
    /// When that is the fault configured here.
    pub fn handling(&self) {
        self.faults.hit(&self.stage, None);
    }

    /// The work has come to the fault point `point`.
    ///
    /// # Panics
    /// When that is the fault configured here.
    pub fn fault_point(&self, point: &str) {
        self.faults.hit(&self.stage, Some(point));
    }

    /// Runs asynchronous work here, for at most `bound`; then it is dropped.
    ///
    /// # Errors
    /// The work's own; `took-too-long` (permanent) past the bound; panicked when it did; released
    /// when the process ends first.
    pub async fn run<T>(
        &self,
        what: &'static str,
        bound: Duration,
        work: impl Future<Output = Result<T, StageError>>,
    ) -> Result<T, StageError> {
        let _in_hand = self.board.begin(&self.stage, what, bound);
        let work = AssertUnwindSafe(work).catch_unwind();
        tokio::select! {
            biased;
            () = self.ended.cancelled() => Err(ending(what)),
            done = tokio::time::timeout(bound, work) => match done {
                Ok(Ok(result)) => result,
                Ok(Err(panic)) => Err(StageError::panicked(panics::text(&*panic))),
                Err(_) => Err(took_too_long(what, bound)),
            },
        }
    }

    /// Runs work that blocks (a file, a database) on a work thread.
    ///
    /// # Errors
    /// As [`StageContext::run`]; transient when there is no thread.
    ///
    /// # Cancel safety
    /// Dropping the future, like passing the bound, makes [`Work::cancelled`] true; a thread cannot
    /// be ended from outside.
    pub async fn blocking<T: Send + 'static>(
        &self,
        what: &'static str,
        bound: Duration,
        work: impl FnOnce(&Work) -> Result<T, StageError> + Send + 'static,
    ) -> Result<T, StageError> {
        self.on_thread(what, bound, None, work).await
    }

    /// Waits for a core and runs CPU work on a work thread; as many run at once as there are
    /// permits. The bound counts from the beginning of the work.
    ///
    /// # Errors
    /// As [`StageContext::blocking`].
    ///
    /// # Cancel safety
    /// As [`StageContext::blocking`]; the permit is given back when the work has ended.
    pub async fn compute<T: Send + 'static>(
        &self,
        what: &'static str,
        bound: Duration,
        work: impl FnOnce(&Work) -> Result<T, StageError> + Send + 'static,
    ) -> Result<T, StageError> {
        let cores = Arc::clone(&self.cores);
        let permit = tokio::select! {
            permit = cores.acquire_owned() => permit.map_err(|_| ending(what))?,
            () = self.ended.cancelled() => return Err(ending(what)),
        };
        self.on_thread(what, bound, Some(permit), work).await
    }

    async fn on_thread<T: Send + 'static>(
        &self,
        what: &'static str,
        bound: Duration,
        permit: Option<OwnedSemaphorePermit>,
        work: impl FnOnce(&Work) -> Result<T, StageError> + Send + 'static,
    ) -> Result<T, StageError> {
        let cancel = self.ended.child_token();
        let _cancel_on_drop = cancel.clone().drop_guard();
        // On the board until the work has ended, also when no one waits for it any more.
        let context = Work {
            in_hand: self.board.begin(&self.stage, what, bound),
            cancel: cancel.clone(),
        };
        let (reply, done) = oneshot::channel();
        self.threads
            .run(move || {
                let result = catch_unwind(AssertUnwindSafe(|| work(&context)))
                    .unwrap_or_else(|panic| Err(StageError::panicked(panics::text(&*panic))));
                drop((context, permit));
                // No one may be waiting any more; then the result is not wanted.
                reply.send(result).ok();
            })
            .map_err(|error| {
                StageError::transient(Reason::Unavailable, format!("no thread: {error}"))
            })?;
        tokio::select! {
            // The end first: what cancelled work answers shall not be taken for the message's fault.
            biased;
            () = self.ended.cancelled() => Err(ending(what)),
            result = done => result.unwrap_or_else(|_| Err(ending(what))),
            () = tokio::time::sleep(bound) => Err(took_too_long(what, bound)),
        }
    }
}

fn took_too_long(what: &str, bound: Duration) -> StageError {
    let message = format!("{what} was not done within {bound:?}");
    StageError::permanent(Reason::TookTooLong, message)
}

fn ending(what: &str) -> StageError {
    StageError::released(format!("{what} was cut off: the process is ending"))
}
