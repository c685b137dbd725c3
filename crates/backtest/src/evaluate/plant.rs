//! Faults that are planted on purpose: each turns the rows red that are there to see it.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, VariantArray};

use crate::line::Line;

/// A fault.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Display,
    EnumString,
    VariantArray,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Plant {
    /// Moves are not shrunken: 20 times as large.
    BoldMoves,
    /// The original program's network errs no more than the price.
    KindOriginal,
    /// Bands of half the width.
    NarrowBands,
    /// Bands that know nothing of the volatility.
    FlatBands,
    /// Bands half as wide again.
    WideBands,
    /// No signal is heard.
    Deaf,
    /// A second run has another seed.
    Reseeded,
    /// No leak is there for the alarm to see.
    NoLeak,
    /// The news are withheld.
    SilentNews,
    /// A rise is certain or impossible.
    CertainCalls,
    /// The last close is forecast again.
    LastCloseAgain,
    /// The price of the moment is not looked at.
    NoQuote,
    /// Bands are of one session, however many lie between.
    IgnoredHorizon,
    /// The label goes by the test alone.
    EagerLabel,
    /// The label never comes.
    NoLabel,
    /// Openings predict the rest of the session.
    UnfairOpening,
    /// Forecasts know what comes after their cut.
    Leak,
}

impl Plant {
    /// All of them.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The rows that it turns red.
    #[must_use]
    pub fn rows(self) -> &'static [&'static str] {
        match self {
            Self::BoldMoves => &["H1", "N3", "N6"],
            Self::KindOriginal => &["H2"],
            Self::NarrowBands => &["N4", "H5"],
            Self::FlatBands => &["H6"],
            Self::WideBands => &["H7"],
            Self::Deaf => &["N7", "H8", "H9"],
            Self::Reseeded => &["H11"],
            Self::NoLeak => &["H12"],
            Self::SilentNews => &["H13"],
            Self::CertainCalls => &["N5", "H14"],
            Self::LastCloseAgain => &["N1"],
            Self::NoQuote => &["N2"],
            Self::IgnoredHorizon => &["N8"],
            Self::EagerLabel | Self::NoLabel => &["H4"],
            Self::UnfairOpening => &["fair"],
            Self::Leak => &["H10", "N9"],
        }
    }

    /// The forecast as the fault would have made it. Forecasts of the reference stay as they are.
    pub(crate) fn on(self, line: &Line) -> Line {
        let mut line = line.clone();
        if line.variant == crate::variant::Variant::REFERENCE {
            return line;
        }
        let log_move = (line.prediction / line.reference).ln();
        match self {
            Self::BoldMoves => line.prediction = line.reference * (20.0 * log_move).exp(),
            Self::KindOriginal if line.variant.model == closecall_forecast::ModelKind::Original => {
                line.prediction = line.reference;
            }
            Self::NarrowBands => widen(&mut line, |_| 0.5),
            Self::WideBands => widen(&mut line, |_| 1.5),
            Self::FlatBands => widen(&mut line, |scale| 0.015 / scale),
            Self::Deaf => line.prediction = line.reference,
            Self::CertainCalls => {
                line.probability_up = if line.probability_up > 0.5 {
                    0.99
                } else {
                    0.01
                };
            }
            Self::LastCloseAgain => line.prediction = line.last_close,
            Self::NoQuote => line.prediction = line.last_close * log_move.exp(),
            _ => {}
        }
        line
    }
}

/// Multiplies the width of the bands.
pub(super) fn widen(line: &mut Line, factor: impl Fn(f64) -> f64) {
    let factor = factor(line.scale);
    for band in &mut line.bands {
        band.lower = line.prediction + factor * (band.lower - line.prediction);
        band.upper = line.prediction + factor * (band.upper - line.prediction);
    }
}
