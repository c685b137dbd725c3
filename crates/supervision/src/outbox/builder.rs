//! Sets up an outbox; the wiring of a pipeline reads as one builder per hop.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use actix::Recipient;
use dashmap::DashMap;
use tokio::sync::{Semaphore, watch};

use super::{Outbox, OutboxStats};
use crate::shared::Shared;
use crate::{DeadLetterSink, Deliver, MessageMetadata};

/// An outbox to be built; from [`Supervisor::outbox`](crate::Supervisor::outbox).
pub struct OutboxBuilder<T: Send + 'static> {
    pub(crate) shared: Shared,
    pub(crate) from: Arc<str>,
    pub(crate) to: Arc<str>,
    pub(crate) recipient: Recipient<Deliver<T>>,
    pub(crate) metadata: Arc<dyn MessageMetadata<T>>,
    pub(crate) window: usize,
    pub(crate) sink: Option<Arc<dyn DeadLetterSink>>,
    pub(crate) abandon_at_exit: bool,
}

impl<T: Send + 'static> fmt::Debug for OutboxBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboxBuilder")
            .field("from", &self.from)
            .field("to", &self.to)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

impl<T: Clone + Send + Sync + 'static> OutboxBuilder<T> {
    /// Messages in flight at once, at least 1.
    #[must_use]
    pub fn window(mut self, places: usize) -> Self {
        self.window = places.max(1);
        self
    }

    /// Records dead letters in `sink`, which settles their messages. Without it a refusal goes back
    /// to the caller, for a sender further up to record.
    #[must_use]
    pub fn dead_letters(mut self, sink: Arc<dyn DeadLetterSink>) -> Self {
        self.sink = Some(sink);
        self
    }

    /// Records what is held when the process ends in an orderly way as dead letters `abandoned`.
    /// Without it, it is left to its source, which sends it again.
    #[must_use]
    pub fn abandon_at_exit(mut self) -> Self {
        self.abandon_at_exit = true;
        self
    }

    /// Builds it; the supervisor drains it when its sending stage has been drained.
    #[must_use]
    pub fn build(self) -> Arc<Outbox<T>> {
        let shared = self.shared;
        shared.board.add_window(&self.to, self.window);
        let outbox = Arc::new(Outbox {
            from: self.from,
            to: self.to,
            recipient: self.recipient,
            metadata: self.metadata,
            sink: self.sink,
            abandon_at_exit: self.abandon_at_exit,
            window: Arc::new(Semaphore::new(self.window)),
            held: DashMap::new(),
            next: AtomicU64::new(0),
            stats: watch::Sender::new(OutboxStats::default()),
            took: Mutex::default(),
            shared,
        });
        outbox.shared.hops.add(Arc::clone(&outbox) as _);
        outbox
    }
}
