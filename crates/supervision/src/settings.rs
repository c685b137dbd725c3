//! The settings of supervision, with their defaults and what must hold between them.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use closecall_settings::{Backoff, section, span};
use serde::{Deserialize, Serialize};

use crate::{Error, RestartPolicy};

/// Everything that can be set about supervision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupervisionSettings {
    /// Restarts of a stage.
    pub restart: RestartPolicy,
    /// Delivery between stages.
    pub delivery: DeliverySettings,
    /// Ending the process.
    pub drain: DrainSettings,
    /// Noticing stalls.
    pub watchdog: WatchdogSettings,
    /// Pieces of CPU work at once; 0 means as many as there are cores.
    pub cpu_permits: usize,
}

impl Default for SupervisionSettings {
    fn default() -> Self {
        section("supervision")
    }
}

/// Treatment of a message that was not settled by its sender.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliverySettings {
    /// A message on which the stage panicked so often is a dead letter.
    pub attempts: NonZeroU32,
    /// Messages of one hop in flight at once, where the wiring does not say otherwise.
    pub window: NonZeroUsize,
    /// Waits before a message is sent again, and before a dead letter is recorded again.
    pub backoff: Backoff,
}

/// Bounds of an orderly end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrainSettings {
    /// From the request to end until what is in flight must be settled.
    #[serde(with = "span")]
    pub deadline: Duration,
    /// For recording what was abandoned, and again for stopping and joining the threads.
    #[serde(with = "span")]
    pub stop: Duration,
    /// From the request to end until the process is ended by force.
    #[serde(with = "span")]
    pub force: Duration,
}

/// When something counts as stalled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchdogSettings {
    /// Time between two looks at the health board.
    #[serde(with = "span")]
    pub every: Duration,
    /// A handler may hold its thread for this long; one that holds it twice as long is stalled.
    #[serde(with = "span")]
    pub handler_bound: Duration,
}

impl SupervisionSettings {
    /// Checks each value, and what must hold between them.
    ///
    /// # Errors
    /// The first violation, naming the keys to change.
    pub fn validate(&self) -> Result<(), Error> {
        self.restart.validate()?;
        self.delivery.backoff.validate()?;
        for (key, given) in [
            ("watchdog.every", self.watchdog.every),
            ("watchdog.handler_bound", self.watchdog.handler_bound),
        ] {
            if given.is_zero() {
                return Err(Error::Setting {
                    key,
                    value: span::format(given),
                    expected: "more than 0s is needed",
                });
            }
        }
        if self.delivery.attempts >= self.restart.intensity {
            return Err(Error::TooManyAttempts {
                attempts: self.delivery.attempts.get(),
                intensity: self.restart.intensity.get(),
            });
        }
        let orderly = self.drain.deadline + 2 * self.drain.stop;
        if self.drain.force < orderly {
            return Err(Error::Setting {
                key: "drain.force",
                value: span::format(self.drain.force),
                expected: "at least `drain.deadline` + 2 x `drain.stop` is needed",
            });
        }
        Ok(())
    }
}
