//! The settings of supervision, with their defaults and what must hold between them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Backoff, Error, RestartPolicy};

/// Everything that can be set about supervision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
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

/// How a sender treats a message that was not settled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeliverySettings {
    /// A message on which the stage panicked so often is a dead letter.
    pub attempts: u32,
    /// Messages of one hop in flight at once, where the wiring does not say otherwise.
    pub window: usize,
    /// Waits before a message is sent again, and before a dead letter is recorded again.
    pub backoff: Backoff,
}

impl Default for DeliverySettings {
    fn default() -> Self {
        Self {
            attempts: 3,
            window: 4,
            backoff: Backoff::default(),
        }
    }
}

/// How long an orderly end may take.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DrainSettings {
    /// From the request to end until what is in flight must be settled.
    #[serde(with = "crate::duration")]
    pub deadline: Duration,
    /// For recording what was abandoned, and again for stopping and joining the threads.
    #[serde(with = "crate::duration")]
    pub stop: Duration,
    /// From the request to end until the process is ended by force.
    #[serde(with = "crate::duration")]
    pub force: Duration,
}

impl Default for DrainSettings {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(25),
            stop: Duration::from_secs(5),
            force: Duration::from_secs(40),
        }
    }
}

/// When something counts as stalled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WatchdogSettings {
    /// Time between two looks at the health board.
    #[serde(with = "crate::duration")]
    pub every: Duration,
    /// A handler may hold its thread so long; one that holds it twice as long is stalled.
    #[serde(with = "crate::duration")]
    pub handler_bound: Duration,
}

impl Default for WatchdogSettings {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(1),
            handler_bound: Duration::from_secs(5),
        }
    }
}

impl SupervisionSettings {
    /// Checks each value, and what must hold between them.
    ///
    /// # Errors
    /// The first violation, naming the keys to change.
    pub fn validate(&self) -> Result<(), Error> {
        self.restart.validate()?;
        self.delivery.backoff.validate()?;
        let least = |key, value: usize| {
            if value == 0 {
                return Err(Error::Setting {
                    key,
                    value: value.to_string(),
                    expected: "at least 1 is needed",
                });
            }
            Ok(())
        };
        least("delivery.attempts", self.delivery.attempts as usize)?;
        least("delivery.window", self.delivery.window)?;
        for (key, span) in [
            ("watchdog.every", self.watchdog.every),
            ("watchdog.handler_bound", self.watchdog.handler_bound),
        ] {
            if span.is_zero() {
                return Err(Error::Setting {
                    key,
                    value: crate::duration::format(span),
                    expected: "more than 0s is needed",
                });
            }
        }
        if self.delivery.attempts >= self.restart.intensity {
            return Err(Error::TooManyAttempts {
                attempts: self.delivery.attempts,
                intensity: self.restart.intensity,
            });
        }
        let orderly = self.drain.deadline + 2 * self.drain.stop;
        if self.drain.force < orderly {
            return Err(Error::Setting {
                key: "drain.force",
                value: crate::duration::format(self.drain.force),
                expected: "at least `drain.deadline` + 2 x `drain.stop` is needed",
            });
        }
        Ok(())
    }
}
