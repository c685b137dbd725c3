//! How long to wait before trying again, and how often a stage may be restarted. Data only; the
//! counting is in `budget`.

use std::time::Duration;

use rand_chacha::rand_core::Rng;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Waits that grow by a factor up to a cap.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backoff {
    /// The first wait.
    #[serde(with = "crate::duration")]
    pub first: Duration,
    /// What each next wait is multiplied with, at least 1.
    pub factor: f64,
    /// No wait is longer (before jitter).
    #[serde(with = "crate::duration")]
    pub max: Duration,
    /// Each wait is drawn from 1 ± this share of it, in [0, 1).
    pub jitter: f64,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            factor: 2.0,
            max: Duration::from_secs(30),
            jitter: 0.2,
        }
    }
}

impl Backoff {
    /// The wait before try `n` (0 is the first), without jitter.
    #[must_use]
    pub fn nominal(&self, n: u32) -> Duration {
        let grown = self.first.as_secs_f64() * self.factor.powi(n.min(1000).cast_signed());
        // `min` first: the product may be infinite, and no Duration is.
        Duration::from_secs_f64(grown.min(self.max.as_secs_f64()))
    }

    /// The wait before try `n`, with jitter drawn from `rng`.
    pub fn wait(&self, n: u32, rng: &mut impl Rng) -> Duration {
        let unit = f64::from(rng.next_u32()) / f64::from(u32::MAX);
        self.nominal(n)
            .mul_f64(1.0 + self.jitter * (2.0 * unit - 1.0))
    }

    /// The longest the first `n` waits can last together.
    #[must_use]
    pub fn longest(&self, n: u32) -> Duration {
        (0..n)
            .map(|i| self.nominal(i).mul_f64(1.0 + self.jitter))
            .fold(Duration::ZERO, Duration::saturating_add)
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        let refuse = |key, value: String, expected| {
            Err(Error::Setting {
                key,
                value,
                expected,
            })
        };
        if !(self.factor >= 1.0 && self.factor.is_finite()) {
            return refuse(
                "backoff.factor",
                self.factor.to_string(),
                "at least 1 is needed",
            );
        }
        if !(0.0..1.0).contains(&self.jitter) {
            return refuse(
                "backoff.jitter",
                self.jitter.to_string(),
                "at least 0 and less than 1 is needed",
            );
        }
        if self.max < self.first {
            return refuse(
                "backoff.max",
                crate::duration::format(self.max),
                "at least `backoff.first` is needed",
            );
        }
        if self.max > Duration::from_secs(86_400) {
            return refuse(
                "backoff.max",
                crate::duration::format(self.max),
                "at most 24h is allowed",
            );
        }
        Ok(())
    }
}

/// How a stage that fails is restarted, and when that is given up. Real, monotonic time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RestartPolicy {
    /// So many failures within the period are restarted; one more gives up.
    pub intensity: u32,
    /// The period the failures are counted in.
    #[serde(with = "crate::duration")]
    pub period: Duration,
    /// The waits before restarts.
    pub backoff: Backoff,
    /// After running so long without a failure the waits begin at the first again.
    #[serde(with = "crate::duration")]
    pub healthy_after: Duration,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self {
            intensity: 5,
            period: Duration::from_secs(300),
            backoff: Backoff::default(),
            healthy_after: Duration::from_secs(120),
        }
    }
}

impl RestartPolicy {
    /// Checks the policy by itself; with the attempts of a message,
    /// [`SupervisionSettings::validate`](crate::SupervisionSettings::validate) does.
    ///
    /// # Errors
    /// When the backoffs alone outlast the period, so that the budget could never be spent, or a
    /// value is out of range.
    pub fn validate(&self) -> Result<(), Error> {
        self.backoff.validate()?;
        if !(1..=1000).contains(&self.intensity) {
            return Err(Error::Setting {
                key: "restart.intensity",
                value: self.intensity.to_string(),
                expected: "1 to 1000 is needed",
            });
        }
        let backoffs = self.backoff.longest(self.intensity);
        if self.period <= backoffs {
            return Err(Error::PeriodTooShort {
                period: self.period,
                intensity: self.intensity,
                backoffs,
            });
        }
        Ok(())
    }
}
