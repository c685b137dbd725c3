//! The intake of a consumer's thread: what the library has fetched becomes records that are held.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};

use super::ConsumerLoop;
use crate::bridge_context::BridgeContext;
use crate::consumer_callbacks::ConsumerCallbacks;
use crate::error::Error;
use crate::partition::{Arrived, Turn};
use crate::record::ReceivedRecord;
use crate::topic_partition::TopicPartition;

/// Records taken in one turn at most, so that answers are not kept waiting: of the queue that all
/// partitions share until they have their own, and of each of those.
const POLLS_PER_TURN: usize = 256;
const POLLS_PER_PARTITION: usize = 32;

/// The queue of one partition.
type Queue = PartitionQueue<ConsumerCallbacks<Arc<ReceivedRecord>>>;

/// The reason for which no more was taken from a queue.
enum Stopped {
    /// There was nothing left.
    Empty,
    /// It is the next one's turn.
    InTurn,
    /// Enough of its partition is held.
    Full,
}

impl ConsumerLoop<'_> {
    /// Takes what the library has; says whether there may be more at once.
    pub(super) fn poll(&mut self) -> Result<bool, Error> {
        for _ in 0..POLLS_PER_TURN {
            match self.connected.client.poll(Duration::ZERO) {
                // Fetched before its partition had a queue of its own, so it comes before those there.
                Some(Ok(message)) => self.take_in(message),
                Some(Err(error)) => {
                    // The library has given the reason in a callback, where there is one.
                    self.events()?;
                    self.error(&error, "")?;
                }
                None if self.connected.client.context().client.events.take_called() => {}
                None => return self.poll_partitions(),
            }
        }
        Ok(true)
    }

    /// Takes what the partitions' own queues have, of each in turn; says whether there may be more.
    fn poll_partitions(&mut self) -> Result<bool, Error> {
        let (mut more, mut full, mut errors) = (false, BTreeSet::new(), Vec::new());
        for (partition, queue) in self.connected.queues.iter() {
            match self.poll_partition(partition, queue, &mut errors) {
                Stopped::Empty => {}
                Stopped::InTurn => more = true,
                Stopped::Full => drop(full.insert(partition.clone())),
            }
        }
        self.connected.queues.leave(full);
        for error in errors {
            self.error(&error, "")?;
        }
        Ok(more)
    }

    /// Takes what one partition's queue has, until enough of it is held.
    fn poll_partition(
        &self,
        partition: &TopicPartition,
        queue: &Queue,
        errors: &mut Vec<KafkaError>,
    ) -> Stopped {
        for _ in 0..POLLS_PER_PARTITION {
            if self.is_full(partition) {
                return Stopped::Full;
            }
            match queue.poll(Duration::ZERO) {
                Some(Ok(message)) => self.take_in(message),
                Some(Err(error)) => errors.push(error),
                None => return Stopped::Empty,
            }
        }
        Stopped::InTurn
    }

    pub(super) fn is_full(&self, partition: &TopicPartition) -> bool {
        let callbacks = self.connected.client.context();
        callbacks.work().partitions.is_full(partition)
    }

    fn receive(&self, message: &BorrowedMessage<'_>) -> Arc<ReceivedRecord> {
        let BridgeContext { stage, stats, .. } = &*self.consumer.context;
        let now = stage.clock().now();
        let received = ReceivedRecord::copy(message, self.consumer.expires_after, now);
        let arrival = &received.arrival;
        stats.received(&arrival.topic, arrival.partition, arrival.timestamp);
        stage.fault_point("after-receive");
        Arc::new(received)
    }

    /// Takes in a record and hands out what may be in work. One of a partition that was taken away is
    /// another member's.
    fn take_in(&self, message: BorrowedMessage<'_>) {
        let partition = {
            let work = self.connected.client.context().work();
            work.partitions.find(message.topic(), message.partition())
        };
        let received = self.receive(&message);
        drop(message);
        let Some(partition) = partition else { return };
        let refuses = &self.consumer.refuses;
        // A reader that panics does so again behind the hop, where attempts are counted.
        let refused = catch_unwind(AssertUnwindSafe(|| refuses(&received))).unwrap_or(false);
        let arrived = Arrived {
            offset: received.arrival.offset,
            bytes: received.bytes_in_memory(),
            turn: if refused {
                Turn::AtOnce
            } else {
                Turn::AfterKey(received.key_hash())
            },
            record: received,
        };
        let callbacks = self.connected.client.context();
        callbacks.work().partitions.receive(&partition, arrived);
        self.hand_out(&partition);
    }
}
