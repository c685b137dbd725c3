//! Subjects of alerts.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

/// Subject of an alert.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum AlertKind {
    /// A stage is backing off or has failed.
    StageDown,
    /// The record is too good to be believed.
    Suspect,
    /// Too many picks are given up.
    DeadLetters,
    /// No forecasts come during a session, or they rest on old prices.
    Stale,
    /// The ledger does not verify, or nothing can be recorded in it.
    Ledger,
}

impl AlertKind {
    /// Its severity.
    #[must_use]
    pub fn severity(self) -> &'static str {
        match self {
            Self::StageDown | Self::Ledger => "critical",
            Self::Suspect | Self::DeadLetters | Self::Stale => "warning",
        }
    }

    /// The page that shows more.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::StageDown | Self::Ledger => "pipeline",
            Self::Suspect => "record",
            Self::DeadLetters => "dead-letters",
            Self::Stale => "",
        }
    }
}
