//! Deliveries of records to their readers, and the answers that come back to the consumer's
//! thread.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread::Thread;

use closecall_supervision::{FailureClass, Outbox};
use tokio::runtime::Handle;

use crate::dead_letters::DeadLetterTopic;
use crate::partitions::DeliveryTag;
use crate::record::ReceivedRecord;

/// An answer to a hand-out.
#[derive(Debug)]
pub(crate) struct SettledDelivery {
    pub(crate) tag: DeliveryTag,
    pub(crate) outcome: DeliveryOutcome,
}

/// The end of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DeliveryOutcome {
    /// Its way through the process is done; its offset may be committed.
    Done,
    /// The process is ending; it stays where it is.
    Released,
    /// No one could settle it.
    Stuck(String),
}

/// Begins deliveries; each answer goes to the consumer's thread and wakes it.
#[derive(Debug)]
pub(crate) struct Deliveries {
    pub(crate) outbox: Arc<Outbox<Arc<ReceivedRecord>>>,
    pub(crate) dead_letters: Option<DeadLetterTopic>,
    /// Carries them.
    pub(crate) runtime: Handle,
    pub(crate) answers: Sender<SettledDelivery>,
    pub(crate) waker: Thread,
}

impl Deliveries {
    /// Begins the delivery of a record.
    pub(crate) fn begin(&self, tag: DeliveryTag, record: Arc<ReceivedRecord>) {
        let sink = self
            .dead_letters
            .as_ref()
            .map(|topic| topic.sink_of(&record));
        let outbox = Arc::clone(&self.outbox);
        let (answers, waker) = (self.answers.clone(), self.waker.clone());
        self.runtime.spawn(async move {
            let settled = match outbox.accept_with(record, sink).await {
                Ok(accepted) => accepted.settled().await,
                Err(closed) => Err(closed),
            };
            let outcome = match settled {
                Ok(_) => DeliveryOutcome::Done,
                Err(error) if error.class() == FailureClass::Released => DeliveryOutcome::Released,
                Err(error) => DeliveryOutcome::Stuck(error.to_string()),
            };
            // The receiver is gone when the client was replaced; its records come again.
            answers.send(SettledDelivery { tag, outcome }).ok();
            waker.unpark();
        });
    }
}
