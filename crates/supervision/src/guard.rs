//! The future that runs an actor: it polls the actor's context, catches what escapes, rebuilds the
//! actor on the same mailbox and address after a backoff, and gives up when the budget is spent.
//!
//! actix's own supervisor restarts only an actor that stops itself, at once and for ever, and is
//! dropped with the actor by the first panic.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use actix::dev::ContextFut;
use actix::{Actor, ActorContext, Context, Supervised};
use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::budget::{Blame, Decision};
use crate::restarts::Restarts;
use crate::{delivery, panics};

/// Runs one actor until it is asked to stop, no one has its address any more, or its budget is
/// spent.
pub(crate) struct Guard<A>
where
    A: Actor<Context = Context<A>> + Supervised,
{
    context: ContextFut<A, Context<A>>,
    restarts: Restarts,
    phase: Phase,
    stop: Pin<Box<WaitForCancellationFutureOwned>>,
    stopping: bool,
}

enum Phase {
    /// The context is polled; whether it has come through once since it was (re)started.
    Running { settled: bool },
    /// Waiting to restart; messages wait in the mailbox.
    BackingOff(Pin<Box<Sleep>>),
}

impl<A> Guard<A>
where
    A: Actor<Context = Context<A>> + Supervised,
{
    pub(crate) fn new(
        context: ContextFut<A, Context<A>>,
        restarts: Restarts,
        stop: CancellationToken,
    ) -> Self {
        Self {
            context,
            restarts,
            phase: Phase::Running { settled: false },
            stop: Box::pin(stop.cancelled_owned()),
            stopping: false,
        }
    }

    /// Raises the flag that makes a stop a stop instead of a failure. Says whether the guard is
    /// over at once, because the actor is down.
    fn begin_stop(&mut self) -> bool {
        self.stopping = true;
        match self.phase {
            Phase::Running { .. } => {
                self.context.ctx().stop();
                false
            }
            Phase::BackingOff(_) => {
                self.restarts.stopped();
                true
            }
        }
    }

    /// Takes note of a failure. Says whether the guard is over.
    fn fail(&mut self, error: &str, blame: Blame) -> bool {
        if self.stopping {
            tracing::warn!(error, "stage failed while stopping");
            self.restarts.stopped();
            return true;
        }
        match self.restarts.failed(error, blame) {
            Decision::Restart(wait) => {
                self.phase = Phase::BackingOff(Box::pin(tokio::time::sleep(wait)));
                false
            }
            Decision::GiveUp => true,
        }
    }

    /// Polls the actor. Says whether the guard is over; pending when there is nothing to do.
    fn poll_actor(&mut self, cx: &mut TaskContext<'_>) -> Poll<bool> {
        delivery::forget_unwound();
        let context = &mut self.context;
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(context).poll(cx)));
        match polled {
            Ok(Poll::Pending) => {
                if let Phase::Running { settled: false } = self.phase {
                    self.phase = Phase::Running { settled: true };
                    self.restarts.running();
                }
                Poll::Pending
            }
            Ok(Poll::Ready(())) if self.stopping || !self.context.ctx().connected() => {
                self.restarts.stopped();
                Poll::Ready(true)
            }
            Ok(Poll::Ready(())) => Poll::Ready(self.fail("the actor stopped itself", Blame::Stage)),
            Err(panic) => {
                let blame = if delivery::unwound_a_repeat() {
                    Blame::Message
                } else {
                    Blame::Stage
                };
                Poll::Ready(self.fail(&panics::text(&*panic), blame))
            }
        }
    }

    /// Rebuilds the actor. Says whether the guard is over.
    fn restart(&mut self) -> bool {
        let context = &mut self.context;
        match catch_unwind(AssertUnwindSafe(|| context.restart())) {
            Ok(true) => {
                self.phase = Phase::Running { settled: false };
                false
            }
            Ok(false) => {
                self.restarts.stopped();
                true
            }
            Err(panic) => self.fail(&panics::text(&*panic), Blame::Stage),
        }
    }
}

impl<A> Future for Guard<A>
where
    A: Actor<Context = Context<A>> + Supervised,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<()> {
        let guard = self.get_mut();
        if !guard.stopping && guard.stop.as_mut().poll(cx).is_ready() && guard.begin_stop() {
            return Poll::Ready(());
        }
        loop {
            let over = match &mut guard.phase {
                Phase::Running { .. } => ready!(guard.poll_actor(cx)),
                Phase::BackingOff(wait) => {
                    ready!(wait.as_mut().poll(cx));
                    guard.restart()
                }
            };
            if over {
                return Poll::Ready(());
            }
        }
    }
}

impl<A> Drop for Guard<A>
where
    A: Actor<Context = Context<A>> + Supervised,
{
    fn drop(&mut self) {
        // Dropping a context that is not terminated would run the actor's `stopping` and `stopped`,
        // and handlers if it then continues, on whatever a panic left of it.
        self.context.ctx().terminate();
    }
}
