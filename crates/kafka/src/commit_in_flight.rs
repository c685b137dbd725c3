//! The commit that is under way, and when the next may begin; pure: no consumer and no clock.
//!
//! One commit at a time, since the answers do not say whose they are. Nothing waits for a commit but
//! what would come again after a crash, so commits are paced instead of following each record.

use std::time::{Duration, Instant};

use crate::topic_partition::TopicPartition;

/// Between the beginnings of two commits.
const PACE: Duration = Duration::from_millis(20);
/// After a commit that failed.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// A commit that reachable brokers have not answered after this long is not answered any more.
pub(crate) const COMMIT_TIMEOUT: Duration = Duration::from_secs(60);

/// Offsets to read from next, for each partition that has one.
pub(crate) type Offsets = Vec<(TopicPartition, i64)>;

/// The state of a consumer's commits.
#[derive(Debug)]
pub(crate) struct CommitState {
    under_way: Offsets,
    /// Since when the answer of reachable brokers is waited for.
    waits_since: Instant,
    not_before: Instant,
    failed: bool,
}

/// The next step about commits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CommitStep {
    /// Nothing.
    Wait,
    /// These are to be committed; they count as under way.
    Begin(Offsets),
    /// The library has lost the commit: the client has to be replaced.
    Lost(Offsets),
}

/// The meaning of the answer to a commit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CommitAnswer {
    /// These are committed.
    Committed(Offsets),
    /// Nothing is; it is due again. `first` when the commit before had not failed.
    Failed { first: bool },
}

impl CommitState {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            under_way: Vec::new(),
            waits_since: now,
            not_before: now,
            failed: false,
        }
    }

    /// Whether an answer is waited for.
    pub(crate) fn is_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// The next step, where `due` is what is settled and not committed. Only the answer of brokers
    /// that are `reachable` can be overdue.
    pub(crate) fn step(&mut self, now: Instant, reachable: bool, due: Offsets) -> CommitStep {
        if !self.is_under_way() || !reachable {
            self.waits_since = now;
        } else if now.duration_since(self.waits_since) > COMMIT_TIMEOUT {
            return CommitStep::Lost(std::mem::take(&mut self.under_way));
        }
        if due.is_empty() || self.is_under_way() || now < self.not_before {
            return CommitStep::Wait;
        }
        self.under_way.clone_from(&due);
        self.not_before = now + PACE;
        CommitStep::Begin(due)
    }

    /// Takes note of the brokers' answer to the commit under way.
    pub(crate) fn answered(&mut self, now: Instant, confirmed: bool) -> CommitAnswer {
        let offsets = std::mem::take(&mut self.under_way);
        if confirmed {
            self.failed = false;
            return CommitAnswer::Committed(offsets);
        }
        self.not_before = now + RETRY_AFTER;
        let first = !std::mem::replace(&mut self.failed, true);
        CommitAnswer::Failed { first }
    }

    /// Span in which no step has to be asked for, where something is due; none while an answer is
    /// waited for, since that wakes the thread.
    pub(crate) fn pause(&self, now: Instant) -> Option<Duration> {
        (!self.is_under_way()).then(|| self.not_before.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets(offset: i64) -> Offsets {
        vec![(TopicPartition::new("topic", 0), offset)]
    }

    #[test]
    fn one_commit_is_under_way_at_a_time_and_the_next_keeps_the_pace() {
        let begun = Instant::now();
        let mut state = CommitState::new(begun);
        assert_eq!(state.step(begun, true, Vec::new()), CommitStep::Wait);
        assert_eq!(
            state.step(begun, true, offsets(1)),
            CommitStep::Begin(offsets(1))
        );
        assert!(state.is_under_way() && state.pause(begun).is_none());
        let later = begun + PACE * 3;
        assert_eq!(state.step(later, true, offsets(2)), CommitStep::Wait);
        assert_eq!(
            state.answered(begun + PACE / 4, true),
            CommitAnswer::Committed(offsets(1))
        );
        let early = begun + PACE / 2;
        assert_eq!(state.step(early, true, offsets(2)), CommitStep::Wait);
        assert_eq!(state.pause(early), Some(PACE / 2));
        assert_eq!(
            state.step(begun + PACE, true, offsets(2)),
            CommitStep::Begin(offsets(2))
        );
    }

    #[test]
    fn a_commit_that_failed_is_due_again_after_a_while_and_said_once() {
        let mut now = Instant::now();
        let mut state = CommitState::new(now);
        for first in [true, false] {
            state.step(now, true, offsets(1));
            assert_eq!(state.answered(now, false), CommitAnswer::Failed { first });
            assert_eq!(state.step(now + PACE, true, offsets(1)), CommitStep::Wait);
            now += RETRY_AFTER;
        }
        state.step(now, true, offsets(1));
        assert_eq!(
            state.answered(now, true),
            CommitAnswer::Committed(offsets(1))
        );
        now += PACE;
        state.step(now, true, offsets(2));
        let failed = CommitAnswer::Failed { first: true };
        assert_eq!(
            state.answered(now, false),
            failed,
            "one in between succeeded"
        );
    }

    #[test]
    fn an_answer_that_reachable_brokers_owe_for_too_long_is_lost() {
        let begun = Instant::now();
        let mut state = CommitState::new(begun);
        state.step(begun, true, offsets(1));
        let away = begun + COMMIT_TIMEOUT * 2;
        assert_eq!(state.step(away, false, offsets(1)), CommitStep::Wait);
        let back = away + COMMIT_TIMEOUT;
        assert_eq!(state.step(back, true, offsets(1)), CommitStep::Wait);
        let late = back + Duration::from_millis(1);
        assert_eq!(
            state.step(late, true, offsets(1)),
            CommitStep::Lost(offsets(1))
        );
    }

    #[test]
    fn brokers_that_are_not_reachable_are_still_asked_once() {
        // The library keeps the request until they are back.
        let mut state = CommitState::new(Instant::now());
        let now = Instant::now();
        assert!(matches!(
            state.step(now, false, offsets(1)),
            CommitStep::Begin(_)
        ));
        assert_eq!(state.step(now + PACE, false, offsets(1)), CommitStep::Wait);
    }
}
