//! The supervisor: starts stages and hops, and knows them all, in the order they were started.
//! Ending them is in `drain` and `shutdown`.

use std::fmt::{self, Display};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use actix::dev::channel;
use actix::{Actor, Addr, Arbiter, Context, Handler, Recipient, Supervised, System};
use closecall_calendar::Clock;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::guard::Guard;
use crate::hop::Hops;
use crate::restarts::Restarts;
use crate::shared::{Shared, StageFailure};
use crate::stage::{Drain, Runner, Stage};
use crate::thread_stage::{self, Heart, ThreadContext};
use crate::work_threads::WorkThreads;
use crate::{
    Deliver, Error, FaultPoints, Health, HealthBoard, MessageMetadata, OutboxBuilder, StageContext,
    SupervisionSettings, watchdog,
};

struct Inner {
    shared: Shared,
    cores: Arc<Semaphore>,
    threads: WorkThreads,
    stages: Mutex<Vec<Stage>>,
    health: watch::Receiver<Health>,
}

/// Starts and ends the stages of one process. Clones are handles to the same.
#[derive(Clone)]
pub struct Supervisor(Arc<Inner>);

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor")
            .field("board", &self.0.shared.board)
            .finish_non_exhaustive()
    }
}

/// Slots of a mailbox. It bounds nothing (each sender has one more); the windows do.
const MAILBOX: usize = 16;

impl Supervisor {
    /// A supervisor without stages, and its watchdog. `clock` dates expiry and dead letters; `seed`
    /// draws the jitter of the waits.
    ///
    /// # Errors
    /// When the settings contradict themselves, or there is no thread for the watchdog.
    pub fn new(settings: SupervisionSettings, clock: Clock, seed: u64) -> Result<Self, Error> {
        settings.validate()?;
        let cores = match settings.cpu_permits {
            0 => thread::available_parallelism().map_or(1, usize::from),
            permits => permits,
        };
        let shared = Shared {
            settings,
            clock,
            seed,
            board: HealthBoard::new(),
            draining: CancellationToken::new(),
            ended: CancellationToken::new(),
            escalation: watch::Sender::new(None),
            hops: Hops::default(),
        };
        let health = watchdog::start(&shared)?;
        Ok(Self(Arc::new(Inner {
            shared,
            cores: Arc::new(Semaphore::new(cores)),
            threads: WorkThreads::default(),
            stages: Mutex::default(),
            health,
        })))
    }

    /// Starts an actor as a stage, on an arbiter of its own, under the guard. Stages are started
    /// from the last to the first, because each is built with the way to the next; they are drained
    /// in the opposite order.
    ///
    /// After a failure `Supervised::restarting` must rebuild the actor's state from its parts;
    /// `started` then runs again. What must survive (outboxes, clients) is held in `Arc`s.
    ///
    /// # Errors
    /// When no actix system runs on this thread, or there is no thread for the arbiter.
    pub fn spawn_stage<A>(&self, name: &str, actor: A) -> Result<Addr<A>, Error>
    where
        A: Actor<Context = Context<A>> + Supervised + Handler<Drain> + Send,
    {
        if System::try_current().is_none() {
            return Err(Error::NoSystem { stage: name.into() });
        }
        let (arbiter, runtime) = start_arbiter().map_err(|source| Error::NoThread {
            stage: name.into(),
            source,
        })?;
        let stage: Arc<str> = name.into();
        let shared = &self.0.shared;
        shared.board.register(&stage);

        let (sender, receiver) = channel::channel(MAILBOX);
        let addr = Addr::new(sender);
        let restarts = Restarts::new(Arc::clone(&stage), shared);
        let stop = CancellationToken::new();
        let (ended, end) = oneshot::channel();
        let heartbeat = watchdog::beat(Arc::clone(&stage), shared);
        let guard_stop = stop.clone();
        arbiter.spawn_fn(move || {
            let context = Context::with_receiver(receiver).into_future(actor);
            let guard = Guard::new(context, restarts, guard_stop);
            actix_rt::spawn(heartbeat);
            actix_rt::spawn(async move {
                guard.await;
                // Only a shutdown waits for it.
                ended.send(()).ok();
            });
        });
        self.stages().push(Stage {
            name: stage,
            barrier: Some(addr.clone().recipient()),
            stop,
            runner: Runner::Arbiter {
                arbiter,
                runtime,
                end,
            },
        });
        Ok(addr)
    }

    /// Starts a thread as a stage. `body` is a loop that runs until [`ThreadContext::stopping`]; a panic
    /// in it, an error from it, or its end without being asked restarts it under the same policy as
    /// an actor.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn_thread<E: Display>(
        &self,
        name: &str,
        body: impl FnMut(&ThreadContext) -> Result<(), E> + Send + 'static,
    ) -> Result<(), Error> {
        let stage: Arc<str> = name.into();
        let shared = &self.0.shared;
        shared.board.register(&stage);
        let restarts = Restarts::new(Arc::clone(&stage), shared);
        let stop = CancellationToken::new();
        let thread_stop = stop.clone();
        let heart = Heart {
            stage: Arc::clone(&stage),
            board: shared.board.clone(),
            bound: shared.settings.watchdog.handler_bound,
        };
        let handle = thread::Builder::new()
            .name(name.into())
            .spawn(move || thread_stage::supervise(restarts, &thread_stop, &heart, body))
            .map_err(|source| Error::NoThread {
                stage: name.into(),
                source,
            })?;
        self.stages().push(Stage {
            name: stage,
            barrier: None,
            stop,
            runner: Runner::Thread(handle),
        });
        Ok(())
    }

    /// The runtime that carries the actor of `stage`: lent to a thread stage that hands work to
    /// that actor, so that the work and the actor share a thread. It outlives the actor's restarts.
    ///
    /// # Errors
    /// When no actor was started under that name.
    pub fn runtime(&self, stage: &str) -> Result<Handle, Error> {
        let stages = self.stages();
        let found = stages.iter().find_map(|one| match &one.runner {
            Runner::Arbiter { runtime, .. } if &*one.name == stage => Some(runtime.clone()),
            _ => None,
        });
        found.ok_or_else(|| Error::NoRuntime {
            stage: stage.into(),
        })
    }

    /// A hop from stage `from` to stage `to`, whose address is `recipient`.
    pub fn outbox<T: Send + 'static>(
        &self,
        from: &str,
        to: &str,
        recipient: Recipient<Deliver<T>>,
        metadata: impl MessageMetadata<T>,
    ) -> OutboxBuilder<T> {
        OutboxBuilder {
            shared: self.0.shared.clone(),
            from: from.into(),
            to: to.into(),
            recipient,
            metadata: Arc::new(metadata),
            window: self.0.shared.settings.delivery.window.get(),
            sink: None,
            abandon_at_exit: false,
        }
    }

    /// The context that `stage` works with; its fault points are those of `faults`.
    #[must_use]
    pub fn context(&self, stage: &str, faults: FaultPoints) -> StageContext {
        let shared = &self.0.shared;
        StageContext {
            stage: stage.into(),
            clock: shared.clock.clone(),
            board: shared.board.clone(),
            cores: Arc::clone(&self.0.cores),
            threads: self.0.threads.clone(),
            ended: shared.ended.clone(),
            faults,
        }
    }

    /// The health board.
    #[must_use]
    pub fn board(&self) -> &HealthBoard {
        &self.0.shared.board
    }

    /// The watchdog's last findings: for probes, which must not ask a board that a stuck thread may
    /// hold. Refreshed every `watchdog.every`; [`Health::age`] shows when it no longer is.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<Health> {
        self.0.health.clone()
    }

    /// Waits until a stage has failed for good.
    pub async fn failure(&self) -> StageFailure {
        let mut escalation = self.0.shared.escalation.subscribe();
        loop {
            if let Some(failure) = escalation.borrow_and_update().clone() {
                return failure;
            }
            if escalation.changed().await.is_err() {
                // The sender is this supervisor's own.
                std::future::pending::<()>().await;
            }
        }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0.shared
    }

    pub(crate) fn stages(&self) -> MutexGuard<'_, Vec<Stage>> {
        self.0.stages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread with a runtime for one actor, and a handle to the runtime.
fn start_arbiter() -> io::Result<(Arbiter, Handle)> {
    let (lend, lent) = mpsc::sync_channel(1);
    let arbiter = Arbiter::try_with_tokio_rt(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        // The receiver is below, and the channel has room.
        lend.send(runtime.handle().clone())
            .map_err(io::Error::other)?;
        Ok(runtime)
    })?;
    Ok((arbiter, lent.recv().map_err(io::Error::other)?))
}
