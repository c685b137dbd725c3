//! Errors of values and records, with the dead-letter reason of each.

use chrono::{DateTime, Utc};

use crate::reason::Reason;

/// A value or record that does not meet the protocol. Always permanent: reading it again gives the
/// same answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not of the form `[A-Z0-9][A-Z0-9.\-]{0,9}`.
    #[error(
        "`{0}` is not a ticker: give 1 to 10 of A-Z, 0-9, dot and hyphen, beginning with a letter or digit"
    )]
    Ticker(String),
    /// Not a date, or outside 1970 to 2199.
    #[error(
        "`{0}` is not a session date: give YYYY-MM-DD or epoch milliseconds between 1970 and 2199"
    )]
    SessionDate(String),
    /// A session that ends before it begins, or later than a day after it.
    #[error("a session from {open} to {close} is refused: it closes after it opens, within a day")]
    SessionTimes {
        /// Its opening.
        open: DateTime<Utc>,
        /// Its close.
        close: DateTime<Utc>,
    },
    /// Not 32 hexadecimal digits.
    #[error("`{0}` is not a pick id: it has 32 hexadecimal digits")]
    PickId(String),
    /// A price, volume or score outside its range.
    #[error("{field} {value} of {session} is refused: {rule}")]
    Number {
        /// The number.
        field: &'static str,
        /// As it came.
        value: String,
        /// The date it belongs to.
        session: String,
        /// The rule that it must meet.
        rule: &'static str,
    },
    /// The score of a headline outside its range.
    #[error("the score {value} of a headline is refused: it lies between -1 and 1")]
    Score {
        /// As the scorer gave it.
        value: String,
    },
    /// A headline with nothing to read in it.
    #[error("an article has no title")]
    EmptyTitle,
    /// The record cannot be read.
    #[error("the record cannot be read: {0}")]
    Undecodable(String),
    /// A major version this build does not know.
    #[error("the record is of type `{0}`: this build reads version 1")]
    UnsupportedVersion(String),
    /// Larger than a record may be.
    #[error("the record has {bytes} bytes: at most {limit} are taken")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
}

impl Error {
    /// The dead-letter reason this error stands for.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Ticker(_) => Reason::InvalidTicker,
            Self::UnsupportedVersion(_) => Reason::UnsupportedVersion,
            Self::TooLarge { .. } => Reason::TooLarge,
            _ => Reason::Undecodable,
        }
    }
}
