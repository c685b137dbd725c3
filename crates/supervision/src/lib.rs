//! Supervised stages on actix: what keeps a pipeline of actors running, and what says so.
//!
//! Three walls stand around each other, and the innermost that can handles a failure:
//!
//! 1. the message ([`StageContext`]): a panic inside the work, or work past its bound, becomes an
//!    error of that one message;
//! 2. the stage ([`Supervisor::spawn_stage`], [`Supervisor::spawn_thread`]): what escapes is caught
//!    around the actor's context (or the thread's loop), which is rebuilt on the same address after
//!    a backoff, within a budget ([`RestartPolicy`]);
//! 3. the process ([`Supervisor::run`]): a stage past its budget ends it, after the rest drained.
//!
//! Messages pass between stages through an [`Outbox`]: a window per hop, the reply is the
//! acknowledgement, the sender owns the retry and the dead letter. The [`HealthBoard`] shows it
//! all, and [`FaultPoints`] break it on purpose.
//!
//! # Layout
//!
//! * delivery: `delivery` (the envelope and its mark), `message_metadata`, `outbox`, `hop`, `dead_letter`,
//!   `stage_error`, `stage_context` (the work on one message) on `work_threads`
//! * restarts: `policy`, `budget`, `restarts`, `guard` (actors), `thread_stage` (OS threads)
//! * wiring and ending: `shared`, `stage`, `supervisor`, `drain`, `shutdown`, `signals`
//! * looking at it: `health`, `watchdog`; breaking it: `faults`
//!
//! Nothing here knows the domain: messages are generic, and what delivery needs to know of one
//! comes from a [`MessageMetadata`] that the composition gives. Backoffs, bounds and deadlines are real,
//! monotonic time; expiry and dead letters are dated by the given clock.

mod budget;
mod dead_letter;
mod delivery;
mod drain;
mod error;
mod faults;
mod guard;
mod health;
mod hop;
mod message_metadata;
mod outbox;
mod panics;
mod policy;
mod restarts;
mod settings;
mod shared;
mod shutdown;
mod signals;
mod stage;
mod stage_context;
mod stage_error;
mod supervisor;
mod thread_stage;
mod watchdog;
mod work_threads;

pub use dead_letter::{DeadLetter, DeadLetterSink, Recording, SinkError};
pub use delivery::{Ack, Deliver};
pub use drain::{DrainReport, Missed};
pub use error::Error;
pub use faults::{FaultPoints, InjectedFault, KnownPoints};
pub use health::{
    Health, HealthBoard, RestartBudget, StageHealth, StageState, Verdict, WorkHealth,
};
pub use message_metadata::MessageMetadata;
pub use outbox::{Accepted, Outbox, OutboxBuilder, OutboxStats};
pub use panics::log_panics;
pub use policy::RestartPolicy;
pub use settings::{DeliverySettings, DrainSettings, SupervisionSettings, WatchdogSettings};
pub use shared::StageFailure;
pub use shutdown::{Cause, ProcessExit};
pub use signals::{Signal, SignalSource, Signals};
pub use stage::Drain;
pub use stage_context::{StageContext, Work};
pub use stage_error::{FailureClass, StageError};
pub use supervisor::Supervisor;
pub use thread_stage::ThreadContext;
