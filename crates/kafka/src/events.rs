//! Events of a client: noted by the library's callbacks, looked at by the thread that polls.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rdkafka::error::KafkaError;

use crate::offset_reset_log::OffsetReset;
use crate::topic_partition::TopicPartition;

/// Something that happened to a client.
#[derive(Debug)]
pub(crate) enum ClientEvent {
    /// An error that is not about one record.
    Error(KafkaError, String),
    /// These partitions were added, possibly none.
    Assigned(Vec<TopicPartition>),
    /// These were taken away.
    Revoked(Vec<TopicPartition>),
    /// A position was out of range and has been moved to the oldest record.
    OffsetReset(OffsetReset),
    /// The brokers' answer to the commit that was under way.
    Committed(Result<(), KafkaError>),
}

/// Events that were not looked at yet. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Events {
    list: Arc<Mutex<Vec<ClientEvent>>>,
    /// A callback has run since the last question.
    called: Arc<AtomicBool>,
}

impl Events {
    fn list(&self) -> MutexGuard<'_, Vec<ClientEvent>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, event: ClientEvent) {
        self.called();
        self.list().push(event);
    }

    /// A callback has run.
    pub(crate) fn called(&self) {
        self.called.store(true, Ordering::Release);
    }

    /// The events since the last call.
    pub(crate) fn take(&self) -> Vec<ClientEvent> {
        std::mem::take(&mut *self.list())
    }

    /// Whether a callback has run since the last question. A poll that was spent on a
    /// callback gives nothing, and says nothing of what else there is.
    pub(crate) fn take_called(&self) -> bool {
        self.called.swap(false, Ordering::AcqRel)
    }
}
