//! Rows that a network sees: for every session the news before its opening and the return and range of
//! the session before it, scaled as the training rows say.
//!
//! A *step* belongs to a session and holds what became known between the opening before it and its
//! own. A *row* is the steps of a window that ends with the session it forecasts, so a past row and
//! the live one are made by the same code from the same kind of knowledge. Steps are the same for
//! both kinds of move; outcomes are of the kind that is learned.

use std::ops::Range;

use closecall_protocol::SessionNews;
use ndarray::{Array1, Array3};
use serde::{Deserialize, Serialize};

use crate::news::shrunken;
use crate::price_series::PriceSeries;
use crate::target::Targets;

/// Values a step: return, range, sentiment, "no news".
pub(crate) const FEATURES: usize = 4;

/// Scaled values beyond this are cut: nothing is learned from how many deviations a crash had.
const CUT: f64 = 5.0;

/// The first session before which there is a return.
const FIRST_STEP: usize = 2;

/// A step before scaling. `None` is unknown, and becomes the training rows' mean.
#[derive(Clone, Copy, Debug)]
struct Step {
    ret: f64,
    range: Option<f64>,
    sentiment: Option<f64>,
}

/// All steps of a dataset, and the move that each row has to forecast.
#[derive(Debug)]
pub(crate) struct NetworkFeatures {
    /// `steps[k]` is of session `k + FIRST_STEP`; the last is the target session's.
    steps: Vec<Step>,
    /// Session of each row; the last is the target session.
    sessions: Vec<usize>,
    /// Move of each row's session but the last's, in units of its expected volatility.
    outcomes: Vec<f64>,
    window: usize,
}

impl NetworkFeatures {
    /// `whole` are the moves of whole sessions, which every step is measured by; `learned` those
    /// to forecast; `live` the news of the target session; `window` the steps of a row.
    pub(crate) fn of(
        series: &PriceSeries,
        whole: &Targets,
        learned: &Targets,
        live: SessionNews,
        window: usize,
        news_shrinkage: f64,
    ) -> Self {
        let target = series.len();
        let step = |session: usize| {
            let before = session - 1;
            let news = if session < target {
                series.news(session)
            } else {
                live
            };
            Step {
                ret: series.log_return(before) / whole.volatility(before),
                range: series
                    .range(before)
                    .map(|range| range / whole.volatility(before)),
                sentiment: shrunken(news, news_shrinkage),
            }
        };
        let first_row = Self::first_row(window);
        let early = learned
            .sessions()
            .partition_point(|&session| session < first_row);
        let mut sessions = learned.sessions()[early..].to_vec();
        sessions.push(target);
        Self {
            steps: (FIRST_STEP..=target).map(step).collect(),
            sessions,
            outcomes: learned.moves()[early..].to_vec(),
            window,
        }
    }

    /// The first session with a whole window before it.
    pub(crate) fn first_row(window: usize) -> usize {
        FIRST_STEP + window - 1
    }

    /// Session of each row that has an outcome.
    pub(crate) fn row_sessions(&self) -> &[usize] {
        &self.sessions[..self.outcomes.len()]
    }

    /// Rows that have an outcome; the target session's is the one behind them.
    pub(crate) fn training_rows(&self) -> usize {
        self.outcomes.len()
    }

    /// The rows as rows × steps × features.
    pub(crate) fn inputs(&self, rows: Range<usize>, scaler: &Scaler) -> Array3<f32> {
        let sessions = &self.sessions[rows.clone()];
        // Neighbouring rows share all steps but one: each is scaled once.
        let steps = self.steps_of(rows).iter();
        let scaled: Vec<[f32; FEATURES]> = steps.map(|step| scaler.apply(step)).collect();
        let mut inputs = Array3::zeros((sessions.len(), self.window, FEATURES));
        let rows = inputs.as_slice_mut().unwrap_or_default();
        let rows = rows.chunks_exact_mut(self.window * FEATURES);
        for (row, session) in rows.zip(sessions) {
            let start = session - sessions[0];
            row.copy_from_slice(scaled[start..start + self.window].as_flattened());
        }
        inputs
    }

    /// Moves that those rows have to forecast, scaled and cut.
    pub(crate) fn targets(&self, rows: Range<usize>, scaler: &Scaler) -> Array1<f32> {
        let scaled = |&y: &f64| (y / scaler.target).clamp(-CUT, CUT) as f32;
        self.outcomes[rows].iter().map(scaled).collect()
    }

    /// Steps that training rows look at.
    fn steps_of(&self, rows: Range<usize>) -> &[Step] {
        let sessions = &self.sessions[rows];
        let (Some(first), Some(last)) = (sessions.first(), sessions.last()) else {
            return &[];
        };
        let first = (first + 1 - self.window).max(FIRST_STEP);
        &self.steps[first - FIRST_STEP..=last - FIRST_STEP]
    }
}

/// Means and deviations of the training rows: part of the model they were fitted for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scaler {
    ret: Moments,
    range: Moments,
    sentiment: Moments,
    /// Root mean square of the moves: their zero stays where it is.
    target: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Moments {
    mean: f64,
    deviation: f64,
}

impl Scaler {
    /// Of these rows and nothing else.
    pub(crate) fn fit(features: &NetworkFeatures, rows: Range<usize>) -> Self {
        Self::of(&[(features, rows)])
    }

    /// Of these rows of several tickers.
    pub(crate) fn of(parts: &[(&NetworkFeatures, Range<usize>)]) -> Self {
        let steps = || {
            parts
                .iter()
                .flat_map(|(features, rows)| features.steps_of(rows.clone()))
        };
        let outcomes = parts
            .iter()
            .flat_map(|(features, rows)| &features.outcomes[rows.clone()]);
        let (squares, count) = outcomes.fold((0.0, 0.0), |(sum, n), y| (sum + y * y, n + 1.0));
        let square = squares / f64::max(count, 1.0);
        Self {
            ret: Moments::of(steps().map(|step| step.ret)),
            range: Moments::of(steps().filter_map(|step| step.range)),
            sentiment: Moments::of(steps().filter_map(|step| step.sentiment)),
            target: positive(square.sqrt()),
        }
    }

    /// Whether every number is one that rows can be scaled by.
    pub(crate) fn is_usable(&self) -> bool {
        let moments = [self.ret, self.range, self.sentiment];
        let usable =
            |m: &Moments| m.mean.is_finite() && m.deviation.is_finite() && m.deviation > 0.0;
        moments.iter().all(usable) && self.target.is_finite() && self.target > 0.0
    }

    fn apply(&self, step: &Step) -> [f32; FEATURES] {
        let of = |moments: &Moments, value: Option<f64>| value.map_or(0.0, |x| moments.apply(x));
        [
            self.ret.apply(step.ret),
            of(&self.range, step.range),
            of(&self.sentiment, step.sentiment),
            f32::from(u8::from(step.sentiment.is_none())),
        ]
    }

    /// A model's output as a move in units of the expected volatility.
    pub(crate) fn unscale(&self, output: f32) -> f64 {
        f64::from(output).clamp(-CUT, CUT) * self.target
    }
}

impl Moments {
    /// Of no values: those that change nothing.
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let n = values.clone().count().max(1) as f64;
        let mean = values.clone().sum::<f64>() / n;
        let variance = values.map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        Self {
            mean,
            deviation: positive(variance.sqrt()),
        }
    }

    fn apply(&self, value: f64) -> f32 {
        ((value - self.mean) / self.deviation).clamp(-CUT, CUT) as f32
    }
}

/// Values that do not vary are left as they are.
fn positive(deviation: f64) -> f64 {
    if deviation > 1e-9 { deviation } else { 1.0 }
}

#[cfg(test)]
mod tests;
