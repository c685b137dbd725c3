//! The assigned partitions that are not yet known to have a committed offset; pure: no consumer and
//! no clock.
//!
//! Each partition gets one from the beginning, so that a measure of the group's lag from outside
//! does not count what retention has removed; and where the committed one lies before the oldest
//! record, records were lost.

use std::time::{Duration, Instant};

use crate::topic_partition::TopicPartition;

/// After a question that the brokers did not answer.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The partitions to ask about.
#[derive(Debug)]
pub(crate) struct FirstOffsets {
    unknown: Vec<TopicPartition>,
    not_before: Instant,
}

impl FirstOffsets {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            unknown: Vec::new(),
            not_before: now,
        }
    }

    /// These were assigned.
    pub(crate) fn assigned(&mut self, partitions: Vec<TopicPartition>, now: Instant) {
        self.unknown.extend(partitions);
        self.not_before = now;
    }

    /// The partitions to ask about now; none while a commit is under way, since it may be of one of
    /// them: the beginning, committed after it, would undo it. Those that are not `uncommitted` any
    /// more are forgotten: they were taken away, or have an offset by now.
    pub(crate) fn due(
        &mut self,
        now: Instant,
        commit_under_way: bool,
        uncommitted: impl Fn(&TopicPartition) -> bool,
    ) -> Vec<TopicPartition> {
        if commit_under_way || now < self.not_before {
            return Vec::new();
        }
        self.unknown.retain(uncommitted);
        self.unknown.clone()
    }

    /// The brokers answered: all that were due are known.
    pub(crate) fn known(&mut self) {
        self.unknown.clear();
    }

    /// The brokers did not answer: the same are due again after a while.
    pub(crate) fn failed(&mut self, now: Instant) {
        self.not_before = now + RETRY_AFTER;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(partition: i32) -> TopicPartition {
        TopicPartition::new("topic", partition)
    }

    #[test]
    fn what_was_assigned_is_asked_about_once() {
        let now = Instant::now();
        let mut first = FirstOffsets::new(now);
        assert!(first.due(now, false, |_| true).is_empty());
        first.assigned(vec![name(0), name(1)], now);
        assert_eq!(first.due(now, false, |_| true), [name(0), name(1)]);
        first.known();
        assert!(first.due(now, false, |_| true).is_empty());
    }

    #[test]
    fn nothing_is_asked_while_a_commit_is_under_way() {
        let now = Instant::now();
        let mut first = FirstOffsets::new(now);
        first.assigned(vec![name(0)], now);
        assert!(first.due(now, true, |_| true).is_empty());
        assert_eq!(first.due(now, false, |_| true), [name(0)]);
    }

    #[test]
    fn what_was_committed_or_taken_away_meanwhile_is_forgotten() {
        let now = Instant::now();
        let mut first = FirstOffsets::new(now);
        first.assigned(vec![name(0), name(1)], now);
        let ours = |partition: &TopicPartition| partition.partition == 1;
        assert_eq!(first.due(now, false, ours), [name(1)]);
        assert_eq!(first.due(now, false, |_| true), [name(1)], "for good");
    }

    #[test]
    fn brokers_that_did_not_answer_are_asked_again_after_a_while_and_at_once_after_an_assignment() {
        let now = Instant::now();
        let mut first = FirstOffsets::new(now);
        first.assigned(vec![name(0)], now);
        first.failed(now);
        assert!(first.due(now, false, |_| true).is_empty());
        assert_eq!(first.due(now + RETRY_AFTER, false, |_| true), [name(0)]);
        first.failed(now);
        first.assigned(vec![name(1)], now);
        assert_eq!(first.due(now, false, |_| true), [name(0), name(1)]);
    }
}
