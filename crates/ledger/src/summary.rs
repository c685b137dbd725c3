//! The ledger in figures, as `demo` and `run` print it at their end.

use closecall_protocol::Phase;
use serde::Serialize;

use crate::figures::{Figures, PhaseFigures};

/// The ledger in figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LedgerSummary {
    /// Picks that were forecast.
    pub forecasts: u64,
    /// Picks that were given up and not forecast later.
    pub dead_letters: u64,
    /// Repeats that were counted instead of recorded.
    pub duplicates: u64,
    /// Forecasts that have a score against their reference.
    pub scored: u64,
    /// Forecasts recorded before there were references, scored against the last close; they are in
    /// no other figure.
    pub scored_by_last_close: u64,
    /// Forecasts recorded when their session's close was known already.
    pub late: u64,
    /// Predictions of the original's trainer, which belong to no pick and are in no other figure.
    pub foreign: u64,
    /// Mean error of the scored forecasts over that of their references; below 1 is better. `None`
    /// before the first score, and while the references have made no error.
    pub relative_mae: Option<f64>,
    /// Outcomes: the first forecast of each ticker, session and phase whose close is known.
    pub outcomes: u64,
    /// Outcomes that called nothing.
    pub same: u64,
    /// Outcomes that called rise or fall, and whose close moved.
    pub calls: u64,
    /// Those that were right.
    pub calls_right: u64,
    /// Outcomes whose reference stood on the side of the last close where the close came.
    pub baseline_right: u64,
    /// The outcomes by phase, in the order of the day.
    pub phases: Vec<PhaseSummary>,
}

/// The outcomes of one phase. Errors are means, as shares of the last close.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseSummary {
    /// The part of the day.
    pub phase: Phase,
    /// Outcomes.
    pub outcomes: u64,
    /// Error over that of the reference.
    pub relative_mae: Option<f64>,
    /// The same with each outcome's errors divided by its scale.
    pub relative_scaled: Option<f64>,
    /// Mean error of the forecast.
    pub error: f64,
    /// Mean error of the reference.
    pub baseline_error: f64,
    /// Mean error of the last close.
    pub last_close_error: f64,
    /// Calls of rise or fall whose close moved.
    pub calls: u64,
    /// Those that were right.
    pub calls_right: u64,
    /// References that stood on one side of the last close, where the close moved.
    pub baseline_calls: u64,
    /// Those that stood on the right one.
    pub baseline_right: u64,
    /// Share of the 80 % bands that held the close.
    pub coverage_80: Option<f64>,
    /// The same of the 90 % bands.
    pub coverage_90: Option<f64>,
}

impl LedgerSummary {
    pub(crate) fn of(figures: &Figures, duplicates: u64) -> Self {
        let all = PhaseFigures::sum(figures.phases.values());
        Self {
            forecasts: figures.forecasts,
            dead_letters: figures.dead_letters,
            duplicates,
            scored: figures.scored,
            scored_by_last_close: figures.scored_by_last_close,
            late: figures.late,
            foreign: figures.foreign,
            relative_mae: ratio(figures.error, figures.baseline_error),
            outcomes: all.outcomes,
            same: all.same,
            calls: all.calls,
            calls_right: all.calls_right,
            baseline_right: all.baseline_right,
            phases: figures
                .phases
                .iter()
                .map(|(phase, figures)| PhaseSummary::of(*phase, figures))
                .collect(),
        }
    }
}

impl PhaseSummary {
    fn of(phase: Phase, figures: &PhaseFigures) -> Self {
        let mean = |sum: f64| sum / figures.outcomes.max(1) as f64;
        let coverage = |level| {
            let (inside, of) = figures.bands.get(&level)?;
            Some(*inside as f64 / *of as f64)
        };
        Self {
            phase,
            outcomes: figures.outcomes,
            relative_mae: ratio(figures.error, figures.baseline_error),
            relative_scaled: ratio(figures.scaled_error, figures.scaled_baseline_error),
            error: mean(figures.error),
            baseline_error: mean(figures.baseline_error),
            last_close_error: mean(figures.last_close_error),
            calls: figures.calls,
            calls_right: figures.calls_right,
            baseline_calls: figures.baseline_calls,
            baseline_right: figures.baseline_right,
            coverage_80: coverage(80),
            coverage_90: coverage(90),
        }
    }
}

fn ratio(error: f64, baseline: f64) -> Option<f64> {
    (baseline > 0.0).then(|| error / baseline)
}
