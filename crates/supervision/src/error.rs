//! Errors of setting supervision up. A failure of work on a message is a
//! [`StageError`](crate::StageError) instead.

use std::time::Duration;

use closecall_settings::UnusableBackoff;

impl From<UnusableBackoff> for Error {
    fn from(refused: UnusableBackoff) -> Self {
        Self::Setting {
            key: refused.key,
            value: refused.value,
            expected: refused.expected,
        }
    }
}

/// A refused setting or fault, or a stage that could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The budget could never be spent.
    #[error(
        "the restart period {period:?} is not longer than the first {intensity} backoffs together ({backoffs:?}), so the budget could never be spent: raise `period` or shorten `backoff`"
    )]
    PeriodTooShort {
        /// The configured period.
        period: Duration,
        /// Restarts allowed within it.
        intensity: u32,
        /// The longest that the first backoffs last together.
        backoffs: Duration,
    },
    /// One poison message could spend the stage's budget.
    #[error(
        "{attempts} attempts of a message are not fewer than the {intensity} restarts a stage is allowed, so one message could end the process: lower `attempts` or raise `intensity`"
    )]
    TooManyAttempts {
        /// Attempts of a message that panics.
        attempts: u32,
        /// Restarts allowed within the period.
        intensity: u32,
    },
    /// A single value is out of range.
    #[error("supervision setting `{key}` is {value}: {expected}")]
    Setting {
        /// The key, as in the configuration.
        key: &'static str,
        /// Its value.
        value: String,
        /// The values that can be used.
        expected: &'static str,
    },
    /// A fault that cannot be read.
    #[error(
        "fault `{spec}` cannot be read: {problem}; write STAGE[.POINT]:ACTION[:every=N|:once], for example gru-trainer:panic:every=7"
    )]
    FaultSyntax {
        /// The fault as given.
        spec: String,
        /// The problem.
        problem: String,
    },
    /// A fault at a place that does not exist.
    #[error("fault `{spec}` names the unknown {kind} `{name}`: {suggestion}")]
    FaultPlace {
        /// The fault as given.
        spec: String,
        /// "stage" or "point".
        kind: &'static str,
        /// The name that is not known.
        name: String,
        /// The nearest name, or all of them.
        suggestion: String,
    },
    /// A stage was started outside an actix system.
    #[error("stage {stage} cannot start: no actix system runs on this thread")]
    NoSystem {
        /// The stage.
        stage: String,
    },
    /// The operating system gave no thread.
    #[error("stage {stage} cannot start: no thread for it")]
    NoThread {
        /// The stage.
        stage: String,
        /// The text of the system.
        #[source]
        source: std::io::Error,
    },
    /// A thread asked for the runtime of a stage that has none.
    #[error("there is no stage {stage} whose runtime could be lent")]
    NoRuntime {
        /// The stage.
        stage: String,
    },
    /// The handlers of SIGTERM and SIGINT could not be installed.
    #[error("cannot listen for signals")]
    Signals(#[source] std::io::Error),
}
