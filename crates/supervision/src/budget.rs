//! Counts a stage's failures against its policy. Pure: the moment is passed in.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::RestartPolicy;
use crate::health::CountedFailures;
use crate::policy::draw;

/// Blame for a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The stage: it counts.
    Stage,
    /// A message that crashed the stage before: its attempts bound it, the budget does not.
    Message,
}

/// Consequence of a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Restart after this wait.
    Restart(Duration),
    /// The budget is spent.
    GiveUp,
}

/// The failures of one stage.
#[derive(Debug)]
pub(crate) struct Budget {
    policy: RestartPolicy,
    rng: ChaCha8Rng,
    /// Failures that count, oldest first, none older than the period.
    failures: VecDeque<Instant>,
    /// Counted failures since the stage last ran healthily, which is what the wait grows with.
    streak: u32,
    running_since: Instant,
}

impl Budget {
    /// A fresh budget; `seed` draws the jitter.
    pub(crate) fn new(policy: RestartPolicy, seed: u64, now: Instant) -> Self {
        Self {
            policy,
            rng: ChaCha8Rng::seed_from_u64(seed),
            failures: VecDeque::new(),
            streak: 0,
            running_since: now,
        }
    }

    /// Its failures for those who look, with the moment of the next try.
    pub(crate) fn counted(&self, next_try: Instant) -> CountedFailures {
        CountedFailures {
            at: self.failures.iter().copied().collect(),
            allowed: self.policy.intensity.get(),
            period: self.policy.period,
            next_try,
        }
    }

    /// The stage runs again.
    pub(crate) fn restarted(&mut self, now: Instant) {
        self.running_since = now;
    }

    /// The stage failed. A message's own repeat neither counts nor makes the wait grow: were it to
    /// grow it, a stage that fails on every message would be slowed so much by repeats that its
    /// first failures leave the period before the budget is spent.
    pub(crate) fn failed(&mut self, blame: Blame, now: Instant) -> Decision {
        if now.duration_since(self.running_since) >= self.policy.healthy_after {
            self.streak = 0;
        }
        if blame == Blame::Stage {
            while self
                .failures
                .front()
                .is_some_and(|at| now.duration_since(*at) > self.policy.period)
            {
                self.failures.pop_front();
            }
            self.failures.push_back(now);
            if self.failures.len() > self.policy.intensity.get() as usize {
                return Decision::GiveUp;
            }
            self.streak += 1;
        }
        let nth = self.streak.saturating_sub(1);
        Decision::Restart(self.policy.backoff.wait(nth, draw(&mut self.rng)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy() -> RestartPolicy {
        RestartPolicy::default()
    }

    #[test]
    fn the_sixth_failure_within_the_period_gives_up_and_the_waits_double() {
        let mut now = Instant::now();
        let mut budget = Budget::new(policy(), 7, now);
        for second in [1.0, 2.0, 4.0, 8.0, 16.0] {
            let Decision::Restart(wait) = budget.failed(Blame::Stage, now) else {
                unreachable!("within the budget")
            };
            let nominal = Duration::from_secs_f64(second);
            assert!(wait >= nominal.mul_f64(0.8) && wait <= nominal.mul_f64(1.2));
            now += wait;
            budget.restarted(now);
        }
        assert_eq!(budget.failed(Blame::Stage, now), Decision::GiveUp);
    }

    #[test]
    fn failures_older_than_the_period_are_forgotten_and_health_resets_the_wait() {
        let mut now = Instant::now();
        let mut budget = Budget::new(policy(), 7, now);
        for _ in 0..20 {
            now += Duration::from_secs(121);
            let Decision::Restart(wait) = budget.failed(Blame::Stage, now) else {
                unreachable!("3 failures in 300 s are within the budget")
            };
            assert!(wait <= Duration::from_millis(1200));
            budget.restarted(now);
        }
    }

    proptest! {
        /// A stage that fails on each new message is given up, however often the messages are
        /// tried: the repeats do not push the counted failures out of the period.
        #[test]
        fn a_stage_that_fails_on_everything_is_given_up(seed: u64, window in 1_usize..12) {
            let mut now = Instant::now();
            let mut budget = Budget::new(policy(), seed, now);
            let mut counted = 0;
            // Windows of messages, each tried three times, as an outbox does it.
            'all: for _ in 0..10 {
                for attempt in 0..3 {
                    for _ in 0..window {
                        let blame = if attempt == 0 { Blame::Stage } else { Blame::Message };
                        counted += u32::from(attempt == 0);
                        match budget.failed(blame, now) {
                            Decision::Restart(wait) => now += wait,
                            Decision::GiveUp => break 'all,
                        }
                        budget.restarted(now);
                    }
                }
            }
            prop_assert_eq!(counted, 6);
        }
    }
}
