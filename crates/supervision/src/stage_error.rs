//! What a stage answers when it could not do its work on a message, and what that means to the
//! sender. Not here: what the sender then does (`outbox`).

use std::fmt;
use std::sync::Arc;

/// Reason codes that supervision itself gives. Stages add their own as plain strings.
pub mod reason {
    /// The message was met after its expiry.
    pub const EXPIRED: &str = "expired";
    /// The stage panicked on the message as often as it may.
    pub const PANIC: &str = "panic";
    /// The stage's own work on the message passed its bound.
    pub const TOOK_TOO_LONG: &str = "took-too-long";
    /// Something that the work needs could not be had.
    pub const UNAVAILABLE: &str = "unavailable";
    /// The process ended before the message's way through it was settled.
    pub const ABANDONED: &str = "abandoned";
    /// The process is ending; the message is given back unsettled.
    pub const ENDING: &str = "ending";
}

/// How a failure is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Something the stage depends on is down: try again, without counting.
    Transient,
    /// It will never work: dead-letter at once.
    Permanent,
    /// The work panicked: count an attempt.
    Panicked,
    /// Nobody settled the message because the process is ending: give it back to where it came
    /// from.
    Released,
}

/// Why a stage did not settle a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageError {
    class: Class,
    reason: &'static str,
    message: String,
    /// The stage that refused, where it is not the one that answered; with the attempts made there.
    refused_by: Option<(Arc<str>, u32)>,
}

impl StageError {
    fn new(class: Class, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            class,
            reason,
            message: message.into(),
            refused_by: None,
        }
    }

    /// Something the stage depends on is down and the stage gave up waiting for now.
    #[must_use]
    pub fn transient(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Class::Transient, reason, message)
    }

    /// The message itself cannot be worked on, however often it is tried.
    #[must_use]
    pub fn permanent(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Class::Permanent, reason, message)
    }

    /// The work on the message panicked.
    #[must_use]
    pub fn panicked(message: impl Into<String>) -> Self {
        Self::new(Class::Panicked, reason::PANIC, message)
    }

    /// The process is ending and nobody settled the message.
    #[must_use]
    pub fn released(message: impl Into<String>) -> Self {
        Self::new(Class::Released, reason::ENDING, message)
    }

    /// The same refusal, as passed on by a sender that records no dead letters, or that knows what
    /// `stage` would answer: `stage` refused after `attempts`. The first stage named stays.
    #[must_use]
    pub fn refused_by(mut self, stage: &Arc<str>, attempts: u32) -> Self {
        self.class = Class::Permanent;
        self.refused_by
            .get_or_insert_with(|| (Arc::clone(stage), attempts));
        self
    }

    /// The stage that refused and the attempts made there, where the answer was passed on.
    pub(crate) fn origin(&self) -> Option<&(Arc<str>, u32)> {
        self.refused_by.as_ref()
    }

    /// How the failure is to be taken.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// The reason code a dead letter would carry.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.reason
    }

    /// What happened, for people.
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
