//! What a model has to say of the target session, whichever model it is.

use crate::price_series::PriceSeries;
use crate::settings::ModelKind;

/// A model's forecast, before it is put in prices and given its intervals.
#[derive(Debug)]
pub(crate) struct PointForecast {
    /// Whose it is.
    pub(crate) model: ModelKind,
    /// The model and its features, in short.
    pub(crate) spec: String,
    /// Instruction-set path of the arithmetic.
    pub(crate) path: &'static str,
    /// Rows of its last fit.
    pub(crate) rows: usize,
    /// Share of its move that was let through.
    pub(crate) gate: f64,
    /// Why it is not the model that was asked for.
    pub(crate) reason: Option<&'static str>,
    /// The log return that is forecast, after the gate.
    pub(crate) step: f64,
    /// What it would have said before.
    pub(crate) past: Past,
}

/// Log returns that would have been forecast of past sessions, each without knowing its outcome.
#[derive(Debug)]
pub(crate) struct Past {
    /// The session of the first.
    pub(crate) first: usize,
    /// One for each session from then on.
    pub(crate) moves: Vec<f64>,
}

impl Past {
    /// No move of any session that has a return, but for the last `moves`.
    pub(crate) fn still_until(series: &PriceSeries, moves: &[f64]) -> Self {
        let first = 1;
        let still = series.len().saturating_sub(first + moves.len());
        let mut all = vec![0.0; still];
        all.extend_from_slice(moves);
        Self { first, moves: all }
    }
}

/// The last close again.
pub(crate) fn persistence(series: &PriceSeries, reason: Option<&'static str>) -> PointForecast {
    PointForecast {
        model: ModelKind::Persistence,
        spec: "last-close".into(),
        path: "plain",
        rows: 0,
        gate: 0.0,
        reason,
        step: 0.0,
        past: Past::still_until(series, &[]),
    }
}
