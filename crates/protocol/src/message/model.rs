//! Provenance of a forecast: enough to make it again.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

/// Share of the network's move that is let through, in [0, 1]; 0 is persistence.
pub type Gate = f64;

/// Provenance of a forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelSummary {
    /// `closecall`, `original`, `ridge` or `persistence`.
    pub name: String,
    /// The network and features, in short.
    pub spec: String,
    /// Seed of the training.
    pub seed: u64,
    /// Instruction-set path of the arithmetic.
    pub path: String,
    /// Training rows.
    pub rows: u32,
    /// Share of the network's move that is let through.
    pub gate: Gate,
    /// Hash of the model file it started from.
    pub file: Option<String>,
    /// When it was trained.
    pub trained_at: DateTime<Utc>,
    /// The reason that it is not the model that was asked for.
    pub reason: Option<String>,
    /// From what to what the move is that was learned.
    #[serde(default)]
    pub target: Option<ModelTarget>,
    /// Whether the fit was remembered from an earlier forecast of the same rows.
    #[serde(default)]
    pub remembered: Option<bool>,
    /// The network's own move before its share, in percent of the reference.
    #[serde(default)]
    pub asked_change_pct: Option<f64>,
}

/// The move that a model learns.
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
pub enum ModelTarget {
    /// Close on the last close: the whole session, the night before included.
    LastClose,
    /// Close on the opening.
    Opening,
    /// The original's: its own close, whatever the price of the moment.
    Original,
}

/// A mean absolute error divided by that of persistence, with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RelativeMae {
    /// Below 1 is better than persistence.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}
