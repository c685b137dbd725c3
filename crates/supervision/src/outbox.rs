//! A hop to the next stage, on the sender's side: the window, the retry, the dead letter. It lives
//! beside the sending stage, outside of what a restart rebuilds, and a delivery once begun goes on
//! without the one that waits for it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use actix::Recipient;
use chrono::{DateTime, Utc};
use dashmap::DashMap;
use serde::Serialize;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::health::Histogram;
use crate::shared::Shared;
use crate::{Ack, DeadLetterSink, Deliver, MessageMetadata, StageError};

mod builder;
mod courier;
mod ending;

pub use builder::OutboxBuilder;

/// A message that was accepted, with all that its delivery needs.
struct Parcel<T> {
    accepted: Instant,
    id: String,
    label: Option<String>,
    expires_at: Option<DateTime<Utc>>,
    message: T,
    /// Where its dead letter goes; without one a refusal goes back to the caller.
    sink: Option<Arc<dyn DeadLetterSink>>,
}

/// Counts of an outbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct OutboxStats {
    /// Messages accepted into the window.
    pub accepted: u64,
    /// Of these, settled, be it by a dead letter.
    pub done: u64,
    /// Dead letters recorded here.
    pub dead_lettered: u64,
    /// Of these, given back to the caller unsettled or refused.
    pub returned: u64,
    /// In the window now.
    pub in_flight: usize,
    /// The most there ever were.
    pub peak_in_flight: usize,
}

impl OutboxStats {
    /// Accepted, and neither settled nor returned nor in the window: there is never one.
    #[must_use]
    pub fn lost(&self) -> u64 {
        let known = self.done + self.returned + self.in_flight as u64;
        self.accepted.saturating_sub(known)
    }
}

/// A hop from one stage to another. Bounded by its window: `accept` waits for a place, and a
/// place is free again when the message in it is settled.
pub struct Outbox<T: Send + 'static> {
    from: Arc<str>,
    to: Arc<str>,
    recipient: Recipient<Deliver<T>>,
    metadata: Arc<dyn MessageMetadata<T>>,
    sink: Option<Arc<dyn DeadLetterSink>>,
    abandon_at_exit: bool,
    window: Arc<Semaphore>,
    /// The messages in the window, so that they can be recorded when their delivery cannot go on.
    held: DashMap<u64, Arc<Parcel<T>>>,
    next: AtomicU64,
    stats: watch::Sender<OutboxStats>,
    /// From being accepted to being settled.
    took: Mutex<Histogram>,
    shared: Shared,
}

impl<T: Send + 'static> fmt::Debug for Outbox<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("from", &self.from)
            .field("to", &self.to)
            .field("stats", &*self.stats.borrow())
            .finish_non_exhaustive()
    }
}

/// A message in the window. Dropping it does not end the delivery.
#[derive(Debug)]
#[must_use = "the outcome comes from `settled`; without interest in it, drop explicitly"]
pub struct Accepted(JoinHandle<Result<Ack, StageError>>);

impl Accepted {
    /// Waits until the message is settled.
    ///
    /// # Errors
    /// Released when the process ends first; the refusal (permanent, naming the stage that refused)
    /// when the outbox records no dead letters itself. Either is for a stage's handler to answer
    /// with.
    ///
    /// # Cancel safety
    /// Dropping the future does not end the delivery.
    pub async fn settled(self) -> Result<Ack, StageError> {
        self.0
            .await
            .unwrap_or_else(|_| Err(StageError::released("the delivery ended with its thread")))
    }
}

impl<T: Clone + Send + Sync + 'static> Outbox<T> {
    /// Waits for a place in the window and begins the delivery. Must be called within an arbiter
    /// or another tokio runtime, which carries the delivery.
    ///
    /// # Errors
    /// Released when the outbox was closed: the message was not accepted.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the message was not accepted.
    pub async fn accept(self: &Arc<Self>, message: T) -> Result<Accepted, StageError> {
        self.accept_with(message, self.sink.clone()).await
    }

    /// As [`Outbox::accept`], with a place of its own for this message's dead letter.
    ///
    /// # Errors
    /// As [`Outbox::accept`].
    pub async fn accept_with(
        self: &Arc<Self>,
        message: T,
        sink: Option<Arc<dyn DeadLetterSink>>,
    ) -> Result<Accepted, StageError> {
        let window = Arc::clone(&self.window);
        let permit = window.acquire_owned().await.map_err(|_| {
            StageError::released(format!(
                "the hop from {} to {} is closed",
                self.from, self.to
            ))
        })?;
        let parcel = Arc::new(Parcel {
            accepted: Instant::now(),
            id: self.metadata.id(&message),
            label: self.metadata.label(&message),
            expires_at: self.metadata.expires_at(&message),
            message,
            sink,
        });
        let place = self.take_place(&parcel);
        let outbox = Arc::clone(self);
        Ok(Accepted(tokio::spawn(async move {
            let reply = outbox.settle(&parcel).await;
            if reply.is_ok() {
                let mut took = outbox.took.lock().unwrap_or_else(PoisonError::into_inner);
                took.add(parcel.accepted.elapsed());
            }
            outbox.free_place(place, &reply);
            drop(permit);
            reply
        })))
    }

    /// Accepts the message and waits until it is settled: what a stage's handler answers with.
    ///
    /// # Errors
    /// As [`Outbox::accept`] and [`Accepted::settled`].
    ///
    /// # Cancel safety
    /// As theirs: what was accepted is delivered, even if no one waits for it any more.
    pub async fn deliver(self: &Arc<Self>, message: T) -> Result<Ack, StageError> {
        self.accept(message).await?.settled().await
    }

    fn take_place(&self, parcel: &Arc<Parcel<T>>) -> u64 {
        let place = self.next.fetch_add(1, Ordering::Relaxed);
        self.held.insert(place, Arc::clone(parcel));
        self.shared.board.taken_in(&self.to);
        self.stats.send_modify(|stats| {
            stats.accepted += 1;
            stats.in_flight += 1;
            stats.peak_in_flight = stats.peak_in_flight.max(stats.in_flight);
        });
        place
    }

    fn free_place(&self, place: u64, reply: &Result<Ack, StageError>) {
        // After the end has begun, what is unsettled stays for `abandon` to find.
        if reply.is_err() && self.shared.ended.is_cancelled() {
            return;
        }
        self.vacate(place, |stats| match reply {
            Ok(_) => stats.done += 1,
            Err(_) => stats.returned += 1,
        });
    }

    /// Takes a message out of the window, once.
    fn vacate(&self, place: u64, count: impl FnOnce(&mut OutboxStats)) {
        if self.held.remove(&place).is_none() {
            return;
        }
        self.shared.board.let_go(&self.to);
        self.stats.send_modify(|stats| {
            stats.in_flight -= 1;
            count(stats);
        });
    }
}

impl<T: Send + 'static> Outbox<T> {
    /// Counts up to now.
    #[must_use]
    pub fn stats(&self) -> OutboxStats {
        *self.stats.borrow()
    }

    /// Messages by the seconds from being accepted to being settled, in real time: cumulative by upper
    /// bound, of which the last is infinite.
    #[must_use]
    pub fn settled_within(&self) -> Vec<(f64, u64)> {
        let took = self.took.lock().unwrap_or_else(PoisonError::into_inner);
        took.cumulative().0
    }
}
