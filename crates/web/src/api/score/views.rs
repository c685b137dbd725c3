//! The parts of a score as they are served.

use closecall_protocol::Phase;
use closecall_scoring::{BandScore, Calls, Estimate};
use serde::Serialize;
use utoipa::ToSchema;

/// A value with its 95 % interval, whole sessions resampled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub(crate) struct EstimateView {
    /// The value.
    pub(crate) value: f64,
    /// Lower end.
    pub(crate) lower: f64,
    /// Upper end.
    pub(crate) upper: f64,
}

/// Share of closes inside the bands of one level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub(crate) struct CoverageView {
    /// The promised coverage, such as 0.8.
    pub(crate) level: f64,
    /// The share.
    pub(crate) value: f64,
    /// Lower end of its 95 % interval.
    pub(crate) lower: f64,
    /// Upper end.
    pub(crate) upper: f64,
    /// Closes inside.
    pub(crate) inside: usize,
    /// Closes.
    pub(crate) outcomes: usize,
}

/// Calls of rise and fall, beside what the price alone would have called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct DirectionView {
    /// Calls whose close moved.
    pub(crate) calls: usize,
    /// Those that were right.
    pub(crate) hits: usize,
    /// Their share; null without calls.
    pub(crate) value: Option<f64>,
    /// Lower end of its 95 % Wilson interval.
    pub(crate) lower: Option<f64>,
    /// Upper end.
    pub(crate) upper: Option<f64>,
    /// Outcomes on which the price stood on one side of yesterday's close.
    pub(crate) baseline_calls: usize,
    /// Those on which that was the side of the close.
    pub(crate) baseline_hits: usize,
    /// Their share.
    pub(crate) baseline_value: Option<f64>,
    /// Share of closes above the last one: what always calling a rise gets.
    pub(crate) base_rate: Option<f64>,
    /// Forecasts that called nothing.
    pub(crate) same: usize,
    /// Closes equal to the last one.
    pub(crate) unmoved: usize,
}

/// One part of the day.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct PhaseView {
    /// `before`, `open`, `morning`, `afternoon` or `last-hour`.
    #[schema(value_type = String)]
    pub(crate) phase: Phase,
    /// `early`, `none`, `skill` or `worse`.
    pub(crate) label: String,
    /// Outcomes.
    pub(crate) outcomes: usize,
    /// Error over that of the price.
    pub(crate) relative_mae: Option<EstimateView>,
    /// Error over that of yesterday's close.
    pub(crate) against_last_close: Option<EstimateView>,
    /// Mean error, as a share of the last close.
    pub(crate) error: f64,
    /// Mean error of the price.
    pub(crate) baseline_error: f64,
    /// Mean error of yesterday's close.
    pub(crate) last_close_error: f64,
    /// p-value, as of the whole.
    pub(crate) p_hln: Option<f64>,
    /// Calls.
    pub(crate) direction: DirectionView,
    /// Coverage.
    pub(crate) coverage: Vec<CoverageView>,
    /// Brier score of the probability of a rise.
    pub(crate) brier: Option<f64>,
}

/// A third of the outcomes by the width of their 90 % bands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub(crate) struct ThirdView {
    /// Mean width, as a share of the last close.
    pub(crate) width: f64,
    /// Outcomes.
    pub(crate) outcomes: usize,
    /// Closes inside.
    pub(crate) inside_90: usize,
}

/// Closes inside the bands after this number of outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SeriesPoint {
    /// Outcomes so far.
    pub(crate) outcome: usize,
    /// Closes inside the 80 % band so far.
    pub(crate) inside_80: usize,
    /// Closes inside the 90 % band so far.
    pub(crate) inside_90: usize,
}

impl From<Estimate> for EstimateView {
    fn from(estimate: Estimate) -> Self {
        Self {
            value: estimate.value,
            lower: estimate.lower,
            upper: estimate.upper,
        }
    }
}

impl CoverageView {
    pub(super) fn of(band: &BandScore) -> Self {
        Self {
            level: band.level,
            value: band.coverage.value,
            lower: band.coverage.lower,
            upper: band.coverage.upper,
            inside: band.inside,
            outcomes: band.outcomes,
        }
    }

    /// Whether what was promised lies inside the interval.
    pub(crate) fn holds(&self) -> bool {
        self.lower <= self.level && self.level <= self.upper
    }
}

impl DirectionView {
    pub(super) fn of(calls: &Calls) -> Self {
        let rate = calls.hit_rate();
        Self {
            calls: calls.calls,
            hits: calls.right,
            value: rate.map(|rate| rate.value),
            lower: rate.map(|rate| rate.lower),
            upper: rate.map(|rate| rate.upper),
            baseline_calls: calls.baseline_calls,
            baseline_hits: calls.baseline_right,
            baseline_value: calls.baseline_hit_rate().map(|rate| rate.value),
            base_rate: calls.base_rate().map(|rate| rate.value),
            same: calls.same,
            unmoved: calls.unmoved,
        }
    }
}

/// Whether a level is the wanted one.
pub(crate) fn is_level(level: f64, wanted: f64) -> bool {
    (level - wanted).abs() < 1e-9
}
