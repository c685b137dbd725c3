//! The closed list of reasons for which a message ends as a dead letter.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a message ended as a dead letter. Its code is what records, the ledger and metrics carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It cannot be read.
    Undecodable,
    /// Its major version is unknown.
    UnsupportedVersion,
    /// It is larger than a record may be.
    TooLarge,
    /// Its ticker is not of the allowed form.
    InvalidTicker,
    /// The vendor does not know its ticker.
    UnknownTicker,
    /// There is not a single usable row.
    NoData,
    /// The vendors could not be reached and the store had nothing usable.
    Unavailable,
    /// It was met after its expiry.
    Expired,
    /// A stage panicked on it as often as it is tried.
    Panic,
    /// A stage's own work on it passed its bound.
    TookTooLong,
    /// Training on it diverged.
    Diverged,
    /// It was held when the process ended without draining.
    Abandoned,
}

impl Reason {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::Undecodable,
        Self::UnsupportedVersion,
        Self::TooLarge,
        Self::InvalidTicker,
        Self::UnknownTicker,
        Self::NoData,
        Self::Unavailable,
        Self::Expired,
        Self::Panic,
        Self::TookTooLong,
        Self::Diverged,
        Self::Abandoned,
    ];

    /// The code, as records and metrics carry it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Undecodable => "undecodable",
            Self::UnsupportedVersion => "unsupported-version",
            Self::TooLarge => "too-large",
            Self::InvalidTicker => "invalid-ticker",
            Self::UnknownTicker => "unknown-ticker",
            Self::NoData => "no-data",
            Self::Unavailable => "unavailable",
            Self::Expired => "expired",
            Self::Panic => "panic",
            Self::TookTooLong => "took-too-long",
            Self::Diverged => "diverged",
            Self::Abandoned => "abandoned",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Reason {
    type Err = crate::Error;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.code() == code)
            .ok_or_else(|| {
                crate::Error::Undecodable(format!("`{code}` is not a dead-letter reason"))
            })
    }
}
