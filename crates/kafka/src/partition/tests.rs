//! Rules of a partition that hold, whatever the order in which its records are settled.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const LIMITS: PartitionLimits = PartitionLimits {
    in_work: 4,
    held_records: 16,
    held_bytes: 1000,
};

fn arrived(offset: i64, turn: Turn) -> Arrived<i64> {
    Arrived {
        offset,
        bytes: 10,
        turn,
        record: offset,
    }
}

fn handed_out(partition: &mut Partition<i64>) -> Vec<i64> {
    std::iter::from_fn(|| partition.next(LIMITS))
        .map(|(offset, record)| {
            assert_eq!(offset, record, "each record comes with its own offset");
            offset
        })
        .collect()
}

#[test]
fn only_the_settled_prefix_may_be_committed() {
    let mut partition = Partition::default();
    for offset in [3, 4, 7] {
        partition.receive(arrived(offset, Turn::AfterKey(offset.unsigned_abs())));
    }
    assert_eq!(handed_out(&mut partition), [3, 4, 7]);
    assert!(partition.settle(7, true) && partition.settle(4, true));
    assert_eq!(partition.to_commit(), None, "3 is not settled");
    assert!(partition.settle(3, true));
    assert_eq!(partition.to_commit(), Some(8));
    partition.committed(8);
    assert_eq!(partition.to_commit(), None, "it is committed");
}

#[test]
fn a_commit_that_failed_is_due_again_and_one_that_came_late_undoes_nothing() {
    let mut partition = Partition::default();
    assert!(partition.is_uncommitted());
    partition.receive(arrived(0, Turn::AfterKey(1)));
    handed_out(&mut partition);
    partition.settle(0, true);
    assert_eq!(partition.to_commit(), partition.to_commit());
    partition.committed(1);
    partition.committed(0);
    assert!(!partition.is_uncommitted());
    assert_eq!(partition.to_commit(), None);
}

#[test]
fn what_was_given_back_is_never_committed_nor_passed_over() {
    let mut partition = Partition::default();
    for offset in 0..3 {
        partition.receive(arrived(offset, Turn::AfterKey(0)));
    }
    assert_eq!(handed_out(&mut partition), [0]);
    assert!(partition.settle(0, false));
    assert_eq!(partition.to_commit(), None);
    assert!(handed_out(&mut partition).is_empty(), "nothing more");
    assert!(!partition.settle(2, true), "it was not handed out");
}

#[test]
fn what_is_refused_at_the_door_waits_for_no_place_and_no_key() {
    let mut partition = Partition::default();
    for offset in 0..8 {
        partition.receive(arrived(offset, Turn::AfterKey(offset.unsigned_abs())));
    }
    partition.receive(arrived(8, Turn::AtOnce));
    assert_eq!(handed_out(&mut partition), [8, 0, 1, 2, 3]);
    partition.settle(8, true);
    assert_eq!(partition.to_commit(), None);
    assert!(
        handed_out(&mut partition).is_empty(),
        "the window is still full"
    );
}

#[test]
fn a_partition_is_full_until_something_is_settled() {
    for (bytes, held) in [(1, 16), (100, 10), (5000, 1)] {
        let mut partition = Partition::default();
        for offset in 0..held {
            assert!(!partition.is_full(LIMITS), "{offset} of {held}");
            partition.receive(Arrived {
                bytes,
                ..arrived(offset, Turn::AtOnce)
            });
        }
        assert!(
            partition.is_full(LIMITS),
            "{held} of {bytes} bytes are held"
        );
        handed_out(&mut partition);
        assert!(partition.is_full(LIMITS), "they are in work");
        partition.settle(0, true);
        assert!(!partition.is_full(LIMITS), "one is settled");
    }
}

/// One step of a partition's user.
#[derive(Debug, Clone)]
enum Step {
    Receive {
        gap: i64,
        key: Option<u64>,
    },
    HandOut,
    /// The n-th of those in work is settled.
    Settle(prop::sample::Index),
    Commit,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = prop_oneof![3 => (0..5_u64).prop_map(Some), 1 => Just(None)];
    let step = prop_oneof![
        3 => (1..4_i64, key).prop_map(|(gap, key)| Step::Receive { gap, key }),
        3 => Just(Step::HandOut),
        3 => any::<prop::sample::Index>().prop_map(Step::Settle),
        1 => Just(Step::Commit),
    ];
    prop::collection::vec(step, 0..300)
}

/// The notes that a reader of the rules would keep, without any cleverness.
#[derive(Debug, Default)]
struct Model {
    keys: BTreeMap<i64, Option<u64>>,
    in_work: BTreeSet<i64>,
    settled: BTreeSet<i64>,
}

impl Model {
    fn check_hand_out(&mut self, offset: i64) {
        let key = self.keys[&offset];
        assert!(self.in_work.insert(offset), "handed out twice: {offset}");
        if let Some(key) = key {
            let earlier = self
                .keys
                .range(..offset)
                .filter(|(_, other)| **other == Some(key));
            for (earlier, _) in earlier {
                assert!(
                    self.settled.contains(earlier),
                    "{offset} before {earlier} of its key"
                );
            }
            let working = self.in_work.iter().filter(|one| self.keys[*one].is_some());
            assert!(working.count() <= LIMITS.in_work, "the window was passed");
        }
    }

    /// Everything before this is settled.
    fn prefix(&self) -> Option<i64> {
        let unsettled = self
            .keys
            .keys()
            .find(|offset| !self.settled.contains(offset));
        match unsettled {
            Some(first) => self
                .keys
                .range(..first)
                .next_back()
                .map(|(last, _)| last + 1),
            None => self.keys.keys().next_back().map(|last| last + 1),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_order_of_settling_passes_an_unsettled_record_or_mixes_up_a_key(steps in steps()) {
        let (mut partition, mut model) = (Partition::default(), Model::default());
        let (mut last, mut committed) = (0, None);
        for step in steps {
            match step {
                Step::Receive { gap, key } => {
                    last += gap;
                    model.keys.insert(last, key);
                    partition.receive(arrived(last, key.map_or(Turn::AtOnce, Turn::AfterKey)));
                }
                Step::HandOut => {
                    if let Some((offset, _)) = partition.next(LIMITS) {
                        model.check_hand_out(offset);
                    }
                }
                Step::Settle(index) if !model.in_work.is_empty() => {
                    let offset = *index.get(&model.in_work.iter().copied().collect::<Vec<_>>());
                    prop_assert!(partition.settle(offset, true));
                    prop_assert!(!partition.settle(offset, true), "settled twice");
                    model.in_work.remove(&offset);
                    model.settled.insert(offset);
                }
                Step::Settle(_) => {}
                Step::Commit => {
                    if let Some(offset) = partition.to_commit() {
                        partition.committed(offset);
                        committed = Some(offset);
                    }
                }
            }
            let expected = model.prefix().filter(|prefix| Some(*prefix) > committed);
            prop_assert_eq!(partition.to_commit(), expected);
        }
        // Nothing waits for ever: all that is left is handed out and settled in the end.
        loop {
            let left = std::iter::from_fn(|| partition.next(LIMITS)).map(|(offset, _)| offset);
            model.in_work.extend(left);
            let Some(offset) = model.in_work.pop_first() else { break };
            partition.settle(offset, true);
            model.settled.insert(offset);
        }
        prop_assert_eq!(model.settled.len(), model.keys.len());
        prop_assert!(partition.held.is_empty() && partition.behind.is_empty());
        prop_assert_eq!((partition.bytes, partition.in_work), (0, 0));
    }
}
