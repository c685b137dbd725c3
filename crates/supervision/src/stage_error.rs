//! Errors that a stage answers with, and their meaning to the
//! sender. Not here: what the sender then does (`outbox`).

use std::fmt;
use std::sync::Arc;

use closecall_protocol::Reason;

/// Kind of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    /// Something the stage depends on is down: try again, without counting.
    Transient,
    /// It will never work: dead-letter at once.
    Permanent,
    /// The work panicked: count an attempt.
    Panicked,
    /// No stage settled the message because the process is ending: give it back to where it came
    /// from.
    Released,
}

/// Failure of a stage to settle a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageError {
    class: FailureClass,
    reason: Reason,
    message: String,
    /// The stage that refused, where it is not the one that answered; with the attempts made there.
    refused_by: Option<(Arc<str>, u32)>,
}

impl StageError {
    fn new(class: FailureClass, reason: Reason, message: impl Into<String>) -> Self {
        Self {
            class,
            reason,
            message: message.into(),
            refused_by: None,
        }
    }

    /// Something the stage depends on is down and the stage gave up waiting for now.
    #[must_use]
    pub fn transient(reason: Reason, message: impl Into<String>) -> Self {
        Self::new(FailureClass::Transient, reason, message)
    }

    /// The message itself cannot be worked on, however often it is tried.
    #[must_use]
    pub fn permanent(reason: Reason, message: impl Into<String>) -> Self {
        Self::new(FailureClass::Permanent, reason, message)
    }

    /// The work on the message panicked.
    #[must_use]
    pub fn panicked(message: impl Into<String>) -> Self {
        Self::new(FailureClass::Panicked, Reason::Panic, message)
    }

    /// The process is ending and no stage settled the message.
    #[must_use]
    pub fn released(message: impl Into<String>) -> Self {
        Self::new(FailureClass::Released, Reason::Abandoned, message)
    }

    /// The same refusal, as passed on by a sender that records no dead letters, or that knows what
    /// `stage` would answer: `stage` refused after `attempts`. The first stage named stays.
    #[must_use]
    pub fn refused_by(mut self, stage: &Arc<str>, attempts: u32) -> Self {
        self.class = FailureClass::Permanent;
        self.refused_by
            .get_or_insert_with(|| (Arc::clone(stage), attempts));
        self
    }

    /// The stage that refused and the attempts made there, where the answer was passed on.
    pub(crate) fn origin(&self) -> Option<&(Arc<str>, u32)> {
        self.refused_by.as_ref()
    }

    /// Kind of the failure.
    #[must_use]
    pub fn class(&self) -> FailureClass {
        self.class
    }

    /// The reason that a dead letter would carry.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The event, for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for StageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.message)
    }
}

impl std::error::Error for StageError {}
