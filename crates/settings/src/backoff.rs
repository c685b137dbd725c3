//! Waits between tries that grow up to a cap. Data and arithmetic only: the clock, the source of
//! chance and the number of the try are the caller's.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Share, span};

/// The longest wait that a setting may ask for.
const LONGEST: Duration = Duration::from_secs(86_400);

/// Waits that grow by a factor up to a cap.
///
/// ```
/// use std::time::Duration;
///
/// use closecall_settings::{Backoff, Share};
///
/// let backoff = Backoff {
///     first: Duration::from_secs(1),
///     factor: 2.0,
///     max: Duration::from_secs(30),
///     jitter: Share::percent(20),
/// };
/// let waits: Vec<u64> = (0..7).map(|n| backoff.nominal(n).as_secs()).collect();
/// assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
/// // A draw of 0 is the shortest wait, one of 1 the longest.
/// assert_eq!(backoff.wait(0, 0.0), Duration::from_millis(800));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backoff {
    /// The first wait.
    #[serde(with = "span")]
    pub first: Duration,
    /// The factor by which each wait is longer than the one before, at least 1.
    pub factor: f64,
    /// No wait is longer (before jitter).
    #[serde(with = "span")]
    pub max: Duration,
    /// Each wait is drawn from 1 ± this share of it.
    pub jitter: Share,
}

/// The refusal of waits that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` is {value}: {expected}")]
pub struct UnusableBackoff {
    /// The key, such as `backoff.factor`.
    pub key: &'static str,
    /// Its value.
    pub value: String,
    /// The values that can be used.
    pub expected: &'static str,
}

impl Backoff {
    /// The wait before try `n` (0 is the first), without jitter.
    #[must_use]
    pub fn nominal(&self, n: u32) -> Duration {
        let grown = self.first.as_secs_f64() * self.factor.powi(n.min(1000).cast_signed());
        // `min` first: the product may be infinite, and no Duration is.
        Duration::from_secs_f64(grown.min(self.max.as_secs_f64()))
    }

    /// The wait before try `n` with its jitter, where `draw` is drawn evenly from 0 to 1.
    #[must_use]
    pub fn wait(&self, n: u32, draw: f64) -> Duration {
        self.nominal(n)
            .mul_f64(1.0 + self.jitter.get() * (2.0 * draw - 1.0))
    }

    /// The longest that the first `n` waits can last together.
    #[must_use]
    pub fn longest(&self, n: u32) -> Duration {
        (0..n)
            .map(|i| self.nominal(i).mul_f64(1.0 + self.jitter.get()))
            .fold(Duration::ZERO, Duration::saturating_add)
    }

    /// Checks that the waits grow, and end.
    ///
    /// # Errors
    /// The first key that cannot be used.
    pub fn validate(&self) -> Result<(), UnusableBackoff> {
        let refuse = |key, value: String, expected| {
            Err(UnusableBackoff {
                key,
                value,
                expected,
            })
        };
        if !(self.factor >= 1.0 && self.factor.is_finite()) {
            let value = self.factor.to_string();
            return refuse("backoff.factor", value, "at least 1 is needed");
        }
        let max = || span::format(self.max);
        if self.max < self.first {
            return refuse("backoff.max", max(), "at least `backoff.first` is needed");
        }
        if self.max > LONGEST {
            return refuse("backoff.max", max(), "at most 24h is allowed");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn backoff(factor: f64, first: u64, max: u64) -> Backoff {
        Backoff {
            first: Duration::from_millis(first),
            factor,
            max: Duration::from_millis(max),
            jitter: Share::percent(20),
        }
    }

    #[test]
    fn waits_that_shrink_or_never_end_are_refused_by_key() {
        for (refused, key) in [
            (backoff(0.5, 1, 2), "backoff.factor"),
            (backoff(f64::INFINITY, 1, 2), "backoff.factor"),
            (backoff(2.0, 3, 2), "backoff.max"),
            (backoff(2.0, 1, 86_400_001), "backoff.max"),
        ] {
            assert_eq!(refused.validate().unwrap_err().key, key);
        }
        assert!(backoff(1.0, 2, 2).validate().is_ok());
    }

    proptest! {
        #[test]
        fn waits_never_shrink_never_pass_the_cap_and_stay_within_the_jitter(
            factor in 1.0..1e6_f64, first in 0..10_000_u64, n in 0..2_000_u32, draw in 0.0..=1.0_f64,
        ) {
            let backoff = backoff(factor, first, 10_000);
            let nominal = backoff.nominal(n);
            prop_assert!(nominal <= backoff.nominal(n + 1));
            prop_assert!(nominal <= backoff.max);
            let wait = backoff.wait(n, draw);
            prop_assert!(wait >= nominal.mul_f64(0.79) && wait <= nominal.mul_f64(1.21));
        }
    }
}
