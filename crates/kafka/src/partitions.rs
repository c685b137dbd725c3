//! The partitions that are assigned to a consumer, and what each has in this process; pure. Answers
//! from before a rebalance are kept apart from those after it.

use std::collections::BTreeMap;

use crate::partition::{Arrived, Partition, PartitionLimits};
use crate::topic_partition::TopicPartition;

/// Identifies a hand-out; an answer that carries another assignment's is no longer waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeliveryTag {
    pub(crate) partition: TopicPartition,
    pub(crate) offset: i64,
    /// Counts assignments.
    epoch: u64,
}

#[derive(Debug)]
struct Assigned<R> {
    epoch: u64,
    records: Partition<R>,
}

/// The partitions that are assigned.
#[derive(Debug)]
pub(crate) struct Partitions<R> {
    assigned: BTreeMap<TopicPartition, Assigned<R>>,
    limits: PartitionLimits,
    epoch: u64,
}

impl<R> Partitions<R> {
    pub(crate) fn new(limits: PartitionLimits) -> Self {
        Self {
            assigned: BTreeMap::new(),
            limits,
            epoch: 0,
        }
    }

    /// These were assigned, with nothing of an earlier assignment left.
    pub(crate) fn assign(&mut self, partitions: &[TopicPartition]) {
        self.epoch += 1;
        for partition in partitions {
            let assigned = Assigned {
                epoch: self.epoch,
                records: Partition::default(),
            };
            self.assigned.insert(partition.clone(), assigned);
        }
    }

    /// These were taken away; answers for them are no longer waited for.
    pub(crate) fn revoke(&mut self, partitions: &[TopicPartition]) {
        for partition in partitions {
            self.assigned.remove(partition);
        }
    }

    /// The assigned partition of this name.
    pub(crate) fn find(&self, topic: &str, partition: i32) -> Option<TopicPartition> {
        let named = |one: &&TopicPartition| one.partition == partition && &*one.topic == topic;
        self.assigned.keys().find(named).cloned()
    }

    /// Takes in a record; drops it when its partition is not assigned. An offset that was passed
    /// before means that the topic was deleted and made again: nothing held belongs to it.
    pub(crate) fn receive(&mut self, partition: &TopicPartition, arrived: Arrived<R>) {
        let Some(assigned) = self.assigned.get_mut(partition) else {
            return;
        };
        if Some(arrived.offset) < assigned.records.position() {
            self.epoch += 1;
            assigned.epoch = self.epoch;
            assigned.records = Partition::default();
        }
        assigned.records.receive(arrived);
    }

    /// The next record of a partition to hand out; to be asked until there is none.
    pub(crate) fn next(&mut self, partition: &TopicPartition) -> Option<(DeliveryTag, R)> {
        let assigned = self.assigned.get_mut(partition)?;
        let (offset, record) = assigned.records.next(self.limits)?;
        let tag = DeliveryTag {
            partition: partition.clone(),
            offset,
            epoch: assigned.epoch,
        };
        Some((tag, record))
    }

    /// Takes note of the answer to a hand-out: `done` when the record is settled. Says whether it
    /// was waited for.
    pub(crate) fn settle(&mut self, tag: &DeliveryTag, done: bool) -> bool {
        self.assigned
            .get_mut(&tag.partition)
            .filter(|assigned| assigned.epoch == tag.epoch)
            .is_some_and(|assigned| assigned.records.settle(tag.offset, done))
    }

    /// The offsets to be committed: those to read from next.
    pub(crate) fn to_commit(&self) -> Vec<(TopicPartition, i64)> {
        self.assigned
            .iter()
            .filter_map(|(partition, one)| Some((partition.clone(), one.records.to_commit()?)))
            .collect()
    }

    /// Takes note of a commit that the brokers have confirmed.
    pub(crate) fn committed(&mut self, partition: &TopicPartition, offset: i64) {
        if let Some(assigned) = self.assigned.get_mut(partition) {
            assigned.records.committed(offset);
        }
    }

    /// Whether nothing more of the partition is to be read for now.
    pub(crate) fn is_full(&self, partition: &TopicPartition) -> bool {
        self.assigned
            .get(partition)
            .is_some_and(|assigned| assigned.records.is_full(self.limits))
    }

    /// Whether the partition is assigned and nothing of it has been committed by this process yet.
    pub(crate) fn is_uncommitted(&self, partition: &TopicPartition) -> bool {
        self.assigned
            .get(partition)
            .is_some_and(|assigned| assigned.records.is_uncommitted())
    }

    /// Number of assigned partitions.
    pub(crate) fn count(&self) -> usize {
        self.assigned.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partition::Turn;

    fn name(partition: i32) -> TopicPartition {
        TopicPartition::new("topic", partition)
    }

    fn assigned(count: i32) -> Partitions<&'static str> {
        let limits = PartitionLimits {
            in_work: 1,
            held_records: 32,
            held_bytes: 1000,
        };
        let mut partitions = Partitions::new(limits);
        partitions.assign(&(0..count).map(name).collect::<Vec<_>>());
        partitions
    }

    fn arrived(offset: i64, record: &'static str) -> Arrived<&'static str> {
        let turn = Turn::AfterKey(0);
        Arrived {
            offset,
            bytes: 1,
            turn,
            record,
        }
    }

    #[test]
    fn each_partition_has_a_window_of_its_own() {
        let mut partitions = assigned(2);
        partitions.receive(&name(0), arrived(7, "a"));
        partitions.receive(&name(0), arrived(8, "b"));
        partitions.receive(&name(1), arrived(3, "c"));
        let (first, _) = partitions.next(&name(0)).unwrap();
        assert!(partitions.next(&name(0)).is_none(), "one is in work");
        assert!(partitions.next(&name(1)).is_some(), "another one is free");
        assert!(partitions.to_commit().is_empty(), "nothing is settled");

        assert!(partitions.settle(&first, true));
        assert_eq!(partitions.to_commit(), [(name(0), 8)]);
        partitions.committed(&name(0), 8);
        assert!(partitions.to_commit().is_empty());
        let (second, record) = partitions.next(&name(0)).unwrap();
        assert_eq!((second.offset, record), (8, "b"));
    }

    #[test]
    fn a_topic_that_was_made_again_begins_again() {
        let mut partitions = assigned(1);
        partitions.receive(&name(0), arrived(7, "old"));
        let (old, _) = partitions.next(&name(0)).unwrap();
        partitions.receive(&name(0), arrived(0, "new"));
        assert!(!partitions.settle(&old, true), "its topic is gone");
        let (new, record) = partitions.next(&name(0)).unwrap();
        assert_eq!((new.offset, record), (0, "new"));
        // The commit that was under way of the old topic, answered late.
        partitions.committed(&name(0), 7);
        assert!(partitions.settle(&new, true));
        partitions.committed(&name(0), 7);
        assert_eq!(partitions.to_commit(), [(name(0), 1)]);
        partitions.committed(&name(0), 1);
        assert!(partitions.to_commit().is_empty());
    }

    #[test]
    fn an_answer_from_before_a_rebalance_is_not_waited_for() {
        let mut partitions = assigned(1);
        partitions.receive(&name(0), arrived(7, "a"));
        let (old, _) = partitions.next(&name(0)).unwrap();
        partitions.revoke(&[name(0)]);
        assert!(
            !partitions.settle(&old, true),
            "it belongs to another member now"
        );
        partitions.receive(&name(0), arrived(7, "a"));
        assert!(partitions.next(&name(0)).is_none(), "as do its records");
        assert_eq!(partitions.find("topic", 0), None);

        partitions.assign(&[name(0)]);
        partitions.receive(&name(0), arrived(7, "a"));
        let (new, _) = partitions.next(&name(0)).unwrap();
        assert!(
            !partitions.settle(&old, true),
            "the same offset, handed out before"
        );
        assert!(partitions.settle(&new, true));
    }
}
