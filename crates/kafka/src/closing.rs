//! Closes a consumer under a watchdog: to drop one can take very long, in some states for ever,
//! and neither a restart nor the end of the process may wait for that.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};

use crate::topic_partition::TopicPartition;

/// Usually it takes a tenth of a second.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// A consumer that leaves its group when it goes out of scope.
pub(crate) struct ClosingConsumer<C: ConsumerContext + 'static> {
    name: String,
    /// Always there until it is dropped.
    client: Option<Arc<BaseConsumer<C>>>,
}

impl<C: ConsumerContext + 'static> ClosingConsumer<C> {
    pub(crate) fn new(name: &str, client: Arc<BaseConsumer<C>>) -> Self {
        Self {
            name: name.to_owned(),
            client: Some(client),
        }
    }

    /// The queue of one partition, which is read by itself from now on. The client is not closed while
    /// one is held.
    pub(crate) fn queue_of(&self, partition: &TopicPartition) -> Option<PartitionQueue<C>> {
        let client = self.client.as_ref()?;
        client.split_partition_queue(&partition.topic, partition.partition)
    }
}

impl<C: ConsumerContext + 'static> Deref for ClosingConsumer<C> {
    type Target = BaseConsumer<C>;

    #[expect(
        clippy::expect_used,
        reason = "only `drop` takes it out, and nothing comes after that"
    )]
    fn deref(&self) -> &Self::Target {
        self.client
            .as_ref()
            .expect("the client is there until it is dropped")
    }
}

impl<C: ConsumerContext + 'static> Drop for ClosingConsumer<C> {
    fn drop(&mut self) {
        let client = self.client.take();
        let (done, closed) = mpsc::channel();
        let closer = thread::Builder::new()
            .name("kafka-close".into())
            .spawn(move || {
                if let Some(client) = client {
                    last(client);
                }
                // No one waits any more when it took too long.
                done.send(()).ok();
            });
        // Without a thread the closure, and the client in it, was dropped right here.
        if closer.is_ok() && closed.recv_timeout(ANSWER_TIMEOUT) == Err(RecvTimeoutError::Timeout) {
            tracing::error!(
                stage = self.name,
                "the Kafka client did not close within {ANSWER_TIMEOUT:?} and is left behind"
            );
        }
    }
}

/// Drops the client once it has no other holder: a commit may be under way.
fn last<C: ConsumerContext>(mut client: Arc<BaseConsumer<C>>) {
    while let Err(shared) = Arc::try_unwrap(client) {
        client = shared;
        thread::park_timeout(Duration::from_millis(10));
    }
}
