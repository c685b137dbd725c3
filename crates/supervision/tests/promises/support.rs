//! A stage whose behaviour each test gives, a message for it, a place for its dead letters, and
//! settings whose waits are milliseconds. Nothing is mocked: these are the actors of the tests.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::{Actor, Addr, Context, Handler, ResponseFuture, Supervised, System};
use chrono::{DateTime, Utc};
use closecall_calendar::Clock;
use closecall_protocol::Reason;
use closecall_settings::Backoff;
use closecall_supervision::{
    Ack, DeadLetter, DeadLetterSink, Deliver, DeliverySettings, Drain, DrainSettings, Health,
    MessageMetadata, Outbox, Recording, RestartPolicy, StageError, SupervisionSettings, Supervisor,
    WatchdogSettings,
};
use serde_json::{Value, json};

/// The message: a number, and when it expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) number: u64,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

pub(crate) fn job(number: u64) -> Job {
    Job {
        number,
        expires_at: None,
    }
}

pub(crate) struct Jobs;

impl MessageMetadata<Job> for Jobs {
    fn id(&self, job: &Job) -> String {
        format!("job-{}", job.number)
    }

    fn label(&self, _: &Job) -> Option<String> {
        Some("test".into())
    }

    fn expires_at(&self, job: &Job) -> Option<DateTime<Utc>> {
        job.expires_at
    }

    fn to_json(&self, job: &Job) -> Value {
        json!({ "number": job.number })
    }
}

pub(crate) type Reply = Result<Ack, StageError>;
type Reaction = dyn Fn(&mut Worker, &Deliver<Job>) -> ResponseFuture<Reply> + Send + Sync;
type Start = dyn Fn(&mut Context<Worker>) + Send + Sync;

/// A stage. It counts what it handled since it was last rebuilt.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) handled: u64,
    reaction: Arc<Reaction>,
    start: Arc<Start>,
}

impl Worker {
    pub(crate) fn new(
        reaction: impl Fn(&mut Self, &Deliver<Job>) -> ResponseFuture<Reply> + Send + Sync + 'static,
    ) -> Self {
        Self {
            handled: 0,
            reaction: Arc::new(reaction),
            start: Arc::new(|_| ()),
        }
    }

    pub(crate) fn on_start(
        mut self,
        start: impl Fn(&mut Context<Self>) + Send + Sync + 'static,
    ) -> Self {
        self.start = Arc::new(start);
        self
    }

    /// Passes every message on to `next`.
    pub(crate) fn passing_to(next: Arc<Outbox<Job>>) -> Self {
        Self::new(move |_, delivery| {
            let (next, job) = (Arc::clone(&next), delivery.message);
            Box::pin(async move { next.deliver(job).await })
        })
    }
}

impl Actor for Worker {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let start = Arc::clone(&self.start);
        start(ctx);
    }
}

impl Supervised for Worker {
    fn restarting(&mut self, _: &mut Self::Context) {
        self.handled = 0;
    }
}

impl Handler<Deliver<Job>> for Worker {
    type Result = ResponseFuture<Reply>;

    fn handle(&mut self, delivery: Deliver<Job>, _: &mut Self::Context) -> Self::Result {
        self.handled += 1;
        let reaction = Arc::clone(&self.reaction);
        reaction(self, &delivery)
    }
}

impl Handler<Drain> for Worker {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}

/// An answer that is there at once.
pub(crate) fn at_once(reply: Reply) -> ResponseFuture<Reply> {
    Box::pin(std::future::ready(reply))
}

pub(crate) fn done() -> ResponseFuture<Reply> {
    at_once(Ok(Ack::Done))
}

/// Keeps dead letters in memory; the first `failures` attempts to record one fail.
#[derive(Clone, Default)]
pub(crate) struct Letters {
    letters: Arc<Mutex<Vec<DeadLetter>>>,
    pub(crate) failures: Arc<AtomicUsize>,
}

impl Letters {
    pub(crate) fn all(&self) -> Vec<DeadLetter> {
        self.letters.lock().unwrap().clone()
    }

    /// Identity and reason of each.
    pub(crate) fn reasons(&self) -> Vec<(String, Reason)> {
        let letters = self.all().into_iter();
        letters.map(|letter| (letter.id, letter.reason)).collect()
    }
}

impl DeadLetterSink for Letters {
    fn record<'a>(&'a self, letter: &'a DeadLetter) -> Recording<'a> {
        Box::pin(async move {
            let fails = |left: usize| left.checked_sub(1);
            let order = Ordering::SeqCst;
            if self.failures.fetch_update(order, order, fails).is_ok() {
                return Err("the disk is full".into());
            }
            self.letters.lock().unwrap().push(letter.clone());
            Ok(())
        })
    }
}

/// Waits of milliseconds; deadlines of such length that only a hang meets them.
pub(crate) fn quick() -> SupervisionSettings {
    let backoff = Backoff {
        first: Duration::from_millis(1),
        factor: 2.0,
        max: Duration::from_millis(4),
        jitter: 0.2.try_into().unwrap(),
    };
    SupervisionSettings {
        restart: RestartPolicy {
            backoff,
            ..RestartPolicy::default()
        },
        delivery: DeliverySettings {
            backoff,
            ..SupervisionSettings::default().delivery
        },
        drain: DrainSettings {
            deadline: Duration::from_secs(60),
            stop: Duration::from_secs(60),
            force: Duration::from_secs(600),
        },
        watchdog: WatchdogSettings {
            every: Duration::from_millis(5),
            handler_bound: Duration::from_secs(60),
        },
        cpu_permits: 2,
    }
}

pub(crate) fn supervisor(settings: SupervisionSettings) -> Supervisor {
    Supervisor::new(settings, Clock::system(), 7).unwrap()
}

/// Runs a test on an actix system, as the binary does.
pub(crate) fn on_system<T>(test: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(120);
    System::new().block_on(async move { tokio::time::timeout(limit, test).await.unwrap() })
}

/// One supervised stage named "worker", and the hop into it.
pub(crate) struct Rig {
    pub(crate) supervisor: Supervisor,
    pub(crate) worker: Addr<Worker>,
    pub(crate) outbox: Arc<Outbox<Job>>,
    pub(crate) letters: Letters,
}

impl Rig {
    pub(crate) fn new(settings: SupervisionSettings, worker: Worker) -> Self {
        Self::with_clock(settings, worker, Clock::system())
    }

    pub(crate) fn with_clock(settings: SupervisionSettings, worker: Worker, clock: Clock) -> Self {
        let supervisor = Supervisor::new(settings, clock, 7).unwrap();
        let worker = supervisor.spawn_stage("worker", worker).unwrap();
        let letters = Letters::default();
        let outbox = supervisor
            .outbox("source", "worker", worker.clone().recipient(), Jobs)
            .dead_letters(Arc::new(letters.clone()))
            .abandon_at_exit()
            .build();
        Self {
            supervisor,
            worker,
            outbox,
            letters,
        }
    }

    pub(crate) fn health(&self) -> Health {
        self.supervisor.board().health()
    }

    pub(crate) fn restarts(&self) -> u64 {
        self.health().stages["worker"].restarts
    }

    /// Waits until the watchdog, which may be behind, sees what is looked for.
    pub(crate) async fn until(&self, shows: impl Fn(&Health) -> bool) -> Health {
        let mut health = self.supervisor.health();
        let seen = |health: &Health| health.stages.contains_key("worker") && shows(health);
        health.wait_for(seen).await.unwrap().clone()
    }
}

impl fmt::Debug for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all()).finish()
    }
}
