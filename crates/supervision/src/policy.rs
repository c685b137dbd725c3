//! How long to wait before trying again, and how often a stage may be restarted. Data only; the
//! counting is in `budget`.

use std::num::NonZeroU32;
use std::time::Duration;

use closecall_settings::{Share, section, span};
use rand_chacha::rand_core::Rng;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Waits that grow by a factor up to a cap.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backoff {
    /// The first wait.
    #[serde(with = "span")]
    pub first: Duration,
    /// What each next wait is multiplied with, at least 1.
    pub factor: f64,
    /// No wait is longer (before jitter).
    #[serde(with = "span")]
    pub max: Duration,
    /// Each wait is drawn from 1 ± this share of it.
    pub jitter: Share,
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
            .mul_f64(1.0 + self.jitter.get() * (2.0 * unit - 1.0))
    }

    /// The longest the first `n` waits can last together.
    #[must_use]
    pub fn longest(&self, n: u32) -> Duration {
        (0..n)
            .map(|i| self.nominal(i).mul_f64(1.0 + self.jitter.get()))
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
        if self.max < self.first {
            return refuse(
                "backoff.max",
                span::format(self.max),
                "at least `backoff.first` is needed",
            );
        }
        if self.max > Duration::from_secs(86_400) {
            return refuse(
                "backoff.max",
                span::format(self.max),
                "at most 24h is allowed",
            );
        }
        Ok(())
    }
}

/// How a stage that fails is restarted, and when that is given up. Real, monotonic time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestartPolicy {
    /// So many failures within the period are restarted; one more gives up.
    pub intensity: NonZeroU32,
    /// The period the failures are counted in.
    #[serde(with = "span")]
    pub period: Duration,
    /// The waits before restarts.
    pub backoff: Backoff,
    /// After running so long without a failure the waits begin at the first again.
    #[serde(with = "span")]
    pub healthy_after: Duration,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        section("supervision.restart")
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
        if self.intensity.get() > 1000 {
            return Err(Error::Setting {
                key: "restart.intensity",
                value: self.intensity.to_string(),
                expected: "at most 1000 is allowed",
            });
        }
        let backoffs = self.backoff.longest(self.intensity.get());
        if self.period <= backoffs {
            return Err(Error::PeriodTooShort {
                period: self.period,
                intensity: self.intensity.get(),
                backoffs,
            });
        }
        Ok(())
    }
}
