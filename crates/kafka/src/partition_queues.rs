//! The library's queues of the assigned partitions, each read by itself: a partition of which enough
//! is held is left alone, and what was fetched of it waits where it is. (A pause would make the
//! library drop it, and fetch and unpack it again.)

use std::collections::{BTreeMap, BTreeSet};
use std::thread::Thread;

use rdkafka::consumer::base_consumer::PartitionQueue;

use crate::closing::ClosingConsumer;
use crate::consumer_callbacks::ConsumerCallbacks;
use crate::topic_partition::TopicPartition;

/// The queues of a consumer whose records are held as `R`.
pub(crate) struct PartitionQueues<R: Send + 'static> {
    queues: BTreeMap<TopicPartition, PartitionQueue<ConsumerCallbacks<R>>>,
    /// Those that were left alone with, perhaps, something in them.
    left: BTreeSet<TopicPartition>,
}

impl<R: Send + 'static> Default for PartitionQueues<R> {
    fn default() -> Self {
        Self {
            queues: BTreeMap::new(),
            left: BTreeSet::new(),
        }
    }
}

impl<R: Send + 'static> PartitionQueues<R> {
    /// Reads these partitions by themselves from now on; `waker` is woken when one has something.
    pub(crate) fn add(
        &mut self,
        client: &ClosingConsumer<ConsumerCallbacks<R>>,
        partitions: &[TopicPartition],
        waker: &Thread,
    ) {
        for partition in partitions {
            if let Some(mut queue) = client.queue_of(partition) {
                let waker = waker.clone();
                queue.set_nonempty_callback(move || waker.unpark());
                self.queues.insert(partition.clone(), queue);
            }
        }
    }

    /// Lets go of the queues of partitions that were taken away.
    pub(crate) fn remove(&mut self, partitions: &[TopicPartition]) {
        for partition in partitions {
            self.queues.remove(partition);
            self.left.remove(partition);
        }
    }

    /// Each partition with its queue.
    pub(crate) fn iter(
        &self,
    ) -> impl Iterator<Item = (&TopicPartition, &PartitionQueue<ConsumerCallbacks<R>>)> {
        self.queues.iter()
    }

    /// Takes note of the partitions that were left alone.
    pub(crate) fn leave(&mut self, left: BTreeSet<TopicPartition>) {
        self.left = left;
    }

    /// Whether this partition was left alone: it is to be read when it has room again.
    pub(crate) fn is_left(&self, partition: &TopicPartition) -> bool {
        self.left.contains(partition)
    }
}
