//! Which record of which partition is in work, and what may be committed: the bookkeeping of a
//! consumer, without a consumer. One record in work per partition; an offset may be committed when
//! its record is settled, and never otherwise.
//!
//! The records behind the one in work wait here. To pause a partition makes the library drop what
//! it has fetched ahead, so a partition is paused only once as much waits as may be held, and goes
//! on when all of that has been handed out: a backlog is fetched once, and memory stays bounded.

use std::collections::{BTreeMap, VecDeque};

/// Records of one partition that wait at most, and their bytes, give or take the last of them.
const HELD_RECORDS: usize = 32;
const HELD_BYTES: usize = 1 << 20;

/// A partition of a topic.
pub(crate) type TopicPartition = (String, i32);

/// What identifies a hand-out; an answer that carries another one's is no longer wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeliveryTag {
    pub(crate) place: TopicPartition,
    pub(crate) offset: i64,
    /// Counts assignments, so that an answer from before a rebalance is told from one after it.
    epoch: u64,
}

#[derive(Debug)]
enum State {
    Idle,
    InWork {
        offset: i64,
    },
    /// Settled; to be committed.
    Settled {
        next: i64,
    },
    /// Given back unsettled because the process is ending; stays uncommitted.
    Left,
}

#[derive(Debug)]
struct Partition<R> {
    epoch: u64,
    state: State,
    waiting: VecDeque<Waiting<R>>,
    waiting_bytes: usize,
    /// Nothing more is fetched until what waits has been handed out.
    paused: bool,
    committed: bool,
}

/// A record behind the one in work.
#[derive(Debug)]
struct Waiting<R> {
    offset: i64,
    bytes: usize,
    record: R,
}

/// The partitions that are assigned.
#[derive(Debug)]
pub(crate) struct Partitions<R> {
    assigned: BTreeMap<TopicPartition, Partition<R>>,
    epoch: u64,
}

impl<R> Default for Partitions<R> {
    fn default() -> Self {
        Self {
            assigned: BTreeMap::new(),
            epoch: 0,
        }
    }
}

impl<R> Partitions<R> {
    /// These were assigned, with nothing of an earlier assignment left.
    pub(crate) fn assign(&mut self, places: &[TopicPartition]) {
        self.epoch += 1;
        for place in places {
            let partition = Partition {
                epoch: self.epoch,
                state: State::Idle,
                waiting: VecDeque::new(),
                waiting_bytes: 0,
                paused: false,
                committed: false,
            };
            self.assigned.insert(place.clone(), partition);
        }
    }

    /// These were taken away; answers for them are no longer wanted.
    pub(crate) fn revoke(&mut self, places: &[TopicPartition]) {
        for place in places {
            self.assigned.remove(place);
        }
    }

    /// A record of so many bytes came. Gives it back with its tag when it is to be handed out
    /// now; keeps it when its partition has one in work; drops it when its partition is not ours.
    pub(crate) fn receive(
        &mut self,
        place: &TopicPartition,
        offset: i64,
        bytes: usize,
        record: R,
    ) -> Option<(DeliveryTag, R)> {
        let partition = self.assigned.get_mut(place)?;
        partition.waiting_bytes += bytes;
        partition.waiting.push_back(Waiting {
            offset,
            bytes,
            record,
        });
        self.hand_out(place)
    }

    /// Whether the partition is to be paused now, which it then counts as.
    pub(crate) fn pauses(&mut self, place: &TopicPartition) -> bool {
        let Some(partition) = self.assigned.get_mut(place) else {
            return false;
        };
        let full = partition.waiting.len() >= HELD_RECORDS || partition.waiting_bytes >= HELD_BYTES;
        full && !std::mem::replace(&mut partition.paused, true)
    }

    /// Whether the partition, paused before, is to go on now, which it then counts as.
    pub(crate) fn goes_on(&mut self, place: &TopicPartition) -> bool {
        self.assigned
            .get_mut(place)
            .filter(|partition| partition.waiting.is_empty())
            .is_some_and(|partition| std::mem::take(&mut partition.paused))
    }

    fn hand_out(&mut self, place: &TopicPartition) -> Option<(DeliveryTag, R)> {
        let partition = self.assigned.get_mut(place)?;
        if !matches!(partition.state, State::Idle) {
            return None;
        }
        let Waiting {
            offset,
            bytes,
            record,
        } = partition.waiting.pop_front()?;
        partition.waiting_bytes -= bytes;
        partition.state = State::InWork { offset };
        let tag = DeliveryTag {
            place: place.clone(),
            offset,
            epoch: partition.epoch,
        };
        Some((tag, record))
    }

    /// The answer to a hand-out: `done` when the record is settled. Says whether it was wanted.
    pub(crate) fn settle(&mut self, tag: &DeliveryTag, done: bool) -> bool {
        let Some(partition) = self.assigned.get_mut(&tag.place) else {
            return false;
        };
        let wanted = partition.epoch == tag.epoch
            && matches!(partition.state, State::InWork { offset } if offset == tag.offset);
        if wanted {
            partition.state = if done {
                State::Settled {
                    next: tag.offset + 1,
                }
            } else {
                State::Left
            };
        }
        wanted
    }

    /// What is to be committed, with the offset to read from next.
    pub(crate) fn to_commit(&self) -> Vec<(TopicPartition, i64)> {
        let settled = |(place, partition): (&TopicPartition, &Partition<R>)| match partition.state {
            State::Settled { next } => Some((place.clone(), next)),
            _ => None,
        };
        self.assigned.iter().filter_map(settled).collect()
    }

    /// This was committed. Gives the next record where one waits.
    pub(crate) fn committed(
        &mut self,
        place: &TopicPartition,
        offset: i64,
    ) -> Option<(DeliveryTag, R)> {
        let partition = self.assigned.get_mut(place)?;
        if matches!(partition.state, State::Settled { next } if next == offset) {
            partition.state = State::Idle;
            partition.committed = true;
        }
        self.hand_out(place)
    }

    /// Whether the partition is ours and nothing of it has been committed by us yet.
    pub(crate) fn is_fresh(&self, place: &TopicPartition) -> bool {
        self.assigned
            .get(place)
            .is_some_and(|partition| !partition.committed)
    }

    /// Partitions that are ours.
    pub(crate) fn places(&self) -> impl Iterator<Item = &TopicPartition> {
        self.assigned.keys()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(partition: i32) -> TopicPartition {
        ("topic".into(), partition)
    }

    fn assigned(count: i32) -> Partitions<&'static str> {
        let mut partitions = Partitions::default();
        partitions.assign(&(0..count).map(place).collect::<Vec<_>>());
        partitions
    }

    #[test]
    fn one_record_is_in_work_per_partition_and_the_next_follows_its_commit() {
        let mut partitions = assigned(2);
        let (first, _) = partitions.receive(&place(0), 7, 1, "a").unwrap();
        assert!(
            partitions.receive(&place(0), 8, 1, "b").is_none(),
            "one is in work"
        );
        assert!(
            partitions.receive(&place(1), 3, 1, "c").is_some(),
            "another partition is free"
        );
        assert!(partitions.to_commit().is_empty(), "nothing is settled");

        assert!(partitions.settle(&first, true));
        assert_eq!(partitions.to_commit(), [(place(0), 8)]);
        let (second, record) = partitions.committed(&place(0), 8).unwrap();
        assert_eq!((second.offset, record), (8, "b"));
        assert!(partitions.settle(&second, true));
        assert!(
            partitions.committed(&place(0), 9).is_none(),
            "nothing waits"
        );
    }

    #[test]
    fn what_was_given_back_is_never_committed() {
        let mut partitions = assigned(1);
        let (tag, _) = partitions.receive(&place(0), 7, 1, "a").unwrap();
        assert!(partitions.settle(&tag, false));
        assert!(partitions.to_commit().is_empty());
        assert!(
            partitions.receive(&place(0), 8, 1, "b").is_none(),
            "nor passed over"
        );
    }

    #[test]
    fn an_answer_from_before_a_rebalance_is_not_wanted() {
        let mut partitions = assigned(1);
        let (old, _) = partitions.receive(&place(0), 7, 1, "a").unwrap();
        partitions.revoke(&[place(0)]);
        assert!(
            !partitions.settle(&old, true),
            "it belongs to another member now"
        );
        assert!(
            partitions.receive(&place(0), 7, 1, "a").is_none(),
            "as do its records"
        );

        partitions.assign(&[place(0)]);
        let (new, _) = partitions.receive(&place(0), 7, 1, "a").unwrap();
        assert!(
            !partitions.settle(&old, true),
            "the same offset, handed out before"
        );
        assert!(partitions.settle(&new, true));
    }

    #[test]
    fn a_partition_pauses_when_enough_waits_and_goes_on_when_all_of_it_was_handed_out() {
        for (bytes, held) in [(10, HELD_RECORDS), (HELD_BYTES / 2, 2), (9 * HELD_BYTES, 1)] {
            let mut partitions = assigned(1);
            let (mut tag, _) = partitions.receive(&place(0), 0, bytes, "first").unwrap();
            assert!(
                !partitions.pauses(&place(0)),
                "it does not wait, it is in work"
            );
            for n in 1..=held {
                assert!(!partitions.pauses(&place(0)), "{n} of {held}");
                let offset = i64::try_from(n).unwrap();
                partitions.receive(&place(0), offset, bytes, "more");
            }
            assert!(partitions.pauses(&place(0)), "{held} of {bytes} bytes wait");
            assert!(!partitions.pauses(&place(0)), "and it is paused once");
            for _ in 0..held {
                assert!(!partitions.goes_on(&place(0)), "some wait");
                partitions.settle(&tag, true);
                let next = partitions.committed(&place(0), tag.offset + 1);
                tag = next.unwrap().0;
            }
            assert!(partitions.goes_on(&place(0)), "the last is in work");
            assert!(!partitions.goes_on(&place(0)), "and it goes on once");
        }
    }

    #[test]
    fn a_commit_that_failed_is_due_again() {
        let mut partitions = assigned(1);
        let (tag, _) = partitions.receive(&place(0), 0, 1, "a").unwrap();
        assert!(partitions.is_fresh(&place(0)));
        partitions.settle(&tag, true);
        assert_eq!(partitions.to_commit(), partitions.to_commit());
        partitions.committed(&place(0), 1);
        assert!(!partitions.is_fresh(&place(0)) && partitions.to_commit().is_empty());
    }
}
