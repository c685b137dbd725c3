//! A stage as the supervisor keeps it, and the message that asks it to finish.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use actix::{Arbiter, Recipient};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// Asks a stage to finish: the head of a pipeline stops taking in (its timer, its subscription),
/// the others have nothing to stop. The reply comes when everything queued before has been begun,
/// which the order of the mailbox gives by itself.
#[derive(Debug, Clone, Copy)]
pub struct Drain;

impl actix::Message for Drain {
    type Result = ();
}

/// A stage as the supervisor keeps it.
pub(crate) struct Stage {
    pub(crate) name: Arc<str>,
    /// Its mailbox, where it has one.
    pub(crate) barrier: Option<Recipient<Drain>>,
    pub(crate) stop: CancellationToken,
    pub(crate) runner: Runner,
}

/// Carrier of a stage.
pub(crate) enum Runner {
    /// An actor's arbiter with its runtime, and the end of its guard.
    Arbiter {
        arbiter: Arbiter,
        runtime: Handle,
        end: oneshot::Receiver<()>,
    },
    Thread(JoinHandle<()>),
}

impl Runner {
    /// Ends the carrier once its stage is over, and waits until its thread has ended.
    pub(crate) async fn join(self) {
        let (joined, done) = oneshot::channel();
        let join: Box<dyn FnOnce() + Send> = match self {
            Self::Arbiter { arbiter, end, .. } => {
                // An error only says that the guard was gone before.
                end.await.ok();
                arbiter.stop();
                Box::new(move || drop(arbiter.join()))
            }
            Self::Thread(handle) => {
                handle.thread().unpark();
                Box::new(move || drop(handle.join()))
            }
        };
        // A thread of its own, because a join cannot be given up: not one of the runtime's, which
        // would wait for it in turn.
        let waiter = thread::Builder::new().name("join".into()).spawn(move || {
            join();
            joined.send(()).ok();
        });
        if waiter.is_ok() {
            done.await.ok();
        }
    }
}
