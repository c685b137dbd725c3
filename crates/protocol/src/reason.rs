//! The closed list of reasons for which a message ends as a dead letter.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

/// Reason that a message ended as a dead letter. Its code is what records, the ledger and metrics
/// carry.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[strum(
    serialize_all = "kebab-case",
    parse_err_ty = UnknownReason,
    parse_err_fn = UnknownReason::of
)]
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
    /// The code, as records and metrics carry it.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.into()
    }
}

/// A code that stands for no dead-letter reason of this build.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a dead-letter reason")]
pub struct UnknownReason(String);

impl UnknownReason {
    /// Keeps the first 40 characters, with what cannot be shown escaped.
    fn of(code: &str) -> Self {
        Self(code.chars().take(40).flat_map(char::escape_debug).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An older Reporter must be able to read them, so the list is closed.
    #[test]
    fn the_codes_are_those_of_the_first_version() {
        let codes: Vec<&str> = Reason::VARIANTS
            .iter()
            .map(|reason| reason.code())
            .collect();
        assert_eq!(
            codes,
            [
                "undecodable",
                "unsupported-version",
                "too-large",
                "invalid-ticker",
                "unknown-ticker",
                "no-data",
                "unavailable",
                "expired",
                "panic",
                "took-too-long",
                "diverged",
                "abandoned"
            ]
        );
        for reason in Reason::VARIANTS {
            assert_eq!(reason.code().parse::<Reason>().unwrap(), *reason);
            let json = serde_json::to_string(reason).unwrap();
            assert_eq!(json, format!("\"{reason}\""));
        }
    }
}
