//! Restarts of a stage that fails, and the point where that is given up. Data only; the counting is
//! in `budget`.

use std::num::NonZeroU32;
use std::time::Duration;

use closecall_settings::{Backoff, section, span};
use rand_chacha::rand_core::Rng;
use serde::{Deserialize, Serialize};

use crate::Error;

/// A number drawn evenly from 0 to 1, for the jitter of a wait.
pub(crate) fn draw(rng: &mut impl Rng) -> f64 {
    f64::from(rng.next_u32()) / f64::from(u32::MAX)
}

/// A seed of one's own for each name, so that the waits of those that fail together differ.
pub(crate) fn spread(seed: u64, name: &str) -> u64 {
    name.bytes().fold(seed, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(u64::from(byte))
    })
}

/// Restarts of a stage that fails, and the point where that is given up. Real, monotonic time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestartPolicy {
    /// Failures within the period that are restarted; one more gives up.
    pub intensity: NonZeroU32,
    /// The period the failures are counted in.
    #[serde(with = "span")]
    pub period: Duration,
    /// The waits before restarts.
    pub backoff: Backoff,
    /// After running this long without a failure the waits begin at the first again.
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
